"""Refusals as problem details (RFC 9457), in one place for all routes.

| what was raised | status | who acts |
| --- | --- | --- |
| a rule (`Refused`) | 409, `type: /rules/<Name>` | the person |
| `NotFound` | 404 | the person |
| `Conflict` | 412 | read again |
| `Problem` | its own | as its title says |
| a malformed body | 422, with a pointer for each fault | the client |
| an unknown parameter | 400 | the client |
| `ReadOnly` | 503, until people have settled it | the auditor |
| the database is away, or out of room | 503, to be asked again under the same key | the keeper |
| `ClockJumped` | 503, until somebody has looked at the clock | the keeper |
| `Unproven` | 502 and an alarm | the auditor |
| anything else | 500, with the request's id and nothing of ours | us |
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from eventsourcing.persistence import OperationalError
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from ledger.book import Conflict, NotFound
from ledger.clock import ClockJumped
from ledger.desk import SignInFailed
from ledger.domain.ids import new
from ledger.domain.kernel import Refused
from ledger.exchange.wire import Unproven
from ledger.journal.database import AWAY
from ledger.journal.notes import BadNote
from ledger.journal.signing import ReadOnly
from ledger.projections.filters import UnknownFilter
from ledger.replay.refusals import told

log = logging.getLogger("liangdi.api")


class Problem(Exception):
    """Something about the request itself that the client can mend."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        zh: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(title)
        self.status, self.code, self.title, self.zh = status, code, title, zh
        self.headers, self.more = dict(headers or {}), more


ProblemPage = Callable[[Request, int, Mapping[str, Any]], Response]
"""How a person, not a program, is shown a problem."""


