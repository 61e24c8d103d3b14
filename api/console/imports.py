"""批量导入中心: template, upload, preview, acceptance with its progress, the same file back, history."""

from collections.abc import Mapping
from io import BytesIO
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from api.console.operations import operation_of
from api.console.pages import check_form, page, signed_in
from api.console.pickers import choices
from api.console.within import Answered, ask, with_file
from api.limits import ROSTER_BYTES, takes
from api.problems import Problem
from ledger.desk import Visitor
from ledger.imports.jobs import past
from ledger.imports.template import empty_roster
from ledger.projections import union_tree

router = APIRouter(include_in_schema=False)
VERDICTS = {
    "": "全部", "accepted": "可受理", "known": "已是会员", "changed": "信息有变",
    "duplicate": "文件内重复", "refused": "退回",
}  # fmt: skip
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/imports")
def imports(request: Request) -> Response:
    """模板、上传、历次导入."""
    return _imports(request, signed_in(request))


def _imports(
    request: Request, who: Visitor, status: int = 200, said: Mapping[str, Any] | None = None
) -> Response:
    made = past(who.ledger, 50)
    with who.ledger.reading() as reader:
        unions = choices(reader, who, "uni", ())
        names = union_tree.get(
            reader.conn, who.ledger.origin, [one.union for one in made if one.union]
        )
    return page(
        request, "imports.html", status=status, who=who, past=made, unions=unions, names=names,
        said=said, verdicts=VERDICTS,
    )  # fmt: skip


@router.get("/imports/template.xlsx")
def template(request: Request) -> Response:
    """空白花名册."""
    signed_in(request)
    kept = BytesIO()
    empty_roster(kept)
    return Response(
        kept.getvalue(), media_type=XLSX,
        headers={"Content-Disposition": "attachment; filename*=UTF-8''%E8%8A%B1%E5%90%8D%E5%86%8C.xlsx"},
    )  # fmt: skip


@router.post("/imports")
@takes(ROSTER_BYTES)
async def upload(request: Request) -> Response:
    """上传并预览."""
    who = await run_in_threadpool(signed_in, request)
    async with request.form() as form:
        check_form(request, str(form.get("csrf", "")))
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            told: Mapping[str, Any] = {"title_zh": "请先选择花名册文件。"}
            return await run_in_threadpool(_imports, request, who, 422, told)
        union = str(form.get("union", ""))
        answered = await _send(
            request, str(form.get("csrf", "")), {"union": union} if union else {"route": "home"},
            file.filename, await file.read(),
        )  # fmt: skip
    if answered.status != 200:
        return await run_in_threadpool(_imports, request, who, answered.status, answered.body)
    return RedirectResponse(f"/imports/{answered.body['upload']}", 303)


async def _send(
    request: Request, csrf: str, fields: Mapping[str, str], name: str, content: bytes
) -> Answered:
    """The file to the API."""
    kind, body = with_file(fields, name, content)
    return await ask(
        request, "POST", "/imports", body, headers={"content-type": kind, "x-csrf-token": csrf}
    )


@router.get("/imports/{upload}")
async def uploaded(request: Request, upload: str) -> Response:
    """预览、受理进度和结果."""
    who = await run_in_threadpool(signed_in, request)
    found = await ask(request, "GET", f"/imports/{upload}")
    if found.status != 200:
        raise Problem(
            404, "not-found", "There is no such upload.", "没有这次上传：已过期，或服务已重新启动。",
            instead="请重新上传同一份文件：已受理的不会重复。",
        )  # fmt: skip
    verdict = request.query_params.get("verdict", "")
    if verdict not in VERDICTS:
        raise Problem(400, "parameter", "No such verdict.", f"没有“{verdict}”这种结果。")
    rows = await ask(
        request,
        "GET",
        f"/imports/{upload}/rows",
        query=f"limit=50&verdict={verdict}" if verdict else "limit=50",
    )
    operation = request.query_params.get("operation", "")
    told = await operation_of(request, operation) if operation else None
    listed: Mapping[str, Any] = orjson.loads(rows.data)
    return await run_in_threadpool(_shown, request, who, upload, found.body, listed, told)


def _shown(
    request: Request, who: Visitor, upload: str, head: Mapping[str, Any],
    listed: Mapping[str, Any], operation: Mapping[str, Any] | None,
) -> Response:  # fmt: skip
    with who.ledger.reading() as reader:
        names = union_tree.get(reader.conn, who.ledger.origin, head["unions"])
    return page(
        request, "import.html", who=who, upload=upload, head=head, listed=listed,
        operation=operation, names=names, verdicts=VERDICTS,
        verdict=request.query_params.get("verdict", ""),
    )  # fmt: skip


@router.get("/imports/{upload}/returned")
async def returned(request: Request, upload: str) -> Response:
    """取回原表：逐行注明结果."""
    await run_in_threadpool(signed_in, request)
    found = await ask(request, "GET", f"/imports/{upload}/returned")
    if found.status != 200:
        raise Problem(
            404, "not-found", "There is no such upload.", "没有这次上传：已过期，或服务已重新启动。"
        )
    kept = {
        name: value
        for name, value in found.headers.items()
        if name in {"content-type", "content-disposition"}
    }
    return Response(found.data, headers={**kept, "Cache-Control": "no-store"})
