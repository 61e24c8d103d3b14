"""The words that every room is written in (公用词): Event, Fact, Aggregate, Refused, Act, Fen.

An event's heading is law: its class says what happened, `by` which offices may decide it, its
first field to whom it happened. Personal fields say in their type to which data group they are
sealed; text that concerns nobody is `PublicText`. A rule is a class with a sentence.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from typing import (
    Annotated,
    Any,
    ClassVar,
    NamedTuple,
    NewType,
    Self,
    dataclass_transform,
)

from ledger.domain.ids import PersonId, UnionId

Fen = NewType("Fen", int)
"""Money in whole fen (分); never a float, never a Decimal."""

Code = NewType("Code", str)
"""A word of an official list, a division code, a credit code, a paper's number: no free text."""

StreamId = NewType("StreamId", str)
"""The id of anything one can point at, where its kind does not matter."""


# ── who may do what ──────────────────────────────────────────────────────────────────────────


class Office(StrEnum):
    """Offices (岗位): what a person may do for a union. Duties of one thing fall to several."""

    CHAIR = "chair"  # 主席：任免、签署协议、批准建会
    CLERK = "clerk"  # 经办：登记、受理、录入
    REVIEWER = "reviewer"  # 审核（复核）
    APPROVER = "approver"  # 审批：委员会或其授权人
    LIAISON = "liaison"  # 联络员：转出、转入、协查
    STATION = "station"  # 驻外服务站负责人：为原籍工会受理
    ACCOUNTANT = "accountant"  # 会计
    CASHIER = "cashier"  # 出纳
    LEGAL = "legal"  # 法律工作
    AUDITOR = "auditor"  # 经审：本级及下级什么都能看，只写疑点
    PRIVACY = "privacy"  # 个人信息保护负责人
    SELF = "self"  # 本人：职工自己办自己的事，不是任职
    PROCEDURE = "procedure"  # 系统程序：无人裁量，只照规则续办


class Scope(StrEnum):
    """Kinds of fact that a partnership may share (共享范围)."""

    ALWAYS = "always"  # the agreement itself and what keeps the exchange running
    ORGANISATION = "organisation"  # 组织机构：unions, stations
    PERSON = "person"  # 基本情况
    MEMBERSHIP = "membership"  # 会籍与接转
    RIGHTS = "rights"  # 维权
    AID = "aid"  # 帮扶
    SERVICES = "services"  # 服务
    NEVER = "never"  # stays in this journal


class Basis(StrEnum):
    """Why personal data may be given to the partner (法律依据; L2 art. 13, 23)."""

    SEPARATE_CONSENT = "separate_consent"  # 单独同意
    STATUTORY_DUTY = "statutory_duty"  # 法定职责
    EMERGENCY = "emergency"  # 紧急情况
    LAW = "law"  # 法律规定


# ── how a field may be kept ──────────────────────────────────────────────────────────────────


class Group(StrEnum):
    """Data groups (数据组): sealed apart, opened apart, shared apart."""

    IDENTITY = "identity"  # 基本身份
    CONTACT = "contact"  # 联系方式
    MEMBERSHIP = "membership"  # 会籍
    FAMILY = "family"  # 家庭
    HARDSHIP = "hardship"  # 困难与健康
    BANK = "bank"  # 银行卡
    CASE = "case"  # 案件


class Search(StrEnum):
    """How a sealed field can be found again, by keyed tokens and never by its text."""

    NUMBER = "number"
    NAME = "name"
    PHONE = "phone"
    BIRTH = "birth"
    ACCOUNT = "account"
    HOME = "home"
    EMPLOYER = "employer"


@dataclass(frozen=True)
class Sealed:
    """Marks a text field as personal: sealed to the event's person, in this group."""

    group: Group
    search: Search | None = None


@dataclass(frozen=True)
class Public:
    """Marks a text field that concerns no person: names of unions, titles, terms."""


PublicText = Annotated[str, Public()]
NameText = Annotated[str, Sealed(Group.IDENTITY, Search.NAME)]
NumberText = Annotated[str, Sealed(Group.IDENTITY, Search.NUMBER)]
BirthText = Annotated[str, Sealed(Group.IDENTITY, Search.BIRTH)]  # YYYY-MM-DD
HomeText = Annotated[str, Sealed(Group.IDENTITY, Search.HOME)]  # 户籍地区划代码
IdentityText = Annotated[str, Sealed(Group.IDENTITY)]
PhoneText = Annotated[str, Sealed(Group.CONTACT, Search.PHONE)]
ContactText = Annotated[str, Sealed(Group.CONTACT)]
EmployerText = Annotated[str, Sealed(Group.MEMBERSHIP, Search.EMPLOYER)]
MembershipText = Annotated[str, Sealed(Group.MEMBERSHIP)]
FamilyText = Annotated[str, Sealed(Group.FAMILY)]
HardshipText = Annotated[str, Sealed(Group.HARDSHIP)]
BankText = Annotated[str, Sealed(Group.BANK)]
AccountText = Annotated[str, Sealed(Group.BANK, Search.ACCOUNT)]
CaseText = Annotated[str, Sealed(Group.CASE)]


