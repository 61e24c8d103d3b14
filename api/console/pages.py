"""What the pages share (页面公用): templates, the frame, masks, and how an error is shown.

One address gives a whole page, or one block of it where htmx asks for that block by its name
(`hx-target="#list"` asks for the block `list`).
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import parse_qs, urlencode

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context, select_autoescape
from jinja2.runtime import Context
from markupsafe import Markup

from api.asking import COOKIE, maybe_visitor
from api.console.deadlines import left
from api.console.forms import column_of
from api.console.frame import MENU
from api.console.refusals import facts_of
from api.english import in_english, wants_english
from api.problems import Problem
from ledger.clock import beijing
from ledger.desk import Visitor, csrf_matches, csrf_of
from ledger.domain.alarms import AlarmSettled
from ledger.domain.glass import GlassBroken
from ledger.domain.ids import is_id, spoken
from ledger.domain.kernel import Office
from ledger.domain.money import capitals, yuan
from ledger.domain.questions import QuestionRaised
from ledger.projections import called
from ledger.replay import in_words, label, word
from ledger.replay.examples import EXAMPLES

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def day_text(day: date | None) -> str:
    return day.isoformat() if day else ""


def time_text(at: datetime | None) -> str:
    """Beijing time, as a clock on the wall shows it."""
    return f"{beijing(at):%Y-%m-%d %H:%M}" if at else ""


OBSERVERS = frozenset({Office.AUDITOR})
"""Who reads everything in scope and changes nothing but in these rooms."""
_OBSERVING = ("questions/", "audit/", "consents/")
_MAY = {
    "questions/raise_question": frozenset(QuestionRaised.by),
    "system/settle": frozenset(AlarmSettled.by),
    "glasses/smash": frozenset(GlassBroken.by),
}
"""Acts that stand beside every record or signal, and are not everybody's."""


@pass_context
def do(
    context: Context, deed: str, text: str, look: str = "btn btn-sm btn-outline-primary",
    **given: object,
) -> Markup:  # fmt: skip
    """A link to an act, with what is known already; it comes back to this page.

    `{{ do("transfers/accept", "接收", transfer=line.transfer) }}`; a field within another is written
    with two underscores (`act__on`). Nothing where the visitor's office only looks on.
    """
    who = cast("Visitor | None", context.get("who"))
    if who is None or (
        who.post and who.post.office in OBSERVERS and not deed.startswith(_OBSERVING)
    ):
        return Markup("")
    may = _MAY.get(deed)
    if may is not None and may.isdisjoint(post.office for post in who.posts):
        return Markup("")
    known: list[tuple[str, str]] = []
    for name, value in given.items():
        several = cast("list[object]", value) if isinstance(value, list | tuple) else [value]
        known += [(name.replace("__", "."), str(each)) for each in several if each is not None]
    said = urlencode([*known, ("next", str(context["here"]))])
    return Markup('<a class="{}" href="/do/{}?{}">{}</a>').format(look, deed, said, text)


def again(here: Mapping[str, str], **changed: object) -> str:
    """The same address with other words in its query: `?` and all that stays."""
    words = {**here, **{key: str(value) for key, value in changed.items() if value is not None}}
    for key, value in changed.items():
        if value is None:
            words.pop(key, None)
    return "?" + urlencode(words)


