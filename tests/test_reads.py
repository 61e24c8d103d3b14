"""The reading log is sealed when a day is over: nobody adds to it, takes from it, or edits it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, select, update

from ledger import procedures
from ledger.domain.ids import PersonId, new
from ledger.journal.fsck import check
from ledger.journal.tables import reading
from ledger.procedures.reads import seal_reads
from tests.forgetting import adopt_terms, forget
from tests.world import World, open_province


@pytest.fixture
def world(ledger_url: str, tmp_path: Path) -> Iterator[World]:
    made = open_province(tmp_path, url=ledger_url)
    yield made
    made.ledger.close()


def looked(world: World, person: PersonId, purpose: str = "a test") -> None:
    with world.ledger.looking(replace(world.look(), purpose=purpose)) as reader:
        reader.opened(reader.records(person))


def fault(world: World) -> str:
    report = check(world.ledger.database, world.origin, vault=world.ledger.vault)
    return report.first.what if report.first else ""


def test_a_day_that_is_over_is_sealed_once(world: World) -> None:
    person = world.worker()
    looked(world, person)
    looked(world, person)
    assert seal_reads(world.ledger) is None

    world.time.to(date(2026, 3, 3))
    sealed = seal_reads(world.ledger)

    assert sealed is not None
    assert (sealed.first, sealed.last, sealed.count) == (date(2026, 3, 2), date(2026, 3, 2), 2)
    assert seal_reads(world.ledger) is None
    assert fault(world) == ""


def test_days_on_which_nobody_looked_go_with_the_next_one(world: World) -> None:
    person = world.worker()
    looked(world, person)
    world.time.to(date(2026, 3, 3))
    procedures.due(world.ledger)
    world.time.to(date(2026, 3, 9))
    assert seal_reads(world.ledger) is None
    looked(world, person)
    world.time.to(date(2026, 3, 10))

    sealed = seal_reads(world.ledger)

    assert sealed is not None
    assert (sealed.first, sealed.last) == (date(2026, 3, 3), date(2026, 3, 9))
    assert fault(world) == ""


@pytest.mark.parametrize("how", ["added", "taken", "edited", "purpose"])
def test_whoever_changes_the_log_afterwards_is_found_out(world: World, how: str) -> None:
    person = world.worker()
    looked(world, person)
    looked(world, person)
    world.time.to(date(2026, 3, 3))
    seal_reads(world.ledger)

    with world.ledger.database.writing() as conn:
        line = dict(conn.execute(select(reading)).mappings().first() or {})
        mine = reading.c.id == line["id"]
        match how:
            case "added":
                conn.execute(insert(reading).values(**{**line, "id": new("ent")}))
            case "taken":
                conn.execute(delete(reading).where(mine))
            case "edited":
                conn.execute(update(reading).where(mine).values(officer="per_other"))
            case _:
                conn.execute(update(reading).where(mine).values(purpose="another one"))

    assert "is not what was sealed" in fault(world)


def test_what_was_sealed_holds_when_a_person_is_forgotten(world: World) -> None:
    adopt_terms(world)
    person = world.worker("韦秀英")
    looked(world, person, "给韦秀英回电话")
    world.time.to(date(2026, 3, 3))
    assert seal_reads(world.ledger) is not None

    forget(world, person)

    assert fault(world) == ""
