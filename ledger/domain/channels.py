"""The partner's side of the record (对方省通道): what was shared, why, and what was read.

A link (开通) makes one worker's facts visible to one partner, on an agreement and a legal basis;
without a legal basis nothing is shared. These control facts are records of our own journal, so
the order in which things were shared and read is proven like everything else.
"""

from collections.abc import Collection, Iterable
from dataclasses import fields
from datetime import date
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from ledger.domain.ids import ConsentId, LinkId, PartnershipId, PersonId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Basis,
    Claim,
    Code,
    Event,
    Fact,
    Group,
    Office,
    Refused,
    Release,
    Scope,
)


class Cause(StrEnum):
    """What made a worker shared (开通缘由)."""

    ROSTER = "roster"  # 花名册
    TRANSFER = "transfer"  # 接转
    REQUEST = "request"  # 对方商请
    CASE = "case"  # 案件
    MATCH = "match"  # 两档关联


class ShredAnswer(StrEnum):
    """What became of a person whom the partner has forgotten (答复)."""

    SHREDDED = "shredded"  # 已销毁
    RESTRICTED = "restricted"  # 已限制，保存期满后销毁
    KEPT = "kept"  # 本方仍在办理，依自身职责保留


class NoLegalBasis(
    Refused,
    zh="没有法律依据，不得向对方省提供个人信息。",
    article="L2 art. 13, 23; P4, P8",
    instead="取得单独同意，或登记其他法律依据及其材料。",
):
    """Nothing of a person is shared without a legal basis on record."""


class NoLivePartnership(
    Refused,
    zh="与对方没有生效的合作协议，或协议不含此类事实。",
    article="P3",
    instead="先由双方签署协议（附件）。",
):
    """Facts are shared only under a live partnership that covers them."""


class AlreadyLinked(
    Refused,
    zh="该职工已向对方省开通。",
    article="design: channel",
):
    """One worker is linked to one partner once at a time."""


class PartnerRead(Event, by=Office.PROCEDURE, scope=Scope.NEVER):
    """已阅对方通道: channel records `first`–`last` (from 1) were checked and stand from here.

    `root` is the channel's Merkle root (hex) at size `last`: what anyone can compare later.
    """

    partner: Code
    first: int
    last: int
    root: Code


class LinkOpened(
    Event, by=(Office.LIAISON, Office.STATION, Office.CLERK, Office.PROCEDURE), scope=Scope.ALWAYS
):
    """开通: from here on, this worker's facts in `scopes` go to the partner, `groups` opened."""

    link: LinkId
    person: PersonId
    partner: Code
    partnership: PartnershipId
    basis: Basis
    groups: tuple[Group, ...]
    scopes: tuple[Scope, ...]
    cause: Cause
    consent: ConsentId | None = None

    def takes(self) -> Iterable[Claim]:
        yield Claim(AlreadyLinked, f"{self.person} {self.partner}")


class LinkNarrowed(Event, by=(Office.PRIVACY, Office.PROCEDURE), scope=Scope.ALWAYS):
    """停止提供部分数据组: nothing further of these groups goes; the partner restricts them."""

    link: LinkId
    person: PersonId
    partner: Code
    groups: tuple[Group, ...]
    consent: ConsentId | None = None


class LinkClosed(Event, by=(Office.LIAISON, Office.PRIVACY, Office.PROCEDURE), scope=Scope.ALWAYS):
    """关闭: no further fact of this worker goes to the partner."""

    link: LinkId
    person: PersonId
    partner: Code
    why: Code

    def frees(self) -> Iterable[Release]:
        yield Release(AlreadyLinked, f"{self.person} {self.partner}")


class GroupsRestricted(Event, by=Office.PROCEDURE, scope=Scope.ALWAYS):
    """已限制: the answer to a partner's narrowing or closing; these groups are closed here."""

    link: LinkId
    person: PersonId
    partner: Code
    groups: tuple[Group, ...]


class ShredRequested(Event, by=Office.PROCEDURE, scope=Scope.ALWAYS):
    """请对方销毁: this person was forgotten here; what was given of her is to go there too."""

    person: PersonId
    partner: Code


