"""`liangdi grant`: a worker is aided, a list is handed out, and what was decided is replayed."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger.book import Ledger, open_ledger
from ledger.cli.common import Exit
from ledger.demo.aid_story import STUDY, TEMPORARY, WARMTH, YUAN
from ledger.demo.people import Someone, six_hundred
from ledger.desk import Desk
from ledger.domain.funds import Fund, Source
from ledger.domain.ids import FundId, SchemeId, new_fund, new_scheme
from ledger.domain.kernel import Act, Code, Fen, Office
from ledger.domain.schemes import Scheme
from ledger.settings import Settings
from tests.cli.conftest import CONSENT, MINUTES, Run, day, told, write_people

DONGLAN = "东兰县总工会"


class Money:
    """A scheme and a fund with 10,000 yuan in 广西's ledger."""

    def __init__(self, data: Path) -> None:
        settings = Settings.from_environment({"LIANGDI_DATA": str(data)})
        ledger = open_ledger(next(each for each in settings.provinces() if each.code == "45"))
        self.scheme, self.fund = new_scheme(), new_fund()
        try:
            self._found(ledger, self.scheme, self.fund)
        finally:
            ledger.close()

    def _found(self, ledger: Ledger, scheme: SchemeId, fund: FundId) -> None:
        with ledger.entry(_act(ledger, "gx-zhuxi", Office.CHAIR)) as entry:
            entry.write(
                Scheme().adopt(
                    entry.act, scheme, "广西困难职工帮扶办法", 1,
                    ledger.today - timedelta(9), (STUDY, WARMTH, TEMPORARY), Code("450000"),
                ),
                Fund.open(entry.act, fund, ledger.root, "帮扶资金", Source.OWN),
            )  # fmt: skip
        with ledger.entry(_act(ledger, "gx-kuaiji", Office.ACCOUNTANT)) as entry:
            money = entry.read(Fund, fund)
            given = money.contribute(
                entry.act, Fen(10_000 * YUAN), Source.OWN, "自治区总工会", Code("拨1")
            )
            entry.write(given)


def _act(ledger: Ledger, account: str, office: Office) -> Act:
    desk = Desk({"45": ledger})
    (person,) = [person for name, person, _ in desk.accounts(ledger) if name == account]
    return Act(person, ledger.root, office, ledger.today, ledger.today)


@pytest.fixture
def money(data: Path) -> Money:
    return Money(data)


def grant(run: Run, money: Money, who: Someone, *more: str, kind: str = "temporary") -> str:
    made = told(
        run(
            "grant", "apply", who.number, "-p", "45", "--union", DONGLAN, "--scheme",
            money.scheme, "--kind", kind, "--amount", "2,000.00", *more, "--json",
        )
    )  # fmt: skip
    return str(made["grant"])


def seen(run: Run, name: str) -> Any:
    return told(run("grant", "show", name, "-p", "45", "--json"))


def done(run: Run, *words: str) -> Any:
    return told(run("grant", *words, "-p", "45", "--json"))


def test_a_worker_is_aided_from_application_to_closure(
    run: Run, worker: Someone, money: Money
) -> None:
    name = grant(run, money, worker, "--need", "工伤", "--reason", "住院")
    done(run, "payee", name, "--holder", worker.name, "--account-number", "6228480012345678")
    done(run, "visit", name, "--finding", "家中困难")
    done(run, "review", name)
    content = seen(run, name)["state"]["content"]
    done(run, "approve", f"{name}={content}", "--fund", money.fund, "--opinion", "同意")
    first = done(run, "send", name)["payment"]
    done(run, "failed", name, "--payment", str(first), "--why", "name_mismatch")
    second = done(run, "send", name)["payment"]
    done(run, "paid", name, "--payment", str(second), "--voucher", "银付1")
    done(run, "sign", name, "--payment", str(second))
    done(run, "take-back", name, "--amount", "500", "--why", "wrong_amount", "--opinion", "多付")
    done(run, "took-back", name, "--amount", "500.00", "--voucher", "收1")
    done(run, "close", name)

    state = seen(run, name)["state"]
    shown = run("grant", "show", name, "-p", "45")
    assert (state["stage"], state["merged"]) == ("closed", [])
    assert (state["paid"]["yuan"], state["taken_back"]["yuan"]) == ("2,000.00", "500.00")
    assert worker.name in shown.stdout
    assert "贰仟元整" in shown.stdout
    steps = told(run("grant", "steps", name, "-p", "45", "--as-known", "--json"))
    assert steps[0]["line"]["kind"] == "AidApplied"
    then = told(run("grant", "show", name, "-p", "45", "--payment", str(second), "--json"))
    assert then["known_on"] is not None
    changed = run("grant", "between", name, "-p", "45", "--from-as-of", "2000-01-01")
    assert "已付" in changed.stdout
    assert run("grant", "steps", name, "-p", "45").exit_code == 0


