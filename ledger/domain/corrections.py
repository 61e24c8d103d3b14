"""Corrections (更正): correcting or annulling any fact; annotations and disputes of the partner's.

A fact is never edited. To correct one takes two records in one entry: this room's, with the reason,
and another of the same kind, whose header `corrects` the first and which stands in its place. To
annul one takes a single record of this room, whose header does the same. The old stays visible.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, get_args, get_type_hints

from ledger.domain.ids import BYSTANDERS, PartnershipId, PersonId, UnionId, ids_in
from ledger.domain.kernel import (
    Act,
    CaseText,
    Code,
    Event,
    Fact,
    Fen,
    Group,
    Office,
    Public,
    PublicText,
    Refused,
    Scope,
    Sealed,
    StreamId,
    standing,
)


class Why(StrEnum):
    """Why a fact is corrected or annulled (更正、作废原因)."""

    MISTYPED = "mistyped"  # 录入有误
    PAPER_WRONG = "paper_wrong"  # 来件有误
    WRONG_PERSON = "wrong_person"  # 记在他人名下
    WRONG_UNION = "wrong_union"  # 记在其他工会
    WRONG_DATE = "wrong_date"  # 日期有误
    TWICE = "twice"  # 重复登记
    NOT_SO = "not_so"  # 经查不属实
    WORKER_ASKED = "worker_asked"  # 本人要求更正
    DECIDED_OTHERWISE = "decided_otherwise"  # 申诉、上级改变决定
    OTHER = "other"  # 其他


class Disagreement(StrEnum):
    """What is wrong with a partner's fact, in our view (异议理由)."""

    NOT_SO = "not_so"  # 不属实
    DATE_DIFFERS = "date_differs"  # 日期不符
    PERSON_DIFFERS = "person_differs"  # 人员不符
    UNION_DIFFERS = "union_differs"  # 工会不符
    AMOUNT_DIFFERS = "amount_differs"  # 金额不符
    OUR_RECORD_DIFFERS = "our_record_differs"  # 与我方记录不符
    OTHER = "other"  # 其他


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class OnlyTheRecorderCorrects(
    Refused,
    zh="只能由登记该事实的一方更正或作废。",
    article="rules (d) 7",
    instead="对方登记的事实，可以认可、异议或批注，并请对方更正。",
):
    """A fact is corrected or annulled where it was recorded, by its union or one above."""


class NotThePartners(
    Refused,
    zh="这是我方登记的事实，不作认可、异议或批注。",
    article="rules (d) 7",
    instead="有误的，办理更正或作废。",
):
    """To accept, dispute or annotate is for facts of the other side."""


class SecondPersonConfirms(
    Refused,
    zh="涉及身份、银行卡或金额的更正，须由第二人确认。",
    article="design: corrections; rules (d)",
    instead="请在该工会或其上级工会任职、未参与此事的另一人核对后确认。",
):
    """Where identity, a bank card or money is concerned, another officer with no part in it confirms."""


class ReasonMissing(
    Refused,
    zh="更正、作废、异议须写明理由。",
    article="design: corrections",
    instead="写明错在何处、依据是什么。",
):
    """Nobody corrects, annuls or disputes without saying why."""


class NothingToCorrect(
    Refused,
    zh="更正前后没有不同。",
    article="design: corrections",
    instead="核对更正内容。",
):
    """A correction changes something."""


class AnotherThing(
    Refused,
    zh="更正后的事实须与原事实同类、同一对象、同一人；所属工会、决定的内容和结论不作更正。",
    article="design: corrections",
    instead="记错人、记错对象、记错工会或决定有误的，作废原事实，另行登记、另行决定；日期、文号和文字可以更正。",
):
    """A replacement is of the same kind, of the same thing, person and union, and decides the same."""


class AlreadyAnnulled(
    Refused,
    zh="该事实已经作废。",
    article="design: corrections",
    instead="需要恢复的，另行登记。",
):
    """What was annulled is not corrected; it is recorded anew."""


class AlreadyCorrected(
    Refused,
    zh="该事实已被更正，请在更正后的事实上办理。",
    article="design: corrections",
    instead="打开更正后的事实。",
):
    """What was corrected is corrected where it stands now."""


class OthersRelyOnIt(
    Refused,
    zh="接转、案件移交、拨付、划转、疑点与争议的各步，抽样，以及与对方交换的凭据，不得作废，也不得更改双方、对象、金额和次序。",
    article="design: custody",
    instead="未答复的，撤回；已转出、已划出的，由现所在工会转回、划回；疑点可以撤回。日期和文字可以更正。",
):
    """A step of a transfer, a lead, money or a question, or what was exchanged, is undone by a new step."""


