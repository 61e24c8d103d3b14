"""进门: the first page; a code to the phone on record, or one from a clerk; who can help."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from starlette.background import BackgroundTask

from api.phone.frame import (
    BIG,
    COOKIE,
    check_token,
    form_of,
    maybe_worker,
    onward_to,
    page,
    window_of,
)
from api.problems import Problem
from ledger.book import Ledger, Look
from ledger.domain.identity import normalise_phone, problems_of_phone
from ledger.projections import union_tree
from ledger.replay import people
from ledger.window import WORKER_HOURS, CodeTooSoon, CodeWrong

router = APIRouter(include_in_schema=False)

Onward = Annotated[str, Query(alias="next")]
"""Where to go afterwards: a page of ours."""

WRONG = (
    "登录码不对，或已过期。请核对后再填；试过五次的，请重新获取。"
    "刚用手机入会或求助的，号码要等工会核对过才能登录，急用请到窗口取登录码。"
)


@router.get("/m")
def home(request: Request) -> Response:
    """工会服务：首页."""
    return page(request, "home.html", me=maybe_worker(request))


@router.get("/m/who")
def who_helps(request: Request) -> Response:
    """找谁帮我."""
    me = maybe_worker(request)
    unions: list[tuple[str, str]] = []
    for ledger in [me.ledger] if me else window_of(request).ledgers.values():
        with ledger.reading() as reader:
            stations = union_tree.stations_of(reader.conn, ledger.origin, on=ledger.today)
            unions += [(each.name, each.address) for each in stations[:20]]
    return page(request, "who.html", stations=unions)


@router.get("/m/size")
def size(request: Request, big: str = "1", onward: Onward = "/m") -> Response:
    """大字、小字."""
    made = RedirectResponse(onward_to(onward), 303)
    made.set_cookie(BIG, "1" if big == "1" else "0", max_age=365 * 24 * 3600, samesite="lax")
    return made


# ── by a code to the phone ───────────────────────────────────────────────────────────────────


@router.get("/m/sign-in")
def sign_in_page(request: Request, onward: Onward = "/m") -> Response:
    """登录：手机号码."""
    return _ask_phone(request, {"next": onward_to(onward)})


def _ask_phone(
    request: Request, fields: Mapping[str, str], fault: str = "", status: int = 200
) -> Response:
    window = window_of(request)
    return page(
        request, "sign_in.html", status=status, ledgers=window.ledgers, fault=fault,
        phone=fields.get("phone", ""), province=fields.get("province", ""),
        onward=onward_to(fields.get("next", "/m")), callers=window.callers if window.demo else [],
    )  # fmt: skip


@router.post("/m/sign-in")
async def send_code(request: Request) -> Response:
    """登录：发登录码。号码是否登记，答复都一样."""
    return await run_in_threadpool(_send_code, request, await form_of(request))


def _send_code(request: Request, fields: Mapping[str, str]) -> Response:
    window = window_of(request)
    ledger = _ledger(request, fields)
    phone = normalise_phone(fields.get("phone", ""))
    if ledger is None:
        return _ask_phone(request, fields, "请选择您的会籍在哪个省。", 422)
    if problems_of_phone(phone):
        return _ask_phone(request, fields, "请填写完整的手机号码。", 422)
    try:
        code, deliver = window.ask_code(ledger, phone)
    except CodeTooSoon as early:
        wait = f"{early.seconds}秒" if early.seconds < 120 else f"{early.seconds // 60 + 1}分钟"
        return _ask_phone(request, fields, f"刚刚已经发过，请{wait}后再试。", 429)
    shown = _ask_code(request, fields, ledger, phone, demo_code=code if window.demo else "")
    # Sent when the page is on its way: how long it takes tells nothing of the number.
    shown.background = BackgroundTask(deliver)
    return shown


def _ask_code(
    request: Request, fields: Mapping[str, str], ledger: Ledger, phone: str, *,
    demo_code: str = "", fault: str = "",
) -> Response:  # fmt: skip
    window = window_of(request)
    return page(
        request, "code.html", status=401 if fault else 200, fault=fault, phone=phone,
        tail=phone[-4:], province=ledger.province.code, onward=onward_to(fields.get("next", "/m")),
        demo_code=demo_code, sends=window.send is not None or window.demo,
    )  # fmt: skip


@router.post("/m/sign-in/code")
async def enter_code(request: Request) -> Response:
    """登录：核对登录码."""
    return await run_in_threadpool(_enter_code, request, await form_of(request))


def _enter_code(request: Request, fields: Mapping[str, str]) -> Response:
    window, ledger = window_of(request), _ledger(request, fields)
    phone = normalise_phone(fields.get("phone", ""))
    if ledger is None:
        return _ask_phone(request, fields, "请从头再来一次。", 422)
    try:
        persons = window.check_code(ledger, phone, fields.get("code", ""))
    except CodeWrong:
        return _ask_code(request, fields, ledger, phone, fault=WRONG)
    onward = onward_to(fields.get("next", "/m"))
    if len(persons) == 1:
        return _let_in(request, window.begin(ledger, persons[0]), onward)
    with ledger.looking(Look(persons[0], "", "sign-in", "本人登录")) as reader:
        shown = people(reader, persons)
    choices = [
        (window.begin(ledger, each), _masked(shown[each].name)) for each in persons if each in shown
    ]
    return page(request, "whose.html", choices=choices, onward=onward)


@router.post("/m/sign-in/whose")
async def choose(request: Request) -> Response:
    """登录：一个电话几个人用，选是哪一位."""
    fields = await form_of(request)
    secret = fields.get("secret", "")
    if await run_in_threadpool(window_of(request).worker, secret) is None:
        return _ask_phone(request, fields, "请从头再来一次。", 422)
    return _let_in(request, secret, onward_to(fields.get("next", "/m")))


def _masked(name: str) -> str:
    """A name by its first and last letter, to be recognised by who knows it."""
    return name[:1] + "＊" * max(1, len(name) - 2) + (name[-1:] if len(name) > 2 else "")


def _ledger(request: Request, fields: Mapping[str, str]) -> Ledger | None:
    ledgers = window_of(request).ledgers
    if len(ledgers) == 1:
        return next(iter(ledgers.values()))
    return ledgers.get(fields.get("province", ""))


# ── by a code from a clerk ───────────────────────────────────────────────────────────────────


@router.get("/m/c/{code}")
def door(request: Request, code: str) -> Response:
    """窗口给的登录链接：按一下才用掉."""
    return page(request, "door.html", code=code, fault="")


@router.get("/m/code")
def type_code(request: Request) -> Response:
    """填窗口给的登录码."""
    return page(request, "door.html", code="", fault="")


@router.post("/m/code/sign-in")
async def open_door(request: Request) -> Response:
    """窗口给的登录码：进入."""
    fields = await form_of(request)
    try:
        secret = await run_in_threadpool(window_of(request).open_door, fields.get("code", ""))
    except CodeWrong:
        return page(
            request, "door.html", status=401, code="",
            fault="登录码不对、已用过，或已过30分钟。请工作人员再给一个。",
        )  # fmt: skip
    return _let_in(request, secret, "/m")


def _let_in(request: Request, secret: str, onward: str) -> Response:
    made = RedirectResponse(onward, 303)
    made.set_cookie(
        COOKIE, secret, max_age=WORKER_HOURS * 3600, httponly=True, samesite="lax",
        secure=request.app.state.secure_cookies,
    )  # fmt: skip
    return made


@router.post("/m/leave")
async def leave(request: Request) -> Response:
    """退出."""
    fields = await form_of(request)
    check_token(request, fields.get("csrf", ""))
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        raise Problem(401, "sign-in", "Nobody is signed in.", "您还没有登录。")
    await run_in_threadpool(window_of(request).leave, secret)
    made = RedirectResponse("/m", 303)
    made.delete_cookie(COOKIE)
    return made
