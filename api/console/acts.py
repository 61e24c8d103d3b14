"""Acts (办理): every act of the API as a page with a form, so that a page can do what a machine can.

`/do/{room}/{act}?…` shows the form; the address gives to what it is done (`transfer=trf_…`) and
what is known already (ids and codes, never a name or a number). The form is posted to the same
address and asked of the API as any client would: same checks, same rules, same answer. What it
says is shown beside the fields; what was written is never lost. A form carries its command id from
the moment it is opened, so pressing twice, going back or a slow line records once.
"""

import inspect
import re
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from secrets import token_urlsafe
from typing import Any, cast, get_type_hints
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.asking import API, Seen
from api.console import restating
from api.console.at_hand import Begun, begun, offered
from api.console.choosing import UNION, Choosing, Meant, flat, is_digest, sought
from api.console.forms import (
    Field,
    Unreadable,
    Written,
    arranged,
    body_of,
    faults_of,
    fields_of,
)
from api.console.layouts import LAYOUTS
from api.console.pages import check_form, page, signed_in
from api.console.pickers import called, concerned, is_ref
from api.console.prefill import standing
from api.console.within import ask
from api.problems import Problem
from api.showing import check_sight, ours
from ledger.book import Reader
from ledger.desk import Visitor
from ledger.domain import corrections
from ledger.domain.ids import is_id

router = APIRouter(include_in_schema=False)

_HELD = re.compile(r"\{(\w+)\}")
PAGES = {
    "per": "/workers/{}", "trf": "/transfers/{}", "grt": "/grants/{}", "lis": "/aid-lists/{}",
    "fnd": "/funds/{}", "hrd": "/hardship-files/{}?purpose=grant", "cas": "/cases/{}", "que": "/questions/{}", "sch": "/schemes/{}",
    "tri": "/trips/{}", "sta": "/stations/{}", "par": "/partnerships/{}",
    "sam": "/audit/samples/{}",
    "hlp": "/help-requests/{}", "brk": "/glasses/{}",
}  # fmt: skip
"""Where a thing that was made is shown."""
PURPOSES = {
    "transfers": "transfer", "cases": "case", "aid": "grant", "aid_lists": "grant", "hardship": "grant",
    "services": "service", "trips": "service", "corrections": "correction", "questions": "audit",
}  # fmt: skip


@dataclass(frozen=True)
class Deed:
    """One act of the API: where it is asked for, and what its body is."""

    room: str
    name: str
    path: str
    summary: str
    body: type[BaseModel]
    seen: bool
    """Whether it is done upon a thing as it was seen, at a version."""

    @property
    def key(self) -> str:
        return f"{self.room}/{self.name}"

    @property
    def address(self) -> str:
        return f"/do/{self.key}"

    @property
    def upon(self) -> tuple[str, ...]:
        """What the address of the act names: `("transfer",)`."""
        return tuple(_HELD.findall(self.path))

    @property
    def title(self) -> str:
        return titled(self.summary)[0]

    @property
    def hint(self) -> str:
        return titled(self.summary)[1]


def titled(summary: str) -> tuple[str, str]:
    """What an act is called, and what is said beside it."""
    title = re.split("[，：（]", summary)[0]
    return title, summary[len(title) :].strip("，：（）")


def deeds(routers: Iterable[APIRouter]) -> dict[str, Deed]:
    """Every act of these rooms, as `room/name`."""
    found: dict[str, Deed] = {}
    for route in (each for one in routers for each in one.routes):
        if not isinstance(route, APIRoute) or route.status_code not in {201, 202}:
            continue
        hints = get_type_hints(route.endpoint, include_extras=True)
        bodies = [hint for hint in hints.values() if inspect.isclass(hint)]
        body = next((hint for hint in bodies if issubclass(hint, BaseModel)), None)
        if body is not None:
            room = route.endpoint.__module__.rpartition(".")[2]
            deed = Deed(
                room, route.name.rstrip("_"), route.path.removeprefix(API), route.summary or "",
                body, Seen in hints.values(),
            )  # fmt: skip
            found[deed.key] = deed
    return found


def deed_of(request: Request, room: str, name: str) -> Deed:
    """404 where there is no such act."""
    found: Mapping[str, Deed] = request.app.state.deeds
    deed = found.get(f"{room}/{name}")
    if deed is None:
        raise Problem(404, "not-found", "There is no such act.", "没有这项业务。")
    return deed


# ── the form ─────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Sheet:
    """A form as it is shown: what it is upon, what was written, what was wrong."""

    deed: Deed
    upon: Mapping[str, str]
    written: Written
    given: frozenset[str]
    """The fields that the leading page has given."""
    version: str
    command: str
    onward: str