def test_grants_are_listed_by_step(run: Run, worker: Someone, money: Money) -> None:
    name = grant(run, money, worker)

    listed = told(run("grant", "find", "-p", "45", "--stage", "applied", "--json"))
    nothing = run("grant", "find", "-p", "45", "--stage", "paid")
    shown = run("grant", "find", "-p", "45", "--person", worker.number, "--union", DONGLAN)

    assert [row["grant"] for row in listed["items"]] == [name]
    assert listed["counts"]["applied"]["amount"]["capitals"] == "贰仟元整"
    assert worker.name in shown.stdout
    assert name in shown.stdout
    assert "没有救助" in nothing.stdout


def test_what_a_rule_refuses_says_what_to_do(run: Run, worker: Someone, money: Money) -> None:
    name = grant(run, money, worker, kind="study")
    content = seen(run, name)["state"]["content"]
    approving = ("--fund", money.fund, "-p", "45")

    early = run("grant", "approve", f"{name}={content}", *approving)
    bare = run("grant", "approve", name, *approving)
    fine = run("grant", "amend", name, "-p", "45", "--amount", "1000.005")
    nowhere = run("grant", "visit", f"grt_{'a' * 26}", "-p", "45")
    unbased = run("grant", "notice", name, "-p", "45", "--number", "示1", "--place", "公开栏")

    assert early.exit_code == Exit.REFUSED
    assert "StepMissing" in early.stderr
    assert "怎么办" in early.stderr
    assert bare.exit_code == Exit.USAGE
    assert "ThirdDecimal" in fine.stderr
    assert nowhere.exit_code == Exit.NOT_FOUND
    assert "NoBasisToPublish" in unbased.stderr


def test_a_notice_is_posted_objected_to_and_answered(
    run: Run, worker: Someone, money: Money
) -> None:
    name = grant(run, money, worker, kind="study")
    done(run, "notice", name, "--number", "示〔2026〕1号", "--place", "公开栏", "--basis", "law")
    said = done(run, "object", name, "--said", "听说有房")["objection"]
    done(run, "answer", name, "--objection", str(said), "--dismissed", "--text", "经查无房")

    (posted,) = told(run("grant", "notices", "示〔2026〕1号", "-p", "45", "--json"))
    listed = run("grant", "notices", "-p", "45", "--running")
    masked = worker.name[0] + "*" * (len(worker.name) - 2 or 1) + worker.name[2:][-1:]
    assert [line["name"] for line in posted["lines"]] == [masked]
    assert masked in listed.stdout
    assert worker.name not in listed.stdout
    assert seen(run, name)["state"]["objections"][0]["upheld"] is False
    assert run("grant", "notices", "没有", "-p", "45").exit_code == Exit.NOT_FOUND
    late = run("grant", "take-down", name, "-p", "45", "--number", "示〔2026〕1号")
    assert "NothingPosted" in late.stderr


def test_a_notice_comes_down_with_the_consent_to_it(
    run: Run, worker: Someone, money: Money
) -> None:
    name = grant(run, money, worker, kind="study")
    done(run, "notice", name, "--number", "示2", "--place", "公开栏", "--basis", "separate_consent")

    done(run, "take-down", name, "--number", "示2")

    (posted,) = told(run("grant", "notices", "示2", "-p", "45", "--json"))
    assert (posted["running"], posted["lines"], posted["taken_down"]) == (False, [], 1)


