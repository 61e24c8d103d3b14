"""The schema: what the steps make is what the rooms declare, whoever starts first."""

import subprocess
import sys
from collections.abc import Iterator
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from sqlalchemy import Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import ProgrammingError

from ledger import schema
from ledger.clock import Clock
from ledger.journal.database import Database
from ledger.journal.recorder import JournalRecorder, make_head
from tools.migration import all_tables


def described(engine: Engine) -> dict[str, object]:
    """Every table as the database itself describes it."""
    found = inspect(engine)
    return {
        table: (
            [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(table)],
            found.get_pk_constraint(table)["constrained_columns"],
            sorted((i["name"], i["column_names"], i["unique"]) for i in found.get_indexes(table)),
            sorted(u["column_names"] for u in found.get_unique_constraints(table)),
        )
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_the_steps_make_the_tables_that_the_rooms_declare(
    database_url: str, request: pytest.FixtureRequest
) -> None:
    # `python -m tools.migration` writes the first step anew, until the first release.
    database = Database(database_url)

    schema.upgrade(database)
    migrated = described(database.engine)
    with database.writing() as conn:
        for table in (*migrated, "alembic_version"):
            conn.exec_driver_sql(f'DROP TABLE "{table}"')
    all_tables().create_all(database.engine)
    declared = described(database.engine)
    database.close()

    assert migrated == declared


def test_a_second_upgrade_finds_nothing_to_do(database_url: str) -> None:
    database = Database(database_url)

    assert schema.upgrade(database)
    assert not schema.upgrade(database)

    database.close()


STARTING = """
import sys
from ledger import schema
from ledger.journal.database import Database
print("ready", flush=True)
sys.stdin.readline()
database = Database(sys.argv[1])
print(schema.upgrade(database), "alembic" in sys.modules, flush=True)
"""


def starting(url: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", STARTING, url],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_of_eight_processes_that_start_at_once_one_makes_the_tables(database_url: str) -> None:
    processes = [starting(database_url) for _ in range(8)]
    for each in processes:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"

    for each in processes:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()
    said = [each.communicate(timeout=120) for each in processes]

    assert [fault for _, fault in said] == [""] * 8
    assert sorted(word.split()[0] for word, _ in said) == ["False"] * 7 + ["True"]


def test_where_there_is_nothing_to_do_alembic_is_not_even_imported(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    schema.upgrade(database)
    database.close()

    said, _ = starting(sqlite_url).communicate("\n", timeout=60)

    assert said.splitlines()[1] == "False False"


def test_the_tables_of_a_newer_version_are_left_alone(database_url: str) -> None:
    database = Database(database_url)
    schema.upgrade(database)
    with database.writing() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    with pytest.raises(schema.NewerSchema):
        schema.upgrade(database)

    database.close()


@pytest.fixture
def role(postgres_url: str) -> Iterator[str]:
    """A role of the application's own, which owns nothing."""
    name = f"liangdi_app_{uuid4().hex[:8]}"
    engine = create_engine(postgres_url)
    with engine.begin() as conn:
        conn.execute(text(f"CREATE ROLE {name}"))
    yield name
    with engine.begin() as conn:
        conn.execute(text(f"DROP OWNED BY {name}"))
        conn.execute(text(f"DROP ROLE {name}"))
    engine.dispose()


def test_the_applications_role_adds_records_and_changes_none(postgres_url: str, role: str) -> None:
    owner = Database(postgres_url)
    schema.upgrade(owner)
    schema.upgrade(owner, role=role)  # may come later, too
    as_role = make_url(postgres_url).update_query_dict({"options": f"-crole={role}"})
    database = Database(as_role.render_as_string(hide_password=False))

    with database.writing() as conn:
        make_head(conn, "example")
    recorder = JournalRecorder(database, "example", Clock())
    recorder.insert_events([StoredEvent("s", 1, "Noted", b"{}")])
    recorder.insert_events([StoredEvent("s", n, "Noted", b"{}") for n in range(2, 600)])

    assert not schema.upgrade(database, role=role)
    for forbidden in (
        "UPDATE record SET body = '{}'",
        "DELETE FROM record",
        "UPDATE tile SET root = hashes",
        "UPDATE channel_leaf SET leaf = header",
        "DELETE FROM head",
        "TRUNCATE record",
        "UPDATE alembic_version SET version_num = '0'",
    ):
        with pytest.raises(ProgrammingError, match="permission denied"), database.writing() as conn:
            conn.execute(text(forbidden))
    database.close()
    owner.close()
