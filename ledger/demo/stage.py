"""What the steps of the story share (舞台): two sides, the clock, who is who, and where things are."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from ledger.demo.people import CAST, EMPLOYERS, HEROINE, Someone, six_hundred
from ledger.demo.world import Side, Time
from ledger.domain.ids import (
    AidListId,
    FundId,
    GrantId,
    MembershipId,
    PartnershipId,
    PersonId,
    SchemeId,
    UnionId,
    new_partnership,
)
from ledger.exchange import sync
from ledger.projections import rosters


@dataclass
class Aided:
    """What the steps of the aid share."""

    scheme: SchemeId
    joint: FundId
    own: FundId
    mother: PersonId
    child: PersonId
    grant: GrantId | None = None
    aid_list: AidListId | None = None


@dataclass
class Story:
    """What the steps share: the two sides, the clock, and where things are."""

    data: Path
    time: Time
    home: Side
    host: Side
    partnership: PartnershipId = field(default_factory=new_partnership)
    long_standing: tuple[PersonId, MembershipId] | None = None  # 覃海燕, as 佛山 has her
    aided: Aided | None = None
    links: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    @property
    def heroine_membership(self) -> MembershipId:
        return memberships(self.home, persons(self.home, [HEROINE]))[0]

    def union_at(self, company: str) -> UnionId:
        """The union of a workplace in the host province."""
        name = {EMPLOYERS[3]: "中建三局龙华项目工会"}.get(company, f"{company}工会")
        return self.host.unions[name]

    def company_of(self, union: UnionId) -> str:
        """The workplace of a union in the host province."""
        return next(each for each in EMPLOYERS if self.union_at(each) == union)

    def link(self, who: str, title: str, text: str, path: str) -> None:
        """Puts a link into the story, to be seen as this person sees it."""
        side = self.home if who in self.home.people else self.host
        self.links.append(
            {
                "title": title,
                "text": text,
                "province": side.ledger.province.code,
                "name": who,
                "path": path,
            }
        )

    def sync(self) -> None:
        sync(self.home.ledger, self.host.ledger)


def persons(side: Side, group: Iterable[Someone]) -> list[PersonId]:
    """The ids of invented people, found as an office finds them: by their numbers."""
    cast = dict(zip(CAST, six_hundred(), strict=False))
    with side.ledger.reading() as reader:
        sought = [cast.get(each, each).number for each in group]
        found = side.ledger.vault.holders(reader.conn, sought)
    return [PersonId(found[each][0]) for each in sought]


def memberships(side: Side, people: Iterable[PersonId]) -> list[MembershipId]:
    """The memberships that these people have, as this side knows."""
    every = list(people)
    with side.ledger.reading() as reader:
        found = rosters.of_persons(reader.conn, side.origin, every)
    return [found[person][0].membership for person in every if person in found]
