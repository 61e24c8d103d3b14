"""The application: ledgers in, HTTP out. Puts rooms together and decides nothing."""

import sys
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread
from fastapi import FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from api import console, english, phone
from api.console.acts import deeds
from api.console.pages import problem_page
from api.limits import Limiter, too_long
from api.phone import frame
from api.problems import install, problem, request_id
from api.routes import ROUTERS, health, metrics, witness
from api.routes.description import Described
from api.routes.imports import Uploads
from api.routes.operations import Operations
from ledger.desk import Desk
from ledger.exchange.running import InTheBackground
from ledger.window import Window

STATIC = Path(__file__).parent / "console" / "static"
POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)


def create_app(
    desk: Desk, *, exchangers: Sequence[InTheBackground] = (), secure_cookies: bool = False,
    story: Sequence[Mapping[str, str]] = (), window: Window | None = None, metrics_token: str = "",
) -> FastAPI:  # fmt: skip
    """The application over the ledgers of a desk; `exchangers` run while it runs.

    `story` are a demo's links (title, text, province, account, path) for the first page; `window`
    lets workers in, without sending codes where none is given. `/metrics` is for this machine, or
    for whoever has `metrics_token`.
    """

    uploads = Uploads()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        # About four threads a core: more only wait for the same database.
        anyio.to_thread.current_default_thread_limiter().total_tokens = 8
        running: list[InTheBackground] = [uploads, *exchangers]
        for each in running:
            each.start()
        yield
        for each in running:
            each.stop()

    app = Described(
        title="两地账 Liangdi",
        summary="一份职工记录，两省共用：会籍、接转、协议、授权，可按日期与按当时所知重放。",
        version="1",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.desk = desk
    app.state.exchangers = list(exchangers)
    app.state.secure_cookies = secure_cookies
    app.state.story = list(story)
    app.state.window = window or Window(desk.ledgers, demo=desk.demo)
    app.state.problem_page = _problem_page
    app.state.started = time.monotonic()
    app.state.metrics_token = metrics_token
    requests = app.state.requests = metrics.Requests()
    app.state.operations = Operations()
    app.state.deeds = deeds(ROUTERS)
    app.state.uploads = uploads
    # Who follows the demo's story signs in at every link, by one click and without a password.
    limiter = Limiter(sign_ins=100) if desk.demo else Limiter()

    @app.middleware("http")
    async def guard(
        request: Request, call_next: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        """Limits, sizes and headers that hold for every answer."""
        started, status = time.monotonic(), 500
        try:
            response = _too_much(request, limiter) or await call_next(request)
            status = response.status_code
        finally:
            requests.count(request, status, time.monotonic() - started)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if not request.url.path.startswith("/static/"):
            response.headers.setdefault("Cache-Control", "no-store")
        response.headers["X-Request-Id"] = request_id(request)
        return response

    install(app)
    # Each router holds its whole paths, so its routes are taken as they were made: an included
    # router makes all of them a second time, on the first request (a second of work).
    for router in (
        *ROUTERS, health.ROUTER, metrics.ROUTER, witness.ROUTER, *console.ROUTERS, *phone.ROUTERS,
        english.router,
    ):  # fmt: skip
        app.router.routes.extend(router.routes)
    app.mount("/static/phone", StaticFiles(directory=frame.STATIC), name="phone")
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    return app


def _problem_page(request: Request, status: int, body: Mapping[str, Any]) -> Response:
    """A problem in the frame of the pages that it arose in."""
    shown = frame.problem_page if frame.is_here(request.url.path) else problem_page
    return shown(request, status, body)


def _too_much(request: Request, limiter: Limiter) -> Response | None:
    """The problem with a request that is not even read: too many, too large, of unknown length."""
    wait = limiter.wait(request)
    if wait:
        return problem(
            request, 429, "/problems/rate", "Too many requests: wait a little.",
            "请求过于频繁，请稍后再试。", headers={"Retry-After": str(wait)},
        )  # fmt: skip
    said = request.headers.get("content-length", "0")
    most = too_long(request, int(said) if said.isdecimal() and len(said) < 13 else sys.maxsize)
    if most:
        return problem(
            request, 413, "/problems/size", f"At most {most >> 20} MB.",
            f"内容过大，最多 {most >> 20} MB。",
        )  # fmt: skip
    if request.headers.get("transfer-encoding"):
        return problem(
            request, 411, "/problems/size", "Say the length of the body.",
            "请给出内容长度（Content-Length）。",
        )  # fmt: skip
    return None
