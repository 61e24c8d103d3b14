"""Facts of funds (资金事项): each movement of money, and what opens and closes a fund."""

from datetime import date

from ledger.domain.funds.words import BackCause, ShareOutcome, Source
from ledger.domain.ids import AllotmentId, FundId, GrantId, PartnershipId, UnionId
from ledger.domain.kernel import Code, Event, Fen, Office, PublicText, Scope, StreamId

# `under` names the agreement of a joint fund: the fact goes to its parties.

_KEEPERS = (Office.CHAIR, Office.APPROVER)
_BOOKS = (Office.ACCOUNTANT,)
_PAYERS = (Office.CASHIER, Office.ACCOUNTANT, Office.PROCEDURE)


class FundOpened(Event, by=_KEEPERS, scope=Scope.AID):
    """设立资金: money of one source, kept by one union; perhaps a share of a joint fund."""

    fund: FundId
    keeper: UnionId
    name: PublicText
    source: Source
    joint: Code | None = None  # 联合资金代号
    contributor: PublicText = ""  # 出资方，不限于工会
    year: int | None = None  # 资金年度
    under: PartnershipId | None = None


class FundCredited(Event, by=_BOOKS, scope=Scope.AID):
    """到账: money comes in from outside; bodies are named, a private giver is not."""

    fund: FundId
    amount: Fen
    source: Source
    contributor: PublicText = ""
    paper: Code | None = None
    under: PartnershipId | None = None


class FundAllotted(Event, by=_KEEPERS, scope=Scope.AID):
    """拨付: money goes to another fund of this journal."""

    fund: FundId
    allotment: AllotmentId
    to: FundId
    amount: Fen
    paper: Code | None = None
    under: PartnershipId | None = None


class AllotmentReceived(Event, by=(*_KEEPERS, Office.PROCEDURE), scope=Scope.AID):
    """收到拨付: the other end of an allotment, in the same entry."""

    fund: FundId
    allotment: AllotmentId
    giver: FundId
    amount: Fen
    paper: Code | None = None
    under: PartnershipId | None = None


class MoneyReserved(Event, by=(*_KEEPERS, Office.PROCEDURE), scope=Scope.AID):
    """留用: a grant was approved; this much is kept for it."""

    fund: FundId
    grant: GrantId
    amount: Fen
    under: PartnershipId | None = None


class ReservationReleased(
    Event, by=(*_KEEPERS, Office.REVIEWER, Office.CLERK, *_PAYERS), scope=Scope.AID
):
    """释放留用: a grant will not need it."""

    fund: FundId
    grant: GrantId
    amount: Fen
    under: PartnershipId | None = None


class MoneyDrawn(Event, by=_PAYERS, scope=Scope.AID):
    """列支: a payment of a grant, out of what was reserved for it."""

    fund: FundId
    grant: GrantId
    payment: int
    amount: Fen
    under: PartnershipId | None = None


class MoneyReturned(Event, by=_PAYERS, scope=Scope.AID):
    """退回: money that was paid is back: kept for the grant (退汇), or free again (追回)."""

    fund: FundId
    grant: GrantId
    payment: int
    amount: Fen
    cause: BackCause
    under: PartnershipId | None = None


class CostDrawn(Event, by=_PAYERS, scope=Scope.AID):
    """服务列支: what a service, a tally or a trip has cost, out of what is free.

    `cost` is the number of the cost line within its activity; a correction of that line is one
    of this, too.
    """

    fund: FundId
    activity: StreamId
    cost: int
    amount: Fen
    under: PartnershipId | None = None


class PastPaymentNoted(Event, by=_PAYERS, scope=Scope.AID):
    """补记已付: a payment of the past; `unfunded` is the part that the fund had no money for."""

    fund: FundId
    grant: GrantId
    payment: int
    amount: Fen
    unfunded: Fen
    under: PartnershipId | None = None


class UnfundedCovered(Event, by=(*_KEEPERS, *_BOOKS, Office.PROCEDURE), scope=Scope.AID):
    """补足: free money goes to past payments that had none."""

    fund: FundId
    amount: Fen
    under: PartnershipId | None = None


class ShareOffered(Event, by=_KEEPERS, scope=Scope.AID):
    """提出划转: money of this share is set aside for another one, until the deadline."""

    fund: FundId
    offer: AllotmentId
    to: FundId
    to_origin: Code
    amount: Fen
    deadline: date
    paper: Code | None = None
    under: PartnershipId | None = None


class ShareAccepted(Event, by=_KEEPERS, scope=Scope.AID):
    """接收划转: the receiver undertakes to take the money; it comes with the giver's release."""

    fund: FundId
    offer: AllotmentId
    giver: FundId
    amount: Fen
    under: PartnershipId | None = None


class ShareDeclined(Event, by=_KEEPERS, scope=Scope.AID):
    """不予接收划转: the money stays with the giver."""

    fund: FundId
    offer: AllotmentId
    giver: FundId
    amount: Fen
    ground: PublicText
    under: PartnershipId | None = None


class ShareReleased(Event, by=Office.PROCEDURE, scope=Scope.AID):
    """划出: the giver has read the acceptance; from here the money is the receiver's."""

    fund: FundId
    offer: AllotmentId
    to: FundId
    amount: Fen
    under: PartnershipId | None = None


class ShareReceived(Event, by=Office.PROCEDURE, scope=Scope.AID):
    """划入: the receiver has read the release, and has the money."""

    fund: FundId
    offer: AllotmentId
    giver: FundId
    amount: Fen
    under: PartnershipId | None = None


class ShareReturned(Event, by=Office.PROCEDURE, scope=Scope.AID):
    """划转退回: the receiver declined; the money is free again."""

    fund: FundId
    offer: AllotmentId
    amount: Fen
    under: PartnershipId | None = None


class ShareLapsed(Event, by=Office.PROCEDURE, scope=Scope.AID):
    """划转逾期失效: the deadline passed and no answer was read; the money is free again."""

    fund: FundId
    offer: AllotmentId
    amount: Fen
    under: PartnershipId | None = None


class ShareWithdrawn(Event, by=_KEEPERS, scope=Scope.AID):
    """撤回划转: the giver takes it back, no answer having been read; the money is free again."""

    fund: FundId
    offer: AllotmentId
    amount: Fen
    under: PartnershipId | None = None


class ShareAcceptanceVoided(Event, by=Office.PROCEDURE, scope=Scope.AID):
    """接收划转无效: the acceptance met a lapse or a withdrawal; the money stayed with the giver."""

    fund: FundId
    offer: AllotmentId
    outcome: ShareOutcome
    under: PartnershipId | None = None


class FundClosed(Event, by=_KEEPERS, scope=Scope.AID):
    """关闭资金: nothing is left in it, and nothing hangs on it."""

    fund: FundId
    under: PartnershipId | None = None