def test_many_are_reviewed_and_approved_with_their_total(
    run: Run, worker: Someone, money: Money
) -> None:
    names = [grant(run, money, worker, "--need", need) for need in ("工伤", "火灾")]
    reviewed = told(run("grant", "review", *names, "-p", "45", "--json"))
    pairs = [f"{name}={seen(run, name)['state']['content']}" for name in names]
    approving = ("--fund", money.fund, "-p", "45", "--json")

    bare = run("grant", "approve", *pairs, *approving)
    wrong = run("grant", "approve", *pairs, *approving, "--total", "5000")
    both = run("grant", "approve", *pairs, *approving, "--total", "4000.00")

    assert reviewed["total_capitals"] == "肆仟元整"
    assert bare.exit_code == Exit.USAGE
    assert "TotalDiffers" in wrong.stderr
    assert "所见合计：5,000.00 元" in wrong.stderr
    assert "现在合计：4,000.00 元" in wrong.stderr
    # The cap of a person's year is 3,000 yuan: the second of these is one too many.
    assert both.exit_code == Exit.REFUSED
    assert '"total_fen": 200000' in both.stdout
    assert "AboveTheCap" in both.stdout


def test_a_list_is_approved_handed_out_and_signed_for(
    run: Run, worker: Someone, money: Money, tmp_path: Path
) -> None:
    other = six_hundred()[1]
    path = write_people(tmp_path / "再一人.csv", [other])
    told(run("import", "roster", str(path), "-p", "45", "--route", "home", *MINUTES, *CONSENT, "--json"))  # fmt: skip
    made = told(run(
        "grant", "list", "new", "国庆送温暖", "-p", "45", "--union", DONGLAN, "--scheme",
        money.scheme, "--kind", "sending_warmth", "--each", "400", "--json",
    ))["aid_list"]  # fmt: skip
    added = done(run, "list", "add", made, worker.number, other.number, "--need", "国庆")["grants"]
    done(run, "list", "send-up", made)
    done(run, "list", "return", made, "--opinion", "去掉一户")
    done(run, "list", "strike", made, added[1], "--reason", "已另行救助")
    content = done(run, "list", "send-up", made)["content"]
    done(run, "list", "review", made)
    approved = done(run, "list", "approve", made, "--content", content, "--fund", money.fund)
    handed = run("grant", "list", "hand-out", made, "-p", "45", "--voucher", "签领表1")
    signed = done(run, "list", "sign", made, "--only", added[0])

    listed = told(run("grant", "list", "all", "-p", "45", "--json"))["items"]
    shown = run("grant", "list", "show", made, "-p", "45")
    assert approved["total_capitals"] == "肆佰元整"
    assert "1 人" in handed.stdout
    assert signed["count"] == 1
    assert (listed[0]["state"], listed[0]["paid"]["fen"]) == ("paid", 400 * YUAN)
    assert worker.name in shown.stdout
    assert other.name not in shown.stdout
    assert run("grant", "list", "all", "-p", "45").exit_code == 0


def test_what_is_declined_withdrawn_or_was_paid_before(
    run: Run, worker: Someone, money: Money
) -> None:
    one, two = (grant(run, money, worker, "--need", need) for need in ("甲", "乙"))
    done(run, "decline", one, "--opinion", "不符合条件")
    done(run, "withdraw", two, "--reason", "不再需要")
    before = told(
        run(
            "grant", "past", worker.number, "-p", "45", "--kind", "living", "--amount", "800",
            "--fund", money.fund, "--voucher", "2025-88", "--mode", "cash", "--signed", "--json",
        )
    )["grant"]  # fmt: skip

    assert seen(run, one)["state"]["stage"] == "declined"
    assert seen(run, two)["state"]["stage"] == "withdrawn"
    assert seen(run, before)["state"]["paid"]["fen"] == 800 * YUAN


# ── goods, and decisions on paper ────────────────────────────────────────────────────────────


