"""Giving a roster back (退回花名册): the same file in its own order, with what is wrong beside it.

Two columns at the end say what became of each row and what to mend; cells in error are coloured.
Uploaded again, mended or not, the file reads as before: the two columns are passed over.

Only the roster's own sheet goes back, as values. Whatever else came with the file (formulas,
links, comments, hidden sheets) does not leave this house again; and a text that a spreadsheet
might run as a formula goes behind an apostrophe, which reading takes off again.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.imports.cells import Cell, text_of
from ledger.imports.headings import ERRORS_HEADING, VERDICT_HEADING, Field, Headings
from ledger.imports.reading import Roster, open_roster
from ledger.imports.rows import Row, Verdict
from ledger.imports.sheets import Line, TextSheet

if TYPE_CHECKING:
    from openpyxl.cell import Cell as SheetCell
    from openpyxl.styles import PatternFill

VERDICTS = {
    Verdict.ACCEPTED: "受理",
    Verdict.KNOWN: "已是会员",
    Verdict.CHANGED: "信息有变",
    Verdict.DUPLICATE: "重复",
    Verdict.REFUSED: "退回",
}

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_NOT_IN_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def neutralised(text: str) -> str:
    """A text that no spreadsheet runs: `=1+1` → `'=1+1`."""
    return f"'{text}" if text.startswith(_DANGEROUS) else text


def returned_name(path: Path) -> str:
    """What the file is called when it goes back: `花名册.xlsx` → `花名册-处理结果.xlsx`.

    The old format .xls is not written any more; its rosters go back as .xlsx.
    """
    ending = ".csv" if path.suffix.lower() == ".csv" else ".xlsx"
    return f"{path.stem.removesuffix('-处理结果')}-处理结果{ending}"


def give_back(source: Path, target: Path, rows: Iterable[Row], sheet: str | None = None) -> None:
    """Writes the roster of `source` with its results to `target`, which appears whole or not.

    `rows` are those of `judge`, in the same order, with whatever verdict they have by now. The
    file is written as it came: .csv in its encoding, a workbook as .xlsx.

    Raises: UnreadableRoster.
    """
    roster = open_roster(source, sheet)
    write = _write_text if isinstance(roster.sheet, TextSheet) else _write_workbook
    unfinished = target.with_name(target.name + ".part")
    try:
        write(roster, _with_results(roster, rows), unfinished)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class _Returned:
    """One line on its way back: its cells, what became of it, and which cells are in error."""

    cells: list[Cell]
    verdict: str = ""
    explained: str = ""
    in_error: frozenset[int] = frozenset()
    heading: bool = False


def _with_results(roster: Roster, rows: Iterable[Row]) -> Iterator[_Returned]:
    """Every line of the sheet, with the results of its row where it has one."""
    headings = roster.headings
    width = max(len(_own_cells(headings, line)) for line in roster.sheet.lines())
    waiting = iter(rows)
    row = next(waiting, None)
    for line in roster.sheet.lines():
        cells = _own_cells(headings, line)
        cells += [""] * (width - len(cells))  # the results stand to the right of everything
        if line.number == headings.line:
            yield _Returned(cells, VERDICT_HEADING, ERRORS_HEADING, heading=True)
        elif row and row.sheet_row == line.number:
            faults = (*row.errors, *row.notes)
            columns = (headings.columns.get(error.field) for error in row.errors if error.field)
            yield _Returned(
                cells,
                VERDICTS[row.verdict],
                "\n".join(fault.explained() for fault in faults),
                frozenset(column for column in columns if column is not None),
            )
            row = next(waiting, None)
        else:
            yield _Returned(cells)


def _own_cells(headings: Headings, line: Line) -> list[Cell]:
    """The cells of a line without the results of an earlier return."""
    return [
        neutralised(text_of(cell)) if isinstance(cell, str) else cell
        for column, cell in enumerate(line.cells)
        if column not in headings.results
    ]


# ── as text ──────────────────────────────────────────────────────────────────────────────────


def _write_text(roster: Roster, lines: Iterator[_Returned], target: Path) -> None:
    assert isinstance(roster.sheet, TextSheet)
    encoding = "utf-8-sig" if roster.sheet.bom else roster.sheet.encoding
    with target.open("w", encoding=encoding, newline="") as file:
        writer = csv.writer(file, delimiter=roster.sheet.delimiter)
        for line in lines:
            writer.writerow([*line.cells, line.verdict, neutralised(line.explained)])


# ── as a workbook ────────────────────────────────────────────────────────────────────────────

_COLOURS = ("FFE7E6E6", "FFFFC7CE", "FFFFEB9C")  # of headings, of errors, of notes
_AS_TEXT = "@"  # so that a number mended in its cell is not taken for a quantity again
_WIDEST = 40  # characters
_WIDE = re.compile(r"[\u2e80-\uffff]")


def _write_workbook(roster: Roster, lines: Iterator[_Returned], target: Path) -> None:
    # Slow to import, and no start needs it: only a roster on its way back.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Alignment, PatternFill
    from openpyxl.utils import get_column_letter

    of_heading, of_error, of_note = (PatternFill("solid", fgColor=each) for each in _COLOURS)
    wrapped = Alignment(wrap_text=True, vertical="top")
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet(roster.sheet.name)
    widths = (*_widths(roster), 10, 80)
    for column, width in enumerate(widths, 1):
        sheet.column_dimensions[get_column_letter(column)].width = width
    sheet.freeze_panes = f"A{roster.headings.line + 1}"
    columns = roster.headings.columns
    as_text = {columns[field] for field in (Field.NUMBER, Field.PHONE) if field in columns}

    def styled(value: Cell, fill: "PatternFill | None", text: bool = False) -> "SheetCell":
        cell = WriteOnlyCell(sheet)
        cell.value = value
        if fill:
            cell.fill = fill
        if text:
            cell.number_format = _AS_TEXT
        return cell

    for line in lines:
        cells = [_NOT_IN_XML.sub("", c) if isinstance(c, str) else c for c in line.cells]
        row: list[Cell | SheetCell] = [*cells, line.verdict, line.explained]
        if line.heading:
            row = [styled(value, of_heading) for value in (*cells, line.verdict, line.explained)]
        elif line.verdict:
            for column in as_text | line.in_error:
                fill = of_error if column in line.in_error else None
                row[column] = styled(cells[column], fill, column in as_text)
            if line.explained:
                explained = styled(line.explained, of_error if line.in_error else of_note)
                explained.alignment = wrapped
                row[-1] = explained
        sheet.append(row)
    workbook.save(target)


def _widths(roster: Roster) -> list[int]:
    """How wide each column should be to show what it holds: a Han character is two wide."""
    widths: list[int] = []
    for line in islice(roster.sheet.lines(), roster.headings.line - 1, roster.headings.line + 100):
        cells = _own_cells(roster.headings, line)
        widths += [8] * (len(cells) - len(widths))
        for column, cell in enumerate(cells):
            text = text_of(cell)
            widths[column] = min(
                _WIDEST, max(widths[column], len(text) + len(_WIDE.findall(text)) + 2)
            )
    return widths
