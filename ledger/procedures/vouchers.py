"""Vouchers (接转凭证): issued from the journal, checked without asking anybody, taken once.

Whoever shows one is believed by its signature alone, also where the partner is away. What is known
here besides can only take from it: that it was used, that its offer has come to an end, or that
the record which it names is another one than the journal holds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import bindparam, select

from ledger.book import Entry, Ledger, NotFound, Reader
from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Code, Refused
from ledger.domain.membership import (
    Membership,
    Offer,
    TransferVoucher,
    Voucher,
    VoucherDiffers,
    VoucherForged,
    VoucherIssued,
    VoucherIssuerUnknown,
    VoucherOver,
    VoucherUnreadable,
    VoucherUsed,
)
from ledger.journal import vouchers
from ledger.journal.database import Statement
from ledger.journal.keys import Role
from ledger.journal.merkle import leaf_hash
from ledger.journal.notes import Forged, Malformed, PublicKey, Unsigned
from ledger.journal.tables import record
from ledger.procedures.transferring import accept
from ledger.projections import transfers

_STORED = Statement(
    select(record.c.header, record.c.body).where(
        record.c.origin == bindparam("origin"), record.c.position == bindparam("position")
    )
)


# ── issuing ──────────────────────────────────────────────────────────────────────────────────


def issue_voucher(entry: Entry, membership: MembershipId, offer: TransferId) -> VoucherIssued:
    """Puts an open offer into the worker's hand.

    Raises: NotFound, NotAMember, NotTheHolder, NoSuchOffer, OfferAnswered, DeadlinePassed,
    VoucherOut.
    """
    issued = entry.read(Membership, membership).issue_voucher(entry.act, offer)
    entry.write(issued)
    return issued


class Carried(NamedTuple):
    """A voucher of ours as the worker carries it."""

    voucher: Voucher
    text: str


def carried(reader: Reader, offer: str) -> Carried:
    """The voucher of an offer, signed now with the newest key; it says the same each time.

    Raises: NotFound where none was issued here, VoucherExpired, VoucherOver; OSError where the
    key cannot be used now.
    """
    ledger = reader.ledger
    issued = reader.get(TransferVoucher, offer).issued
    if issued is None or issued.origin != ledger.origin:
        raise NotFound(offer)
    assert isinstance(issued.event, VoucherIssued)
    said = issued.event
    leaf = _leaf(reader, issued.origin, issued.position)
    assert leaf is not None
    voucher = Voucher(
        Code(issued.origin), said.person, said.to_origin, issued.on, said.until, said.offer,
        said.to_union, issued.position - 1, Code(leaf),
    )  # fmt: skip
    voucher.judge(max(ledger.today, issued.on))
    _unanswered(_offer(reader, voucher.offer))
    return Carried(
        voucher, vouchers.to_text(vouchers.sign(voucher, ledger.signer.keys.one(Role.VOUCHER)))
    )


# ── checking ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Checked:
    """What a voucher says, where it can be believed, and the rule that stands in its way."""

    voucher: Voucher | None
    refused: Refused | None = None

    @property
    def good(self) -> bool:
        return self.refused is None


def keys_of(ledger: Ledger) -> list[PublicKey]:
    """By which keys vouchers are believed here: our own, and those that are pinned.

    Raises: Malformed where the file of pinned keys is none.
    """
    return [*ledger.signer.keys.public(Role.VOUCHER), *ledger.trust.issuers]


def verify_voucher(text: str, keys: Iterable[PublicKey]) -> Voucher:
    """What a voucher says, if one of these keys has signed it; needs no ledger.

    Raises: VoucherUnreadable, VoucherIssuerUnknown, VoucherForged.
    """
    try:
        signed = vouchers.of_text(text)
    except Malformed as fault:
        raise VoucherUnreadable(why=str(fault)) from None
    try:
        signed.verify(keys)
    except Unsigned:
        raise VoucherIssuerUnknown(issuer=signed.voucher.issuer, key=signed.key_id.hex()) from None
    except Forged:
        raise VoucherForged(issuer=signed.voucher.issuer) from None
    return signed.voucher


def check_voucher(
    text: str, keys: Iterable[PublicKey], on: date, *, here: str | None = None,
    reader: Reader | None = None,
) -> Checked:  # fmt: skip
    """Judges a voucher as on a day: by keys alone, or also by what a ledger knows.

    `here`: the journal in which it is to be used. A voucher that is not believed says nothing.
    """
    voucher: Voucher | None = None
    try:
        voucher = verify_voucher(text, keys)
        voucher.judge(on, here)
        if reader is not None:
            _still_stands(reader, voucher)
    except Refused as refused:
        return Checked(voucher, refused)
    return Checked(voucher)


def _still_stands(reader: Reader, voucher: Voucher) -> None:
    """Raises: VoucherDiffers, VoucherUsed, VoucherOver."""
    _founded(reader, voucher)
    known = reader.get(TransferVoucher, voucher.offer)
    if known.shown is not None:
        raise VoucherUsed(union=known.shown.union, on=known.shown_on)
    if voucher.issuer == reader.ledger.origin and known.issued is None:
        raise VoucherOver(offer=voucher.offer)  # issued by mistake, and taken back
    _unanswered(_offer(reader, voucher.offer))


def _founded(reader: Reader, voucher: Voucher) -> None:
    """Whether the record that it names is that record, where it has been read here.

    Raises: VoucherDiffers. Of our own there is no "not read yet".
    """
    leaf = _leaf(reader, voucher.issuer, voucher.index + 1)
    ours = voucher.issuer == reader.ledger.origin
    if (leaf is None and ours) or (leaf is not None and leaf != voucher.leaf):
        raise VoucherDiffers(issuer=voucher.issuer, position=voucher.index + 1)


def _leaf(reader: Reader, origin: str, position: int) -> str | None:
    """The hash of a record as it is stored now, hex."""
    row = _STORED.drive(reader.conn, origin=origin, position=position).fetchone()
    return None if row is None else leaf_hash(bytes(row[0]) + b"\n" + bytes(row[1])).hex()


def _offer(reader: Reader, offer: TransferId) -> Offer | None:
    """The offer itself; None where it has not been read here yet."""
    line = transfers.get(reader.conn, reader.ledger.origin, [offer]).get(offer)
    if line is None or line.membership is None:
        return None
    told = reader.get(Membership, line.membership).offers.get(offer)
    return told if told is not None and told.offered_on is not None else None


def _unanswered(told: Offer | None) -> None:
    if told is not None and (not told.open or told.answer is not None):
        raise VoucherOver(offer=told.id, state=told.state)


# ── taking ───────────────────────────────────────────────────────────────────────────────────


class Taken(NamedTuple):
    """Which offer a voucher was of, whose, and whether it is accepted; if not, its record is awaited."""

    offer: TransferId
    person: PersonId
    accepted: bool


def take_voucher(
    entry: Entry, text: str, *, union: UnionId | None = None, employer: str = "", trade: str = "",
    note: str = "",
) -> Taken:  # fmt: skip
    """Accepts on a voucher, into `union` (else the acting one).

    Where the offer has not been read here yet, the voucher is put on record, and she is served;
    the offer is accepted when it has come and her identity with it. A voucher that was put on
    record so may be shown again for that.

    Raises: what `check_voucher` finds; NotAddressedToYou, and what `accept` raises.
    """
    here, into = entry.ledger.origin, union or entry.act.union
    voucher = verify_voucher(text, keys_of(entry.ledger))
    _founded(entry, voucher)
    known = entry.look_up(TransferVoucher, voucher.offer)
    told = _offer(entry, voucher.offer)
    waits = told is not None and told.answer is None and told.open
    if waits and known.shown is not None and known.shown.union == into:
        voucher.judge(entry.act.on, here)  # put on record here while its offer was on the way
    else:
        shown = known.show(entry.act, voucher, into, here, line=entry.line(into)[1:])
        _unanswered(told)
        entry.write(shown)
    if told is None:
        return Taken(voucher.offer, voucher.person, accepted=False)
    line = transfers.get(entry.conn, here, [voucher.offer])[voucher.offer]
    assert line.membership is not None
    accept(
        entry, line.membership, voucher.offer, union=into, employer=employer, trade=trade, note=note
    )
    return Taken(voucher.offer, voucher.person, accepted=True)
