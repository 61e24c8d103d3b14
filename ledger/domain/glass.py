"""Breaking the glass (紧急查阅): a file opened in an emergency by who may not see it otherwise.

For a stated reason, for two hours by the ledger's clock, and never in silence: the worker and the
data protection lead are told at once, and somebody else looks at it within three working days.
"""

from datetime import date, datetime, timedelta
from enum import StrEnum

from ledger.domain.ids import GlassId, PersonId
from ledger.domain.kernel import Act, Aggregate, Event, Fact, IdentityText, Office, Refused, Scope

HOURS = 2
"""For how long a file is open where nobody asks for less or more."""

MOST_HOURS = 24
REVIEW_DAYS = 3
"""Within how many working days it is looked at."""

SHORTEST = 10
"""The characters of the shortest reason."""


class Emergency(StrEnum):
    """What made it necessary (紧急情形)."""

    LIFE = "life"  # 危及生命健康
    UNREACHABLE = "unreachable"  # 失联、走失
    UNREST = "unrest"  # 群体性事件、欠薪聚集
    DISASTER = "disaster"  # 自然灾害、事故
    AUTHORITY = "authority"  # 公安、法院等依法紧急调取
    OTHER = "other"  # 其他


class GlassFinding(StrEnum):
    """What the review found (复核结论)."""

    JUSTIFIED = "justified"  # 必要、适当
    TOO_WIDE = "too_wide"  # 必要，但查阅过多
    UNJUSTIFIED = "unjustified"  # 不必要


class ReasonTooShort(
    Refused,
    zh="紧急查阅须写明理由，不少于10个字。",
    article="L2 art. 13, 51; rules (d) 10",
    instead="写清出了什么事、为什么现在必须查看此人。",
):
    """Who breaks the glass writes down why, in ten characters at least."""


class GlassTooLong(
    Refused,
    zh="紧急查阅一次不超过24小时。",
    article="L2 art. 6, 19",
    instead="缩短时间；到期仍需要的，重新说明理由。",
):
    """Broken glass is open for a day at most."""


class OwnGlass(
    Refused,
    zh="复核人不得是查阅人或被查阅的本人。",
    article="rules (d) 10; L2 art. 51; P14",
    instead="请另一名个人信息保护负责人复核。",
):
    """Broken glass is reviewed by somebody else."""


class GlassReviewedAlready(
    Refused,
    zh="这次紧急查阅已经复核。",
    article="design: break-glass",
):
    """Broken glass is reviewed once."""


class GlassBroken(
    Event,
    by=(
        Office.CLERK, Office.STATION, Office.LIAISON, Office.LEGAL, Office.REVIEWER,
        Office.APPROVER, Office.CHAIR,
    ),
    scope=Scope.NEVER,
):  # fmt: skip
    """紧急查阅: the officer who signed in sees this person's file for so many hours."""

    glass: GlassId
    person: PersonId
    situation: Emergency
    hours: int
    review_by: date
    reason: IdentityText = ""


class GlassReviewed(Event, by=Office.PRIVACY, scope=Scope.NEVER):
    """紧急查阅复核: whether it was necessary, and no more than that."""

    glass: GlassId
    person: PersonId
    found: GlassFinding
    opinion: IdentityText = ""


class Glass(Aggregate):
    """One emergency: who looked, why, until when, and what the review found."""

    def __init__(self) -> None:
        self.broken: GlassBroken | None = None
        self.by: PersonId | None = None
        self.at: datetime | None = None
        self.reviewed: GlassReviewed | None = None

    @classmethod
    def smash(
        cls, act: Act, glass: GlassId, person: PersonId, emergency: Emergency, reason: str, *,
        review_by: date, hours: int = HOURS,
    ) -> GlassBroken:  # fmt: skip
        """Opens a file for a while. Raises: ReasonTooShort, GlassTooLong."""
        said = " ".join(reason.split())
        if len(said) < SHORTEST:
            raise ReasonTooShort(characters=len(said), least=SHORTEST)
        if not 0 < hours <= MOST_HOURS:
            raise GlassTooLong(hours=hours, most=MOST_HOURS)
        return GlassBroken(glass, person, emergency, hours, review_by, said)

    def review(self, act: Act, finding: GlassFinding, opinion: str = "") -> GlassReviewed:
        """Says what is to be thought of it. Raises: GlassReviewedAlready, OwnGlass."""
        assert self.broken is not None
        if self.reviewed is not None:
            raise GlassReviewedAlready(glass=self.broken.glass)
        if {act.officer, act.decider} & {self.by, self.broken.person}:
            raise OwnGlass(glass=self.broken.glass)
        return GlassReviewed(self.broken.glass, self.broken.person, finding, opinion)

    @property
    def until(self) -> datetime | None:
        """When the file closes again."""
        if self.broken is None or self.at is None:
            return None
        return self.at + timedelta(hours=self.broken.hours)

    def after(self, fact: Fact) -> None:
        match fact.event:
            case GlassBroken() as e:
                self.broken, self.by, self.at = e, fact.officer, fact.at
            case GlassReviewed() as e:
                self.reviewed = e
            case _:
                pass
