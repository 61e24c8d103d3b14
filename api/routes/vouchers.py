"""Vouchers (接转凭证): checked, and taken in the place of the offer that they speak of."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field

from api.asking import Acting, Body, Day, Name, Part, Room, SignedIn, Text, UnionRef, answer
from api.showing import check_sight, names_of
from ledger import procedures
from ledger.book import Entry
from ledger.domain.ids import TransferId, UnionId
from ledger.journal.vouchers import MOST_TEXT

ROUTER = Room("/vouchers", "接转凭证")


class Carrying(Part):
    """A voucher as it was scanned or pasted, and the day on which it is to count."""

    voucher: str = Field(description="凭证内容，以 LD1: 开头", max_length=MOST_TEXT)
    on: Day | None = Field(None, description="按哪一天核验，默认今天")


@dataclass(frozen=True)
class VoucherSaid:
    """What a voucher says that is believed: no name and no number stands in it."""

    transfer: TransferId
    issuer: str
    audience: str
    union: UnionId
    union_name: str
    since: date
    until: date


@dataclass(frozen=True)
class VoucherChecked:
    """Whether a voucher can be used here; if not, by which rule, and what to do instead."""

    good: bool
    rule: str | None
    title_zh: str
    instead: str
    voucher: VoucherSaid | None


@ROUTER.view("", "核验接转凭证：能否在本省使用，不能用的为何、怎么办", VoucherChecked)
def check(who: SignedIn, asked: Annotated[Carrying, Query()]) -> Response:
    with who.ledger.reading() as reader:
        found = procedures.check_voucher(
            asked.voucher, procedures.keys_of(who.ledger), asked.on or who.today,
            here=who.ledger.origin, reader=reader,
        )  # fmt: skip
        names = names_of(reader, [found.voucher.union] if found.voucher else [])
    rule, said = found.refused, found.voucher
    return answer(
        VoucherChecked(
            found.good, type(rule).__name__ if rule else None, rule.zh if rule else "",
            rule.instead if rule else "",
            VoucherSaid(
                said.offer, said.issuer, said.audience, said.union, names.get(said.union, ""),
                said.since, said.until,
            ) if said else None,
        )
    )  # fmt: skip


class Taking(Body):
    """The voucher, into which union, and where the worker works now."""

    voucher: Text = Field(description="凭证内容，以 LD1: 开头")
    union: UnionRef | None = Field(None, description="接收工会，默认办理工会")
    employer: Name = Field("", description="工作单位")
    trade: Name = Field("", description="工种")
    note: Text = Field("", description="说明")


@ROUTER.act("", "凭证接转：凭此接收；对方的记录未到的，先登记并服务")
def take(body: Taking, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, object]:
        taken = procedures.take_voucher(
            entry, body.voucher, union=body.union, employer=body.employer, trade=body.trade,
            note=body.note,
        )  # fmt: skip
        if taken.accepted:
            check_sight(entry, asked.who, taken.person)
        return {"transfer": taken.offer, "accepted": taken.accepted}

    return asked.record(body, decide)
