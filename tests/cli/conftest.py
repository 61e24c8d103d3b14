"""A data folder for the command line: two provinces with their unions, officers and accounts.

The world of the demo up to its agreement, made once and copied for each test.
"""

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ledger.cli import app
from ledger.clock import Clock
from ledger.demo import story
from ledger.demo.people import HEADINGS, Someone, six_hundred
from ledger.demo.world import Time, open_provinces, set_up_home, set_up_host
from ledger.settings import Settings

Run = Callable[..., Result]
ROSTERS = Path(__file__).parent.parent / "data"
MINUTES = ("--approved-on", "2026-11-20", "--minutes", "桂工组〔2026〕31号")
CONSENT = ("--basis", "separate_consent", "--paper", "告知书2026-1")


def day(ahead: int) -> str:
    """So many days from today, as it is typed: the command line reads the real clock."""
    return (Clock().today() + timedelta(ahead)).isoformat()


def fill(data: Path, **environment: str) -> None:
    """广西 and 广东 in a folder, with an agreement that both have signed."""
    settings = Settings.from_environment({"LIANGDI_DATA": str(data), **environment})
    time = Time()
    ledgers = open_provinces(settings, time)
    try:
        told = story.Story(data, time, set_up_home(ledgers["45"]), set_up_host(ledgers["44"]))
        story.sign(told)
    finally:
        for ledger in ledgers.values():
            ledger.close()


@pytest.fixture(scope="session")
def two_provinces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("two_provinces")
    fill(data)
    return data


@pytest.fixture
def data(two_provinces: Path, tmp_path: Path) -> Path:
    """A data folder of the test's own."""
    copy = tmp_path / "data"
    shutil.copytree(two_provinces, copy)
    return copy


@pytest.fixture
def run(data: Path) -> Run:
    """Runs a command as a user would, on this test's data folder."""

    def invoke(*words: str, **environment: str | None) -> Result:
        env = {"LIANGDI_DATA": str(data), "LIANGDI_ACCOUNT": None, **environment}
        return CliRunner().invoke(app, list(words), env=env)

    return invoke


def told(result: Result) -> Any:
    """What a command printed for a program."""
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def write_people(path: Path, people: Sequence[Someone]) -> Path:
    """People of the demo as a roster."""
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADINGS)
        for at, each in enumerate(people, 1):
            out.writerow([
                at, each.name, each.sex, each.ethnic, each.born, each.number, each.phone,
                each.residence, each.employer, each.trade, each.applied_on, "",
            ])  # fmt: skip
    return path


@pytest.fixture
def worker(run: Run, tmp_path: Path) -> Someone:
    """A member of 东兰's federation, by an approved list, shared with 广东."""
    one = six_hundred()[0]
    path = write_people(tmp_path / "一人.csv", [one])
    told(
        run(
            "import",
            "roster",
            str(path),
            "-p",
            "45",
            "--route",
            "home",
            *MINUTES,
            *CONSENT,
            "--json",
        )
    )
    return one
