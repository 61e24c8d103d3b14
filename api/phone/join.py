"""扫码入会: four questions and a consent in parts, without an account; the clerk examines it."""

from collections.abc import Mapping
from datetime import date

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from api.phone.frame import form_of, page, window_of
from api.phone.steps import Choice, Finished, Flow, Question, record, take
from api.problems import Problem
from ledger import procedures
from ledger.book import Reader
from ledger.domain.consents import Purpose, Receiver
from ledger.domain.identity import (
    CitizenNumber,
    DocumentKind,
    normalise,
    normalise_name,
    normalise_phone,
)
from ledger.domain.ids import UnionId, spoken
from ledger.domain.kernel import Code, Group
from ledger.domain.persons import Particulars
from ledger.procedures.helping import NEEDED, WORKING_AGE
from ledger.projections import union_tree
from ledger.window import Poster

router = APIRouter(include_in_schema=False)

NOTICE = Code("扫码入会告知书-2026-1")
SERVING: tuple[Group, ...] = (Group.IDENTITY, Group.CONTACT)


def poster_of(request: Request, code: str) -> Poster:
    """The poster of the address. 404 where there is none; 410 where it was taken down."""
    found = window_of(request).poster(code)
    if found is None:
        raise Problem(
            404, "not-found", "There is no such poster.", "没有这张海报，请核对网址或重新扫码。",
            instead="打12351，工会告诉您怎么入会。",
        )  # fmt: skip
    if found.closed is not None:
        raise Problem(
            410, "taken-down", "The poster was taken down.", "这张海报已经停用。",
            instead="打12351，或到附近的工会窗口入会。",
        )  # fmt: skip
    return found


def flow_of(poster: Poster, union: str, partners: Mapping[str, str]) -> Flow:
    """The questions of a poster; `partners`: the other provinces' unions, by their journals."""

    def asked(answers: Mapping[str, str]) -> list[Question]:
        ticks = [
            Choice(
                "agree", f"同意由{union}用我的姓名、证件号码、电话和工作单位办理入会："
                "不同意就不能办理入会", must=True,
            ),
            Choice("served", "同意工会用我的电话通知培训、体检、返乡等服务（可以不选）"),
            *(
                Choice(f"share{n}", f"同意以后转会籍时，把我的会籍资料给{name}（可以不选）")
                for n, name in enumerate(partners.values())
            ),
        ]  # fmt: skip
        if not answers.get("number"):
            ticks.insert(
                1, Choice("grown", "我已满16周岁：没有填证件号码的，须本人说明", must=True)
            )
        return [
            Question("name", "您叫什么名字？", "name", "和身份证上一样。名字里有“·”的照写，一个字的也可以。"),
            Question(
                "number", "您的身份证号码？", "number", "18位，最后一位可能是X。", needed=False,
                skip="没带身份证，以后补",
            ),
            Question("phone", "您的手机号码？", "phone", "工会打这个电话告诉您结果。"),
            Question(
                "employer", "您在哪里上班？", "text", "单位或工地的名字。跑外卖、打零工的写做什么。",
                start=poster.employer,
            ),
            Question(
                "agreed", "请看清楚，再同意", "ticks",
                "只用来办上面写的事。以后随时可以在“我的授权”里撤回，撤回不影响已经办好的事。",
                tuple(ticks),
            ),
        ]  # fmt: skip

    return Flow(f"加入{union}", f"/j/{poster.code}", asked, "提交申请")


@router.get("/j/{code}")
def begin(request: Request, code: str) -> Response:
    """扫码入会：第一页."""
    poster = poster_of(request, code)
    with poster.ledger.reading() as reader:
        flow = flow_of(poster, _name(reader, poster.union), _partners(reader))
        shown = take(request, flow, {}, reader, poster.ledger.today)
    assert isinstance(shown, Response)
    return shown


@router.post("/j/{code}")
async def go_on(request: Request, code: str) -> Response:
    """扫码入会：下一页，最后一页是登记."""
    return await run_in_threadpool(_go_on, request, code, await form_of(request))


def _go_on(request: Request, code: str, fields: Mapping[str, str]) -> Response:
    poster = poster_of(request, code)
    ledger = poster.ledger
    with ledger.reading() as reader:
        union, partners = _name(reader, poster.union), _partners(reader)
        made = take(request, flow_of(poster, union, partners), fields, reader, ledger.today)
    if isinstance(made, Response):
        return made
    joining = joining_of(poster, union, partners, made, ledger.today)
    entry = record(
        ledger, ledger.procedure(poster.union), f"poster:{poster.code}", made,
        lambda entry: procedures.join(entry, poster.union, joining),
    )  # fmt: skip
    number = spoken(entry.result["of"]).replace(" ", "-")
    return RedirectResponse(f"/j/{poster.code}/done?n={number}", 303)


@router.get("/j/{code}/done")
def done(request: Request, code: str, n: str = "") -> Response:
    """扫码入会：受理号."""
    poster = poster_of(request, code)
    return page(
        request, "number.html", number=shown_number(n), clear=f"/j/{poster.code}",
        said="工会收到了您的入会申请，核对后会打电话告诉您。", open=False,
    )  # fmt: skip


def shown_number(given: str) -> str:
    """A number in an address, as it is shown. 404 where it is none."""
    digits = given.replace("-", "")
    if len(digits) != 8 or not (digits.isascii() and digits.isdecimal()):
        raise Problem(404, "not-found", "There is no such number.", "没有这个受理号。")
    return f"{digits[:4]} {digits[4:]}"


def joining_of(
    poster: Poster, union: str, partners: Mapping[str, str], made: Finished, today: date
) -> procedures.Joining:
    """What was filled in, as the procedure takes it; what the number tells is filled in."""
    answers = made.answers
    number = normalise(answers.get("number", ""))
    told = Particulars(
        normalise_name(answers["name"]), number=number, phone=normalise_phone(answers["phone"]),
        document=DocumentKind.CITIZEN_NUMBER if number else DocumentKind.NONE_YET,
    )  # fmt: skip
    of_age = True
    if number:
        read = CitizenNumber.of(number)
        told = Particulars(
            told.name, told.document, read.text, sex=read.sex, birth=read.born.isoformat(),
            phone=told.phone,
        )  # fmt: skip
        of_age = _years(read.born, today) >= WORKING_AGE
    receiver = Receiver(union, union=poster.union)
    agreed: list[tuple[Receiver, Purpose, tuple[Group, ...]]] = [
        (receiver, Purpose.MEMBERSHIP, NEEDED)
    ]
    if answers.get("served"):
        agreed.append((receiver, Purpose.SERVICES, SERVING))
    for n, (origin, name) in enumerate(partners.items()):
        if answers.get(f"share{n}"):
            agreed.append((Receiver(name, partner=Code(origin)), Purpose.MEMBERSHIP, NEEDED))
    return procedures.Joining(
        told, of_age, answers["employer"], "", Code(poster.campaign) if poster.campaign else None,
        NOTICE, tuple(agreed),
    )  # fmt: skip


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def _name(reader: Reader, union: UnionId) -> str:
    row = union_tree.get(reader.conn, reader.ledger.origin, [union]).get(union)
    return row.name if row else "工会"


def _partners(reader: Reader) -> dict[str, str]:
    """The other provinces with which this one works, by their journals."""
    rows = union_tree.roots(reader.conn, reader.ledger.origin)
    return {row.origin: row.name for row in rows if row.origin in reader.partners}
