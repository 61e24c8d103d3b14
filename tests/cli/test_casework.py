"""`liangdi case`: a wage case of two provinces, from the list of claimants to a claimant who comes again."""

from pathlib import Path
from typing import Any

import pytest

from ledger.cli.common import Exit
from ledger.demo.people import Someone
from tests.cli.conftest import Run, day, told

HENGDA = "东莞市恒达电子有限公司工会"
AGAINST = ("--employer", "东莞荣光物流有限公司", "--place", "441900")


@pytest.fixture
def case(run: Run, worker: Someone) -> str:
    """Opened by the station, joined by the union in 广东."""
    made = told(
        run("case", "open", "-p", "45", *AGAINST, "--claim", f"{worker.number}=4800.50+200", "--green", "--json")
    )  # fmt: skip
    number: str = made["number"]
    told(run("case", "ask-help", number, "-p", "45", "--to", HENGDA, "--json"))
    told(run("case", "join", number, "-p", "44", "--json"))
    return number


def now(run: Run, case: str, province: str = "45") -> Any:
    return told(run("case", "show", case, "-p", province, "--json"))["state"]


def test_a_case_is_opened_joined_paid_confirmed_closed_and_opened_again(
    run: Run, case: str, worker: Someone
) -> None:
    report = told(
        run(
            "case", "recover", case, "-p", "44", "--amount", "2000+200", "--means", "cash", "--json"
        )
    )["step"]
    waiting = now(run, case)
    first = told(run("case", "recover", case, "-p", "45", "--report", report, "--json"))["step"]
    again = run("case", "recover", case, "-p", "45", "--amount", "2000+200", "--means", "cash")
    alone = run(
        "case", "receive", case, first, "-p", "45", "--proof", "call", "--as", "gx-zongzhan"
    )
    told(run("case", "receive", case, first, "-p", "45", "--proof", "call", "--json"))
    told(
        run(
            "case",
            "recover",
            case,
            "-p",
            "45",
            "--amount",
            "2800.50",
            "--reference",
            "回单9",
            "--json",
        )
    )
    uncalled = run("case", "close", case, "recovered_in_full", "-p", "45")
    told(run("case", "call-back", case, "-p", "45", "--said", "satisfied", "--json"))
    told(run("case", "close", case, "recovered_in_full", "-p", "45", "--json"))

    assert case == f"桂维〔{day(0)[:4]}〕0001号"
    assert [each["is_"] for each in waiting["payments"]] == [None]
    assert (again.exit_code, alone.exit_code, uncalled.exit_code) == (Exit.REFUSED,) * 3
    assert "RecoveryKnown" in again.output
    assert "RecorderConfirms" in alone.output
    assert "NotCalledBack" in uncalled.output
    for province in ("45", "44"):
        done = now(run, case, province)
        assert (done["state"], done["totals"]["open"]["wages"]) == ("closed", 0)
        assert done["totals"]["recovered"] == {"wages": 480_050, "compensation": 20_000}
    told(run("case", "reopen", case, "owed_again", "-p", "45", "--person", worker.number, "--json"))
    assert now(run, case, "44")["state"] == "recovering"


def test_what_is_listed_due_and_owed(run: Run, case: str, worker: Someone) -> None:
    told(
        run(
            "case",
            "clock",
            case,
            "arbitration_limit",
            "-p",
            "45",
            "--since",
            day(-200),
            "--json",
        )
    )
    told(
        run(
            "case",
            "settle",
            case,
            "-p",
            "45",
            "--due",
            day(7),
            "--due",
            day(26),
            "--json",
        )
    )

    listed = run("case", "list", "open", "-p", "45")
    due = run("case", "due", "-p", "45", "--within", "365")
    owed = run("case", "arrears", "-p", "45")
    sheet = run("case", "claimants", case, "-p", "45")
    shown = run("case", "show", case, "-p", "45")
    steps = told(run("case", "steps", case, "-p", "45", "--json"))

    assert case in listed.stdout
    assert "仲裁时效" in due.stdout
    assert "第1期" in due.stdout
    assert "东莞荣光物流有限公司" in owed.stdout
    assert worker.name in sheet.stdout
    assert "4,800.50" in sheet.stdout or "5,000.50" in sheet.stdout
    assert "绿色通道" in shown.stdout
    assert [step["line"]["kind"] for step in steps][:3] == ["CaseOpened", "HelpAsked", "CaseJoined"]


def test_a_list_of_claimants_is_read_and_a_third_decimal_refused(
    run: Run, worker: Someone, tmp_path: Path
) -> None:
    sheet = tmp_path / "名单.csv"
    sheet.write_text(f"职工,工资,补偿\n{worker.number},1234.56,\n", "utf-8")

    made = told(run("case", "open", "-p", "45", *AGAINST, "--list", str(sheet), "--json"))
    cut = run("case", "open", "-p", "45", *AGAINST, "--claim", f"{worker.number}=100.005")
    unclear = run("case", "open", "-p", "45", *AGAINST, "--claim", worker.number)

    assert now(run, made["number"])["totals"]["asked"]["wages"] == 123_456
    assert (cut.exit_code, unclear.exit_code) == (Exit.USAGE, Exit.USAGE)
    assert "两位小数" in cut.output


def test_the_lead_goes_to_the_other_province_and_back_comes_a_refusal(run: Run, case: str) -> None:
    step = told(run("case", "hand-over", case, "-p", "45", "--to", HENGDA, "--json"))["step"]

    told(run("case", "take-over", case, step, "-p", "44", "--json"))
    late = run("case", "recover", case, "-p", "45", "--amount", "1", "--json")

    assert now(run, case)["sides"][0]["name"] == HENGDA
    assert late.exit_code == Exit.DONE  # who has handed over reports, and is matched
    assert now(run, case)["totals"]["recovered"]["wages"] == 0
    assert run("case", "show", "桂维〔2020〕0009号", "-p", "45").exit_code == Exit.NOT_FOUND