def _options(codes: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """A closed list as the options of `ui.pick`."""
    return [(code.value, word(code)) for code in codes]


_FILTERS = cast("dict[str, Any]", TEMPLATES.filters)
_FILTERS.update(
    day=day_text,
    time=time_text,
    word=word,
    label=label,
    yuan=yuan,
    capitals=capitals,
    words=_options,
    sources=in_words,
    called=called,
)
_GLOBALS = cast("dict[str, Any]", TEMPLATES.globals)
_GLOBALS.update(
    do=do,
    again=again,
    menu=MENU,
    column_of=column_of,
    left=left,
    spoken=spoken,
    examples=EXAMPLES,
    facts_of=facts_of,
)
_GLOBALS["ui"] = TEMPLATES.get_template("ui.html").module


def page(
    request: Request, template: str, *, status: int = 200, who: Visitor | None = None,
    headers: Mapping[str, str] | None = None, **more: Any,
) -> Response:  # fmt: skip
    """One page in its frame, or the one block of it that htmx asks for."""
    secret = request.cookies.get(COOKIE, "")
    found = TEMPLATES.get_template(template)
    words = dict(request.query_params)
    done, at = words.pop("done", ""), words.pop("at", "")
    path, english = request.url.path, wants_english(request)
    context: dict[str, Any] = {
        "who": who,
        "csrf": csrf_of(secret) if secret else "",
        "page": template.partition(".")[0],
        "path": path,
        "query": words,
        "here": path + (f"?{urlencode(words)}" if words and request.method == "GET" else ""),
        "flash": _flash(request, done, at),
        "english": english,
        "demo_day": request.app.state.desk.demo_day,
        **more,
    }
    block = request.headers.get("hx-target", "")
    if request.headers.get("hx-request") == "true" and block in found.blocks:
        held = found.new_context(context)
        for _ in found.root_render_func(held):
            pass  # what stands before the blocks (macros, names) is theirs to use
        text = "".join(found.blocks[block](held))
    else:
        text = found.render(context)
    return Response(
        in_english(text) if english else text, status,
        {"Cache-Control": "no-store", "Vary": "HX-Request, HX-Target", **(headers or {})},
        media_type="text/html; charset=utf-8",
    )  # fmt: skip


def _flash(request: Request, done: str, at: str) -> str:
    """What was just recorded, in the words of the act; never a word of the address."""
    deed = getattr(request.app.state, "deeds", {}).get(done)
    if deed is None:
        return ""
    return f"已登记：{deed.title}" + (
        f"（总账第 {int(at)} 笔）" if at.isdecimal() and at != "0" else ""
    )


def problem_page(request: Request, status: int, body: Mapping[str, Any]) -> Response:
    """An error as a page: what is wrong, and what to do instead."""
    who = maybe_visitor(request)
    may = who is not None and any(post.office in GlassBroken.by for post in who.posts)
    return page(
        request, "problem.html", status=status, who=who, problem=body, may_break=may,
        goes_on=request.method == "GET",
    )  # fmt: skip


def signed_in(request: Request) -> Visitor:
    """Who is looking. 401 where nobody is signed in."""
    who = maybe_visitor(request)
    if who is None:
        raise Problem(401, "sign-in", "Sign in first.", "请先登录，再打开此页。")
    return who


async def form_of(request: Request, *, token: bool = True) -> dict[str, str]:
    """The fields of a plain form. 403 where it lacks the session's token."""
    said = parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    fields = {name: values[-1] for name, values in said.items()}
    if token:
        check_form(request, fields.get("csrf", ""))
    return fields


def check_form(request: Request, given: str) -> None:
    """403 where a form lacks the session's token."""
    secret = request.cookies.get(COOKIE, "")
    if not (secret and csrf_matches(secret, given)):
        raise Problem(403, "csrf", "The form has expired.", "表单已失效，请返回重新打开。")


def tab_in(request: Request, tabs: Mapping[str, str]) -> str:
    """The tab in the address. 400 where there is no such one."""
    tab = request.query_params.get("tab", "")
    if tab not in tabs:
        raise Problem(400, "parameter", "No such tab.", f"没有“{tab}”这一栏。")
    return tab


def day_in(request: Request, name: str) -> date | None:
    """A date in the address. 400 where it is none."""
    text = request.query_params.get(name, "").strip()
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Problem(
            400, "parameter", f"{name} is no date.", f"日期“{text}”应写成 2026-03-22 的样子。"
        ) from None


Moment = tuple[date | None, date | None]
"""A day as at which one looks, and a day as known on which."""


def earlier_in(request: Request) -> Moment | None:
    """The moment with which a page is compared; None where none was asked for (`ui.earlier`)."""
    as_of, known_on = day_in(request, "then_as_of"), day_in(request, "then_known_on")
    return (as_of, known_on) if as_of or known_on else None


C = TypeVar("C", bound=StrEnum)


def code_in(request: Request, name: str, codes: type[C]) -> C | None:
    """A code of a closed list in the address. 400 where it is none of them."""
    text = request.query_params.get(name, "")
    if not text:
        return None
    try:
        return codes(text)
    except ValueError:
        raise Problem(400, "parameter", f"No such {name}.", f"没有“{text}”这一项。") from None


def id_in(request: Request, name: str, prefix: str) -> str:
    """An id in the address; empty where there is none. 400 where it is none of that kind."""
    text = request.query_params.get(name, "")
    if text and not (is_id(text) and text.startswith(f"{prefix}_")):
        raise Problem(400, "parameter", f"{name} is no id.", "地址中的编号有误。")
    return text


def size_in(request: Request) -> int:
    """How many rows a page has. 400 where it is none of the three."""
    text = request.query_params.get("size", "")
    if text not in SIZES:
        raise Problem(400, "parameter", "No such page size.", "每页行数为 20、50 或 100。")
    return SIZES[text]


SIZES = {"": 50, "20": 20, "50": 50, "100": 100}


def pair_in(request: Request, name: str = "after") -> tuple[str, str] | None:
    """Where a page begins, of a number and an id, as `place_of` wrote it. 400 where it is none."""
    found = place_in(request, 2, name)
    return (found[0], found[1]) if found else None


def place_in(request: Request, parts: int, name: str = "after") -> list[str] | None:
    """Where a page begins, as `place_of` wrote it: so many parts, the last an id; a name may stand
    before it. 400 where it is none.
    """
    text = request.query_params.get(name, "")
    if not text:
        return None
    *rest, last = text.split("~")
    found = [*rest[: parts - 2], "~".join(rest[parts - 2 :]), last]
    if len(found) != parts or not all(found) or not is_id(last):
        raise no_such_page()
    return found


def no_such_page() -> Problem:
    """400: where a page is said to begin is no place of its list."""
    return Problem(400, "parameter", "No such page.", "翻页标记有误，请从第一页重新打开。")


def place_of(place: Iterable[object] | None) -> str:
    """Where the next page begins, as an address has it."""
    return "~".join(map(str, place)) if place else ""
