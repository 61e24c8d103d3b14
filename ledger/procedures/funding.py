"""Funding (资金办理): money down the tree in one entry, and between two provinces in three steps.

Within one journal an allotment and its receipt are one entry. Between two, money is set aside when
it is offered, and `reacting` writes what follows when the other side's record is read: the release,
the receipt, the return. Money that comes in covers past payments that had none before all else.
"""

from collections.abc import Iterable
from datetime import date

from ledger.book import Conflict, Entry, Ledger
from ledger.clock import working_days_after
from ledger.domain.aiding import KindRules
from ledger.domain.channels import NoLivePartnership
from ledger.domain.funds import Fund, NotTheKeeper, Source
from ledger.domain.ids import AllotmentId, FundId, PartnershipId, UnionId, new_fund
from ledger.domain.kernel import Code, Event, Fen, Scope
from ledger.domain.partnerships import Annex, Partnership
from ledger.procedures.transferring import origin_of
from ledger.projections import fund_statements


def open_fund(
    entry: Entry,
    keeper: UnionId,
    name: str,
    source: Source,
    *,
    annex: PartnershipId | None = None,
    joint: Code | None = None,
    contributor: str = "",
    year: int | None = None,
) -> FundId:
    """Sets up a fund of a union of ours; a share of a joint fund of two provinces under an agreement.

    Raises: NotFound, UnionNotOpen, NotTheKeeper, FundUnnamed, NoLivePartnership.
    """
    if origin_of(entry, keeper) != entry.ledger.origin:
        raise NotTheKeeper(keeper=keeper)
    if annex is not None:
        _terms(entry, annex)
    made = new_fund()
    opened = Fund.open(
        entry.act, made, keeper, name, source, annex=annex, joint=joint, contributor=contributor,
        year=year, line=entry.line(keeper)[1:],
    )  # fmt: skip
    entry.start(opened)
    return made


def credit(
    entry: Entry,
    fund: FundId,
    amount: Fen,
    source: Source | None = None,
    contributor: str = "",
    paper: Code | None = None,
) -> None:
    """Money comes in from outside. Raises: NotFound, and what `Fund.contribute` raises."""
    held = entry.read(Fund, fund)
    entry.write(
        held.contribute(entry.act, amount, source, contributor, paper, line=_above(entry, held))
    )
    _cover(entry, held)


def allot(
    entry: Entry, fund: FundId, to: FundId, amount: Fen, paper: Code | None = None
) -> AllotmentId:
    """Money goes to another fund of this journal, and is there at once.

    Raises: NotFound, and what `Fund.allot` and `Fund.receive` raise.
    """
    giver, receiver = entry.read(Fund, fund), entry.read(Fund, to)
    line = _above(entry, giver)
    allotted = giver.allot(entry.act, to, amount, paper, line=line)
    in_line = giver.keeper in (receiver.keeper, *_above(entry, receiver)) or receiver.keeper in line
    received = receiver.receive(allotted, giver, in_line=in_line)
    entry.write(allotted)
    entry.write(received)
    _cover(entry, receiver)
    return allotted.allotment


def cover(entry: Entry, fund: FundId, amount: Fen) -> None:
    """Free money goes to past payments that had none. Raises: NotFound, and what `Fund.cover` raises."""
    entry.write(entry.read(Fund, fund).cover(entry.act, amount))


def agreements_of(entry: Entry, kinds: Iterable[KindRules]) -> frozenset[PartnershipId]:
    """The agreements of the joint funds that the rules of a scheme name."""
    named = {fund for rules in kinds for fund in rules.funds}
    opened = (entry.look_up(Fund, fund).opened for fund in sorted(named))
    return frozenset(each.under for each in opened if each is not None and each.under)


def close_fund(entry: Entry, fund: FundId) -> None:
    """Raises: NotFound, FundNotOpen, NotTheKeeper, FundNotEmpty."""
    held = entry.read(Fund, fund)
    entry.write(held.close(entry.act, line=_above(entry, held)))


# ── between two provinces ────────────────────────────────────────────────────────────────────


def offer_share(
    entry: Entry,
    fund: FundId,
    to: FundId,
    amount: Fen,
    *,
    deadline: date | None = None,
    paper: Code | None = None,
) -> AllotmentId:
    """Offers money to another province's share of the same joint fund, by the agreement's deadline.

    Raises: NotFound, NoLivePartnership, and what `Fund.offer` raises.
    """
    giver, receiver = entry.read(Fund, fund), entry.read(Fund, to)
    until = deadline or _deadline(entry, giver)
    offered = giver.offer(entry.act, receiver, amount, until, paper, line=_above(entry, giver))
    entry.write(offered)
    return offered.offer


