"""The two provinces of the demo (两省): journals, unions, stations, officers, accounts.

The tree is loaded by procedure with its old dates, as an office loads what it has on paper; what
people do afterwards is done by them, in their offices.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from ledger.book import Entry, Ledger, open_ledger
from ledger.clock import BEIJING, Clock
from ledger.demo.people import COUNTIES
from ledger.desk import Desk, Visitor
from ledger.domain.ids import PersonId, StationId, UnionId, new_person, new_station, new_union
from ledger.domain.kernel import Act, Code, Late, Office
from ledger.domain.offices import Offices
from ledger.domain.persons import NumberOwed, Particulars, Person
from ledger.domain.stations import Station, StationKind, StationService
from ledger.domain.unions import Employer, Union, UnionKind
from ledger.settings import Settings

PROVINCES = {
    "45": ("liangdi.example/guangxi", "广西壮族自治区", "广西"),
    "44": ("liangdi.example/guangdong", "广东省", "广东"),
}
FOUNDED = date(1995, 5, 1)
OPENED = date(2026, 1, 5)


class Time:
    """The demo's clock: it stands where the story is, and goes on when it is told."""

    def __init__(self, day: date = OPENED) -> None:
        self._at = datetime(day.year, day.month, day.day, 9, tzinfo=BEIJING).astimezone(UTC)

    def to(self, day: date, hour: int = 9) -> None:
        """Goes on to this day, Beijing time; never back."""
        at = datetime(day.year, day.month, day.day, hour, tzinfo=BEIJING).astimezone(UTC)
        self._at = max(self._at, at)

    def now(self) -> datetime:
        self._at += timedelta(milliseconds=7)
        return self._at

    def _elapsed(self) -> float:
        return self._at.timestamp()

    def clock(self) -> Clock:
        return Clock(self.now, self._elapsed)


@dataclass
class Side:
    """One province of the demo: its ledger and everybody in it."""

    ledger: Ledger
    root: UnionId
    unions: dict[str, UnionId] = field(default_factory=dict[str, UnionId])
    people: dict[str, PersonId] = field(default_factory=dict[str, PersonId])
    posts: dict[str, tuple[UnionId, Office]] = field(
        default_factory=dict[str, tuple[UnionId, Office]]
    )
    station: StationId | None = None

    @property
    def origin(self) -> str:
        return self.ledger.origin

    def act(self, who: str, on: date | None = None) -> Act:
        """The act of one of the demo's people in her post; of old dates, typed up late."""
        union, office = self.posts[who]
        today = self.ledger.today
        act = Act(self.people[who], union, office, on or today, today)
        late = (today - act.on).days > self.ledger.terms.late_after_days
        return replace(act, late=Late.TYPED_UP) if late else act

    def visitor(self, who: str) -> Visitor:
        """The same, as she stands at the desk."""
        union, office = self.posts[who]
        desk = Desk({self.ledger.province.code: self.ledger})
        return desk.known(self.ledger, who, self.people[who], "").acting(union, office)


@dataclass(frozen=True)
class Worker:
    """Somebody who works for a union in the demo, with an account."""

    account: str
    name: str
    shown: str
    union: str
    office: Office


