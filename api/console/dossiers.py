"""取证案卷: asks what for, and hands out the zip."""

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.console.pages import form_of, page, signed_in
from api.console.purposes import PURPOSES
from api.console.within import ask
from api.problems import Problem
from ledger.domain.ids import is_id
from ledger.evidence import KINDS, OPENS, Kind

router = APIRouter(include_in_schema=False)

_BACK = {
    Kind.WORKER: "/workers", Kind.TRANSFER: "/transfers", Kind.GRANT: "/grants",
    Kind.CASE: "/cases", Kind.FUND: "/funds", Kind.PERIOD: "/unions",
}  # fmt: skip


def _kind(kind: str, subject: str) -> Kind:
    """404 where there is no such kind, or no such id."""
    if kind not in {*Kind} or not is_id(subject):
        raise Problem(404, "not-found", "There is no such dossier.", "没有这种案卷。")
    return Kind(kind)


@router.get("/dossiers/{kind}/{subject}")
def dossier(request: Request, kind: str, subject: str) -> Response:
    """取证案卷：写明目的，下载."""
    of = _kind(kind, subject)
    return page(
        request, "dossier.html", who=signed_in(request), kind=of, name=KINDS[of], subject=subject,
        back=f"{_BACK[of]}/{subject}", opens=of in OPENS, purposes=PURPOSES, fault="",
    )  # fmt: skip


@router.post("/dossiers/{kind}/{subject}")
async def take(request: Request, kind: str, subject: str) -> Response:
    """取证案卷：下载."""
    of = _kind(kind, subject)
    fields = await form_of(request)
    who = await run_in_threadpool(signed_in, request)
    asked = {name: fields[name] for name in ("purpose", "since", "until") if fields.get(name)}
    answered = await ask(
        request, "POST", "/dossiers", orjson.dumps({"kind": of, "subject": subject, **asked}),
        headers={"x-csrf-token": fields.get("csrf", "")},
    )  # fmt: skip
    if answered.status != 200:
        fault = str(answered.body.get("title_zh", "不能出具。"))
        if answered.status == 422:
            fault = "请写明起止两个日期，先后不要颠倒。"
        return await run_in_threadpool(
            lambda: page(
                request, "dossier.html", status=answered.status, who=who, kind=of,
                name=KINDS[of], subject=subject, back=f"{_BACK[of]}/{subject}",
                opens=of in OPENS, purposes=PURPOSES, fault=fault,
            )
        )  # fmt: skip
    kept = {
        name: value
        for name, value in answered.headers.items()
        if name in {"content-type", "content-disposition"}
    }
    return Response(answered.data, headers={**kept, "Cache-Control": "no-store"})
