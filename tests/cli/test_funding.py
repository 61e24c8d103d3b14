"""`liangdi fund`: money comes in, goes down the tree, and to the other province's share."""

from pathlib import Path
from typing import Any

import pytest

from ledger.book import Ledger, open_ledger
from ledger.cli.common import Exit, acting
from ledger.desk import Desk
from ledger.domain.ids import PartnershipId, new_partnership, new_person
from ledger.domain.kernel import Code, Office, Scope
from ledger.domain.offices import Offices
from ledger.domain.partnerships import Partnership, Party
from ledger.exchange import sync
from ledger.settings import Settings
from tests.cli.conftest import Run, told
from tests.pair import SHARED, annex

FUND = "自治区帮扶资金"


@pytest.fixture
def ledgers(data: Path) -> dict[str, Ledger]:
    settings = Settings.from_environment({"LIANGDI_DATA": str(data)})
    return {each.code: open_ledger(each) for each in settings.provinces()}


@pytest.fixture(autouse=True)
def agreement(ledgers: dict[str, Ledger]) -> PartnershipId:
    """Each federation has an accountant, and both have signed what covers aid."""
    for ledger in ledgers.values():
        person = new_person()
        with ledger.entry(ledger.procedure(ledger.root)) as entry:
            entry.write(
                Offices().appoint(entry.act, person, ledger.root, Office.ACCOUNTANT, line=[])
            )
        desk = Desk({ledger.province.code: ledger}, demo=True)
        desk.open_account(ledger, "kuaiji", person, "", "会计")
    made = new_partnership()
    home, host = ledgers["45"], ledgers["44"]
    parties = [
        Party(each.root, Code(each.origin), Code(each.province.code), each.province.name)
        for each in (home, host)
    ]
    chairs = {each.origin: acting(each, None, (Office.CHAIR,)) for each in (home, host)}
    with home.entry(chairs[home.origin].act()) as entry:
        entry.write(
            Partnership.propose(
                entry.act, made, "帮扶资金协议", parties, annex((*SHARED, Scope.AID)),
                origin=home.origin,
            )
        )  # fmt: skip
    for each in (home, host):
        sync(home, host)
        with each.entry(chairs[each.origin].act()) as entry:
            entry.write(entry.read(Partnership, made).sign(entry.act, origin=each.origin))
    sync(home, host)
    for each in ledgers.values():
        each.close()
    return made


def opened(run: Run, name: str = FUND, province: str = "45", *more: str) -> str:
    made: str = told(run("fund", "open", name, "-p", province, "--source", "own", *more, "--json"))[
        "fund"
    ]
    return made


def totals(run: Run, fund: str, province: str = "45", *more: str) -> Any:
    return told(run("fund", "show", fund, "-p", province, *more, "--json"))["totals"]


def test_money_comes_in_and_is_printed_with_its_capitals(run: Run) -> None:
    fund = opened(run)

    credited = run("fund", "credit", FUND, "9,264,000.00", "-p", "45", "--from", "自治区财政厅")
    shown = run("fund", "show", fund, "-p", "45")
    listed = run("fund", "list", "-p", "45")

    assert credited.exit_code == 0, credited.output
    assert "9,264,000.00" in shown.stdout
    assert "玖佰贰拾陆万肆仟元整" in shown.stdout
    assert FUND in listed.stdout


@pytest.mark.parametrize(
    ("amount", "code"),
    [("100.005", "ThirdDecimal"), ("四百", "NoAmount"), ("0", "AmountNotPositive")],
)
def test_what_a_fen_cannot_hold_is_refused(run: Run, amount: str, code: str) -> None:
    opened(run)

    refused = run("fund", "credit", FUND, amount, "-p", "45")

    assert refused.exit_code == Exit.REFUSED
    assert code in refused.stderr


def test_money_is_allotted_to_a_county_and_stands_in_both_statements(run: Run) -> None:
    above = opened(run)
    below = opened(run, "东兰帮扶资金", "45", "--union", "东兰县总工会")
    told(run("fund", "credit", FUND, "1000", "-p", "45", "--json"))

    allotted = run(
        "fund", "allot", FUND, "东兰帮扶资金", "400.50", "-p", "45", "--paper", "桂工发8"
    )
    more = run("fund", "allot", FUND, "东兰帮扶资金", "600", "-p", "45")

    assert allotted.exit_code == 0, allotted.output
    assert "FundExhausted" in more.stderr
    assert (totals(run, above)["balance"], totals(run, below)["balance"]) == (599_50, 400_50)
    statement = run("fund", "statement", FUND, "-p", "45")
    assert "拨付东兰帮扶资金400.50元（桂工发8）" in statement.stdout
    assert "599.50" in statement.stdout
    before = totals(run, above, "45", "--as-of", "2026-01-01", "--known-on", "2026-01-01")
    assert before["balance"] == 0


def test_a_share_goes_to_the_other_province_and_another_comes_back(
    run: Run, agreement: PartnershipId
) -> None:
    joint = ("--joint", "两广帮扶救助基金", "--annex", agreement)
    ours = opened(run, "广西份额", "45", *joint, "--contributor", "广西总工会")
    theirs = opened(run, "商会份额", "44", *joint, "--contributor", "广东省广西商会")
    told(run("fund", "credit", ours, "1000", "-p", "45", "--json"))

    offer = told(run("fund", "offer", ours, "商会份额", "300", "-p", "45", "--json"))["offer"]
    assert "待答复" in run("fund", "show", theirs, "-p", "44").stdout
    accepted = run("fund", "accept", offer, "-p", "44")
    assert accepted.exit_code == 0, accepted.output

    assert totals(run, ours)["balance"] == 700_00
    assert totals(run, theirs, "44")["balance"] == 300_00
    assert "已划入" in run("fund", "show", ours, "-p", "45").stdout
    back = told(run("fund", "offer", theirs, ours, "50", "-p", "44", "--json"))["offer"]
    declined = run("fund", "decline", back, "-p", "45", "--ground", "无需划回")
    assert declined.exit_code == 0, declined.output
    assert totals(run, theirs, "44")["balance"] == 300_00
    third = told(run("fund", "offer", theirs, ours, "50", "-p", "44", "--json"))["offer"]
    assert run("fund", "withdraw", third, "-p", "44").exit_code == 0
    assert run("fund", "accept", third, "-p", "45").exit_code == Exit.REFUSED


def test_an_empty_fund_is_closed(run: Run) -> None:
    opened(run)

    closed = run("fund", "close", FUND, "-p", "45")
    again = run("fund", "credit", FUND, "1", "-p", "45")
    unknown = run("fund", "show", "没有这笔资金", "-p", "45")

    assert closed.exit_code == 0, closed.output
    assert "FundNotOpen" in again.stderr
    assert unknown.exit_code == Exit.NOT_FOUND
