"""Households (家庭): opened for a worker, joined and left, with a child's guardian."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import Acting, Body, Day, HouseholdRef, PersonRef, Room, Seen, SignedIn, answer
from api.showing import Look, Looking, check_purpose, check_sight, looking, mentioned, people
from ledger.book import Entry, NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.ids import HouseholdId, PersonId, new_household
from ledger.domain.persons import Household, Parting, Relation

ROUTER = Room("/households", "家庭")


# ── views ────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class MemberShape:
    """One person of a household."""

    person: str
    name: str | None
    relation: Relation
    since: date
    until: date | None
    guardian: str | None


@dataclass(frozen=True)
class HouseholdShape:
    """One household, with who belongs to it on a day."""

    household: str
    worker: str | None
    members: list[MemberShape]


class OfPerson(Look):
    """Whose household."""

    person: PersonRef = Field(description="人员")


@ROUTER.view("", "一个人的家庭", list[HouseholdShape])
def households(who: SignedIn, asked: Annotated[OfPerson, Query()]) -> Response:
    with looking(who, "households", asked.purpose) as reader:
        check_sight(reader, who, asked.person)
        check_purpose(reader, asked.person, asked.purpose)
        found = [
            _told(reader, who, reader.get(Household, one), one, asked.as_of or who.today)
            for one in mentioned(reader, asked.person, "hou")
        ]
    return answer(found)


@ROUTER.view("/{household}", "一个家庭", HouseholdShape)
def household(household: HouseholdRef, who: SignedIn, asked: Looking) -> Response:
    with looking(who, "household", asked.purpose) as reader:
        held = reader.find(Household, household)
        worker = _worker(held, household)
        check_sight(reader, who, worker)
        check_purpose(reader, worker, asked.purpose)
        told = _told(reader, who, held, household, asked.as_of or who.today)
    return answer(told, version=held.version)


def _told(
    reader: Reader, who: Visitor, held: Household, household: str, on: date
) -> HouseholdShape:
    living = [one for one in held.living if one.holds(on)]
    names = people(reader, who, [one.person for one in living])
    return HouseholdShape(
        household, held.worker,
        [
            MemberShape(
                one.person, names[one.person].name if one.person in names else "", one.relation,
                one.since, one.until, held.guardian(one.person, on),
            )
            for one in living
        ],
    )  # fmt: skip


# ── acts ─────────────────────────────────────────────────────────────────────────────────────


class Opening(Body):
    """The worker for whom a household is opened."""

    person: PersonRef = Field(description="职工")


@ROUTER.act("", "立户")
def open_(body: Opening, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        check_sight(entry, asked.who, body.person)
        made = new_household()
        entry.write(*Household.open(entry.act, made, body.person))
        return {"household": made}

    return asked.record(body, decide)


class Joining(Body):
    """Somebody who joins, and how she is related to the worker."""

    person: PersonRef = Field(description="成员")
    relation: Relation = Field(description="与职工关系")
    since: Day | None = Field(None, description="自哪一天，默认业务日期")
    guardian: PersonRef | None = Field(None, description="监护人")


@ROUTER.act("/{household}/members", "家庭成员加入")
def join(household: HouseholdRef, body: Joining, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, household)
        check_sight(entry, asked.who, body.person)
        entry.write(
            held.join(entry.act, household, body.person, body.relation, body.since, body.guardian)
        )

    return asked.record(body, decide, {household: seen})


class Leaving(Body):
    """Somebody who leaves, and why."""

    person: PersonRef = Field(description="成员")
    why: Parting = Field(description="离户原因")


@ROUTER.act("/{household}/departures", "家庭成员离户")
def leave(household: HouseholdRef, body: Leaving, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, household)
        entry.write(held.leave(entry.act, household, body.person, body.why))

    return asked.record(body, decide, {household: seen})


class NamingGuardian(Body):
    """Who speaks for a child from now on."""

    person: PersonRef = Field(description="被监护人")
    guardian: PersonRef = Field(description="监护人")


@ROUTER.act("/{household}/guardians", "指定监护人")
def name_guardian(
    household: HouseholdRef, body: NamingGuardian, asked: Acting, seen: Seen
) -> Response:
    def decide(entry: Entry) -> None:
        held = _read(entry, asked, household)
        entry.write(held.name_guardian(entry.act, household, body.person, body.guardian))

    return asked.record(body, decide, {household: seen})


def _read(entry: Entry, asked: Acting, household: HouseholdId) -> Household:
    held = entry.read(Household, household)
    check_sight(entry, asked.who, _worker(held, household))
    return held


def _worker(held: Household, household: str) -> PersonId:
    """For whom it was opened. Raises: NotFound where that was annulled."""
    if held.worker is None:
        raise NotFound(household)
    return held.worker
