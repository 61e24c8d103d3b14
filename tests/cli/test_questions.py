"""`liangdi question` and `liangdi audit`: sample, question, answer, ruling, close; both provinces."""

from typing import Any

import pytest

from ledger.cli.common import Exit
from tests.cli.conftest import Run, told


@pytest.fixture
def drawn(run: Run) -> Any:
    """A sample of two tallies of 广西's station."""
    for count in ("100", "90", "80"):
        told(
            run(
                "service", "tally", "-p", "45", "--kind", "health", "--count", count, "--unit",
                "person_times", "--json",
            )
        )  # fmt: skip
    return told(
        run(
            "audit", "sample", "-p", "45", "--kind", "ServicesTallied", "--size", "2", "--seed",
            "0316", "--json",
        )
    )  # fmt: skip


@pytest.fixture
def question(run: Run, drawn: Any) -> str:
    made: str = told(
        run(
            "question", "raise", "-p", "45", "--record", drawn["drawn"][0], "--text", "签到表少一页",
            "--sample", drawn["sample"], "--json",
        )
    )["question"]  # fmt: skip
    return made


def state(run: Run, question: str) -> str:
    found: Any = told(run("question", "show", question, "-p", "45", "--json"))
    return found["state"]["state"]


def test_a_sample_is_drawn_by_its_seed_and_checked(run: Run, drawn: Any) -> None:
    checked = run("audit", "check", drawn["sample"], "-p", "45")
    page = run("audit", "sample", "-p", "45", "--kind", "ServicesTallied", "--size", "9")

    assert (drawn["count"], drawn["seed"], len(drawn["drawn"])) == (3, "0316", 2)
    assert "重抽一致" in checked.stdout
    assert page.exit_code == Exit.REFUSED
    assert "SampleOutOfRange" in page.output


def test_a_question_goes_from_its_raising_to_its_close(run: Run, question: str) -> None:
    explains = ("--reply", "explains", "--text", "签到表有两页", "--as", "gx-lianluo")
    told(run("question", "answer", question, "-p", "45", *explains, "--json"))
    assert state(run, question) == "answered"
    dismissed = ("--verdict", "dismissed", "--text", "签到表齐全", "--appeal-days", "15")
    told(run("question", "rule", question, "-p", "45", *dismissed, "--json"))

    page = run("question", "show", question, "-p", "45")
    assert state(run, question) == "closed"
    assert "签到表少一页" in page.stdout
    assert "维持原记录" in page.stdout
    assert "已了结 1" in run("question", "list", "-p", "45").stdout
    again = run("question", "appeal", question, "-p", "45", "--text", "再查", "--judge",
                "东兰县总工会")  # fmt: skip
    assert again.exit_code == 0, again.output


def test_what_is_conceded_is_withdrawn_with_a_reason(run: Run, question: str) -> None:
    run("question", "answer", question, "-p", "45", "--reply", "concedes")
    assert state(run, question) == "to_remedy"

    silent = run("question", "close", question, "-p", "45", "--outcome", "withdrawn")
    said = run(
        "question",
        "close",
        question,
        "-p",
        "45",
        "--outcome",
        "withdrawn",
        "--text",
        "已找到",
    )

    assert silent.exit_code == Exit.REFUSED
    assert "WordsMissing" in silent.output
    assert said.exit_code == 0, said.output


def test_who_had_a_part_does_not_rule(run: Run, question: str) -> None:
    run("question", "answer", question, "-p", "45", "--reply", "explains", "--text", "有两页")

    refused = run(
        "question", "rule", question, "-p", "45", "--verdict", "upheld", "--text", "属实", "--as",
        "gx-jingshen",
    )  # fmt: skip
    chair = run("question", "list", "-p", "45", "--state", "answered", "--json")

    assert refused.exit_code == Exit.REFUSED
    assert "RulerTookPart" in refused.output
    assert len(told(chair)["items"]) == 1


def test_a_record_is_written_with_its_journal_and_position(run: Run, question: str) -> None:
    wrong = run("question", "raise", "-p", "45", "--record", "somewhere", "--text", "无")
    absent = run("question", "raise", "-p", "45", "--record", "999999", "--text", "无")
    unknown = run("question", "show", "que_" + "a" * 26, "-p", "45")

    assert [each.exit_code for each in (wrong, absent, unknown)] == [
        Exit.USAGE, Exit.NOT_FOUND, Exit.NOT_FOUND,
    ]  # fmt: skip
