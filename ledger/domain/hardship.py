"""Hardship files (困难档案): one open file a household, its category, causes, basis, and how it ends.

A file is opened by the union of either province and kept by that one; what the other province has
open for the household, as far as it is known here, bars a second. Two that were opened apart are
found when they are read, and one is closed as a duplicate. Amounts and deadlines are no matter of
this room: schemes say which categories are aided, and with how much.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ledger.domain.ids import FileId, HouseholdId, PersonId, UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Claim,
    Code,
    Event,
    Fact,
    HardshipText,
    Office,
    Refused,
    Release,
    Scope,
    weigh,
)


class Category(StrEnum):
    """How grave the hardship is (困难类别, H1)."""

    SEVERE = "severe"  # 深度困难
    RELATIVE = "relative"  # 相对困难
    SUDDEN = "sudden"  # 意外致困


class HardshipCause(StrEnum):
    """What brought the hardship about (致困原因, H9)."""

    UNABLE_TO_WORK = "unable_to_work"  # 无劳动能力
    WITHOUT_WORK = "without_work"  # 有劳动能力而未就业
    LAID_OFF = "laid_off"  # 下岗失业
    UNINSURED = "uninsured"  # 未参加社保
    BENEFITS_UNPAID = "benefits_unpaid"  # 社保待遇不到位
    GRAVE_ILLNESS = "grave_illness"  # 重特大疾病
    DISASTER = "disaster"  # 自然灾害
    ACCIDENT = "accident"  # 意外事故
    SCHOOLING = "schooling"  # 子女上学
    OTHER = "other"  # 其他


class FileBasis(StrEnum):
    """On what the category rests (认定依据; H2, H5)."""

    MEANS_CHECK = "means_check"  # 家庭经济状况核对
    REGISTERED_POOR = "registered_poor"  # 建档立卡
    DIBAO = "dibao"  # 低保
    NEAR_DIBAO = "near_dibao"  # 低保边缘
    DESTITUTE = "destitute"  # 特困供养
    PAPERS = "papers"  # 疾病、事故、灾害等材料


class FileOutcome(StrEnum):
    """Why a file is closed (结案去向; H7, H12)."""

    RECOVERED = "recovered"  # 脱困
    MOVED_TO_SAFETY_NET = "moved_to_safety_net"  # 政府兜底
    REMOVED = "removed"  # 清退
    DIED = "died"  # 死亡
    RETIRED = "retired"  # 退休
    MOVED_AWAY = "moved_away"  # 调离、转由他处建档
    DUPLICATE = "duplicate"  # 重复建档


OTHER_CAUSES = 3
"""How many causes stand beside the main one at most: the form has no more room (H8)."""


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class HouseholdHasFile(
    Refused,
    zh="该家庭已有一份未结的困难档案；一户一档，不得一户多档、一人多档。",
    article="H7, H13",
    instead="在已有的档案上办理；由对方省建档的，请其办理或先行结案。",
):
    """A household has one open hardship file, on whichever side, and so has each person."""


class FileNotOpen(
    Refused,
    zh="该困难档案已结案。",
    article="H7",
    instead="返困的，重新建档。",
):
    """Only an open file is reviewed or closed."""


class FileOfAnother(
    Refused,
    zh="困难档案由建档的工会或其上级复核、结案。",
    article="rules (d) 7; H11",
    instead="请建档的工会办理。",
):
    """A file is kept by the union that opened it, or one above."""


class CausesOutOfForm(
    Refused,
    zh="致困原因：主因一项，次因不超过三项，各不相同。",
    article="H8, H9",
    instead="核对主因和次因。",
):
    """A file names one main cause and up to three others, each once."""


class ValidityOver(
    Refused,
    zh="档案有效期须晚于建档、复核的日期。",
    article="H7",
    instead="填写下次复核之前的有效期。",
):
    """A file is valid beyond the day on which it is opened or reviewed."""


class FileOfOnesOwn(
    Refused,
    zh="不得办理本人或近亲属的困难档案。",
    article="rules (d) 2",
    instead="请无亲属关系的人办理。",
):
    """Nobody opens, reviews or closes a file of their own household."""


class OpenerReviews(
    Refused,
    zh="建档人不得复核同一档案；代行其职务的，视为同一人。",
    article="rules (d) 1",
    instead="请另一人复核。",
):
    """Who opened a file, or acts for that person, does not review it."""


class DuplicateOfNothing(
    Refused,
    zh="按重复建档结案的，须指明保留的另一份档案；其他去向不填。",
    article="H7, H13",
    instead="填写保留的档案编号。",
):
    """A file that is closed as a duplicate names the other one, which stays open."""


# ── events ───────────────────────────────────────────────────────────────────────────────────


class HardshipFileOpened(
    Event,
    by=(Office.CLERK, Office.STATION, Office.REVIEWER, Office.APPROVER),
    scope=Scope.AID,
):
    """建档: a household comes on the union's list of hardship, through the file of its worker."""

    file: FileId
    household: HouseholdId
    person: PersonId
    union: UnionId
    category: Category
    main: HardshipCause
    others: tuple[HardshipCause, ...]
    basis: FileBasis
    valid_until: date  # excluded
    file_number: Code  # 档案编号
    remark: HardshipText = ""
    findings: tuple[Code, ...] = ()

    def takes(self) -> Iterable[Claim]:
        yield Claim(HouseholdHasFile, self.household)
        yield Claim(HouseholdHasFile, self.person)


