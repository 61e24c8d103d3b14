"""Reading rosters (读取花名册): what offices send is understood, or goes back cell by cell."""

import csv
import json
import struct
import zipfile
from collections.abc import Callable, Iterable
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.identity import DocumentKind, check_digit
from ledger.imports import limits
from ledger.imports.cells import Cell, PartialDate, read_date, text_of
from ledger.imports.headings import (
    RosterHeadingTwice,
    RosterWithoutHeadings,
    RosterWithoutNumbers,
)
from ledger.imports.limits import (
    RosterCellTooLong,
    RosterDamaged,
    RosterLocked,
    RosterNotText,
    RosterNotWhatItSays,
    RosterOfUnknownKind,
    RosterSheetMissing,
    RosterTooLarge,
    RosterWithMacros,
    UnreadableRoster,
)
from ledger.imports.reading import (
    RosterInSeveralSheets,
    RosterWithoutRows,
    judge,
    open_roster,
)
from ledger.imports.rows import Row, Verdict

TODAY = date(2026, 11, 22)
DATA = Path(__file__).parent.parent / "data"
OLD = DATA / "花名册-旧格式.xls"
GOOD = DATA / "花名册-广西籍在粤.xlsx"
DIRTY = [DATA / "花名册-有问题.xlsx", DATA / "花名册-有问题-gb18030.csv"]

HEADINGS = (
    "姓名",
    "性别",
    "出生日期",
    "公民身份号码",
    "联系电话",
    "户籍所在地",
    "申请入会日期",
    "备注",
)
NUMBER = "452728198808015587"  # 女, 1988-08-01
PERSON = {
    "姓名": "秦强芳",
    "性别": "女",
    "出生日期": "1988-08-01",
    "公民身份号码": NUMBER,
    "联系电话": "15934809906",
    "户籍所在地": "广西河池市东兰县城关镇上里村",
    "申请入会日期": "2026-03-22",
    "备注": "",
}


def workbook(path: Path, *rows: Iterable[object]) -> Path:
    book = openpyxl.Workbook()
    assert book.active
    for row in rows:
        book.active.append(list(row))
    book.save(path)
    return path


def text(path: Path, *rows: Iterable[object], encoding: str = "utf-8") -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def person(**other: object) -> list[object]:
    return [other.get(heading, PERSON[heading]) for heading in HEADINGS]


def only(path: Path) -> Row:
    (row,) = judge(path, TODAY)
    return row


def codes(row: Row) -> list[str]:
    return [error.code for error in row.errors]


def one(tmp_path: Path, **other: object) -> Row:
    return only(workbook(tmp_path / "一人.xlsx", HEADINGS, person(**other)))


# ── the three rosters ────────────────────────────────────────────────────────────────────────


def test_all_six_hundred_are_accepted() -> None:
    rows = list(judge(GOOD, TODAY))

    assert [row.row for row in rows] == list(range(1, 601))
    assert [row.sheet_row for row in rows] == list(range(4, 604))
    assert {row.verdict for row in rows} == {Verdict.ACCEPTED}
    assert not any(row.errors or row.notes for row in rows)
    assert all(row.division and row.division.startswith("45") for row in rows)


@pytest.mark.parametrize("path", DIRTY, ids=lambda path: path.suffix)
def test_the_dirt_of_real_offices_is_judged_as_expected(path: Path) -> None:
    expected = json.loads(path.with_name(f"{path.name}.expected.json").read_text("utf-8"))

    rows = list(judge(path, TODAY))

    assert [(row.row, row.verdict) for row in rows] == [
        (line["row"], line["verdict"]) for line in expected
    ]
    assert [row.name for row in rows if row.name] == [
        line["name"] for line in expected if line["why"] != "no name"
    ]


