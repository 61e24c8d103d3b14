"""Transfers (接转办理): offered, accepted, declined, requested; within a province and between two.

Only the holder's own record moves a membership. Within one journal an acceptance, the release and
the receipt are one entry; between two, `reacting` writes what follows when the other side's
record is read. Deadlines are working days of the agreement's annex; within the province, of the
ledger's settings.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ledger.book import Conflict, Entry, Ledger, NotFound
from ledger.clock import working_days_after
from ledger.domain.channels import Cause, NoLivePartnership
from ledger.domain.ids import (
    ConsentId,
    ImportId,
    MembershipId,
    PartnershipId,
    PersonId,
    TransferId,
    UnionId,
    new,
    new_transfer,
)
from ledger.domain.kernel import Act, Basis, Code, Event, Group, Refused
from ledger.domain.membership import (
    AlreadyAMember,
    EscalationCause,
    Ground,
    Membership,
    Offer,
    Proof,
    RefusalGround,
    RequestClosing,
    TransferReason,
    TransferRequest,
    WithdrawReason,
)
from ledger.domain.partnerships import Annex, AtEnd, Partnership, Unanswered
from ledger.domain.unions import JournalOpened, Union, UnionFounded, UnionNotOpen
from ledger.procedures.closing import must_be_open, retain_of_closed
from ledger.procedures.sharing import (
    agreement_with,
    close_links,
    links,
    read_links,
    share,
    share_back,
    stop_ungrounded,
)
from ledger.projections import transfers
from ledger.projections.channels import agreements_over
from ledger.projections.transfers import TransferState, Way

# ── whom one deals with ──────────────────────────────────────────────────────────────────────


def origin_of(entry: Entry, union: UnionId) -> str:
    """The journal that a union stands in. Raises: NotFound, UnionNotOpen."""
    founded = [
        fact.origin
        for fact in entry.history(union)
        if isinstance(fact.event, UnionFounded | JournalOpened)
    ]
    if not founded:
        raise NotFound(union)
    if not entry.look_up(Union, union).open(entry.act.today):
        raise UnionNotOpen(union=union, on=entry.act.today.isoformat())
    return founded[0]


def terms_with(entry: Entry, partner: str) -> Annex:
    """What was agreed with a partner on transfers. Raises: NoLivePartnership."""
    found = agreement_with(entry, partner)
    if found is None:
        raise NoLivePartnership(partner=partner)
    return found[1]


def _deadline(entry: Entry, origin: str, days: int | None = None) -> date:
    if origin == entry.ledger.origin:
        days = entry.ledger.terms.answer_days
    elif days is None:
        days = terms_with(entry, origin).answer_days
    key = "deadline", str(days)
    if key not in entry.noted:
        entry.noted[key] = working_days_after(entry.act.today, days)
    return entry.noted[key]


def beside(entry: Entry, membership: Membership) -> MembershipId | None:
    """Another membership that the person has here, by the unique facts of this journal."""
    received: MembershipId | None = entry.noted.get(("received", str(membership.person)))
    if received is not None:
        return received if received != membership.id else None
    held = entry.holder(AlreadyAMember, str(membership.person))
    return MembershipId(held[1]) if held and held[1] != membership.id else None


# ── the holder's side ────────────────────────────────────────────────────────────────────────


def offer(
    entry: Entry,
    membership: MembershipId,
    to_union: UnionId,
    reason: TransferReason,
    *,
    basis: Basis | None = None,
    consent: ConsentId | None = None,
    note: str = "",
    deadline: date | None = None,
    handover: ImportId | None = None,
    request: TransferId | None = None,
) -> TransferId:
    """Offers a membership to another union; to another province, the worker is shared with it.

    Raises: NotFound, UnionNotOpen, NotAMember, NotTheHolder, OfferOpen, OfferToItself,
    DeadlineTooSoon, NoLegalBasis, NoLivePartnership.
    """
    origin = origin_of(entry, to_union)
    held = entry.read(Membership, membership)
    made = request or new_transfer()
    until = deadline or _deadline(entry, origin)
    offered = held.offer_to(entry.act, made, to_union, Code(origin), until, reason, note, handover)
    if origin != entry.ledger.origin:
        share(entry, offered.person, origin, basis, Cause.TRANSFER, consent=consent)
    entry.write(offered)
    return made


def withdraw(
    entry: Entry,
    membership: MembershipId,
    offer: TransferId,
    reason: WithdrawReason,
    note: str = "",
) -> None:
    """Takes an offer back. Raises: NotFound, NotTheHolder, NoSuchOffer, AnswerKnown."""
    entry.write(entry.read(Membership, membership).withdraw(entry.act, offer, reason, note))


@dataclass
class Handover:
    """A group handed over (批量交接): each worker's own offer, or why there is none."""

    id: ImportId
    offers: dict[MembershipId, TransferId] = field(default_factory=dict[MembershipId, TransferId])
    refused: dict[MembershipId, Refused] = field(default_factory=dict[MembershipId, Refused])


