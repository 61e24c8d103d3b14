"""Forgetting a person (删除个人信息): restricted first, then shredded, by two officers.

Restricted (限制处理): everything but keeping stops, while a retention term runs. Shredded (销毁密钥):
her key is destroyed, and nobody can open her texts again, we included. What was paid stays; the
person goes. It begins when she asks for it, or when the last term is over.
"""

from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from ledger.domain.identity import NumberTaken
from ledger.domain.ids import PersonId
from ledger.domain.kernel import Act, Aggregate, Code, Event, Fact, Office, Refused, Release, Scope


class Ground(StrEnum):
    """Why a person is to be forgotten (删除缘由; L2 art. 47)."""

    ASKED = "asked"  # 本人要求删除
    CONSENT_WITHDRAWN = "consent_withdrawn"  # 撤回同意
    PURPOSE_MET = "purpose_met"  # 处理目的已实现
    TERM_OVER = "term_over"  # 保存期限届满
    UNLAWFUL = "unlawful"  # 违法或违约处理
    PARTNER = "partner"  # 对方省已删除


class Needed(StrEnum):
    """What still needs a person (未了事项)."""

    MEMBERSHIP = "membership"  # 在册会籍
    TRANSFER = "transfer"  # 未了的接转
    GRANT = "grant"  # 未付清、未办结的帮扶
    HARDSHIP = "hardship"  # 未结的困难档案
    CASE = "case"  # 未结的案件
    QUESTION = "question"  # 未了结的疑点与争议
    OFFICE = "office"  # 现任职
    TRIP = "trip"  # 未出发的座位
    GLASS = "glass"  # 未复核的紧急查阅


class LiftCause(StrEnum):
    """Why a restriction ends without shredding (解除限制原因)."""

    WORKER_BACK = "worker_back"  # 本人再次办理，要求恢复
    NEEDED = "needed"  # 诉讼、审计等依法须处理
    MISTAKEN = "mistaken"  # 限制有误


class Need(NamedTuple):
    """One thing that still needs a person."""

    kind: Needed
    thing: str


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class StillNeeded(
    Refused,
    zh="还有未了事项需要此人的信息，暂不能限制或销毁。",
    article="L2 art. 13, 47; P12",
    instead="先办结所列事项：会籍、接转、帮扶、案件、疑点或任职。",
):
    """Nobody is restricted or forgotten whom something that runs still needs."""


class RequestNotShown(
    Refused,
    zh="本人要求删除的，须附申请书或填写其文号。",
    article="L2 art. 47, 50; P11",
    instead="上传申请书扫描件，或填写申请编号。",
):
    """Who is forgotten because she asked has asked in a way that can be shown."""


class TermsStillRun(
    Refused,
    zh="保存期限未满，只能限制处理，不能销毁。",
    article="L2 art. 47; 会计档案管理办法; P12, P18",
    instead="先限制处理；期限届满之日起再销毁。",
):
    """Nobody is shredded while a retention term runs."""


class RestrictedAlready(
    Refused,
    zh="此人的信息已限制处理。",
    article="L2 art. 47",
):
    """A person is restricted once at a time."""


class NotRestricted(
    Refused,
    zh="此人的信息未被限制处理。",
    article="L2 art. 47",
    instead="先由一名工作人员限制处理，再由另一人销毁。",
):
    """Only who is restricted can be released or shredded."""


class TwoOfficers(
    Refused,
    zh="限制与销毁须由两人分别决定，且都不是本人；代行他人职务的，视同被代行人。",
    article="rules (d) 1, 11; L2 art. 51; P14",
    instead="请另一名个人信息保护负责人销毁。",
):
    """One officer restricts and another one shreds, counted as whom they stand in for."""


class ProcessingStopped(
    Refused,
    zh="此人的信息已限制处理，除存储和安全保护外不得办理。",
    article="L2 art. 47; P12",
    instead="本人要求再次办理的，由个人信息保护负责人解除限制。",
):
    """Of a restricted person nothing is recorded but what ends the restriction."""


class PersonForgotten(
    Refused,
    zh="此人的信息已销毁，不能再办理。",
    article="L2 art. 47; P12",
    instead="本人再次前来的，作为新人登记。",
):
    """Of a forgotten person nothing more is recorded; who comes back is registered anew."""


# ── events ───────────────────────────────────────────────────────────────────────────────────


class PersonRestricted(
    Event,
    by=(Office.CLERK, Office.STATION, Office.PRIVACY, Office.PROCEDURE),
    scope=Scope.NEVER,
):
    """限制处理: all but keeping stops; `until` (excluded) the terms in `held_by` run."""

    person: PersonId
    ground: Ground
    until: date
    edition: Code  # of the retention terms that were applied
    held_by: tuple[Code, ...] = ()
    paper: Code | None = None
    acting_for: PersonId | None = None


