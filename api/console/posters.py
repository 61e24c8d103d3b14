"""扫码入会海报与窗口登录码: what a clerk hands to workers. Of the desk, and no facts."""

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api.console.pages import form_of, page, signed_in
from api.problems import Problem
from api.showing import check_held, people, qr_of
from ledger.desk import Visitor
from ledger.domain.ids import PersonId, UnionId, is_id
from ledger.domain.kernel import Office
from ledger.projections import union_tree
from ledger.window import DOOR_MINUTES, Poster, Window

router = APIRouter(include_in_schema=False)

MAKERS = frozenset({Office.CLERK, Office.STATION, Office.CHAIR, Office.LIAISON})
"""Who puts up posters, and lets a worker in whom she has before her."""


def _window(request: Request) -> Window:
    window: Window = request.app.state.window
    return window


def _maker(request: Request) -> Visitor:
    """Who may put up posters. 403 for the others."""
    who = signed_in(request)
    if who.post is None or who.post.office not in MAKERS:
        raise Problem(
            403, "not-your-office", "Posters and codes are the clerks' matter.",
            "海报和登录码由经办、联络员、服务站或主席办理。",
        )  # fmt: skip
    return who


@router.get("/posters")
def posters(request: Request) -> Response:
    """入会海报：在用的、停用的，新做一张."""
    who = signed_in(request)
    mine = {post.union for post in who.posts}
    found = _window(request).posters(who.ledger, mine)
    with who.ledger.reading() as reader:
        rows = union_tree.get(reader.conn, who.ledger.origin, mine | {p.union for p in found})
    names = {union: row.name for union, row in rows.items()}
    return page(
        request, "posters.html", who=who, posters=found, names=names, fault="",
        choices=[(union, names.get(union, union)) for union in sorted(mine)],
    )  # fmt: skip


@router.post("/posters")
async def put_up(request: Request) -> Response:
    """入会海报：做一张."""
    fields = await form_of(request)
    who = await run_in_threadpool(_maker, request)
    union = UnionId(fields.get("union", ""))
    if union not in {post.union for post in who.posts}:
        raise Problem(
            403, "not-your-union", "A poster is of one's own union.", "只能做本工会的海报。"
        )
    employer, campaign = fields.get("employer", "").strip(), fields.get("campaign", "").strip()
    if max(len(employer), len(campaign)) > 60:
        raise Problem(422, "malformed", "At most 60 characters.", "单位和行动名称各不超过60个字。")
    code = await run_in_threadpool(
        _window(request).put_up, who.ledger, union, who.account, employer, campaign
    )
    return RedirectResponse(f"/posters/{code}", 303)


def _poster(request: Request, who: Visitor, code: str) -> Poster:
    """A poster of one of the visitor's unions. 404 where it is none."""
    found = _window(request).poster(code)
    mine = {post.union for post in who.posts}
    if found is None or found.ledger is not who.ledger or found.union not in mine:
        raise Problem(404, "not-found", "There is no such poster here.", "没有这张海报。")
    return found


@router.get("/posters/{code}")
def poster(request: Request, code: str) -> Response:
    """一张海报：A4 打印."""
    who = signed_in(request)
    found = _poster(request, who, code)
    with who.ledger.reading() as reader:
        row = union_tree.get(reader.conn, who.ledger.origin, [found.union]).get(found.union)
    address = f"{request.base_url}j/{code}"
    return page(
        request, "poster.html", who=who, poster=found, union=row.name if row else "",
        address=address, qr=qr_of(address),
    )  # fmt: skip


@router.post("/posters/{code}/taking-down")
async def take_down(request: Request, code: str) -> Response:
    """海报停用."""
    await form_of(request)
    who = await run_in_threadpool(_maker, request)
    await run_in_threadpool(_poster, request, who, code)
    await run_in_threadpool(_window(request).take_down, who.ledger, code)
    return RedirectResponse("/posters", 303)


@router.get("/workers/{person}/phone-code")
def phone_code(request: Request, person: str) -> Response:
    """给本人登录码：核对身份后再给."""
    return _code_page(request, person, "")


@router.post("/workers/{person}/phone-code")
async def hand_out(request: Request, person: str) -> Response:
    """给本人登录码."""
    await form_of(request)
    who = await run_in_threadpool(_maker, request)
    await run_in_threadpool(_code_page, request, person, "")  # whether she may be seen at all
    code = await run_in_threadpool(
        _window(request).hand_out, who.ledger, PersonId(person), who.account
    )
    return await run_in_threadpool(_code_page, request, person, code)


def _code_page(request: Request, person: str, code: str) -> Response:
    who = _maker(request)
    with who.ledger.looking(who.look("act", "窗口登录码")) as reader:
        check_held(reader, who, PersonId(person if is_id(person) else "per_"))
        shown = people(reader, who, [PersonId(person)]).get(PersonId(person))
    address = f"{request.base_url}m/c/{code}" if code else ""
    return page(
        request, "phone_code.html", who=who, shown=shown, person=person, minutes=DOOR_MINUTES,
        code=" ".join(code[at : at + 4] for at in range(0, len(code), 4)),
        qr=qr_of(address) if code else "",
    )  # fmt: skip
