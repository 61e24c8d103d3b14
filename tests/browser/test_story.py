"""The story between two provinces, each at a browser of its own: by mouse, and by keyboard alone.

A chapter a test; whoever acts signs in by the page, and whoever may not act twice signs out.
"""

from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

from ledger.demo.people import EMPLOYERS, Someone, six_hundred
from tests.browser.conftest import PHONE, Sits
from tests.browser.hands import Keyboard, Mouse, Office
from tests.world import citizen_number

pytestmark = pytest.mark.parametrize("hand", [Mouse, Keyboard])
Opens = Callable[[], Office]


@pytest.fixture
def offices(sits: Sits, hand: type[Mouse]) -> tuple[Office, Office]:
    """广西 and 广东, each a browser."""
    return Office(sits(), hand), Office(sits(), hand)


def test_a_worker_joins_by_a_poster(
    sits: Sits, offices: tuple[Office, Office], hand: type[Mouse]
) -> None:
    _, host = offices
    name, phone = ("韦阿妹", "13800000431") if hand is Mouse else ("韦阿兰", "13800000432")
    number = citizen_number("451224", date(1994, 5, 6), 31 if hand is Mouse else 33)

    # On her phone: the poster's code, four questions, her consent, a number.
    host.takes("hengda-jingban").goes("/posters")
    code = host.page.get_attribute("main td a", "href") or ""
    her = Office(sits(viewport=PHONE), hand)
    her.goes(f"/j/{code.rpartition('/')[2]}")
    for said in (name, number, phone):
        her.hand.write(her.page.locator(".in"), said)
        her.presses("下一步")
    her.presses("下一步")
    her.hand.tick(her.page.locator("input[name=agree]"))
    her.presses("提交申请")
    her.sees("您的受理号")

    # At the union: one examines, the committee decides on paper, which a third enters.
    host.takes("hengda-fuhe").goes("/enrolments").presses(name)
    host.does("审核", {"是否符合条件": "是", "审核意见": "单位和身份都核对过。"})
    host.takes("hengda-jingban").goes("/enrolments?tab=examined").presses(name)
    host.does("录入委员会的批准", {"文号": "恒达工委纪〔2026〕9号"})

    # With a code from the counter she sees that she is a member.
    host.goes(f"/workers?q={name}").presses(name).presses("手机登录码")
    host.presses("身份已核对，给登录码")
    code = host.page.locator("main .code").inner_text()
    her.goes("/m/code").fills({"登录码（数字和字母）": code}).presses("进入")
    her.goes("/m/membership").sees("东莞市恒达电子有限公司工会")
    assert her.person.complaints == host.person.complaints == []


def test_a_clerk_enters_a_worker_who_is_handed_over_and_both_provinces_see_it(
    offices: tuple[Office, Office], hand: type[Mouse]
) -> None:
    home, host = offices
    name = "覃彩凤" if hand is Mouse else "覃彩莲"
    number = citizen_number("451224", date(1990, 3, 2), 41 if hand is Mouse else 43)

    home.takes("donglan-jingban").goes("/enrolments").does(
        "登记职工", {"姓名": name, "证件号码": number, "电话": "13800000441"}
    )
    home.does("入会申请", {"本人确认方式": "本人签字", "工作单位": "东莞市恒达电子有限公司"})
    home.takes("donglan-fuhe").goes("/enrolments").presses(name)
    home.does("审核", {"是否符合条件": "是"})
    home.takes("donglan-shenpi").goes("/enrolments?tab=examined").presses(name)
    home.does("批准入会")

    # 广西 hands her over, with her consent; 广东 accepts, and both have it on record.
    home.takes("donglan-lianluo").goes(f"/workers?q={name}").presses(name)
    home.does(
        "登记同意",
        {
            "处理目的": "会籍接转与管理",
            "基本身份": "是",
            "联系方式#2": "是",
            "会籍": "是",
            "同意凭据": "本人签字的单独同意书",
            "告知书版本": "接转告知书-2026-1",
        },
    )
    home.does(
        "转出",
        {
            "接收工会": "东莞市恒达电子有限公司工会",
            "向对方省提供信息的法律依据": "单独同意",
            "所依据的同意": "会籍接转",
        },
    )
    host.takes("hengda-lianluo").until("/transfers?tab=in", lambda page: name in _main(page))
    host.presses(name).does("接收", {"工种": "装配工"})
    transfer = host.at()
    for side in (home, host):
        side.until(transfer, lambda page: "已转" in page.inner_text("h1")).sees(name)
    home.presses("看职工档案").sees("东莞市恒达电子有限公司工会")


