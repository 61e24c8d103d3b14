"""Giving rosters back (退回花名册): the same file in its own order, and it reads as before."""

import csv
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.imports import returning
from ledger.imports.cells import text_of
from ledger.imports.reading import judge
from ledger.imports.returning import give_back, neutralised, returned_name
from ledger.imports.rows import Row, Verdict

TODAY = date(2026, 11, 22)
DATA = Path(__file__).parent.parent / "data"
ROSTERS = sorted(path for path in DATA.iterdir() if path.suffix in (".xlsx", ".csv"))
HEADINGS = ["姓名", "性别", "公民身份号码", "联系电话", "备注"]
PERSON = ["秦强芳", "女", "452728198808015587", "15934809906", ""]


def given_back(source: Path, folder: Path, rows: Iterable[Row] | None = None) -> Path:
    target = folder / returned_name(source)
    give_back(source, target, judge(source, TODAY) if rows is None else rows)
    return target


def text(path: Path, *rows: list[str], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def cells_of(path: Path) -> list[list[str]]:
    if path.suffix == ".csv":
        with path.open(encoding="gb18030" if "gb" in path.name else "utf-8", newline="") as file:
            return list(csv.reader(file))
    sheet = openpyxl.load_workbook(path).active
    assert sheet
    return [[str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True)]


@pytest.mark.parametrize("source", ROSTERS, ids=lambda path: path.name)
def test_a_returned_roster_reads_as_before_however_often_it_goes_round(
    source: Path, tmp_path: Path
) -> None:
    rows = list(judge(source, TODAY))

    once = given_back(source, tmp_path)
    (tmp_path / "再").mkdir()
    twice = given_back(once, tmp_path / "再")

    assert list(judge(once, TODAY)) == rows
    assert list(judge(twice, TODAY)) == rows
    assert once.name == twice.name
    assert cells_of(once) == cells_of(twice)


@pytest.mark.parametrize("source", ROSTERS, ids=lambda path: path.name)
def test_every_row_has_its_result_at_its_own_place(source: Path, tmp_path: Path) -> None:
    rows = {row.sheet_row: row for row in judge(source, TODAY)}

    returned = cells_of(given_back(source, tmp_path))

    for number, cells in enumerate(returned, 1):
        row = rows.get(number)
        if row:
            assert cells[-2] == returning.VERDICTS[row.verdict]
            assert cells[-1].count("怎么改：") == len(row.errors) + len(row.notes)
        else:
            assert tuple(cells[-2:]) in (("", ""), ("处理结果", "错误说明"))


def test_the_cells_in_error_are_coloured_and_stay_text(tmp_path: Path) -> None:
    source = DATA / "花名册-有问题.xlsx"

    sheet = openpyxl.load_workbook(given_back(source, tmp_path)).active

    assert sheet
    number = sheet["F15"]  # the wrong check digit of row 12
    assert number.value == "450481199507161160"
    assert number.number_format == "@"
    assert number.fill.fgColor.rgb == "FFFFC7CE"
    assert sheet["F14"].fill.fgColor.rgb != "FFFFC7CE"
    assert sheet["N15"].value.startswith("第15行 公民身份号码（“450481199507161160”）：")


def test_nothing_in_a_returned_workbook_is_a_formula(tmp_path: Path) -> None:
    source = tmp_path / "花名册.xlsx"
    book = openpyxl.Workbook()
    assert book.active
    for row in (["=cmd|' /C calc'!A0"], HEADINGS, [*PERSON[:4], '=HYPERLINK("http://x","y")']):
        book.active.append(row)
    book.create_sheet("别的").append(["=1+1"])
    book.save(source)

    returned = openpyxl.load_workbook(given_back(source, tmp_path))

    assert returned.sheetnames == ["Sheet"]
    kinds = {cell.data_type for row in returned["Sheet"].iter_rows() for cell in row}
    assert kinds <= {"s", "inlineStr", "n"}
    assert returned["Sheet"]["E3"].value == '\'=HYPERLINK("http://x","y")'


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_csv_file_goes_back_in_the_encoding_that_it_came_in(
    tmp_path: Path, encoding: str
) -> None:
    source = text(tmp_path / "花名册.csv", HEADINGS, [*PERSON[:4], "䶮𬭎"], encoding=encoding)

    contents = given_back(source, tmp_path).read_bytes()

    assert contents.startswith(b"\xef\xbb\xbf") == (encoding == "utf-8-sig")
    assert contents.decode(encoding).splitlines()[1].endswith("䶮𬭎,受理,")


def test_titles_blank_lines_and_notes_go_back_where_they_were(tmp_path: Path) -> None:
    lines = [
        ["某县花名册"],
        [],
        HEADINGS,
        PERSON,
        [],
        ["注：本表由工会填写", "", "", "", "", "多一格"],
    ]
    source = text(tmp_path / "花名册.csv", *lines)

    returned = cells_of(given_back(source, tmp_path))

    assert returned[0] == ["某县花名册", *[""] * 7]
    assert returned[2] == [*HEADINGS, "", "处理结果", "错误说明"]
    assert returned[3] == [*PERSON, "", "受理", ""]
    assert returned[5] == ["注：本表由工会填写", "", "", "", "", "多一格", "", ""]


def test_what_the_ledger_found_goes_back_too(tmp_path: Path) -> None:
    source = text(tmp_path / "花名册.csv", HEADINGS, PERSON)
    rows = [row.became(Verdict.KNOWN) for row in judge(source, TODAY)]

    returned = cells_of(given_back(source, tmp_path, rows))

    assert returned[1][-2] == "已是会员"


def test_a_mended_file_is_read_without_its_old_results(tmp_path: Path) -> None:
    source = text(tmp_path / "花名册.csv", HEADINGS, [*PERSON[:3], "1593480990", ""])
    returned = given_back(source, tmp_path)

    mended = returned.with_name("改好.csv")
    mended.write_text(returned.read_text("utf-8").replace(",1593480990,", ",15934809906,"), "utf-8")
    (row,) = judge(mended, TODAY)

    assert row.verdict is Verdict.ACCEPTED


def test_a_file_that_was_not_finished_is_not_there(tmp_path: Path) -> None:
    source = text(tmp_path / "花名册.csv", HEADINGS, PERSON)

    def interrupted() -> Iterable[Row]:
        yield from judge(source, TODAY)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        given_back(source, tmp_path, interrupted())

    assert list(tmp_path.iterdir()) == [source]


def test_the_old_format_goes_back_in_the_new_one() -> None:
    assert returned_name(Path("花名册.xls")) == "花名册-处理结果.xlsx"
    assert returned_name(Path("花名册.CSV")) == "花名册-处理结果.csv"
    assert returned_name(Path("花名册-处理结果.xlsx")) == "花名册-处理结果.xlsx"


@given(st.text(max_size=30))
def test_no_text_that_goes_back_can_be_run_and_every_one_comes_home(written: str) -> None:
    out = neutralised(text_of(written))

    assert not out.startswith(("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"))
    assert text_of(out) == text_of(written)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=20)))
def test_remarks_of_any_text_survive_the_round(
    tmp_path_factory: pytest.TempPathFactory, remarks: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("备注")
    people = [["张三", "男", "", "", remark] for remark in remarks]
    source = text(folder / "花名册.csv", HEADINGS, PERSON, *people)

    before = list(judge(source, TODAY))
    after = list(judge(given_back(source, folder), TODAY))

    assert [replace(row, found=()) for row in after] == [replace(row, found=()) for row in before]