@router.get("/do/{room}/{name}")
async def form(request: Request, room: str, name: str) -> Response:
    """办理：填写."""
    who, deed = await run_in_threadpool(signed_in, request), deed_of(request, room, name)
    given = _listed(request.query_params.multi_items())
    onward = given.pop("next", [""])[0]
    upon = {key: given.pop(key)[0] for key in deed.upon if key in given}
    if missing := set(deed.upon) - set(upon):
        raise Problem(
            400, "parameter", "Say upon what the act is done.",
            "请从列表或档案打开此项业务。", missing=sorted(missing),
        )  # fmt: skip
    fixed = frozenset(
        key
        for key, values in given.items()
        if is_id(values[0]) or is_digest(values[0]) or is_ref(values[0]) or key in _POINTING
    )
    version = await version_of(request, deed, upon)  # what may not be seen ends here
    stands = await run_in_threadpool(_standing, who, deed, upon)
    first = await run_in_threadpool(_begun, who, deed, upon, given)
    sheet = Sheet(
        deed, upon, {**stands, **first.values, **given}, first.fixed | fixed, version,
        token_urlsafe(18), ours(onward),
    )  # fmt: skip
    return await run_in_threadpool(shown, request, who, sheet)


def _standing(who: Visitor, deed: Deed, upon: Mapping[str, str]) -> Written:
    """What stands there now, so that one changes only what has changed."""
    with who.ledger.looking(who.look("act", deed.title)) as reader:
        return standing(reader, who, f"{deed.room}/{deed.name}", upon)


@router.post("/do/{room}/{name}")
async def perform(request: Request, room: str, name: str) -> Response:
    """办理：登记."""
    who, deed = await run_in_threadpool(signed_in, request), deed_of(request, room, name)
    written = _listed(parse_qsl((await request.body()).decode("utf-8", "replace"), True))
    check_form(request, _one(written, "csrf"))
    sheet = Sheet(
        deed, {key: _one(written, f"upon:{key}") for key in deed.upon},
        {key: values for key, values in written.items() if not _ASIDE.match(key)},
        frozenset(written.get("given", ())), _one(written, "seen"), _one(written, "command"),
        ours(_one(written, "next")),
    )  # fmt: skip
    if "more" in written:  # one more row, from a page without script
        rows = f"rows:{_one(written, 'more')}"
        more = str(int(_one(written, rows) or 0) + _further(sheet, _one(written, "more")))
        return await run_in_threadpool(
            shown, request, who, replace(sheet, written={**sheet.written, rows: [more]})
        )
    sheet, found = await run_in_threadpool(_sought, who, sheet)
    if found:
        return await run_in_threadpool(shown, request, who, sheet, found=found)
    try:
        body = body_of(deed.body, sheet.written, sheet.given)
        if restating.NAME in deed.body.model_fields:
            body[restating.NAME] = await run_in_threadpool(_changed, who, sheet)
    except Unreadable as fault:
        return await run_in_threadpool(shown, request, who, sheet, 422, fault.faults)
    answered = await ask(
        request, "POST", _filled(deed.path, sheet.upon), orjson.dumps(body),
        headers={
            "idempotency-key": sheet.command,
            "x-csrf-token": _one(written, "csrf"),
            **({"if-match": f'"{sheet.version}"'} if deed.seen else {}),
        },
    )  # fmt: skip
    if answered.status == 202:
        operation = str(answered.body["id"])
        return RedirectResponse(
            f"{sheet.onward or '/operations/' + operation}?operation={operation}", 303
        )
    if answered.status in {200, 201}:
        return await run_in_threadpool(_done, request, who, sheet, answered.body)
    if answered.status == 412:
        newer = await version_of(request, deed, sheet.upon)
        sheet = replace(sheet, version=newer)
    faults = faults_of(answered.body.get("errors", ()))
    return await run_in_threadpool(
        shown, request, who, sheet, answered.status, faults, answered.body
    )


_POINTING = frozenset({"position", "origin"})
"""Which record an act is about: given by the page that leads here, like an id."""


def _changed(who: Visitor, sheet: Sheet) -> dict[str, Any]:
    """What a correction says otherwise than the fact of ours that it is about."""
    with who.ledger.looking(who.look("act", sheet.deed.title)) as reader:
        origin, position = who.ledger.origin, _position(sheet)
        _check_fact(reader, who, origin, position)
        return restating.changed(reader, who, origin, position, sheet.written)


