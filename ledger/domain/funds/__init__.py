"""Funds (帮扶资金): money with a source, kept by one union; shares of joint funds move between two.

A fund, or the share of a joint fund, is one stream in one journal, and what it can promise is what
it has: money comes in, is reserved for a grant when that is approved, drawn when it is paid,
released or given back. A stream has one version, so two who take the last yuan at once cannot both
have it. Between two journals money moves by offer, acceptance and release: it is set aside when it
is offered, and leaves only by the giver's own release, so it is never in two places or in none.

words   closed lists
rules   why something is refused
facts   the events
fund    `Fund`, one fund or one share of a joint fund
"""

from ledger.domain.funds.facts import (
    AllotmentReceived,
    CostDrawn,
    FundAllotted,
    FundClosed,
    FundCredited,
    FundOpened,
    MoneyDrawn,
    MoneyReserved,
    MoneyReturned,
    PastPaymentNoted,
    ReservationReleased,
    ShareAcceptanceVoided,
    ShareAccepted,
    ShareDeclined,
    ShareLapsed,
    ShareOffered,
    ShareReceived,
    ShareReleased,
    ShareReturned,
    ShareWithdrawn,
    UnfundedCovered,
)
from ledger.domain.funds.fund import Fund, Incoming, Outgoing
from ledger.domain.funds.rules import (
    AllottedAside,
    FundExhausted,
    FundNotEmpty,
    FundNotOpen,
    FundUnnamed,
    NoSuchShareOffer,
    NotDrawn,
    NothingUnfunded,
    NotOfOneFund,
    NotReserved,
    NotTheKeeper,
    PaymentDrawn,
    SameFund,
    ShareAnswerKnown,
    ShareDeadlinePassed,
    ShareGroundMissing,
    SourceKept,
    UnfundedFirst,
)
from ledger.domain.funds.words import BackCause, ShareAnswer, ShareOutcome, Source

__all__ = [
    "AllotmentReceived",
    "AllottedAside",
    "BackCause",
    "CostDrawn",
    "Fund",
    "FundAllotted",
    "FundClosed",
    "FundCredited",
    "FundExhausted",
    "FundNotEmpty",
    "FundNotOpen",
    "FundOpened",
    "FundUnnamed",
    "Incoming",
    "MoneyDrawn",
    "MoneyReserved",
    "MoneyReturned",
    "NoSuchShareOffer",
    "NotDrawn",
    "NotOfOneFund",
    "NotReserved",
    "NotTheKeeper",
    "NothingUnfunded",
    "Outgoing",
    "PastPaymentNoted",
    "PaymentDrawn",
    "ReservationReleased",
    "SameFund",
    "ShareAcceptanceVoided",
    "ShareAccepted",
    "ShareAnswer",
    "ShareAnswerKnown",
    "ShareDeadlinePassed",
    "ShareDeclined",
    "ShareGroundMissing",
    "ShareLapsed",
    "ShareOffered",
    "ShareOutcome",
    "ShareReceived",
    "ShareReleased",
    "ShareReturned",
    "ShareWithdrawn",
    "Source",
    "SourceKept",
    "UnfundedCovered",
    "UnfundedFirst",
]
