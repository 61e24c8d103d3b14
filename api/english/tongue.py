"""The language somebody reads in (阅读语言): Chinese, or English by a cookie and one click."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse

from api.showing import ours

COOKIE = "liangdi-language"
_YEAR = 365 * 24 * 3600

router = APIRouter(include_in_schema=False)
Onward = Annotated[str, Query(alias="next", max_length=2000)]


def wants_english(request: Request) -> bool:
    return request.cookies.get(COOKIE) == "en"


@router.get("/language")
def language(
    request: Request,
    to: Annotated[Literal["zh", "en"], Query()],
    onward: Onward = "/",
) -> RedirectResponse:
    """Reads on in another language, on the page where one is."""
    answer = RedirectResponse(ours(onward) or "/", 303)
    secure = request.url.scheme == "https"
    answer.set_cookie(COOKIE, to, _YEAR, httponly=True, samesite="lax", secure=secure)
    return answer
