"""Enrolment and its like (入会办理): examined, approved alone or by list, settled, ended by death."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ledger.book import Entry, NotFound
from ledger.domain.ids import MembershipId, PersonId, UnionId
from ledger.domain.kernel import Code, Refused
from ledger.domain.membership import (
    AlreadyAMember,
    ApplicationExamined,
    MemberEnrolled,
    Membership,
)
from ledger.domain.persons import (
    AlreadyInHousehold,
    DeathOnRecord,
    DeathProof,
    Household,
    Person,
    PersonDied,
    PersonRegistered,
)
from ledger.procedures.closing import must_be_open, retain_of_closed
from ledger.procedures.deaths import died_on, end_by_death
from ledger.projections import rosters, worker_files


@dataclass
class Listed:
    """What became of a list: whose turn it was and is done, and who is refused, by which rule."""

    done: list[MembershipId] = field(default_factory=list[MembershipId])
    refused: dict[MembershipId, Refused] = field(default_factory=dict[MembershipId, Refused])


def known_as(entry: Entry, *persons: str | None) -> frozenset[PersonId]:
    """Every id under which these persons are on record."""
    there = [each for each in persons if each is not None and each.startswith("per_")]
    same = worker_files.identities(entry.conn, entry.ledger.origin, there)
    return frozenset(one for ids in same.values() for one in ids)


def kin_of(entry: Entry, *persons: PersonId | None) -> frozenset[PersonId]:
    """Who must step back where these persons are concerned: kin of any id of theirs, under any id.

    Their own other ids are among them.
    """
    near: set[PersonId] = set()
    every = known_as(entry, *persons)
    for each in every:
        held = entry.holder(AlreadyInHousehold, each)
        if held is not None:
            near |= entry.look_up(Household, held[1]).kin(each, entry.act.on)
    return (every | known_as(entry, *near)) - {*persons}


def concerns(entry: Entry, *persons: str | None) -> frozenset[PersonId]:
    """Where who is concerned these persons must step back: `kin_of`, asked the other way round."""
    every = known_as(entry, *persons)
    found = set(every)
    for name in worker_files.streams_of(entry.conn, entry.ledger.origin, every, "hou"):
        home = entry.look_up(Household, name)
        found |= {
            each for each in home.members(entry.act.on)
            if not every.isdisjoint(home.kin(each, entry.act.on))
        }  # fmt: skip
    return known_as(entry, *found)


def memberships_held(entry: Entry, persons: Iterable[PersonId]) -> dict[PersonId, MembershipId]:
    """For each of these who is a member somewhere, here or at a partner's: the membership."""
    every = list(dict.fromkeys(persons))
    origin = entry.ledger.origin
    same = worker_files.identities(entry.conn, origin, every)
    rows = rosters.of_persons(entry.conn, origin, [one for ids in same.values() for one in ids])
    found: dict[PersonId, MembershipId] = {}
    for person in every:
        for one in sorted(same[person]):
            for row in rows.get(one, ()):
                if row.state in _MEMBERS:
                    found.setdefault(person, row.membership)
    return found


def on_record(entry: Entry, persons: Iterable[PersonId]) -> frozenset[PersonId]:
    """Those of these who are registered, here or at a partner's as far as it is read."""
    known = {
        person
        for person, records in entry.records_of(list(dict.fromkeys(persons))).items()
        if any(one.kind == PersonRegistered.__name__ for one in records)
    }
    here = {event.person for event in entry.written if isinstance(event, PersonRegistered)}
    return frozenset(PersonId(person) for person in known | here)


_MEMBERS = {rosters.Standing.MEMBER, rosters.Standing.RETAINED}


def membership_held(entry: Entry, person: PersonId) -> MembershipId | None:
    """The membership that a person has, here or at a partner's, under any id that is hers."""
    return memberships_held(entry, [person]).get(person)


def may_join(entry: Entry, person: PersonId, union: UnionId) -> None:
    """What nobody becomes a member against. Raises: UnionNotOpen, DeathOnRecord."""
    must_be_open(entry, union)
    died = died_on(entry, [person]).get(person)
    if died is not None:
        raise DeathOnRecord(on=died.isoformat())


