"""What must hold: on the way after every step, and at the end when everything has been read."""

from collections.abc import Iterable
from datetime import date
from itertools import pairwise, permutations
from typing import Any

from sqlalchemy import func, select

from ledger.domain.channels import PartnerRead
from ledger.domain.epochs import RecordLost
from ledger.domain.funds import Fund, ShareOutcome
from ledger.domain.membership import AlreadyAMember, Membership, MembershipReleased
from ledger.exchange.mirroring import held_by
from ledger.exchange.running import standings
from ledger.journal import checkpoints, fsck
from ledger.journal.keys import Role
from ledger.journal.notes import Checkpoint
from ledger.journal.recorder import read_head
from ledger.journal.tables import channel_leaf, claim, person_key, record, sealed, token
from ledger.journal.vault import SHREDDED
from ledger.projections import VIEWS, disbursement_audit, rebuild
from ledger.projections.disbursement_audit import Sought
from ledger.projections.posting import channel_name
from tests.simulation.nodes import Node
from tests.simulation.officers import Town

BUILT = [view for view in VIEWS if view.tables]
LATER = date(2030, 1, 1)


class Broken(AssertionError):
    """Something that must hold does not."""


def hold(condition: object, what: str) -> None:
    if not condition:
        raise Broken(what)


# ── on the way ───────────────────────────────────────────────────────────────────────────────


def at_every_instant(town: Town) -> None:
    """One holder, and all the money, whoever is behind and whatever is on its way."""
    if any(node.restored for node in town.nodes):
        return  # who woke up with an old disk says so, and decides nothing
    for membership in dict.fromkeys(sent.thing for sent in town.transfers):
        one_holder(town, membership)
    money_is_conserved(town)


def one_holder(town: Town, membership: str) -> None:
    told = {node.origin: _membership(node, membership) for node in town.nodes}
    sure = [origin for origin, one in told.items() if one.holder and one.holder.origin == origin]
    hold(len(sure) <= 1, f"two holders of {membership}: {sure}")
    if sure:
        return
    # Nobody is sure: the release is on its way to the one that does, or the membership has ended.
    every = [fact for node in town.nodes for fact in _own_facts(node, membership)]
    truth = Membership.of(every).holder
    if truth is None:
        ended = Membership.of(every).ending
        hold(ended is not None or not every, f"no holder of {membership}")
        return
    releases = [fact for fact in every if isinstance(fact.event, MembershipReleased)]
    last = max(releases, key=lambda fact: fact.event.moves)
    there = next(node for node in town.nodes if node.origin == truth.origin)
    with there.looking() as reader:
        read = {(f.origin, f.position) for f in reader.history(membership)}
    hold((last.origin, last.position) not in read, f"no holder of {membership}: it was released")


def _membership(node: Node, membership: str) -> Membership:
    with node.looking() as reader:
        return reader.get(Membership, membership)


def _own_facts(node: Node, stream: str) -> Iterable[Any]:
    with node.looking() as reader:
        return [fact for fact in reader.history(stream) if fact.origin == node.origin]


def money_is_conserved(town: Town, *, at_rest: bool = False) -> None:
    """All of it is in one place; `at_rest`: and nothing of it is set aside or on its way."""
    for one, other in permutations(town.nodes, 2):
        if one.origin < other.origin:
            _joint_fund(town, one, other, at_rest)


def _joint_fund(town: Town, one: Node, other: Node, at_rest: bool) -> None:
    a, b = _share(town, one, other), _share(town, other, one)
    given = 0
    for share in (a, b):
        hold(share.balance >= 0, f"a share is below zero: {share.balance}")
        given += share.credited
    under_way = sum(
        out.amount
        for giver, taker in ((a, b), (b, a))
        for out in giver.outgoing.values()
        if out.outcome is ShareOutcome.RELEASED
        and not (out.offer in taker.incoming and taker.incoming[out.offer].received)
    )
    if at_rest:
        for share in (a, b):
            hold(share.offered == 0, "an offer of money was never concluded")
            waits = [told.offer for told in share.incoming.values() if told.awaited]
            hold(not waits, f"money was accepted and never came: {waits}")
    held = a.balance + a.offered + b.balance + b.offered + under_way
    hold(held == given, f"{one.name}-{other.name}: {held} of {given} fen are there")


