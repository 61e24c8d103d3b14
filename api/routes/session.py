"""Sessions (登录): signing in and out, and who I am with which posts."""

from dataclasses import dataclass

from fastapi import Request, Response
from pydantic import Field, SecretStr

from api.asking import COOKIE, Part, Room, SignedIn, answer, desk_of, secret_of
from api.showing import names_of
from ledger.desk import SESSION_HOURS, SignInFailed, Visitor, csrf_of
from ledger.domain.offices import Post

ROUTER = Room("/session", "登录")


@dataclass(frozen=True)
class PostShape:
    """One office that I hold today."""

    union: str
    union_name: str
    office: str
    since: str
    until: str | None
    entrusted: bool
    below: bool
    instead_of: str | None
    present: bool


@dataclass(frozen=True)
class Me:
    """Who is signed in, where, in which offices; `csrf` goes into `X-CSRF-Token` (cookies only)."""

    account: str
    shown: str
    person: str
    province: str
    today: str
    posts: list[PostShape]
    csrf: str | None


class SigningIn(Part):
    """Who signs in, and in which province's ledger."""

    province: str = Field(description="省份代码前两位", pattern=r"^[0-9]{2}$", examples=["45"])
    name: str = Field(max_length=80, description="账号", examples=["wei.clerk"])
    password: SecretStr | None = Field(
        None, max_length=200, description="密码；只有演示账套可以不填"
    )


@ROUTER.post("/sign-in", summary="登录", response_model=Me)
def sign_in(body: SigningIn, request: Request) -> Response:
    desk = desk_of(request)
    ledger = desk.ledgers.get(body.province)
    if ledger is None:
        raise SignInFailed
    if body.password is None:
        secret = desk.sign_in_demo(ledger, body.name)
    else:
        secret = desk.sign_in(ledger, body.name, body.password.get_secret_value())
    who = desk.visitor(secret)
    assert who is not None
    made = answer(_me(who, csrf_of(secret)))
    made.set_cookie(
        COOKIE, secret, max_age=SESSION_HOURS * 3600, path="/", httponly=True, samesite="lax",
        secure=request.app.state.secure_cookies,
    )  # fmt: skip
    return made


@ROUTER.post("/sign-out", summary="退出", status_code=204)
def sign_out(_: SignedIn, request: Request) -> Response:
    found = secret_of(request)
    if found is not None and found[1] == "session":
        desk_of(request).sign_out(found[0])
    made = Response(status_code=204)
    made.delete_cookie(COOKIE, path="/")
    return made


@ROUTER.view("", "我是谁，有哪些任职", Me)
def me(who: SignedIn, request: Request) -> Response:
    found = secret_of(request)
    return answer(_me(who, csrf_of(found[0]) if found and found[1] == "session" else None))


def _me(who: Visitor, csrf: str | None) -> Me:
    with who.ledger.reading() as reader:
        names = names_of(reader, [post.union for post in who.posts])
    return Me(
        who.account, who.shown, who.person, who.ledger.province.code, who.today.isoformat(),
        [_post(post, names.get(post.union, ""), post == who.post) for post in who.posts], csrf,
    )  # fmt: skip


def _post(post: Post, name: str, present: bool) -> PostShape:
    return PostShape(
        post.union, name, post.office, post.since.isoformat(),
        post.until.isoformat() if post.until else None, post.entrusted, post.below,
        post.instead_of, present,
    )  # fmt: skip