class RestrictionLifted(Event, by=Office.PRIVACY, scope=Scope.NEVER):
    """解除限制: the person's data are processed again."""

    person: PersonId
    why: LiftCause
    paper: Code | None = None


class PersonShredded(Event, by=(Office.PRIVACY, Office.PROCEDURE), scope=Scope.NEVER):
    """销毁密钥: her texts are noise from here on, everywhere; nobody can undo it."""

    person: PersonId
    ground: Ground
    paper: Code | None = None
    acting_for: PersonId | None = None

    def frees(self) -> Iterable[Release]:
        yield Release(NumberTaken)


OWN = frozenset({"PersonRestricted", "RestrictionLifted", "PersonShredded"})
"""What may still be recorded of a restricted person by an officer."""


# ── the person at rest ───────────────────────────────────────────────────────────────────────


class Forgetting(Aggregate):
    """How far one person is forgotten (on the person's own stream)."""

    def __init__(self) -> None:
        self.restricted: PersonRestricted | None = None
        self.restricted_on: date | None = None
        self.shredded: PersonShredded | None = None
        self.shredded_on: date | None = None
        self._first: frozenset[str] = frozenset()  # who restricted, and for whom they stood in

    # ── decisions ──

    def restrict(
        self, act: Act, person: PersonId, ground: Ground, *, until: date, edition: Code,
        held_by: Iterable[Code], needs: Collection[Need], paper: Code | None = None,
        acting_for: PersonId | None = None,
    ) -> PersonRestricted:  # fmt: skip
        """Stops all but keeping. `until`: when the last term ends; `needs`: what still needs her.

        Raises: PersonForgotten, RestrictedAlready, RequestNotShown, StillNeeded, TwoOfficers.
        """
        self._not_gone(person)
        if self.restricted is not None:
            raise RestrictedAlready(person=person)
        if ground is Ground.ASKED and not paper and not act.evidence:
            raise RequestNotShown(person=person)
        if needs:
            raise StillNeeded(person=person, needs=[f"{n.kind} {n.thing}".strip() for n in needs])
        if person in _principals(act, acting_for):
            raise TwoOfficers(person=person)
        return PersonRestricted(
            person, ground, until, edition, tuple(sorted(held_by)), paper, acting_for
        )

    def lift(
        self, act: Act, person: PersonId, why: LiftCause, paper: Code | None = None
    ) -> RestrictionLifted:
        """Lets the data be processed again. Raises: PersonForgotten, NotRestricted."""
        self._not_gone(person)
        if self.restricted is None:
            raise NotRestricted(person=person)
        return RestrictionLifted(person, why, paper)

    def shred(
        self, act: Act, person: PersonId, *, until: date, needs: Collection[Need],
        paper: Code | None = None, acting_for: PersonId | None = None,
    ) -> PersonShredded:  # fmt: skip
        """Destroys the person's key. `until`: when the last term ends, by the terms of today.

        Raises: PersonForgotten, NotRestricted, TermsStillRun, StillNeeded, TwoOfficers.
        """
        self._not_gone(person)
        if self.restricted is None:
            raise NotRestricted(person=person)
        if needs:
            raise StillNeeded(person=person, needs=[f"{n.kind} {n.thing}".strip() for n in needs])
        if act.today < until:
            raise TermsStillRun(person=person, until=until.isoformat())
        mine = _principals(act, acting_for)
        if act.office is not Office.PROCEDURE and (person in mine or mine & self._first):
            raise TwoOfficers(person=person)
        return PersonShredded(person, self.restricted.ground, paper, acting_for)

    def _not_gone(self, person: PersonId) -> None:
        if self.shredded is not None:
            raise PersonForgotten(person=person)

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case PersonRestricted() as e:
                self.restricted, self.restricted_on = e, fact.on
                self._first = _persons(fact.officer, fact.decider, e.acting_for)
            case RestrictionLifted():
                self.restricted, self.restricted_on, self._first = None, None, frozenset()
            case PersonShredded() as e:
                self.shredded, self.shredded_on = e, fact.on
            case _:
                pass


def _principals(act: Act, acting_for: PersonId | None) -> frozenset[str]:
    """Who decides: the officer, who decided on paper, and whom she stands in for."""
    return _persons(act.officer, act.decider, acting_for)


def _persons(*who: str | None) -> frozenset[str]:
    return frozenset(each for each in who if each is not None and each.startswith("per_"))
