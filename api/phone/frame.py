"""The phone's frame (手机页框架): one question a page, large, light, and whole without script.

No menu and nothing of the console's: its own sheet, 12351 and who can help on every page. A worker
is known by a cookie of her own; an officer's opens nothing here, and hers nothing there.
"""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import parse_qsl

from fastapi import Depends, Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.english import in_english, wants_english
from api.problems import Problem
from api.showing import ours
from ledger.clock import beijing
from ledger.desk import csrf_matches, csrf_of
from ledger.domain.ids import spoken
from ledger.domain.money import yuan
from ledger.journal.record import instant
from ledger.journal.vouchers import CHECKED_AT
from ledger.replay import picture, word
from ledger.window import Window, Worker

COOKIE = "liangdi-me"
BIG = "liangdi-big"
STATIC = Path(__file__).parent / "static"

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True, default_for_string=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _minute(text: str) -> str:
    """Beijing time of a stored instant."""
    return _clock(instant(text))


def _clock(at: datetime) -> str:
    """Beijing time of an instant."""
    return f"{beijing(at):%Y-%m-%d %H:%M}"


def _day(value: Any) -> str:
    return f"{value.year}年{value.month}月{value.day}日" if value else ""


def _picture(number: str) -> tuple[str, str]:
    """The file and the word of a number's picture."""
    return f"n{number[-1]}.svg", picture(number)


FILTERS: Mapping[str, Any] = {
    "word": word, "yuan": yuan, "spoken": spoken, "minute": _minute, "clock": _clock, "day": _day, "picture": _picture,
}  # fmt: skip
TEMPLATES.filters.update(FILTERS)


def window_of(request: Request) -> Window:
    window: Window = request.app.state.window
    return window


def maybe_worker(request: Request) -> Worker | None:
    """Whose pages these are, where somebody has come in."""
    secret = request.cookies.get(COOKIE, "")
    return window_of(request).worker(secret) if secret else None


def worker(request: Request) -> Worker:
    """Whose pages these are. 401, which leads to the door, where nobody has come in."""
    me = maybe_worker(request)
    if me is None:
        raise Problem(401, "sign-in", "Come in first.", "请先登录，再看自己的信息。")
    return me


Me = Annotated[Worker, Depends(worker)]


def page(
    request: Request, template: str, *, status: int = 200, headers: Mapping[str, str] | None = None,
    **more: Any,
) -> Response:  # fmt: skip
    """One page in the phone's frame."""
    secret, english = request.cookies.get(COOKIE, ""), wants_english(request)
    text = TEMPLATES.get_template(template).render(
        csrf=csrf_of(secret) if secret else "",
        big=request.cookies.get(BIG) == "1",
        path=request.url.path,
        entered=bool(secret),
        english=english,
        demo_day=request.app.state.desk.demo_day,
        **more,
    )
    return Response(
        in_english(text) if english else text, status, {"Cache-Control": "no-store", **(headers or {})},
        media_type="text/html; charset=utf-8",
    )  # fmt: skip


def problem_page(request: Request, status: int, body: Mapping[str, Any]) -> Response:
    """What is wrong, and what to do instead; who is not in is led to the door."""
    return page(request, "problem.html", status=status, problem=body)


def is_here(path: str) -> bool:
    """Whether an address belongs to these pages."""
    return path in {"/m", "/check"} or path.startswith(("/m/", "/j/", CHECKED_AT))


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a form, each once; NUL and other control characters are dropped."""
    said = parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True)
    return {
        name: "".join(letter for letter in value if letter >= " " or letter == "\n")[:1000].strip()
        for name, value in said
    }


def check_token(request: Request, given: str) -> None:
    """403 where a form lacks the session's token."""
    secret = request.cookies.get(COOKIE, "")
    if not (secret and csrf_matches(secret, given)):
        raise Problem(403, "csrf", "The form has expired.", "页面放得太久了，请退回重新打开。")


def onward_to(address: str) -> str:
    """An address of these pages to go on to; the first one where it is none."""
    return address if ours(address) and is_here(address.partition("?")[0]) else "/m"
