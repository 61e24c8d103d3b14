"""Who did what for one grant (职责分离): by person, never only by role."""

from collections.abc import Callable, Collection, Iterable, Mapping

from ledger.domain.aid.rules import NotYourGrant, OneDutyEach, OwnOrKin
from ledger.domain.aid.words import Duty
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Act, Code, Fact, Office, Refused

Check = Callable[[], None]
"""Raises its rule, or does nothing."""


_WITH: Mapping[tuple[Duty, ...], tuple[str, ...]] = {
    (Duty.HANDLER,): (
        "AidApplied", "AidAmended", "PayeeNamed", "NoticePosted", "NoticeTakenDown", "AidWithdrawn",
        "PastAidRecorded", "AidListDrawnUp", "AidListClosed",
    ),
    (Duty.HANDLER, Duty.REVIEWER): ("HouseholdVisited", "MeansChecked", "StruckOff", "GrantClosed"),
    (Duty.REVIEWER,): ("AidReviewed", "AidListReviewed"),
    (Duty.REVIEWER, Duty.APPROVER): (
        "ObjectionRaised", "ObjectionAnswered", "AidHeld", "HoldLifted", "AidDeclined",
        "EmergencyReviewed", "AidListReturned",
    ),
    (Duty.APPROVER,): ("AidApproved", "AidListApproved", "TakeBackOrdered", "MoneyReserved"),
    (Duty.PAYER,): (
        "PaymentInstructed", "PaymentMade", "PaymentFailed", "PaymentReturned", "MoneyTakenBack",
        "SheetPaid", "MoneyDrawn", "MoneyReturned",
    ),
    (Duty.WITNESS,): ("ReceiptSigned",),
}  # fmt: skip
GOES_WITH: Mapping[str, tuple[Duty, ...]] = {
    kind: duties for duties, kinds in _WITH.items() for kind in kinds
}
"""Of who has which duty each kind of fact is, and is taken back: whoever has another, does not."""


class Duties:
    """The persons who have had a hand in something, by duty.

    Committees decide as bodies: a union's id conflicts with nobody. Who is on record twice is one
    person: `same` tells of those who are about to act every id of theirs.
    """

    def __init__(self) -> None:
        self.held: dict[Duty, set[str]] = {}
        self.same: Mapping[str, Collection[str]] = {}

    def note(self, duty: Duty, fact: Fact, acting_for: PersonId | None = None) -> None:
        self.add(duty, fact.decider, acting_for)

    def add(self, duty: Duty, *persons: str | None) -> None:
        self.held.setdefault(duty, set()).update(each for each in persons if each)

    def has_part(self, person: str | None) -> bool:
        """Whether this person has any duty here."""
        return any(self.has(duty, person) for duty in self.held)

    def has(self, duty: Duty, *persons: str | None) -> bool:
        """Whether one of these persons has this duty here, under any id."""
        held = self.held.get(duty, set())
        return any(
            not held.isdisjoint({each, *self.same.get(each, ())}) for each in persons if each
        )

    def clash(
        self, duty: Duty, persons: Collection[str], *, but: Collection[Duty] = ()
    ) -> tuple[str, Duty] | None:
        """The first of these persons who already has another duty here, and which."""
        for other in self.held:
            if other is duty or other in but:
                continue
            for person in persons:
                if person.startswith("per_") and self.has(other, person):
                    return person, other
        return None

    def apart(
        self,
        duty: Duty,
        act: Act,
        acting_for: PersonId | None,
        concerned: Collection[str],
        *,
        but: Collection[Duty] = (),
    ) -> tuple[Check, Check]:
        """Refuse a duty to who is concerned herself (OwnOrKin), or has another one here (OneDutyEach).

        `concerned`: the applicant, the beneficiary, their kin. Compared are the person who
        decides and the one whom she stands in for; `but` are duties that go together with this.
        """
        persons = [act.decider] + ([acting_for] if acting_for else [])

        def a_stranger() -> None:
            if any(person in concerned for person in persons):
                raise OwnOrKin(duty=duty)

        def of_one_duty() -> None:
            found = self.clash(duty, persons, but=but)
            if found is not None:
                raise OneDutyEach(duty=duty, person=found[0], has=found[1])

        return a_stranger, of_one_duty

    def keep_apart(
        self, duty: Duty, act: Act, acting_for: PersonId | None, concerned: Collection[str]
    ) -> None:
        """Refuses, on paper too, what `apart` refuses. Raises: OwnOrKin, OneDutyEach."""
        for check in self.apart(duty, act, acting_for, concerned):
            check()

    def keep_from_undoing(
        self, kind: str, act: Act, acting_for: PersonId | None, concerned: Collection[str]
    ) -> None:
        """Refuses to correct or annul to who has another duty here. Raises: OwnOrKin, OneDutyEach."""
        duty, *also = GOES_WITH.get(kind, (None,))
        if duty is not None:
            for check in self.apart(duty, act, acting_for, concerned, but=also):
                check()

    @property
    def merged(self) -> list[tuple[str, list[Duty]]]:
        """Who has more than one duty, and which: a finding, where the world brought it about."""
        by_person: dict[str, list[Duty]] = {}
        for duty, persons in self.held.items():
            for person in persons:
                if person.startswith("per_"):
                    by_person.setdefault(person, []).append(duty)
        return [(who, duties) for who, duties in sorted(by_person.items()) if len(duties) > 1]


def broken(*checks: Check) -> list[Refused]:
    """The rules that do not hold, in the order given."""
    found: list[Refused] = []
    for check in checks:
        try:
            check()
        except Refused as rule:
            found.append(rule)
    return found


def judged(act: Act, *checks: Check) -> tuple[Code, ...]:
    """Refuses what an office is about to do; of what was decided on paper, names the broken rules.

    Only a decision on paper has already been taken: an own one is refused whatever its date, so
    that nobody escapes a rule by writing yesterday's.

    Raises: the first rule that is broken, where it was not decided on paper.
    """
    found = broken(*checks)
    if found and act.decided_by is None:
        raise found[0]
    return named(found)


def named(rules: Iterable[Refused]) -> tuple[Code, ...]:
    """What stands among the findings of a fact: the names of the rules, each once."""
    return tuple(dict.fromkeys(Code(type(rule).__name__) for rule in rules))


def at_home(act: Act, origin: str, here: str, line: Collection[UnionId]) -> None:
    """Refuses who is neither of `line`, the union that took it in and those above it, nor here.

    Raises: NotYourGrant.
    """
    if origin != here or (act.office is not Office.PROCEDURE and act.union not in line):
        raise NotYourGrant(origin=origin, union=act.union)