def hand_over(
    entry: Entry,
    memberships: Iterable[MembershipId],
    to_union: UnionId,
    reason: TransferReason = TransferReason.HANDOVER,
    *,
    basis: Basis | None = None,
    note: str = "",
    deadline: date | None = None,
) -> Handover:
    """Offers many at once, an offer each, under one correlation; the receiver answers each.

    Whoever cannot be offered is named with the rule that says so; the others go.
    """
    made = Handover(ImportId(new("imp")))
    entry.act = replace(entry.act, correlation=made.id)
    every = list(dict.fromkeys(memberships))
    read_memberships(entry, every, entry.ledger.origin)
    for each in every:
        try:
            with entry.attempt():
                made.offers[each] = offer(
                    entry, each, to_union, reason, basis=basis, note=note, deadline=deadline,
                    handover=made.id,
                )  # fmt: skip
        except Refused as refused:
            made.refused[each] = refused
    return made


def read_memberships(entry: Entry, memberships: Sequence[MembershipId], *origins: str) -> None:
    """Reads many memberships at once, with the links of their persons in these journals."""
    entry.read_ahead(memberships)
    held = [entry.look_up(Membership, each) for each in memberships]
    for origin in origins:
        read_links(entry, origin, [each.person for each in held if each.person is not None])


# ── the receiver's side ──────────────────────────────────────────────────────────────────────


def accept(
    entry: Entry,
    membership: MembershipId,
    offer: TransferId,
    *,
    union: UnionId | None = None,
    employer: str = "",
    trade: str = "",
    note: str = "",
) -> None:
    """Undertakes to take a member in, into `union` (else the acting one) or one that it names.

    Within one journal the release and the receipt follow at once; another province releases when
    it reads this.

    Raises: NotFound, UnionNotOpen, NoSuchOffer, OfferAnswered, NotAddressedToYou, DeadlinePassed,
    AcceptedBeforeOffered.
    """
    held = entry.read(Membership, membership)
    into = union or entry.act.union
    must_be_open(entry, into)
    accepted = held.accept(
        entry.act, offer, into, line=entry.line(into)[1:], employer=employer, trade=trade, note=note
    )
    entry.write(accepted)
    _answered(entry, held, offer, None)


@dataclass
class Answered:
    """Offers answered as a list: those that were, and why the others could not be."""

    done: list[TransferId] = field(default_factory=list[TransferId])
    refused: dict[TransferId, Refused] = field(default_factory=dict[TransferId, Refused])


def accept_list(entry: Entry, offers: Iterable[tuple[MembershipId, TransferId]]) -> Answered:
    """Takes in many at once, an acceptance each; who cannot be is named with the rule."""
    listed, every = Answered(), list(dict.fromkeys(offers))
    memberships = [membership for membership, _ in every]
    read_memberships(entry, memberships, entry.ledger.origin, *entry.partners)
    for membership, offer in every:
        try:
            with entry.attempt():
                accept(entry, membership, offer)
        except Refused as refused:
            listed.refused[offer] = refused
        else:
            listed.done.append(offer)
    return listed


def decline(
    entry: Entry,
    membership: MembershipId,
    offer: TransferId,
    ground: Ground,
    opinion: str = "",
    *,
    union: UnionId | None = None,
    follow_up: date | None = None,
) -> None:
    """Does not take a member in; on another ground than the listed ones it goes to the superior.

    Raises: NotFound, NoSuchOffer, OfferAnswered, NotAddressedToYou, GroundNeedsReason.
    """
    held = entry.read(Membership, membership)
    into = union or entry.act.union
    line = entry.line(into)
    declined = held.decline_offer(
        entry.act, offer, into, ground, opinion, line=line[1:], follow_up=follow_up
    )
    entry.write(declined)
    if ground is Ground.OTHER and len(line) > 1:
        cause = EscalationCause.DECLINED_OTHERWISE
        entry.write(held.escalate(entry.act, offer, line[1], cause))
    _answered(entry, held, offer, (Group.MEMBERSHIP,))


def _answered(
    entry: Entry, held: Membership, offer: TransferId, groups: tuple[Group, ...] | None
) -> None:
    """What follows an answer here: at once within the journal, else it goes to the other side."""
    assert held.person is not None
    origin = held.offers[offer].from_origin
    if origin == entry.ledger.origin:
        conclude(entry, held, offer)
        receive(entry, held, offer)
    else:
        share_back(entry, held.person, origin, groups)


# ── what follows by nobody's choice ──────────────────────────────────────────────────────────


