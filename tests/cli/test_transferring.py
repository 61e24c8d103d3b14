"""`liangdi transfer`, `worker` and `replay`: a worker goes to the other province, and the file tells it."""

import re
from typing import Any

import pytest

from ledger.cli.common import Exit
from ledger.demo.people import Someone
from tests.cli.conftest import Run, told

HENGDA = "东莞市恒达电子有限公司工会"


@pytest.fixture
def offered(run: Run, worker: Someone) -> str:
    """An offer to the union of her employer in 广东."""
    made: str = told(run("transfer", "offer", worker.number, "--to", HENGDA, "-p", "45", "--json"))[
        "transfer"
    ]
    return made


@pytest.fixture
def moved(run: Run, offered: str, worker: Someone) -> Someone:
    """The same worker, taken over."""
    told(run("transfer", "accept", offered, "-p", "44", "--employer", "恒达电子", "--json"))
    return worker


def state(run: Run, transfer: str, province: str = "45") -> str:
    file: Any = told(run("transfer", "show", transfer, "-p", province, "--json"))
    return file["state"]["state"]


# ── transfers ────────────────────────────────────────────────────────────────────────────────


def test_an_offer_is_listed_on_both_sides(run: Run, offered: str, worker: Someone) -> None:
    out = run("transfer", "list", "out", "waiting", "-p", "45")
    into = run("transfer", "list", "in", "-p", "44")
    late = told(run("transfer", "list", "late", "-p", "45", "--json"))

    assert worker.name in out.stdout
    assert worker.name in into.stdout
    assert HENGDA in into.stdout
    assert late["items"] == []
    assert late["counts"]["waiting"] == 1


def test_an_acceptance_brings_the_release_and_the_receipt(run: Run, offered: str) -> None:
    result = run("transfer", "accept", offered, "-p", "44")

    assert result.exit_code == 0, result.output
    assert state(run, offered) == "received"
    assert state(run, offered, "44") == "received"


def test_a_decline_names_its_ground_and_the_member_stays(run: Run, offered: str) -> None:
    result = run("transfer", "decline", offered, "--ground", "no_work_relation", "-p", "44")
    steps = run("transfer", "show", offered, "-p", "45")

    assert result.exit_code == 0, result.output
    assert state(run, offered) == "returned"
    assert "在此无劳动关系" in steps.stdout


def test_an_offer_is_taken_back_before_it_is_answered(run: Run, offered: str) -> None:
    result = run("transfer", "withdraw", offered, "--reason", "worker_stays", "-p", "45")

    assert result.exit_code == 0, result.output
    assert state(run, offered) == "withdrawn"


def test_what_is_answered_is_not_answered_again(run: Run, offered: str) -> None:
    run("transfer", "accept", offered, "-p", "44")

    again = run("transfer", "accept", offered, "-p", "44")

    assert again.exit_code == Exit.REFUSED
    assert "怎么办" in again.stderr


def test_a_transfer_that_is_not_there_is_told(run: Run) -> None:
    result = run("transfer", "accept", "trf_" + "a" * 26, "-p", "44")

    assert result.exit_code == Exit.NOT_FOUND


def test_only_one_tab_is_listed(run: Run) -> None:
    assert run("transfer", "list", "late", "done", "-p", "45").exit_code == Exit.USAGE


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def test_a_worker_has_two_lanes_the_home_province_left(run: Run, moved: Someone) -> None:
    for province in ("45", "44"):
        shown = run("worker", moved.number, "-p", province)

        assert shown.exit_code == 0, shown.output
        heading = next(line for line in shown.stdout.splitlines() if "户籍省" in line)
        assert heading.index("广西壮族自治区") < heading.index("广东省（务工省）")
        assert "批准入会" in shown.stdout
        assert HENGDA in shown.stdout


def test_a_file_is_read_as_at_a_date_and_as_known_on_a_date(run: Run, moved: Someone) -> None:
    before = told(run("worker", moved.number, "-p", "45", "--as-of", "2026-11-21", "--json"))
    unknown = told(run("worker", moved.number, "-p", "45", "--known-on", "2026-04-01", "--json"))
    shown = run("worker", moved.number, "-p", "45", "--as-of", "2026-11-21")

    assert before["state"]["memberships"][0]["union_name"] == "东兰县总工会"
    assert before["as_of"] == "2026-11-21"
    assert unknown["lines"] == []
    assert "截至 2026-11-21" in shown.stdout


def test_a_file_is_whole_for_a_program(run: Run, moved: Someone) -> None:
    file = told(run("worker", moved.number, "-p", "45", "--json"))

    assert [lane["province"] for lane in file["lanes"]] == ["45", "44"]
    assert {line["kind"] for line in file["lines"]} >= {
        "MembershipApplied", "MemberEnrolled", "TransferOffered", "TransferAccepted",
    }  # fmt: skip
    assert file["identity"]["number"] == moved.number


def test_replay_tells_the_state_after_each_record(run: Run, moved: Someone) -> None:
    steps = told(run("replay", "steps", moved.number, "-p", "45", "--json"))
    shown = run("replay", "steps", moved.number, "-p", "45", "--as-known")

    last = steps[-1]["state"]["memberships"][0]
    assert last["union_name"] == HENGDA
    assert "已申请" in shown.stdout


def test_replay_tells_who_answered_on_a_day(run: Run, moved: Someone) -> None:
    then = run("replay", "responsible", moved.number, "-p", "45", "--on", "2026-11-21")
    now = told(run("replay", "responsible", moved.number, "-p", "44", "--json"))
    never = run("replay", "responsible", moved.number, "-p", "45", "--on", "2020-01-01")

    assert "东兰县总工会" in then.stdout
    assert HENGDA not in then.stdout
    assert now[-1]["union_name"] == HENGDA
    assert "没有会籍" in never.stdout


def test_replay_tells_what_changed_between_two_moments(run: Run, moved: Someone) -> None:
    changed = told(
        run("replay", "between", moved.number, "-p", "45", "--from-as-of", "2026-11-21", "--json")
    )
    same = run(
        "replay", "between", moved.number, "-p", "45",
        "--from-as-of", "2026-11-21", "--to-as-of", "2026-11-21",
    )  # fmt: skip

    assert ["会籍所在工会", "东兰县总工会", HENGDA] in changed["changes"]
    assert {line["why"] for line in changed["lines"]} == {"后来发生"}
    assert "没有不同" in same.stdout


def test_on_a_narrow_screen_the_lanes_stand_below_each_other(
    run: Run, moved: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ledger.cli import common

    monkeypatch.setattr(common.out, "_width", 60)

    shown = run("worker", moved.number, "-p", "45")

    assert "户籍省" not in shown.stdout
    assert re.search(r"\d{4}-\d\d-\d\d\s+广西", shown.stdout)
    assert re.search(r"\d{4}-\d\d-\d\d\s+广东", shown.stdout)
