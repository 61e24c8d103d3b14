"""What every route needs to know of a request: who asks, under which command, seen at what version.

Signed in by cookie (pages, with a CSRF token on everything that writes) or by
`Authorization: Bearer` (machines). Every act carries an `Idempotency-Key`; an act upon a thing
carries the version that was seen as `If-Match`. `Room` gives a room's routes their one form.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import date
from enum import Enum
from typing import Annotated, Any, TypeAlias, TypeVar, cast

import orjson
from fastapi import APIRouter, Depends, Header, Request, Response
from fastapi.routing import APIRoute
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from api.problems import Problem
from ledger.book import Entry
from ledger.desk import Desk, Visitor, csrf_matches
from ledger.domain.ids import (
    AidListId,
    AllotmentId,
    CaseId,
    ConsentId,
    FileId,
    FundId,
    GlassId,
    GrantId,
    HelpId,
    HouseholdId,
    LinkId,
    MembershipId,
    PartnershipId,
    PersonId,
    QuestionId,
    SampleId,
    SchemeId,
    StationId,
    StepId,
    TransferId,
    TripId,
    UnionId,
)
from ledger.domain.kernel import Act, Code, Decision, Fen, Late, Office
from ledger.domain.offices import NO_OFFICES

COOKIE = "liangdi"
_KEY = re.compile(r"[\x21-\x7e]{8,128}")
_ETAG = re.compile(r'"(\d{1,15})"')


# ── who ──────────────────────────────────────────────────────────────────────────────────────


def desk_of(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


def secret_of(request: Request) -> tuple[str, str] | None:
    """(secret, kind) as the request carries it."""
    said = request.headers.get("authorization", "")
    if said.lower().startswith("bearer "):
        return said[7:].strip(), "token"
    cookie = request.cookies.get(COOKIE)
    return (cookie, "session") if cookie else None


def maybe_visitor(request: Request) -> Visitor | None:
    """Who is asking, if anybody is signed in."""
    found = secret_of(request)
    return desk_of(request).visitor(found[0], kind=found[1]) if found else None


def visitor(request: Request) -> Visitor:
    """Who is asking. 401 where nobody is signed in; 403 where a page's form lacks its token."""
    found = secret_of(request)
    who = desk_of(request).visitor(found[0], kind=found[1]) if found else None
    if who is None or found is None:
        raise Problem(
            401, "sign-in", "Sign in first.", "请先登录。", headers={"WWW-Authenticate": "Bearer"}
        )
    if found[1] == "session" and request.method not in {"GET", "HEAD"}:
        given = request.headers.get("x-csrf-token", "")
        if not csrf_matches(found[0], given):
            raise Problem(403, "csrf", "The form's token is missing.", "表单已失效，请刷新后重试。")
    return who


SignedIn = Annotated[Visitor, Depends(visitor)]


def only_known_parameters(request: Request) -> None:
    """400 where the address carries a parameter that the route does not know, or one twice."""
    known = set(_parameters(getattr(request.scope.get("route"), "dependant", None)))
    given = [name for name, _ in request.query_params.multi_items()]
    unknown = sorted(set(given) - known)
    twice = sorted({name for name in given if given.count(name) > 1})
    if unknown or twice:
        raise Problem(
            400, "parameter", "There is no such parameter, or it stands twice.",
            "没有这个查询参数，或参数重复。", unknown=unknown, twice=twice, known=sorted(known),
        )  # fmt: skip


def _parameters(dependant: Any) -> Iterator[str]:
    """What a route and all that it depends on ask of the address."""
    if dependant is None:
        return
    for each in dependant.query_params:
        fields: Mapping[str, Any] = getattr(each.field_info.annotation, "model_fields", {})
        yield from fields or [each.alias]
    for below in dependant.dependencies:
        yield from _parameters(below)


# ── words that bodies and addresses are made of ──────────────────────────────────────────────


def _plain(text: str) -> str:
    """A text as it is kept: NFC, without control characters. Raises: ValueError."""
    made = unicodedata.normalize("NFC", text)
    if any(unicodedata.category(letter) in {"Cc", "Cs"} and letter != "\n" for letter in made):
        raise ValueError("no control characters")
    return made


