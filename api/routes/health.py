"""Health (健康检查): whether we run, and whether we can serve. No data is touched."""

import time

from fastapi import APIRouter, Request, Response
from sqlalchemy import text

from api.asking import answer, desk_of
from api.problems import problem
from ledger.journal.database import AWAY

ROUTER = APIRouter(tags=["健康检查"])
"""At the root, beside `/api/v1`."""


@ROUTER.get("/healthz", summary="进程在运行")
def healthz(request: Request) -> Response:
    return answer({"status": "ok", "up_seconds": int(time.monotonic() - request.app.state.started)})


@ROUTER.get("/readyz", summary="数据库可用，可以办理")
def readyz(request: Request) -> Response:
    provinces = desk_of(request).ledgers.values()
    try:
        for ledger in provinces:
            with ledger.database.reading() as conn:
                conn.execute(text("SELECT 1"))
    except AWAY:
        return problem(
            request, 503, "/problems/not-ready", "The database does not answer.",
            "数据库暂时不可用，请稍后再试。", headers={"Retry-After": "5"},
        )  # fmt: skip
    return answer({"status": "ready", "provinces": [each.province.code for each in provinces]})
