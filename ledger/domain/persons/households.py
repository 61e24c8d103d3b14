"""Households (家庭): who lives and provides together, from when until when.

A household answers who must step back from a decision, and who speaks for a child.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ledger.domain.ids import HouseholdId, PersonId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Claim,
    Event,
    Fact,
    Office,
    Refused,
    Release,
    Scope,
)


class Relation(StrEnum):
    """Who someone is to the worker for whom a household was opened (与职工关系)."""

    SELF = "self"  # 本人
    SPOUSE = "spouse"  # 配偶
    CHILD = "child"  # 子女
    GRANDCHILD = "grandchild"  # 孙子女、外孙子女
    PARENT = "parent"  # 父母
    PARENT_IN_LAW = "parent_in_law"  # 公婆、岳父母
    GRANDPARENT = "grandparent"  # 祖父母、外祖父母
    SIBLING = "sibling"  # 兄弟姐妹
    WARD = "ward"  # 被监护人、寄养
    OTHER_KIN = "other_kin"  # 其他亲属
    OTHER = "other"  # 非亲属


class Parting(StrEnum):
    """Why someone is no longer of a household (离户原因)."""

    MOVED_OUT = "moved_out"  # 分户、迁出
    MARRIED = "married"  # 婚嫁
    DIVORCED = "divorced"  # 离婚
    DIED = "died"  # 去世
    OTHER = "other"  # 其他


class AlreadyInHousehold(
    Refused,
    zh="此人已在一个家庭中登记。",
    article="H7",
    instead="先登记离开原家庭，再登记加入。",
):
    """A person belongs to one household at a time."""


class NotInHousehold(
    Refused,
    zh="此人不在该家庭中。",
    article="H7",
    instead="核对家庭成员。",
):
    """Only who belongs to a household can leave it."""


class OwnGuardian(
    Refused,
    zh="本人不能是自己的监护人。",
    article="L2 art. 31; P6",
    instead="填写父母或其他监护人。",
):
    """A guardian is another person."""


_VISITORS = (Office.CLERK, Office.STATION)


class HouseholdOpened(Event, by=_VISITORS, scope=Scope.AID):
    """立户: a household comes on record, for this worker."""

    household: HouseholdId
    person: PersonId


class HouseholdMemberJoined(Event, by=_VISITORS, scope=Scope.AID):
    """家庭成员加入: from `since`, with the relation to the worker, and a child's guardian."""

    household: HouseholdId
    person: PersonId
    relation: Relation
    since: date
    guardian: PersonId | None = None

    def takes(self) -> Iterable[Claim]:
        yield Claim(AlreadyInHousehold, self.person)


class HouseholdMemberLeft(Event, by=_VISITORS, scope=Scope.AID):
    """家庭成员离户: on the day that the fact takes effect."""

    household: HouseholdId
    person: PersonId
    why: Parting

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyInHousehold, self.person)


class GuardianNamed(Event, by=_VISITORS, scope=Scope.AID):
    """监护人指定、变更: who speaks for this child from now on."""

    household: HouseholdId
    person: PersonId
    guardian: PersonId


@dataclass(frozen=True)
class Living:
    """One person's time in a household (end excluded)."""

    person: PersonId
    relation: Relation
    since: date
    until: date | None = None

    def holds(self, on: date) -> bool:
        return self.since <= on and (self.until is None or on < self.until)


class Household(Aggregate):
    """Who lives and provides together, from when until when."""

    def __init__(self) -> None:
        self.worker: PersonId | None = None
        self.living: list[Living] = []
        self.guardians: list[tuple[PersonId, PersonId, date]] = []  # child, guardian, since

    # ── decisions ──

    @classmethod
    def open(
        cls, act: Act, household: HouseholdId, worker: PersonId
    ) -> tuple[HouseholdOpened, HouseholdMemberJoined]:
        """Opens a household with its worker in it."""
        return (
            HouseholdOpened(household, worker),
            HouseholdMemberJoined(household, worker, Relation.SELF, act.on),
        )

    def join(
        self, act: Act, household: HouseholdId, person: PersonId, relation: Relation,
        since: date | None = None, guardian: PersonId | None = None,
    ) -> HouseholdMemberJoined:  # fmt: skip
        """Takes someone in. Raises: AlreadyInHousehold, OwnGuardian."""
        first = since or act.on
        if any(
            one.person == person and (one.until is None or one.until > first) for one in self.living
        ):
            raise AlreadyInHousehold(household=household, person=person)
        if guardian == person:
            raise OwnGuardian(person=person)
        return HouseholdMemberJoined(household, person, relation, first, guardian)

    def leave(
        self, act: Act, household: HouseholdId, person: PersonId, why: Parting
    ) -> HouseholdMemberLeft:
        """Someone is gone. Raises: NotInHousehold."""
        if person not in self.members(act.on):
            raise NotInHousehold(household=household, person=person)
        return HouseholdMemberLeft(household, person, why)

    def name_guardian(
        self, act: Act, household: HouseholdId, person: PersonId, guardian: PersonId
    ) -> GuardianNamed:
        """Raises: NotInHousehold, OwnGuardian."""
        if person not in self.members(act.on):
            raise NotInHousehold(household=household, person=person)
        if guardian == person:
            raise OwnGuardian(person=person)
        return GuardianNamed(household, person, guardian)

    # ── questions ──

    def members(self, on: date) -> frozenset[PersonId]:
        return frozenset(one.person for one in self.living if one.holds(on))

    def relation(self, person: PersonId, on: date) -> Relation | None:
        held = [one.relation for one in self.living if one.person == person and one.holds(on)]
        return held[-1] if held else None

    def guardian(self, child: PersonId, on: date) -> PersonId | None:
        """Who speaks for this child on that day."""
        named = [(since, who) for of, who, since in self.guardians if of == child and since <= on]
        return max(named, key=lambda name: name[0])[1] if named else None

    def kin(self, person: PersonId, on: date) -> frozenset[PersonId]:
        """Who must step back where this person is concerned: the household, and guardians."""
        members = self.members(on)
        if person not in members:
            return frozenset()
        speaking = {self.guardian(child, on) for child in members}
        return (members | {who for who in speaking if who is not None}) - {person}

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case HouseholdOpened() as e:
                self.worker = e.person
            case HouseholdMemberJoined() as e:
                self.living.append(Living(e.person, e.relation, e.since))
                if e.guardian is not None:
                    self.guardians.append((e.person, e.guardian, e.since))
            case HouseholdMemberLeft() as e:
                self.living = [
                    Living(one.person, one.relation, one.since, fact.on)
                    if one.person == e.person and one.until is None
                    else one
                    for one in self.living
                ]
            case GuardianNamed() as e:
                self.guardians.append((e.person, e.guardian, fact.on))
            case _:
                pass