def _check_fact(reader: Reader, who: Visitor, origin: str, position: int) -> None:
    """Raises: NotFound, and what `check_sight` raises of whom the fact concerns."""
    _, fact = restating.fact_at(reader, origin, position)
    person = corrections.person_of(fact.event)
    if person is not None:
        check_sight(reader, who, person)


def _position(sheet: Sheet) -> int:
    text = _one(sheet.written, "position")
    if not text.isdecimal() or not text.isascii() or len(text) > 15:
        raise Problem(400, "parameter", "Which record?", "请从档案的时间轴打开要更正的记录。")
    return int(text)


def _begun(who: Visitor, deed: Deed, upon: Mapping[str, str], given: Written) -> Begun:
    """With what the form begins: what the thing at hand says already."""
    _filled(deed.path, upon)
    with who.ledger.looking(who.look("act", deed.title)) as reader:
        return begun(reader, who, deed.key, upon, given)


def _further(sheet: Sheet, rows: str) -> int:
    """How many rows are added at once: one, where each is a sheet of its own."""
    every = flat(fields_of(sheet.deed.body, sheet.written, {}))
    return 1 if any(one.name == rows and one.deep for one in every) else 3


_ASIDE = re.compile(r"csrf$|command$|seen$|next$|upon:|given$|more$")


