"""Applications and approval in a browser: taken in, examined, approved alone and many at once, paid."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.domain.aid import AidGrant, PayeeKind, Stage
from ledger.domain.aiding import AidKind, Level
from ledger.domain.ids import GrantId
from ledger.domain.kernel import Fen, Office
from ledger.procedures import aiding
from tests.aid import TEMPORARY, YUAN, AidOffice
from tests.console.conftest import Clerk, Seats, fields_in, told
from tests.world import World


@pytest.fixture
def office(home: World) -> AidOffice:
    return AidOffice(home)


def temporary(office: AidOffice, name: str, amount: int = 1000) -> GrantId:
    person = office.world.worker(name)
    return office.apply(person, amount * YUAN, AidKind.TEMPORARY, need=name)


def press(clerk: Clerk, page: str, act: str, **written: str) -> str:
    """Fills in a form that stands on a page, and presses its button."""
    answered = clerk.send(act, fields_in(clerk.see(page), f"/do/{act}"), **written)
    assert answered.status_code in {200, 303}, told(answered.text)
    return answered.headers.get("location", "") or answered.text


def test_an_amount_above_a_level_is_seen_below_and_left_to_the_union_above(
    home: World, seats: Seats
) -> None:
    levels = (Level(above=Fen(500 * YUAN), approver=home.root),)
    office = AidOffice(home, (replace(TEMPORARY, levels=levels),))
    small, large = temporary(office, "韦秀英", 500), temporary(office, "蓝志强", 501)
    reviewer = seats(office.village, Office.REVIEWER)
    for grant in (small, large):
        press(reviewer, f"/grants/{grant}", "aid/review", opinion="情况属实。")
    below, above = seats(office.village, Office.APPROVER), seats(home.root, Office.APPROVER)

    page = below.see(f"/grants/{large}")
    bench = told(below.see("/workbench"))
    tab = below.see("/grants?stage=mine")

    assert "超过本级限额，由广西壮族自治区总工会审批" in told(tab)
    assert re.findall(r'name="grant" value="(\w+)"', tab) == [small]
    assert "超过本级" not in above.see("/grants?stage=mine")
    assert "501.00 元超过本级权限，由广西壮族自治区总工会审批" in told(page)
    assert "同意" not in buttons(page)
    assert "同意" in buttons(below.see(f"/grants/{small}"))
    assert "同意" in buttons(above.see(f"/grants/{large}"))
    assert "韦秀英" in bench
    assert "蓝志强" not in bench
    assert "蓝志强" in told(above.see("/workbench"))


def buttons(page: str) -> list[str]:
    """What the buttons of a page say."""
    return re.findall(r"<button[^>]*>([^<]+)</button>", page)


def test_one_grant_goes_from_the_review_to_the_receipt_by_the_forms_of_its_page(
    office: AidOffice, seats: Seats
) -> None:
    grant = temporary(office, "韦秀英")
    page, root = f"/grants/{grant}", office.world.root
    clerk, reviewer = seats(office.village, Office.CLERK), seats(office.village, Office.REVIEWER)
    approver, cashier = seats(root, Office.APPROVER), seats(root, Office.CASHIER)
    witness = seats(root, Office.LEGAL)

    assert "还不能审批，尚缺：审核" in approver.see(page)
    assert "/do/aid/review" not in clerk.see(page)
    press(reviewer, page, "aid/review", opinion="情况属实，拟同意。")
    ready = approver.see(page)
    assert "壹仟元整" in ready
    assert "省级帮扶资金（可用 100,000.00 元）" in ready
    press(approver, page, "aid/approve", fund=office.fund, opinion="同意。")
    clerk.act(
        "aid/name_payee", {"grant": grant}, kind="applicant", holder="韦秀英", bank="农信社",
        account="6228480000",
    )  # fmt: skip
    changed = approver.see(page)
    assert "以来的变动" in changed
    assert "原审批作废" in changed
    press(approver, page, "aid/approve", fund=office.fund)
    form = cashier.open("aid/instruct", grant=grant)
    assert dict(form)["amount_fen"] == "1,000.00"
    cashier.act("aid/instruct", {"grant": grant}, mode="bank")
    assert "第 1 次已支付" in cashier.see(page)
    cashier.act("aid/made", {"grant": grant, "payment": "1"}, voucher="银付1")
    assert "登记第 1 次签收" not in cashier.see(page)
    witness.act("aid/sign", {"grant": grant, "payment": "1"})
    seen = told(clerk.see(page))

    assert re.search("受理申请 .*审核 .*审批 .*送付 .*支付 .*签收", seen)
    assert office.grant(grant).stage is Stage.RECEIVED
    assert "补登入户" in seen


def test_many_ticked_are_approved_under_their_total_with_a_result_for_each(
    office: AidOffice, seats: Seats
) -> None:
    fit, unfit = temporary(office, "韦秀英"), temporary(office, "蓝美莲", 2500)
    with office.entry(Office.REVIEWER) as entry:
        aiding.review(entry, fit)
    approver = seats(office.world.root, Office.APPROVER)
    listed = approver.see("/grants?stage=applied")
    assert listed.count('type="checkbox" name="grant"') == 2

    page = f"/grants/many?act=approve&grant={fit}&grant={unfit}"
    shown = told(approver.see(page))
    result = told(press(approver, page, "aid/approve_many", fund=office.fund))

    assert "共 2 笔，合计 3,500.00 元 （叁仟伍佰元整）" in shown
    assert "办理 1 笔，合计 1,000.00 元（壹仟元整）" in result
    assert "1 项未能办理" in result
    assert "韦秀英 临时救助 1,000.00 元" in result
    assert office.grant(fit).approval is not None
    assert office.grant(unfit).approval is None
    approver.see("/grants/many?act=x", 400)
    assert "没有勾选任何一笔" in approver.see("/grants/many?act=review")


def test_many_are_reviewed_at_once(office: AidOffice, seats: Seats) -> None:
    grants = [temporary(office, name) for name in ("韦秀英", "蓝美莲")]
    reviewer = seats(office.village, Office.REVIEWER)

    result = told(
        press(
            reviewer, f"/grants/many?act=review&grant={grants[0]}&grant={grants[1]}",
            "aid/review_many", opinion="情况属实。",
        )
    )  # fmt: skip

    assert "办理 2 笔" in result
    assert all(office.grant(each).steps for each in grants)


def test_what_was_not_paid_stands_under_its_own_tab(office: AidOffice, seats: Seats) -> None:
    grant = temporary(office, "韦秀英")
    with office.entry(Office.CLERK) as entry:
        aiding.name_payee(entry, grant, PayeeKind.APPLICANT, bank="农信社", account="6228480")
    with office.entry(Office.REVIEWER) as entry:
        aiding.review(entry, grant)
    office.approve(grant)
    office.send(grant)
    cashier = seats(office.world.root, Office.CASHIER)

    assert "没有待重发的付款" in cashier.see("/grants?stage=back")
    cashier.act("aid/failed", {"grant": grant, "payment": "1"}, why="account_closed")
    page = told(cashier.see("/grants?stage=back"))

    assert "韦秀英" in page
    assert "已销户" in page
    assert "重新送付" in page
    assert "改收款人" not in page


def test_two_moments_of_a_grant_are_compared(office: AidOffice, seats: Seats) -> None:
    grant = temporary(office, "韦秀英")
    then = office.world.today
    office.world.time.to(then + timedelta(3))
    clerk = seats(office.village, Office.CLERK)
    clerk.act("aid/amend", {"grant": grant}, amount_fen="1,500", reason="药费增加")

    page = told(clerk.see(f"/grants/{grant}?then_known_on={then}"))

    assert "两个时点之间的变化" in page
    assert "申请金额 1,000.00 1,500.00" in page
    clerk.see(f"/grants/{grant}?then_as_of=x", 400)
    with office.world.ledger.reading() as reader:
        assert reader.get(AidGrant, grant).amount == 1500 * YUAN


def test_a_list_is_drawn_up_filled_from_pasted_names_and_signed_for(
    office: AidOffice, seats: Seats
) -> None:
    clerk, reviewer = seats(office.village, Office.CLERK), seats(office.village, Office.REVIEWER)
    root = office.world.root
    for name in ("韦秀英", "蓝美莲"):
        office.world.enrol(office.world.worker(name), office.village)
    place = clerk.act(
        "aid_lists/draw_up", title="春节送温暖", scheme=office.scheme, kind="sending_warmth",
        each_fen="400", mode="cash",
    )  # fmt: skip
    name = place.partition("?")[0].rpartition("/")[2]
    page, upon = f"/aid-lists/{name}", {"aid_list": name}
    assert "名单上还没有人" in clerk.see(page)

    form = clerk.open("aid_lists/put_on", **upon)
    found = clerk.send("aid_lists/put_on", form, persons="韦秀英\n蓝美莲", need="2026春节")
    ticked = fields_in(found.text, "/do/aid_lists/put_on")
    assert clerk.send("aid_lists/put_on", ticked).status_code == 303
    clerk.act("aid_lists/send_up", upon)
    reviewer.act("aid_lists/review", upon)
    approver = seats(root, Office.APPROVER)
    link = re.search(r'href="(/do/aid_lists/approve\?[^"]+)"', approver.see(page))
    assert link is not None
    opened = fields_in(approver.see(link[1].replace("&amp;", "&")), "/do/aid_lists/approve")
    assert approver.send("aid_lists/approve", opened, fund=office.fund).status_code == 303
    seats(root, Office.CASHIER).act("aid_lists/hand_out", upon, voucher="签领表1")
    seats(root, Office.LEGAL).act("aid_lists/sign_for", upon)
    seen = told(clerk.see(page))

    assert "2 人 × 400.00 元 = 800.00 元（捌佰元整）" in seen
    assert "2 / 2 人" in seen
    assert "/do/aid_lists/strike_off" not in clerk.see(page)
    clerk.see(f"{page}/sheet?place=x", 400)
