"""Facts of agreements (协议事项): proposed, signed, annexed, ended; a node told of, a card admitted."""

from datetime import date

from ledger.domain.ids import PartnershipId, UnionId
from ledger.domain.kernel import Code, Event, Office, PublicText, Scope
from ledger.domain.partnerships.words import Annex, Node, Party, ThirdParty


class PartnershipProposed(Event, by=(Office.CHAIR, Office.LIAISON), scope=Scope.ALWAYS):
    """提出协议: with its first annex; it binds nobody before every party has signed."""

    partnership: PartnershipId
    title: PublicText
    parties: tuple[Party, ...]
    annex: Annex
    since: date
    until: date | None = None
    umbrella: PartnershipId | None = None
    third_parties: tuple[ThirdParty, ...] = ()


class PartnershipSigned(Event, by=Office.CHAIR, scope=Scope.ALWAYS):
    """签署协议: by one party; `proposal` is the record that it signs, as `origin#position`."""

    partnership: PartnershipId
    party: UnionId
    proposal: Code
    paper: Code | None = None


class PartnershipDeclined(Event, by=Office.CHAIR, scope=Scope.ALWAYS):
    """不予签署: one party will not sign, and the proposal comes to nothing."""

    partnership: PartnershipId
    party: UnionId
    proposal: Code
    paper: Code | None = None


class AnnexProposed(Event, by=(Office.CHAIR, Office.LIAISON), scope=Scope.ALWAYS):
    """提出附件: new terms from `since`, with the end of the agreement under them."""

    partnership: PartnershipId
    version: int
    annex: Annex
    since: date
    until: date | None = None


class AnnexSigned(Event, by=Office.CHAIR, scope=Scope.ALWAYS):
    """签署附件: by one party; `proposal` is the record that it signs, as `origin#position`."""

    partnership: PartnershipId
    party: UnionId
    version: int
    proposal: Code
    paper: Code | None = None


class PartnershipNoticeGiven(Event, by=Office.CHAIR, scope=Scope.ALWAYS):
    """通知终止: one party leaves the agreement on `ends`; with fewer than two it is over."""

    partnership: PartnershipId
    party: UnionId
    ends: date
    paper: Code | None = None


class PartnershipEndAgreed(Event, by=Office.CHAIR, scope=Scope.ALWAYS):
    """协商终止: one party agrees to the end on `ends`; it is over when every party has."""

    partnership: PartnershipId
    party: UnionId
    ends: date
    paper: Code | None = None


class NodeAnnounced(Event, by=Office.CHAIR, scope=Scope.ALWAYS):
    """公示节点: a party says for itself where it is reached from now on, and by what it is known.

    It takes the place of the node that was pinned before; what that one's keys signed stays proven.
    """

    partnership: PartnershipId
    party: UnionId
    node: Node


class CardAdmitted(Event, by=Office.CHAIR, scope=Scope.NEVER):
    """收下名片: a party's node as its card says it, believed until a record after `after` says more.

    `after` names the record by which the node was pinned then (`origin#position`); none: none was.
    """

    union: UnionId
    party: Party
    after: Code | None = None
