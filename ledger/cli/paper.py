"""What was decided on paper, or took effect earlier (纸面决定): the options for it, on any command.

A decision that a committee or an officer took on paper is typed in by a clerk. Rules that it did
not keep become findings; on whose behalf it is recorded is judged by the day of the decision.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date
from functools import wraps
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, cast

import typer

from ledger.cli.common import Exit, acting, acting_for, day, fail
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Act, Code, Decision, Late, Office

if TYPE_CHECKING:
    from ledger.book import Reader
    from ledger.desk import Visitor


@dataclass(frozen=True)
class Paper:
    """Under what a command acts, where that is not "I, today, in my office"."""

    on: str | None = None
    decided_by: str | None = None
    decided_as: Office | None = None
    decision: str | None = None
    late: Late | None = None

    def __post_init__(self) -> None:
        if self.decided_by is None and (self.decision or self.decided_as):
            fail(Exit.USAGE, "写了决定文号或决定岗位的，须用 --decided-by 写明决定人。")
        if self.decided_by is not None and self.decided_by[:4] not in ("per_", "uni_"):
            fail(Exit.USAGE, "--decided-by 请写人员编号 per_…，集体决定的写工会编号 uni_…。")


_OPTIONS: dict[str, Any] = {
    "on": Annotated[str | None, typer.Option("--on", metavar="DATE", help="业务日期，默认今天。")],
    "decided_by": Annotated[
        str | None, typer.Option("--decided-by", metavar="WHO", help="纸面决定人 per_… 或委员会 uni_…。")
    ],
    "decided_as": Annotated[
        Office | None, typer.Option("--decided-as", help="决定人的岗位，默认办理这一步的岗位。")
    ],
    "decision": Annotated[
        str | None, typer.Option("--decision", metavar="PAPER", help="纸面决定的文号。")
    ],
    "late": Annotated[Late | None, typer.Option("--late", help="补录原因。")],
}  # fmt: skip

_said: ContextVar[Paper] = ContextVar("paper")

Command = TypeVar("Command", bound=Callable[..., None])


def by_paper(command: Command) -> Command:
    """Gives a command the options for what was decided on paper."""

    @wraps(command)
    def told(*args: Any, **given: Any) -> None:
        token = _said.set(Paper(**{name: given.pop(name, None) for name in _OPTIONS}))
        try:
            command(*args, **given)
        finally:
            _said.reset(token)

    plain = signature(command)
    more = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=None, annotation=option)
        for name, option in _OPTIONS.items()
    ]
    told.__annotations__ = {**command.__annotations__, **_OPTIONS}
    cast("Any", told).__signature__ = plain.replace(parameters=[*plain.parameters.values(), *more])
    return cast("Command", told)


def under(
    reader: "Reader", account: str | None, offices: Sequence[Office], union: UnionId | None
) -> Act:
    """Under what an act upon something of a union is done: by the nearest officer, or by paper."""
    said = _said.get(Paper())
    if said.decided_by is None:
        return _nearest(reader, account, offices, union).act(on=day(said.on), late=said.late)
    held = said.decided_as or offices[0]
    where = _decided_for(reader, said.decided_by, held, union, day(said.on))
    clerk = _nearest(reader, account, (Office.CLERK,), where)
    decision = Decision(said.decided_by, held, Code(said.decision) if said.decision else None)
    return clerk.act(
        on=day(said.on), union=where, office=Office.CLERK, decided_by=decision, late=said.late
    )


def _decided_for(
    reader: "Reader", who: str, held: Office, union: UnionId | None, on: date | None
) -> UnionId | None:
    """For which union of the line it was decided: the nearest in which that office was held."""
    from ledger.domain.ids import officer_of
    from ledger.domain.offices import Offices

    if who.startswith("uni_"):
        return UnionId(who)
    posts = reader.get(Offices, officer_of(PersonId(who))).on(on or reader.ledger.today)
    theirs = {post.union for post in posts if post.office is held}
    return next((each for each in (reader.line(union) if union else ()) if each in theirs), union)


def _nearest(
    reader: "Reader", account: str | None, offices: Sequence[Office], union: UnionId | None
) -> "Visitor":
    """Who holds the first of these offices that is held, for the union or the nearest above it."""
    line = reader.line(union) if account is None and union is not None else []
    for office in offices:
        for above in line:
            visitor = acting_for(reader.ledger, (office,), above)
            if visitor is not None:
                return visitor
    return acting(reader.ledger, account, offices)
