"""Imports (批量导入): a roster is uploaded and previewed, then accepted; the same file goes back.

An uploaded file lies in an owner-only folder of this process until later ones push it out, for
half a day at most, and until somebody is forgotten. What was accepted stands in the ledger: later
the same file is simply uploaded again.
"""

import os
import re
import shutil
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fcntl import LOCK_EX, LOCK_NB, flock
from functools import cached_property
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from threading import Event, Lock, Thread
from typing import Annotated, Any, Literal
from weakref import finalize

from fastapi import Form, Query, Request, Response, UploadFile
from fastapi.responses import FileResponse
from pydantic import Field, model_validator

from api.asking import (
    Acting,
    Body,
    Commitment,
    Day,
    Name,
    Part,
    Room,
    SignedIn,
    StationRef,
    UnionRef,
    Word,
    answer,
)
from api.limits import ROSTER_BYTES, takes
from api.routes.operations import Operation, begun, operations_of
from api.showing import Listing, Page, check_union, turned
from ledger.book import Ledger, NotFound
from ledger.desk import Visitor
from ledger.domain.consents import Evidence
from ledger.domain.ids import new
from ledger.domain.kernel import Basis
from ledger.domain.membership import Channel
from ledger.exchange.running import PASSING
from ledger.imports import accepting
from ledger.imports.accepting import Approval, Basing, Destination, Job, Outcome
from ledger.imports.jobs import Past, past
from ledger.imports.reading import open_roster
from ledger.imports.returning import give_back, returned_name

ROUTER = Room("/imports", "批量导入")
KEPT = 20
HOURS = 12
LOOKED_AFTER = 60.0
"""Every so many seconds what is not to lie here any longer is taken away."""
_OURS = re.compile(r"liangdi-uploads-[0-9]+-[a-z0-9_]{8}")


# ── what was uploaded ────────────────────────────────────────────────────────────────────────


@dataclass
class Upload:
    """One file that was uploaded: by whom, for where, and what became of its rows so far."""

    id: str
    account: str
    name: str
    job: Job
    outcome: Outcome
    at: datetime
    forgotten: int
    """How many the ledger had forgotten when it came."""

    def stands(self) -> bool:
        """Whether it may still be shown: it is not old, and nobody whom it may name was forgotten
        since, here or by another process.
        """
        ledger = self.job.ledger
        young = ledger.clock.now() < self.at + timedelta(hours=HOURS)
        return young and _forgotten(ledger) == self.forgotten


def _forgotten(ledger: Ledger) -> int:
    with ledger.database.reading() as conn:
        return len(ledger.vault.shredded(conn))


