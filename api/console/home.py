"""首页: the demo's people with one-click sign-in, the story as links; else the way to sign in."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from api.asking import COOKIE, desk_of, maybe_visitor, secret_of
from api.console.pages import form_of, page
from api.showing import ours
from ledger.desk import SESSION_HOURS, SignInFailed

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request) -> Response:
    """首页."""
    desk = desk_of(request)
    provinces = [
        {
            "code": code,
            "name": ledger.province.name,
            "short": ledger.province.short,
            "people": [
                {"name": name, "shown": shown} for name, _, shown in desk.accounts(ledger)
            ] if desk.demo else [],
            "size": ledger.recorder.max_notification_id() or 0,
        }
        for code, ledger in sorted(desk.ledgers.items(), reverse=True)
    ]  # fmt: skip
    return page(
        request, "home.html", who=maybe_visitor(request), demo=desk.demo, provinces=provinces,
        story=request.app.state.story,
    )  # fmt: skip


@router.get("/sign-in")
def sign_in_page(request: Request) -> Response:
    """登录页."""
    return page(
        request, "sign_in.html", ledgers=desk_of(request).ledgers, failed=False, name="", code="",
        onward=ours(request.query_params.get("next", "")),
    )  # fmt: skip


@router.post("/sign-in")
async def sign_in(request: Request) -> Response:
    """登录：口令，或演示人物一键登录."""
    fields = await form_of(request, token=False)
    desk = desk_of(request)
    code, name = fields.get("province", ""), fields.get("name", "")
    ledger = desk.ledgers.get(code)
    try:
        if ledger is None:
            raise SignInFailed(code)
        if desk.demo and "demo" in fields:
            secret = desk.sign_in_demo(ledger, name)
        else:
            secret = desk.sign_in(ledger, name, fields.get("password", ""))
    except SignInFailed:
        return page(
            request, "sign_in.html", status=401, ledgers=desk.ledgers, failed=True, name=name,
            code=code, onward=ours(fields.get("next", "")),
        )  # fmt: skip
    onward = ours(fields.get("next", "")) or "/workbench"  # never to another place than ours
    answer = RedirectResponse(onward, 303)
    answer.set_cookie(
        COOKIE, secret, max_age=SESSION_HOURS * 3600, httponly=True, samesite="lax",
        secure=request.app.state.secure_cookies,
    )  # fmt: skip
    return answer


@router.post("/sign-out")
async def sign_out(request: Request) -> Response:
    """退出."""
    await form_of(request)
    found = secret_of(request)
    if found is not None:
        desk_of(request).sign_out(found[0])
    answer = RedirectResponse("/", 303)
    answer.delete_cookie(COOKIE)
    return answer