@pytest.mark.parametrize("path", DIRTY, ids=lambda path: path.suffix)
def test_each_refused_row_says_where_what_and_how_to_mend_it(path: Path) -> None:
    said = {
        row.row: [(error.code, error.column) for error in row.errors]
        for row in judge(path, TODAY)
        if row.errors
    }

    assert said == {
        12: [("CheckDigitWrong", "公民身份号码")],
        13: [("NumberRuinedByExcel", "公民身份号码")],
        15: [("SamePersonTwice", "公民身份号码")],
        16: [("SexContradictsNumber", "性别")],
        17: [("BirthContradictsNumber", "出生日期")],
        18: [("TooYoungForRoster", "出生日期")],
        20: [("NumberOfAnother", "公民身份号码")],
        22: [("NameNotGiven", "姓名")],
        24: [("PhoneMisshapen", "联系电话")],
        31: [("DivisionNeverInForce", "公民身份号码")],
    }


def test_an_error_has_all_that_a_program_needs() -> None:
    row = next(row for row in judge(DIRTY[1], TODAY) if row.row == 20)

    (error,) = row.errors

    assert error.as_dict() == {
        "sheet_row": 21,
        "column": "公民身份号码",
        "found": "452729197502055318",
        "code": "NumberOfAnother",
        "zh": "证件号码与前面一行相同，姓名却不同。（前一行：第20行）",
        "en": "One identity number belongs to one name.",
        "mend": "对照两人的证件，改正填错的号码或姓名。",
        "first_row": 20,
    }
    assert error.explained().startswith("第21行 公民身份号码（“452729197502055318”）：")


# ── the shape of a sheet ─────────────────────────────────────────────────────────────────────


def test_columns_stand_in_any_order_under_any_usual_name(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "乱序.xlsx",
        (
            "备 注",
            "手机号",
            "身份证号（18位）",
            "* 姓　名",
            "家庭住址",
            "岗位",
            "性别：",
            "用工单位",
        ),
        ("组长", 15934809906, NUMBER, "秦强芳", "广西东兰县", "焊工", "女", "恒达电子"),
    )

    row = only(path)

    assert (row.name, row.number, row.phone) == ("秦强芳", NUMBER, "15934809906")
    assert (row.division, row.trade, row.employer, row.remark) == (
        "451224",
        "焊工",
        "恒达电子",
        "组长",
    )
    assert row.born == date(1988, 8, 1)  # from the number: there is no such column
    assert row.verdict is Verdict.ACCEPTED


def test_what_is_no_row_of_data_is_passed_over_and_the_sheets_own_numbers_stay(
    tmp_path: Path,
) -> None:
    path = workbook(
        tmp_path / "花名册.xlsx",
        ("某县务工人员花名册",),
        (),
        ("填报单位：某县总工会", "", "2026年3月"),
        ("序号", *HEADINGS),
        ("说明", "必填", "男/女", "如1985-03-01", "18位"),
        (1, *person()),
        (2, *[""] * len(HEADINGS)),  # numbered beforehand, never filled in
        (),
        (3, *person(公民身份号码="451022199503070028", 姓名="农芳", 出生日期="1995-03-07")),
        (),
        ("合计", "2人"),
        ("注：本表由工会填写",),
        ("填表人：张三", "", "", "审核人：李四"),
    )

    rows = list(judge(path, TODAY))

    assert [(row.row, row.sheet_row, row.name) for row in rows] == [
        (1, 6, "秦强芳"),
        (2, 9, "农芳"),
    ]
    assert open_roster(path).total == 2


def test_the_row_of_an_example_is_no_person(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "模板.xlsx", ("序号", *HEADINGS), ("示例", *person(姓名="张三")), (1, *person())
    )

    assert [row.name for row in judge(path, TODAY)] == ["秦强芳"]


def test_cells_left_of_and_above_the_table_may_be_empty(tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "空边.xlsx",
        (),
        (),
        ("", "", *HEADINGS),
        ("", "", *person(联系电话="0771-5551234")),
    )

    row = only(path)

    assert (row.sheet_row, row.phone, row.verdict) == (4, "07715551234", Verdict.ACCEPTED)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