class _Share:
    """A share as its own journal has it."""

    def __init__(self, fund: Fund, credited: int) -> None:
        self.balance, self.offered, self.credited = fund.balance, fund.offered, credited
        self.outgoing, self.incoming = fund.outgoing, fund.incoming


def _share(town: Town, node: Node, partner: Node) -> _Share:
    name = town.posts[node.origin].shares[partner.origin]
    with node.looking() as reader:
        fund = reader.get(Fund, name)
        credited = sum(
            fact.event.amount  # type: ignore[attr-defined]
            for fact in reader.history(name)
            if type(fact.event).__name__ == "FundCredited"
        )
    return _Share(fund, credited)


# ── at any time, and after each waking ───────────────────────────────────────────────────────


def nothing_acknowledged_is_lost(node: Node) -> None:
    lost = _lost(node)
    hold(not lost, f"{node.name} acknowledged {lost} and lost them")


def lost_with_its_disk(node: Node, others: Iterable[Node]) -> list[int]:
    """What went with a disk that nobody found: nobody outside had read any of it.

    A backup ends where it was taken; what came after and never left the node is known to nobody.
    What was witnessed and read by nobody is declared lost, and a line says so where it stood.
    """
    lost = _lost(node)
    declared = [one.position for one in node.records() if one.kind == RecordLost.__name__]
    leaves = [node.acknowledged.pop(position) for position in lost]
    for other in others:
        with other.ledger.database.reading() as conn:
            seen = select(func.count()).where(channel_leaf.c.leaf.in_(leaves))
            hold(conn.execute(seen).scalar_one() == 0, f"{other.name} had read what is lost")
        size = max(
            (Checkpoint.parse(each.text).size for each in other.seen_of(node.origin)), default=0
        )
        hold(
            all(position > size or position in declared for position in lost),
            f"{other.name} had witnessed what is lost",
        )
    return lost


def _lost(node: Node) -> list[int]:
    positions = list(node.acknowledged)
    with node.ledger.database.reading() as conn:
        rows = conn.execute(
            select(record.c.position, record.c.leaf).where(
                record.c.origin == node.origin, record.c.position.in_(positions)
            )
        )
        held = {position: bytes(leaf) for position, leaf in rows}
    return [at for at in positions if held.get(at) != node.acknowledged[at]]


# ── at the end ───────────────────────────────────────────────────────────────────────────────


def at_the_end(town: Town) -> None:
    """Everything has been read: both sides say the same, and nothing waits."""
    for node in town.nodes:
        nothing_acknowledged_is_lost(node)
        hold(node.ledger.signer.bar is None, f"{node.name} is read-only")
        _nothing_waits(node)
        _sound(node)
        _views_are_what_they_were(node)
        _forgotten_is_forgotten(node)
    for giver, reader in permutations(town.nodes, 2):
        mirror_is_the_channel(giver, reader)
    for membership in dict.fromkeys(w.membership for w in town.workers if w.membership):
        _agree_on(town, membership)
    _one_membership_a_person(town)
    money_is_conserved(town, at_rest=True)
    _duplicates_alike(town)


def _nothing_waits(node: Node) -> None:
    for standing in standings(node.ledger):
        told = (standing.parked, standing.owed, standing.fault, standing.size - standing.read)
        hold(told == (0, 0, "", 0), f"{node.name} of {standing.partner}: {standing}")


def _sound(node: Node) -> None:
    keys = node.ledger.signer.keys.public(Role.LOG)
    report = fsck.check(
        node.ledger.database, node.origin, vault=node.ledger.vault, keys=keys,
        believed=node.ledger.believed, processes=1,
    )  # fmt: skip
    hold(report.sound, f"{node.name}: {report.faults[:2]}")
    with node.ledger.database.reading() as conn:
        size = read_head(conn, node.origin).frontier.size
        state = checkpoints.states(conn, node.origin, [size])[size]
    hold(state.witnessed, f"{node.name}: the last record is not witnessed")


def _views_are_what_they_were(node: Node) -> None:
    try:
        rebuild(node.ledger.database, node.origin, *BUILT)
    except Exception as fault:
        raise Broken(f"{node.name}: {fault}") from fault