class Redacted(str):
    """A sealed text that is not open here: not asked for, not shared, or forgotten for ever.

    It reads as an empty text, so that rules and folds need no special case; `why` is one of
    `closed` (nobody asked), `restricted` (held by another union), `stopped` (the person's data are
    kept and no longer processed), `shredded` (forgotten).
    """

    why: str

    def __new__(cls, why: str) -> Self:
        made = super().__new__(cls, "")
        made.why = why
        return made


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class Refused(Exception):
    """A rule says no. The class is the rule: its docstring the sentence, `zh` the Chinese one.

    `article` names where the rule comes from, `instead` (Chinese) what to do; the keyword
    arguments of a refusal are the facts that it turned on, public ones only.
    """

    zh: ClassVar[str] = ""
    article: ClassVar[str] = ""
    instead: ClassVar[str] = ""
    rules: ClassVar[dict[str, type["Refused"]]] = {}

    def __init_subclass__(cls, *, zh: str, article: str, instead: str = "") -> None:
        if cls.__name__ in Refused.rules:
            raise TypeError(f"two rules are called {cls.__name__}")
        cls.zh, cls.article, cls.instead = zh, article, instead
        Refused.rules[cls.__name__] = cls

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.sentence())

    @classmethod
    def sentence(cls) -> str:
        """The rule in one English sentence."""
        return " ".join((cls.__doc__ or "").split("\n\n")[0].split())


class Claim(NamedTuple):
    """A unique fact that an event takes: under `rule`, only one record holds `key` at a time.

    A `secret` key is personal (an identity number): the journal keeps its search token instead.
    """

    rule: type[Refused]
    key: str
    secret: bool = False


class Release(NamedTuple):
    """What an event frees: the claim on `key`, or, without a key, all that its stream holds."""

    rule: type[Refused]
    key: str | None = None


# ── events ───────────────────────────────────────────────────────────────────────────────────


@dataclass_transform(frozen_default=True, kw_only_default=False)
class Event:
    """Something that happened, in the past tense; a frozen dataclass known by its bare name.

    The heading says which offices may decide it (`by`), which scope of a partnership covers it
    (`scope`) and whether its effective date may lie ahead (`ahead`: terms and notices only).
    The first field is the stream: to whom or what it happened. The first `PersonId` field is
    the person whom its sealed texts concern.
    """

    kinds: ClassVar[dict[str, type["Event"]]] = {}
    by: ClassVar[tuple[Office, ...]] = ()
    scope: ClassVar[Scope] = Scope.NEVER
    ahead: ClassVar[bool] = False

    def __init_subclass__(
        cls,
        *,
        by: Office | tuple[Office, ...],
        scope: Scope = Scope.NEVER,
        ahead: bool = False,
    ) -> None:
        if cls.__name__ in Event.kinds:
            raise TypeError(f"two events are called {cls.__name__}: the name is for ever")
        cls.by = by if isinstance(by, tuple) else (by,)
        cls.scope, cls.ahead = scope, ahead
        Event.kinds[cls.__name__] = dataclass(frozen=True)(cls)

    def takes(self) -> Iterable[Claim]:
        """The unique facts that this event claims; refused where another record holds one."""
        return ()

    def frees(self) -> Iterable[Release]:
        """The unique facts that this event gives back; done before its own are taken."""
        return ()


class NewerKind(Event, by=()):
    """A kind of fact that this version does not know yet: mirrored, shown, folded after an upgrade."""

    subject: StreamId
    kind: Code


del Event.kinds["NewerKind"]  # no fact is ever of this kind; it stands for those we cannot read


SYSTEM = PersonId("system")
"""Who signs in where a procedure runs by itself: nobody chose, the rules did."""


@dataclass(frozen=True)
class Decision:
    """Who decided, where it was not the one who signed in (decided on paper, 纸面决定)."""

    who: str  # a PersonId, or the UnionId whose committee decided
    office: Office
    paper: Code | None = None  # 文号


class Late(StrEnum):
    """Why a fact is entered long after it took effect (补录原因)."""

    TYPED_UP = "typed_up"  # 纸面名单事后录入
    PAPER_DELAYED = "paper_delayed"  # 材料迟到
    REPORTED_LATE = "reported_late"  # 本人或单位迟报
    LOADED = "loaded"  # 历史数据装入
    OUTAGE = "outage"  # 断电断网
    CORRECTION = "correction"  # 更正


@dataclass(frozen=True)
class Act:
    """Under what an officer acts: who signed in, for which union, in which office, when.

    `on` is when it takes effect (a business date that the officer gives), `today` the day of
    the book's clock. `decided_by` is there where the decision was made on paper; `origin` is the
    journal that it is to stand in, which its entry adds.
    """

    officer: PersonId
    union: UnionId
    office: Office
    on: date
    today: date
    decided_by: Decision | None = None
    evidence: tuple[str, ...] = ()  # commitments of attachments, hex
    late: Late | None = None
    correlation: str | None = None
    origin: str = ""

    @property
    def decider(self) -> str:
        """The person or the committee whose decision this is: duties are kept apart by this."""
        return self.decided_by.who if self.decided_by else self.officer

    @property
    def deciding_office(self) -> Office:
        return self.decided_by.office if self.decided_by else self.office

    def effective(self, on: date) -> "Act":
        """The same act with another effective date."""
        return replace(self, on=on)