def test_a_family_in_need_has_a_file_and_is_helped(
    offices: tuple[Office, Office], hand: type[Mouse]
) -> None:
    home, _ = offices
    her = _of_donglan(hand)

    home.takes("donglan-jingban").goes("/hardship-files").presses("建立档案")
    home.fills({"职工": her.number}).presses("查找").does("立户")
    home.does(
        "为这一家建档",
        {
            "困难类别": "相对困难",
            "主要致困原因": "重特大疾病",
            "认定依据": "家庭经济状况核对",
            "档案编号": f"东困〔2026〕{51 + (hand is Mouse)}号",
            "有效期至": "2027-11-22",
        },
    )
    home.sees("重特大疾病", "2027-11-22")

    # 临时救助: applied for, visited, examined, approved, each by somebody else.
    home.goes("/grants").does(
        "受理申请",
        {
            "申请人": her.number,
            "帮扶办法": "广西",
            "帮扶项目": "临时救助",
            "事由": "住院",
            "申请金额": "2000",
            "申请理由": "本人患病住院",
        },
    )
    grant = home.at()
    home.does(
        "登记收款人", {"收款对象": "本人", "开户银行": "东兰农信社", "账号": "6228480000123456700"}
    )
    home.does("登记入户", {"调查情况": "住房老旧。"})
    home.takes("donglan-fuhe").goes(grant).fills({"意见": "情况属实。"}).presses("审核通过")
    home.takes("gx-shenpi").goes(grant).fills(
        {"资金": "自治区总工会送温暖", "意见": "同意。"}
    ).presses("同意")
    home.takes("gx-chuna").goes(grant).does("送付", {"发放方式": "银行卡"})
    home.does("第 1 次未付成", {"原因": "户名不符"})
    home.does("重新送付", {"发放方式": "银行卡"})
    home.does("第 2 次已支付", {"凭证号": "银付2026-1123"})
    home.takes("gx-falv").goes(grant).does("登记第 2 次签收", {"签收方式": "本人签收"})
    home.takes("gx-shenpi").goes(grant).does(
        "决定追回", {"追回金额": "500", "追回原因": "金额有误"}
    )
    home.takes("gx-chuna").goes(grant).does(
        "登记追回到账", {"到账金额": "500", "收款凭证号": "收2026-77"}
    )


def test_wages_are_recovered_by_both_provinces(
    offices: tuple[Office, Office], hand: type[Mouse]
) -> None:
    home, host = offices
    her = _of_donglan(hand)

    home.takes("gx-zongzhan").goes("/cases").does(
        "立案",
        {
            "案由": "拖欠工资",
            "受理渠道": "服务站点",
            "务工地行政区划": "440111",
            "名称": EMPLOYERS[4],
            "职工": her.number,
            "工资": "8600",
            "向对方省提供信息的法律依据": "法定职责",
        },
    )
    case = home.at()
    home.does("商请协作", {"对方工会": "广东省总工会", "向对方省提供信息的法律依据": "法定职责"})
    host.takes("gd-falv").until(case, lambda page: "参与办理" in _main(page))
    host.does("参与办理")
    home.goes(case).presses("达成协议")
    home.fills(
        {
            "第 1 期付款期限": "2026-11-23",
            "第 1 期工资合计": "3000",
            "第 2 期付款期限": "2026-12-23",
            "第 2 期工资合计": "5600",
        }
    ).presses("计算").presses("逐人分配，填写协议").fills({"达成方式": "调解"}).sends()
    for told in ("3,000.00", "8,600.00"):
        home.takes("gx-zongzhan").goes(case).does("登记到账", {"付款方": "用人单位"}).sees(told)
        home.takes("gx-jingban").goes(f"{case}?tab=money").does(
            "确认收讫", {"确认方式": "本人签字"}
        )
    home.takes("gx-zongzhan").goes(f"{case}?tab=claimants").does("回访", {"回访意见": "满意"})
    home.does("结案", {"结案方式": "全部追回"})
    host.until(case, lambda page: "已结案" in page.inner_text("h1"))
    home.does("重启案件", {"重启原因": "再次拖欠"})


def test_an_auditor_draws_a_sample_and_asks(
    offices: tuple[Office, Office], hand: type[Mouse]
) -> None:
    home, _ = offices
    home.takes("gx-jingshen").goes("/audit?tab=samples").does("抽样", {"支付": "是", "样本量": "3"})
    home.presses("提出疑点").fills({"事实和理由": "请说明签收的原件在何处。"}).sends()
    question = home.at()
    home.takes("gx-jingban").goes(question).does(
        "答复", {"承认、说明或不认可": "作出说明", "说明": "签领表原件在财务档案室。"}
    )
    home.takes("gx-jingshen2").goes(question).does(
        "裁定", {"成立、部分成立或不成立": "不成立", "裁定理由": "原件已核对。"}
    )


def test_warmth_is_sent_by_a_list(offices: tuple[Office, Office], hand: type[Mouse]) -> None:
    home, _ = offices
    her = _of_donglan(hand)
    home.takes("donglan-jingban").goes("/aid-lists").does(
        "拟定名单",
        {
            "名单名称": "春节送温暖",
            "帮扶办法": "广西",
            "帮扶项目": "送温暖",
            "每人金额": "500",
            "发放方式": "现金签领",
        },
    )
    home.does("列入人员", {"受助职工": her.number, "事由": "2027春节"})
    listed = home.at()
    home.does("送审")
    home.takes("donglan-fuhe").goes(listed).does("审核")
    home.takes("gx-shenpi").goes(listed).does("审批", {"资金": "自治区总工会送温暖"})
    home.takes("gx-chuna").goes(listed).does("按签领表发放", {"签领表编号": "签领表2026-11"})
    home.takes("gx-falv").goes(listed).does("登记签收", {"签收方式": "本人签收"})


