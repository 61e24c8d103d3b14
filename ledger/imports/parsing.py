"""The parser apart (隔离解析): workbooks are parsed in a process of their own, with bounds.

A workbook is full of counts and offsets that a parser believes. A file of a few kilobytes can
make it ask for all the memory that there is, or end its process in a way that no `except`
catches. So another process parses: it may fail, this one may not. What it finds comes back
through an unnamed file, which is gone when nobody reads in it any more, whatever happens.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any
from weakref import finalize

from python_calamine import (
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from ledger.imports.cells import Cell
from ledger.imports.limits import (
    LONGEST_CELL,
    MOST_CELLS,
    MOST_SHEETS,
    RosterDamaged,
    RosterLocked,
    RosterTooLarge,
)

_MEMORY = 2**30
_OUTPUT = 2**30
_SECONDS = 120
_TOO_LARGE, _LOCKED = 3, 4  # what the other process ends with
_HOUSE = Path(__file__).parent.parent.parent


class _Found:
    """The unnamed file with what the parser found, closed with the last sheet that reads in it."""

    def __init__(self) -> None:
        self.file: IO[bytes] = TemporaryFile()  # noqa: SIM115  (it lives as long as its sheets)
        finalize(self, self.file.close)

    def lines(self, start: int, end: int) -> Iterator[bytes]:
        rest = b""
        while start < end:  # pread: several readers go through the same file at once
            chunk = os.pread(self.file.fileno(), min(2**20, end - start), start)
            start += len(chunk)
            *whole, rest = (rest + chunk).split(b"\n")
            yield from whole


@dataclass(frozen=True)
class ParsedSheet:
    """One visible sheet of a workbook: its name, and where its rows stand in what was found."""

    name: str
    found: _Found
    start: int
    end: int

    def rows(self) -> Iterator[list[Cell]]:
        """The rows from the first of the sheet, empty ones too."""
        for line in self.found.lines(self.start, self.end):
            yield _READER.decode(line.decode())


def parsed(path: Path) -> list[ParsedSheet]:
    """The visible sheets of an .xls or .xlsx file.

    Raises: RosterDamaged, RosterLocked, RosterTooLarge.
    """
    found = _Found()
    try:
        other = subprocess.run(  # noqa: S603  (our own interpreter and module; the file is its data)
            [sys.executable, "-m", __name__, str(path.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=found.file,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
            cwd=_HOUSE,
        )
    except subprocess.TimeoutExpired as error:
        raise RosterTooLarge from error
    match other.returncode:
        case 0:
            return list(_sheets_in(found))
        case code if code == _TOO_LARGE:
            raise RosterTooLarge
        case code if code == _LOCKED:
            raise RosterLocked
        case _:
            raise RosterDamaged


def _sheets_in(found: _Found) -> Iterator[ParsedSheet]:
    end = os.fstat(found.file.fileno()).st_size
    at, name, start = 0, None, 0
    for line in found.lines(0, end):
        if line.startswith(b'"'):  # a name; rows begin with a bracket
            if name is not None:
                yield ParsedSheet(name, found, start, at)
            name, start = json.loads(line), at + len(line) + 1
        at += len(line) + 1
    if name is not None:
        yield ParsedSheet(name, found, start, at)


def _dated(found: dict[str, str]) -> date:
    if "day" in found:
        return date.fromisoformat(found["day"])
    return datetime.fromisoformat(found["moment"])


_READER = json.JSONDecoder(object_hook=_dated)
"""Made once: `json.loads` with a hook makes one for every line."""


# ── in the other process ─────────────────────────────────────────────────────────────────────


def _undated(cell: object) -> Any:
    match cell:
        case datetime():
            return {"moment": cell.isoformat()}
        case date():
            return {"day": cell.isoformat()}
        case _:
            return str(cell)  # hours, durations


def _printed(path: str) -> Iterator[str]:
    """Each visible sheet: its name, then its rows, a line of JSON each."""
    workbook = CalamineWorkbook.from_path(path)  # pyright: ignore[reportUnknownMemberType]
    names = [
        sheet.name
        for sheet in workbook.sheets_metadata
        if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
    ]
    if len(names) > MOST_SHEETS:
        sys.exit(_TOO_LARGE)
    cells = 0
    for name in names:
        sheet = workbook.get_sheet_by_name(name)
        cells += sheet.total_height * sheet.total_width
        if cells > MOST_CELLS:
            sys.exit(_TOO_LARGE)
        yield json.dumps(name)
        if sheet.start is None:
            continue
        before: list[Cell] = [""] * sheet.start[1]  # iter_rows leaves out empty columns
        for row in sheet.iter_rows():
            line = [
                cell[: LONGEST_CELL + 1] if isinstance(cell, str) else cell
                for cell in (*before, *row)
            ]
            yield json.dumps(line, default=_undated, ensure_ascii=False)


def main() -> None:
    """Parses the file named on the command line, and prints what it finds."""
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (_OUTPUT, _OUTPUT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        for line in _printed(sys.argv[1]):
            sys.stdout.buffer.write(line.encode("utf-8", "replace") + b"\n")
    except PasswordError:
        sys.exit(_LOCKED)


if __name__ == "__main__":
    main()
