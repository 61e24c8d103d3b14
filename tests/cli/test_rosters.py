"""`liangdi import`: the rosters of real offices, told to people and to programs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from ledger.cli import rosters
from ledger.cli.common import Exit
from ledger.demo.people import six_hundred
from ledger.imports import accepting
from tests.cli.conftest import CONSENT, MINUTES, ROSTERS, Run, fill, told, write_people

ROOT = Path(__file__).parent.parent.parent
GOOD = ROSTERS / "花名册-广西籍在粤.xlsx"
DIRTY = [ROSTERS / "花名册-有问题.xlsx", ROSTERS / "花名册-有问题-gb18030.csv"]
HOME = ("--route", "home")
UNION = ("--union", "东兰县总工会")


def imported(run: Run, path: Path, *options: str) -> Any:
    return told(run("import", "roster", str(path), "--province", "45", *options, "--json"))


def expected(path: Path) -> list[tuple[int, str]]:
    said = json.loads(path.with_name(f"{path.name}.expected.json").read_text("utf-8"))
    return [(each["row"], each["verdict"]) for each in said]


# ── what real offices send ───────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("where", [HOME, UNION])
def test_six_hundred_who_work_in_the_other_province_are_all_accepted(
    run: Run, where: tuple[str, str]
) -> None:
    outcome = imported(run, GOOD, *where)

    assert outcome["counts"] == {
        "accepted": 600, "known": 0, "changed": 0, "duplicate": 0, "refused": 0,
    }  # fmt: skip
    assert [row["row"] for row in outcome["rows"]] == list(range(1, 601))
    assert not any(row["errors"] for row in outcome["rows"])


@pytest.mark.parametrize("where", [HOME, UNION])
@pytest.mark.parametrize("path", DIRTY, ids=lambda path: path.suffix)
def test_the_dirt_of_real_offices_gets_what_it_deserves(
    run: Run, path: Path, where: tuple[str, str]
) -> None:
    outcome = imported(run, path, *where)

    assert [(row["row"], row["verdict"]) for row in outcome["rows"]] == expected(path)
    for row in outcome["rows"]:
        assert bool(row["errors"]) is (row["verdict"] != "accepted")
        for error in row["errors"]:
            assert error["sheet_row"] == row["sheet_row"]
            assert error["zh"]
            assert error["mend"]


def test_each_goes_home_to_a_union_of_her_county_or_city(run: Run) -> None:
    outcome = imported(run, GOOD, *HOME)

    unions = told(run("union", "find", "总工会", "-p", "45", "--limit", "500", "--json"))
    names = {each["union"]: each["name"] for each in unions}
    went = {names[union]: count for union, count in outcome["unions"].items()}
    assert sum(went.values()) == 600
    assert went["东兰县总工会"] == 43
    assert "广西壮族自治区总工会" not in went


def test_the_same_file_again_adds_nothing(run: Run) -> None:
    imported(run, DIRTY[0], *HOME)
    before = told(run("records", "-p", "45", "--limit", "1000", "--json"))

    again = imported(run, DIRTY[0], *HOME)
    said = run("import", "roster", str(DIRTY[0]), "-p", "45", *HOME)

    assert again["again"]
    assert again["counts"]["known"] == 21
    assert again["counts"]["accepted"] == 0
    assert told(run("records", "-p", "45", "--limit", "1000", "--json")) == before
    assert "以前已导入过" in said.stdout


# ── options ──────────────────────────────────────────────────────────────────────────────────


def test_a_preview_tells_and_records_nothing(run: Run) -> None:
    before = told(run("records", "-p", "45", "--limit", "1000", "--json"))

    foreseen = imported(run, DIRTY[0], *HOME, "--preview")
    shown = run("import", "roster", str(DIRTY[0]), "-p", "45", *HOME, "--preview")

    assert [(row["row"], row["verdict"]) for row in foreseen["rows"]] == expected(DIRTY[0])
    assert "预览（未登记）" in shown.stdout
    assert "怎么改" in shown.stdout
    assert told(run("records", "-p", "45", "--limit", "1000", "--json")) == before


def test_an_approved_list_makes_members_and_a_basis_shares_them(run: Run, tmp_path: Path) -> None:
    path = write_people(tmp_path / "十人.csv", six_hundred()[:10])

    outcome = imported(run, path, *HOME, *MINUTES, *CONSENT)

    assert (outcome["enrolled"], outcome["shared"], outcome["unshared"]) == (10, 10, 0)


def test_without_a_basis_the_list_says_who_is_not_shared(run: Run, tmp_path: Path) -> None:
    path = write_people(tmp_path / "十人.csv", six_hundred()[:10])

    outcome = imported(run, path, *HOME, "--preview")
    shown = run("import", "roster", str(path), "-p", "45", *HOME)

    assert outcome["unshared"] == 10
    assert [note["code"] for note in outcome["rows"][0]["notes"]] == ["NoSharingBasis"]
    assert "不共享的 10 人" in shown.stdout


def test_the_file_goes_back_with_its_errors_and_mended_adds_only_what_was_missing(
    run: Run, tmp_path: Path
) -> None:
    people = six_hundred()[:6]
    path = write_people(tmp_path / "六人.csv", people)
    path.write_text(path.read_text("utf-8").replace(people[5].phone, "123"), "utf-8")

    first = imported(run, path, *HOME, "--return", str(tmp_path))
    back = tmp_path / "六人-处理结果.csv"
    mended = tmp_path / "改好.csv"
    mended.write_text(back.read_text("utf-8").replace(",123,", f",{people[5].phone},"), "utf-8")
    second = imported(run, mended, *HOME)

    assert first["counts"]["refused"] == 1
    assert "退回" in back.read_text("utf-8")
    assert second["counts"]["accepted"] == 1
    assert second["counts"]["known"] == 5


@pytest.mark.parametrize(
    "options",
    [
        (),
        (*HOME, *UNION),
        (*HOME, "--approved-on", "2026-11-20"),
        (*HOME, "--basis", "law"),
        ("--union", "总工会"),
    ],
)
def test_options_that_do_not_go_together_are_told(run: Run, options: tuple[str, ...]) -> None:
    result = run("import", "roster", str(GOOD), "-p", "45", *options)

    assert result.exit_code == Exit.USAGE


def test_a_union_that_is_not_there_is_told(run: Run) -> None:
    result = run("import", "roster", str(GOOD), "-p", "45", "--union", "火星总工会")

    assert result.exit_code == Exit.NOT_FOUND
    assert "liangdi union find" in result.stderr


def test_a_file_that_is_no_roster_is_told_with_what_to_do(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "图片.xlsx"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" * 100)

    result = run("import", "roster", str(path), "-p", "45", *HOME)

    assert result.exit_code == Exit.UNREADABLE
    assert "怎么办" in result.stderr


def test_a_rule_against_all_of_it_is_told_by_its_name(run: Run) -> None:
    result = run(
        "import", "roster", str(GOOD), "-p", "45", *HOME,
        "--approved-on", "2999-01-01", "--minutes", "1号",
    )  # fmt: skip

    assert result.exit_code == Exit.REFUSED
    assert "DateAhead" in result.stderr


def test_what_was_imported_stands_in_the_history(run: Run, tmp_path: Path) -> None:
    imported(run, DIRTY[0], *HOME)

    shown = run("import", "history", "-p", "45")
    (past,) = told(run("import", "history", "-p", "45", "--json"))

    assert "受理 21" in shown.stdout
    assert past["counts"]["refused"] == 9


# ── asking ───────────────────────────────────────────────────────────────────────────────────


def test_nobody_is_asked_where_a_program_reads(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rosters, "_may_ask", lambda: True)
    path = write_people(tmp_path / "十人.csv", six_hundred()[:10])

    outcome = imported(run, path, *HOME)

    assert outcome["unshared"] == 10


def test_at_a_terminal_the_legal_basis_is_asked_once(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from ledger.cli import app

    monkeypatch.setattr(rosters, "_may_ask", lambda: True)
    path = write_people(tmp_path / "十人.csv", six_hundred()[:10])

    result = CliRunner().invoke(
        app, ["import", "roster", str(path), "-p", "45", *HOME],
        input="1\n告知书2026-1\n", env={"LIANGDI_DATA": str(data)},
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    assert "单独同意" in result.stderr
    assert "开通 10 人" in result.stdout


# ── interrupted ──────────────────────────────────────────────────────────────────────────────


def test_ctrl_c_says_how_to_go_on_and_going_on_tells_the_same(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_people(tmp_path / "百人.csv", six_hundred()[:100])
    monkeypatch.setattr(accepting, "BATCH", 20)
    real = accepting.accept

    def interrupted(job: Any, tell: Any, deliver: Any) -> Any:
        def stop(done: int, total: int) -> None:
            tell(done, total)
            if done >= 40:
                raise KeyboardInterrupt

        return real(job, stop, deliver)

    monkeypatch.setattr(accepting, "accept", interrupted)
    stopped = run("import", "roster", str(path), "-p", "45", *HOME)
    monkeypatch.setattr(accepting, "accept", real)
    history = run("import", "history", "-p", "45")
    outcome = imported(run, path, *HOME)

    assert stopped.exit_code == Exit.INTERRUPTED
    assert "前 40 行已登记" in stopped.stderr
    assert "未完成" in history.stdout
    assert outcome["counts"]["accepted"] == 100


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(
    request: pytest.FixtureRequest, two_provinces: Path, tmp_path: Path
) -> Iterator[dict[str, str]]:
    """The environment of a province of its own, on each kind of database."""
    data = tmp_path / "killed"
    if request.param == "sqlite":
        shutil.copytree(two_provinces, data)
        yield {"LIANGDI_DATA": str(data)}
        return
    url = str(request.getfixturevalue("postgres_url"))
    fill(data, LIANGDI_URL_45=url)
    yield {"LIANGDI_DATA": str(data), "LIANGDI_URL_45": url}


SMALL_BATCHES = "from ledger.imports import accepting; accepting.BATCH = 50; from ledger.cli import main; main()"


def begin(path: Path, environment: dict[str, str]) -> "subprocess.Popen[bytes]":
    """The command in a process of its own, in sixteen batches."""
    words = ("import", "roster", str(path), "-p", "45", *HOME, *MINUTES, *CONSENT, "--json")
    return subprocess.Popen(
        [sys.executable, "-c", SMALL_BATCHES, *words],
        cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE,
    )  # fmt: skip


def done_of(environment: dict[str, str]) -> int:
    url = environment.get("LIANGDI_URL_45", f"sqlite:///{environment['LIANGDI_DATA']}/45/ledger.db")
    engine = create_engine(url)
    with engine.connect() as conn:
        done = conn.execute(text("SELECT max(done) FROM import_job")).scalar()
    engine.dispose()
    return int(done or 0)


def test_an_import_that_is_killed_again_and_again_ends_as_if_it_never_was(
    ledger: dict[str, str], run: Run, tmp_path: Path
) -> None:
    people = [*six_hundred(), *six_hundred()[:200]]  # the last two hundred are duplicates
    path = write_people(tmp_path / "八百人.csv", people)
    whole = imported(run, path, *HOME, *MINUTES, *CONSENT)

    for kill_at in (1, 150, 400, 650):
        process = begin(path, ledger)
        while process.poll() is None and done_of(ledger) < kill_at:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
    resumed = begin(path, ledger)
    out, _ = resumed.communicate(timeout=120)

    told_again = json.loads(out)
    assert told_again["counts"] == whole["counts"]
    assert [row["verdict"] for row in told_again["rows"]] == [
        row["verdict"] for row in whole["rows"]
    ]
    for count in ("enrolled", "shared", "unshared"):
        assert told_again[count] == whole[count]
    checked = run("fsck", "-p", "45", "--json", **ledger)
    assert told(checked)["sound"]
    counted = told(run("import", "history", "-p", "45", "--json", **ledger))
    assert counted[0]["done"] == 800
