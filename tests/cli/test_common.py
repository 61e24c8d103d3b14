"""Every command: how it ends, how it helps, and how it behaves in a pipe."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ledger.cli import app, common
from ledger.cli.common import Exit
from ledger.settings import BadSetting, OwnTerms, Settings
from tests.cli.conftest import Run

ROOT = Path(__file__).parent.parent.parent


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "commands"):
        yield " ".join(path), command
        return
    for name, each in command.commands.items():
        yield from commands(each, (*path, name))


COMMANDS = dict(commands(typer.main.get_command(app)))


def liangdi(*words: str, data: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "LIANGDI_DATA": str(data), **environment}
    return subprocess.run(
        [sys.executable, "-m", "ledger.cli", *words],
        cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_the_exit_codes_are_those_of_the_table() -> None:
    table = dict(re.findall(r"^\| (\d+) \| (.+) \|$", common.__doc__ or "", re.MULTILINE))

    assert {int(code) for code in table} == set(Exit)


def test_the_exit_codes_are_told_with_the_help() -> None:
    epilog = str(app.info.epilog)

    assert all(re.search(rf"\b{code.value}\b", epilog) for code in Exit)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_in_chinese_and_in_english_what_it_does(name: str) -> None:
    first = (COMMANDS[name].help or "").split("\n\n")[0]

    assert re.match(r"[\u4e00-\u9fff]", first)
    assert re.search(r"[A-Z][a-z' ,;a-zA-Z]+\.$", first)
    assert len(first) < 80


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_says_what_it_is_for(name: str) -> None:
    mute = [
        each.name
        for each in COMMANDS[name].params
        if each.name not in {"help", "transfer"} and not getattr(each, "help", None)
    ]

    assert not mute


def test_help_and_rules_answer_without_what_only_servers_and_rosters_need(tmp_path: Path) -> None:
    script = (
        "import sys; from typer.testing import CliRunner; from ledger.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "assert 'sqlalchemy' not in sys.modules\n"
        "assert CliRunner().invoke(app, ['rules']).exit_code == 0\n"
        "heavy = {'fastapi', 'uvicorn', 'pypinyin', 'openpyxl', 'argon2', 'alembic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_a_province_without_a_ledger_is_told_with_what_to_do(run: Run) -> None:
    result = run("records", "-p", "43")

    assert result.exit_code == Exit.NOT_FOUND
    assert "liangdi demo" in result.stderr
    assert "LIANGDI_DATA" in result.stderr


def test_a_wrong_setting_is_told_with_what_to_write(run: Run) -> None:
    result = run("records", "-p", "45", LIANGDI_PORT="eighty")

    assert result.exit_code == Exit.USAGE
    assert "LIANGDI_PORT" in result.stderr


def test_a_date_is_written_in_one_way(run: Run) -> None:
    result = run("union", "tree", "-p", "45", "--as-of", "22.3.2026")

    assert result.exit_code == Exit.USAGE
    assert "2026-03-22" in result.stderr


def test_in_a_pipe_nothing_is_coloured(data: Path) -> None:
    done = liangdi("union", "tree", "-p", "45", data=data)

    assert done.returncode == 0
    assert "东兰县总工会" in done.stdout
    assert "\x1b" not in done.stdout + done.stderr


def test_on_a_narrow_screen_nothing_is_cut_off(data: Path) -> None:
    wide = liangdi("account", "list", "-p", "45", data=data)
    narrow = liangdi("account", "list", "-p", "45", data=data, COLUMNS="40")

    person = re.search(r"per_\w{26}", wide.stdout)
    assert person is not None
    assert max(len(line) for line in narrow.stdout.splitlines()) <= 40
    assert "…" not in narrow.stdout
    assert person[0] in "".join(re.sub(r"[^\w_]", "", line) for line in _column(narrow.stdout))


def _column(text: str) -> list[str]:
    """The middle column of a narrow table: the pieces of ids."""
    return re.findall(r"(?:per_)?[a-z2-7]{6,}", re.sub(r"gx-\w+|\w+-\w+", "", text))


def test_who_reads_only_the_beginning_makes_no_fault(data: Path) -> None:
    rules = subprocess.Popen(
        [sys.executable, "-m", "ledger.cli", "rules"], cwd=ROOT,
        env={**os.environ, "LIANGDI_DATA": str(data)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert rules.stdout is not None
    assert rules.stderr is not None
    rules.stdout.readline()
    rules.stdout.close()
    told = rules.stderr.read()
    rules.stderr.close()
    rules.wait()

    assert "Traceback" not in told


def test_the_account_that_acts_must_exist(run: Run) -> None:
    result = run("person", "find", "韦秀英", "-p", "45", "--as", "nobody")

    assert result.exit_code == Exit.NOT_FOUND
    assert "gx-jingban" in result.stderr


def test_what_a_province_has_set_for_itself_comes_from_the_environment() -> None:
    given = {
        "LIANGDI_CASE_DAYS": "5", "LIANGDI_CALL_BACK_TRIES": "2", "LIANGDI_OPINION_DAYS": "20",
    }  # fmt: skip

    terms = Settings.from_environment(given).terms

    assert terms == OwnTerms(
        late_after_days=30, answer_days=10, case_days=5, call_back_tries=2, opinion_days=20
    )
    with pytest.raises(BadSetting):
        Settings.from_environment({"LIANGDI_CALL_BACK_TRIES": "0"})


def test_the_version_is_told(run: Run) -> None:
    told = run("--version")

    assert told.exit_code == 0
    assert re.fullmatch(r"liangdi \d+\.\d+\.\d+\n", told.stdout)