def _day(value: object) -> object:
    """A date as it is written everywhere here. Raises: ValueError."""
    if isinstance(value, date):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", value):
        raise ValueError("a date is written YYYY-MM-DD, from 1900 to 2199")
    return value


def fit(value: Any) -> Any:
    """A value as a record can hold it: texts made plain, nothing too long. Raises: ValueError."""
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        if len(value) > 1000:
            raise ValueError("at most 1000 characters")
        return _plain(value)
    if isinstance(value, int) and not -(2**53) < value < 2**53:
        raise ValueError("a whole number below 2^53")
    if isinstance(value, tuple):
        return tuple(fit(each) for each in cast("tuple[Any, ...]", value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(
            value, **{each.name: fit(getattr(value, each.name)) for each in fields(value)}
        )
    return value


Day = Annotated[date, BeforeValidator(_day)]
Name = Annotated[str, StringConstraints(max_length=200), AfterValidator(_plain)]
Text = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_plain)]
Word = Annotated[
    Code,
    StringConstraints(min_length=1, max_length=80, pattern=r"^[^\s\x00-\x1f\x7f](.*\S)?$"),
    AfterValidator(_plain),
]
"""A paper's number, a code of a list."""
Division = Annotated[Code, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3}){0,2}$")]


AmountFen = Annotated[Fen, Field(strict=True, gt=-(2**53), lt=2**53, examples=[300000])]
"""An amount of money, in whole fen: 300000 is three thousand yuan."""


def _reference(prefix: str) -> Any:
    return StringConstraints(pattern=rf"^{prefix}_[a-z2-7]{{26}}$")


PersonRef = Annotated[PersonId, _reference("per")]
HouseholdRef = Annotated[HouseholdId, _reference("hou")]
UnionRef = Annotated[UnionId, _reference("uni")]
StationRef = Annotated[StationId, _reference("sta")]
MembershipRef = Annotated[MembershipId, _reference("mem")]
TransferRef = Annotated[TransferId, _reference("trf")]
PartnershipRef = Annotated[PartnershipId, _reference("par")]
ConsentRef = Annotated[ConsentId, _reference("con")]
SchemeRef = Annotated[SchemeId, _reference("sch")]
FileRef = Annotated[FileId, _reference("hrd")]
LinkRef = Annotated[LinkId, _reference("lnk")]
FundRef = Annotated[FundId, _reference("fnd")]
GrantRef = Annotated[GrantId, _reference("grt")]
AllotmentRef = Annotated[AllotmentId, _reference("alt")]
Amount = Annotated[Fen, Field(strict=True, gt=-(2**53), lt=2**53, description="金额，单位分")]
"""Whole fen; that it is more than nothing is a rule."""
TripRef = Annotated[TripId, _reference("tri")]
QuestionRef = Annotated[QuestionId, _reference("que")]
SampleRef = Annotated[SampleId, _reference("sam")]
CaseRef = Annotated[CaseId, _reference("cas")]
StepRef = Annotated[StepId, _reference("stp")]
HelpRef = Annotated[HelpId, _reference("hlp")]
AidListRef = Annotated[AidListId, _reference("lis")]
GlassRef = Annotated[GlassId, _reference("brk")]
Commitment = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


# ── under what an act is done ────────────────────────────────────────────────────────────────


class Part(BaseModel):
    """A part of a body; unknown fields are refused (422)."""

    model_config = ConfigDict(extra="forbid")


class Circumstances(Part):
    """Under what an act is done, where it is not simply "I, today, in my office".

    A body may leave it out. `on` is the effective date; `decided_by` the decision on paper.
    """

    on: Day | None = Field(None, description="业务日期", examples=["2026-03-22"])
    union: UnionRef | None = Field(None, description="以哪个工会的名义")
    office: Office | None = Field(None, description="以何种岗位")
    decided_by: Annotated[str, _reference("(per|uni)")] | None = Field(
        None, description="纸面决定人（per_…）或委员会（uni_…）"
    )
    decided_office: Office | None = Field(None, description="决定人的岗位")
    paper: Word | None = Field(None, description="文号", examples=["桂工发〔2026〕12号"])
    evidence: list[Commitment] = Field(
        default_factory=list[str], max_length=20, description="附件（已上传的可勾选，或写校验值）"
    )
    late: Late | None = Field(None, description="补录原因")

    @model_validator(mode="after")
    def _whole(self) -> "Circumstances":
        if self.decided_by is None and (self.paper or self.decided_office):
            raise ValueError("a paper or a deciding office needs `decided_by`")
        if NO_OFFICES & {self.office, self.decided_office}:
            raise ValueError("an officer acts in an office, not as a procedure or by herself")
        return self

    def act(self, who: Visitor) -> Act:
        decided = None
        if self.decided_by is not None:
            office = self.decided_office or Office.APPROVER
            decided = Decision(self.decided_by, office, self.paper)
        return who.acting(self.union, self.office).act(
            on=self.on,
            union=self.union,
            office=self.office,
            decided_by=decided,
            evidence=tuple(self.evidence),
            late=self.late,
        )


