"""The system (系统): its views, rebuilt and checked; signals, the evidence, and how alarms were settled.

Long work is begun here and goes on in the background (`/operations`). None of it changes a record.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Request, Response
from pydantic import Field

from api.asking import Acting, Body, Commitment, Room, SignedIn, Text, Word, answer
from api.problems import Problem
from api.routes.operations import Operation, Tell, begun, operations_of
from api.showing import oversees
from ledger import procedures, projections
from ledger.book import Entry, NotFound
from ledger.desk import Visitor
from ledger.domain.alarms import Explanation
from ledger.exchange.signals import signals
from ledger.journal import alarms, fsck
from ledger.journal.keys import Role
from ledger.projections.alarms import SettledAlarm, settled
from ledger.projections.posting import bookmarks

ROUTER = Room("/system", "系统")


@dataclass(frozen=True)
class ViewState:
    """One view: how far it has been posted, in which generation, and whether it is being rebuilt."""

    view: str
    generation: int
    position: int
    size: int
    building: int | None
    """How far a new generation is, where one is being filled."""


@ROUTER.view("/views", "各视图：已过账到第几笔、是否在重建", list[ViewState])
def views(who: SignedIn) -> Response:
    check_overseer(who)
    ledger = who.ledger
    with ledger.reading() as reader:
        size = ledger.recorder.max_notification_id() or 0
        found = bookmarks(reader.conn, ledger.origin)
    building = {one.view: one.position for one in found if one.building}
    return answer([
        ViewState(one.view, one.generation, one.position, size, building.get(one.view))
        for one in found
        if not one.building
    ])  # fmt: skip


def check_overseer(who: Visitor) -> None:
    """403 where the visitor is not of the province's federation."""
    with who.ledger.reading() as reader:
        if not oversees(reader, who):
            raise Problem(
                403, "not-your-office", "This is for the province's federation and its auditors.",
                "此页供省级工会及其经审使用。", instead="请联系省总工会办理。",
            )  # fmt: skip


@dataclass(frozen=True)
class SignalShape:
    """Something that stands now and that somebody must look at."""

    kind: str
    grave: bool
    about: str
    name: str
    since: datetime | None
    sentence: str
    zh: str
    told: str
    instead: str
    guide: str
    facts: dict[str, Any]
    evidence: list[str]
    alarms: list[str]
    """What an officer may settle it by; empty: it passes by itself."""


@ROUTER.view("/signals", "警示：对方久无消息、历史不一、见证过旧、时钟跳动等", list[SignalShape])
def standing_signals(who: SignedIn) -> Response:
    check_overseer(who)
    with who.ledger.reading() as reader:
        return answer([each.whole() for each in signals(reader)])


@dataclass(frozen=True)
class EvidenceShape:
    """What a log has shown against itself: kept byte for byte, under its SHA-256."""

    digest: str
    log: str
    kind: str
    size: int
    at: str
    bytes: int
    times: int
    """How often it was shown, and `last` when it was the last time."""
    last: str
    standing: bool
    """Whether nobody has settled it, or it was shown again since."""
    settled: SettledAlarm | None


@ROUTER.view("/evidence", "保存的证据：互相矛盾的校验点和历史，各怎样处置", list[EvidenceShape])
def evidence(who: SignedIn) -> Response:
    check_overseer(who)
    with who.ledger.reading() as reader:
        found = alarms.contradictions(reader.conn)
        said, stand = settled(reader.conn, who.ledger.origin), procedures.standing_alarms(reader)
    return answer([
        EvidenceShape(
            each.digest, each.log, each.kind, each.size, each.at, len(each.shown), each.times,
            each.last, key in stand, said.get(key),
        )
        for each in found
        for key in [(each.log, each.digest)]
    ])  # fmt: skip


@ROUTER.view("/evidence/{digest}", "导出一份证据，原样字节")
def one_evidence(digest: Commitment, who: SignedIn) -> Response:
    check_overseer(who)
    with who.ledger.database.reading() as conn:
        found = alarms.contradiction_of(conn, digest)
    if found is None:
        raise NotFound(digest)
    name = f'attachment; filename="{digest[:16]}.evidence"'
    return Response(
        found.shown, headers={"Content-Disposition": name}, media_type="application/octet-stream"
    )


@ROUTER.view("/settlements", "警示的处置，新的在前", list[SettledAlarm])
def settlements(who: SignedIn) -> Response:
    check_overseer(who)
    with who.ledger.reading() as reader:
        return answer(list(settled(reader.conn, who.ledger.origin).values()))


class Settling(Body):
    """What an alarm turned out to be, or several that came of one thing."""

    alarms: Annotated[list[Commitment], Field(min_length=1, max_length=100)] = Field(
        description="警示（校验值，可写多个）"
    )
    cause: Explanation = Field(description="查明原因")
    finding: Text = Field(description="查明的情况，不少于10个字，不写个人姓名")
    letter: Word | None = Field(None, description="对方来函文号")


@ROUTER.act("/settlements", "处置警示：写明查明的原因，证据照旧保存")
def settle(body: Settling, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, list[str]]:
        made = procedures.settle_alarms(
            entry, body.alarms, body.cause, body.finding, letter=body.letter
        )
        return {"settled": [each.alarm for each in made]}

    return asked.record(body, decide)


class Rebuilding(Body):
    """Which view; all of them where none is named."""

    view: str | None = Field(None, max_length=80, description="视图，不填则全部重建")


@ROUTER.begin("/rebuilds", "重建视图：在旁重建，比对一致后切换", Operation)
def rebuild(body: Rebuilding, asked: Acting, request: Request) -> Response:
    check_overseer(asked.who)
    known = {each.name: each for each in projections.VIEWS if each.tables}
    if body.view is not None and body.view not in known:
        raise NotFound(body.view)
    chosen = [known[body.view]] if body.view else list(known.values())
    ledger = asked.who.ledger

    def work(tell: Tell) -> dict[str, Any]:
        try:
            made = projections.rebuild(
                ledger.database, ledger.origin, *chosen,
                tell=lambda told: tell(told.position, told.size),
            )  # fmt: skip
        except projections.Differs as differs:
            return {"view": differs.view, "differs": differs.rows}
        return {"generation": made, "views": [each.name for each in chosen]}

    return begun(operations_of(request).start(asked.command, "rebuild", work))


class Checking(Body):
    """How much is compared."""

    quick: bool = Field(False, description="只核对哈希（快）")


@ROUTER.begin("/checks", "全面核对：每一笔重算哈希并比对", Operation)
def check(body: Checking, asked: Acting, request: Request) -> Response:
    check_overseer(asked.who)
    ledger = asked.who.ledger

    def work(tell: Tell) -> dict[str, Any]:
        report = fsck.check(
            ledger.database, ledger.origin, vault=ledger.vault,
            keys=ledger.signer.keys.public(Role.LOG), believed=ledger.believed,
            deep=not body.quick, processes=1, tell=lambda told: tell(told.done, told.size),
        )  # fmt: skip
        return {
            "sound": report.sound,
            "records": report.passes[0].records if report.passes else 0,
            "faults": [str(each) for each in report.faults[:20]],
        }

    return begun(operations_of(request).start(asked.command, "check", work))