def test_a_seat_on_the_way_home_and_a_tally(
    offices: tuple[Office, Office], hand: type[Mouse]
) -> None:
    home, _ = offices
    her = _of_donglan(hand)
    home.takes("gx-zongzhan").goes("/services").does(
        "发布行程",
        {
            "名额": "50",
            "工会会员": "是",
            "出发日期": "2027-01-20",
            "名称": "广州—东兰返乡大巴",
            "牵头、承办或协办": "牵头",
            "工会": "广西壮族自治区总工会",
        },
    )
    home.sees("广州—东兰返乡大巴").does(
        "安排座位", {"职工、家属": her.number, "乘坐资格": "工会会员"}
    )
    home.does("登记出发")
    home.goes("/services").does(
        "服务计数（不记名）",
        {
            "服务种类": "沿途服务",
            "数量": "120",
            "计量单位": "人次",
            "牵头、承办或协办": "牵头",
            "工会": "广西壮族自治区总工会",
        },
    )


def test_the_worker_sees_her_progress_and_says_that_nothing_came(
    sits: Sits, offices: tuple[Office, Office], hand: type[Mouse]
) -> None:
    home, _ = offices
    at = -1 if hand is Mouse else -2  # the autumn's households stand after what is newer
    paid = home.takes("donglan-jingban").goes("/grants?stage=received&kind=sending_warmth").page
    link = paid.locator("main table a[href^='/grants/grt_']").nth(at)
    name = link.inner_text()
    home.turns(link).presses(name)
    if home.page.get_by_role("button", name="查阅", exact=True).count():  # she has moved: why?
        home.hand.tick(home.page.get_by_label("帮扶救助", exact=True))
        home.presses("查阅")
    home.presses("手机登录码").presses("身份已核对，给登录码")
    code = home.page.locator("main .code").inner_text()
    her = Office(sits(viewport=PHONE), hand)
    her.goes("/m/code").fills({"登录码（数字和字母）": code}).presses("进入")
    her.presses("我的进度与补助").sees("400.00").presses("没收到这笔钱").presses("真的没收到，请查")
    assert her.person.complaints == home.person.complaints == []


def test_a_consent_is_withdrawn_in_part_at_the_desk_and_wholly_on_the_phone(
    sits: Sits, offices: tuple[Office, Office], hand: type[Mouse]
) -> None:
    home, _ = offices
    whose = _of_donglan(hand, before=2)

    # At the desk: only the telephone is to stay here.
    home.takes("donglan-jingban").goes(f"/consents?q={whose.number}").presses("授权与查阅")
    desk = f"{home.at()}?{urlsplit(home.page.url).query}"
    home.does("撤回", {"联系方式": "是"}).sees("部分有效")

    # On the phone: nothing any more; and it is told at once.
    home.goes(f"/workers?q={whose.number}").presses(whose.name)
    home.presses("手机登录码").presses("身份已核对，给登录码")
    code = home.page.locator("main .code").inner_text()
    phone = Office(sits(viewport=PHONE), hand)
    phone.goes("/m/code").fills({"登录码（数字和字母）": code}).presses("进入")
    phone.presses("我的授权与谁看过").presses("撤回").sees("已撤回。从今天起不再提供")
    home.goes(desk).sees("已撤回 ")
    assert phone.person.complaints == home.person.complaints == []


def test_unions_dispute_a_transfer_and_a_third_one_rules(
    offices: tuple[Office, Office], hand: type[Mouse]
) -> None:
    home, host = offices
    whose = _of_donglan(hand, EMPLOYERS[0])

    home.takes("donglan-lianluo").goes("/questions/new")
    home.fills({"职工": whose.number}).presses("查找")
    row = home.page.locator("main tr", has_text="接收").last
    home.turns(row.get_by_role("link", name="对这一笔提出"))
    home.fills({"种类": "工会间争议", "事实和理由": "接收日期早于本人到岗。"}).sends()
    question = home.at()
    host.takes("hengda-lianluo").until(question, lambda page: "答复" in _main(page))
    host.does("答复", {"承认、说明或不认可": "作出说明", "说明": "当日已在岗，附进出登记。"})
    host.takes("gd-falv").goes(question).does(
        "裁定", {"成立、部分成立或不成立": "不成立", "裁定理由": "进出登记相符。"}
    )
    home.until(question, lambda page: "已了结" in page.inner_text("h1")).sees("维持原记录")


def _main(page: Page) -> str:
    return page.inner_text("main")


def _of_donglan(hand: type[Mouse], employer: str = EMPLOYERS[4], before: int = 0) -> Someone:
    """Somebody from 东兰, one for each hand: a member there still, or moved to her employer's union;
    `before`: not the last ones of the list, but those so many before."""
    those = [
        each for each in six_hundred() if each.county == "451224" and each.employer == employer
    ]
    return those[(-1 if hand is Mouse else -2) - before]