# ── events ───────────────────────────────────────────────────────────────────────────────────

_CORRECTORS = (
    Office.CHAIR,
    Office.REVIEWER,
    Office.APPROVER,
    Office.CLERK,
    Office.LIAISON,
    Office.STATION,
    Office.ACCOUNTANT,
    Office.LEGAL,
    Office.PRIVACY,
)


class FactCorrected(Event, by=_CORRECTORS, scope=Scope.ALWAYS):
    """更正: the fact at `position` is replaced by another of its kind, in the same entry."""

    stream: StreamId
    position: int
    kind: Code
    person: PersonId | None
    why: Why
    confirmed_by: PersonId | None = None
    reason: CaseText = ""
    note: PublicText = ""
    under: PartnershipId | None = None  # the agreement that the fact went under


class FactAnnulled(Event, by=_CORRECTORS, scope=Scope.ALWAYS):
    """作废: the fact at `position` no longer stands, and nothing in its place."""

    stream: StreamId
    position: int
    kind: Code
    person: PersonId | None
    why: Why
    confirmed_by: PersonId | None = None
    reason: CaseText = ""
    note: PublicText = ""
    under: PartnershipId | None = None  # the agreement that the fact went under


class PartnerFactAccepted(Event, by=_CORRECTORS, scope=Scope.ALWAYS):
    """认可对方事实: read, and agreed with; a dispute that stood is settled by it."""

    stream: StreamId
    origin: Code
    position: int
    kind: Code
    person: PersonId | None
    opinion: CaseText = ""
    note: PublicText = ""


class PartnerFactDisputed(Event, by=_CORRECTORS, scope=Scope.ALWAYS):
    """对对方事实提出异议: with the ground; the fact stands until its recorder corrects it."""

    stream: StreamId
    origin: Code
    position: int
    kind: Code
    person: PersonId | None
    ground: Disagreement
    opinion: CaseText = ""
    note: PublicText = ""


class PartnerFactAnnotated(Event, by=_CORRECTORS, scope=Scope.ALWAYS):
    """批注对方事实: something to be read beside it."""

    stream: StreamId
    origin: Code
    position: int
    kind: Code
    person: PersonId | None
    opinion: CaseText = ""
    note: PublicText = ""


FINAL = frozenset(
    {
        "TransferOffered",
        "TransferAccepted",
        "TransferDeclined",
        "MembershipReleased",
        "MembershipReceived",
        "TransferReturned",
        "TransferLapsed",
        "TransferWithdrawn",
        "AcceptanceVoided",
        "LeadOffered",
        "LeadAccepted",
        "LeadDeclined",
        "LeadReleased",
        "LeadReturned",
        "LeadLapsed",
        "LeadWithdrawn",
        "PartnerRead",
        "HardshipFileClosed",
        "FactCorrected",
        "FactAnnulled",
        "FundAllotted",
        "AllotmentReceived",
        "ShareOffered",
        "ShareAccepted",
        "ShareDeclined",
        "ShareReleased",
        "ShareReceived",
        "ShareReturned",
        "ShareLapsed",
        "ShareWithdrawn",
        "ShareAcceptanceVoided",
        "QuestionRaised",
        "QuestionAnswered",
        "QuestionRuled",
        "QuestionClosed",
        "SampleDrawn",
    }
)
"""Kinds on which others act at once: never annulled; only dates and sealed texts change."""

SAID_ANEW = frozenset(
    {
        "AlarmSettled",
        "CardAdmitted",
        "OfficerAppointed",
        "OfficerRelieved",
        "OfficeDelegated",
        "EntryEntrusted",
    }
)
"""Kinds that were judged against what stood then: annulled and judged again, never corrected."""

DECIDED = frozenset(
    {
        "SchemeAdopted",
        "AidApplied",
        "AidAmended",
        "PayeeNamed",
        "MeansChecked",
        "AidReviewed",
        "NoticePosted",
        "NoticeTakenDown",
        "ObjectionRaised",
        "ObjectionAnswered",
        "AidHeld",
        "HoldLifted",
        "AidApproved",
        "EmergencyReviewed",
        "PaymentInstructed",
        "PaymentMade",
        "PaymentFailed",
        "PaymentReturned",
        "ReceiptSigned",
        "TakeBackOrdered",
        "MoneyTakenBack",
        "GrantClosed",
        "AidListDrawnUp",
        "AidListClosed",
        "StruckOff",
        "AidListApproved",
        "SheetPaid",
        "MoneyReserved",
        "ReservationReleased",
        "MoneyDrawn",
        "MoneyReturned",
        "UnfundedCovered",
    }
)
"""Kinds of which only dates, papers and texts change: all else was decided, or follows from it."""