class Body(Part):
    """What every act's body has."""

    act: Circumstances = Field(
        default_factory=lambda: Circumstances.model_validate({}), description="办理情形"
    )


# ── acting ───────────────────────────────────────────────────────────────────────────────────

Decide: TypeAlias = Callable[[Entry], Mapping[str, Any] | None]
"""Reads, decides and writes within one entry; what it returns is part of the receipt's result."""


@dataclass(frozen=True)
class Asking:
    """A request to act: who, under which command id, with the bytes that were sent."""

    who: Visitor
    key: str
    request: bytes

    @property
    def command(self) -> tuple[str, str, bytes]:
        """What makes an entry happen once."""
        return self.who.account, self.key, self.request

    def entry(
        self, act: Act, *, seen: Mapping[str, int] | None = None, lock: bool = False
    ) -> AbstractContextManager[Entry]:
        """A visit to the book that happens once for this command."""
        return self.who.ledger.entry(act, command=self.command, seen=seen, lock=lock)

    def record(
        self,
        body: Body,
        decide: Decide,
        seen: Mapping[str, int] | None = None,
        *,
        lock: bool = False,
    ) -> Response:
        """Decides under the body's circumstances, once for this command, and gives the receipt."""
        with self.entry(body.act.act(self.who), seen=seen, lock=lock) as entry:
            if not entry.repeated:
                entry.result.update(decide(entry) or {})
        return recorded(entry)


async def asking(
    request: Request,
    who: SignedIn,
    idempotency_key: Annotated[
        str | None, Header(description="操作编号：同一编号只办一次（8–128 个可见字符）")
    ] = None,
) -> Asking:
    """400 without an Idempotency-Key."""
    if idempotency_key is None or not _KEY.fullmatch(idempotency_key):
        raise Problem(
            400, "idempotency-key", "An act needs an Idempotency-Key of 8 to 128 characters.",
            "请在 Idempotency-Key 中给出操作编号（8–128 个字符）。",
        )  # fmt: skip
    body = await request.body()
    return Asking(who, idempotency_key, f"{request.method} {request.url.path}\n".encode() + body)


Acting = Annotated[Asking, Depends(asking)]


def if_match(
    if_match: Annotated[str | None, Header(description="所见版本：读取时的 ETag")] = None,
) -> int:
    """The version that the client saw. 428 where it does not say."""
    if if_match is None:
        raise Problem(
            428, "if-match", "Say in If-Match which version you saw (its ETag).",
            "请在 If-Match 中给出所见版本。",
        )  # fmt: skip
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Problem(400, "if-match", 'If-Match is an ETag such as "3".', 'If-Match 形如 "3"。')
    return int(found[1])


Seen = Annotated[int, Depends(if_match)]


# ── answering ────────────────────────────────────────────────────────────────────────────────


def answer(body: Any, *, status: int = 200, version: int | None = None) -> Response:
    """A JSON answer; personal pages are not to be kept by anybody."""
    headers = {"Cache-Control": "no-store"}
    if version is not None:
        headers["ETag"] = f'"{version}"'
    data = orjson.dumps(body, default=_told, option=orjson.OPT_NON_STR_KEYS)
    return Response(data, status, headers, media_type="application/json")


def _told(value: object) -> Any:
    """What orjson has no words for: named tuples by their names, sets in order."""
    named: Callable[[], dict[str, Any]] | None = getattr(value, "_asdict", None)
    if named is not None:
        return named()
    if isinstance(value, frozenset | set):
        return sorted(map(str, cast("set[object]", value)))
    raise TypeError(type(value).__name__)


