"""What a cell says (单元格): its text, and the date in it, in whatever form it was written."""

import re
from datetime import date, datetime, time, timedelta
from typing import NamedTuple, TypeAlias
from unicodedata import normalize as unicode_normalize

Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta

# A text that a spreadsheet might run as a formula goes back behind an apostrophe, and is read
# again without it.
NEUTRALISED = re.compile(r"^'(?=[=+\-@\t\r＝＋－＠])")
EXCEL_ERRORS = {"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#SPILL!"}
_EXACT_UP_TO = 10**15


def text_of(cell: Cell) -> str:
    """A cell as text: whole numbers without a point, dates as 1985-03-01, lost digits as E+17."""
    match cell:
        case str():
            return NEUTRALISED.sub("", cell) if cell.startswith("'") else cell
        case bool():
            return "TRUE" if cell else "FALSE"
        case int() | float():
            exact = abs(cell) < _EXACT_UP_TO and float(cell).is_integer()
            return str(int(cell)) if exact else f"{cell:.15g}".upper()
        case datetime():
            return cell.isoformat(" ") if cell.time() != time() else cell.date().isoformat()
        case date() | time():
            return cell.isoformat()
        case timedelta():
            return str(cell)


class PartialDate(NamedTuple):
    """A month without its day (出生年月)."""

    year: int
    month: int


_YMD = re.compile(r"(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})日?(?:[T ]?00?:00(:00)?)?")
_YM = re.compile(r"(\d{4})(?:[-/.]|年)(\d{1,2})月?")
_EXCEL_DAY_0 = date(1899, 12, 30).toordinal()
_LIKELY_SERIALS = range(3_654, 73_051)  # from 1910 to 2099


def read_date(cell: Cell) -> date | PartialDate | None:
    """A date in one of the usual forms; None where it is none, or could be two.

    2026-03-22, 2026/3/22, 2026.3.22, 2026年3月22日, 20260322, a spreadsheet's own date or its
    count of days; 1985年3月 as a month.
    """
    match cell:
        case datetime():
            return cell.date()
        case date():
            return cell
        case bool() | time() | timedelta():
            return None
        case int():
            text = str(cell)
        case float():
            if not cell.is_integer():
                return None  # 1985.1 was January or October
            text = str(int(cell))
        case str():
            text = re.sub(r"\s+(?!\d\d?:)", "", unicode_normalize("NFKC", cell)).strip("'")
            text = text.replace("—", "-").replace("–", "-").replace("。", ".")
    try:
        if found := _YMD.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if text.isdigit():
            if len(text) == 8:
                return date(int(text[:4]), int(text[4:6]), int(text[6:]))
            # 19851 is more likely January 1985 than the day that a spreadsheet counts as that.
            if int(text) in _LIKELY_SERIALS and not text.startswith(("19", "20")):
                return date.fromordinal(_EXCEL_DAY_0 + int(text))
            if len(text) == 6 and 1 <= int(text[4:]) <= 12:
                return PartialDate(int(text[:4]), int(text[4:]))
        elif (found := _YM.fullmatch(text)) and 1 <= int(found[2]) <= 12:
            return PartialDate(int(found[1]), int(found[2]))
    except ValueError:
        return None
    return None
