"""The book measured: single entries through it, with everything that an officer's one has.

Read, decide, judge the office, seal, record, post all views, commit. The library's application
beside it reads an aggregate and saves one event; it seals nothing and has no views.
"""

from collections.abc import Sequence
from contextlib import closing
from itertools import count
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event

from bench.journal import library
from bench.provinces import Worker, fill, pair, villages
from bench.rows import Places, Row, in_turns, median_rate
from ledger import procedures
from ledger.domain.channels import Cause
from ledger.domain.kernel import Basis
from ledger.domain.persons import Person
from tests.pair import Pair
from tests.world import World

DATABASES = ("sqlite", "postgresql")
AIM = 250
ROUNDS = 5
WORKERS = 200
NAME = "single entries with all views"


class Somebody(Aggregate):
    """The library's counterpart of a person on record."""

    @event("Registered")
    def __init__(self, phone: str, address: str) -> None:
        self.phone, self.address = phone, address

    @event("ContactChanged")
    def change_contact(self, phone: str, address: str) -> None:
        self.phone, self.address = phone, address


def entries(place: Places) -> list[Row]:
    """One worker's telephone changed an entry; then of workers whom the partner follows."""
    rows: list[Row] = []
    many, rounds = place.size(WORKERS, 10), place.size(ROUNDS, 1)
    for name in DATABASES:
        with pair(place, name) as provinces, closing(library(place.url(name))) as factory:
            home, workers = _filled(provinces, many)
            theirs = Application[UUID](env=dict(factory.env))
            others = [Somebody("13900000000", "") for _ in workers]
            theirs.save(*others)
            value, peer, _ = in_turns(
                rounds,
                many,
                lambda _, home=home, workers=workers: change(home, workers),
                lambda _, app=theirs, others=others: change_theirs(app, others),
            )
            theirs.close()
            _share(provinces, workers)
            shared = median_rate(
                rounds, many, lambda _, home=home, workers=workers: change(home, workers)
            )
        rows += [
            Row(NAME, name, value, "entries/s", "eventsourcing, no views", aim=AIM),
            Row(f"{NAME}: eventsourcing, no views", name, peer, "entries/s"),
            Row(f"{NAME}, of a shared worker", name, shared, "entries/s"),
        ]
    return rows


_telephones = count(10**7)


def change(home: World, workers: Sequence[Worker]) -> None:
    for each in workers:
        with home.entry(each.union) as entry:
            person = entry.read(Person, each.person)
            phone = f"138{next(_telephones):08}"
            entry.write(person.change_contact(entry.act, each.person, phone, "桂林市七星区"))


def change_theirs(app: Application[UUID], workers: Sequence[Somebody]) -> None:
    for each in workers:
        somebody: Somebody = app.repository.get(each.id)
        somebody.change_contact(f"138{next(_telephones):08}", "桂林市七星区")
        app.save(somebody)


def _filled(provinces: Pair, many: int) -> tuple[World, list[Worker]]:
    home = provinces.home
    return home, fill(home, villages(home, 10), many)


def _share(provinces: Pair, workers: Sequence[Worker]) -> None:
    """Lets the partner follow these workers, as the home unions do before a transfer."""
    home, host = provinces.home, provinces.host
    for each in workers:
        with home.entry(each.union) as entry:
            procedures.share(entry, each.person, host.origin, Basis.STATUTORY_DUTY, Cause.ROSTER)