class ShredAnswered(Event, by=Office.PROCEDURE, scope=Scope.ALWAYS):
    """销毁回执: what was done about a partner's request; `held_by` says what keeps the person here.

    `until` (excluded) is when the last term of ours ends.
    """

    person: PersonId
    partner: Code
    answer: ShredAnswer
    held_by: tuple[Code, ...] = ()
    until: date | None = None


class RecordParked(Event, by=Office.PROCEDURE, scope=Scope.ALWAYS):
    """搁置: a partner's record could not be applied; its stream waits, the rest flows."""

    partner: Code
    index: int
    why: Code


WIDENED = Code("widened")
"""Why a link is closed that goes on in another one, which holds its groups too."""


class Link(Aggregate):
    """One worker shared with one partner."""

    def __init__(self) -> None:
        self.opened: LinkOpened | None = None
        self.opened_on: date | None = None
        self.position = 0  # of its opening; 0 before it is recorded
        self.groups: frozenset[Group] = frozenset()
        self.open = False
        self.why: Code | None = None  # it was closed

    @classmethod
    def start(
        cls,
        act: Act,
        link: LinkId,
        person: PersonId,
        partner: Code,
        partnership: PartnershipId | None,
        basis: Basis | None,
        groups: Iterable[Group],
        scopes: Iterable[Scope],
        cause: Cause,
        consent: ConsentId | None = None,
    ) -> LinkOpened:
        """Opens a worker to a partner. Raises: NoLegalBasis, NoLivePartnership."""
        if basis is None:
            raise NoLegalBasis(person=person, partner=partner)
        shared = tuple(scopes)
        if partnership is None or not shared:
            raise NoLivePartnership(partner=partner)
        return LinkOpened(
            link, person, partner, partnership, basis,
            tuple(sorted(groups)), tuple(sorted(shared)), cause, consent,
        )  # fmt: skip

    def narrow(
        self, act: Act, groups: Iterable[Group], consent: ConsentId | None = None
    ) -> LinkNarrowed | None:
        """Stops giving these groups; None where none of them was given."""
        stopped = tuple(sorted(self.groups & set(groups)))
        if self.opened is None or not self.open or not stopped:
            return None
        e = self.opened
        return LinkNarrowed(e.link, e.person, e.partner, stopped, consent)

    def close(self, act: Act, why: Code) -> LinkClosed | None:
        """Ends the sharing; None where it has ended."""
        if self.opened is None or not self.open:
            return None
        return LinkClosed(self.opened.link, self.opened.person, self.opened.partner, why)

    def after(self, fact: Fact) -> None:
        match fact.event:
            case LinkOpened() as e:
                self.opened, self.groups, self.open = e, frozenset(e.groups), True
                self.opened_on, self.position = fact.on, fact.position
            case LinkNarrowed() as e:
                self.groups -= set(e.groups)
            case LinkClosed() as e:
                self.open, self.why = False, e.why
            case _:
                pass


# ── what enters a channel ────────────────────────────────────────────────────────────────────


class Agreed(NamedTuple):
    """What one agreement shares with one partner on a day; from its proposal on, with nothing."""

    partnership: str
    scopes: frozenset[Scope] = frozenset()
    over: bool = False  # it has ended: links that are still open finish what was begun

    @property
    def begun(self) -> bool:
        """Whether it binds this partner, or did: what was begun together is told to its end."""
        return self.over or bool(self.scopes)


class Linked(NamedTuple):
    """One person's link to one partner, as it stands."""

    link: str
    partnership: str
    scopes: frozenset[Scope]
    groups: frozenset[Group] = frozenset()
    open: bool = True


_CONTROL = (
    LinkOpened, LinkNarrowed, LinkClosed, GroupsRestricted, RecordParked, ShredRequested,
    ShredAnswered,
)  # fmt: skip


OPENLY = (Scope.ORGANISATION, Scope.SERVICES)
"""Scopes of which what concerns nobody (a union, a tally, a trip) goes under the agreement alone."""


