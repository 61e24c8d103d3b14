"""Grants and lists as a table shows them (台账一行): by name where that is open, amounts for people."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.book import Reader
from ledger.domain.aid import Stage
from ledger.domain.aiding import AidKind
from ledger.domain.ids import AidListId, FundId, GrantId, PersonId, UnionId
from ledger.domain.kernel import Office
from ledger.projections import union_tree
from ledger.projections.grants import Row
from ledger.replay.grants import Amount
from ledger.replay.people import Shown, people


@dataclass(frozen=True)
class GrantLine:
    """One grant in a table: its step, whose turn it is since when, and what an approval is of."""

    grant: GrantId
    person: Shown | None
    person_id: PersonId
    beneficiary: PersonId
    origin: str
    union: UnionId
    union_name: str
    kind: AidKind
    need: str
    stage: Stage
    turn: Office | None
    since: date
    applied_on: date
    amount: Amount
    approved: Amount
    paid: Amount
    taken_back: Amount
    fund: FundId | None
    aid_list: AidListId | None
    notice_until: date | None
    review_by: date | None
    held_for: GrantId | None
    content: str


@dataclass(frozen=True)
class ListLine:
    """One list: its state, how many, how much; `paid` is what was handed out."""

    aid_list: AidListId
    title: str
    origin: str
    union: UnionId
    union_name: str
    kind: AidKind
    each: Amount
    count: int
    total: Amount
    state: str
    paid: Amount
    paid_count: int
    fund: FundId | None
    since: date


def grant_lines(
    reader: Reader, rows: Iterable[Row], named: Collection[str], *, mask: bool = True
) -> list[GrantLine]:
    """Rows of the view as lines; of the journals `named` the applicants are shown by name."""
    every = list(rows)
    shown = people(reader, [r["person"] for r in every if r["origin"] in named], mask=mask)
    names = _unions(reader, every)
    return [
        GrantLine(
            row["grant_id"], shown.get(row["person"]), row["person"], row["beneficiary"],
            row["origin"], row["union_id"], names.get(row["union_id"], ""), AidKind(row["kind"]),
            row["need"], Stage(row["stage"]), Office(row["turn"]) if row["turn"] else None,
            date.fromisoformat(row["since"]), date.fromisoformat(row["applied_on"]),
            Amount.of(row["amount"]), Amount.of(row["approved"]), Amount.of(row["paid"]),
            Amount.of(row["taken_back"]), row["fund"], row["aid_list"],
            _day(row["notice_until"]), _day(row["review_by"]), row["held_for"], row["content"],
        )
        for row in every
    ]  # fmt: skip


def list_lines(reader: Reader, rows: Iterable[Row]) -> list[ListLine]:
    """Rows of the view of lists; nobody's name stands in them."""
    every = list(rows)
    names = _unions(reader, every)
    return [
        ListLine(
            row["aid_list"], row["title"], row["origin"], row["union_id"],
            names.get(row["union_id"], ""), AidKind(row["kind"]), Amount.of(row["each"]),
            row["count"], Amount.of(row["total"]), row["state"], Amount.of(row["paid"]),
            row["paid_count"], row["fund"], date.fromisoformat(row["since"]),
        )
        for row in every
    ]  # fmt: skip


def _unions(reader: Reader, rows: Iterable[Row]) -> dict[Any, str]:
    found = union_tree.get(reader.conn, reader.ledger.origin, {row["union_id"] for row in rows})
    return {union: row.short_name or row.name for union, row in found.items()}


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