def test_goods_are_listed_and_signed_for(run: Run, worker: Someone, money: Money) -> None:
    name = told(run(
        "grant", "apply", worker.number, "-p", "45", "--union", DONGLAN, "--scheme", money.scheme,
        "--kind", "sending_warmth", "--amount", "400", "--json",
    ))["grant"]  # fmt: skip
    done(run, "review", name)
    content = seen(run, name)["state"]["content"]
    done(run, "approve", f"{name}={content}", "--fund", money.fund)
    sending = ("grant", "send", name, "-p", "45", "--mode", "goods")

    unlisted = run(*sending)
    short = run(*sending, "--goods", "棉被,2,床,300.00,04501900")
    unread = run(*sending, "--goods", "棉被两床")
    payment = done(
        run, "send", name, "--mode", "goods", "--goods", "棉被,2,床,300.00,04501900",
        "--goods", "大米，1，袋，100，04501901",
    )["payment"]  # fmt: skip
    done(run, "paid", name, "--payment", str(payment), "--voucher", "出库1")
    done(run, "sign", name, "--payment", str(payment))

    for refused in (unlisted, short):
        assert "GoodsUnlisted" in refused.stderr
    assert unread.exit_code == Exit.USAGE
    state = seen(run, name)["state"]
    assert [(g["item"], g["value"]) for g in state["payments"][0]["goods"]] == [
        ("棉被", 300 * YUAN), ("大米", 100 * YUAN),
    ]  # fmt: skip
    assert "棉被 2床，300.00 元，发票 04501900" in run("grant", "show", name, "-p", "45").stdout


def test_a_list_of_goods_says_what_each_is_given(run: Run, worker: Someone, money: Money) -> None:
    made = told(run(
        "grant", "list", "new", "送温暖", "-p", "45", "--union", DONGLAN, "--scheme",
        money.scheme, "--kind", "sending_warmth", "--each", "400", "--mode", "goods", "--json",
    ))["aid_list"]  # fmt: skip
    done(run, "list", "add", made, worker.number)
    content = done(run, "list", "send-up", made)["content"]
    done(run, "list", "review", made)
    done(run, "list", "approve", made, "--content", content, "--fund", money.fund)

    bare = run("grant", "list", "hand-out", made, "-p", "45", "--voucher", "出库2")
    handed = done(
        run, "list", "hand-out", made, "--voucher", "出库2", "--goods", "棉被,2,床,400,04501902"
    )

    assert "GoodsUnlisted" in bare.stderr
    assert handed["count"] == 1


def person_of(data: Path, account: str) -> str:
    ledger = open_ledger(next(
        each for each in Settings.from_environment({"LIANGDI_DATA": str(data)}).provinces()
        if each.code == "45"
    ))  # fmt: skip
    try:
        (person,) = [p for name, p, _ in Desk({"45": ledger}).accounts(ledger) if name == account]
    finally:
        ledger.close()
    return person


def test_what_was_decided_on_paper_is_typed_in_by_a_clerk_with_what_it_broke(
    run: Run, worker: Someone, money: Money, data: Path
) -> None:
    chief, clerk = person_of(data, "donglan-shenpi"), person_of(data, "donglan-jingban")
    name = grant(run, money, worker)
    approving = ("approve", f"{name}={seen(run, name)['state']['content']}", "--fund", money.fund)
    on_paper = ("--decision", "东工纪〔2026〕9号", "--on", day(-3))

    own = run("grant", *approving, "-p", "45")
    nobody = run("grant", *approving, "-p", "45", *on_paper)
    stranger = run("grant", *approving, "-p", "45", *on_paper, "--decided-by", clerk)
    done(run, *approving, *on_paper, "--decided-by", chief)

    assert "StepMissing" in own.stderr
    assert nobody.exit_code == Exit.USAGE
    assert "DeciderHeldNoOffice" in stranger.stderr
    approval = seen(run, name)["state"]["approval"]
    assert (approval["by"], approval["on"]) == (chief, day(-3))
    assert approval["findings"] == ["StepMissing"]


def test_a_committee_decides_on_paper_too_and_the_cashier_of_the_day_has_paid(
    run: Run, worker: Someone, money: Money, data: Path
) -> None:
    cashier = person_of(data, "gx-chuna")
    donglan = told(run("union", "find", DONGLAN, "-p", "45", "--json"))[0]["union"]
    name = grant(run, money, worker)
    done(run, "review", name)
    content = seen(run, name)["state"]["content"]
    done(run, "approve", f"{name}={content}", "--fund", money.fund, "--decided-by", donglan)

    payment = done(
        run, "send", name, "--mode", "cash", "--decided-by", cashier, "--decided-as", "cashier"
    )["payment"]
    done(run, "paid", name, "--payment", str(payment), "--voucher", "现1", "--decided-by", cashier)

    state = seen(run, name)["state"]
    assert state["approval"]["by"] == donglan
    assert [who["id"] for who in state["duties"]["payer"]] == [cashier]
