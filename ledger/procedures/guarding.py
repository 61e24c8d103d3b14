"""Guardianship (监护): for whom somebody speaks, until the eighteenth birthday."""

from collections.abc import Collection
from datetime import date

from ledger.book import Reader
from ledger.domain.ids import PersonId
from ledger.domain.offices import is_minor
from ledger.domain.persons import AlreadyInHousehold, Household, Person


def born(reader: Reader, person: PersonId) -> date | None:
    """The birth date on record, for a rule to judge by; it is shown to nobody."""
    facts = [reader.restated(one) for one in reader.records(person)]
    try:
        return date.fromisoformat(Person.of(facts).birth)
    except ValueError:  # none on record, or not open here
        return None


def children_of(reader: Reader, guardians: Collection[PersonId]) -> list[PersonId]:
    """The minors for whom one of these is named as guardian in her household.

    Who may be grown up is nobody's to see or to speak for: without a birth date on record nobody
    does, until an office has recorded it.
    """
    today, found = reader.ledger.today, list[PersonId]()
    for person in sorted(guardians):
        held = reader.holder(AlreadyInHousehold, person)
        if held is None:
            continue
        household = reader.get(Household, held[1])
        found += [
            each
            for each in sorted(household.members(today))
            if household.guardian(each, today) in guardians and is_minor(born(reader, each), today)
        ]
    return found