HOME_STAFF = (
    Worker("gx-jingban", "潘小红", "广西总工会 经办", "广西壮族自治区总工会", Office.CLERK),
    Worker("gx-zhuxi", "陆振华", "广西总工会 主席", "广西壮族自治区总工会", Office.CHAIR),
    Worker("gx-lianluo", "农志强", "广西总工会 联络员", "广西壮族自治区总工会", Office.LIAISON),
    Worker("gx-zongzhan", "黄文武", "驻粤服务总站 负责人", "广西壮族自治区总工会", Office.STATION),
    Worker("gx-yinsi", "岑丽萍", "广西总工会 个人信息保护", "广西壮族自治区总工会", Office.PRIVACY),
    Worker("gx-jingshen", "班国庆", "广西总工会 经审", "广西壮族自治区总工会", Office.AUDITOR),
    Worker("gx-shenpi", "莫建平", "广西总工会 审批", "广西壮族自治区总工会", Office.APPROVER),
    Worker("gx-kuaiji", "甘秀兰", "广西总工会 会计", "广西壮族自治区总工会", Office.ACCOUNTANT),
    Worker("gx-chuna", "邓小芳", "广西总工会 出纳", "广西壮族自治区总工会", Office.CASHIER),
    Worker("gx-falv", "梁志远", "广西总工会 法律工作", "广西壮族自治区总工会", Office.LEGAL),
    Worker("gx-jingshen2", "容雪梅", "广西总工会 经审（复核）", "广西壮族自治区总工会", Office.AUDITOR),
    Worker("donglan-jingban", "韦春梅", "东兰县总工会 经办", "东兰县总工会", Office.CLERK),
    Worker("donglan-fuhe", "牙美芬", "东兰县总工会 审核", "东兰县总工会", Office.REVIEWER),
    Worker("donglan-shenpi", "覃光荣", "东兰县总工会 审批", "东兰县总工会", Office.APPROVER),
    Worker("donglan-lianluo", "韦永福", "东兰县总工会 联络员", "东兰县总工会", Office.LIAISON),
    Worker("bama-jingban", "罗敏", "巴马县总工会 经办", "巴马瑶族自治县总工会", Office.CLERK),
    Worker("bama-lianluo", "蒙胜利", "巴马县总工会 联络员", "巴马瑶族自治县总工会", Office.LIAISON),
)  # fmt: skip
HOST_STAFF = (
    Worker("gd-jingban", "王丽", "广东总工会 经办", "广东省总工会", Office.CLERK),
    Worker("gd-zhuxi", "陈家宝", "广东总工会 主席", "广东省总工会", Office.CHAIR),
    Worker("gd-lianluo", "林敏", "广东总工会 联络员", "广东省总工会", Office.LIAISON),
    Worker("gd-jingshen", "何平", "广东总工会 经审", "广东省总工会", Office.AUDITOR),
    Worker("gd-falv", "邱伟强", "广东总工会 法律工作", "广东省总工会", Office.LEGAL),
    Worker("gd-shenpi", "罗国栋", "广东总工会 审批", "广东省总工会", Office.APPROVER),
    Worker("hengda-lianluo", "张燕", "恒达电子工会 联络员", "东莞市恒达电子有限公司工会", Office.LIAISON),
    Worker("hengda-jingban", "刘军", "恒达电子工会 经办", "东莞市恒达电子有限公司工会", Office.CLERK),
    Worker("hengda-fuhe", "吴玲", "恒达电子工会 审核", "东莞市恒达电子有限公司工会", Office.REVIEWER),
    Worker("meilian-lianluo", "周涛", "美联家具工会 联络员", "佛山市顺德区美联家具有限公司工会", Office.LIAISON),
    Worker("meilian-jingban", "邓娟", "美联家具工会 经办", "佛山市顺德区美联家具有限公司工会", Office.CLERK),
    Worker("huayi-lianluo", "谢勇", "华艺灯饰工会 联络员", "中山市古镇华艺灯饰有限公司工会", Office.LIAISON),
    Worker("longhua-lianluo", "杨强", "龙华项目工会 联络员", "中建三局龙华项目工会", Office.LIAISON),
    Worker("longhua-zhuxi", "梁明辉", "龙华街道工会 主席", "深圳市龙华区龙华街道总工会", Office.CHAIR),
)  # fmt: skip


def open_provinces(settings: Settings, time: Time) -> dict[str, Ledger]:
    """Makes and opens the two ledgers."""
    return {
        code: open_ledger(
            settings.found_province(code, *said),
            clock=time.clock(),
            terms=settings.terms,
        )
        for code, said in PROVINCES.items()
    }


def set_up_home(ledger: Ledger) -> Side:
    """广西: cities, counties, a few towns and villages, the main station in 广州."""
    side = _open(ledger, "广西壮族自治区总工会", "广西总工会", "450000")
    cities = {"河池市": "451200", "梧州市": "450400", "百色市": "451000"}
    with _loading(side) as entry:
        for city, code in cities.items():
            _found(entry, side, f"{city}总工会", UnionKind.FEDERATION, side.root, code)
        for city, county, code, _ in COUNTIES:
            above = side.unions[f"{city}总工会"]
            _found(entry, side, f"{county}总工会", UnionKind.FEDERATION, above, code)
        donglan = side.unions["东兰县总工会"]
        _found(entry, side, "武篆镇总工会", UnionKind.TOWNSHIP, donglan, "451224102")
    _staff(side, HOME_STAFF)
    _station(side)
    with ledger.entry(side.act("gx-zhuxi")) as entry:
        # The station enters for the home unions what their committees have decided on its lists.
        person = side.people["gx-zongzhan"]
        entrusted = entry.offices_of(person).entrust(
            entry.act, person, side.root, line=[side.root], below=True
        )
        entry.write(entrusted)
    return side


