"""系统: signals, the evidence and how alarms were settled; the views, rebuilt and checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from api.console.audit import officers
from api.console.pages import page, signed_in
from api.console.within import ask
from api.problems import Problem
from api.showing import names_of, signals_for
from ledger import procedures
from ledger.book import NotFound, Reader
from ledger.desk import Visitor
from ledger.domain.alarms import SETTLERS
from ledger.domain.ids import UnionId
from ledger.exchange.signals import names, signal_of, whose
from ledger.imports.jobs import past
from ledger.journal import alarms
from ledger.journal.record import instant
from ledger.projections.alarms import SettledAlarm, settled

router = APIRouter(include_in_schema=False)


@router.get("/system")
async def system(request: Request) -> Response:
    """警示与证据、视图、核对、导入."""
    who = await run_in_threadpool(signed_in, request)
    told = await ask(request, "GET", "/system/views")
    if told.status != 200:
        raise Problem(
            told.status, "not-your-office", str(told.body["title"]), str(told.body["title_zh"]),
            instead=told.body.get("instead", ""),
        )  # fmt: skip
    views: list[dict[str, Any]] = orjson.loads(told.data)
    made = await run_in_threadpool(past, who.ledger, 10)
    stand = await run_in_threadpool(_alarms, request, who)
    return await run_in_threadpool(
        page, request, "system.html", who=who, views=views, imports=made, origin=who.ledger.origin,
        **stand,
    )  # fmt: skip


@dataclass(frozen=True)
class AlarmShown:
    """One alarm with what was said to it: evidence that is kept, or a trouble that was settled."""

    name: str
    what: str
    digest: str
    kept: bool
    first: datetime | None
    last: datetime | None
    times: int
    standing: bool
    said: SettledAlarm | None
    by: str


def _alarms(request: Request, who: Visitor) -> dict[str, Any]:
    with who.ledger.reading() as reader:
        said = settled(reader.conn, who.ledger.origin)
        unions = [UnionId(one.decider) for one in said.values() if one.decider.startswith("uni_")]
        by = {**names_of(reader, unions), **officers(request, who)}
        return {
            "signals": signals_for(reader, who),
            "settles": any(
                post.office in SETTLERS and post.union == who.ledger.root for post in who.posts
            ),
            "alarms": list(_shown(reader, said, {str(each): name for each, name in by.items()})),
        }


def _shown(
    reader: Reader, said: Mapping[tuple[str, str], SettledAlarm], by: Mapping[str, str]
) -> Iterator[AlarmShown]:
    """The evidence, the newest first; then what was settled and left none."""
    stand, rest, called = procedures.standing_alarms(reader), dict(said), names(reader)
    for each in reversed(alarms.contradictions(reader.conn)):
        one = rest.pop((each.log, each.digest), None)
        yield AlarmShown(
            called.get(whose(each.log), each.log), signal_of(each.kind).zh, each.digest, True, instant(each.at),
            instant(each.last), each.times, (each.log, each.digest) in stand, one,
            _by(one, by),
        )  # fmt: skip
    for (log, digest), one in rest.items():
        yield AlarmShown(
            called.get(whose(log), log), signal_of(one.kind).zh, digest, False, None, None, one.times,
            (log, digest) in stand, one, _by(one, by),
        )  # fmt: skip


def _by(one: SettledAlarm | None, by: Mapping[str, str]) -> str:
    return by.get(one.decider, "已销户的人员") if one else ""


@router.get("/system/evidence/{digest}")
async def evidence(request: Request, digest: str) -> Response:
    """一份证据，原样下载."""
    told = await ask(request, "GET", f"/system/evidence/{digest}")
    if told.status != 200:
        raise NotFound(digest)
    return Response(told.data, headers=told.headers, media_type="application/octet-stream")
