"""What can happen to aid (救助事实): one event a step, each with who may decide it.

The first person of an event is the applicant, to whom its texts are sealed; `acting_for` is who
held the office, where somebody else acted in her stead; `findings` names the rules that a
decision on paper, or what had happened already, did not keep.
"""

from datetime import date

from ledger.domain.aid.words import (
    Failure,
    Goods,
    Lifted,
    Means,
    Outcome,
    PayeeKind,
    Signed,
    TakenBackFor,
)
from ledger.domain.aiding import AidKind, PayMode
from ledger.domain.ids import (
    AidListId,
    ConsentId,
    FileId,
    FundId,
    GrantId,
    HouseholdId,
    PersonId,
    SchemeId,
    UnionId,
)
from ledger.domain.kernel import (
    AccountText,
    BankText,
    Basis,
    Code,
    Event,
    Fen,
    HardshipText,
    Office,
    PublicText,
    Scope,
)

_TAKERS = (Office.CLERK, Office.STATION)
_FINANCE = (Office.CASHIER, Office.ACCOUNTANT)


# ── application and examination ──────────────────────────────────────────────────────────────


class AidApplied(Event, by=_TAKERS, scope=Scope.AID):
    """申请救助: `need` names the one need (a school year, an illness) that is aided once."""

    grant: GrantId
    person: PersonId
    union: UnionId
    scheme: SchemeId
    version: int
    kind: AidKind
    amount: Fen
    beneficiary: PersonId
    need: Code
    household: HouseholdId | None = None
    file: FileId | None = None
    aid_list: AidListId | None = None
    emergency: bool = False
    acting_for: PersonId | None = None
    reason: HardshipText = ""


class AidAmended(Event, by=_TAKERS, scope=Scope.AID):
    """修改申请: what was approved before is approved no longer."""

    grant: GrantId
    person: PersonId
    amount: Fen
    need: Code
    acting_for: PersonId | None = None
    reason: HardshipText = ""


class PayeeNamed(Event, by=_TAKERS, scope=Scope.AID):
    """登记收款人: the account is sealed; `naming` counts how often a payee was named."""

    grant: GrantId
    person: PersonId
    naming: int
    kind: PayeeKind
    payee: PersonId | None = None
    paper: Code | None = None
    acting_for: PersonId | None = None
    holder: BankText = ""
    bank: BankText = ""
    account: AccountText = ""


class HouseholdVisited(Event, by=(Office.CLERK, Office.STATION, Office.REVIEWER), scope=Scope.AID):
    """入户调查: the household was seen."""

    grant: GrantId
    person: PersonId
    acting_for: PersonId | None = None
    finding: HardshipText = ""


class MeansChecked(Event, by=(Office.CLERK, Office.REVIEWER), scope=Scope.AID):
    """家庭经济状况核对: the answer of the verification centre."""

    grant: GrantId
    person: PersonId
    result: Means
    paper: Code | None = None
    acting_for: PersonId | None = None
    finding: HardshipText = ""


class AidReviewed(Event, by=Office.REVIEWER, scope=Scope.AID):
    """审核: a second look; `amount` is what the reviewer proposes."""

    grant: GrantId
    person: PersonId
    amount: Fen
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()
    opinion: HardshipText = ""


class NoticePosted(Event, by=_TAKERS, scope=Scope.AID, ahead=True):
    """公示: from `since` to `until`, both included; on which legal basis a name is made public."""

    grant: GrantId
    person: PersonId
    paper: Code
    since: date
    until: date
    basis: Basis
    place: PublicText
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()


class NoticeTakenDown(Event, by=(*_TAKERS, Office.PRIVACY, Office.PROCEDURE), scope=Scope.AID):
    """撤下公示: the consent it rests on was withdrawn; from here on only its posting is proven."""

    grant: GrantId
    person: PersonId
    paper: Code
    consent: ConsentId | None = None


class ObjectionRaised(Event, by=(*_TAKERS, Office.REVIEWER), scope=Scope.AID):
    """异议: somebody says that this should not be granted."""

    grant: GrantId
    person: PersonId
    objection: int
    said: HardshipText = ""


class ObjectionAnswered(Event, by=(*_TAKERS, Office.REVIEWER, Office.CHAIR), scope=Scope.AID):
    """异议答复: by someone other than the handler."""

    grant: GrantId
    person: PersonId
    objection: int
    upheld: bool
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()
    answer: HardshipText = ""


# ── one need, two payers ─────────────────────────────────────────────────────────────────────


class AidHeld(Event, by=Office.PROCEDURE, scope=Scope.AID):
    """疑似重复，暂停: another grant, here or at the partner's, is for the same need."""

    grant: GrantId
    person: PersonId
    other: GrantId


class HoldLifted(Event, by=(Office.REVIEWER, Office.APPROVER), scope=Scope.AID):
    """解除暂停: a person has looked at both and says why this one goes on."""

    grant: GrantId
    person: PersonId
    other: GrantId
    ground: Lifted
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()
    opinion: HardshipText = ""


# ── decision ─────────────────────────────────────────────────────────────────────────────────


class AidApproved(Event, by=Office.APPROVER, scope=Scope.AID):
    """审批: of exactly this content; any change voids it."""

    grant: GrantId
    person: PersonId
    amount: Fen
    fund: FundId
    content: Code
    minutes: Code | None = None
    review_by: date | None = None
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()
    opinion: HardshipText = ""


class AidDeclined(Event, by=(Office.REVIEWER, Office.APPROVER), scope=Scope.AID):
    """不予救助: with an opinion."""

    grant: GrantId
    person: PersonId
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()
    opinion: HardshipText = ""


