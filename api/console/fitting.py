"""What can be done now (可办事项): the acts that make sense in a thing's state, for this visitor.

A page names each act with the fact that it records. It is offered where one of the visitor's
offices may record such a fact, for one of the unions whose turn it is. The rules still decide when
the form is sent; this only keeps what is certain to be refused out of sight.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from api.console.pages import OBSERVERS
from ledger.desk import Visitor
from ledger.domain.kernel import Event, Office
from ledger.domain.offices import Post

GRAVE = "btn btn-outline-danger"
MAIN = "btn btn-primary"
PLAIN = "btn btn-outline-primary"


@dataclass(frozen=True)
class Offer:
    """One act that can be done now: its form, what it is called, what is known, how it looks."""

    deed: str
    text: str
    given: Mapping[str, object] = field(default_factory=dict[str, object])
    look: str = PLAIN


def post_for(
    who: Visitor, kind: type[Event], unions: Collection[str | None] | None = None
) -> Post | None:
    """The visitor's post in which such a fact may be recorded, her present one before others;
    `unions`: only for these."""
    fit = [
        post
        for post in who.posts
        if post.office in kind.by
        and post.office not in OBSERVERS
        and (unions is None or post.union in unions)
    ]
    return who.post if who.post in fit else next(iter(fit), None)


def may(who: Visitor, kind: type[Event], unions: Collection[str | None] | None = None) -> bool:
    """Whether one of the visitor's offices records such a fact; `unions`: for one of these."""
    return post_for(who, kind, unions) is not None


def offered(
    who: Visitor, deed: str, text: str, kind: type[Event],
    unions: Collection[str | None] | None = None, /, *, look: str = PLAIN, **given: object,
) -> list[Offer]:  # fmt: skip
    """The act, in the post that fits; nothing where none of the visitor's does."""
    post = post_for(who, kind, unions)
    if post is None:
        return []
    known = {name: value for name, value in given.items() if value is not None}
    if post != who.post:  # the form is filled in for the post that may
        known |= {"act__union": post.union, "act__office": post.office.value}
    return [Offer(deed, text, known, look)]


def on_paper(who: Visitor, deed: str, text: str, union: str, /, **given: object) -> list[Offer]:
    """The act as its union's committee decided it on paper, for whoever enters it there."""
    post = next((p for p in who.posts if p.union == union and p.office not in OBSERVERS), None)
    if post is None:
        return []
    decided = {"act__decided_by": union, "act__decided_office": Office.APPROVER.value}
    known = {**given, "act__union": post.union, "act__office": post.office.value, **decided}
    return [Offer(deed, text, known)]