def examine(
    entry: Entry, membership: MembershipId, fit: bool, opinion: str = ""
) -> ApplicationExamined:
    """A second look at an application. Raises: NotFound, and what `Membership.examine` raises."""
    applied = entry.read(Membership, membership)
    kin, same = kin_of(entry, applied.person), known_as(entry, entry.act.decider)
    examined = applied.examine(entry.act, fit, opinion, kin=kin, same=same)
    entry.write(examined)
    return examined


def approve(
    entry: Entry,
    membership: MembershipId,
    *,
    minutes: Code | None = None,
    card: Code | None = None,
) -> MemberEnrolled:
    """Makes an applicant a member.

    Raises: NotFound, UnionNotOpen, DeathOnRecord, and what `Membership.enrol` raises.
    """
    applied = entry.read(Membership, membership)
    if applied.person is not None and applied.applied_to is not None:
        may_join(entry, applied.person, applied.applied_to)
    held = membership_held(entry, applied.person) if applied.person else None
    return _enrol(entry, applied, minutes, card, held)


def approve_list(
    entry: Entry, memberships: Iterable[MembershipId], minutes: Code | None = None
) -> Listed:
    """Makes a list of applicants members, under the minutes of one meeting; a record each.

    Who cannot be approved is named with the rule that says so; the others are members.
    """
    listed = Listed()
    applied: dict[MembershipId, Membership] = {}
    every = list(dict.fromkeys(memberships))
    entry.read_ahead(every)
    for name in every:
        applied[name] = entry.read(Membership, name)
    persons = [one.person for one in applied.values() if one.person is not None]
    held = memberships_held(entry, persons)
    died = died_on(entry, persons)
    new: set[PersonId] = set()
    for name, one in applied.items():
        assert one.person is not None
        try:
            if one.person in new:
                raise AlreadyAMember(person=one.person)
            if one.person in died:
                raise DeathOnRecord(on=died[one.person].isoformat())
            must_be_open(entry, one.applied_to or entry.act.union)
            with entry.attempt():
                _enrol(entry, one, minutes, None, held.get(one.person))
        except Refused as refused:
            listed.refused[name] = refused
        else:
            new.add(one.person)
            listed.done.append(name)
    return listed


def _enrol(
    entry: Entry,
    applied: Membership,
    minutes: Code | None,
    card: Code | None,
    held: MembershipId | None,
) -> MemberEnrolled:
    kin, same = kin_of(entry, applied.person), known_as(entry, entry.act.decider)
    enrolled = applied.enrol(entry.act, minutes=minutes, card=card, kin=kin, same=same, held=held)
    entry.write(enrolled)
    retain_of_closed(entry, applied)  # of a day when the union was open, which has ended since
    return enrolled


def settle_double(
    entry: Entry,
    kept: MembershipId,
    ended: MembershipId,
    *,
    minutes: Code | None = None,
    opinion: str = "",
) -> None:
    """Of a person's two memberships one is kept, with the earlier date, and the other ends.

    Where one of the two is the partner's, each side writes its own: the ending tells the other.

    Raises: NotFound, NotAMember, NotTheHolder, OneMembershipNotTwo.
    """
    keeping, ending = entry.read(Membership, kept), entry.read(Membership, ended)
    if keeping.first is None or ending.first is None:
        raise NotFound(kept if keeping.first is None else ended)
    act, own = entry.act, entry.ledger.origin
    since, before = keeping.first, ending.first
    if ending.holder is not None and ending.holder.origin == own:
        line = entry.line(ending.holder.union)
        settled = ending.settle_into(act, kept, since, line=line, minutes=minutes, opinion=opinion)
        entry.write(*settled)
    if keeping.holder is not None and keeping.holder.origin == own:
        line = entry.line(keeping.holder.union)
        entry.write(keeping.keep_seniority(act, ended, before, line=line))


def record_death(
    entry: Entry, person: PersonId, proof: DeathProof, paper: Code | None = None
) -> PersonDied:
    """Records a death; every membership that the person has here ends with it.

    Raises: DeathOnRecord.
    """
    died = entry.look_up(Person, person).die(entry.act, person, proof, paper)
    entry.write(died)
    end_by_death(entry, person)
    return died
