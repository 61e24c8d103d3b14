"""kill -9 at any point, of a writer and of the server: nothing acknowledged is lost, none is half."""

import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest
from sqlalchemy import select, text

from ledger.book import Ledger
from ledger.domain.funds import Fund
from ledger.domain.kernel import Fen, Office
from ledger.journal import canonical, fsck
from ledger.journal.database import Database
from ledger.journal.recorder import read_head
from ledger.journal.tables import record
from ledger.journal.vault import Keyring, Vault
from tests import postgres
from tests.journal.writing import WAYS, Place, open_fund, race, writer
from tests.world import Time, open_province

SECONDS = 2
"""How long writers are killed again and again in one test; five times at least."""


def place_at(folder: Path, url: str) -> Place:
    """A ledger with a clerk in a village union."""
    world = open_province(folder, url=url, time=Time())
    village = world.union("纳合村工会")
    clerk = world.officer(village, Office.CLERK)
    place = Place(url, folder / "guangxi-keys", world.ledger.province, clerk, village)
    world.ledger.close()
    return place


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Place:
    return place_at(tmp_path, database_url)


def check(place: Place, told: list[int]) -> int:
    """Everything that was told is there, every entry is whole, and fsck is content."""
    database, origin = Database(place.url), place.province.origin
    with database.reading() as conn:
        size = read_head(conn, origin).frontier.size
        parts: Counter[str] = Counter()
        wholes: dict[str, int] = {}
        for position, header in conn.execute(
            select(record.c.position, record.c.header).where(record.c.origin == origin)
        ):
            said = canonical.decode(header)
            assert said["position"] == position
            parts[said["entry"]] += 1
            wholes[said["entry"]] = said["part"][1]
        seen = conn.execute(text("SELECT min(position) FROM bookmark")).scalar()
    report = fsck.check(database, origin, vault=Vault(Keyring(place.keys)))
    database.close()

    assert dict(parts) == wholes
    assert sum(parts.values()) == size
    assert len(told) == len(set(told))
    assert set(told) <= set(range(1, size + 1))
    assert seen is None or seen <= size
    assert report.faults == []
    return size


@pytest.mark.parametrize("way", list(WAYS))
def test_a_writer_that_is_killed_anywhere_loses_nothing_it_was_told(place: Place, way: str) -> None:
    dice, told, rounds = Random(way), list[int](), 0
    deadline = time.monotonic() + SECONDS

    while rounds < 5 or time.monotonic() < deadline:
        with writer(place, way) as one:
            one.hear(dice.randrange(1, 8))
            for _ in range(dice.randrange(20_000)):  # and then somewhere in the next entry
                pass
            one.kill()
        told += one.told
        rounds += 1

    assert check(place, told) >= len(told) > 0


@pytest.mark.parametrize("way", list(WAYS))
def test_two_writers_in_two_processes_lose_no_entry_and_leave_no_gap(
    place: Place, way: str
) -> None:
    before = check(place, [])

    with writer(place, way, 12) as one, writer(place, way, 12) as other:
        one.finish()
        other.finish()

    assert check(place, one.told + other.told) == before + len(one.told) + len(other.told)
    assert len(one.told) == len(other.told) > 0


def test_two_processes_that_take_the_last_yuan_at_once_do_not_both_have_it(place: Place) -> None:
    ledger = Ledger(place.province, Database(place.url), Keyring(place.keys))
    fund, _ = open_fund(ledger, place, Fen(60_01))

    taken = race(place, fund, Fen(2_00))

    with ledger.reading() as reader:
        held = reader.find(Fund, fund)
    ledger.close()
    assert sum(taken) == 30
    assert (held.balance, held.reserved) == (1, 60_00)
    check(place, [])


def test_one_of_two_is_killed_and_the_other_goes_on(place: Place) -> None:
    dice, told = Random(2), list[int]()

    with writer(place, "entries") as lasting:
        for way in ("rosters", "lists", "bare", "entries") * 2:
            with writer(place, way) as one:
                one.hear(dice.randrange(1, 4))
                lasting.hear(1)
                one.kill()
            told += one.told
        heard = len(lasting.told)
        lasting.hear(5)
        lasting.kill()

    assert len(lasting.told) > heard > 0
    assert check(place, told + lasting.told) >= len(told) + len(lasting.told)


@pytest.mark.parametrize("way", ["bare", "lists", "entries", "rosters", "payments"])
def test_a_server_that_is_killed_anywhere_loses_nothing_it_acknowledged(
    tmp_path: Path, way: str
) -> None:
    dice, told, rounds = Random(way), list[int](), 0
    with postgres.server() as server:
        place = place_at(tmp_path, server.database())
        deadline = time.monotonic() + SECONDS

        while rounds < 3 or time.monotonic() < deadline:
            with writer(place, way) as one, writer(place, way) as other:
                for each in (one, other):
                    each.hear(dice.randrange(1, 6))
                server.kill()
                for each in (one, other):
                    each.finish()
            server.restart()
            told += one.told + other.told
            rounds += 1

        assert check(place, told) >= len(told) > 0