TURNS_ON = frozenset(
    {
        "union",
        "to_union",
        "to_origin",
        "from_union",
        "from_origin",
        "kept",
        "ended",
        "fit",
        "findings",
        "acting_for",
        "content",
        "fund",
        "review_by",
        "keeper",
        "joint",
        "under",
    }
)
"""Fields of any kind that say whose it is, what was decided, and which rules that broke."""

_PAPERS = frozenset({"paper", "minutes", "voucher"})


# ── decisions ────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Correction:
    """What a correction writes in one entry: `head`, then `replacement` with header `corrects`."""

    head: FactCorrected
    replacement: Event
    corrects: int


def correct(
    act: Act, fact: Fact, replacement: Event, history: Iterable[Fact], *, origin: str,
    line: Sequence[UnionId], why: Why, reason: str, confirmed_by: PersonId | None = None,
) -> Correction:  # fmt: skip
    """Puts another fact in the place of one of ours; `act.on` is the date that it now takes effect.

    `history`: the facts of its stream; `origin`: our own journal's; `line`: the union that
    recorded it and those above.

    Raises: OnlyTheRecorderCorrects, AlreadyAnnulled, AlreadyCorrected, AnotherThing,
    NothingToCorrect, OthersRelyOnIt, ReasonMissing, SecondPersonConfirms.
    """
    event = fact.event
    _ours_and_standing(act, fact, history, origin, line)
    if type(replacement) is not type(event) or kind_of(event) in SAID_ANEW:
        raise AnotherThing(kind=kind_of(event), instead=kind_of(replacement))
    if stream_of(replacement) != stream_of(event) or person_of(replacement) != person_of(event):
        raise AnotherThing(kind=kind_of(event), stream=stream_of(event))
    if replacement == event and act.on == fact.on:
        raise NothingToCorrect(kind=kind_of(event), position=fact.position)
    if kind_of(event) in FINAL and _unsealed(replacement) != _unsealed(event):
        raise OthersRelyOnIt(kind=kind_of(event), position=fact.position)
    decided = [
        each for each in fixed(type(event)) if getattr(replacement, each) != getattr(event, each)
    ]
    if decided:
        raise AnotherThing(kind=kind_of(event), fields=sorted(decided))
    second = _confirmed(act, event, confirmed_by, reason)
    head = FactCorrected(*_pointer(fact), why, second, *_told(event, reason), _under(event))
    return Correction(head, replacement, fact.position)


def annul(
    act: Act, fact: Fact, history: Iterable[Fact], *, origin: str, line: Sequence[UnionId],
    why: Why, reason: str, confirmed_by: PersonId | None = None,
) -> FactAnnulled:  # fmt: skip
    """Takes one of our facts away. Its record's header `corrects` the fact's position.

    Raises: OnlyTheRecorderCorrects, AlreadyAnnulled, AlreadyCorrected, OthersRelyOnIt,
    ReasonMissing, SecondPersonConfirms.
    """
    _ours_and_standing(act, fact, history, origin, line)
    if kind_of(fact.event) in FINAL:
        raise OthersRelyOnIt(kind=kind_of(fact.event), position=fact.position)
    second = _confirmed(act, fact.event, confirmed_by, reason)
    told = _told(fact.event, reason)
    return FactAnnulled(*_pointer(fact), why, second, *told, _under(fact.event))


def accept_partners(act: Act, fact: Fact, *, origin: str, opinion: str = "") -> PartnerFactAccepted:
    """Raises: NotThePartners."""
    return PartnerFactAccepted(*_partners(fact, origin), *_told(fact.event, opinion))


def dispute_partners(
    act: Act, fact: Fact, ground: Disagreement, opinion: str, *, origin: str
) -> PartnerFactDisputed:
    """Raises: NotThePartners, ReasonMissing."""
    pointer = _partners(fact, origin)
    if not opinion.strip():
        raise ReasonMissing(kind=kind_of(fact.event))
    return PartnerFactDisputed(*pointer, ground, *_told(fact.event, opinion))