def test_a_csv_file_is_read_in_the_encoding_that_it_came_in(tmp_path: Path, encoding: str) -> None:
    path = text(tmp_path / "花名册.csv", HEADINGS, person(), encoding=encoding)

    row = only(path)

    assert (row.name, row.verdict) == ("秦强芳", Verdict.ACCEPTED)


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_a_csv_file_may_be_divided_by_other_marks(tmp_path: Path, delimiter: str) -> None:
    path = tmp_path / "花名册.csv"
    path.write_text(
        f"{delimiter.join(HEADINGS)}\n{delimiter.join(map(str, person()))}\n", encoding="utf-8"
    )

    assert only(path).name == "秦强芳"


def test_rare_characters_survive_gb18030(tmp_path: Path) -> None:
    path = text(tmp_path / "生僻字.csv", HEADINGS, person(姓名="方𬭎龻䶮"), encoding="gb18030")

    assert only(path).name == "方𬭎龻䶮"


def test_a_list_of_another_kind_is_no_second_roster(tmp_path: Path) -> None:
    path = workbook(tmp_path / "花名册.xlsx", HEADINGS, person())
    book = openpyxl.load_workbook(path)
    contacts = book.create_sheet("联系人", 0)
    contacts.append(["姓名", "单位", "电话"])
    contacts.append(["张三", "某县总工会", "0771-5551234"])
    book.save(path)

    assert only(path).name == "秦强芳"


def test_a_hidden_sheet_is_no_second_roster(tmp_path: Path) -> None:
    path = workbook(tmp_path / "花名册.xlsx", HEADINGS, person())
    book = openpyxl.load_workbook(path)
    hidden = book.create_sheet("字典")
    hidden.append(HEADINGS)
    hidden.append(person())
    hidden.sheet_state = "hidden"
    book.create_sheet("说明").append(["本表一式两份"])
    book.save(path)

    assert only(path).name == "秦强芳"


def test_of_two_rosters_in_one_workbook_one_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "花名册.xlsx", HEADINGS, person())
    book = openpyxl.load_workbook(path)
    second = book.create_sheet("二厂")
    second.append(HEADINGS)
    second.append(person(姓名="罗兰"))
    book.save(path)

    with pytest.raises(RosterInSeveralSheets):
        judge(path, TODAY)
    (named,) = judge(path, TODAY, sheet="二厂")
    with pytest.raises(RosterSheetMissing):
        judge(path, TODAY, sheet="三厂")

    assert named.name == "罗兰"


def test_the_old_format_is_read_too() -> None:
    first, second = judge(OLD, TODAY)

    assert (first.name, first.verdict, first.sheet_row) == ("秦强芳", Verdict.ACCEPTED, 3)
    assert (first.born, first.phone) == (date(1988, 8, 1), "15934809906")
    assert codes(second) == ["NumberRuinedByExcel"]


# ── cells ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "written",
    [
        "2026-03-22",
        "2026/3/22",
        "2026.3.22",
        "2026年3月22日",
        "2026年03月22日",
        "20260322",
        "２０２６．３．２２",
        " 2026 - 03 - 22 ",
        "2026-03-22 00:00:00",
        "2026-03-22T00:00",
        "46103",
        46103,
        46103.0,
        20260322,
        date(2026, 3, 22),
        datetime(2026, 3, 22, 8, 30),  # noqa: DTZ001  (a spreadsheet knows no zones)
    ],
    ids=repr,
)
def test_a_date_is_read_in_every_usual_form(written: Cell) -> None:
    assert read_date(written) == date(2026, 3, 22)


@pytest.mark.parametrize(
    "written",
    [
        "2026-02-30",
        "26-3-22",
        "3/22/2026",
        "去年三月",
        "2026-13-01",
        "19851",
        1985.3,
        True,
        "",
        "0000-00-00",
    ],
)
def test_what_could_be_two_days_or_none_is_no_date(written: Cell) -> None:
    assert read_date(written) is None


