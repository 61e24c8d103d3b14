"""Partnerships (合作协议): agreements between federations, their annexes, and what they share.

An agreement has two or more parties of any level, stands alone or under an umbrella, and its
records lie in the journals of all its parties: one stream, folded from own and mirrored facts.
So nothing here hangs on which journal is read first, and no side can speak for another: a
signature counts only from a party, out of that party's own journal, and it names the very record
that it signs. An annex (附件) is a whole set of terms; it is in force when every party has signed.

words      closed lists, and what an agreement is made of
rules      why something is refused
facts      the events
agreement  `Partnership`, one agreement
cards      `Cards`, how a partner is known before there is one
"""

from ledger.domain.partnerships.agreement import Partnership, Pinned, Version
from ledger.domain.partnerships.cards import Admitted, Cards
from ledger.domain.partnerships.facts import (
    AnnexProposed,
    AnnexSigned,
    CardAdmitted,
    NodeAnnounced,
    PartnershipDeclined,
    PartnershipEndAgreed,
    PartnershipNoticeGiven,
    PartnershipProposed,
    PartnershipSigned,
)
from ledger.domain.partnerships.rules import (
    AgreementUntitled,
    AlreadySigned,
    AnnexSuperseded,
    BeyondTheUmbrella,
    CardForTheLedger,
    CardKnownAlready,
    CardNotCompared,
    DeadlineMissing,
    EndedBeforeBeginning,
    FundWithoutKeeper,
    LiaisonOfNoParty,
    NodeIncomplete,
    NoSuchProposal,
    NotAParty,
    NotConcluded,
    NoticeTooShort,
    OwnCard,
    PartnershipOver,
    TooFewParties,
    UmbrellaNotLive,
)
from ledger.domain.partnerships.words import (
    USUAL_GROUPS,
    Annex,
    AtEnd,
    CountedBy,
    Liaison,
    Node,
    Party,
    ThirdParty,
    ThirdPartyRole,
    Unanswered,
)

__all__ = [
    "USUAL_GROUPS",
    "Admitted",
    "AgreementUntitled",
    "AlreadySigned",
    "Annex",
    "AnnexProposed",
    "AnnexSigned",
    "AnnexSuperseded",
    "AtEnd",
    "BeyondTheUmbrella",
    "CardAdmitted",
    "CardForTheLedger",
    "CardKnownAlready",
    "CardNotCompared",
    "Cards",
    "CountedBy",
    "DeadlineMissing",
    "EndedBeforeBeginning",
    "FundWithoutKeeper",
    "Liaison",
    "LiaisonOfNoParty",
    "NoSuchProposal",
    "Node",
    "NodeAnnounced",
    "NodeIncomplete",
    "NotAParty",
    "NotConcluded",
    "NoticeTooShort",
    "OwnCard",
    "Partnership",
    "PartnershipDeclined",
    "PartnershipEndAgreed",
    "PartnershipNoticeGiven",
    "PartnershipOver",
    "PartnershipProposed",
    "PartnershipSigned",
    "Party",
    "Pinned",
    "ThirdParty",
    "ThirdPartyRole",
    "TooFewParties",
    "UmbrellaNotLive",
    "Unanswered",
    "Version",
]
