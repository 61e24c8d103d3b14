"""公开核验: whether a receipt, a notice or a voucher is good, and nothing of anybody."""

import hmac
import re
from dataclasses import dataclass

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import select

from api.phone.frame import form_of, page, window_of
from ledger import procedures
from ledger.book import Ledger
from ledger.journal.merkle import leaf_hash
from ledger.journal.record import Record
from ledger.journal.tables import record
from ledger.projections import notices, union_tree
from ledger.projections.posting import as_record, fact_in
from ledger.replay import title

router = APIRouter(include_in_schema=False)

LEAST = 16
"""So many characters of a leaf at least: what is fewer can be guessed."""


@dataclass(frozen=True)
class Checked:
    """What can be said to anybody: whether it is so, of what kind, since when, by whom."""

    valid: bool
    said: str
    lines: tuple[str, ...] = ()
    head: str = ""

    @property
    def heading(self) -> str:
        return self.head or ("✓ 是真的" if self.valid else "✗ 对不上")


@router.get("/check")
def check(request: Request, ref: str = "", leaf: str = "") -> Response:
    """核验回执、公示."""
    plain, given = ref.strip()[:160], leaf.strip().lower()[:64]
    fault, found = "", None
    if plain and "#" in plain:
        if len(given) < LEAST or not re.fullmatch("[0-9a-f]+", given):
            fault = f"请把回执上的校验码填完整，至少{LEAST}位。"
        else:
            found = _receipt(request, plain, given)
    elif plain:
        found = _notice(request, plain)
    return page(
        request, "check.html", status=422 if fault else 200, ref=plain, leaf=given, fault=fault,
        found=found,
    )  # fmt: skip


@router.post("/check")
async def check_voucher(request: Request) -> Response:
    """核验接转凭证：粘贴的."""
    fields = await form_of(request)
    return await run_in_threadpool(_voucher_page, request, fields.get("voucher", ""))


@router.get("/V/{voucher}")
def follow(request: Request, voucher: str) -> Response:
    """核验接转凭证：手机扫码打开的."""
    return _voucher_page(request, voucher)


def _voucher_page(request: Request, text: str) -> Response:
    return page(
        request, "check.html", ref="", leaf="", fault="" if text else "请把凭证内容贴进来。",
        status=200 if text else 422, found=_voucher(request, text) if text else None,
    )  # fmt: skip


def _voucher(request: Request, text: str) -> Checked:
    """What a voucher says to anybody: from where to where, until when; of whom, it does not say.

    A ledger of this site that it comes from, or is for, knows besides whether it was used.
    """
    ledgers = {ledger.origin: ledger for ledger in window_of(request).ledgers.values()}
    keys = [key for ledger in ledgers.values() for key in procedures.keys_of(ledger)]
    first = next(iter(ledgers.values()))
    found = procedures.check_voucher(text, keys, first.today)
    said = found.voucher
    if said is None:
        assert found.refused is not None
        return Checked(False, f"{found.refused.zh}拿不准的，打12351。")
    names = dict[str, str]()
    for ledger in ledgers.values():
        with ledger.reading() as reader:
            rows = [*union_tree.roots(reader.conn, ledger.origin),
                    *union_tree.get(reader.conn, ledger.origin, [said.union]).values()]  # fmt: skip
            names |= {row.origin: row.name for row in rows if row.superior is None}
            names |= {row.union: row.name for row in rows}
            if found.good and ledger.origin in {said.issuer, said.audience}:
                found = procedures.check_voucher(text, keys, ledger.today, reader=reader)
    lines = (
        f"{names.get(said.issuer, said.issuer)}签发，开给{names.get(said.union, said.audience)}。",
        f"{said.since:%Y年%-m月%-d日}至{said.until:%Y年%-m月%-d日}有效，只能用一次。",
        "凭证上没有姓名和证件号码；办理时要核对本人身份证。",
    )
    if found.refused is not None:
        return Checked(False, found.refused.zh, lines[:2], "✗ 不能用")
    return Checked(True, "这张会籍接转凭证是真的，可以用。", lines)


def _receipt(request: Request, ref: str, leaf: str) -> Checked:
    origin, _, number = ref.rpartition("#")
    for ledger in window_of(request).ledgers.values():
        with ledger.reading() as reader:
            if ledger.origin != origin or not (number.isascii() and number.isdecimal()):
                continue
            row = reader.conn.execute(
                select(record).where(
                    record.c.origin == origin, record.c.position == int(number[:15])
                )
            ).first()
            if row is None:
                break
            one = as_record(row)
            if not hmac.compare_digest(_leaf(one)[: len(leaf)], leaf):
                break
            return _told(ledger, one)
    return Checked(
        False, "账里没有这样一笔，或校验码不是这一笔的。请核对是否填错；仍不对的，打12351。"
    )


def _leaf(one: Record) -> str:
    """The hash of the record as it is stored now, not as it was noted."""
    return leaf_hash(one.header + b"\n" + one.body).hex()


def _told(ledger: Ledger, one: Record) -> Checked:
    fact = fact_in(one)[0]
    with ledger.reading() as reader:
        rows = union_tree.get(reader.conn, ledger.origin, [fact.union or ""])
        later = reader.conn.execute(
            select(record.c.position, record.c.header)
            .where(record.c.origin == one.origin, record.c.stream == one.stream)
            .order_by(record.c.position)
        ).all()
    corrected = any(b'"corrects":%d,' % one.position in bytes(each.header) for each in later)
    union = next((row.name for row in rows.values()), "")
    lines = [f"{fact.on:%Y年%-m月%-d日}" + (f"，{union}" if union else "")]
    if corrected:
        lines.append("这一笔后来更正过，以更正后的为准。")
    elif later[-1].position != one.position:
        lines.append("此后又有新的登记，最新情况请到工会核对。")
    return Checked(
        True, f"{ledger.province.name}的账里有这一笔：{title(fact.event)}。", tuple(lines)
    )


def _notice(request: Request, number: str) -> Checked:
    for ledger in window_of(request).ledgers.values():
        with ledger.reading() as reader:
            found = notices.of_number(reader.conn, ledger.origin, number, ledger.today)
            if not found:
                continue
            names = union_tree.get(reader.conn, ledger.origin, [each.union for each in found])
        lines = tuple(
            f"{names[each.union].name if each.union in names else ''}："
            f"{each.since:%Y年%-m月%-d日}至{each.until:%Y年%-m月%-d日}，{each.count}人，"
            + ("正在公示" if each.runs(ledger.today) else "已结束或未开始")
            for each in found
        )
        return Checked(True, f"有这份公示：{number}。", lines)
    return Checked(False, "没有这份公示。请核对编号；仍不对的，打12351。")
