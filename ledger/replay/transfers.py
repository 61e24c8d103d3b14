"""One transfer (一次接转): both sides' steps, as at a date, as known on a date."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from ledger.book import NotFound, Reader
from ledger.domain.ids import TransferId
from ledger.domain.kernel import Fact
from ledger.domain.membership import (
    Membership,
    Offer,
    RequestState,
    TransferRequest,
    TransferVoucher,
)
from ledger.projections import worker_files
from ledger.projections.transfers import TransferState
from ledger.replay.told import KnownOn, Lane, Line, Names, Told, effective, gather, lines


@dataclass(frozen=True)
class TransferNow:
    """How a transfer stands on a day (接转状态)."""

    on: date
    state: TransferState | None  # None: nothing had happened yet
    offer: Offer | None
    from_name: str
    to_name: str
    late: bool


class TransferStep(NamedTuple):
    """One record, and how the transfer stood after it."""

    line: Line
    state: TransferNow


@dataclass(frozen=True)
class TransferFile:
    """One transfer as at a date, as known on a date."""

    transfer: TransferId
    as_of: date | None
    known_on: KnownOn
    lanes: tuple[Lane, ...]
    lines: tuple[Line, ...]
    state: TransferNow
    steps: tuple[TransferStep, ...]

    @property
    def historical(self) -> bool:
        return self.as_of is not None or self.known_on is not None


def transfer(
    reader: Reader, offer: str, *, as_of: date | None = None, known_on: KnownOn = None,
    mask: bool = True,
) -> TransferFile:  # fmt: skip
    """One transfer, step by step. Raises: NotFound."""
    told = _about(offer, gather(reader, [offer], known_on))
    conn, origin = reader.conn, reader.ledger.origin
    if not told and not worker_files.mentions(conn, origin, [offer]):
        raise NotFound(offer)
    names = Names(reader, told, known_on)
    shown = lines(told, names, origin, as_of, mask=mask)
    standing = effective(told, as_of)
    by_ref = {line.ref: line for line in shown}
    steps = [
        TransferStep(by_ref[each.ref], _state(offer, standing[:at], each.fact.on, names))
        for at, each in enumerate(standing, 1)
        if each.ref in by_ref
    ]
    used = {each.record.origin for each in told}
    return TransferFile(
        TransferId(offer), as_of, known_on, tuple(n for n in names.lanes if n.origin in used),
        tuple(line for line in shown if not line.hidden),
        _state(offer, standing, as_of or reader.ledger.today, names), tuple(steps),
    )  # fmt: skip


def _about(offer: str, told: Sequence[Told]) -> list[Told]:
    """What concerns this transfer, and not all of its membership."""
    places = {
        each.place
        for each in told
        if offer in (each.record.stream, each.fact.event.__dict__.get("offer"))
    }
    return [
        each
        for each in told
        if each.place in places
        or (each.record.origin, each.fact.corrects) in places
        or (each.record.origin, each.fact.event.__dict__.get("position")) in places
        or (each.fact.event.__dict__.get("origin"), each.fact.event.__dict__.get("position"))
        in places
    ]


def _state(offer: str, standing: Sequence[Told], on: date, names: Names) -> TransferNow:
    known = sorted(standing, key=lambda one: one.rank)
    held = Membership.of(_of(known, "mem_")).offers.get(TransferId(offer))
    request = TransferRequest.of(_of(known, "trf_"))
    if held is not None:
        return TransferNow(
            on, TransferState(held.state), held, names.union(held.from_union, on),
            names.union(held.receiver or held.to_union, on), held.overdue(on),
        )  # fmt: skip
    asked = request.asked
    if asked is None:
        return _carried(TransferVoucher.of(_of(known, "trf_")), on, names)
    state = {
        RequestState.REFUSED: TransferState.REFUSED,
        RequestState.CLOSED: TransferState.CLOSED,
    }.get(request.state, TransferState.REQUESTED)
    return TransferNow(
        on, state, None, names.union(asked.from_union, on), names.union(asked.union, on),
        request.overdue(on),
    )  # fmt: skip


def _carried(voucher: TransferVoucher, on: date, names: Names) -> TransferNow:
    """How it stands by the voucher alone, where its offer is not known."""
    said = voucher.shown
    if said is None:
        return TransferNow(on, None, None, "", "", late=False)
    return TransferNow(
        on, TransferState.SHOWN, None, names.lane(said.from_origin).name,
        names.union(said.union, on), on > said.until,
    )  # fmt: skip


def _of(told: Sequence[Told], prefix: str) -> list[Fact]:
    return [each.fact for each in told if each.record.stream.startswith(prefix)]