def conclude(
    entry: Entry, held: Membership, offer: TransferId, causation: str | None = None
) -> Event | None:
    """At the holder: the release on an acceptance, the return on a decline."""
    told = held.offers.get(offer)
    outcome = held.conclude(offer, entry.ledger.origin)
    if told is None or outcome is None:
        return None
    union = told.from_union or entry.act.union
    on = told.answered_on if told.answer is not None else None
    act = _procedure(entry, union, on)
    entry.write(outcome, act=act, causation=causation)
    return outcome


def receive(
    entry: Entry, held: Membership, offer: TransferId, causation: str | None = None
) -> Event | None:
    """At the receiver: the receipt on a release, and the end of its own request.

    Where the union has ended meanwhile, what has happened is recorded and the member retained.
    """
    received = held.receive(offer, entry.ledger.origin, beside(entry, held))
    if received is None:
        return None
    act = _procedure(entry, received.union, held.offers[offer].outcome_on)
    entry.write(received, act=act, causation=causation)
    entry.noted["received", received.person] = received.membership
    asked = entry.look_up(TransferRequest, offer)
    if asked.asked is not None and asked.closed is None and asked.asked.union == received.union:
        entry.write(asked.close(act, RequestClosing.RECEIVED), act=act, causation=causation)
    retain_of_closed(entry, held, causation)
    return received


def _procedure(entry: Entry, union: UnionId, on: date | None) -> Act:
    act = entry.ledger.procedure(union, on)
    return replace(act, correlation=entry.act.correlation)


def lapse_due(ledger: Ledger, today: date | None = None) -> list[TransferId]:
    """By our own clock: what was not answered in time lapses, or goes up first where so agreed.

    An offer whose answer arrives in this very moment is left alone: the answer stands.
    """
    day = today or ledger.today
    with ledger.reading() as reader:
        late = transfers.overdue(reader.conn, ledger.origin, day)
    lapsed: list[TransferId] = []
    for line in late:
        if line.membership is None or line.offered_on is None:
            continue
        try:
            with ledger.entry(ledger.procedure(line.from_union or ledger.root)) as entry:
                if _lapse(entry, line.membership, line.transfer, day):
                    lapsed.append(line.transfer)
        except Conflict:
            continue  # somebody wrote to it just now: it is looked at again the next time
    return lapsed


def _lapse(entry: Entry, membership: MembershipId, offer: TransferId, day: date) -> bool:
    held = entry.read(Membership, membership)
    told = held.offers[offer]
    lapsed = held.lapse(offer, entry.ledger.origin, day)
    if lapsed is None or told.deadline is None:
        return False
    if told.to_origin and told.to_origin != entry.ledger.origin:
        found = agreement_with(entry, told.to_origin)
        if found is not None and found[1].unanswered is Unanswered.ESCALATES:
            if told.escalated_to is None:
                _escalate_unanswered(entry, held, told)
                return False
            if day <= working_days_after(told.deadline, found[1].answer_days):
                return False
    entry.write(lapsed)
    return True


def _escalate_unanswered(entry: Entry, held: Membership, told: Offer) -> None:
    if told.to_union is not None:
        above = entry.line(told.to_union)
        superior = above[1] if len(above) > 1 else told.to_union
        cause = EscalationCause.UNANSWERED
        entry.write(held.escalate(entry.act, told.id, superior, cause))


def escalate(
    entry: Entry,
    membership: MembershipId,
    offer: TransferId,
    cause: EscalationCause,
    note: str = "",
    superior: UnionId | None = None,
) -> None:
    """Brings a transfer before the superior of the union that it was sent to.

    Raises: NotFound, NoSuchOffer.
    """
    held = entry.read(Membership, membership)
    told = held.offers.get(offer)
    above = entry.line(told.to_union) if told and told.to_union else [entry.act.union]
    to = superior or (above[1] if len(above) > 1 else above[0])
    entry.write(held.escalate(entry.act, offer, to, cause, note))


# ── requests ─────────────────────────────────────────────────────────────────────────────────


def request(
    entry: Entry,
    person: PersonId,
    from_union: UnionId,
    proof: Proof,
    *,
    basis: Basis | None = None,
    consent: ConsentId | None = None,
    membership: MembershipId | None = None,
    employer: str = "",
    trade: str = "",
    note: str = "",
) -> TransferId:
    """The acting union asks another one for the membership of someone who works here now.

    Raises: NotFound, UnionNotOpen, NoLegalBasis, NoLivePartnership, RequestOpen.
    """
    origin = origin_of(entry, from_union)
    days = None if origin == entry.ledger.origin else terms_with(entry, origin).request_days
    asked = TransferRequest.ask(
        entry.act, new_transfer(), person, from_union, Code(origin),
        _deadline(entry, origin, days), proof, membership=membership, employer=employer,
        trade=trade, note=note,
    )  # fmt: skip
    if origin != entry.ledger.origin:
        share(entry, person, origin, basis, Cause.REQUEST, consent=consent)
    entry.write(asked)
    return asked.request