def recorded(entry: Entry, **more: Any) -> Response:
    """201 with the receipt: where the records stand, the first one's leaf, what was made."""
    receipt = entry.receipt
    if receipt is None:
        return answer({"result": entry.result, **more})
    body = {
        "positions": receipt.positions,
        "leaf": receipt.leaf,
        "entry": receipt.entry,
        "result": receipt.result,
        **more,
    }
    made = answer(body, status=201)
    if receipt.replayed:
        made.headers["Idempotent-Replayed"] = "true"
    return made


# ── the form of a room's routes ──────────────────────────────────────────────────────────────


class ReceiptShape(BaseModel):
    """回执: where the records of an act stand, and what was made."""

    positions: list[int] = Field(description="总账位置", examples=[[1024]])
    leaf: str = Field(description="第一条记录的叶哈希", examples=["9f2c…"])
    entry: str = Field(description="登记编号", examples=["ent_…"])
    result: dict[str, Any] = Field(description="新编号及逐项结果")


class ProblemShape(BaseModel):
    """问题说明 (RFC 9457): what was not done, and what to do instead."""

    type: str = Field(examples=["/rules/AlreadyAMember"])
    title: str
    title_zh: str
    status: int
    instance: str
    request: str = Field(description="请求编号", examples=["req_…"])


_SAID: dict[int, str] = {
    400: "参数不正确，或缺少 Idempotency-Key",
    401: "未登录",
    403: "无权查看，或表单已失效",
    404: "没有这一项",
    409: "规则不允许，或操作编号已用于其他内容",
    412: "他人已先登记",
    422: "内容格式不正确",
    428: "缺少 If-Match",
    429: "请求过于频繁",
}


def _problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    schema = {"$ref": "#/components/schemas/ProblemShape"}
    content = {"application/problem+json": {"schema": schema}}
    return {each: {"description": _SAID[each], "content": content} for each in statuses}


def _named(route: APIRoute) -> str:
    """The name of a route in the description: its room's and its own."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name.rstrip('_')}"


_REPLAYED = {
    "Idempotent-Replayed": {
        "description": "true：同一操作编号已办理，这是第一次的回执", "schema": {"type": "string"},
    }
}  # fmt: skip
_VERSION = {"ETag": {"description": "所见版本，办理时填入 If-Match", "schema": {"type": "string"}}}


Route = TypeVar("Route", bound=Callable[..., Any])


API = "/api/v1"


class Room(APIRouter):
    """The routes of one room: an act is POST of a noun, answered by a receipt; a view is GET."""

    def __init__(self, prefix: str, zh: str) -> None:
        super().__init__(
            prefix=API + prefix, tags=[zh], generate_unique_id_function=_named,
            dependencies=[Depends(only_known_parameters)],
        )  # fmt: skip

    def act(self, path: str, summary: str) -> Callable[[Route], Route]:
        """An act: 201 and a receipt."""
        return self.post(
            path, status_code=201, summary=summary, response_model=ReceiptShape,
            responses={
                201: {"description": "回执", "headers": _REPLAYED},
                **_problems(400, 401, 403, 404, 409, 412, 422, 428, 429),
            },
        )  # fmt: skip

    def begin(self, path: str, summary: str, shape: Any) -> Callable[[Route], Route]:
        """Long work: 202 and where to look how far it is."""
        return self.post(
            path, status_code=202, summary=summary, response_model=shape,
            responses=_problems(400, 401, 403, 404, 409, 422, 429),
        )  # fmt: skip

    def view(self, path: str, summary: str, shape: Any = None) -> Callable[[Route], Route]:
        """A view; `shape` tells in the description what it looks like."""
        return self.get(
            path,
            summary=summary,
            response_model=shape,
            responses={
                200: {"description": "所查内容", "headers": _VERSION if "{" in path else {}},
                **_problems(400, 401, 403, 404),
            },
        )

    def look(self, path: str, summary: str, shape: Any = None) -> Callable[[Route], Route]:
        """A view that is asked for by POST, for names and numbers never stand in an address."""
        return self.post(
            path,
            summary=summary,
            response_model=shape,
            responses={200: {"description": "所查内容"}, **_problems(400, 401, 403, 422)},
        )