def covers(
    scope: Scope, agreed: Collection[Agreed], linked: Collection[Linked] | None = ()
) -> str | None:
    """Under which agreement or link facts of a scope go to a partner; None: they stay here.

    Organisations, and services to nobody in particular (`linked` None), go under a live agreement
    that covers them; a person's facts under an open link for as long as its agreement covers them,
    and after its end until the link is closed.
    """
    if scope is Scope.NEVER or not agreed:
        return None
    if scope in (Scope.ALWAYS, Scope.ORGANISATION) or (linked is None and scope in OPENLY):
        live = (a for a in agreed if scope is Scope.ALWAYS or scope in a.scopes)
        return next((a.partnership for a in live), None)
    covering = {a.partnership for a in agreed if a.over or scope in a.scopes}
    for one in linked or ():
        if one.open and scope in one.scopes and one.partnership in covering:
            return one.link
    return None


COMMON = {"cas_": Scope.RIGHTS, "sch_": Scope.AID}
"""Things that several persons share, by their streams: some of their facts concern no single one."""


def common(stream: str) -> bool:
    return stream[:4] in COMMON


def things_of(event: Event) -> frozenset[str]:
    """The things of several that a fact is of, or is judged by: a case, an application's scheme."""
    named = stream_of(event), getattr(event, "scheme", None)
    return frozenset(each for each in named if each and common(each))


def agreements_of(event: Event) -> tuple[str, ...]:
    """The agreements that a fact names as those it belongs to."""
    named: str | tuple[str, ...] | None = getattr(event, "under", None)
    return (named,) if isinstance(named, str) else named or ()


def covers_whole(scope: Scope, agreed: Collection[Agreed]) -> str | None:
    """Under which agreement a fact of the whole thing goes to a partner who has to do with it.

    That is one who reads of some person in it, or records on it too. Such a fact names nobody.
    """
    return next((a.partnership for a in agreed if a.over or scope in a.scopes), None)


def scope_of(event: Event) -> Scope:
    """The scope of a fact; a correction, and an answer, has that of the fact it speaks of."""
    if not hasattr(event, "position"):
        return type(event).scope
    kind = Event.kinds.get(getattr(event, "kind", ""))
    return kind.scope if kind else Scope.NEVER


def enters(
    event: Event, partner: str, agreed: Collection[Agreed], linked: Collection[Linked] | None = ()
) -> str | None:
    """Under what a fact of ours enters the partner's channel; None where it stays here.

    A fact that names the agreement it belongs to (`under`) goes to whom that one binds.
    `agreed`: the agreements with this partner on the day; `linked`: the links to it of the
    persons whom the fact concerns, None where it concerns nobody.
    """
    if not agreed:
        return None
    stream = stream_of(event)
    if hasattr(event, "position") and hasattr(event, "origin"):  # what we say of a fact of theirs
        return stream if getattr(event, "origin", None) == partner else None
    scope = scope_of(event)
    if scope is not Scope.ALWAYS:
        if named := agreements_of(event):  # what two provinces keep together
            return next((a.partnership for a in agreed if a.begun and a.partnership in named), None)
        return covers(scope, agreed, linked)
    if hasattr(event, "partner"):
        named = getattr(event, "partner", None) == partner
        # Beside the control facts: nothing goes of a person of whom nothing was ever shared. What
        # a question cites, both sides hold.
        known = linked or isinstance(event, _CONTROL) or stream.startswith("que_")
        return stream if named and known else None
    party = any(one.partnership == stream for one in agreed)
    return stream if party or for_everybody(event) else None


def for_everybody(event: Event) -> bool:
    """Whether every partner is told, whoever it is: who speaks in this journal."""
    return type(event).scope is Scope.ALWAYS and stream_of(event).startswith("uni_")


def is_agreement(event: Event) -> bool:
    """Whether it changes what an agreement shares, or with whom."""
    return scope_of(event) is Scope.ALWAYS and stream_of(event).startswith("par_")


def stream_of(event: Event) -> str:
    return getattr(event, _first_field(type(event)))


@cache
def _first_field(kind: type[Event]) -> str:
    return fields(kind)[0].name  # pyright: ignore[reportArgumentType]
