"""Aid measured: grants through all their steps, and a list of every household of a province.

A grant is ten entries by six officers, from application to closure, each with its sealed texts,
its fund and all views. The list is that of 2011: 23,160 households at four hundred yuan.
"""

import time

from bench.provinces import pair
from bench.rows import Places, Row
from ledger.domain.aid import Signed
from ledger.domain.ids import PersonId, new_person
from ledger.domain.kernel import Code, Fen, Office
from ledger.domain.persons import NumberOwed, Particulars, Person
from ledger.procedures import aiding
from tests.aid import YUAN, AidOffice
from tests.world import World

HOUSEHOLDS = 23_160
GRANTS = 100


def aid(place: Places) -> list[Row]:
    """Grants one by one, then one list, on both databases."""
    rows: list[Row] = []
    for name in ("sqlite", "postgresql"):
        with pair(place, name) as provinces:
            office = AidOffice(provinces.home)
            rows += [_grants(place, name, office), *_list(place, name, office)]
    return rows


def _grants(place: Places, name: str, office: AidOffice) -> Row:
    many = place.size(GRANTS, 3)
    office.credit(Fen(many * 3000 * YUAN))
    people = people_of(office.world, many)
    spent = 0.0
    for person in people:
        begun = time.perf_counter()
        grant = office.apply(person)
        office.examined(grant)
        office.approve(grant)
        office.sign(grant, office.pay(grant))
        with office.entry(Office.CLERK) as entry:
            aiding.close(entry, grant)
        spent += time.perf_counter() - begun
    return Row("grants through all steps", name, many / spent, "grants/s")


def _list(place: Places, name: str, office: AidOffice) -> list[Row]:
    many = place.size(HOUSEHOLDS, 200)
    office.credit(Fen(many * 400 * YUAN))
    people = people_of(office.world, many)
    place.tell(f"{name}: {many:,} households registered")
    begun = time.perf_counter()
    aid_list = office.list_of(people)
    listed = time.perf_counter()
    office.approve_list(aid_list)
    approved = time.perf_counter()
    with office.entry(Office.CASHIER, office.world.root) as entry:
        aiding.hand_out(entry, aid_list, Code("签领表1"))
    handed = time.perf_counter()
    with office.entry(Office.LEGAL, office.world.root) as entry:
        aiding.sign_for(entry, aid_list, Signed.SELF)
    signed = time.perf_counter()
    what = f"a list of {many:,} households"
    return [
        Row(f"{what}: put on and sent up", name, listed - begun, "s", better="lower"),
        Row(f"{what}: approved", name, approved - listed, "s", better="lower"),
        Row(f"{what}: handed out", name, handed - approved, "s", better="lower"),
        Row(f"{what}: signed for", name, signed - handed, "s", better="lower"),
    ]


def people_of(home: World, many: int) -> list[PersonId]:
    """That many persons on record, a thousand an entry."""
    people = [new_person() for _ in range(many)]
    for start in range(0, many, 1000):
        with home.entry(home.root) as entry:
            for at, person in enumerate(people[start : start + 1000], start):
                told = Particulars(f"职工{at}")
                entry.start(
                    Person.register(
                        entry.act, person, told, number_owed=NumberOwed.NOT_AT_HAND,
                        number_due=entry.act.today,
                    )
                )  # fmt: skip
    return people
