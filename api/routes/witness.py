"""The witness and the tree (见证与散列): what other logs, their witnesses and auditors ask.

C2SP's tlog-witness and tlog-tiles, at the root beside `/api/v1`: their answers are their own, not
problem documents. Where a process serves one province the address needs no code; `/witness/45/…`
and `/tiles/45/…` always work. Checkpoints and hashes are for everybody, for they tell of a
journal only how fast it grows; records are for those who may read all records.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool
from sqlalchemy import Connection

from api.asking import desk_of, maybe_visitor
from api.problems import Problem
from api.showing import oversees
from ledger.book import Ledger, NotFound
from ledger.journal import checkpoints, tiles
from ledger.journal.tiles import Asked
from ledger.journal.witness import MOST_BODY, PLAIN, Answer

ROUTER = APIRouter(tags=["见证与散列"], include_in_schema=False)
"""At the root. The specifications describe these routes, so our own description need not."""

_BYTES = "application/octet-stream"
_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}


def ledger_of(request: Request) -> Ledger:
    """The province that the address names, or the only one that is served here."""
    ledgers = desk_of(request).ledgers
    code = request.path_params.get("code")
    if code is None and len(ledgers) == 1:
        return next(iter(ledgers.values()))
    found = ledgers.get(code or "")
    if found is None:
        raise NotFound(code or "province")
    return found


Served = Annotated[Ledger, Depends(ledger_of)]


# ── the witness ──────────────────────────────────────────────────────────────────────────────


@ROUTER.post("/witness/add-checkpoint")
@ROUTER.post("/witness/{code}/add-checkpoint")
async def add_checkpoint(request: Request) -> Response:
    """A partner's checkpoint, to be cosigned."""
    said = int(request.headers.get("content-length", "0"))  # `guard` has checked the digits
    if said > MOST_BODY:
        return _said(Answer(413, b"too long\n"))
    body = await request.body()
    return _said(await run_in_threadpool(lambda: ledger_of(request).witness.add_checkpoint(body)))


@ROUTER.get("/witness/{digest}/checkpoint")
@ROUTER.get("/witness/{code}/{digest}/checkpoint")
def latest(digest: str, ledger: Served) -> Response:
    """The newest checkpoint of a log that this witness has cosigned."""
    held = ledger.witness.latest_by_hash(digest)
    if held is None:
        raise NotFound(digest)
    return Response(held, media_type=PLAIN)


def _said(answer: Answer) -> Response:
    # Given as a header, no charset is added to it: the type of a size is compared as it stands.
    return Response(answer.body, answer.status, {"Content-Type": answer.type})


# ── the tree ─────────────────────────────────────────────────────────────────────────────────


@ROUTER.get("/tiles/checkpoint")
@ROUTER.get("/tiles/{code}/checkpoint")
def checkpoint(ledger: Served) -> Response:
    """The newest signed checkpoint, with the cosignatures that have come."""
    with ledger.database.reading() as conn:
        kept = checkpoints.last(conn, ledger.log)
    if kept is None:
        raise NotFound("checkpoint")
    return Response(kept.note.to_bytes(), media_type=PLAIN)


@ROUTER.get("/tiles/tile/entries/{path:path}")
@ROUTER.get("/tiles/{code}/tile/entries/{path:path}")
def entries(path: str, request: Request, ledger: Served) -> Response:
    """A bundle of records, each after its length in two bytes; for those who may read them all."""
    who = maybe_visitor(request)
    if who is None:
        raise Problem(
            401, "sign-in", "Sign in first.", "请先登录。", headers={"WWW-Authenticate": "Bearer"}
        )
    asked = _asked("0", path)
    with ledger.reading() as reader:
        if who.ledger is not ledger or not oversees(reader, who):
            raise Problem(
                403, "not-your-records", "All records are for the federation and its auditors.",
                "全部记录由省级工会及其经审查阅。", instead="请省级工会的经审人员查询。",
            )  # fmt: skip
        _check_signed(reader.conn, ledger.log, asked)
        page = ledger.recorder.page(reader.conn, asked.start, asked.width)
    data = b"".join(len(one.bytes).to_bytes(2, "big") + one.bytes for one in page)
    return Response(data, headers={"Cache-Control": "private, no-store"}, media_type=_BYTES)


@ROUTER.get("/tiles/tile/{level}/{path:path}")
@ROUTER.get("/tiles/{code}/tile/{level}/{path:path}")
def tile(level: str, path: str, ledger: Served) -> Response:
    """The hashes of a tile: all 256, or the first so many."""
    asked = _asked(level, path)
    with ledger.database.reading() as conn:
        _check_signed(conn, ledger.log, asked)
        hashes = tiles.read(conn, ledger.origin, asked)
    return Response(hashes, headers=_FOREVER, media_type=_BYTES)


def _asked(level: str, path: str) -> Asked:
    """Raises: NotFound."""
    try:
        return Asked.parse(level, path)
    except LookupError as fault:
        raise NotFound(str(fault)) from None


def _check_signed(conn: Connection, log: str, asked: Asked) -> None:
    """Nothing is shown that no checkpoint covers. Raises: NotFound."""
    kept = checkpoints.last(conn, log)
    if kept is None or not asked.within(kept.size):
        raise NotFound(f"tile {asked.level}/{asked.path}")
