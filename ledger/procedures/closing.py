"""A union ends (撤销工会): with an outcome for each of its members, in one entry (J1–J4)."""

from collections.abc import Mapping

from ledger.book import Entry
from ledger.domain.ids import MembershipId, UnionId
from ledger.domain.kernel import Code
from ledger.domain.membership import Card, Membership, Retention
from ledger.domain.unions import DissolutionReason, Union, UnionDissolved, UnionMerged
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

    With `into` it is merged, and that union keeps them. The entry holds the head (`lock=True`):
    nobody joins while it is decided.

    Raises: NotFound, UnionNotOpen, EndsOtherwise, OutsideItsLine, SuperiorDecides, UnionsBelow,
    BelowItself, NotYourOffice.
    """
    assert entry.locked
    act, line = entry.act, entry.line(union)
    closing = entry.read(Union, union)
    here = _members(entry, union)
    below = union_tree.children(entry.conn, entry.ledger.origin, union, act.on)
    keeper = into or (line[1] if len(line) > 1 else None)
    why = _WHY.get(reason, Retention.UNION_DISSOLVED)
    kept = 0
    for name in here:
        held = entry.read(Membership, name)
        keeps = (keepers or {}).get(name) or keeper
        if held.union == union and keeps is not None:
            entry.write(held.retain(act, why, card, keeps, line=line, minutes=paper))
            kept += 1
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


def _members(entry: Entry, union: UnionId) -> list[MembershipId]:
    """Everybody who belongs to a union by all that is recorded."""
    sought, after = rosters.Sought(union=union, below=False), None
    found: list[MembershipId] = []
    while True:
        page = rosters.members(entry.conn, entry.ledger.origin, sought, limit=1000, after=after)
        found += [row.membership for row in page.rows]
        after = page.next
        if after is None:
            return list(dict.fromkeys(found))