def annotate_partners(act: Act, fact: Fact, opinion: str, *, origin: str) -> PartnerFactAnnotated:
    """Raises: NotThePartners, ReasonMissing."""
    pointer = _partners(fact, origin)
    if not opinion.strip():
        raise ReasonMissing(kind=kind_of(fact.event))
    return PartnerFactAnnotated(*pointer, *_told(fact.event, opinion))


def _ours_and_standing(
    act: Act, fact: Fact, history: Iterable[Fact], origin: str, line: Sequence[UnionId]
) -> None:
    if fact.origin != origin or (fact.union is not None and act.union not in line):
        raise OnlyTheRecorderCorrects(origin=fact.origin, union=fact.union)
    instead = _in_place_of(fact, history)
    if instead is not None and isinstance(instead.event, FactAnnulled):
        raise AlreadyAnnulled(position=fact.position, by=instead.position)
    if instead is not None:
        raise AlreadyCorrected(position=fact.position, by=instead.position)


def _in_place_of(fact: Fact, history: Iterable[Fact]) -> Fact | None:
    """What stands where this fact stood; None where it stands itself."""
    instead, positions = None, {fact.position}
    for one in history:
        if one.origin == fact.origin and one.corrects in positions:
            instead = one
            positions.add(one.position)
    return instead


def _confirmed(
    act: Act, event: Event, confirmed_by: PersonId | None, reason: str
) -> PersonId | None:
    if not reason.strip():
        raise ReasonMissing(kind=kind_of(event))
    alone = confirmed_by is None or confirmed_by in (act.decider, act.officer, person_of(event))
    if (needs_second(type(event)) or confirmed_by is not None) and alone:
        raise SecondPersonConfirms(kind=kind_of(event))
    return confirmed_by


def _partners(fact: Fact, origin: str) -> tuple[StreamId, Code, int, Code, PersonId | None]:
    if fact.origin == origin:
        raise NotThePartners(origin=origin)
    stream, position, kind, person = _pointer(fact)
    return stream, Code(fact.origin), position, kind, person


def _pointer(fact: Fact) -> tuple[StreamId, int, Code, PersonId | None]:
    event = fact.event
    return stream_of(event), fact.position, kind_of(event), person_of(event)


def _told(event: Event, text: str) -> tuple[str, str]:
    """The text, sealed to the person whom the fact concerns; public where it concerns nobody."""
    return (text, "") if person_of(event) is not None else ("", text)


def _under(event: Event) -> PartnershipId | None:
    """The agreement that the fact went under: its correction goes where it went."""
    return getattr(event, "under", None)


# ── what an event tells of itself ────────────────────────────────────────────────────────────


def kind_of(event: Event) -> Code:
    return Code(type(event).__name__)


def stream_of(event: Event) -> StreamId:
    """The first field: to what it happened."""
    return StreamId(getattr(event, fields(event)[0].name))  # pyright: ignore[reportArgumentType]


def person_of(event: Event) -> PersonId | None:
    """Whom it concerns: the first `PersonId` of somebody who is no bystander."""
    for name, hint in _hints(type(event)).items():
        if name not in BYSTANDERS and (hint is PersonId or PersonId in get_args(hint)):
            return getattr(event, name)
    return None


@cache
def fixed(kind: type[Event]) -> frozenset[str]:
    """The fields that no correction changes: it is annulled, and recorded or decided anew."""
    found = {name for name, hint in _hints(kind).items() if _decides(kind, name, hint)}
    if kind.__name__ == "CostRecorded":
        found.discard("fund")  # what it drew is put right with it
    return frozenset(found)


def _decides(kind: type[Event], name: str, hint: Any) -> bool:
    parts = (hint, *get_args(hint))
    if any(isinstance(each, Sealed | Public) for each in parts):
        return False
    said = name in _PAPERS or date in parts
    return name in TURNS_ON or (kind.__name__ in DECIDED and not said)


@cache
def needs_second(kind: type[Event]) -> bool:
    """Whether facts of this kind are about identity, a bank card or money."""
    for hint in _hints(kind).values():
        if hint is Fen or Fen in get_args(hint):
            return True
        if any(isinstance(m, Sealed) and m.group in _GRAVE for m in get_args(hint)):
            return True
    return kind.__name__ == "PersonDied"


_GRAVE = {Group.IDENTITY, Group.BANK}


@cache
def _hints(kind: type[Event]) -> Mapping[str, Any]:
    hints = get_type_hints(kind, include_extras=True)
    return {one.name: hints[one.name] for one in fields(kind)}  # pyright: ignore[reportArgumentType]


