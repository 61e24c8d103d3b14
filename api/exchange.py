"""The exchange over HTTPS (对方节点的入口): what a partner's node asks of ours, and nobody else.

An application of its own, on an address of its own: it asks for a client certificate, which no
clerk's browser has, and serves one province. Who asks is known by the certificate alone, and is
given its own channel alone. Words and sizes are in `docs/reference/wire.md`.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any, cast

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from ledger.book import Ledger
from ledger.exchange.giving import PAGE, Giving
from ledger.exchange.letters import (
    HASHES,
    JSON,
    NOTE,
    PREFIX,
    Garbled,
    links_of,
    owed_to_bytes,
    page_to_bytes,
)
from ledger.exchange.nodes import Directory
from ledger.journal.database import AWAY
from ledger.journal.notes import MOST_BYTES, BadNote
from ledger.journal.tiles import Asked
from ledger.journal.witness import MOST_BODY

AT_ONCE = 4
"""How many questions of one partner are answered at the same time; more are asked to wait."""

PATIENCE = 20.0
"""How many seconds the body of a question may take to arrive."""

Answering = Callable[[Giving, Request, bytes], Response]


class WithCertificate(HttpToolsProtocol):
    """uvicorn's protocol, which also tells the application what certificate was shown."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(transport)
        shown = transport.get_extra_info("ssl_object")
        der = None if shown is None else shown.getpeercert(binary_form=True)
        self.app_state = {**self.app_state, "certificate": der}


class _Refused(Exception):
    """A question that is not answered: its status, why, and when it may be asked again."""

    def __init__(self, status: int, why: str, wait: int = 0) -> None:
        super().__init__(why)
        self.status, self.why, self.wait = status, why, wait


def create_exchange(ledger: Ledger, directory: Directory) -> Starlette:
    """The application over one ledger, for the partners that its directory knows."""
    desk = _Desk(ledger, directory)
    questions: list[tuple[str, str, int, Answering]] = [
        ("GET", "checkpoint", 0, _checkpoint),
        ("GET", "page", 0, _page),
        ("POST", "owed", 1 << 16, _owed),
        ("GET", "tile/{level}/{path:path}", 0, _tile),
        ("POST", "mirrored", MOST_BYTES, _mirrored),
        ("POST", "witness/add-checkpoint", MOST_BODY, _add_checkpoint),
        ("GET", "witness/{digest}/checkpoint", 0, _latest),
    ]
    routes = [
        Route(f"{PREFIX}/{path}", desk.answering(most, answer), methods=[method])
        for method, path, most, answer in questions
    ]
    return Starlette(routes=routes)


class _Desk:
    """Who asks, how much, and how much at once."""

    def __init__(self, ledger: Ledger, directory: Directory) -> None:
        self._ledger, self._directory = ledger, directory
        self._givings: dict[str, Giving] = {}
        self._busy = Counter[str]()
        self._lock = Lock()

    def answering(self, most: int, answer: Answering) -> Callable[[Request], Any]:
        async def ask(request: Request) -> Response:
            try:
                body = await self._body(request, most)
                return await run_in_threadpool(lambda: self._answered(request, body, answer))
            except _Refused as no:
                headers = {"Retry-After": str(no.wait)} if no.wait else {}
                return Response(f"{no.why}\n", no.status, headers, media_type=NOTE)

        return ask

    async def _body(self, request: Request, most: int) -> bytes:
        said = request.headers.get("content-length", "0")
        if request.headers.get("transfer-encoding"):
            raise _Refused(411, "say the length of the body")
        if not said.isdecimal() or len(said) > 12 or int(said) > most:
            raise _Refused(413, f"at most {most} bytes")
        try:
            return await asyncio.wait_for(request.body(), PATIENCE)
        except TimeoutError:
            raise _Refused(408, "the body took too long") from None

    def _answered(self, request: Request, body: bytes, answer: Answering) -> Response:
        partner = self._partner(request)
        with self._lock:
            if self._busy[partner] >= AT_ONCE:
                raise _Refused(429, f"at most {AT_ONCE} questions at once", wait=1)
            self._busy[partner] += 1
        try:
            return answer(self._giving(partner), request, body)
        except AWAY:
            raise _Refused(503, "the database does not answer", wait=5) from None
        finally:
            with self._lock:
                self._busy[partner] -= 1

    def _partner(self, request: Request) -> str:
        certificate = cast("bytes | None", getattr(request.state, "certificate", None))
        found = None if certificate is None else self._directory.whose(certificate)
        if found is None:
            raise _Refused(403, "no partner shows this certificate")
        return found

    def _giving(self, partner: str) -> Giving:
        with self._lock:
            return self._givings.setdefault(partner, Giving(self._ledger, partner))


# ── questions ────────────────────────────────────────────────────────────────────────────────


def _checkpoint(giving: Giving, request: Request, _: bytes) -> Response:
    said = giving.checkpoint(_number(request, "read"))
    if not said.note:
        raise _Refused(503, "read-only: nothing is signed now", wait=60)
    return Response(said.note, media_type=NOTE)


def _page(giving: Giving, request: Request, _: bytes) -> Response:
    first, limit, size = (_number(request, name) for name in ("first", "limit", "size"))
    if not 1 <= first <= size <= giving.checkpoint(first - 1).size or not 1 <= limit <= PAGE:
        raise _Refused(400, "no such page")
    return Response(page_to_bytes(giving.page(first, limit, size)), media_type=JSON)


def _owed(giving: Giving, _: Request, body: bytes) -> Response:
    try:
        links = links_of(body)
    except Garbled as fault:
        raise _Refused(400, str(fault)) from None
    return Response(owed_to_bytes(giving.owed(links)), media_type=JSON)


def _tile(giving: Giving, request: Request, _: bytes) -> Response:
    try:
        asked = Asked.parse(request.path_params["level"], request.path_params["path"])
        return Response(giving.tile(asked), media_type=HASHES)
    except LookupError as fault:
        raise _Refused(404, str(fault)) from None


def _mirrored(giving: Giving, _: Request, body: bytes) -> Response:
    try:
        giving.mirrored(body)
    except BadNote as fault:
        raise _Refused(400, str(fault)) from None
    return Response(status_code=204)


def _add_checkpoint(giving: Giving, _: Request, body: bytes) -> Response:
    said = giving.ledger.witness.add_checkpoint(body)
    # Given as a header, no charset is added to it: the type of a size is compared as it stands.
    return Response(said.body, said.status, {"Content-Type": said.type})


def _latest(giving: Giving, request: Request, _: bytes) -> Response:
    held = giving.ledger.witness.latest_by_hash(request.path_params["digest"])
    if held is None:
        raise _Refused(404, "no checkpoint of that log")
    return Response(held, media_type=NOTE)


def _number(request: Request, name: str) -> int:
    text = request.query_params.get(name, "")
    if not re.fullmatch("0|[1-9][0-9]{0,15}", text, re.ASCII):
        raise _Refused(400, f"{name}: a number")
    return int(text)
