"""The agreement (协议): one, folded from the journals of all its parties."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import NamedTuple

from ledger.domain.ids import PartnershipId, UnionId
from ledger.domain.kernel import Act, Aggregate, Code, Fact, Scope
from ledger.domain.partnerships.facts import (
    AnnexProposed,
    AnnexSigned,
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
    DeadlineMissing,
    EndedBeforeBeginning,
    FundWithoutKeeper,
    LiaisonOfNoParty,
    NoSuchProposal,
    NotAParty,
    NotConcluded,
    NoticeTooShort,
    PartnershipOver,
    TooFewParties,
    UmbrellaNotLive,
    check_node,
)
from ledger.domain.partnerships.words import Annex, Liaison, Node, Party, ThirdParty


class Pinned(NamedTuple):
    """A party's node, and the record by which it is pinned, in the order in which they count."""

    at: datetime
    position: int
    ref: str
    node: Node


class Version(NamedTuple):
    """Terms that every party has signed: from which day, until when, and where they stand."""

    number: int
    since: date
    ref: str
    annex: Annex
    until: date | None


class Partnership(Aggregate):
    """One agreement (stream `par_…`, in the journal of each party).

    In each decision `origin` is the journal in which one acts. Folding keeps every fact and then
    judges anew what counts, so that the order of reading changes no answer.
    """

    def __init__(self) -> None:
        self._proposals: dict[str, tuple[Fact, PartnershipProposed]] = {}
        self._annexes: dict[str, tuple[Fact, AnnexProposed]] = {}
        self._signatures: list[tuple[Fact, PartnershipSigned | AnnexSigned]] = []
        self._refusals: list[tuple[Fact, PartnershipDeclined]] = []
        self._notices: list[tuple[Fact, PartnershipNoticeGiven]] = []
        self._ends: list[tuple[Fact, PartnershipEndAgreed]] = []
        self._nodes: list[tuple[Fact, NodeAnnounced]] = []
        self._chosen: tuple[str, PartnershipProposed] | None = None
        self._versions: list[Version] = []

    # ── decisions ──

    @classmethod
    def propose(
        cls,
        act: Act,
        partnership: PartnershipId,
        title: str,
        parties: Sequence[Party],
        annex: Annex,
        *,
        origin: str,
        since: date | None = None,
        until: date | None = None,
        umbrella: "Partnership | None" = None,
        third_parties: Sequence[ThirdParty] = (),
    ) -> PartnershipProposed:
        """Proposes an agreement, from `act.on` where no day is given.

        Raises: AgreementUntitled, TooFewParties, NotAParty, EndedBeforeBeginning,
        NodeIncomplete, DeadlineMissing, FundWithoutKeeper, LiaisonOfNoParty, UmbrellaNotLive,
        BeyondTheUmbrella.
        """
        if not title.strip():
            raise AgreementUntitled(partnership=partnership)
        unions = {party.union for party in parties}
        if len(unions) < 2 or len(unions) < len(parties):
            raise TooFewParties(parties=len(unions))
        _acting(act, origin, parties)
        for party in parties:
            if party.node is not None:
                check_node(party.node, party)
        first = since or act.on
        _check_term(first, until)
        terms = _checked(annex, parties)
        above = _within(umbrella, parties, terms, first) if umbrella else None
        return PartnershipProposed(
            partnership, title.strip(), tuple(parties), terms, first, until, above,
            tuple(third_parties),
        )  # fmt: skip

    def sign(self, act: Act, *, origin: str, paper: Code | None = None) -> PartnershipSigned:
        """Signs the agreement for one's own union.

        Raises: NoSuchProposal, NotAParty, AlreadySigned, PartnershipOver.
        """
        ref, proposal, party = self._acting(act, origin)
        if party.union in self._signers(ref):
            raise AlreadySigned(party=party.union)
        if self.declined:
            raise PartnershipOver(declined=sorted(self.declined))
        return PartnershipSigned(proposal.partnership, party.union, Code(ref), paper)

    def decline(self, act: Act, *, origin: str, paper: Code | None = None) -> PartnershipDeclined:
        """Raises: NoSuchProposal, NotAParty, AlreadySigned, PartnershipOver."""
        ref, proposal, party = self._acting(act, origin)
        if party.union in self._signers(ref):
            raise AlreadySigned(party=party.union)
        if self.declined:
            raise PartnershipOver(declined=sorted(self.declined))
        return PartnershipDeclined(proposal.partnership, party.union, Code(ref), paper)

    def propose_annex(
        self,
        act: Act,
        annex: Annex,
        *,
        origin: str,
        until: date | None,
        since: date | None = None,
        umbrella: "Partnership | None" = None,
    ) -> AnnexProposed:
        """Proposes new terms, and with `until` the agreement's end under them (续签).

        Raises: NoSuchProposal, NotAParty, NotConcluded, PartnershipOver, EndedBeforeBeginning,
        DeadlineMissing, FundWithoutKeeper, LiaisonOfNoParty, UmbrellaNotLive, BeyondTheUmbrella.
        """
        _, proposal, _ = self._acting(act, origin)
        first = since or act.on
        self._check_concluded(first)
        _check_term(first, until)
        terms = _checked(annex, proposal.parties)
        if proposal.umbrella:
            _within(umbrella or Partnership(), proposal.parties, terms, first)
        newest = max((e.version for _, e in self._annexes.values()), default=1)
        return AnnexProposed(proposal.partnership, max(newest, 1) + 1, terms, first, until)

    def sign_annex(
        self, act: Act, proposal: str, *, origin: str, paper: Code | None = None
    ) -> AnnexSigned:
        """Signs a proposed annex, named by its record (`waiting_annexes` lists them).

        Raises: NoSuchProposal, NotAParty, NotConcluded, PartnershipOver, AnnexSuperseded,
        AlreadySigned.
        """
        _, agreement, party = self._acting(act, origin)
        if proposal not in self._annexes or not self._ours(self._annexes[proposal][0]):
            raise NoSuchProposal(proposal=proposal)
        annex = self._annexes[proposal][1]
        self._check_concluded(act.on)
        if party.union in self._signers(proposal):
            raise AlreadySigned(party=party.union, version=annex.version)
        newest = max(version.number for version in self._versions)
        if annex.version <= newest:
            raise AnnexSuperseded(version=annex.version, newest=newest)
        return AnnexSigned(agreement.partnership, party.union, annex.version, Code(proposal), paper)

    def give_notice(
        self, act: Act, ends: date, *, origin: str, paper: Code | None = None
    ) -> PartnershipNoticeGiven:
        """Leaves the agreement after the notice that its annex asks for.

        Raises: NoSuchProposal, NotAParty, NotConcluded, PartnershipOver, NoticeTooShort.
        """
        _, proposal, party = self._acting(act, origin)
        self._check_concluded(act.on)
        if party.union in self._left():
            raise PartnershipOver(party=party.union)
        terms = self.terms(act.on)
        days = (ends - act.on).days
        if days < 0 or (terms is not None and days < terms.notice_days):
            raise NoticeTooShort(days=days, asked=terms.notice_days if terms else 0)
        return PartnershipNoticeGiven(proposal.partnership, party.union, ends, paper)

    def agree_end(
        self, act: Act, ends: date, *, origin: str, paper: Code | None = None
    ) -> PartnershipEndAgreed:
        """Agrees, for one's own union, that the agreement ends on a day.

        Raises: NoSuchProposal, NotAParty, NotConcluded, PartnershipOver, EndedBeforeBeginning.
        """
        _, proposal, party = self._acting(act, origin)
        self._check_concluded(act.on)
        _check_term(proposal.since, ends)
        return PartnershipEndAgreed(proposal.partnership, party.union, ends, paper)

    def announce(self, act: Act, node: Node, *, origin: str) -> NodeAnnounced:
        """Says where one's own node is reached from now on.

        Raises: NoSuchProposal, NotAParty, NodeIncomplete.
        """
        _, proposal, party = self._acting(act, origin)
        check_node(node, party)
        return NodeAnnounced(proposal.partnership, party.union, node)

    def _acting(self, act: Act, origin: str) -> tuple[str, PartnershipProposed, Party]:
        found = self._chosen
        if found is None:
            raise NoSuchProposal()
        return *found, _acting(act, origin, found[1].parties)

    def _check_concluded(self, on: date) -> None:
        if not self.concluded:
            raise NotConcluded(waiting=[party.union for party in self.waiting()])
        if self._over(on):
            raise PartnershipOver(on=on.isoformat())

    # ── questions ──

    @property
    def proposed(self) -> PartnershipProposed | None:
        """The proposal that all have signed; else the first one."""
        return self._chosen[1] if self._chosen else None

    @property
    def parties(self) -> tuple[Party, ...]:
        return self.proposed.parties if self.proposed else ()

    @property
    def umbrella(self) -> PartnershipId | None:
        return self.proposed.umbrella if self.proposed else None

    @property
    def concluded(self) -> bool:
        """Whether every party has signed."""
        return bool(self._versions)

    @property
    def declined(self) -> frozenset[UnionId]:
        """The parties that will not sign."""
        found = self._chosen
        return frozenset(
            e.party
            for fact, e in self._refusals
            if found and e.proposal == found[0] and self._speaks(fact, e.party)
        )

    def waiting(self) -> tuple[Party, ...]:
        """The parties that have not signed the agreement yet."""
        found = self._chosen
        if found is None:
            return ()
        signed = self._signers(found[0])
        return tuple(party for party in found[1].parties if party.union not in signed)

    def waiting_annexes(self) -> dict[str, tuple[AnnexProposed, tuple[Party, ...]]]:
        """Proposed annexes that may still be signed, by record, each with who has not."""
        newest = max((version.number for version in self._versions), default=1)
        waiting = {
            ref: (e, tuple(p for p in self._bound(e.since) if p.union not in self._signers(ref)))
            for ref, (fact, e) in self._annexes.items()
            if e.version > newest and self._ours(fact)
        }
        return dict(sorted(waiting.items(), key=lambda item: (item[1][0].version, item[0])))

    def versions(self) -> list[Version]:
        """The terms that every party has signed, oldest first, each with its first day."""
        return list(self._versions)

    def terms(self, on: date) -> Annex | None:
        """The annex in force on that day, or last in force before the end."""
        version = self._version(on)
        return version.annex if version else None

    def live(self, on: date) -> bool:
        """Whether the agreement binds at least two parties on that day."""
        version = self._version(on)
        return (
            version is not None
            and (version.until is None or on < version.until)
            and not self._over(on)
        )

    def covers(self, scope: Scope, on: date) -> bool:
        """Whether facts of this scope are shared under the agreement on that day."""
        if scope in (Scope.ALWAYS, Scope.NEVER):
            return scope is Scope.ALWAYS and self.proposed is not None
        terms = self.terms(on)
        return terms is not None and scope in terms.scopes and self.live(on)

    def partners(self, origin: str, on: date | None = None) -> tuple[Party, ...]:
        """The parties of other journals; with a day, those that the agreement binds on it."""
        parties = self.parties
        if on is not None:
            parties = self._bound(on) if self.live(on) else ()
        if all(party.origin != origin for party in parties):
            return ()
        return tuple(party for party in parties if party.origin != origin)

    def liaison(self, party: UnionId, on: date) -> Liaison:
        """Who answers for a party: as the annex says, else its own liaison office."""
        terms = self.terms(on)
        named = (liaison for liaison in terms.liaisons if liaison.party == party) if terms else ()
        return next(iter(named), Liaison(party, party))

    def node(self, origin: str) -> Pinned | None:
        """The node of a journal: as all have signed it, or as its own party has announced since."""
        found: list[Pinned] = []
        chosen = self._chosen
        if self.concluded and chosen is not None:
            moments = [_moment(fact) for fact, _ in self._signatures_of(chosen[0])]
            found += [
                Pinned(max(moments), 0, chosen[0], party.node)
                for party in self.parties
                if party.origin == origin and party.node is not None
            ]
        found += [
            Pinned(_moment(fact), fact.position, fact.ref, e.node)
            for fact, e in self._nodes
            if fact.origin == origin and self._speaks(fact, e.party)
        ]
        return max(found, key=lambda each: each[:2], default=None)

    def ends(self) -> date | None:
        """The first day on which it is over, as far as known; None: no end in sight."""
        days = [self._versions[-1].until] if self.concluded else []
        days.append(self._agreed_end())
        leaving = sorted(self._left().values())
        if leaving and len(self.parties) - len(leaving) < 2:
            days.append(leaving[len(self.parties) - 2])  # the last but one leaves
        return min((day for day in days if day is not None), default=None)

    def days(self) -> list[date]:
        """The days from which on it may share more, or less, than before."""
        ends = [version.until for version in self._versions] + [self._agreed_end()]
        known = {version.since for version in self._versions} | set(self._left().values())
        return sorted(known | {day for day in ends if day is not None})

    # ── what counts ──

    def _choose(self) -> tuple[str, PartnershipProposed] | None:
        def rank(ref: str) -> tuple[bool, date, str]:
            fact, e = self._proposals[ref]
            signed = self._signed(ref, e.parties)
            return any(party.union not in signed for party in e.parties), fact.on, ref

        ref = min(self._proposals, key=rank, default=None)
        return None if ref is None else (ref, self._proposals[ref][1])

    def _signed_versions(self) -> list[Version]:
        found = self._chosen
        signed = self._signers(found[0]) if found else {}
        if found is None or any(party.union not in signed for party in found[1].parties):
            return []
        ref, e = found
        begun = max(e.since, *signed.values())  # as every party has signed
        made = [Version(1, begun, ref, e.annex, e.until)]
        for ref, (fact, annexed) in self._annexes.items():
            signed = self._signers(ref)
            bound = self._bound(annexed.since)
            if bound and self._ours(fact) and all(party.union in signed for party in bound):
                first = max(begun, annexed.since, *(signed[party.union] for party in bound))
                made.append(Version(annexed.version, first, ref, annexed.annex, annexed.until))
        return sorted(made, key=lambda version: (version.number, version.since, version.ref))

    def _speaks(self, fact: Fact, union: UnionId) -> bool:
        return any(party.union == union and party.origin == fact.origin for party in self.parties)

    def _ours(self, fact: Fact) -> bool:
        return any(party.origin == fact.origin for party in self.parties)

    def _signers(self, ref: str) -> dict[UnionId, date]:
        return self._signed(ref, self.parties)

    def _signed(self, ref: str, parties: Iterable[Party]) -> dict[UnionId, date]:
        """Who of these parties signed a record, out of their own journals, and since when."""
        home = {party.union: party.origin for party in parties}
        signed: dict[UnionId, date] = {}
        for fact, e in self._signatures_of(ref):
            if home.get(e.party) == fact.origin:
                signed[e.party] = min(fact.on, signed.get(e.party, fact.on))
        return signed

    def _signatures_of(self, ref: str) -> list[tuple[Fact, PartnershipSigned | AnnexSigned]]:
        """The signatures under a record: an annex's are none of the agreement's, nor the reverse."""
        whole = ref in self._proposals
        return [
            (fact, e)
            for fact, e in self._signatures
            if e.proposal == ref and isinstance(e, PartnershipSigned) == whole
        ]

    def _left(self) -> dict[UnionId, date]:
        """The parties that gave notice, and from which day they are bound no more."""
        left: dict[UnionId, date] = {}
        for fact, e in self._notices:
            if self._speaks(fact, e.party):
                day = max(fact.on, e.ends)
                left[e.party] = min(day, left.get(e.party, day))
        return left

    def _bound(self, on: date) -> tuple[Party, ...]:
        left = self._left()
        return tuple(p for p in self.parties if p.union not in left or on < left[p.union])

    def _agreed_end(self) -> date | None:
        agreed: dict[UnionId, date] = {}
        for fact, e in self._ends:
            if self._speaks(fact, e.party):
                agreed[e.party] = min(e.ends, agreed.get(e.party, e.ends))
        everyone = bool(agreed) and all(party.union in agreed for party in self.parties)
        return max(agreed.values()) if everyone else None

    def _over(self, on: date) -> bool:
        end = self._agreed_end()
        return (end is not None and end <= on) or len(self._bound(on)) < 2

    def _version(self, on: date) -> Version | None:
        return next((v for v in reversed(self._versions) if v.since <= on), None)

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case PartnershipProposed() as e:
                if any(party.origin == fact.origin for party in e.parties):
                    self._proposals[fact.ref] = fact, e
            case AnnexProposed() as e:
                self._annexes[fact.ref] = fact, e
            case PartnershipSigned() | AnnexSigned() as e:
                self._signatures.append((fact, e))
            case PartnershipDeclined() as e:
                self._refusals.append((fact, e))
            case PartnershipNoticeGiven() as e:
                self._notices.append((fact, e))
            case PartnershipEndAgreed() as e:
                self._ends.append((fact, e))
            case NodeAnnounced() as e:
                self._nodes.append((fact, e))
            case _:
                return
        self._chosen = self._choose()
        self._versions = self._signed_versions()