class HardshipFileReviewed(Event, by=(Office.REVIEWER, Office.APPROVER), scope=Scope.AID):
    """复核: the file stands on, with its category, causes and basis as they are found now."""

    file: FileId
    household: HouseholdId
    person: PersonId
    union: UnionId
    category: Category
    main: HardshipCause
    others: tuple[HardshipCause, ...]
    basis: FileBasis
    valid_until: date  # excluded
    remark: HardshipText = ""
    findings: tuple[Code, ...] = ()


class HardshipFileClosed(
    Event, by=(Office.REVIEWER, Office.APPROVER, Office.CHAIR), scope=Scope.AID
):
    """档案结案: with what became of the household; of two files the duplicate names the other."""

    file: FileId
    household: HouseholdId
    person: PersonId
    union: UnionId
    outcome: FileOutcome
    duplicate_of: FileId | None = None
    remark: HardshipText = ""
    findings: tuple[Code, ...] = ()

    def frees(self) -> Iterable[Release]:
        yield Release(HouseholdHasFile)


# ── the file ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Assessment:
    """What the opening or a review found, from a day on (认定)."""

    since: date
    category: Category
    main: HardshipCause
    others: tuple[HardshipCause, ...]
    basis: FileBasis
    valid_until: date  # excluded


class HardshipFile(Aggregate):
    """One file (stream `hrd_…`, in the journal of the province that opened it)."""

    def __init__(self) -> None:
        self.opened: HardshipFileOpened | None = None
        self.opening: Fact | None = None
        self.assessments: list[Assessment] = []  # in effective order
        self.closed: HardshipFileClosed | None = None
        self.closed_on: date | None = None

    # ── decisions ──

    @classmethod
    def open_for(
        cls,
        act: Act,
        file: FileId,
        household: HouseholdId,
        person: PersonId,
        category: Category,
        main: HardshipCause,
        others: Sequence[HardshipCause],
        basis: FileBasis,
        valid_until: date,
        number: Code,
        remark: str = "",
        *,
        known_open: Sequence[str] = (),
        kin: Collection[PersonId] = (),
    ) -> HardshipFileOpened:
        """Opens a file. `known_open`: the files that are open for the household as known here.

        Raises: HouseholdHasFile, CausesOutOfForm, ValidityOver, FileOfOnesOwn.
        """
        if known_open:
            raise HouseholdHasFile(household=household, files=sorted(known_open))
        _check(act, main, others, valid_until)
        findings = weigh(act, [_own(act, person, kin)])
        return HardshipFileOpened(
            file, household, person, act.union, category, main, tuple(others), basis, valid_until,
            number, remark, findings,
        )  # fmt: skip

    def review(
        self,
        act: Act,
        category: Category,
        valid_until: date,
        *,
        line: Sequence[UnionId],
        main: HardshipCause | None = None,
        others: Sequence[HardshipCause] | None = None,
        basis: FileBasis | None = None,
        remark: str = "",
        kin: Collection[PersonId] = (),
        acting_for: Collection[str] = (),
        opened_for: Collection[str] = (),
    ) -> HardshipFileReviewed:
        """Looks at it again; what is not given stays. `line`: the union that keeps it and above.

        `acting_for`: for whom the reviewer acts by delegation, `opened_for` for whom the opener
        did: they are one with them.

        Raises: FileNotOpen, FileOfAnother, CausesOutOfForm, ValidityOver, FileOfOnesOwn,
        OpenerReviews.
        """
        opened, last = self._standing(act, line)
        cause, beside = main or last.main, tuple(last.others if others is None else others)
        _check(act, cause, beside, valid_until)
        findings = weigh(
            act,
            [_own(act, opened.person, kin), self._opener_reviews(act, acting_for, opened_for)],
        )
        return HardshipFileReviewed(
            opened.file, opened.household, opened.person, act.union, category, cause, beside,
            basis or last.basis, valid_until, remark, findings,
        )  # fmt: skip

    def close(
        self,
        act: Act,
        outcome: FileOutcome,
        *,
        line: Sequence[UnionId],
        duplicate_of: FileId | None = None,
        other_open: bool = False,
        remark: str = "",
        kin: Collection[PersonId] = (),
    ) -> HardshipFileClosed:
        """Ends it. Of a duplicate: the other file, and whether that is open for the household.

        Raises: FileNotOpen, FileOfAnother, DuplicateOfNothing, FileOfOnesOwn.
        """
        opened, _ = self._standing(act, line)
        if (outcome is FileOutcome.DUPLICATE) is not (duplicate_of is not None) or (
            duplicate_of is not None and (duplicate_of == opened.file or not other_open)
        ):
            raise DuplicateOfNothing(outcome=outcome, other=duplicate_of)
        findings = weigh(act, [_own(act, opened.person, kin)])
        return HardshipFileClosed(
            opened.file, opened.household, opened.person, act.union, outcome, duplicate_of,
            remark, findings,
        )  # fmt: skip

    def _standing(self, act: Act, line: Sequence[UnionId]) -> tuple[HardshipFileOpened, Assessment]:
        if self.opened is None or self.closed is not None:
            raise FileNotOpen(closed_on=self.closed_on.isoformat() if self.closed_on else None)
        if act.union not in line:
            raise FileOfAnother(union=self.opened.union)
        return self.opened, self.assessments[-1]

    def _opener_reviews(
        self, act: Act, acting_for: Collection[str], opened_for: Collection[str]
    ) -> Refused | None:
        opener = self.opening.decider if self.opening else None
        if {act.decider, *acting_for} & {opener, *opened_for}:
            return OpenerReviews(opened_by=opener)
        return None

    # ── questions ──

    @property
    def open(self) -> bool:
        return self.opened is not None and self.closed is None

    def open_on(self, day: date) -> bool:
        begun = bool(self.assessments) and self.assessments[0].since <= day
        return begun and (self.closed_on is None or day < self.closed_on)

    def assessment_on(self, day: date) -> Assessment | None:
        """What was found last by that day; None where the file was not open then."""
        held = [one for one in self.assessments if one.since <= day]
        return held[-1] if held and self.open_on(day) else None

    def category_on(self, day: date) -> Category | None:
        """The category on that day; None where the file was not open then."""
        held = self.assessment_on(day)
        return held.category if held else None

    def valid_on(self, day: date) -> bool:
        """Whether the file was open and not yet due for its review on that day."""
        held = self.assessment_on(day)
        return held is not None and day < held.valid_until

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case HardshipFileOpened() as e:
                self.opened, self.opening = e, fact
                self._assess(fact.on, e)
            case HardshipFileReviewed() as e:
                self._assess(fact.on, e)
            case HardshipFileClosed() as e:
                self.closed, self.closed_on = e, fact.on
            case _:
                pass

    def _assess(self, on: date, e: HardshipFileOpened | HardshipFileReviewed) -> None:
        made = Assessment(on, e.category, e.main, e.others, e.basis, e.valid_until)
        self.assessments = sorted([*self.assessments, made], key=lambda one: one.since)


def _check(
    act: Act, main: HardshipCause, others: Sequence[HardshipCause], valid_until: date
) -> None:
    if len(others) > OTHER_CAUSES or len({main, *others}) < 1 + len(others):
        raise CausesOutOfForm(main=main, others=list(others))
    if valid_until <= act.on:
        raise ValidityOver(valid_until=valid_until.isoformat(), on=act.on.isoformat())


def _own(act: Act, person: PersonId, kin: Collection[PersonId]) -> Refused | None:
    return FileOfOnesOwn(decider=act.decider) if act.decider in {person, *kin} else None
