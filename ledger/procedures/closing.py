"""A union ends (撤销工会): with an outcome for each of its members, in one entry (J1–J4)."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from ledger.book import Entry
from ledger.domain.ids import MembershipId, UnionId
from ledger.domain.kernel import Code
from ledger.domain.membership import Card, DeclineGround, Membership, Retention
from ledger.domain.unions import (
    DissolutionReason,
    Union,
    UnionDissolved,
    UnionMerged,
    UnionNotOpen,
)
from ledger.projections import rosters, union_tree


def close_union(
    entry: Entry,
    union: UnionId,
    reason: DissolutionReason,
    *,
    into: UnionId | None = None,
    keepers: Mapping[MembershipId, UnionId] | None = None,
    card: Card = Card.KEPT,
    paper: Code | None = None,
) -> UnionDissolved | UnionMerged:
    """Ends a union; each member is retained by the superior, or the residence union of `keepers`.

    With `into` it is merged, and that union keeps them. Who has applied to it is told that another
    union decides (`DeclineGround.ANOTHER_UNION`). The entry holds the head (`lock=True`): nobody
    joins while it is decided.

    Raises: NotFound, UnionNotOpen, EndsOtherwise, OutsideItsLine, SuperiorDecides, UnionsBelow,
    BelowItself, NotYourOffice.
    """
    assert entry.locked
    act, line = entry.act, entry.line(union)
    closing = entry.read(Union, union)
    here = _on_roster(entry, union, _MEMBERS)
    below = union_tree.children(entry.conn, entry.ledger.origin, union, act.on)
    keeper = into or (line[1] if len(line) > 1 else None)
    why = _WHY.get(reason, Retention.UNION_DISSOLVED)
    kept = 0
    for name in here:
        held = entry.read(Membership, name)
        keeps = (keepers or {}).get(name) or keeper
        if held.union == union and keeps is not None:
            # Whoever came after the day of an end that is typed up late is kept from then on.
            late = replace(act, on=max(act.on, held.holding.since)) if held.holding else act
            entry.write(held.retain(late, why, card, keeps, line=line, minutes=paper), act=late)
            kept += 1
    for name in _on_roster(entry, union, {rosters.Standing.APPLIED}):
        asking = entry.read(Membership, name)
        if asking.applied_to == union:
            entry.write(asking.decline(act, DeclineGround.ANOTHER_UNION, line=line))
    left = len(here) - kept
    if into is None:
        ended: UnionDissolved | UnionMerged = closing.dissolve(
            act, reason, line=line, members_left=left, unions_below=len(below), members=kept,
            paper=paper,
        )  # fmt: skip
    else:
        ended = closing.merge(
            act, entry.read(Union, into), line=line, into_line=entry.line(into),
            members_left=left, unions_below=len(below), members=kept, paper=paper,
        )  # fmt: skip
    entry.write(ended)
    return ended


_WHY = {
    DissolutionReason.EMPLOYER_ENDED: Retention.EMPLOYER_ENDED,
    DissolutionReason.PROJECT_ENDED: Retention.PROJECT_ENDED,
}


_MEMBERS = {rosters.Standing.MEMBER, rosters.Standing.RETAINED}


def must_be_open(entry: Entry, union: UnionId) -> None:
    """Whether a union still takes in, on the day of the act. Raises: UnionNotOpen."""
    closed = entry.look_up(Union, union).closed_on
    if closed is not None and closed <= entry.act.on:
        raise UnionNotOpen(union=union, on=entry.act.on.isoformat(), closed=closed.isoformat())


def retain_of_closed(entry: Entry, held: Membership, causation: str | None = None) -> None:
    """Who came to a union that has ended meanwhile is retained as its members were (J4)."""
    if held.holder is None or held.holding is None or held.holder.origin != entry.ledger.origin:
        return
    ended = entry.look_up(Union, held.holder.union)
    keeper = _keeper(entry, held.holder.union)
    if ended.closed_on is None or keeper is None:
        return
    reason = ended.closing.reason if isinstance(ended.closing, UnionDissolved) else None
    why = _WHY.get(reason, Retention.UNION_DISSOLVED) if reason else Retention.UNION_DISSOLVED
    act = entry.ledger.procedure(keeper, max(ended.closed_on, held.holding.since))
    act = replace(act, correlation=entry.act.correlation)
    entry.write(held.retain(act, why, Card.KEPT, keeper), act=act, causation=causation)


def _keeper(entry: Entry, union: UnionId) -> UnionId | None:
    """The union that a closed one goes on in, or its superior; the first of them that is open."""
    passed = list[UnionId]()
    step: UnionId | None = union
    while step is not None and step not in passed:
        told = entry.look_up(Union, step)
        if told.closed_on is None:
            return step
        passed.append(step)
        step = told.successor or told.superior()
    return None


def _on_roster(
    entry: Entry, union: UnionId, states: Collection[rosters.Standing]
) -> list[MembershipId]:
    """Everybody who stands so at a union, by all that is recorded."""
    sought = rosters.Sought(union=union, below=False, states=frozenset(states))
    after = None
    found: list[MembershipId] = []
    while True:
        page = rosters.members(entry.conn, entry.ledger.origin, sought, limit=1000, after=after)
        found += [row.membership for row in page.rows]
        after = page.next
        if after is None:
            return list(dict.fromkeys(found))
