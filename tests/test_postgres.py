"""The test database itself: apart from its neighbours, real, and able to survive a crash."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from tests import postgres


@pytest.fixture(scope="module")
def server() -> Iterator[postgres.Server]:
    """A server of this module's own, to be killed."""
    with postgres.server() as running:
        yield running


def engine(url: str) -> Engine:
    return create_engine(url, poolclass=NullPool)


def remember(url: str, word: str) -> None:
    with engine(url).begin() as connection:
        connection.execute(text("CREATE TABLE IF NOT EXISTS notes (word text)"))
        connection.execute(text("INSERT INTO notes VALUES (:word)"), {"word": word})


def remembered(url: str) -> list[str]:
    with engine(url).connect() as connection:
        return list(connection.scalars(text("SELECT word FROM notes ORDER BY word")))


def test_two_databases_are_apart(postgres_databases: postgres.Databases) -> None:
    guangxi, guangdong = postgres_databases.database(), postgres_databases.database()

    remember(guangxi, "桂")
    remember(guangdong, "粤")

    assert remembered(guangxi) == ["桂"]
    assert remembered(guangdong) == ["粤"]


def test_a_database_can_be_the_template_of_another(postgres_databases: postgres.Databases) -> None:
    template = postgres_databases.database()
    remember(template, "桂")

    copy = postgres_databases.database(template)
    remember(copy, "粤")

    assert remembered(copy) == ["桂", "粤"]
    assert remembered(template) == ["桂"]


def test_a_database_is_dropped_under_an_open_connection(
    postgres_databases: postgres.Databases,
) -> None:
    url = postgres_databases.database()
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)

    held = psycopg.connect(plain)

    postgres_databases.drop(url)

    held.close()
    with pytest.raises(OperationalError, match="does not exist"):
        engine(url).connect()


def test_the_server_is_new_enough(postgres_url: str) -> None:
    with engine(postgres_url).connect() as connection:
        version = int(connection.scalars(text("SHOW server_version_num")).one())

    assert version >= 150000


def test_what_was_committed_survives_a_kill(server: postgres.Server) -> None:
    url = server.database()
    remember(url, "acknowledged")
    with engine(url).connect() as unfinished:
        unfinished.execute(text("INSERT INTO notes VALUES ('never committed')"))

        server.kill()
        with pytest.raises(OperationalError):
            remember(url, "nobody there")
        unfinished.invalidate()
    server.restart()

    assert remembered(url) == ["acknowledged"]


def test_a_server_that_was_stopped_starts_again(server: postgres.Server) -> None:
    url = server.database()
    remember(url, "before")

    server.stop()
    server.restart()
    remember(url, "now")

    assert remembered(url) == ["before", "now"]


def test_nothing_is_left_when_the_block_ends() -> None:
    with postgres.server() as running:
        home = Path(str(make_url(running.database()).query["host"]))
        pid = running.pid

    assert not home.exists()
    assert not Path(f"/proc/{pid}").exists()


def test_a_server_can_be_asked_to_write_through() -> None:
    with postgres.server(durable=True, work_mem="8MB") as running:
        url = running.database()

        with engine(url).connect() as connection:
            assert connection.scalars(text("SHOW fsync")).one() == "on"
            assert connection.scalars(text("SHOW work_mem")).one() == "8MB"


def test_both_kinds_of_database_take_a_table(database_url: str) -> None:
    remember(database_url, "两地账")

    assert remembered(database_url) == ["两地账"]
