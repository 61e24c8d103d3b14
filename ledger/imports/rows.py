"""A row of a roster (花名册的一行): read, and judged by what stands in it.

All that can be understood without doubt is understood; what cannot goes back with its cell, what
is wrong, and how to mend it, all errors of a row at once. A row is judged by itself and by the
day that is passed in.
"""

import re
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from ledger.domain import divisions
from ledger.domain.identity import (
    CitizenNumber,
    DocumentKind,
    Rule,
    kind_of,
    normalise,
    normalise_name,
    normalise_phone,
    problems,
    problems_of_name,
    problems_of_phone,
)
from ledger.domain.kernel import Refused
from ledger.imports.cells import EXCEL_ERRORS, Cell, PartialDate, read_date, text_of
from ledger.imports.headings import Field, Headings
from ledger.imports.sheets import Line

LEAST_AGE = 16  # 最低就业年龄


class Verdict(StrEnum):
    """What becomes of a row (处理结果). `known` and `changed` need the ledger."""

    ACCEPTED = "accepted"  # 受理
    KNOWN = "known"  # 已是会员
    CHANGED = "changed"  # 信息有变
    DUPLICATE = "duplicate"  # 文件内重复
    REFUSED = "refused"  # 退回


# ── what can be wrong with a row ─────────────────────────────────────────────────────────────


class SexUnclear(
    Refused,
    zh="性别应填“男”或“女”。",
    article="GB/T 2261.1",
    instead="填写“男”或“女”。",
):
    """The sex on a roster is 男 or 女."""


class SexContradictsNumber(
    Refused,
    zh="性别与公民身份号码不符（第17位单数为男、双数为女）。",
    article="GB 11643 art. 4.4",
    instead="对照身份证核对性别和号码。证件确实如此的，改由窗口凭原件单独登记。",
):
    """The sex on a roster is that of the identity number."""


class DateUnclear(
    Refused,
    zh="日期不能识别。",
    article="design: rosters",
    instead="写成“1985-03-01”的样子，年月日齐全。",
):
    """A date is a day of the calendar, written with year, month and day."""


class BirthContradictsNumber(
    Refused,
    zh="出生日期与公民身份号码不符。",
    article="GB 11643 art. 4.3",
    instead="对照身份证核对出生日期和号码。证件确实如此的，改由窗口凭原件单独登记。",
):
    """The birth date on a roster is that of the identity number."""


class DayAhead(
    Refused,
    zh="日期晚于今天。",
    article="design: rosters",
    instead="填写实际日期；尚未发生的，到时再报。",
):
    """No date on a roster lies in the future."""


class TooYoungForRoster(
    Refused,
    zh=f"申请入会时不满{LEAST_AGE}周岁。",
    article="E13; 劳动法 art. 15",
    instead="核对出生日期、号码和申请入会日期；确实不满的，从名单中删去。",
):
    """An applicant is at least sixteen on the day of the application."""


class DocumentKindUnclear(
    Refused,
    zh="证件类型不能识别。",
    article="design: persons",
    instead="填写居民身份证、港澳台居民居住证、回乡证、护照之一，或留空。",
):
    """The kind of document is one of those by which the ledger identifies people."""


class FormulaWithoutValue(
    Refused,
    zh="单元格中的公式没有结果，或结果有错。",
    article="design: rosters",
    instead="选中该列，复制后“选择性粘贴—数值”，再核对内容。",
):
    """A cell that says something of a person holds a value, no formula that came to nothing."""


class SamePersonTwice(
    Refused,
    zh="与前面的一行是同一人，只受理前一行。",
    article="design: rosters",
    instead="无需处理；如是两个人，核对证件号码。",
):
    """A person stands once in a roster; the first row counts."""


class NumberOfAnother(
    Refused,
    zh="证件号码与前面一行相同，姓名却不同。",
    article="design: rosters",
    instead="对照两人的证件，改正填错的号码或姓名。",
):
    """One identity number belongs to one name."""


class NumberToFollow(
    Refused,
    zh="没有证件号码：先行受理，号码待补。",
    article="design: rosters",
    instead="取得号码后补报。",
):
    """A person without a number is accepted, and the number is owed."""


class ResidenceUnclear(
    Refused,
    zh="户籍地址中没有认出行政区划：先行受理，不能按户籍地分派。",
    article="design: rosters",
    instead="写明省、市、县（区）。",
):
    """An address without a division that exists is kept, but no union can be found by it."""


