"""A death (去世): every membership ends with it, in whichever province it was recorded (R10)."""

from collections.abc import Iterable
from datetime import date

from ledger.book import Entry
from ledger.domain.ids import PersonId
from ledger.domain.membership import (
    Answer,
    Membership,
    MembershipReceived,
    NotAMember,
    NotTheHolder,
)
from ledger.domain.persons import Person
from ledger.procedures.transferring import conclude
from ledger.projections import rosters, worker_files


def died_on(entry: Entry, persons: Iterable[PersonId]) -> dict[PersonId, date]:
    """Those of these who have died, under any id that is theirs, and when."""
    same = worker_files.identities(entry.conn, entry.ledger.origin, persons)
    entry.read_ahead({one for ids in same.values() for one in ids})
    found: dict[PersonId, date] = {}
    for person, ids in same.items():
        days = [entry.look_up(Person, one).died_on for one in sorted(ids)]
        for day in filter(None, days):
            found[person] = day
    return found


def end_by_death(entry: Entry, person: PersonId, causation: str | None = None) -> None:
    """Ends what somebody who has died holds here, under any id; nothing where she lives.

    An offer that is open is taken back; one that was accepted is released first, and the
    membership then ends with its new holder.
    """
    died = died_on(entry, [person]).get(person)
    if died is None:
        return
    own = entry.ledger.origin
    ids = worker_files.identity(entry.conn, own, person)
    rows = rosters.of_persons(entry.conn, own, sorted(ids))
    names = {row.membership for each in rows.values() for row in each}
    names |= {
        event.membership
        for event in entry.written
        if isinstance(event, MembershipReceived) and event.person in ids
    }
    for name in sorted(names):
        held = entry.look_up(Membership, name)
        offer = held.offer
        if offer is not None and offer.answer is Answer.ACCEPTED:
            conclude(entry, held, offer.id)
        if held.holder is None or held.holder.origin != own:
            continue
        act = entry.ledger.procedure(held.holder.union, died)
        try:
            ended = held.end_by_death(act)
        except (NotAMember, NotTheHolder):
            continue  # it has moved on, or is still on its way: it ends with its holder
        entry.write(*ended, act=act, causation=causation)
