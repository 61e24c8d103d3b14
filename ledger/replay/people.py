"""People by name (人员姓名): opened for the rows that a page shows, and for no others.

Views hold no name. Whoever shows a list opens the names of its rows here, in few statements a
page, and each person shown stands on the read log.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ledger.book import Reader
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import PersonId
from ledger.domain.kernel import Fact, Redacted
from ledger.domain.membership import Membership
from ledger.domain.persons import Person
from ledger.replay.told import masked


@dataclass(frozen=True)
class Shown:
    """One person as a list shows her; empty texts are not open here, `closed` says why."""

    person: PersonId
    name: str
    number: str
    sex: str
    birth: str
    division: str
    phone: str
    document: DocumentKind
    closed: str = ""


def people(reader: Reader, persons: Iterable[str], *, mask: bool = True) -> dict[PersonId, Shown]:
    """These persons by name, as known now; those without a record here are left out."""
    records = [one for known in reader.records_of(list(persons)).values() for one in known]
    streams: dict[str, list[Fact]] = {}
    for one, fact in zip(records, reader.opened(records), strict=True):
        streams.setdefault(one.stream, []).append(fact)
    found: dict[PersonId, Shown] = {}
    for stream, facts in streams.items():
        told = Person.of(facts)
        closed = told.number.why if isinstance(told.number, Redacted) and not told.name else ""
        number, phone = str(told.number), str(told.phone)
        found[PersonId(stream)] = Shown(
            PersonId(stream), told.name, masked("number", number) if mask else number, told.sex,
            told.birth, told.division, masked("phone", phone) if mask else phone, told.document,
            closed,
        )  # fmt: skip
    return found


def memberships(reader: Reader, names: Sequence[str]) -> dict[str, Membership]:
    """These memberships with their texts open, in few questions; each person is logged."""
    records = [one for known in reader.records_of(names).values() for one in known]
    streams: dict[str, list[Fact]] = {name: [] for name in names}
    for one, fact in zip(records, reader.opened(records), strict=True):
        streams[one.stream].append(fact)
    return {name: Membership.of(facts) for name, facts in streams.items()}