@pytest.mark.parametrize("written", ["1985-03", "1985.3", "1985年3月", "198503", 198503], ids=repr)
def test_a_month_is_read_as_a_month(written: Cell) -> None:
    assert read_date(written) == PartialDate(1985, 3)


@given(
    st.one_of(st.text(max_size=30), st.floats(allow_nan=False, allow_infinity=False), st.integers())
)
def test_no_cell_is_too_strange_for_a_text_or_a_date(cell: str | float) -> None:
    text_of(cell)
    read_date(cell)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        (13812345678.0, "13812345678"),
        (452727850619709.0, "452727850619709"),  # fifteen digits are kept exactly
        (4.527271983031898e17, "4.5272719830319E+17"),
        (452727198303189760, "4.5272719830319E+17"),
        (date(2026, 3, 22), "2026-03-22"),
        (datetime(2026, 3, 22), "2026-03-22"),  # noqa: DTZ001
        (True, "TRUE"),
        ("'=1+1", "=1+1"),
        ("'张三", "'张三"),
    ],
)
def test_a_cell_is_said_in_one_way(cell: Cell, said: str) -> None:
    assert text_of(cell) == said


# ── one row ──────────────────────────────────────────────────────────────────────────────────


def test_a_month_of_birth_agrees_with_the_number_or_not(tmp_path: Path) -> None:
    agrees, contradicts = one(tmp_path, 出生日期="1988年8月"), one(tmp_path, 出生日期="1988年9月")
    alone = one(tmp_path, 出生日期="1988年8月", 公民身份号码="")

    assert (agrees.verdict, agrees.born) == (Verdict.ACCEPTED, date(1988, 8, 1))
    assert codes(contradicts) == ["BirthContradictsNumber"]
    assert codes(alone) == ["DateUnclear"]


def test_a_row_shows_all_its_errors_at_once(tmp_path: Path) -> None:
    row = one(
        tmp_path,
        姓名="<b>张三</b>",
        性别="不详",
        出生日期="去年",
        公民身份号码="452728198808015581",
        联系电话="123",
        申请入会日期="2027-01-01",
    )

    assert row.verdict is Verdict.REFUSED
    assert sorted(codes(row)) == [
        "CheckDigitWrong",
        "DateUnclear",
        "DayAhead",
        "NameMisshapen",
        "PhoneMisshapen",
        "SexUnclear",
    ]


@pytest.mark.parametrize("none", ["", "无", "暂无", " ", None, "/"])
def test_a_row_without_a_number_is_accepted_and_the_number_is_owed(
    tmp_path: Path, none: str | None
) -> None:
    row = one(tmp_path, 公民身份号码=none)

    assert row.verdict is Verdict.ACCEPTED
    assert row.number_owed
    assert [note.code for note in row.notes] == ["NumberToFollow"]


def test_a_birthday_decides_whether_somebody_is_sixteen(tmp_path: Path) -> None:
    body = "45122320100323001"
    number = body + check_digit(body)
    young = {"公民身份号码": number, "出生日期": "", "性别": ""}

    the_day_before = one(tmp_path, **young, 申请入会日期="2026-03-22")
    on_the_day = one(tmp_path, **young, 申请入会日期="2026-03-23")

    assert codes(the_day_before) == ["TooYoungForRoster"]
    assert on_the_day.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    ("word", "number", "kind"),
    [
        ("居民身份证", NUMBER, DocumentKind.CITIZEN_NUMBER),
        ("", "H12345678", DocumentKind.HOME_RETURN_PERMIT),
        ("回乡证", "M1234567801", DocumentKind.HOME_RETURN_PERMIT),
        ("护照", "E12345678", DocumentKind.PASSPORT),
        ("护照", "123456789", DocumentKind.PASSPORT),
        ("居住证", "810000198808010021", DocumentKind.RESIDENCE_PERMIT),
        ("身份证", "810000198808010021", DocumentKind.RESIDENCE_PERMIT),
    ],
)
def test_documents_of_every_kind_are_accepted(
    tmp_path: Path, word: str, number: str, kind: DocumentKind
) -> None:
    if kind is DocumentKind.RESIDENCE_PERMIT:
        number = number[:17] + check_digit(number[:17])
    path = workbook(
        tmp_path / "证件.xlsx", ("证件类型", *HEADINGS), (word, *person(公民身份号码=number))
    )

    row = only(path)

    assert (row.verdict, row.document, row.number) == (Verdict.ACCEPTED, kind, number)