def _unsealed(event: Event) -> dict[str, object]:
    hints = _hints(type(event))
    return {
        name: getattr(event, name)
        for name, hint in hints.items()
        if not any(isinstance(m, Sealed) for m in get_args(hint))
    }


# ── what rests on a fact ─────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Dependent:
    """A later fact that rests on one to be corrected, with what to do about it next."""

    fact: Fact
    zh: str
    en: str


_MEMBERSHIP = ("MemberEnrolled", "MembershipLoaded", "MembershipTakenIn", "MembershipReceived")
ENDINGS = (
    "MemberLeft",
    "MemberDeemedLeft",
    "MemberExpelled",
    "MembershipEndedByDeath",
    "MembershipHandedOut",
    "DoubleMembershipSettled",
)

_MONEY_IN = ("FundOpened", "FundCredited", "AllotmentReceived", "ShareReceived")

RESTS_ON: Mapping[str, tuple[str, ...]] = {
    "ApplicationExamined": ("MembershipApplied",),
    "ApplicationDeclined": ("MembershipApplied",),
    "ApplicationWithdrawn": ("MembershipApplied",),
    "MemberEnrolled": ("MembershipApplied", "ApplicationExamined"),
    "TransferOffered": (*_MEMBERSHIP, "RequestAnswered"),
    "TransferAccepted": ("TransferOffered",),
    "TransferDeclined": ("TransferOffered",),
    "TransferWithdrawn": ("TransferOffered",),
    "TransferLapsed": ("TransferOffered",),
    "MembershipReleased": ("TransferAccepted",),
    "TransferReturned": ("TransferDeclined",),
    "MembershipReceived": ("MembershipReleased",),
    "MembershipRetained": _MEMBERSHIP,
    "MembershipResumed": ("MembershipRetained",),
    "ManagementEntrusted": _MEMBERSHIP,
    "ManagementEnded": ("ManagementEntrusted",),
    "MemberUrged": _MEMBERSHIP,
    "MemberDeemedLeft": (*_MEMBERSHIP, "MemberUrged"),
    **{kind: _MEMBERSHIP for kind in ENDINGS if kind != "MemberDeemedLeft"},
    "SeniorityKept": (*_MEMBERSHIP, "DoubleMembershipSettled"),
    "MembershipReinstated": ENDINGS,
    "RequestAnswered": ("TransferRequested",),
    "RequestRefused": ("TransferRequested",),
    "RequestEscalated": ("TransferRequested", "RequestRefused"),
    "RequestClosed": ("TransferRequested",),
    "PersonIdentified": ("PersonRegistered",),
    "NumberCorrected": ("PersonRegistered", "PersonIdentified"),
    "PersonsUnlinked": ("PersonsLinked",),
    "HouseholdMemberJoined": ("HouseholdOpened",),
    "HouseholdMemberLeft": ("HouseholdMemberJoined",),
    "GuardianNamed": ("HouseholdMemberJoined",),
    "HardshipFileReviewed": ("HardshipFileOpened",),
    "HardshipFileClosed": ("HardshipFileOpened",),
    "SchemeRepealed": ("SchemeAdopted",),
    "CaseClosed": (
        "ClaimMade",
        "ClaimRevised",
        "SettlementAgreed",
        "ShareAgreed",
        "RecoveryRecorded",
        "ShareRecovered",
    ),
    "CaseReopened": ("CaseClosed",),
    "SeatTaken": ("TripAnnounced",),
    "SeatGivenUp": ("SeatTaken",),
    "GuardianAgreed": ("SeatTaken",),
    "PassengerDeparted": ("SeatTaken", "GuardianAgreed"),
    "CostRecorded": ("ServiceGiven", "ServicesTallied", "TripAnnounced"),
    "FundCredited": ("FundOpened",),
    "FundAllotted": _MONEY_IN,
    "AllotmentReceived": ("FundAllotted",),
    "MoneyReserved": (*_MONEY_IN, "AidApproved", "AidListApproved"),
    "ReservationReleased": ("MoneyReserved",),
    "MoneyDrawn": ("MoneyReserved", "PaymentMade", "SheetPaid"),
    "CostDrawn": (*_MONEY_IN, "CostRecorded"),
    "PastPaymentNoted": ("FundOpened", "PastAidRecorded"),
    "MoneyReturned": ("MoneyDrawn", "PastPaymentNoted", "PaymentReturned", "MoneyTakenBack"),
    "UnfundedCovered": (*_MONEY_IN, "PastPaymentNoted"),
    "ShareOffered": _MONEY_IN,
    "ShareAccepted": ("ShareOffered",),
    "ShareDeclined": ("ShareOffered",),
    "ShareWithdrawn": ("ShareOffered",),
    "ShareLapsed": ("ShareOffered",),
    "ShareReleased": ("ShareAccepted",),
    "ShareReturned": ("ShareDeclined",),
    "ShareReceived": ("ShareReleased",),
    "ShareAcceptanceVoided": ("ShareAccepted",),
    "FundClosed": ("FundOpened",),
}
"""Which kinds rest on which. A kind that is not named rests on what founded the thing it mentions."""

