"""任务: how far long work is, told as it goes on (server-sent events), and what came of it."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from api.console.pages import page, signed_in
from api.console.within import ask
from api.problems import Problem

router = APIRouter(include_in_schema=False)
EVERY = 0.4  # seconds between two looks at how far it is


async def operation_of(request: Request, operation: str) -> dict[str, Any]:
    """How far it is. 404 where there is no such work of this visitor's."""
    told = await ask(request, "GET", f"/operations/{operation}")
    if told.status != 200:
        raise Problem(
            404, "not-found", "There is no such work.", "没有这项任务，或服务已重新启动。"
        )
    return dict(told.body)


@router.get("/operations/{operation}")
async def shown(request: Request, operation: str) -> Response:
    """一项任务：进度与结果."""
    who = await run_in_threadpool(signed_in, request)
    told = await operation_of(request, operation)
    return await run_in_threadpool(page, request, "operation.html", who=who, operation=told)


@router.get("/operations/{operation}/events")
async def events(request: Request, operation: str) -> Response:
    """进度：到完成为止."""
    await operation_of(request, operation)

    async def tell() -> AsyncGenerator[str]:
        while not await request.is_disconnected():
            told = await operation_of(request, operation)
            said = {key: told.get(key) for key in ("state", "done", "of")}
            yield f"data: {orjson.dumps(said).decode()}\n\n"
            if told["state"] != "running":
                return
            await asyncio.sleep(EVERY)

    return StreamingResponse(
        tell(), media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )  # fmt: skip