def test_a_kind_of_document_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = workbook(tmp_path / "证件.xlsx", ("证件类型", *HEADINGS), ("驾驶证", *person()))

    assert codes(only(path)) == ["DocumentKindUnclear"]


def test_an_address_without_a_division_is_accepted_with_a_note(tmp_path: Path) -> None:
    row = one(tmp_path, 户籍所在地="太平村三组")

    assert row.verdict is Verdict.ACCEPTED
    assert row.division is None
    assert [note.code for note in row.notes] == ["ResidenceUnclear"]


def test_numbers_that_excel_ruined_are_recognised_in_every_disguise(tmp_path: Path) -> None:
    ruined = [4.52728198808015e17, 452728198808015587, "4.52728E+17", "452728198808015000"]

    for number in ruined:
        assert codes(one(tmp_path, 公民身份号码=number)) == ["NumberRuinedByExcel"]


def test_tricks_that_keep_excel_from_counting_are_understood(tmp_path: Path) -> None:
    for number in (f"'{NUMBER}", f"{NUMBER}\t", f"`{NUMBER}"):
        assert one(tmp_path, 公民身份号码=number).number == NUMBER
    path = text(tmp_path / "等号.csv", HEADINGS, person(公民身份号码=f'="{NUMBER}"'))
    assert only(path).verdict is Verdict.ACCEPTED


def test_sql_and_html_are_no_names_and_elsewhere_only_text(tmp_path: Path) -> None:
    attack = "'); DROP TABLE persons;--"

    named, remarked = one(tmp_path, 姓名=attack), one(tmp_path, 备注=attack)

    assert codes(named) == ["NameMisshapen"]
    assert (remarked.verdict, remarked.remark) == (Verdict.ACCEPTED, attack)


def test_a_formula_without_a_value_is_an_error_where_it_matters(tmp_path: Path) -> None:
    in_the_name, in_the_remark = one(tmp_path, 姓名="=A1"), one(tmp_path, 备注="=A1")

    assert codes(in_the_name) == ["FormulaWithoutValue"]
    assert in_the_name.errors[0].found == "=A1"
    assert (in_the_remark.verdict, in_the_remark.remark) == (Verdict.ACCEPTED, "=A1")


def test_a_formula_is_read_by_its_last_value(tmp_path: Path) -> None:
    path = edited(
        workbook(tmp_path / "公式.xlsx", HEADINGS, person(姓名="=A9")),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace(
            b'<c r="A2"><f>A9</f><v/></c>', b'<c r="A2"><f>A9</f><v/></c>'
        ).replace(
            b'<c r="A2"><f>A9</f><v /></c>',
            b'<c r="A2" t="str"><f>A9</f><v>\xe7\xa7\xa6\xe8\x8a\xb3</v></c>',
        ),
    )

    assert only(path).name == "秦芳"


def test_a_lookup_that_failed_is_not_a_number_that_is_owed(tmp_path: Path) -> None:
    row = one(tmp_path, 公民身份号码="#N/A")

    assert codes(row) == ["FormulaWithoutValue"]


# ── one row beside the others ────────────────────────────────────────────────────────────────


