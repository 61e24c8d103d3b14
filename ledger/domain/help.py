"""Requests for help (职工诉求): what a worker asks of a union by herself, before it is a grant or a case.

Four words and a number are enough to be heard. The union takes it up, passes it on or settles it,
and says what became of it: an application, a case, a transfer, an answer. One request of a kind at
a time, so that pressing twice or asking again begins nothing new.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from enum import StrEnum

from ledger.domain.ids import HelpId, PersonId, UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    CaseText,
    Claim,
    Code,
    ContactText,
    Event,
    Fact,
    Fen,
    Office,
    Refused,
    Release,
    Scope,
)

# ── words ────────────────────────────────────────────────────────────────────────────────────


class Want(StrEnum):
    """What is asked for (诉求)."""

    LIVING = "living"  # 生活困难
    ILLNESS = "illness"  # 生病住院
    SCHOOL = "school"  # 孩子上学
    OTHER_AID = "other_aid"  # 其他困难
    WAGES = "wages"  # 拖欠工资
    INJURY = "injury"  # 工伤
    CONTRACT = "contract"  # 合同、社保
    OTHER_RIGHTS = "other_rights"  # 其他维权
    MOVED = "moved"  # 换了城市，要转会籍
    JOINING = "joining"  # 申请入会，待核对身份或会籍
    OBJECTION = "objection"  # 对查阅、使用本人资料有异议
    FORGET = "forget"  # 要求删除本人信息


AID = frozenset({Want.LIVING, Want.ILLNESS, Want.SCHOOL, Want.OTHER_AID})
"""What may become an application for aid (求助)."""
RIGHTS = frozenset({Want.WAGES, Want.INJURY, Want.CONTRACT, Want.OTHER_RIGHTS})
"""What may become a rights case (维权)."""


class CallAt(StrEnum):
    """When the worker can be called back (方便接电话的时间)."""

    ANY = "any"  # 随时
    MORNING = "morning"  # 上午
    NOON = "noon"  # 中午
    EVENING = "evening"  # 晚上


class HelpOutcome(StrEnum):
    """What became of a request (办理结果)."""

    GRANT = "grant"  # 已立帮扶申请
    CASE = "case"  # 已立维权案件
    TRANSFER = "transfer"  # 已办会籍接转
    QUESTION = "question"  # 已立异议
    ENROLMENT = "enrolment"  # 已办入会
    ANSWERED = "answered"  # 已答复
    OUTSIDE = "outside"  # 已转其他部门
    NOT_REACHED = "not_reached"  # 多次联系不上
    WITHDRAWN = "withdrawn"  # 本人不再要求


class HelpState(StrEnum):
    """Where a request stands (诉求状态)."""

    UNKNOWN = "unknown"  # 无记录
    OPEN = "open"  # 待联系
    TAKEN_UP = "taken_up"  # 办理中
    SETTLED = "settled"  # 已办结


_OPENS = {
    HelpOutcome.GRANT: "grt_", HelpOutcome.CASE: "cas_", HelpOutcome.TRANSFER: "trf_",
    HelpOutcome.QUESTION: "que_", HelpOutcome.ENROLMENT: "mem_",
}  # fmt: skip
"""The outcomes that open something, and of which kind it is."""


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class HelpStillOpen(
    Refused,
    zh="同一件事已经提交过，正在办理。",
    article="design: phone pages",
    instead="不必重复提交；记住受理号，工会会打电话联系。",
):
    """Of one kind a worker has one request open at a time."""


class HelpNotOpen(
    Refused,
    zh="该诉求不存在，或已办结。",
    article="design: phone pages",
    instead="核对受理号；有新情况的，另行登记诉求。",
):
    """Only a request that is open can be worked on."""


class NotAskedOfThisUnion(
    Refused,
    zh="诉求由收到它的工会或其上级办理。",
    article="L1 art. 10",
    instead="请收到诉求的工会办理，或请其转来。",
):
    """A request is worked on by the union that it was put to, or by one above it."""


class NothingOpened(
    Refused,
    zh="须写明所立的申请、案件、接转、异议或会籍。",
    article="design: phone pages",
    instead="先办理该项业务，再以其编号办结诉求；没有另立事项的，选择“已答复”等结果。",
):
    """Who settles a request by opening something says what it is."""


class PassedOnToItself(
    Refused,
    zh="诉求已在该工会。",
    article="design: phone pages",
    instead="选择另一个工会。",
):
    """A request is passed on to another union than the one that has it."""


# ── events ───────────────────────────────────────────────────────────────────────────────────

_WORKERS = (Office.CLERK, Office.STATION, Office.LEGAL, Office.LIAISON, Office.PRIVACY)


class HelpRequested(
    Event,
    by=(Office.SELF, Office.CLERK, Office.STATION, Office.LEGAL, Office.PROCEDURE),
    scope=Scope.NEVER,
):
    """提出诉求: a worker asks a union for help; by herself, at the window, or before she is known.

    `amount` is what is owed or needed, in fen; `since` when it began; `about` the thing that it is
    about; `to_union` where she works now. The phone is where to call back, and finds nobody.
    """

    help: HelpId
    person: PersonId
    union: UnionId
    want: Want
    call_at: CallAt
    amount: Fen | None = None
    since: date | None = None
    to_union: UnionId | None = None
    about: Code | None = None
    campaign: Code | None = None
    employer: CaseText = ""
    text: CaseText = ""
    phone: ContactText = ""

    def takes(self) -> Iterable[Claim]:
        yield Claim(HelpStillOpen, f"{self.person} {self.want}")


class HelpTakenUp(Event, by=_WORKERS, scope=Scope.NEVER):
    """受理诉求: somebody of the union has called back, and works on it."""

    help: HelpId
    person: PersonId
    union: UnionId
    remark: CaseText = ""


class HelpPassedOn(Event, by=_WORKERS, scope=Scope.NEVER):
    """转办诉求: another union of this journal is to work on it."""

    help: HelpId
    person: PersonId
    union: UnionId
    to_union: UnionId
    remark: CaseText = ""


class HelpSettled(Event, by=_WORKERS, scope=Scope.NEVER):
    """办结诉求: with what became of it, and what was opened from it."""

    help: HelpId
    person: PersonId
    union: UnionId
    outcome: HelpOutcome
    opened: Code | None = None
    remark: CaseText = ""

    def frees(self) -> Iterable[Release]:
        yield Release(HelpStillOpen)


# ── the request ──────────────────────────────────────────────────────────────────────────────


class HelpRequest(Aggregate):
    """One request for help (stream `hlp_…`)."""

    one_journal = True

    def __init__(self) -> None:
        self.asked: HelpRequested | None = None
        self.asked_on: date | None = None
        self.union: UnionId | None = None  # that has it now
        self.taken_up_on: date | None = None
        self.settled: HelpSettled | None = None
        self.settled_on: date | None = None

    # ── decisions ──

    @classmethod
    def ask(
        cls, act: Act, help_: HelpId, person: PersonId, union: UnionId, want: Want,
        call_at: CallAt = CallAt.ANY, *, amount: Fen | None = None, since: date | None = None,
        to_union: UnionId | None = None, about: Code | None = None, campaign: Code | None = None,
        employer: str = "", text: str = "", phone: str = "",
    ) -> HelpRequested:  # fmt: skip
        """A worker asks a union for help."""
        return HelpRequested(
            help_, person, union, want, call_at, amount, since, to_union, about, campaign,
            employer, text, phone,
        )  # fmt: skip

    def take_up(self, act: Act, remark: str = "", *, line: Sequence[UnionId]) -> HelpTakenUp:
        """Somebody works on it. `line`: the union that has it, and those above.

        Raises: HelpNotOpen, NotAskedOfThisUnion.
        """
        told = self._open(act, line)
        return HelpTakenUp(told.help, told.person, act.union, remark)

    def pass_on(
        self, act: Act, to_union: UnionId, remark: str = "", *, line: Sequence[UnionId]
    ) -> HelpPassedOn:
        """Another union is to work on it. Raises: HelpNotOpen, NotAskedOfThisUnion, PassedOnToItself."""
        told = self._open(act, line)
        if to_union == self.union:
            raise PassedOnToItself(union=to_union)
        return HelpPassedOn(told.help, told.person, act.union, to_union, remark)

    def settle(
        self, act: Act, outcome: HelpOutcome, opened: Code | None = None, remark: str = "", *,
        line: Sequence[UnionId],
    ) -> HelpSettled:  # fmt: skip
        """What became of it. Raises: HelpNotOpen, NotAskedOfThisUnion, NothingOpened."""
        told = self._open(act, line)
        prefix = _OPENS.get(outcome)
        if prefix is not None and not (opened or "").startswith(prefix):
            raise NothingOpened(outcome=outcome)
        return HelpSettled(
            told.help, told.person, act.union, outcome, opened if prefix else None, remark
        )

    def _open(self, act: Act, line: Sequence[UnionId]) -> HelpRequested:
        if self.asked is None or self.settled is not None:
            raise HelpNotOpen(state=self.state)
        if act.union not in line:
            raise NotAskedOfThisUnion(union=self.union)
        return self.asked

    # ── questions ──

    @property
    def state(self) -> HelpState:
        if self.asked is None:
            return HelpState.UNKNOWN
        if self.settled is not None:
            return HelpState.SETTLED
        return HelpState.OPEN if self.taken_up_on is None else HelpState.TAKEN_UP

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case HelpRequested() as e:
                self.asked, self.asked_on, self.union = e, fact.on, e.union
            case HelpTakenUp():
                self.taken_up_on = fact.on
            case HelpPassedOn() as e:
                self.union, self.taken_up_on = e.to_union, None
            case HelpSettled() as e:
                self.settled, self.settled_on = e, fact.on
            case _:
                pass
