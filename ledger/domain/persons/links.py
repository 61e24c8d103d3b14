"""Two records of one person (两档一人): linked, unlinked, told apart.

A link joins and never merges, so that a wrong one can be undone and every view follows.
"""

from collections.abc import Iterable
from enum import StrEnum

from ledger.domain.ids import LinkId, PersonId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Claim,
    Event,
    Fact,
    IdentityText,
    Office,
    Refused,
    Release,
    Scope,
)
from ledger.domain.persons.person import (
    ContactChanged,
    NumberCorrected,
    PersonIdentified,
    PersonRegistered,
    PersonRenamed,
    ResidenceMoved,
    second_person,
)


class LinkGround(StrEnum):
    """What shows that two records are one person, or are not (关联或区分依据)."""

    SAME_NUMBER = "same_number"  # 号码相同
    CARDS_SEEN = "cards_seen"  # 查看证件
    WORKER_SAYS = "worker_says"  # 本人说明
    KIN_SAY = "kin_say"  # 家属说明
    UNION_SAYS = "union_says"  # 工会核实
    PAPERS = "papers"  # 其他材料


class OnePersonNotTwo(
    Refused,
    zh="两份档案编号相同，本来就是一份。",
    article="design: identity",
):
    """A link joins two records."""


class AlreadyOnePerson(
    Refused,
    zh="这两份档案已关联为一人。",
    article="design: identity",
):
    """Two records are linked once."""


class NotLinked(
    Refused,
    zh="这两份档案目前没有关联。",
    article="design: identity",
    instead="核对关联记录。",
):
    """Only what is linked can be unlinked."""


_MATCHERS = (Office.CLERK, Office.REVIEWER, Office.STATION, Office.LIAISON)


class PersonsLinked(Event, by=_MATCHERS, scope=Scope.PERSON):
    """两档关联: two records are one person; every view follows, and nothing is merged."""

    link: LinkId
    person: PersonId
    other: PersonId
    ground: LinkGround
    second: PersonId
    opinion: IdentityText = ""

    def takes(self) -> Iterable[Claim]:
        yield Claim(AlreadyOnePerson, " ".join(sorted((self.person, self.other))))


class PersonsUnlinked(Event, by=_MATCHERS, scope=Scope.PERSON):
    """撤销关联: the two records are two people after all; every view follows."""

    link: LinkId
    person: PersonId
    other: PersonId
    ground: LinkGround
    second: PersonId
    opinion: IdentityText = ""

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyOnePerson)


class PersonsToldApart(Event, by=_MATCHERS, scope=Scope.PERSON):
    """认定非同一人: two records that look alike are two people, until their data change."""

    link: LinkId
    person: PersonId
    other: PersonId
    ground: LinkGround
    second: PersonId
    opinion: IdentityText = ""


class PersonLink(Aggregate):
    """What was decided about two records. Fold both people's facts too, and it sees changes."""

    def __init__(self) -> None:
        self.pair: frozenset[PersonId] = frozenset()
        self.linked = False
        self.told_apart = False

    @classmethod
    def join(
        cls, act: Act, link: LinkId, person: PersonId, other: PersonId, ground: LinkGround,
        second: PersonId | None, opinion: str = "",
    ) -> PersonsLinked:  # fmt: skip
        """Two records are one person. Raises: OnePersonNotTwo, SecondPersonNeeded."""
        if person == other:
            raise OnePersonNotTwo(person=person)
        sure = second_person(act, second, person, other)
        return PersonsLinked(link, person, other, ground, sure, opinion)

    @classmethod
    def tell_apart(
        cls, act: Act, link: LinkId, person: PersonId, other: PersonId, ground: LinkGround,
        second: PersonId | None, opinion: str = "",
    ) -> PersonsToldApart:  # fmt: skip
        """They only look alike. Raises: OnePersonNotTwo, SecondPersonNeeded."""
        if person == other:
            raise OnePersonNotTwo(person=person)
        sure = second_person(act, second, person, other)
        return PersonsToldApart(link, person, other, ground, sure, opinion)

    def part(
        self, act: Act, link: LinkId, person: PersonId, other: PersonId, ground: LinkGround,
        second: PersonId | None, opinion: str = "",
    ) -> PersonsUnlinked:  # fmt: skip
        """Undoes a link. Raises: NotLinked, SecondPersonNeeded."""
        if not self.linked or self.pair != frozenset({person, other}):
            raise NotLinked(person=person, other=other)
        sure = second_person(act, second, person, other)
        return PersonsUnlinked(link, person, other, ground, sure, opinion)

    def after(self, fact: Fact) -> None:
        match fact.event:
            case PersonsLinked() as e:
                self.pair = frozenset({e.person, e.other})
                self.linked, self.told_apart = True, False
            case PersonsUnlinked() | PersonsToldApart() as e:
                self.pair = frozenset({e.person, e.other})
                self.linked, self.told_apart = False, True
            case (
                PersonRegistered()
                | PersonIdentified()
                | NumberCorrected()
                | PersonRenamed()
                | ContactChanged()
                | ResidenceMoved() as e
            ) if e.person in self.pair:
                self.told_apart = False
            case _:
                pass


def one_person(pairs: Iterable[tuple[PersonId, PersonId]], person: PersonId) -> frozenset[PersonId]:
    """All records of one person: this one and whatever is linked to it, however far."""
    beside: dict[PersonId, set[PersonId]] = {}
    for one, other in pairs:
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    found, ahead = {person}, [person]
    while ahead:
        new = beside.get(ahead.pop(), set()) - found
        found |= new
        ahead += new
    return frozenset(found)
