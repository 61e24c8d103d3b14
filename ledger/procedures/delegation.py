"""Delegation (授权代行): in whose stead somebody acts, for a union, in an office, on a day."""

from datetime import date

from ledger.book import Entry
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.offices import Post


def acted_for(
    entry: Entry, who: str | None, union: UnionId | None, on: date, office: str | None = None
) -> frozenset[PersonId]:
    """All in whose stead somebody acts for a union that day; `office` None: in any office.

    A committee acts in nobody's stead.
    """
    return frozenset(
        post.instead_of
        for post in _posts(entry, who, union, on)
        if post.instead_of is not None and office in (None, post.office)
    )


def stands_in_for(entry: Entry) -> PersonId | None:
    """Whose office the decider of this act holds, where she holds it by delegation alone."""
    act = entry.act
    posts = [
        post
        for post in _posts(entry, act.decider, act.union, act.on)
        if post.office is act.deciding_office and not post.entrusted
    ]
    given = [post.instead_of for post in posts if post.instead_of is not None]
    return given[0] if given and len(given) == len(posts) else None


def _posts(entry: Entry, who: str | None, union: UnionId | None, on: date) -> list[Post]:
    if who is None or not who.startswith("per_"):
        return []
    held = entry.offices_of(PersonId(who)).on(on)
    return [post for post in held if post.union == union]