class Uploads:
    """The files of this process, the last few; each in a folder that nobody else may read."""

    def __init__(self) -> None:
        self._held: OrderedDict[str, Upload] = OrderedDict()
        self._lock = Lock()
        self._stopping = Event()
        self._thread: Thread | None = None

    @cached_property
    def _root(self) -> Path:
        """Held by a lock, which ends with the process however it ends."""
        while True:
            made = Path(mkdtemp(prefix=f"liangdi-uploads-{os.getpid()}-"))
            with suppress(FileNotFoundError):  # swept before it was held: another one
                held = os.open(made, os.O_RDONLY | os.O_DIRECTORY)
                flock(held, LOCK_EX)
                if made.exists():
                    finalize(self, _let_go, made, held)  # at the end of the process at the latest
                    return made
                os.close(held)

    def start(self) -> None:
        """Sweeps what dead servers have left, and looks after what lies here from now on."""
        sweep()
        self._stopping.clear()
        self._thread = Thread(target=self._run, name="uploads", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(LOOKED_AFTER):
            with suppress(*PASSING):
                self.tidy()

    def folder(self) -> Path:
        """A new folder for one file."""
        made = self._root / new("upl")
        made.mkdir(mode=0o700)
        return made

    def keep(self, one: Upload) -> None:
        with self._lock:
            self._held[one.id] = one
            while len(self._held) > KEPT:
                _, old = self._held.popitem(last=False)
                shutil.rmtree(old.job.roster.path.parent, ignore_errors=True)

    def tidy(self) -> None:
        """Lets go of every file that is old, or may name somebody who was forgotten."""
        with self._lock:
            for one in [each for each in self._held.values() if not each.stands()]:
                shutil.rmtree(one.job.roster.path.parent, ignore_errors=True)
                del self._held[one.id]

    def find(self, account: str, upload: str) -> Upload:
        """Raises: NotFound, also for another account's file."""
        one = self._held.get(upload)
        if one is None or one.account != account or not one.stands():
            raise NotFound(upload)
        return one


def _let_go(folder: Path, held: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(held)


def sweep() -> None:
    """Takes away the folders of servers that were killed: of exactly our name, our own, no link,
    and held by no process that lives.
    """
    with os.scandir(gettempdir()) as found:
        names = [each.path for each in found if _OURS.fullmatch(each.name)]
    for folder in names:
        with suppress(OSError):  # no folder, not to be opened, gone already, or held
            _sweep(folder)


def _sweep(folder: str) -> None:
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        flock(held, LOCK_EX | LOCK_NB)
        told = os.fstat(held)
        if told.st_uid == os.geteuid() and os.path.samestat(told, os.lstat(folder)):
            shutil.rmtree(folder)  # which follows no link within it either
    finally:
        os.close(held)


def _uploads(request: Request) -> Uploads:
    held: Uploads = request.app.state.uploads
    return held


UploadRef = Annotated[str, Field(pattern=r"^upl_[a-z2-7]{26}$")]


# ── uploading ────────────────────────────────────────────────────────────────────────────────


class Uploading(Part):
    """A roster, and where its rows go: all to one union, or each home."""

    file: UploadFile = Field(description="花名册，.xlsx、.xls 或 .csv，32 MB 以内")
    union: UnionRef | None = Field(None, description="全部受理到这个工会")
    route: Literal["home"] | None = Field(
        None, description="home：各行受理到户籍地最低一级现有工会"
    )
    sheet: Name | None = Field(None, description="工作表，只有一张花名册时不填")
    channel: Channel | None = Field(None, description="入会渠道，默认按工会类型")
    station: StationRef | None = Field(None, description="受理站点")

    @model_validator(mode="after")
    def _one_way(self) -> "Uploading":
        if (self.union is None) == (self.route is None):
            raise ValueError("say `union`, or `route=home`, and not both")
        return self


@ROUTER.look("", "上传花名册并预览：按结果和工会计数")
@takes(ROSTER_BYTES)
def upload(
    given: Annotated[Uploading, Form(media_type="multipart/form-data")],
    who: SignedIn,
    request: Request,
) -> Response:
    with who.ledger.reading() as reader:
        check_union(reader, who, given.union)
    name, at = Path(given.file.filename or "roster").name, who.ledger.clock.now()
    forgotten = _forgotten(who.ledger)  # before it is read: who is forgotten meanwhile counts
    path = _uploads(request).folder() / f"roster{Path(name).suffix.lower()[:6]}"
    try:
        with path.open("wb") as kept:
            shutil.copyfileobj(given.file.file, kept)
        job = Job(
            who.ledger, who.act(), who.look("roster", "import"), open_roster(path, given.sheet),
            Destination(given.union), given.channel, given.station,
        )  # fmt: skip
        outcome = accepting.preview(job)
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    one = Upload(path.parent.name, who.account, name, job, outcome, at, forgotten)
    _uploads(request).keep(one)
    return answer(_told(one))


def _told(one: Upload) -> dict[str, Any]:
    return {"upload": one.id, "rows": len(one.outcome.rows), **one.outcome.head()}


@ROUTER.view("", "历次导入", list[Past])
def imports(who: SignedIn) -> Response:
    with who.ledger.reading() as reader:
        scope = check_union(reader, who, None)
    found = past(who.ledger, 200)
    return answer([each for each in found if scope in (None, each.union)])


@ROUTER.view("/{upload}", "一次上传：按结果和工会计数", dict[str, Any])
def uploaded(upload: UploadRef, who: SignedIn, request: Request) -> Response:
    one = _uploads(request).find(who.account, upload)
    return answer({**_told(one), "name": one.name})


class RowsSought(Listing):
    """Which rows of an upload: those with one verdict, or all."""

    verdict: accepting.Verdict | None = Field(None, description="处理结果")


@ROUTER.view("/{upload}/rows", "逐行结果", Page[dict[str, Any]])
def rows(
    upload: UploadRef, who: SignedIn, request: Request, asked: Annotated[RowsSought, Query()]
) -> Response:
    one = _uploads(request).find(who.account, upload)
    turn = turned(who, f"rows {upload}", asked)
    told = [row for row in one.outcome.told() if turn.asked.verdict in (None, row["verdict"])]
    return turn.answer(*turn.cut(told, lambda row: (f"{row['row']:>9}",)))


@ROUTER.view("/{upload}/returned", "取回原表：逐行注明结果")
def returned(upload: UploadRef, who: SignedIn, request: Request) -> Response:
    one = _uploads(request).find(who.account, upload)
    source = one.job.roster.path
    target = source.with_name(returned_name(source))
    give_back(source, target, one.outcome.rows, one.job.roster.sheet.name)
    return FileResponse(target, filename=returned_name(Path(one.name)))


# ── accepting ────────────────────────────────────────────────────────────────────────────────


class Accepting(Body):
    """Whether a committee has approved the list, and on what basis it is shared."""

    approved_on: Day | None = Field(None, description="名单经讨论通过的日期")
    minutes: Word | None = Field(None, description="会议纪要文号")
    basis: Basis | None = Field(None, description="提供给对方省的法律依据；不填则受理但不共享")
    basis_paper: Word | None = Field(None, description="告知书版本，或法律条款")
    partner: Word | None = Field(None, description="对方省代码；只有一个合作省时不填")
    shown: Evidence = Field(Evidence.SIGNED_LIST, description="同意凭据")
    evidence: list[Commitment] = Field(
        default_factory=list[str], max_length=20, description="法律依据的材料（附件承诺值）"
    )

    @model_validator(mode="after")
    def _whole(self) -> "Accepting":
        if (self.approved_on is None) != (self.minutes is None):
            raise ValueError("a list approval has `approved_on` and `minutes`")
        if (self.basis is None) != (self.basis_paper is None):
            raise ValueError("a legal basis has `basis` and `basis_paper`")
        return self

    def job(self, job: Job, who: Visitor) -> Job:
        approval = (
            Approval(self.approved_on, self.minutes) if self.approved_on and self.minutes else None
        )
        sharing = (
            Basing(self.basis, self.basis_paper, self.partner, tuple(self.evidence), self.shown)
            if self.basis and self.basis_paper
            else None
        )
        return replace(job, act=self.act.act(who), approval=approval, sharing=sharing)


@ROUTER.begin("/{upload}/acceptance", "受理花名册（进度见任务）", Operation)
def accept(upload: UploadRef, body: Accepting, asked: Acting, request: Request) -> Response:
    one = _uploads(request).find(asked.who.account, upload)
    job = body.job(one.job, asked.who)

    def work(tell: accepting.Tell) -> dict[str, object]:
        one.outcome = accepting.accept(job, tell)
        return _told(one)

    return begun(operations_of(request).start(asked.command, "import", work))