class AidWithdrawn(Event, by=_TAKERS, scope=Scope.AID):
    """撤回申请: the applicant no longer asks."""

    grant: GrantId
    person: PersonId
    reason: HardshipText = ""


class EmergencyReviewed(Event, by=(Office.REVIEWER, Office.APPROVER), scope=Scope.AID):
    """紧急救助补审: what one person approved in a hurry is looked at by another."""

    grant: GrantId
    person: PersonId
    upheld: bool
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()
    opinion: HardshipText = ""


# ── money ────────────────────────────────────────────────────────────────────────────────────


class PaymentInstructed(Event, by=_FINANCE, scope=Scope.AID):
    """送付: the money is on its way; `instead_of` is the payment that did not arrive."""

    grant: GrantId
    person: PersonId
    payment: int
    amount: Fen
    mode: PayMode
    payee: int
    instead_of: int | None = None
    goods: tuple[Goods, ...] = ()
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()


class PaymentMade(Event, by=_FINANCE, scope=Scope.AID):
    """支付: by the bank's answer, or from hand to hand; by a sheet perhaps `instead_of` another."""

    grant: GrantId
    person: PersonId
    payment: int
    amount: Fen
    mode: PayMode
    voucher: Code
    sheet: AidListId | None = None
    instead_of: int | None = None
    goods: tuple[Goods, ...] = ()
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()


class PaymentFailed(Event, by=_FINANCE, scope=Scope.AID):
    """付款失败: the money never left."""

    grant: GrantId
    person: PersonId
    payment: int
    why: Failure


class PaymentReturned(Event, by=_FINANCE, scope=Scope.AID):
    """退汇: the money left and came back."""

    grant: GrantId
    person: PersonId
    payment: int
    amount: Fen
    why: Failure
    voucher: Code


class ReceiptSigned(
    Event,
    by=(Office.CLERK, Office.REVIEWER, Office.STATION, Office.LEGAL, Office.CHAIR),
    scope=Scope.AID,
):
    """签收: how it is known that it was received, and who collected it where another did."""

    grant: GrantId
    person: PersonId
    payment: int
    how: Signed
    collector: PersonId | None = None
    paper: Code | None = None
    sheet: AidListId | None = None
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()
    remark: HardshipText = ""


class TakeBackOrdered(Event, by=Office.APPROVER, scope=Scope.AID):
    """决定追回: what was paid is to come back."""

    grant: GrantId
    person: PersonId
    amount: Fen
    why: TakenBackFor
    acting_for: PersonId | None = None
    opinion: HardshipText = ""


class MoneyTakenBack(Event, by=_FINANCE, scope=Scope.AID):
    """追回到账: it came back."""

    grant: GrantId
    person: PersonId
    amount: Fen
    voucher: Code


class GrantClosed(Event, by=(Office.CLERK, Office.REVIEWER), scope=Scope.AID):
    """办结: nothing of it is open any more."""

    grant: GrantId
    person: PersonId
    outcome: Outcome


class PastAidRecorded(Event, by=(Office.CLERK, Office.ACCOUNTANT), scope=Scope.AID):
    """补录已发放的救助: paid on paper before; recorded as it was, its gaps become findings."""

    grant: GrantId
    person: PersonId
    union: UnionId
    kind: AidKind
    amount: Fen
    beneficiary: PersonId
    need: Code
    mode: PayMode
    voucher: Code
    fund: FundId
    handler: PersonId | None = None
    approver: PersonId | None = None
    signed: bool = False
    findings: tuple[Code, ...] = ()
    remark: HardshipText = ""


# ── lists of one amount ──────────────────────────────────────────────────────────────────────


class AidListDrawnUp(Event, by=_TAKERS, scope=Scope.AID):
    """名单拟定: everybody on it is given the same; each is on record as a grant of her own."""

    aid_list: AidListId
    union: UnionId
    title: PublicText
    scheme: SchemeId
    version: int
    kind: AidKind
    each: Fen
    mode: PayMode
    acting_for: PersonId | None = None


class AidListClosed(Event, by=_TAKERS, scope=Scope.AID):
    """名单送审: how many, how much in all, a digest of who; `hands` put people on it."""

    aid_list: AidListId
    union: UnionId
    count: int
    total: Fen
    content: Code
    hands: tuple[PersonId, ...] = ()
    acting_for: PersonId | None = None


class StruckOff(Event, by=(*_TAKERS, Office.REVIEWER), scope=Scope.AID):
    """从名单中剔除: this one is not given it, and why."""

    grant: GrantId
    person: PersonId
    aid_list: AidListId
    reason: HardshipText = ""


class AidListReviewed(Event, by=Office.REVIEWER, scope=Scope.AID):
    """名单审核: a second look at who is on it."""

    aid_list: AidListId
    union: UnionId
    content: Code
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()


class AidListApproved(Event, by=Office.APPROVER, scope=Scope.AID):
    """名单审批: one amount, one content, one decision."""

    aid_list: AidListId
    union: UnionId
    count: int
    total: Fen
    fund: FundId
    content: Code
    minutes: Code | None = None
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()


class AidListReturned(Event, by=(Office.REVIEWER, Office.APPROVER), scope=Scope.AID):
    """名单退回修改: with an opinion that concerns the list, nobody on it."""

    aid_list: AidListId
    union: UnionId
    opinion: PublicText


class SheetPaid(Event, by=_FINANCE, scope=Scope.AID):
    """签领表发放: so many were handed theirs, so much in all; each is on record by herself.

    `again` of them had theirs before, and it came back.
    """

    aid_list: AidListId
    union: UnionId
    sheet: int
    count: int
    total: Fen
    voucher: Code
    again: int = 0
    acting_for: PersonId | None = None
    findings: tuple[Code, ...] = ()
