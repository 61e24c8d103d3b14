"""Invented people (虚构人员): a roster of six hundred, the same every time.

Names come from common surnames and given names, counties are real, numbers are lawful and belong
to nobody on purpose: their running numbers lie where none of the product's test rosters are.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from random import Random

from ledger.domain.identity import check_digit

SURNAMES = "韦覃黄梁蒙罗莫陆蓝潘农李杨陈张王刘谢林何邓周吴唐卢石龙廖岑班"
GIVEN = (
    "秀英", "桂兰", "美莲", "海燕", "春梅", "小红", "凤娇", "玉珍", "丽萍", "艳芳", "建国", "志强", "永福", "国庆", "明辉",
    "家宝", "振华", "文武", "金龙", "大山", "胜利", "光荣", "世昌", "志明", "春生", "水生", "木养", "兰花", "梅香", "冬梅",
    "华", "勇", "敏", "强", "娟", "玲", "军", "平", "燕", "涛",
)  # fmt: skip
RARE = ("覃䶮", "韦喆", "古丽米热·艾比布力", "阿依古丽·买买提", "李", "欧阳秀英", "方𬭎康")

# (county, division code of today, the codes that numbers there begin with)
COUNTIES = (
    ("河池市", "东兰县", "451224", ("452728", "451224")),
    ("河池市", "凤山县", "451223", ("452727", "451223")),
    ("河池市", "巴马瑶族自治县", "451227", ("452729", "451227")),
    ("河池市", "都安瑶族自治县", "451228", ("452730", "451228")),
    ("河池市", "大化瑶族自治县", "451229", ("452731", "451229")),
    ("河池市", "环江毛南族自治县", "451226", ("452724", "451226")),
    ("河池市", "南丹县", "451221", ("452725", "451221")),
    ("梧州市", "苍梧县", "450421", ("450421",)),
    ("梧州市", "藤县", "450422", ("450422",)),
    ("百色市", "田东县", "451022", ("452623", "451022")),
    ("百色市", "德保县", "451024", ("452625", "451024")),
    ("百色市", "隆林各族自治县", "451031", ("452631", "451031")),
)
TOWNS = ("兰木乡", "长江镇", "武篆镇", "三石镇", "太平镇", "大厂镇", "城关镇")
VILLAGES = ("弄台村", "板烈村", "纳雅村", "拉平村", "上里村", "下寨村", "龙口村")
EMPLOYERS = (
    "东莞市恒达电子有限公司",
    "佛山市顺德区美联家具有限公司",
    "中山市古镇华艺灯饰有限公司",
    "深圳市中建三局龙华项目部",
    "广州市白云区鸿运物流有限公司",
)
TRADES = (
    "电子装配工",
    "制衣工",
    "钢筋工",
    "焊工",
    "货车司机",
    "快递员",
    "外卖骑手",
    "家政服务员",
    "厨师",
)
HEADINGS = (
    "序号", "姓名", "性别", "民族", "出生日期", "公民身份号码", "联系电话", "户籍所在地",
    "现工作单位", "工种", "申请入会日期", "备注",
)  # fmt: skip


@dataclass(frozen=True)
class Someone:
    """One invented worker, as a row of the roster has her."""

    name: str
    sex: str
    ethnic: str
    born: date
    number: str
    phone: str
    residence: str
    county: str
    employer: str
    trade: str
    applied_on: date


HEROINE = Someone(
    "韦秀英", "女", "壮族", date(1988, 9, 12), "", "13900000001", "广西河池市东兰县武篆镇弄台村",
    "451224", EMPLOYERS[0], "电子装配工", date(2026, 4, 8),
)  # fmt: skip
TWICE = Someone(
    "覃海燕", "女", "壮族", date(1992, 3, 5), "", "13900000002", "广西河池市巴马瑶族自治县长江镇板烈村",
    "451227", EMPLOYERS[1], "制衣工", date(2026, 4, 8),
)  # fmt: skip
PRIVATE = Someone(
    "蓝美莲", "女", "瑶族", date(1979, 11, 20), "", "13900000003", "广西河池市都安瑶族自治县三石镇纳雅村",
    "451228", EMPLOYERS[2], "焊工", date(2026, 4, 8),
)  # fmt: skip
CAST = (HEROINE, TWICE, PRIVATE)


def number(county_code: str, born: date, sex: str, serial: int) -> str:
    """A lawful number: the running number is even for women, odd for men."""
    running = 700 + (serial % 150) * 2 + (sex == "男")
    body = f"{county_code}{born:%Y%m%d}{running:03d}"
    return body + check_digit(body)


def six_hundred() -> list[Someone]:
    """The roster of the main station: the cast first, then 597 others."""
    random = Random(20150327)  # noqa: S311 - invented people, always the same
    everyone = [
        replace(each, number=number(_code(each.county, each.born), each.born, each.sex, at))
        for at, each in enumerate(CAST)
    ]  # fmt: skip
    for at in range(len(everyone), 600):
        city, county, code, _ = random.choice(COUNTIES)
        born = date(1964, 1, 1) + timedelta(days=random.randrange(0, 15700))
        sex = random.choice("男女")
        name = RARE[at % len(RARE)] if at % 97 == 5 else _name(random)
        everyone.append(
            Someone(
                name, sex, random.choice(("壮族", "壮族", "汉族", "瑶族", "毛南族", "仫佬族")), born,
                number(_code(code, born), born, sex, at), f"139{at:08d}",
                f"广西{city}{county}{random.choice(TOWNS)}{random.choice(VILLAGES)}", code,
                random.choice(EMPLOYERS), random.choice(TRADES),
                date(2026, 3, 1) + timedelta(days=random.randrange(0, 35)),
            )
        )  # fmt: skip
    return everyone


def _name(random: Random) -> str:
    """A name that is not one of the cast's: whoever asks for those finds one person."""
    while True:
        name = random.choice(SURNAMES) + random.choice(GIVEN)
        if name not in {each.name for each in CAST}:
            return name


def _code(county: str, born: date) -> str:
    """The code that stands in the number: that of the time when it was given."""
    codes = next(each[3] for each in COUNTIES if each[2] == county)
    return codes[0] if born.year < 1986 else codes[-1]


def write_roster(path: Path, people: list[Someone]) -> None:
    """The roster as the station sends it: a title, an instruction, the headings, the rows."""
    from openpyxl import Workbook  # slow to import, and only the first start writes a roster

    book = Workbook(write_only=True)
    sheet = book.create_sheet("花名册")
    sheet.append(["广西籍在粤农民工会员花名册"])
    sheet.append(["填表说明：姓名、号码与身份证一致；户籍所在地写到村。"])
    sheet.append(HEADINGS)
    for at, each in enumerate(people, 1):
        sheet.append(
            [
                at, each.name, each.sex, each.ethnic, each.born.isoformat(), each.number,
                each.phone, each.residence, each.employer, each.trade,
                each.applied_on.isoformat(), "",
            ]
        )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
