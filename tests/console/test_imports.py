"""The import centre (批量导入中心): template, upload, preview, acceptance, the same file back."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from ledger.domain.kernel import Office
from ledger.imports.headings import HEADINGS, Field
from tests.console.conftest import Clerk, Seats, fields_in, told
from tests.world import World, citizen_number

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def clerk(home: World, seats: Seats) -> Clerk:
    return seats(home.union("纳合村工会"), Office.CLERK)


def filled(clerk: Clerk, *rows: tuple[str, str]) -> bytes:
    """The template of the page, with these names and numbers in it."""
    given = clerk.http.get("/imports/template.xlsx")
    assert given.status_code == 200
    book = load_workbook(BytesIO(given.content))
    sheet = book.active
    assert sheet is not None
    heads = [cell.value for cell in next(sheet.iter_rows(max_row=1))]
    name, number = (heads.index(HEADINGS[each][0]) + 1 for each in (Field.NAME, Field.NUMBER))
    for at, (one, two) in enumerate(rows, start=2):
        sheet.cell(at, name, one)
        sheet.cell(at, number, two)
    kept = BytesIO()
    book.save(kept)
    book.close()
    return kept.getvalue()


def upload(clerk: Clerk, content: bytes, name: str = "名单.xlsx") -> str:
    form = dict(fields_in(clerk.see("/imports"), "/imports"))
    form.pop("file", None)
    sent = clerk.http.post("/imports", data=form, files={"file": (name, content, XLSX)})
    assert sent.status_code == 200, told(sent.text)
    return sent.url.path


def test_the_template_is_filled_previewed_accepted_and_given_back(clerk: Clerk) -> None:
    from datetime import date

    good = citizen_number("451224", date(1990, 1, 1), 8)
    place = upload(clerk, filled(clerk, ("韦秀英", good), ("韦错号", "451224199001010000")))
    preview = told(clerk.see(place))
    form = clerk.open("imports/accept", upload=place.rpartition("/")[2], next=place)
    sent = clerk.send("imports/accept", form)
    progress = clerk.see(sent.headers["location"])
    while "正在办理" in progress:
        progress = clerk.see(sent.headers["location"])
    back = clerk.http.get(f"{place}/returned")
    assert back.status_code == 200, (back.status_code, back.headers, told(back.text))
    sheet = load_workbook(BytesIO(back.content)).active

    assert "这是预览，还没有登记任何内容" in preview
    assert "可受理 1" in preview
    assert "退回 1" in preview
    assert "受理完毕" in progress
    assert sheet is not None
    assert "受理" in str([cell.value for cell in list(sheet.iter_rows())[1]])
    assert "1 行" in told(clerk.see("/imports")) or "可受理 1" in told(clerk.see("/imports"))


def test_no_file_and_no_roster_are_told_apart_and_where(clerk: Clerk) -> None:
    form = dict(fields_in(clerk.see("/imports"), "/imports"))
    form.pop("file", None)
    nothing = clerk.http.post("/imports", data=form, files={"file": ("", b"", XLSX)})
    other = clerk.http.post("/imports", data=form, files={"file": ("名单.xlsx", b"PK", XLSX)})

    assert nothing.status_code == 422
    assert "请先选择花名册文件" in nothing.text
    assert other.status_code in {409, 422}
    assert "可以这样办" in other.text


def test_an_upload_is_its_uploaders_alone(clerk: Clerk, home: World, seats: Seats) -> None:
    place = upload(clerk, filled(clerk, ("韦秀英", "")))
    other = seats(home.root, Office.CLERK)

    other.see(place, 404)
    other.see(f"{place}/returned", 404)


def test_a_form_without_its_token_uploads_nothing(clerk: Clerk) -> None:
    sent = clerk.http.post("/imports", files={"file": ("名单.xlsx", b"PK", XLSX)})

    assert sent.status_code == 403