def answer_request(
    entry: Entry,
    request: TransferId,
    membership: MembershipId,
    *,
    basis: Basis | None = None,
    consent: ConsentId | None = None,
    note: str = "",
) -> TransferId:
    """The holder answers a request with an offer under its id.

    Raises: NotFound, NoSuchRequest, RequestDecided, NotAskedOfYou, and what `offer` raises.
    """
    asking = entry.read(TransferRequest, request)
    held = entry.read(Membership, membership)
    answered = asking.answer(entry.act, membership, held.union or entry.act.union)
    assert asking.asked is not None
    to = asking.asked.union
    if basis is None and consent is None:
        basis = _basis_of_theirs(entry, asking.asked.person, origin_of(entry, to))
    offer(
        entry, membership, to, TransferReason.REQUESTED, basis=basis, consent=consent, note=note,
        request=request,
    )  # fmt: skip
    _tell_asker(entry, asking.asked.person, origin_of(entry, to))
    entry.write(answered)
    return request


def refuse_request(
    entry: Entry, request: TransferId, ground: RefusalGround, opinion: str = ""
) -> None:
    """Raises: NotFound, NoSuchRequest, RequestDecided, NotAskedOfYou, RefusalNeedsReason."""
    asking = entry.read(TransferRequest, request)
    refused = asking.refuse(entry.act, ground, opinion)
    assert asking.asked is not None
    _tell_asker(entry, asking.asked.person, origin_of(entry, asking.asked.union))
    entry.write(refused)


def escalate_request(entry: Entry, request: TransferId, *, serves: bool, note: str = "") -> None:
    """Brings a request before the holder's superior; `serves`: we serve meanwhile.

    Raises: NotFound, NoSuchRequest, NotYourRequest, AnswerNotDue.
    """
    asking = entry.read(TransferRequest, request)
    above = entry.line(asking.asked.from_union) if asking.asked else [entry.act.union]
    superior = above[1] if len(above) > 1 else above[0]
    entry.write(asking.escalate(entry.act, superior, serves=serves, note=note))


def close_request(entry: Entry, request: TransferId, why: RequestClosing) -> None:
    """Raises: NotFound, NoSuchRequest, NotYourRequest."""
    entry.write(entry.read(TransferRequest, request).close(entry.act, why))


def _tell_asker(entry: Entry, person: PersonId, origin: str) -> None:
    """The answer names the person as the asking side knows her, and goes to that side."""
    if origin != entry.ledger.origin:
        share_back(entry, person, origin, (Group.MEMBERSHIP,))


def _basis_of_theirs(entry: Entry, person: PersonId, partner: str) -> Basis | None:
    rows = links(entry, partner, person)
    return next((Basis(row["basis"]) for row in rows if row["open"]), None)


# ── by the clock ─────────────────────────────────────────────────────────────────────────────


def due(ledger: Ledger, today: date | None = None) -> list[TransferId]:
    """Everything that the clock asks for: late offers, and the links of agreements that are over
    or whose consents are.
    """
    lapsed = lapse_due(ledger, today)
    stop_ungrounded(ledger, today)
    with ledger.reading() as reader:
        over = agreements_over(reader.conn, today or ledger.today)
    for each in over:
        with ledger.entry(ledger.procedure(ledger.root), lock=True) as entry:
            _wind_up(entry, PartnershipId(each))
    return lapsed


def _wind_up(entry: Entry, partnership: PartnershipId) -> None:
    """An agreement is over: what waits finishes or is handed back, as agreed; links close."""
    agreement = entry.look_up(Partnership, partnership)
    terms = agreement.terms(entry.act.today)
    if terms is not None and terms.at_end is AtEnd.HAND_BACK:
        for party in agreement.partners(entry.ledger.origin):
            _take_back(entry, party.origin)
    close_links(entry, partnership, Code("agreement_over"))


def _take_back(entry: Entry, partner: str) -> None:
    """Withdraws what was offered to a partner and not answered yet."""
    sought = transfers.Sought(entry.act.today, way=Way.OUT, state=TransferState.OPEN)
    after = None
    while True:
        page = transfers.listing(entry.conn, entry.ledger.origin, sought, limit=500, after=after)
        for line in page.rows:
            if line.to_origin == partner and line.membership is not None:
                held = entry.read(Membership, line.membership)
                told = held.offers.get(line.transfer)
                if told is not None and told.open and told.answer is None:
                    reason = WithdrawReason.PARTNERSHIP_ENDED
                    entry.write(held.withdraw(entry.act, line.transfer, reason))
        after = page.next
        if after is None:
            return
