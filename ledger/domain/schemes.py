"""Schemes (帮扶办法): the rules of aid by fund, place and date, as an office adopts them.

A scheme is adopted in versions, each a whole set of terms that holds from a day, perhaps one
ahead. Which version judges an application follows from its date and from the transition that
each later version states; so one version judges it on any day, and nothing about amounts, days
or steps stands in code.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import TypeVar

from ledger.domain import divisions
from ledger.domain.aiding import AidKind, KindRules, Step
from ledger.domain.ids import PartnershipId, SchemeId, UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Code,
    Event,
    Fact,
    Office,
    PublicText,
    Refused,
    Scope,
)


class Transition(StrEnum):
    """What a new version means for applications that are open when it begins (过渡)."""

    APPLICATION_DATE = "application_date"  # 按申请日的规定
    NEW_RULES = "new_rules"  # 自施行之日起按新规定


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class SchemeUntitled(
    Refused,
    zh="帮扶办法须有名称。",
    article="A1",
):
    """A scheme is adopted under a title."""


class SchemePlaceUnknown(
    Refused,
    zh="帮扶办法适用地区的区划代码不存在。",
    article="GB/T 2260; H10",
    instead="核对代码：前六位须是曾经或现行的县级以上区划。",
):
    """A scheme holds for a place that is or was an administrative division."""


class SchemeOfAnother(
    Refused,
    zh="帮扶办法由制定它的工会修订、废止。",
    article="A2, A6",
    instead="请由制定的工会办理；本工会另有规定的，另行制定。",
):
    """Only the union that adopted a scheme amends or repeals it."""


class SchemeRepealedAlready(
    Refused,
    zh="该帮扶办法已废止。",
    article="A1",
    instead="另行制定新的办法。",
):
    """A scheme that was repealed is neither amended nor repealed again."""


class VersionOutOfTurn(
    Refused,
    zh="帮扶办法的版本号依次为一、二、三，不得跳号或重号。",
    article="design: versions",
    instead="先查看现有版本，再以下一个版本号提交。",
):
    """The versions of a scheme count up one by one."""


class VersionBeginsEarlier(
    Refused,
    zh="新版本的施行日期不得早于前一版本。",
    article="design: versions",
    instead="核对施行日期。",
):
    """A version begins no earlier than the one before it."""


class NoKindOfAid(
    Refused,
    zh="帮扶办法须至少规定一类帮扶。",
    article="A3",
):
    """A scheme rules at least one kind of aid."""


class KindTwice(
    Refused,
    zh="同一类帮扶在一个版本中只规定一次。",
    article="A3",
    instead="合并为一条；按类别不同的，用限额区分。",
):
    """A version rules each kind of aid once."""


class CapUnderOneFen(
    Refused,
    zh="限额至少为一分。",
    article="A4, A5",
    instead="没有限额的，不填；不予救助的，删去这一类。",
):
    """A cap is at least one fen."""


class CapTwice(
    Refused,
    zh="同一口径、同一档案类别只规定一个限额。",
    article="A4, A5",
    instead="保留一个限额。",
):
    """There is one cap for each way of counting and category."""


class LevelsNotRising(
    Refused,
    zh="审批权限的金额须逐级升高。",
    article="A6; rules (d) 6",
    instead="按金额由低到高排列，每级金额不同且不为负数。",
):
    """Levels of approval rise from one to the next."""


class StepTwice(
    Refused,
    zh="一道程序只规定一次：或在审批前，或可在发放后补办。",
    article="A17",
    instead="删去重复的程序。",
):
    """A step is asked for once, before approval or afterwards."""


class NoticeWithoutDays(
    Refused,
    zh="规定公示的，须规定公示天数；没有公示的，不填天数。",
    article="A17, H6; rules (d) 3",
    instead="填写公示天数，或删去公示。",
):
    """A public notice stands for at least one day, and only a notice has days."""


class MinutesAboveNothing(
    Refused,
    zh="须集体研究的金额不得为负数，且不与“一律集体研究”并列。",
    article="A14",
    instead="填写起点金额，或将集体研究列入程序。",
):
    """A collective decision is asked for always, or above an amount that is not negative."""


class NoModeOfPayment(
    Refused,
    zh="每类帮扶须规定发放方式，每种方式只列一次。",
    article="A11, A14",
    instead="至少选择一种发放方式。",
):
    """Each kind of aid names the modes in which it may be paid, each once."""


class CategoryWithoutFile(
    Refused,
    zh="按困难档案类别规定的，审批前须建档，且限额的类别在所限类别之内。",
    article="A1, A5",
    instead="将建档列入审批前的程序，或删去类别。",
):
    """Who is judged by a category of hardship file has a file first, of a category allowed."""


class EmergencyWithoutReview(
    Refused,
    zh="允许紧急时一人审批的，须规定事后复核的天数；不允许的，不填。",
    article="rules (d) 10",
    instead="填写复核天数，或取消紧急审批。",
):
    """Where one may approve in an emergency, it is reviewed within a stated time."""


class ReceiptWithoutDays(
    Refused,
    zh="签收期限至少为一天。",
    article="A11",
    instead="填写发放后几日内签收。",
):
    """What is paid is signed for within at least one day."""


class NoRuleForThis(
    Refused,
    zh="该帮扶办法在申请日没有这一类帮扶的规定。",
    article="A1",
    instead="核对申请日期和帮扶类别，或按当时有效的办法申请。",
):
    """An application is judged by rules that were in force for its kind on its date."""


# ── events ───────────────────────────────────────────────────────────────────────────────────

_ADOPTERS = (Office.CHAIR, Office.APPROVER)


class SchemeAdopted(Event, by=_ADOPTERS, scope=Scope.AID):
    """制定、修订帮扶办法: one version, its whole terms, from `since`.

    `under` are the agreements of the joint funds that it names: the fact goes to their parties.
    """

    scheme: SchemeId
    union: UnionId
    title: PublicText
    version: int
    since: date
    rules: tuple[KindRules, ...]  # one of each kind
    place: Code  # 适用地区的区划代码
    transition: Transition
    paper: Code | None = None  # 文号
    under: tuple[PartnershipId, ...] = ()


class SchemeRepealed(Event, by=_ADOPTERS, scope=Scope.AID):
    """废止帮扶办法: from `since` on nothing is applied for under it; what was goes on."""

    scheme: SchemeId
    union: UnionId
    since: date
    paper: Code | None = None
    under: tuple[PartnershipId, ...] = ()


# ── the scheme ───────────────────────────────────────────────────────────────────────────────


class Scheme(Aggregate):
    """One scheme and all its versions (stream `sch_…`)."""

    def __init__(self) -> None:
        self._versions: dict[int, SchemeAdopted] = {}
        self.until: date | None = None

    # ── decisions ──

    def adopt(
        self,
        act: Act,
        scheme: SchemeId,
        title: str,
        version: int,
        since: date,
        kinds: Sequence[KindRules],
        place: Code,
        transition: Transition = Transition.APPLICATION_DATE,
        paper: Code | None = None,
        under: Iterable[PartnershipId] = (),
    ) -> SchemeAdopted:
        """Adopts the scheme (version 1) or its next version, in force from `since`.

        `under`: the agreements of the joint funds that its rules name.

        Raises: SchemeUntitled, SchemePlaceUnknown, SchemeOfAnother, SchemeRepealedAlready,
        VersionOutOfTurn, VersionBeginsEarlier, NoKindOfAid, KindTwice, and what contradicts
        itself within a kind (see `consistent`).
        """
        self._by_its_own(act)
        last = self.latest
        if version != (last.version + 1 if last else 1):
            raise VersionOutOfTurn(version=version, last=last.version if last else 0)
        if last is not None and since < last.since:
            raise VersionBeginsEarlier(since=since.isoformat(), before=last.since.isoformat())
        if not title.strip():
            raise SchemeUntitled(scheme=scheme)
        if not divisions.in_force(place[:6], date.min, act.today):
            raise SchemePlaceUnknown(place=place)
        if not kinds:
            raise NoKindOfAid(scheme=scheme)
        for one in kinds:
            consistent(one)
        if twice := _twice(one.kind for one in kinds):
            raise KindTwice(kind=twice[0])
        return SchemeAdopted(
            scheme, act.union, title.strip(), version, since, tuple(kinds), place, transition,
            paper, tuple(sorted(set(under))),
        )  # fmt: skip

    def repeal(
        self, act: Act, since: date | None = None, paper: Code | None = None
    ) -> SchemeRepealed:
        """Ends the scheme, from `act.on` where no day is given.

        Raises: SchemeOfAnother, SchemeRepealedAlready.
        """
        last = self.latest
        assert last is not None
        self._by_its_own(act)
        return SchemeRepealed(last.scheme, act.union, since or act.on, paper, last.under)

    def _by_its_own(self, act: Act) -> None:
        last = self.latest
        if last is not None and last.union != act.union:
            raise SchemeOfAnother(union=last.union)
        if self.until is not None:
            raise SchemeRepealedAlready(since=self.until.isoformat())

    # ── questions ──

    @property
    def versions(self) -> list[SchemeAdopted]:
        """In the order in which they begin."""
        return sorted(self._versions.values(), key=lambda one: (one.since, one.version))

    @property
    def latest(self) -> SchemeAdopted | None:
        """The version adopted last; it may begin ahead."""
        return self._versions[max(self._versions)] if self._versions else None

    def judging(self, applied_on: date, today: date) -> SchemeAdopted | None:
        """The version by which an application of that date is judged today.

        That of its own date, or the newest one begun since then whose transition takes open
        applications along.
        """
        if self.until is not None and self.until <= applied_on:
            return None
        found: SchemeAdopted | None = None
        for one in self.versions:
            follows = found is not None and one.transition is Transition.NEW_RULES
            if one.since <= applied_on or (follows and one.since <= today):
                found = one
        return found

    def rules(self, kind: AidKind, applied_on: date, today: date) -> tuple[int, KindRules]:
        """The version and the rules that judge an application today. Raises: NoRuleForThis."""
        version = self.judging(applied_on, today)
        found = [one for one in version.rules if one.kind is kind] if version else []
        if version is None or not found:
            raise NoRuleForThis(kind=kind, applied_on=applied_on.isoformat())
        return version.version, found[0]

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case SchemeAdopted() as e:
                self._versions[e.version] = e
            case SchemeRepealed() as e:
                self.until = e.since
            case _:
                pass


def consistent(rules: KindRules) -> None:
    """Refuses rules that contradict themselves.

    Raises: CapUnderOneFen, CapTwice, LevelsNotRising, StepTwice, NoticeWithoutDays,
    MinutesAboveNothing, NoModeOfPayment, CategoryWithoutFile, EmergencyWithoutReview,
    ReceiptWithoutDays.
    """
    kind, steps = rules.kind, rules.steps + rules.later
    for cap in rules.caps:
        if cap.most < 1:
            raise CapUnderOneFen(kind=kind, per=cap.per, most=cap.most)
    if twice := _twice((cap.per, cap.category) for cap in rules.caps):
        raise CapTwice(kind=kind, per=twice[0][0])
    floors = [level.above for level in rules.levels]
    if any(above < 0 for above in floors) or floors != sorted(set(floors)):
        raise LevelsNotRising(kind=kind, above=floors)
    if again := _twice(steps):
        raise StepTwice(kind=kind, step=again[0])
    if rules.notice_days < 0 or (rules.notice_days > 0) is not (Step.NOTICE in steps):
        raise NoticeWithoutDays(kind=kind, days=rules.notice_days)
    if rules.minutes_above is not None and (rules.minutes_above < 0 or Step.MINUTES in rules.steps):
        raise MinutesAboveNothing(kind=kind, above=rules.minutes_above)
    if not rules.modes or _twice(rules.modes):
        raise NoModeOfPayment(kind=kind)
    capped = {cap.category for cap in rules.caps if cap.category}
    allowed = set(rules.categories) or capped
    if (allowed and Step.FILE not in rules.steps) or not capped <= allowed:
        raise CategoryWithoutFile(kind=kind, categories=sorted(allowed | capped))
    if rules.review_days < 0 or (rules.review_days > 0) is not rules.emergency:
        raise EmergencyWithoutReview(kind=kind, days=rules.review_days)
    if rules.receipt_days < 1:
        raise ReceiptWithoutDays(kind=kind, days=rules.receipt_days)


_T = TypeVar("_T")


def _twice(things: Iterable[_T]) -> list[_T]:
    """What is named more than once."""
    return [thing for thing, times in Counter(things).items() if times > 1]