def test_the_first_of_a_pair_stays_accepted(tmp_path: Path) -> None:
    old_form = "452723860808348"  # 15 digits of the same number
    twice = {"性别": "女", "出生日期": "1986-08-08"}
    path = workbook(
        tmp_path / "重复.xlsx",
        HEADINGS,
        person(公民身份号码=old_form, **twice),
        person(公民身份号码="452723198608083487", **twice),
        person(公民身份号码="452723198608083487", 姓名="覃某某", **twice),
    )

    rows = list(judge(path, TODAY))

    assert [row.verdict for row in rows] == [
        Verdict.ACCEPTED,
        Verdict.DUPLICATE,
        Verdict.REFUSED,
    ]
    assert [row.errors[0].first_row for row in rows[1:]] == [2, 2]


def test_a_row_after_a_refused_one_with_the_same_number_may_be_accepted(tmp_path: Path) -> None:
    path = workbook(tmp_path / "重填.xlsx", HEADINGS, person(联系电话="123"), person())

    verdicts = [row.verdict for row in judge(path, TODAY)]

    assert verdicts == [Verdict.REFUSED, Verdict.ACCEPTED]


def test_two_people_without_numbers_are_one_only_by_name_birth_and_telephone(
    tmp_path: Path,
) -> None:
    path = workbook(
        tmp_path / "无号.xlsx",
        HEADINGS,
        person(公民身份号码=""),
        person(公民身份号码=""),
        person(公民身份号码="", 联系电话=""),
        person(公民身份号码="", 联系电话="13812345678"),
    )

    verdicts = [row.verdict for row in judge(path, TODAY)]

    assert verdicts == [
        Verdict.ACCEPTED,
        Verdict.DUPLICATE,
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
    ]


def test_rows_are_read_one_by_one() -> None:
    rows = judge(GOOD, TODAY)

    first = next(rows)

    assert first.row == 1
    assert first.found[1] == "周娟喆"


# ── files that nobody should trust ───────────────────────────────────────────────────────────