# ── rows ─────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where, what was found, the rule, and so how to mend it."""

    sheet_row: int
    column: str  # the sheet's own heading
    found: str
    rule: Rule
    field: Field | None = None
    first_row: int | None = None  # the earlier row of the sheet that this one repeats

    @property
    def code(self) -> str:
        return self.rule.__name__

    @property
    def en(self) -> str:
        return self.rule.sentence()

    @property
    def zh(self) -> str:
        where = f"（前一行：第{self.first_row}行）" if self.first_row else ""
        return self.rule.zh + where

    @property
    def mend(self) -> str:
        """怎么改."""
        return self.rule.instead

    def explained(self) -> str:
        """All of it in one Chinese sentence, for the file that goes back."""
        found = f"“{self.found}”" if self.found else "空白"
        return f"第{self.sheet_row}行 {self.column}（{found}）：{self.zh}怎么改：{self.mend}"

    def as_dict(self) -> dict[str, str | int]:
        """For `--json` and for the API."""
        said: dict[str, str | int] = {
            "sheet_row": self.sheet_row,
            "column": self.column,
            "found": self.found,
            "code": self.code,
            "zh": self.zh,
            "en": self.en,
            "mend": self.mend,
        }
        return said | ({"first_row": self.first_row} if self.first_row else {})


@dataclass(frozen=True, slots=True)
class Row:
    """One person of a roster: the cells as found, what they say, and what becomes of it."""

    row: int  # 1 is the first row of data
    sheet_row: int  # as the spreadsheet shows it
    found: tuple[str, ...]  # the texts of the cells, one for each heading
    verdict: Verdict = Verdict.ACCEPTED
    errors: tuple[Fault, ...] = ()
    notes: tuple[Fault, ...] = ()  # what an accepted row still lacks
    name: str = ""
    sex: str = ""  # 男, 女; from the number where the cell is empty
    ethnicity: str = ""
    born: date | None = None
    document: DocumentKind = DocumentKind.NONE_YET
    number: str = ""
    phone: str = ""
    residence: str = ""
    division: str | None = None  # the lowest division of today that the residence names
    employer: str = ""
    trade: str = ""
    applied_on: date | None = None
    union: str = ""
    remark: str = ""

    @property
    def number_owed(self) -> bool:
        """Whether the person is taken in without a number, which is then owed (号码待补)."""
        return self.document is DocumentKind.NONE_YET

    def became(self, verdict: Verdict, *errors: Fault) -> "Row":
        """The same row after the ledger, or an earlier row, was asked."""
        return replace(self, verdict=verdict, errors=(*self.errors, *errors))


SEXES = {
    "男": "男",
    "男性": "男",
    "1": "男",
    "m": "男",
    "女": "女",
    "女性": "女",
    "2": "女",
    "f": "女",
}
_DOCUMENTS = {
    DocumentKind.CITIZEN_NUMBER: "身份证 居民身份证 二代身份证 公民身份号码 公民身份证 内地居民身份证",
    DocumentKind.RESIDENCE_PERMIT: "港澳台居民居住证 港澳居民居住证 台湾居民居住证 居住证",
    DocumentKind.HOME_RETURN_PERMIT: "回乡证 港澳居民来往内地通行证 港澳通行证 来往内地通行证 通行证",
    DocumentKind.PASSPORT: "护照 外国护照 中国护照",
    DocumentKind.NONE_YET: "无 暂无 待补 没有",
}
_DOCUMENT_KINDS = {word: kind for kind, words in _DOCUMENTS.items() for word in words.split()}


# ="4527…": how people keep a spreadsheet from counting
_QUOTED_FORMULA = re.compile(r'^="([^"]*)"$')
_SPACES = re.compile(r"[\s\u200b\ufeff]+")