def set_up_host(ledger: Ledger) -> Side:
    """广东: cities, and the unions where people from 广西 work."""
    side = _open(ledger, "广东省总工会", "广东总工会", "440000")
    cities = {"广州市": "440100", "深圳市": "440300", "佛山市": "440600", "东莞市": "441900", "中山市": "442000"}  # fmt: skip
    with _loading(side) as entry:
        for city, code in cities.items():
            _found(entry, side, f"{city}总工会", UnionKind.FEDERATION, side.root, code)
        shunde = _found(
            entry,
            side,
            "佛山市顺德区总工会",
            UnionKind.FEDERATION,
            side.unions["佛山市总工会"],
            "440606",
        )
        street = _found(
            entry, side, "深圳市龙华区龙华街道总工会", UnionKind.TOWNSHIP,
            side.unions["深圳市总工会"], "440309",
        )  # fmt: skip
        for company, above in (
            ("东莞市恒达电子有限公司", side.unions["东莞市总工会"]),
            ("佛山市顺德区美联家具有限公司", shunde),
            ("中山市古镇华艺灯饰有限公司", side.unions["中山市总工会"]),
            ("广州市白云区鸿运物流有限公司", side.unions["广州市总工会"]),
        ):
            _found(entry, side, f"{company}工会", UnionKind.GRASSROOTS, above, None, (company,))
        _found(
            entry, side, "中建三局龙华项目工会", UnionKind.PROJECT, street, None,
            ("深圳市中建三局龙华项目部",),
        )  # fmt: skip
    _staff(side, HOST_STAFF)
    return side


def _open(ledger: Ledger, name: str, short: str, division: str) -> Side:
    root = new_union()
    side = Side(ledger, root, {name: root})
    code = ledger.province.code
    with ledger.entry(ledger.procedure(root, FOUNDED)) as entry:
        entry.write(Union.open_journal(entry.act, root, Code(code), Code(ledger.origin)))
        entry.write(
            Union.found(
                entry.act, root, name, UnionKind.FEDERATION, None, short_name=short,
                division=Code(division),
            )
        )  # fmt: skip
    return side


def _loading(side: Side) -> AbstractContextManager[Entry]:
    return side.ledger.entry(side.ledger.procedure(side.root, FOUNDED))


def _found(
    entry: Entry, side: Side, name: str, kind: UnionKind, above: UnionId, division: str | None,
    employers: tuple[str, ...] = (),
) -> UnionId:  # fmt: skip
    union = side.unions[name] = new_union()
    superior = entry.look_up(Union, above)
    entry.write(
        Union.found(
            entry.act, union, name, kind, superior, line=[above],
            division=Code(division) if division else None,
            employers=[Employer(each) for each in employers],
        )
    )  # fmt: skip
    return union


def _staff(side: Side, staff: tuple[Worker, ...]) -> None:
    """The federation's clerk and chair come with the opening; the chair appoints the others."""
    clerk, chair, *others = staff
    for each in (clerk, chair):
        _take_on(side, each)
        with side.ledger.entry(side.ledger.procedure(side.root, OPENED)) as entry:
            person = side.people[each.account]
            entry.write(Offices().appoint(entry.act, person, side.root, each.office, line=[]))
    with side.ledger.entry(side.act(chair.account)) as entry:
        for each in others:
            _take_on(side, each)
            person, union = side.people[each.account], side.unions[each.union]
            offices = entry.offices_of(person)
            entry.write(
                offices.appoint(entry.act, person, union, each.office, line=entry.line(union))
            )
    with side.ledger.entry(side.act(clerk.account)) as entry:
        for each in staff:
            entry.write(
                Person.register(
                    entry.act, side.people[each.account], Particulars(each.name),
                    number_owed=NumberOwed.NOT_AT_HAND,
                    number_due=side.ledger.today + timedelta(days=365),
                )
            )  # fmt: skip
    desk = Desk({side.ledger.province.code: side.ledger}, demo=True)
    for each in staff:
        desk.open_account(side.ledger, each.account, side.people[each.account], "", each.shown)


def _take_on(side: Side, each: Worker) -> None:
    side.people[each.account] = new_person()
    side.posts[each.account] = (side.unions[each.union], each.office)


def _station(side: Side) -> None:
    station = side.station = new_station()
    with side.ledger.entry(side.act("gx-zhuxi")) as entry:
        entry.write(
            Station.establish(
                entry.act, station, "广西壮族自治区总工会驻粤农民工服务总站",
                StationKind.MAIN_STATION, side.root, Code("440100"), line=[side.root],
                address="广州市", host="广西壮族自治区人民政府驻广州办事处",
                services=(StationService.ENROLMENT, StationService.TRANSFER, StationService.RIGHTS),
            )
        )  # fmt: skip