def withdraw_share(entry: Entry, fund: FundId, offer: AllotmentId) -> None:
    """Raises: NotFound, and what `Fund.withdraw` raises."""
    giver = entry.read(Fund, fund)
    receiver = _other_end(entry, giver, offer)
    entry.write(giver.withdraw(entry.act, offer, receiver, line=_above(entry, giver)))


def accept_share(entry: Entry, fund: FundId, giver: FundId, offer: AllotmentId) -> None:
    """Undertakes to take money that another province's share offers; its release brings it.

    Raises: NotFound, and what `Fund.accept` raises.
    """
    held, other = entry.read(Fund, fund), entry.read(Fund, giver)
    entry.write(held.accept(entry.act, offer, other, line=_above(entry, held)))


def decline_share(
    entry: Entry, fund: FundId, giver: FundId, offer: AllotmentId, ground: str
) -> None:
    """Raises: NotFound, and what `Fund.decline` raises."""
    held, other = entry.read(Fund, fund), entry.read(Fund, giver)
    entry.write(held.decline(entry.act, offer, other, ground, line=_above(entry, held)))


# ── what follows by nobody's choice ──────────────────────────────────────────────────────────


def conclude_share(
    entry: Entry, giver: FundId, receiver: FundId, offer: AllotmentId, causation: str
) -> None:
    """At the giver, on reading the answer: the release, or the return."""
    held = entry.look_up(Fund, giver)
    answered = entry.look_up(Fund, receiver).incoming.get(offer)
    outcome = held.conclude(offer, entry.look_up(Fund, receiver), entry.ledger.origin)
    if outcome is not None and answered is not None:
        _follow(entry, held, outcome, answered.answered_on, causation)


def take_share(
    entry: Entry, receiver: FundId, giver: FundId, offer: AllotmentId, causation: str
) -> None:
    """At the receiver, on reading the release: the money is here."""
    held, other = entry.look_up(Fund, receiver), entry.look_up(Fund, giver)
    received = held.take(offer, other, entry.ledger.origin)
    if received is not None:
        _follow(entry, held, received, other.outgoing[offer].outcome_on, causation)
        _cover(entry, held)


def void_share(entry: Entry, giver: FundId, offer: AllotmentId, causation: str) -> None:
    """At the receiver, on reading a lapse or a withdrawal: its acceptance is void."""
    other = entry.look_up(Fund, giver)
    if offer not in other.outgoing:
        return
    held = entry.look_up(Fund, other.outgoing[offer].to)
    voided = held.void(offer, other, entry.ledger.origin)
    if voided is not None:
        _follow(entry, held, voided, None, causation)


def lapse_shares(ledger: Ledger, today: date | None = None) -> list[AllotmentId]:
    """By our own clock: offers of money that were not answered in time lapse."""
    day = today or ledger.today
    with ledger.reading() as reader:
        late = fund_statements.overdue(reader.conn, ledger.origin, day)
    lapsed: list[AllotmentId] = []
    for row in late:
        try:
            with ledger.entry(ledger.procedure(ledger.root)) as entry:
                giver = entry.read(Fund, row.giver)
                receiver = _other_end(entry, giver, row.offer)
                outcome = giver.lapse(row.offer, receiver, ledger.origin, day)
                if outcome is not None:
                    entry.write(outcome, act=ledger.procedure(giver.keeper or ledger.root))
                    lapsed.append(row.offer)
        except Conflict:
            continue  # somebody wrote to it just now: it is looked at again the next time
    return lapsed


def _follow(entry: Entry, held: Fund, event: Event, on: date | None, causation: str | None) -> None:
    act = entry.ledger.procedure(held.keeper or entry.ledger.root, on)
    entry.write(event, act=act, causation=causation)


def _cover(entry: Entry, held: Fund) -> None:
    """Past payments that had no money come first."""
    covered = held.coverable()
    if covered is not None:
        _follow(entry, held, covered, entry.act.on, None)


# ── what the acts have in common ─────────────────────────────────────────────────────────────


def _above(entry: Entry, held: Fund) -> list[UnionId]:
    return entry.line(held.keeper)[1:] if held.keeper is not None else []


def _other_end(entry: Entry, giver: Fund, offer: AllotmentId) -> Fund:
    told = giver.outgoing.get(offer)
    return entry.look_up(Fund, told.to) if told is not None else Fund()


def _terms(entry: Entry, annex: PartnershipId) -> Annex:
    """What the agreement says today. Raises: NoLivePartnership."""
    agreement, today = entry.look_up(Partnership, annex), entry.act.today
    terms = agreement.terms(today)
    if terms is None or not agreement.covers(Scope.AID, today):
        raise NoLivePartnership(partnership=annex)
    return terms


def _deadline(entry: Entry, giver: Fund) -> date:
    under = giver.opened.under if giver.opened else None
    if under is None:
        raise NoLivePartnership(fund=giver.opened and giver.opened.fund)
    return working_days_after(entry.act.today, _terms(entry, under).answer_days)
