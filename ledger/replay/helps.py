"""One request for help (一件诉求): what the worker said, opened for who works on it or for herself."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from ledger.book import NotFound, Reader
from ledger.domain.help import CallAt, HelpOutcome, HelpRequest, HelpRequested, HelpState, Want
from ledger.domain.ids import HelpId
from ledger.projections import help_requests, union_tree
from ledger.replay.people import Shown, people

PICTURES = ("太阳", "月亮", "小鱼", "房子", "雨伞", "星星", "小花", "小船", "大树", "苹果")


def picture(number: str) -> str:
    """What stands beside a number on the phone, to be named by who does not read: by its last digit."""
    return PICTURES[int(number[-1])]


@dataclass(frozen=True)
class HelpLine:
    """One request in a list, with the name of whose it is, and of the union that has it."""

    help: str
    number: str
    person: Shown | None
    person_id: str
    union: str
    union_name: str
    want: Want
    call_at: CallAt
    asked_on: date
    state: HelpState
    outcome: HelpOutcome | None
    opened: str | None


@dataclass(frozen=True)
class HelpTold:
    """One request with what the worker said; `phone` is where to call back, `amount` is in fen."""

    line: HelpLine
    amount: int | None
    since: date | None
    to_union: str | None
    to_union_name: str
    about: str | None
    campaign: str | None
    employer: str
    text: str
    phone: str
    version: int


def help_lines(
    reader: Reader, rows: list[help_requests.Line], *, mask: bool = True
) -> list[HelpLine]:
    """Rows of the view as lines, by name."""
    shown = people(reader, [row.person for row in rows], mask=mask)
    names = _names(reader, {row.union for row in rows})
    return [
        HelpLine(
            row.help, row.number, shown.get(row.person), row.person, row.union,
            names.get(row.union, ""), row.want, row.call_at, row.asked_on, row.state, row.outcome,
            row.opened,
        )
        for row in rows
    ]  # fmt: skip


def help_request(reader: Reader, name: str, *, mask: bool = True) -> HelpTold:
    """One request as it stands. Raises: NotFound."""
    held = reader.find(HelpRequest, name)
    row = help_requests.get(reader.conn, reader.ledger.origin, [name]).get(HelpId(name))
    if row is None:  # its record was annulled
        raise NotFound(name)
    events = [fact.event for fact in reader.opened(reader.records(name))]
    e = next(event for event in events if isinstance(event, HelpRequested))
    names = _names(reader, [e.to_union] if e.to_union else [])
    return HelpTold(
        help_lines(reader, [row], mask=mask)[0], e.amount, e.since, e.to_union,
        names.get(e.to_union or "", ""), e.about, e.campaign, e.employer, e.text, e.phone,
        held.version,
    )  # fmt: skip


def _names(reader: Reader, unions: Collection[str]) -> dict[str, str]:
    found = union_tree.get(reader.conn, reader.ledger.origin, unions)
    return {union: row.short_name or row.name for union, row in found.items()}