def edited(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """The workbook with one part rewritten, or added."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts[part] = change(parts.get(part, b""))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, contents in parts.items():
            new.writestr(name, contents)
    return path


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return workbook(tmp_path / "花名册.xlsx", HEADINGS, person())


def refusal(path: Path) -> type[UnreadableRoster]:
    """How the file is refused; before the first row, and with all that a person needs."""
    with pytest.raises(UnreadableRoster) as caught:
        judge(path, TODAY)
    rule = type(caught.value)
    assert rule.sentence().endswith(".")
    assert rule.zh
    assert rule.instead
    return rule


SHEET = "xl/worksheets/sheet1.xml"


def test_a_part_that_unpacks_to_a_mountain_is_not_unpacked(roster: Path) -> None:
    path = edited(roster, "xl/media/image1.png", lambda _: b"\0" * 300_000_000)

    assert refusal(path) is RosterTooLarge


def test_a_package_that_lies_about_its_sizes_is_refused(roster: Path) -> None:
    path = edited(roster, SHEET, lambda xml: xml + b" " * 100_000)
    contents = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as package:
        size = package.getinfo(SHEET).file_size
    at = contents.rfind(SHEET.encode()) - 46  # its entry in the central directory
    struct.pack_into("<I", contents, at + 24, size - 50_000)
    path.write_bytes(contents)

    assert refusal(path) is RosterDamaged


def test_one_cell_in_the_far_corner_is_not_laid_out(roster: Path) -> None:
    far = b'<row r="1048576"><c r="XFD1048576" t="n"><v>1</v></c></row></sheetData>'

    path = edited(roster, SHEET, lambda xml: xml.replace(b"</sheetData>", far))

    assert refusal(path) is RosterTooLarge


def test_many_sheets_that_are_each_within_bounds_are_too_much_together(roster: Path) -> None:
    book = openpyxl.load_workbook(roster)
    for _ in range(3):
        book.create_sheet().cell(20_000, 150, "x")
    book.save(roster)

    assert refusal(roster) is RosterTooLarge


def test_formats_without_contents_may_reach_to_the_end_of_the_sheet(roster: Path) -> None:
    far = b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'

    path = edited(roster, SHEET, lambda xml: xml.replace(b"</sheetData>", far))

    assert only(path).verdict is Verdict.ACCEPTED


@pytest.mark.parametrize(
    "hidden",
    [
        b'<row><c t="n"><v>1</v></c></row>',
        b'<row r="9"><c x=">" r="XFD9" t="n"><v>1</v></c></row>',
        b'<row r="9"><c r="&#88;FD9" t="n"><v>1</v></c></row>',
    ],
)
def test_a_cell_that_hides_its_place_is_refused(roster: Path, hidden: bytes) -> None:
    path = edited(roster, SHEET, lambda xml: xml.replace(b"</sheetData>", hidden + b"</sheetData>"))

    assert refusal(path) is RosterDamaged


def test_no_room_is_made_for_strings_that_are_only_announced(roster: Path) -> None:
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings = b'<sst xmlns="%s" uniqueCount="4294967295"><si><t>x</t></si></sst>' % main
    link = b'<Relationship Id="r9" Type="%s" Target="sharedStrings.xml"/></Relationships>' % kind

    path = edited(roster, "xl/sharedStrings.xml", lambda _: strings)
    path = edited(
        path,
        "xl/_rels/workbook.xml.rels",
        lambda xml: xml.replace(b"</Relationships>", link),
    )

    assert refusal(path) is RosterTooLarge


def test_entities_are_not_expanded(roster: Path) -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'

    path = edited(roster, SHEET, lambda xml: laughs + xml)

    assert refusal(path) is RosterDamaged


@pytest.mark.parametrize("before", [b"\x89PNG\r\n", b"rubbish"])
def test_a_sheet_behind_rubbish_is_refused(roster: Path, before: bytes) -> None:
    path = edited(roster, SHEET, lambda xml: before + xml)

    assert refusal(path) is RosterDamaged


def test_a_sheet_in_utf_16_is_refused(roster: Path) -> None:
    path = edited(roster, SHEET, lambda xml: xml.decode().encode("utf-16"))

    assert refusal(path) is RosterDamaged


def test_macros_are_refused_under_every_name(roster: Path, tmp_path: Path) -> None:
    renamed = tmp_path / "花名册.xlsm"
    renamed.write_bytes(roster.read_bytes())

    inside = edited(roster, "xl/vbaProject.bin", lambda _: b"\xd0\xcf\x11\xe0")

    assert refusal(renamed) is RosterWithMacros
    assert refusal(inside) is RosterWithMacros


def test_a_locked_workbook_says_that_it_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "加密.xlsx"
    path.write_bytes(
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600 + "EncryptedPackage".encode("utf-16-le")
    )

    assert refusal(path) is RosterLocked


@pytest.mark.parametrize(
    ("name", "contents", "rule"),
    [
        ("花名册.xlsx", b"", RosterNotWhatItSays),
        ("花名册.xlsx", "姓名,性别\n".encode(), RosterNotWhatItSays),
        ("花名册.xls", b"<html><table><tr><td>\xe5\xa7\x93</td></tr></table>", RosterNotWhatItSays),
        ("花名册.csv", b"PK\x03\x04", RosterNotWhatItSays),
        ("花名册.xlsx", b"PK\x03\x04" + b"rubbish" * 100, RosterDamaged),
        ("花名册.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\xff" * 4096, RosterDamaged),
        ("花名册.pdf", b"%PDF-1.7", RosterOfUnknownKind),
        ("花名册", b"", RosterOfUnknownKind),
        ("花名册.csv", b"", RosterWithoutHeadings),
        ("花名册.csv", "姓名,性别\n".encode("utf-16"), RosterNotText),
        ("花名册.csv", b"\xef\xbb\xbf" + "姓名,性别\n".encode("gb18030"), RosterNotText),
        ("花名册.csv", b"\xff\xff\xff", RosterNotText),
        ("花名册.csv", b"a,b\0,c", RosterNotText),
        ("花名册.csv", "姓名,性別,身分證號\n".encode("big5"), RosterWithoutHeadings),
    ],
)
def test_what_is_no_roster_is_refused_with_a_clear_answer(
    tmp_path: Path, name: str, contents: bytes, rule: type[UnreadableRoster]
) -> None:
    path = tmp_path / name
    path.write_bytes(contents)

    assert refusal(path) is rule


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([["标题"], ["张三", NUMBER]], RosterWithoutHeadings),
        ([[""]] * 25 + [[*HEADINGS], person()], RosterWithoutHeadings),
        ([[*HEADINGS]], RosterWithoutRows),
        ([[*HEADINGS], ["说明", "男/女"], [" "] * 5], RosterWithoutRows),
        ([["姓名", "性别", "民族"], ["张三", "男", "汉族"]], RosterWithoutNumbers),
        ([[*HEADINGS, "姓名"], person()], RosterHeadingTwice),
        ([[*HEADINGS], person(备注="长" * 4_001)], RosterCellTooLong),
        ([[*HEADINGS], person(备注="长" * 200_000)], RosterCellTooLong),
        ([[*HEADINGS], [*person(), *["x"] * 200]], RosterTooLarge),
    ],
)
def test_a_sheet_that_is_no_roster_is_refused_with_a_clear_answer(
    tmp_path: Path, rows: list[list[object]], rule: type[UnreadableRoster]
) -> None:
    path = text(tmp_path / "花名册.csv", *rows)

    assert refusal(path) is rule


def test_a_quotation_mark_that_never_ends_is_found(tmp_path: Path) -> None:
    path = tmp_path / "引号.csv"
    lines = [",".join(HEADINGS), '"秦强芳,女'] + [",".join(map(str, person()))] * 100
    path.write_text("\n".join(lines), encoding="utf-8")

    assert refusal(path) is RosterCellTooLong


def test_too_many_rows_are_refused_before_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = text(tmp_path / "花名册.csv", HEADINGS, *[person()] * 100)

    monkeypatch.setattr(limits, "MOST_ROWS", 50)

    assert refusal(path) is RosterTooLarge


@settings(max_examples=20)  # each in a process of its own
@given(st.lists(st.tuples(st.integers(0, 5_631), st.integers(0, 255)), min_size=1, max_size=5))
def test_an_old_workbook_with_wrong_bytes_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[int, int]]
) -> None:
    contents = bytearray(OLD.read_bytes())
    for place, byte in changes:
        contents[place] = byte
    path = tmp_path_factory.mktemp("bytes") / "花名册.xls"
    path.write_bytes(contents)

    try:
        rows = list(judge(path, TODAY))
    except UnreadableRoster:
        return

    assert rows


@pytest.mark.parametrize("place", [30, 48])  # size of sectors, first sector of the directory
def test_an_old_workbook_that_asks_for_all_memory_gets_none(tmp_path: Path, place: int) -> None:
    contents = bytearray(OLD.read_bytes())
    contents[place : place + 4] = b"\xfe\xff\xff\x7f"
    path = tmp_path / "花名册.xls"
    path.write_bytes(contents)

    assert refusal(path) is RosterDamaged


@given(st.binary(max_size=300), st.sampled_from([".csv", ".xls", ".xlsx"]))
def test_any_bytes_are_a_roster_or_are_refused(
    tmp_path_factory: pytest.TempPathFactory, contents: bytes, ending: str
) -> None:
    path = tmp_path_factory.mktemp("bytes") / f"花名册{ending}"
    magic = {".csv": b"", ".xls": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ".xlsx": b"PK\x03\x04"}
    path.write_bytes(magic[ending] + contents)

    with pytest.raises(UnreadableRoster):
        judge(path, TODAY)