def _acting(act: Act, origin: str, parties: Iterable[Party]) -> Party:
    for party in parties:
        if party.union == act.union and party.origin == origin:
            return party
    raise NotAParty(by=act.union, origin=origin)


def _moment(fact: Fact) -> datetime:
    return fact.at or datetime.min.replace(tzinfo=UTC)


def _check_term(since: date, until: date | None) -> None:
    if until is not None and until <= since:
        raise EndedBeforeBeginning(since=since.isoformat(), until=until.isoformat())


def _checked(annex: Annex, parties: Sequence[Party]) -> Annex:
    """The annex in its one form: every list without repetition and in order."""
    unions = {party.union for party in parties}
    counts = (
        annex.answer_days, annex.request_days, annex.late_after_days, annex.notice_days,
        annex.case_days, annex.call_back_tries, annex.heard_hours, annex.witnessed_hours,
    )  # fmt: skip
    if min(counts) < 1:
        raise DeadlineMissing(counts=counts)
    if (annex.fund is None) != (annex.fund_keeper is None) or not (
        annex.fund_keeper is None or annex.fund_keeper in unions
    ):
        raise FundWithoutKeeper(fund=annex.fund, keeper=annex.fund_keeper)
    for liaison in annex.liaisons:
        if liaison.party not in unions:
            raise LiaisonOfNoParty(party=liaison.party)
    scopes = set(annex.scopes) - {Scope.ALWAYS, Scope.NEVER}
    return replace(
        annex,
        scopes=tuple(sorted(scopes)),
        groups=tuple(sorted(set(annex.groups))),
        purpose=annex.purpose.strip(),
    )


def _within(
    umbrella: Partnership, parties: Iterable[Party], annex: Annex, since: date
) -> PartnershipId | None:
    """The umbrella's id, where these terms keep within it."""
    terms = umbrella.terms(since)
    if umbrella.proposed is None or terms is None or not umbrella.live(since):
        raise UmbrellaNotLive(since=since.isoformat())
    strangers = {p.origin for p in parties} - {p.origin for p in umbrella.parties}
    scopes = set(annex.scopes) - set(terms.scopes)
    groups = set(annex.groups) - set(terms.groups)
    if strangers or scopes or groups:
        raise BeyondTheUmbrella(
            origins=sorted(strangers), scopes=sorted(scopes), groups=sorted(groups)
        )
    return umbrella.proposed.partnership