def _forgotten_is_forgotten(node: Node) -> None:
    with node.ledger.database.reading() as conn:
        gone = list(node.ledger.vault.shredded(conn))
        if not gone:
            return
        hold(
            set(node.ledger.vault.at_rest(conn, [p for p, _ in gone]).values()) == {SHREDDED},
            f"{node.name}: somebody is forgotten and not at rest",
        )
        for table, column in (
            (person_key, person_key.c.person), (sealed, sealed.c.subject), (token, token.c.person),
        ):  # fmt: skip
            count = select(func.count()).select_from(table)
            left = conn.execute(count.where(column.in_([p for p, _ in gone]))).scalar_one()
            hold(left == 0, f"{node.name}: {table.name} keeps {left} of who was forgotten")


def mirror_is_the_channel(giver: Node, reader: Node) -> None:
    """The reader has the giver's channel, record for record, and has read each once."""
    log = channel_name(giver.origin, reader.origin)
    found: list[list[tuple[Any, ...]]] = []
    for node in (giver, reader):
        with node.ledger.database.reading() as conn:
            leaves = conn.execute(
                select(channel_leaf.c.number, channel_leaf.c.position, channel_leaf.c.leaf)
                .where(channel_leaf.c.log == log)
                .order_by(channel_leaf.c.number)
            )
            found.append([(number, at, bytes(leaf)) for number, at, leaf in leaves])
            size = read_head(conn, log).frontier.size
        hold(size == len(found[-1]), f"{log} at {node.name}: {size} and {len(found[-1])} rows")
    hold(found[0] == found[1], f"{log}: the mirror is not the channel")
    with giver.looking() as view:
        held = held_by(view.conn, giver.origin, reader.origin)
    hold(not found[0] or (held and held.size == len(found[0])), f"{log}: signed for {held}")
    with reader.looking() as view:
        facts = [fact.event for fact in view.history(giver.origin)]
    said = [(e.first, e.last) for e in facts if isinstance(e, PartnerRead)]
    ends = [0, *(last for _, last in said)]
    hold(
        all(first == before + 1 for (first, _), before in zip(said, ends, strict=False))
        and all(a < b for a, b in pairwise(ends)) and ends[-1] == len(found[0]),
        f"{log}: read as {said}",
    )  # fmt: skip
    followed = reader.ledger.recorder.max_tracking_id(log) or 0
    hold(followed == len(found[0]), f"{log}: followed to {followed}")


def _agree_on(town: Town, membership: str) -> None:
    one_holder(town, membership)
    told: dict[str, Any] = {}
    for node in town.nodes:
        one = _membership(node, membership)
        if one.id is not None:
            told[node.origin] = one.holder
        for each in one.offers.values():
            waits = each.open and each.from_origin == node.origin
            hold(not waits, f"{node.name} has not concluded {each.id}: {each.answer}")
    truth = Membership.of(
        [fact for node in town.nodes for fact in _own_facts(node, membership)]
    ).holder
    holder = truth.origin if truth else None
    if holder is not None:
        hold(told.get(holder) == truth, f"{membership}: {holder} holds and says {told}")


def _one_membership_a_person(town: Town) -> None:
    held: dict[str, str] = {}
    for node in town.nodes:
        with node.ledger.database.reading() as conn:
            rows = conn.execute(
                select(claim.c.key, claim.c.holder).where(
                    claim.c.origin == node.origin, claim.c.rule == AlreadyAMember.__name__
                )
            )
            for person, membership in rows:
                known = held.setdefault(membership, node.name)
                hold(known == node.name, f"{membership} of {person} is claimed in two journals")


def _duplicates_alike(town: Town) -> None:
    """What several grants show together, both find who hold them all; and find the same."""
    for one, other in permutations(town.nodes, 2):
        if one.origin < other.origin:
            both = {one.origin, other.origin}
            told = [_found(node, both) for node in (one, other)]
            hold(told[0] == told[1], f"duplicates of {one.name}, {other.name} differ: {told}")


def _found(node: Node, both: set[str]) -> set[tuple[Any, ...]]:
    with node.looking() as reader:
        lines = list(
            disbursement_audit.each(
                reader.conn, node.origin, Sought(LATER, rule="AidedTwice"), size=50
            )
        )
    return {
        (line.subject, line.amount, line.cites)
        for line in lines
        if {each.partition("#")[0] for each in line.cites} == both
    }