def _listed(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found


def _one(written: Written, name: str) -> str:
    return written.get(name, ("",))[0]


def _filled(path: str, upon: Mapping[str, str]) -> str:
    """The address of the act. 404 where what it is upon is no id."""
    if not all(is_id(value) for value in upon.values()):
        raise Problem(404, "not-found", "There is no such thing here.", "本账中没有这一项。")
    return _HELD.sub(lambda found: upon[found[1]], path)


async def version_of(request: Request, deed: Deed, upon: Mapping[str, str]) -> str:
    """The version of the thing as it is seen now: its own page's, or that of what it is a part of."""
    if not deed.seen:
        return ""
    path = _filled(deed.path, upon)
    query = urlencode({"purpose": PURPOSES.get(deed.room, "membership")})
    while path := path.rpartition("/")[0]:
        for said in (query, ""):
            found = await ask(request, "GET", path, query=said)
            if found.status == 200 and "etag" in found.headers:
                return found.headers["etag"].strip('"')
            if found.status in {401, 403}:
                raise Problem(
                    found.status, "sight", str(found.body.get("title", "")),
                    str(found.body.get("title_zh", "")),
                    **({"instead": found.body["instead"]} if "instead" in found.body else {}),
                )  # fmt: skip
    raise Problem(404, "not-found", "There is no such thing here.", "本账中没有这一项。")


def _sought(who: Visitor, sheet: Sheet) -> tuple[Sheet, dict[str, Meant]]:
    """Whom what was typed may mean, field by field; nothing where there is no more to look for.

    A union that was typed by its whole name is taken: nobody else is meant by it.
    """
    asked = (*fields_of(sheet.deed.body, sheet.written, {}), *_around(sheet, {}))
    with who.ledger.looking(who.look("act", sheet.deed.title)) as reader:
        found = sought(reader, who, asked)
    taken = {n: meant.named for n, meant in found.items() if meant.of == UNION and meant.named}
    if taken:
        sheet = replace(sheet, written={**sheet.written, **{n: [*ids] for n, ids in taken.items()}})
    return sheet, {name: meant for name, meant in found.items() if name not in taken}


_NOBODY = "请核对姓名、证件号码或电话；未登记的先办人员登记。"
_NO_UNION = "请核对工会名称；可以只写其中一段，也可以写统一社会信用代码。"


def shown(
    request: Request, who: Visitor, sheet: Sheet, status: int = 200,
    faults: Mapping[str, Sequence[str]] | None = None, said: Mapping[str, Any] | None = None,
    found: Mapping[str, Meant] | None = None,
) -> Response:  # fmt: skip
    """The form with what was written and what was said to it."""
    faults = dict(faults or {})
    for name, meant in (found or {}).items():
        if meant.unknown:
            unknown = "、".join(meant.unknown)
            faults[name] = [f"没有找到“{unknown}”。{_NO_UNION if meant.of == UNION else _NOBODY}"]
    asked = fields_of(sheet.deed.body, sheet.written, faults, fixed=sheet.given)
    around = _around(sheet, faults)
    with who.ledger.looking(who.look("act", sheet.deed.title)) as reader:
        if restating.NAME in sheet.deed.body.model_fields:
            asked = _restated(reader, who, sheet, asked, faults)
        # What an address says beside the fields of the form brings nobody into it.
        named = _ids(sheet, {one.name for one in flat((*asked, *around))})
        at_hand = offered(reader, who, sheet.deed.key, sheet.upon)
        # Whoever works on a thing is shown who is in it, a partner's members too.
        of_it = {each: text for every in at_hand.values() for each, text in every}
        others = [each for each in named if each not in of_it]
        names = called(reader, who, [*others, *(post.union for post in who.posts)])
        names |= {each: of_it[each].partition(" · ")[0] for each in named if each in of_it}
        persons = concerned(reader, who, named)
        choosing = Choosing(reader, who, names, persons, found or {}, at_hand)
        asked = tuple(map(choosing.of, asked))
        around = tuple(map(choosing.of, around))
    told = _told(asked + around)
    asked = arranged(asked, LAYOUTS, f"{sheet.deed.room}/{sheet.deed.name}")
    return page(
        request, "act.html", status=status if not told else max(status, 422), who=who,
        sheet=sheet, fields=asked, around=around, names=names, said=said, faults=told,
        found=bool(found),
    )  # fmt: skip


def _restated(
    reader: Reader, who: Visitor, sheet: Sheet, asked: Sequence[Field],
    faults: Mapping[str, Sequence[str]],
) -> tuple[Field, ...]:  # fmt: skip
    """The form of a correction: the fields of its fact, with the values that stand."""
    origin, position = who.ledger.origin, _position(sheet)
    _check_fact(reader, who, origin, position)
    parts = restating.asked(reader, who, origin, position, sheet.written, faults)
    return tuple(
        replace(one, kind="group", label="改成什么（不改的不动）", parts=parts, hint="")
        if one.name == restating.NAME
        else one
        for one in asked
    )


def _around(sheet: Sheet, faults: Mapping[str, Sequence[str]]) -> tuple[Field, ...]:
    """Under what the act is done, as fields."""
    model = _circumstances(sheet.deed.body)
    return fields_of(model, sheet.written, faults, "act.", sheet.given)


def _circumstances(body: type[BaseModel]) -> type[BaseModel]:
    """The model of `act`: under what the act is done."""
    return body.model_fields["act"].annotation  # pyright: ignore[reportReturnType]


def _ids(sheet: Sheet, columns: Container[str]) -> list[str]:
    """Every id that the form names already, in these of its fields."""
    values = [v for name, each in sheet.written.items() if name in columns for v in each]
    every = (*sheet.upon.values(), *values)
    return list(dict.fromkeys(each for each in every if is_id(each) or is_ref(each)))


def _told(fields: Sequence[Field]) -> list[tuple[Field, str]]:
    """What is wrong, for the list on top: each with the field that it is about."""
    found: list[tuple[Field, str]] = []
    for each in fields:
        found += [(each, error) for error in each.errors]
        found += _told(each.parts)
    return found


# ── done ─────────────────────────────────────────────────────────────────────────────────────


def _done(request: Request, who: Visitor, sheet: Sheet, receipt: Mapping[str, Any]) -> Response:
    """Back to where one came from, or on to what was made; a list is answered line by line."""
    result: Mapping[str, Any] = receipt.get("result", {})
    if result.get("refused") or {"refused", "total_fen"} <= result.keys():
        with who.ledger.looking(who.look("act", sheet.deed.title)) as reader:
            names = called(reader, who, [*result.get("refused", ()), *_made(result)])
        return page(
            request, "done.html", who=who, sheet=sheet, receipt=receipt, names=names,
            refused=result.get("refused", {}), done=_made(result), result=result,
        )  # fmt: skip
    made = [value for value in result.values() if isinstance(value, str) and is_id(value)]
    fresh = [each for each in made if each not in sheet.upon.values()]
    shown_apart = any(each[:3] in PAGES for each in fresh)  # what has a page of its own is shown
    onward = sheet.onward if sheet.upon or not shown_apart else ""
    if not onward:
        ids = (*fresh, *sheet.upon.values(), *(v for vs in sheet.written.values() for v in vs))
        onward = next(
            (PAGES[id_[:3]].format(id_) for id_ in ids if is_id(id_) and id_[:3] in PAGES), "/"
        )
    positions = receipt.get("positions") or [0]
    more = urlencode({"done": sheet.deed.key, "at": positions[0]})
    return RedirectResponse(f"{onward}{'&' if '?' in onward else '?'}{more}", 303)


def _made(result: Mapping[str, Any]) -> dict[str, str]:
    """What was done, each with its amount where it has one."""
    done = cast("list[str | dict[str, Any]]", result.get("done", []))
    return {
        (one if isinstance(one, str) else str(one["grant"])): (
            "" if isinstance(one, str) else str(one["amount_yuan"])
        )
        for one in done
    }
