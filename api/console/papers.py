"""附件: the papers of one person, uploaded and shown; forms then cite them."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from starlette.datastructures import UploadFile

from api.console.pages import check_form, page, signed_in
from api.console.within import ask, with_file
from api.limits import takes
from api.problems import Problem
from api.showing import check_purpose, check_sight, looking, people
from ledger import procedures
from ledger.desk import Visitor
from ledger.domain.ids import PersonId
from ledger.journal.attachments import MOST

router = APIRouter(include_in_schema=False)


@router.get("/workers/{person}/papers")
def papers(request: Request, person: str) -> Response:
    """一名职工的附件：上传、查看."""
    return _shown(request, signed_in(request), person)


@router.post("/workers/{person}/papers")
@takes(MOST)
async def upload(request: Request, person: str) -> Response:
    """上传附件."""
    who = await run_in_threadpool(signed_in, request)
    async with request.form() as form:
        csrf = str(form.get("csrf", ""))
        check_form(request, csrf)
        file = form.get("file")
        if not isinstance(file, UploadFile) or not file.filename:
            return await run_in_threadpool(_shown, request, who, person, "请先选择文件。", 422)
        kind, body = with_file({"person": person}, file.filename, await file.read())
    answered = await ask(
        request, "POST", "/papers", body, headers={"content-type": kind, "x-csrf-token": csrf}
    )
    if answered.status != 200:
        fault = str(answered.body.get("title_zh", "不能保存。"))
        return await run_in_threadpool(_shown, request, who, person, fault, answered.status)
    said = {"done": answered.body["evidence"]}
    if purpose := request.query_params.get("purpose"):
        said["purpose"] = purpose
    return RedirectResponse(f"/workers/{person}/papers?{urlencode(said)}", 303)


def _shown(
    request: Request, who: Visitor, person: str, fault: str = "", status: int = 200
) -> Response:
    whose = PersonId(person)
    purpose = request.query_params.get("purpose") or None
    with looking(who, "papers", purpose) as reader:
        check_sight(reader, who, whose)
        check_purpose(reader, whose, purpose)
        found = procedures.papers(reader, whose)
        shown = people(reader, who, [whose]).get(whose)
    return page(
        request, "papers.html", who=who, status=status, whose=whose, person=shown, papers=found,
        fault=fault, done=request.query_params.get("done", ""), purpose=purpose,
    )  # fmt: skip


@router.get("/papers/{commitment}")
async def paper(request: Request, commitment: str) -> Response:
    """一份附件的原文."""
    await run_in_threadpool(signed_in, request)
    answered = await ask(request, "GET", f"/papers/{commitment}", query=request.url.query)
    if answered.status != 200:
        said = answered.body
        raise Problem(
            answered.status, "paper", str(said.get("title", "")), str(said.get("title_zh", ""))
        )
    wanted = {"content-type", "content-disposition", "content-security-policy", "cache-control"}
    kept = {name: value for name, value in answered.headers.items() if name in wanted}
    return Response(answered.data, headers=kept)
