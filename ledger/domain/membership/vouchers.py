"""Vouchers (接转凭证): the worker carries her own transfer, for the case that she is quicker.

A voucher is the signed short form of one record, `VoucherIssued`: whose membership is offered to
whom, until when. It moves nothing. Shown to the union that it names, it lets that union accept the
offer, or, where the offer has not been read there yet, serve her until it is. Only the holder's
own record moves a membership, and an offer has one answer: so a voucher is used once, however
often it is copied, and is dead when its offer is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Act, Aggregate, Claim, Code, Event, Fact, Office, Scope
from ledger.domain.membership.rules import (
    NotAddressedToYou,
    VoucherElsewhere,
    VoucherExpired,
    VoucherOut,
    VoucherTooEarly,
    VoucherUsed,
)


@dataclass(frozen=True)
class Voucher:
    """What a voucher says; whether it is to be believed, its signature says."""

    issuer: Code  # the journal that holds the membership, and has signed
    person: PersonId
    audience: Code  # the journal that it is for
    since: date
    until: date  # the last day on which it counts
    offer: TransferId
    union: UnionId  # the union that it is for
    index: int  # where the record stands of which it is the short form, from 0
    leaf: Code  # and that record's hash, hex

    def judge(self, on: date, here: str | None = None) -> None:
        """Whether it counts on that day, in that journal; None: wherever it is for.

        Raises: VoucherTooEarly, VoucherExpired, VoucherElsewhere.
        """
        if on < self.since:
            raise VoucherTooEarly(since=self.since.isoformat())
        if on > self.until:
            raise VoucherExpired(until=self.until.isoformat())
        if here is not None and here != self.audience:
            raise VoucherElsewhere(audience=self.audience)


class VoucherIssued(
    Event,
    by=(Office.LIAISON, Office.CHAIR, Office.CLERK, Office.STATION, Office.SELF),
    scope=Scope.MEMBERSHIP,
):
    """凭证开具: the worker may carry the offer herself; from the day of issue until its deadline."""

    offer: TransferId
    membership: MembershipId
    person: PersonId
    union: UnionId
    to_union: UnionId
    to_origin: Code
    until: date

    def takes(self) -> Iterable[Claim]:
        yield Claim(VoucherOut, self.offer)


class VoucherShown(Event, by=Office.LIAISON, scope=Scope.MEMBERSHIP):
    """凭证出示: shown to the union that it names, which serves her from now on; once."""

    offer: TransferId
    person: PersonId
    union: UnionId
    from_origin: Code
    index: int
    leaf: Code
    until: date

    def takes(self) -> Iterable[Claim]:
        yield Claim(VoucherUsed, self.offer)


class TransferVoucher(Aggregate):
    """The voucher of one offer, as far as is known here (stream `trf_…`)."""

    def __init__(self) -> None:
        self.issued: Fact | None = None
        self.shown: VoucherShown | None = None
        self.shown_on: date | None = None
        self.shown_at = ""  # the journal in which it was put on record

    # ── decisions ──

    def show(
        self, act: Act, voucher: Voucher, union: UnionId, here: str, *, line: Sequence[UnionId] = ()
    ) -> VoucherShown:
        """The union takes it. `line`: the unions above it, one of which may be addressed.

        Raises: VoucherTooEarly, VoucherExpired, VoucherElsewhere, NotAddressedToYou, VoucherUsed.
        """
        voucher.judge(act.on, here)
        if voucher.union not in {union, *line} or act.union not in {union, voucher.union}:
            raise NotAddressedToYou(to=voucher.union, union=union)
        if self.shown is not None:
            raise VoucherUsed(union=self.shown.union, on=self.shown_on)
        return VoucherShown(
            voucher.offer, voucher.person, union, voucher.issuer, voucher.index, voucher.leaf,
            voucher.until,
        )  # fmt: skip

    # ── questions ──

    @property
    def known(self) -> bool:
        """Whether there is one, as far as is known here."""
        return self.issued is not None or self.shown is not None

    def serving(self, on: date) -> UnionId | None:
        """The union that serves by the voucher alone, the offer not having been read yet."""
        if self.shown is None or self.shown_on is None:
            return None
        return self.shown.union if self.shown_on <= on <= self.shown.until else None

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case VoucherIssued():
                self.issued = fact
            case VoucherShown() as e:
                self.shown, self.shown_on, self.shown_at = e, fact.on, fact.origin
            case _:
                pass
