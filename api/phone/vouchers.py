"""我的接转凭证: the worker's own transfer on her own phone, to be shown where she works now."""

from contextlib import suppress

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api.phone.frame import Me, check_token, form_of, page, worker
from api.phone.steps import Finished, record
from api.problems import Problem
from api.showing import qr_of
from ledger import procedures
from ledger.book import Entry, Reader
from ledger.domain.ids import TransferId, is_id
from ledger.domain.membership import VoucherOut
from ledger.journal.vouchers import to_address
from ledger.projections import transfers, union_tree
from ledger.projections.transfers import Line, Sought, TransferState
from ledger.window import Worker

router = APIRouter(include_in_schema=False)


def under_way(reader: Reader, me: Worker) -> list[Line]:
    """Her own transfers out of this province's ledger that nobody has answered yet."""
    conn, origin, today = reader.conn, reader.ledger.origin, reader.ledger.today
    return [
        line
        for person in sorted(me.own)
        for line in transfers.listing(
            conn, origin, Sought(today, state=TransferState.OPEN, person=person)
        ).rows
        if line.from_origin == origin and not line.late(today)
    ]


def _mine(reader: Reader, me: Worker, transfer: str) -> Line:
    """404 where it is not hers; 409 where there is nothing to carry any longer."""
    found = transfers.get(reader.conn, reader.ledger.origin, [transfer]) if is_id(transfer) else {}
    line = found.get(TransferId(transfer))
    if line is None or line.person not in me.own:
        raise Problem(404, "not-found", "There is no such transfer of yours.", "没有这次接转。")
    if line not in under_way(reader, me):
        raise Problem(
            409, "over", "This transfer is answered, or over.", "这次接转已有结果或已过期限，不用凭证了。",
            instead="到“我的会籍”看现在在哪个工会；要再转的，点“我换城市了”。",
        )  # fmt: skip
    return line


@router.get("/m/voucher/{transfer}")
def voucher(request: Request, me: Me, transfer: str) -> Response:
    """我的接转凭证：领取、出示."""
    with me.ledger.reading() as reader:
        line = _mine(reader, me, transfer)
        rows = union_tree.get(reader.conn, reader.ledger.origin, [line.to_union or ""])
        made = procedures.carried(reader, transfer) if line.voucher_until else None
    to = next((row.name for row in rows.values()), "")
    if made is None:
        return page(request, "voucher_ask.html", line=line, to=to)
    address = to_address(made.text, str(request.base_url))
    return page(
        request, "voucher.html", line=line, to=to, voucher=made.voucher, text=made.text,
        qr=qr_of(address),
    )  # fmt: skip


@router.post("/m/voucher/{transfer}")
async def take_out(request: Request, transfer: str) -> Response:
    """我的接转凭证：领取，按几次都是一张."""
    fields = await form_of(request)
    return await run_in_threadpool(_take_out, request, transfer, fields.get("csrf", ""))


def _take_out(request: Request, transfer: str, token: str) -> Response:
    me = worker(request)
    check_token(request, token)
    with me.ledger.reading() as reader:
        line = _mine(reader, me, transfer)
    assert line.from_union is not None
    membership = line.membership
    assert membership is not None

    def decide(entry: Entry) -> str:
        procedures.issue_voucher(entry, membership, line.transfer)
        return line.transfer

    if line.voucher_until is None:
        finished = Finished({"transfer": transfer}, f"voucher-{transfer}")
        with suppress(VoucherOut):  # the union has just issued it: it is the same one
            record(me.ledger, me.act(line.from_union, line.person), me.account, finished, decide)
    return RedirectResponse(f"/m/voucher/{transfer}", 303)