FOUNDING = ("PersonRegistered", "HouseholdOpened", "MembershipApplied", *_MEMBERSHIP)

NEXT: Mapping[str, tuple[str, str]] = {
    "ApplicationExamined": ("重新审核", "Examine again"),
    "MemberEnrolled": ("作废或重新批准", "Annul, or approve again"),
    "TransferOffered": ("未答复的撤回；已转出的请对方转回", "Withdraw, or ask for it back"),
    "TransferAccepted": ("请转出方撤回后重新发起", "Ask the origin to offer again"),
    "MembershipReleased": ("由现所在工会转回", "Have the holder transfer it back"),
    "MembershipReceived": ("转回原工会", "Transfer it back"),
    "MembershipRetained": ("更正或作废保留记录", "Correct or annul the retention"),
    "ManagementEntrusted": ("终止委托管理", "End the entrusted management"),
    "MemberUrged": ("通知本人催告无效", "Tell the member that the urging is void"),
    "DoubleMembershipSettled": ("重新核对两份会籍", "Look at both memberships again"),
    "SeniorityKept": ("核对会龄起算日期", "Check the date that seniority counts from"),
    "PersonsLinked": ("核对关联是否仍成立", "Check whether the link still holds"),
    "NumberCorrected": ("对照原件核对号码", "Check the number against the card"),
    "FundAllotted": ("余额不足的，由接收方拨回", "Have it allotted back where too little is left"),
    "MoneyReserved": (
        "核对留用是否仍有资金；不足的补足资金，或修改救助",
        "See that there is money for it: add some, or amend the grant",
    ),
    "MoneyDrawn": ("核对付款凭证；多付的追回", "Check the voucher; take back what was too much"),
    "CostDrawn": ("更正或作废这一笔服务支出", "Correct or annul the cost of the service"),
    "PastPaymentNoted": ("核对补记的付款和资金来源", "Check the past payment and its money"),
    "MoneyReturned": ("核对退回凭证和退回的资金", "Check the voucher of what came back"),
    "UnfundedCovered": ("重新核对无资金来源的付款", "Look again at what has no money"),
    "ShareOffered": ("未答复的撤回；已划出的请对方划回", "Withdraw, or ask for it back"),
    "ShareReleased": ("请对方另行划回", "Have the other share offer it back"),
    "ShareReceived": ("另行划回", "Offer it back"),
    "CaseClosed": ("核对结案方式，与账目不符的重启案件", "Check the outcome, or open it again"),
}
_OTHERWISE = ("核对该事实是否仍成立", "Check whether it still holds")


def dependents(fact: Fact, later: Iterable[Fact]) -> list[Dependent]:
    """The later facts that rest on this one, directly or through another, each with its next act.

    What no longer stands, and what corrects, rests on nothing.
    """
    shaken = {_footing(fact)}
    found: list[Dependent] = []
    for one in standing(later):
        if isinstance(one.event, FactCorrected | FactAnnulled) or one.ref == fact.ref:
            continue
        mentioned = {stream_of(one.event), *_mentioned(one.event)}
        if any(stream in mentioned and _rests(one.event, kind) for kind, stream in shaken):
            found.append(Dependent(one, *NEXT.get(kind_of(one.event), _OTHERWISE)))
            shaken.add(_footing(one))
    return found


def _footing(fact: Fact) -> tuple[Code, StreamId]:
    return kind_of(fact.event), stream_of(fact.event)


def _rests(event: Event, kind: Code) -> bool:
    return kind in RESTS_ON.get(kind_of(event), FOUNDING)


def _mentioned(event: Event) -> Iterable[str]:
    for one in fields(event):  # pyright: ignore[reportArgumentType]
        yield from ids_in(getattr(event, one.name))
