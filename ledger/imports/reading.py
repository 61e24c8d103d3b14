"""Reading a roster (读取花名册): the rows of a file, each with its preliminary verdict.

Offices send what they have: a title above, a row of instructions below the headings, blank rows,
notes below the table. What speaks of a person is a row; a person stands once in a roster.

What the ledger knows (`known`, `changed`) is added where the roster is accepted.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from pathlib import Path

from ledger.domain.identity import Rule
from ledger.imports.cells import text_of
from ledger.imports.headings import (
    HEADING_WITHIN,
    Field,
    Headings,
    RosterWithoutHeadings,
    RosterWithoutNumbers,
)
from ledger.imports.limits import UnreadableRoster
from ledger.imports.rows import (
    SEXES,
    Fault,
    NumberOfAnother,
    Row,
    RowReader,
    SamePersonTwice,
    Verdict,
)
from ledger.imports.sheets import Line, Sheet, sheets_of


class RosterInSeveralSheets(
    UnreadableRoster,
    zh="工作簿中有两张以上的花名册。",
    article="design: rosters",
    instead="合并到一张工作表，或分成几个文件上传。",
):
    """A workbook holds one roster, or it is said which sheet is meant."""


class RosterWithoutRows(
    UnreadableRoster,
    zh="表头之下没有一行数据。",
    article="design: rosters",
    instead="填写后再上传。",
):
    """A roster has at least one row of data."""


# ── the roster ───────────────────────────────────────────────────────────────────────────────

_INSTRUCTION = re.compile(
    "^(填写|填表)?(说明|要求|提示)|^(示例|样例|范例|例如?)([:：]|$)|^必填|^选填"
)
_INSTRUCTIONS_WITHIN = 3  # rows below the headings
_CLOSING_NOTE = re.compile(
    r"^((备?注|说明)[\d一二三]*[:：]|(合计|总计|共计|小计)"
    r"|(填表|制表|填报|审核|复核|经办|负责|单位负责|联系)(人|单位|日期|时间)?(签[字名]|[(（]|[:：])"
    r"|(盖章|报送|上报|以上|本表))"
)


@dataclass(frozen=True)
class Roster:
    """A file that is a roster: where its headings are, and its rows, read again at each asking."""

    path: Path
    sheet: Sheet
    headings: Headings
    total: int = 0  # rows of data

    def data(self) -> Iterator[Line]:
        """The lines that say something of a person: no instructions, blanks or closing notes."""
        for line in self.sheet.lines():
            if line.number <= self.headings.line:
                continue
            if not self._blank(line) and not self._aside(line):
                yield line

    def judged(self, today: date) -> Iterator[Row]:
        """Every row with its preliminary verdict, in the file's order."""
        seen = _Seen(self.headings)
        for row, line in enumerate(self.data(), 1):
            yield seen.judge(RowReader(self.headings, line, today).read(row))

    def _text(self, line: Line, field_: Field) -> str:
        column = self.headings.columns.get(field_, len(line.cells))
        return text_of(line.cells[column]).strip() if column < len(line.cells) else ""

    def _blank(self, line: Line) -> bool:
        """Whether nothing stands in the line but its running number."""
        serial = self.headings.columns.get(Field.SERIAL)
        return all(
            (cell == "" or (isinstance(cell, str) and not cell.strip())) or column == serial
            for column, cell in enumerate(line.cells)
            if column not in self.headings.results
        )

    def _aside(self, line: Line) -> bool:
        """Whether the line speaks to the clerk: an instruction, or a note below the table."""
        first = next((t for cell in line.cells if (t := text_of(cell).strip())), "")
        if line.number <= self.headings.line + _INSTRUCTIONS_WITHIN and (
            _INSTRUCTION.match(first) or _INSTRUCTION.match(self._text(line, Field.NAME))
        ):
            return True
        if not _CLOSING_NOTE.match(first):
            return False
        numbered = any(character.isdigit() for character in self._text(line, Field.NUMBER))
        return not numbered and self._text(line, Field.SEX) not in SEXES


def open_roster(path: Path, sheet: str | None = None) -> Roster:
    """Finds the roster in a file: the one sheet with headings and rows below them.

    Everything that would make the file unreadable is found now, before any row.

    Raises: UnreadableRoster.
    """
    rosters: list[Roster] = []
    refusals: list[UnreadableRoster] = []
    for candidate in sheets_of(path, sheet):
        try:
            rosters.append(_roster(path, candidate))
        except (RosterWithoutHeadings, RosterWithoutNumbers, RosterWithoutRows) as refusal:
            refusals.append(refusal)  # a sheet of another kind beside the roster is no matter
    if len(rosters) > 1:
        raise RosterInSeveralSheets(sheets=[roster.sheet.name for roster in rosters])
    if not rosters:
        named = [refusal for refusal in refusals if not isinstance(refusal, RosterWithoutHeadings)]
        raise (*named, *refusals, RosterWithoutHeadings())[0]
    return rosters[0]


def _roster(path: Path, sheet: Sheet) -> Roster:
    opening = islice(sheet.lines(), HEADING_WITHIN)
    headings = next(filter(None, map(Headings.of, opening)), None)
    if headings is None:
        raise RosterWithoutHeadings
    roster = Roster(path, sheet, headings)
    total = sum(1 for _ in roster.data())
    if not total:
        raise RosterWithoutRows
    return replace(roster, total=total)


def judge(path: Path, today: date, sheet: str | None = None) -> Iterator[Row]:
    """Every row of a file with its preliminary verdict; an unreadable file is refused at once.

    Raises: UnreadableRoster.
    """
    return open_roster(path, sheet).judged(today)


# ── one row beside the others ────────────────────────────────────────────────────────────────


@dataclass
class _Seen:
    """The people of the rows that were accepted so far; the first of a pair stays accepted."""

    headings: Headings
    numbers: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    people: dict[tuple[str, date, str], int] = field(
        default_factory=dict[tuple[str, date, str], int]
    )

    def judge(self, row: Row) -> Row:
        # Two kinds of document may bear the same characters; no two people do.
        before = self.numbers.get(row.number) if row.number else None
        person = (row.name, row.born, row.phone) if row.name and row.born and row.phone else None
        if before:
            name, first = before
            if name == row.name:
                row = self._repeats(row, Field.NUMBER, first)
            elif row.name:
                error = self._fault(row, Field.NUMBER, NumberOfAnother, first)
                row = row.became(Verdict.REFUSED, error)
        elif person and not row.number and (first := self.people.get(person)):
            row = self._repeats(row, Field.NAME, first)
        if row.verdict is Verdict.ACCEPTED:
            if row.number:
                self.numbers[row.number] = row.name, row.sheet_row
            if person:
                self.people[person] = row.sheet_row
        return row

    def _repeats(self, row: Row, field_: Field, first: int) -> Row:
        verdict = Verdict.REFUSED if row.errors else Verdict.DUPLICATE
        return row.became(verdict, self._fault(row, field_, SamePersonTwice, first))

    def _fault(self, row: Row, field_: Field, rule: Rule, first: int) -> Fault:
        found = row.found[self.headings.columns[field_]]
        return Fault(row.sheet_row, self.headings.heading(field_), found, rule, field_, first)
