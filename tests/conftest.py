"""What every test may ask for: a fresh database of either kind.

`database_url` runs a test twice, on SQLite and on PostgreSQL; `-k sqlite` takes the quick half.
`database` is one with its tables made.
"""

import os
import shutil
from collections.abc import Iterator
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from hypothesis import settings

from ledger import schema
from ledger.demo import story
from ledger.domain.ids import is_id
from ledger.journal.database import Database
from ledger.settings import Settings
from tests import memory, postgres

# The width of the screen that the tests were started from is none of the command line's business.
os.environ.pop("COLUMNS", None)

# Two busy cores make any deadline a matter of luck. All else is Hypothesis's own choice, among it
# fixed examples where CI is set.
settings.register_profile("house", parent=settings.default, deadline=None)
settings.load_profile("house")


def pytest_configure(config: pytest.Config) -> None:
    """Puts what the tests write into memory, where there is room: a commit waits for no disk.

    What a killed process leaves is the same in either; only a crash of the machine would tell.
    """
    if config.option.basetemp is None and memory.roomy():
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(memory.MEMORY))


_ids: dict[str, str] = {}


def pytest_make_parametrize_id(val: object) -> str | None:
    """An id is another one in each process; the order in which they are met is the same."""
    if not isinstance(val, str) or not is_id(val):
        return None
    return _ids.setdefault(val, f"{val[:3]}{len(_ids) + 1}")


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[postgres.Databases]:
    """One server a worker, started when the first test asks for it."""
    with postgres.databases() as databases:
        yield databases


@pytest.fixture
def postgres_url(postgres_databases: postgres.Databases) -> Iterator[str]:
    """A fresh, empty PostgreSQL database."""
    url = postgres_databases.database()
    yield url
    postgres_databases.drop(url)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, empty database of each kind in turn."""
    fixture = "sqlite_url" if request.param == "sqlite" else "postgres_url"
    return str(request.getfixturevalue(fixture))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables and no rows: copying it is quicker than making it."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite"
    _make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_databases: postgres.Databases) -> str:
    """A PostgreSQL database with all tables and no rows, to be a template."""
    url = postgres_databases.database()
    _make_tables(url)
    return url


def _make_tables(url: str) -> None:
    database = Database(url)
    schema.upgrade(database)
    database.close()


@pytest.fixture
def sqlite_ledger(sqlite_template: Path, tmp_path: Path) -> str:
    """A SQLite file with its tables."""
    shutil.copyfile(sqlite_template, tmp_path / "tables.sqlite")
    return f"sqlite:///{tmp_path / 'tables.sqlite'}"


@pytest.fixture
def postgres_ledger(
    postgres_databases: postgres.Databases, postgres_template: str
) -> Iterator[str]:
    """A PostgreSQL database with its tables."""
    url = postgres_databases.database(postgres_template)
    yield url
    postgres_databases.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request: pytest.FixtureRequest) -> str:
    """A fresh database of each kind in turn, with its tables."""
    fixture = "sqlite_ledger" if request.param == "sqlite" else "postgres_ledger"
    return str(request.getfixturevalue(fixture))


@pytest.fixture
def database(ledger_url: str) -> Iterator[Database]:
    """A fresh database of each kind in turn, with its tables, open."""
    opened = Database(ledger_url)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A data folder with the demo's story told, for copies: made once for all who test side by side."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    made = shared / "demo"
    with (shared / "demo.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        if not made.exists():
            story.tell_story(Settings.from_environment({"LIANGDI_DATA": str(shared / "telling")}))
            (shared / "telling").rename(made)
    return made