class RowReader:
    """Reads one line, and collects all that is wrong with it."""

    def __init__(self, headings: Headings, line: Line, today: date) -> None:
        self.headings, self.line, self.today = headings, line, today
        self.found = tuple(text_of(cell) for cell in line.cells[: len(headings.texts)])
        self.errors: list[Fault] = []
        self.notes: list[Fault] = []

    def read(self, row: int) -> Row:
        name = self.name()
        document, number = self.number()
        citizen = self.citizen(document, number)
        sex = self.sex(citizen)
        born = self.born(citizen)
        applied_on = self.applied_on()
        self.age(born, applied_on or self.today)
        phone = self.phone()
        residence, division = self.residence()
        return Row(
            row=row,
            sheet_row=self.line.number,
            found=self.found,
            verdict=Verdict.REFUSED if self.errors else Verdict.ACCEPTED,
            errors=tuple(self.errors),
            notes=tuple(self.notes),
            name=name,
            sex=sex,
            ethnicity=self.plain(Field.ETHNICITY),
            born=born,
            document=document,
            number=number,
            phone=phone,
            residence=residence,
            division=division,
            employer=self.plain(Field.EMPLOYER),
            trade=self.plain(Field.TRADE),
            applied_on=applied_on,
            union=self.plain(Field.UNION),
            remark=self.text(Field.REMARK).strip(),
        )

    def fault(self, field_: Field, rule: Rule) -> Fault:
        heading = self.headings.heading(field_)
        return Fault(self.line.number, heading, self.text(field_), rule, field_)

    def wrong(self, field_: Field, rule: Rule) -> None:
        self.errors.append(self.fault(field_, rule))

    # cells

    def cell(self, field_: Field) -> Cell:
        column = self.headings.columns.get(field_)
        if column is None or column >= len(self.line.cells):
            return ""
        return self.line.cells[column]

    def text(self, field_: Field) -> str:
        column = self.headings.columns.get(field_)
        return "" if column is None or column >= len(self.found) else self.found[column]

    def value(self, field_: Field) -> str | None:
        """The text of a cell that must hold a value; None where a formula came to nothing."""
        text = self.text(field_)
        if text.startswith(("=", "#")):
            if quoted := _QUOTED_FORMULA.match(text):
                return quoted[1]
            if text.startswith("=") or text in EXCEL_ERRORS:
                self.wrong(field_, FormulaWithoutValue)
                return None
        return text

    def plain(self, field_: Field) -> str:
        """Free text: only the spaces at its ends and in a row go."""
        return " ".join((self.value(field_) or "").split())

    # fields

    def name(self) -> str:
        value = self.value(Field.NAME)
        name = normalise_name(value or "")
        if value is not None:
            for rule in problems_of_name(name):
                self.wrong(Field.NAME, rule)
        return name

    def number(self) -> tuple[DocumentKind, str]:
        value, said = self.value(Field.NUMBER), self.document()
        if value is None:
            return DocumentKind.NONE_YET, ""
        number = normalise(value)
        kind = kind_of(number)
        if kind is DocumentKind.NONE_YET:
            self.notes.append(self.fault(Field.NUMBER, NumberToFollow))
            return kind, ""
        citizens = (DocumentKind.CITIZEN_NUMBER, DocumentKind.RESIDENCE_PERMIT)
        if (
            said
            and said is not DocumentKind.NONE_YET
            and not (said in citizens and kind in citizens)
        ):
            kind = said
        for rule in problems(kind, number, self.today):
            self.wrong(Field.NUMBER, rule)
        return kind, number

    def document(self) -> DocumentKind | None:
        word = _SPACES.sub("", self.value(Field.DOCUMENT) or "")
        if word and word not in _DOCUMENT_KINDS:
            self.wrong(Field.DOCUMENT, DocumentKindUnclear)
        return _DOCUMENT_KINDS.get(word)

    def citizen(self, document: DocumentKind, number: str) -> CitizenNumber | None:
        """What the number says of the person, where it can be believed."""
        if document not in (DocumentKind.CITIZEN_NUMBER, DocumentKind.RESIDENCE_PERMIT):
            return None
        try:
            return CitizenNumber(number)
        except Refused:
            return None  # already among the errors

    def sex(self, citizen: CitizenNumber | None) -> str:
        value = _SPACES.sub("", self.value(Field.SEX) or "").lower()
        if not value:
            return citizen.sex if citizen else ""
        sex = SEXES.get(value, "")
        if not sex:
            self.wrong(Field.SEX, SexUnclear)
        elif citizen and sex != citizen.sex:
            self.wrong(Field.SEX, SexContradictsNumber)
        return sex

    def born(self, citizen: CitizenNumber | None) -> date | None:
        said = self.day(Field.BORN, whole=citizen is None)
        if citizen is None or said is None:
            return citizen.born if citizen else said if isinstance(said, date) else None
        if isinstance(said, date):
            agrees = said == citizen.born
        else:
            agrees = said == (citizen.born.year, citizen.born.month)
        if not agrees:
            self.wrong(Field.BORN, BirthContradictsNumber)
        return said if isinstance(said, date) else citizen.born

    def applied_on(self) -> date | None:
        said = self.day(Field.APPLIED_ON, whole=True)
        return said if isinstance(said, date) else None

    def day(self, field_: Field, whole: bool) -> date | PartialDate | None:
        value = self.value(field_)
        if value is None or not value.strip():
            return None
        cell = self.cell(field_)
        said = read_date(value if isinstance(cell, str) else cell)
        if said is None or (whole and isinstance(said, PartialDate)):
            self.wrong(field_, DateUnclear)
            return None
        if isinstance(said, date) and said > self.today:
            self.wrong(field_, DayAhead)
            return None
        return said

    def age(self, born: date | None, on: date) -> None:
        if born is None:
            return
        years = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
        if years < LEAST_AGE:
            field_ = Field.BORN if self.text(Field.BORN) else Field.NUMBER
            self.wrong(field_, TooYoungForRoster)

    def phone(self) -> str:
        value = self.value(Field.PHONE)
        phone = normalise_phone(value or "")
        if phone and kind_of(phone) is DocumentKind.NONE_YET:
            return ""  # 无, 暂无
        for rule in problems_of_phone(phone) if phone else ():
            self.wrong(Field.PHONE, rule)
        return phone

    def residence(self) -> tuple[str, str | None]:
        residence = self.plain(Field.RESIDENCE)
        division = divisions.find(residence) if residence else None
        if residence and division is None:
            self.notes.append(self.fault(Field.RESIDENCE, ResidenceUnclear))
        return residence, division
