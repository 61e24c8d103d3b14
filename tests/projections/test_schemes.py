"""The view of schemes: what is in force where, on a day, as known on a day."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.domain.aiding import AidKind, KindRules, PayMode
from ledger.domain.ids import SchemeId, UnionId, new_scheme
from ledger.domain.kernel import Code, Office
from ledger.domain.schemes import Scheme, Transition
from ledger.projections import rebuild, schemes
from ledger.projections.schemes import SchemeRow
from tests.world import World, open_province

SPRING, SUMMER, NEXT = date(2026, 3, 2), date(2026, 7, 1), date(2027, 1, 1)


@pytest.fixture
def home(tmp_path: Path, database_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=database_url)
    yield world
    world.ledger.close()


def adopt(
    world: World, since: date, kinds: tuple[AidKind, ...], *, scheme: SchemeId | None = None,
    union: UnionId | None = None, place: str = "450000",
) -> SchemeId:  # fmt: skip
    made = scheme or new_scheme()
    rules = [KindRules(kind=kind, steps=(), modes=(PayMode.BANK,)) for kind in kinds]
    with world.entry(union or world.root, Office.CHAIR) as entry:
        held = entry.look_up(Scheme, made)
        version = held.latest.version + 1 if held.latest else 1
        entry.write(
            held.adopt(
                entry.act, made, "困难职工帮扶办法", version, since, rules, Code(place),
                Transition.APPLICATION_DATE,
            )
        )  # fmt: skip
    return made


def listed(world: World, on: date, **asked: Any) -> list[SchemeRow]:
    with world.ledger.reading() as reader:
        return schemes.listing(reader.conn, world.origin, on, **asked)


def test_the_version_of_the_day_is_listed_and_with_it_those_that_come(home: World) -> None:
    scheme = adopt(home, SPRING, (AidKind.LIVING, AidKind.STUDY))
    adopt(home, NEXT, (AidKind.STUDY,), scheme=scheme)

    [now] = listed(home, SUMMER)
    assert (now.scheme, now.version, now.until) == (scheme, 1, NEXT)
    assert [row.version for row in listed(home, SUMMER, coming=True)] == [1, 2]
    assert [row.version for row in listed(home, NEXT)] == [2]
    assert listed(home, NEXT, kind=AidKind.LIVING) == []
    assert listed(home, date(2026, 1, 1)) == []


def test_a_place_is_ruled_by_its_own_schemes_and_those_above_the_nearest_first(
    home: World,
) -> None:
    county = home.union("东兰县总工会", division="451224")
    province = adopt(home, SPRING, (AidKind.STUDY,))
    own = adopt(home, SPRING, (AidKind.STUDY,), union=county, place="451224")
    adopt(home, SPRING, (AidKind.STUDY,), place="450100")

    found = listed(home, SUMMER, place="451224001")

    assert [row.scheme for row in found] == [own, province]
    assert [row.scheme for row in listed(home, SUMMER, union=county)] == [own]


def test_what_was_adopted_later_was_not_known_then_and_a_repeal_ends_it(home: World) -> None:
    scheme = adopt(home, SPRING, (AidKind.STUDY,))
    known = home.today
    home.time.to(date(2026, 3, 20))
    with home.entry(home.root, Office.CHAIR) as entry:
        entry.write(entry.read(Scheme, scheme).repeal(entry.act, SUMMER))

    assert listed(home, SUMMER) == []
    assert [row.until for row in listed(home, SPRING)] == [SUMMER]
    assert [row.until for row in listed(home, SUMMER, known_on=known)] == [None]
    rebuild(home.ledger.database, home.origin, schemes.VIEW)  # raises where a row differs


def test_a_partners_schemes_stand_beside_ours(home: World, tmp_path: Path) -> None:
    host = open_province(tmp_path, "44", time=home.time)
    ours, theirs = (
        adopt(home, SPRING, (AidKind.STUDY,)),
        adopt(host, SPRING, (AidKind.STUDY,), place="440000"),
    )
    home.read_from(host)
    host.ledger.close()

    assert [(row.scheme, row.origin) for row in listed(home, SUMMER)] == [
        (ours, home.origin),
        (theirs, host.origin),
    ]
