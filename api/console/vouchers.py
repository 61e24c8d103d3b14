"""接转凭证: what a worker shows at the window is checked here, and printed for her there."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.console.fitting import offered
from api.console.pages import form_of, page, signed_in
from api.console.workers import union_names
from api.showing import check_sight, looking, people, qr_of
from ledger import procedures
from ledger.book import NotFound, Reader
from ledger.domain.ids import TransferId, is_id
from ledger.domain.membership import VoucherShown
from ledger.journal.vouchers import MOST_TEXT, to_address
from ledger.procedures import Checked
from ledger.projections import transfers as view
from ledger.projections import union_tree

router = APIRouter(include_in_schema=False)


@router.get("/vouchers")
def vouchers(request: Request) -> Response:
    """核验接转凭证：扫码枪读入，或粘贴."""
    return _checked(request, "")


@router.post("/vouchers")
async def check(request: Request) -> Response:
    """核验接转凭证：能否在此接收，不能的怎么办."""
    fields = await form_of(request)
    return await run_in_threadpool(_checked, request, fields.get("text", "")[: MOST_TEXT + 1])


def _checked(request: Request, text: str) -> Response:
    who, found = signed_in(request), None
    names: dict[str, str] = {}
    with who.ledger.reading() as reader:
        if text:
            found = procedures.check_voucher(
                text, procedures.keys_of(who.ledger), who.today, here=who.ledger.origin,
                reader=reader,
            )  # fmt: skip
        if found is not None and found.voucher is not None:
            names = union_names(reader, {found.voucher.union})
        line = _line_of(reader, found)
        roots = union_tree.roots(reader.conn, who.ledger.origin)
        provinces = {root.origin: root.name for root in roots}
    good = found is not None and found.good
    plain = "".join(text.split())
    return page(
        request, "vouchers.html", who=who, text=text, found=found, names=names, line=line,
        provinces=provinces,
        offers=offered(who, "vouchers/take", "凭此接收", VoucherShown, voucher=plain) if good else [],
    )  # fmt: skip


def _line_of(reader: Reader, found: Checked | None) -> view.Line | None:
    """The transfer that a voucher speaks of, where it is known here."""
    if found is None or found.voucher is None:
        return None
    offer = found.voucher.offer
    return view.get(reader.conn, reader.ledger.origin, [offer]).get(offer)


@router.get("/transfers/{transfer}/voucher")
def voucher(request: Request, transfer: str) -> Response:
    """一张接转凭证：打印，或由本人拍照."""
    who = signed_in(request)
    with looking(who, "transfer", f"transfer:{transfer}" if is_id(transfer) else None) as reader:
        found = view.get(reader.conn, who.ledger.origin, [transfer]) if is_id(transfer) else {}
        if not found:
            raise NotFound(transfer)
        row = found[TransferId(transfer)]
        check_sight(reader, who, row.person)
        made = procedures.carried(reader, transfer)
        shown = people(reader, who, [row.person]).get(row.person)
        names = union_names(reader, {each for each in (row.from_union, row.to_union) if each})
    return page(
        request, "voucher.html", who=who, row=row, made=made, person=shown, names=names,
        qr=qr_of(to_address(made.text, str(request.base_url))),
    )  # fmt: skip