def problem(
    request: Request,
    status: int,
    kind: str,
    title: str,
    zh: str,
    *,
    headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:
    """One problem document."""
    body = {
        "type": kind,
        "title": title,
        "title_zh": zh,
        "status": status,
        "instance": request.url.path,
        "request": request_id(request),
        **more,
    }
    if not request.url.path.startswith("/api/") and "text/html" in request.headers.get(
        "accept", ""
    ):
        show: ProblemPage = request.app.state.problem_page
        return show(request, status, body)
    return Response(
        orjson.dumps(body, default=str),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def request_id(request: Request) -> str:
    """The id of this request, in answers and in our log."""
    made = getattr(request.state, "id", None)
    if made is None:
        made = request.state.id = new("req")
    return made


def refused(request: Request, rule: Refused) -> Response:
    kind = type(rule)
    return problem(
        request, 409, f"/rules/{kind.__name__}", rule.sentence(), rule.zh,
        rule=kind.__name__, article=rule.article, instead=rule.instead, facts=rule.facts,
        told=[fact._asdict() for fact in told(rule)],
    )  # fmt: skip


def pointer(place: Sequence[Any]) -> str:
    """The JSON pointer to a place; what is no text in a name (half a character) is spelled out."""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
    return "/" + "/".join(steps).encode("utf-8", "backslashreplace").decode()


def install(app: FastAPI) -> None:
    """Registers how each kind of error is answered."""

    @app.exception_handler(Refused)
    async def _refused(request: Request, rule: Refused) -> Response:
        return refused(request, rule)

    @app.exception_handler(NotFound)
    async def _not_found(request: Request, missing: NotFound) -> Response:
        return problem(
            request, 404, "/problems/not-found", "There is no such thing here.",
            "本账中没有这一项。", what=missing.what,
        )  # fmt: skip

    @app.exception_handler(Conflict)
    async def _conflict(request: Request, _: Conflict) -> Response:
        return problem(
            request, 412, "/problems/conflict", "Somebody wrote first: read it again.",
            "他人已先登记，请重新打开后再办理。",
        )  # fmt: skip

    @app.exception_handler(Problem)
    async def _problem(request: Request, it: Problem) -> Response:
        return problem(
            request, it.status, f"/problems/{it.code}", it.title, it.zh,
            headers=it.headers, **it.more,
        )  # fmt: skip

    @app.exception_handler(UnknownFilter)
    async def _filter(request: Request, fault: UnknownFilter) -> Response:
        return problem(
            request, 400, "/problems/parameter", "There is no such filter, or no such value of it.",
            "没有这个筛选条件，或其取值不对。", unknown=[fault.name],
        )  # fmt: skip

    @app.exception_handler(SignInFailed)
    async def _sign_in(request: Request, _: SignInFailed) -> Response:
        return problem(
            request, 401, "/problems/sign-in",
            "Name or password wrong, or the account is locked for a while.",
            "账号或密码不对，或账号暂时锁定，请稍后再试。",
        )  # fmt: skip

    @app.exception_handler(ReadOnly)
    async def _read_only(request: Request, bar: ReadOnly) -> Response:
        log.critical("read-only %s: %s", request_id(request), bar)
        return problem(
            request, 503, "/problems/read-only", "This ledger is read-only: see why.", bar.zh,
            why=type(bar).__name__, instead=bar.instead, facts=bar.facts,
        )  # fmt: skip

    async def _away(request: Request, fault: Exception) -> Response:
        log.error("request %s: the database: %s", request_id(request), str(fault).splitlines()[0])
        return problem(
            request, 503, "/problems/database",
            "The database cannot be used now: it is away, or its disk is full. Send the same again "
            "later, under the same key: it is recorded once.",
            "数据库暂时不能用：连接中断或磁盘已满。请稍后原样重试，同一操作编号只登记一次。",
            headers={"Retry-After": "5"},
            instead="持续出现的，请管理员检查数据库是否在运行、磁盘是否已满。",
        )  # fmt: skip

    for kind in (OperationalError, *AWAY):
        app.add_exception_handler(kind, _away)

    @app.exception_handler(ClockJumped)
    async def _clock(request: Request, fault: ClockJumped) -> Response:
        log.critical("request %s: %s", request_id(request), fault)
        return problem(
            request, 503, "/problems/clock",
            "The clock of this node was moved: nothing is recorded until it was looked at.",
            "本机时钟被拨快，核对之前不作登记。", instead="请管理员核对时间服务后重启。",
        )  # fmt: skip

    @app.exception_handler(BadNote)
    async def _trust(request: Request, fault: BadNote) -> Response:
        log.critical("request %s: keys that are believed: %s", request_id(request), fault)
        return problem(
            request, 503, "/problems/trust",
            "The file of whom this ledger believes cannot be read: an administrator must look.",
            "本账所信任的公钥文件有误，无法核验。",
            instead="请管理员按日志所指的文件和行改正，或用 liangdi signing trust 重新写入。",
        )  # fmt: skip

    @app.exception_handler(Unproven)
    async def _unproven(request: Request, fault: Unproven) -> Response:
        log.critical("unproven %s: %s", request_id(request), type(fault).__name__)
        return problem(
            request, 502, "/problems/unproven",
            "The partner's record does not prove; nothing was taken over.",
            "对方省的记录未通过校验，未采纳任何内容。",
        )  # fmt: skip

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, fault: RequestValidationError) -> Response:
        faults = [
            {
                "pointer": pointer(each["loc"][1:]), "in": each["loc"][0],
                "code": each["type"], "message": each["msg"],
            }
            for each in fault.errors()
        ]  # fmt: skip
        if all(each["in"] in {"query", "path", "header"} for each in faults):
            missing = {"query": 400, "header": 400, "path": 404}
            status = max(missing[each["in"]] for each in faults)
            if status == 404:
                return problem(
                    request, 404, "/problems/not-found", "There is no such thing here.",
                    "本账中没有这一项。", errors=faults,
                )  # fmt: skip
            return problem(
                request, status, "/problems/parameter", "A parameter is not right.",
                "参数不正确。", errors=faults,
            )  # fmt: skip
        return problem(
            request, 422, "/problems/malformed", "The body is not of the form that is asked for.",
            "内容格式不正确。", errors=faults,
        )  # fmt: skip

    @app.exception_handler(HTTPException)
    async def _http(request: Request, fault: HTTPException) -> Response:
        zh = _HTTP.get(fault.status_code, "请求无法办理。")
        return problem(
            request, fault.status_code, f"/problems/{fault.status_code}", str(fault.detail), zh,
            headers=fault.headers,
        )  # fmt: skip

    @app.exception_handler(Exception)
    async def _ours(request: Request, fault: Exception) -> Response:
        log.error("request %s failed", request_id(request), exc_info=fault)
        return problem(
            request, 500, "/problems/ours", "This is our fault; nothing was recorded.",
            "系统出错，未登记任何内容，请联系管理员。",
        )  # fmt: skip


_HTTP = {
    401: "请先登录。",
    403: "没有权限。",
    404: "没有这个页面或这一项。",
    405: "此地址不支持这种操作。",
    413: "内容过大。",
    415: "内容类型不支持。",
    429: "请求过于频繁，请稍后再试。",
}