@dataclass(frozen=True)
class Fact:
    """An event as it stands in a journal: what happened, and the circumstances of its record."""

    event: Event
    on: date
    origin: str = ""
    position: int = 0
    at: datetime | None = None
    officer: PersonId | None = None
    decided_by: Decision | None = None
    union: UnionId | None = None
    office: Office | None = None
    corrects: int | None = None
    causation: str | None = None

    @property
    def decider(self) -> str | None:
        return self.decided_by.who if self.decided_by else self.officer

    @property
    def ref(self) -> str:
        """How another record points at this one: `origin#position`."""
        return f"{self.origin}#{self.position}"


def standing(facts: Iterable[Fact]) -> list[Fact]:
    """The facts that stand: a correction takes the place of the record that it corrects.

    An annulment is a correction by an event that no fold heeds, so it needs no rule of its own.
    A correction of a correction stands in the first one's place.
    """
    places: list[Fact] = []
    place_of: dict[tuple[str, int], int] = {}
    for fact in facts:
        place = place_of.get((fact.origin, fact.corrects)) if fact.corrects is not None else None
        if place is None:
            place = len(places)
            places.append(fact)
        else:
            places[place] = fact
        if fact.position:
            place_of[fact.origin, fact.position] = place
    return places


class Aggregate:
    """A thing one can point at, folded from its facts.

    Deciding methods check the rules and return the event, or raise the rule; they change
    nothing. `after` folds one fact and never refuses: replay does not judge history.
    """

    grows_long: ClassVar[bool] = False
    """Whether its history grows long; then the book folds on from its last fold."""

    version: int = 0

    @classmethod
    def of(cls, history: Iterable[Fact]) -> Self:
        """Folds a history in the order given, corrections in the place of what they correct."""
        made = cls()
        for fact in standing(history):
            made.after(fact)
        return made

    @classmethod
    def told(cls, *events: Event, on: date = date(2026, 1, 1)) -> Self:
        """The thing after these events: for examples and tests of the law."""
        return cls.of(Fact(event, on, position=at) for at, event in enumerate(events, 1))

    def after(self, fact: Fact) -> None:
        """Folds one fact. Each kind of thing says how; a thing that does not is a bug."""
        raise NotImplementedError

    def copy(self) -> Self:
        """The same thing, to be folded on apart; what its containers hold never changes."""
        made = type(self).__new__(type(self))
        for name, value in self.__dict__.items():
            made.__dict__[name] = value.copy() if isinstance(value, dict | list | set) else value
        return made


@dataclass
class Terms:
    """Things that hold from one date until another (end excluded; None: still)."""

    spans: list[tuple[Any, date, date | None]] = field(default_factory=list[Any])

    def begin(self, thing: Any, since: date, until: date | None = None) -> None:
        self.spans.append((thing, since, until))

    def end(self, thing: Any, on: date) -> None:
        self.spans = [
            (held, since, on if held == thing and (until is None or until > on) else until)
            for held, since, until in self.spans
        ]

    def at(self, on: date) -> Iterator[Any]:
        for thing, since, until in self.spans:
            if since <= on and (until is None or on < until):
                yield thing


# ── rules that hold for every act ────────────────────────────────────────────────────────────


class DateAhead(
    Refused,
    zh="除期限和通知外，业务日期不得晚于今天。",
    article="design: two times",
    instead="填写实际发生的日期；尚未发生的事，到时再登记。",
):
    """Nothing but a term or a notice takes effect in the future."""


class LateWithoutReason(
    Refused,
    zh="补录早于规定天数的事实，须选择补录原因。",
    article="rules (e) evidence",
    instead="选择补录原因，并附纸面依据。",
):
    """A fact that is entered long after it took effect says why."""


def dated(event: Event, act: Act, late_after_days: int) -> None:
    """Refuses a date ahead, and a late date without a reason.

    Raises: DateAhead, LateWithoutReason.
    """
    if act.on > act.today and not event.ahead:
        raise DateAhead(on=act.on.isoformat(), today=act.today.isoformat())
    if act.late is None and (act.today - act.on).days > late_after_days:
        raise LateWithoutReason(
            on=act.on.isoformat(), today=act.today.isoformat(), days=late_after_days
        )


def weigh(act: Act, breaches: Iterable[Refused | None]) -> tuple[Code, ...]:
    """Refuses what an office is about to do; of what was already done, names the broken rules.

    Done already is what was decided on paper, or took effect before today.
    """
    broken = [breach for breach in breaches if breach is not None]
    if broken and act.decided_by is None and act.on >= act.today:
        raise broken[0]
    return tuple(Code(type(breach).__name__) for breach in broken)
