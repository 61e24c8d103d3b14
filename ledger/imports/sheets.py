"""Files that may be rosters (来件): opened with suspicion, and read line by line as they are.

A file comes from anybody's desk. Before a parser sees it, it is looked at from outside: what it
is, how large it is unpacked, whether it carries programs. What cannot be read safely and wholly
is refused whole, before the first row; nothing is ever half read.

The parser lays out a whole rectangle of cells in memory, so a single cell in the far corner is as
dangerous as a zip bomb. A package is looked through for such things, and then parsed in a process
of its own all the same (`parsing`); the old format, which cannot be looked through, only there.
"""

import codecs
import csv
import re
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html import unescape
from itertools import chain, islice
from pathlib import Path
from typing import IO, ClassVar, NamedTuple, TypeAlias
from xml.etree.ElementTree import Element, ParseError, fromstring
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from ledger.imports import limits
from ledger.imports.cells import Cell
from ledger.imports.limits import (
    LARGEST_FILE,
    LARGEST_UNPACKED,
    LONGEST_CELL,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_PARTS,
    STRONGEST_PACKING,
    RosterCellTooLong,
    RosterDamaged,
    RosterLocked,
    RosterNotText,
    RosterNotWhatItSays,
    RosterOfUnknownKind,
    RosterSheetMissing,
    RosterTooLarge,
    RosterWithMacros,
)
from ledger.imports.parsing import ParsedSheet, parsed

# ── sheets ───────────────────────────────────────────────────────────────────────────────────


class Line(NamedTuple):
    """One row of a sheet: its number as the spreadsheet shows it, and its cells."""

    number: int
    cells: list[Cell]


@dataclass(frozen=True)
class TextSheet:
    """A .csv file; `encoding`, `delimiter` and `bom` as they were found."""

    path: Path
    encoding: str
    bom: bool
    delimiter: str = ","

    name: ClassVar[str] = ""

    def lines(self) -> Iterator[Line]:
        encoding = "utf-8-sig" if self.bom else self.encoding
        with self.path.open(encoding=encoding, newline="") as file:
            try:
                for number, cells in enumerate(csv.reader(file, delimiter=self.delimiter), 1):
                    yield Line(number, list[Cell](cells))
            except csv.Error as error:  # a field longer than the module's own limit
                raise RosterCellTooLong from error
            except UnicodeDecodeError as error:
                raise RosterNotText from error


@dataclass(frozen=True)
class WorkbookSheet:
    """One sheet of a workbook, and what the parser does not tell: formulas without a value."""

    path: Path
    parsed: ParsedSheet
    unsaid: dict[tuple[int, int], str] = field(default_factory=dict[tuple[int, int], str])

    @property
    def name(self) -> str:
        return self.parsed.name

    def lines(self) -> Iterator[Line]:
        rows_of_unsaid = {row for row, _ in self.unsaid}
        for number, cells in enumerate(self.parsed.rows(), 1):
            if number in rows_of_unsaid:
                for at, cell in enumerate(cells):
                    if cell == "":
                        cells[at] = self.unsaid.get((number, at), "")
            yield Line(number, cells)


Sheet: TypeAlias = TextSheet | WorkbookSheet


def sheets_of(path: Path, name: str | None = None) -> list[Sheet]:
    """The visible sheets of a file, or the one of that name; every line of them is readable.

    Raises: UnreadableRoster.
    """
    ending = path.suffix.lower()
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise RosterTooLarge(bytes=size, most=LARGEST_FILE)
    with path.open("rb") as file:
        opening = file.read(8)
    match ending:
        case ".csv":
            return list(_text_sheets(path, opening))
        case ".xlsx":
            return list(_sheets_of_package(path, opening, name))
        case ".xls":
            return list(_sheets_of_old_workbook(path, opening, name))
        case ".xlsm" | ".xlsb" | ".xltm" | ".xlam":
            raise RosterWithMacros
        case _:
            raise RosterOfUnknownKind(ending=ending)


def _survey(lines: Iterable[Line]) -> None:
    """Goes over all lines once, so that what is refused is refused before the first row."""
    for number, cells in lines:
        if number > limits.MOST_ROWS + 20 or len(cells) > MOST_COLUMNS:
            raise RosterTooLarge(row=number, columns=len(cells))
        for cell in cells:
            if type(cell) is str and len(cell) > LONGEST_CELL:
                raise RosterCellTooLong(row=number, length=len(cell))


# ── text ─────────────────────────────────────────────────────────────────────────────────────

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def _text_sheets(path: Path, opening: bytes) -> Iterator[TextSheet]:
    if opening.startswith((_ZIP, _OLE)):
        raise RosterNotWhatItSays
    if opening.startswith(_UTF_16):
        raise RosterNotText(found="UTF-16")
    bom = opening.startswith(codecs.BOM_UTF8)
    # GB18030 contains GBK and nearly every sequence of bytes, so UTF-8 is tried first.
    for encoding in ("utf-8",) if bom else ("utf-8", "gb18030"):
        if _decodes(path, encoding):
            sheet = TextSheet(path, encoding, bom)
            sheet = TextSheet(path, encoding, bom, _delimiter(sheet))
            _survey(sheet.lines())
            yield sheet
            return
    raise RosterNotText


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(2**20):
                if b"\0" in chunk:
                    raise RosterNotText(found="NUL")
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _delimiter(sheet: TextSheet) -> str:
    """What stands between the cells: the mark that the first lines have most of."""
    with sheet.path.open(encoding=sheet.encoding, newline="") as file:
        opening = "".join(line[:LONGEST_CELL] for line in islice(file, 20))
    return max(",\t;", key=opening.count)


# ── old workbooks ────────────────────────────────────────────────────────────────────────────


def _sheets_of_old_workbook(path: Path, opening: bytes, name: str | None) -> Iterator[Sheet]:
    if opening != _OLE:
        raise RosterNotWhatItSays
    _refuse_locked_or_programmed(path)
    yield from _parsed(path, name, {})


def _refuse_locked_or_programmed(path: Path) -> None:
    """Looks for the names of streams in an OLE file: their spelling is part of the format."""
    contents = path.read_bytes()
    if "EncryptedPackage".encode("utf-16-le") in contents:
        raise RosterLocked
    if "_VBA_PROJECT".encode("utf-16-le") in contents:
        raise RosterWithMacros


# ── workbooks in a package ───────────────────────────────────────────────────────────────────

_ROW_ENDS = b"row>"
_CELL_BEGINS = re.compile(rb"<(?:\w+:)?c[\s>/]")
_CELL_PLACED = re.compile(
    rb"<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"'][^>]*?(/?)>"
)
_CELL = re.compile(rb"<(?:\w+:)?c\s(?P<head>[^>]*[^/>])>(?P<body>.*?)</(?:\w+:)?c>", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b[^>]*?(?:/>|>(?P<text>.*?)</(?:\w+:)?f>)", re.DOTALL)
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]+)<")
_PLACE = re.compile(rb"(?:^|\s)r\s*=\s*[\"']([A-Za-z]{1,3})([0-9]{1,7})[\"']")
_KIND = re.compile(rb"(?:^|\s)t\s*=\s*[\"'](\w+)[\"']")
_LOOK_CLOSER = (b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/", b't="e"', b"t='e'")

_COUNTS = re.compile(rb"\s(?:count|uniqueCount)\s*=\s*[\"']([0-9]+)")
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s*<[^\0]")
_SHEET_DATA = re.compile(b"sheetData|" + "sheetData".encode("utf-16-be"))

_Unsaid: TypeAlias = dict[tuple[int, int], str]  # row from 1, column from 0 → formula or #N/A


def _sheets_of_package(path: Path, opening: bytes, name: str | None) -> Iterator[Sheet]:
    if opening == _OLE:
        _refuse_locked_or_programmed(path)
    if not opening.startswith(_ZIP):
        raise RosterNotWhatItSays
    try:
        with ZipFile(path) as package, path.open("rb") as file:
            unsaid = _inspected(package, file)
            sheets = _names_of_sheets(package) if unsaid else {}
    except (BadZipFile, KeyError, ParseError, ValueError, struct.error, zlib.error) as error:
        raise RosterDamaged from error
    yield from _parsed(path, name, {sheets.get(part, ""): cells for part, cells in unsaid.items()})


def _inspected(package: ZipFile, file: IO[bytes]) -> dict[str, _Unsaid]:
    """Unpacks every part without keeping it, and counts: sizes, places of cells, formulas."""
    parts = package.infolist()
    if len(parts) > MOST_PARTS:
        raise RosterTooLarge(parts=len(parts))
    if any(part.flag_bits & 1 for part in parts):
        raise RosterLocked
    if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
        raise RosterWithMacros
    left = LARGEST_UNPACKED
    for part in parts:  # what the package says of itself may be enough to refuse it
        left -= part.file_size
        ratio = part.file_size / max(part.compress_size, 1)
        if left < 0 or (part.file_size > 2**20 and ratio > STRONGEST_PACKING):
            raise RosterTooLarge(part=part.filename)
    cells = 0
    unsaid: dict[str, _Unsaid] = {}
    for part in parts:
        found = _Part(part.filename)
        for piece in _pieces(_unpacked(file, part)):
            found.look_at(piece)
        cells += found.rows * found.columns
        if cells > MOST_CELLS:
            raise RosterTooLarge(cells=cells, most=MOST_CELLS)
        if found.unsaid:
            unsaid[part.filename] = found.unsaid
    return unsaid


@dataclass
class _Part:
    """What one part of a package holds, as far as it was looked at."""

    name: str
    rows: int = 0
    columns: int = 0
    unsaid: _Unsaid = field(default_factory=dict[tuple[int, int], str])

    def look_at(self, piece: bytes) -> None:
        if b"<!DOCTYPE" in piece or b"<!ENTITY" in piece:
            raise RosterDamaged(part=self.name)  # entities: a bomb, or a way around this look
        if b"macroEnabled" in piece:
            raise RosterWithMacros
        placed: list[tuple[bytes, bytes, bytes]] = _CELL_PLACED.findall(piece)
        if len(placed) != _cells_in(piece):
            raise RosterDamaged(part=self.name)  # cells that hide where they are
        # Formats without contents may reach to the end of the sheet, and are passed over.
        rows = {row for _, row, empty in placed if not empty}
        columns = {column for column, _, empty in placed if not empty}
        self.rows = max(self.rows, *map(int, rows), 0)
        self.columns = max(self.columns, *(_column(column) + 1 for column in columns), 0)
        if any(int(count) > MOST_CELLS for count in _COUNTS.findall(piece)):
            raise RosterTooLarge(part=self.name)  # a parser would make room for so many
        if self.rows > limits.MOST_ROWS + 20 or self.columns > MOST_COLUMNS:
            raise RosterTooLarge(rows=self.rows, columns=self.columns)
        if any(sign in piece for sign in _LOOK_CLOSER):
            self.unsaid |= _unsaid(piece)


def _unsaid(piece: bytes) -> _Unsaid:
    """Cells whose contents the parser passes over: formulas never calculated, and errors."""
    found: _Unsaid = {}
    for cell in _CELL.finditer(piece):
        place, kind = _PLACE.search(cell["head"]), _KIND.search(cell["head"])
        formula, value = _FORMULA.search(cell["body"]), _VALUE.search(cell["body"])
        text = b""
        if kind and kind[1] == b"e":
            text = value[1] if value else b"#N/A"
        elif formula and not value and not (kind and kind[1] == b"str"):
            text = b"=" + (formula["text"] or b"")
        if place and text:
            plain = unescape(text.decode("utf-8", "replace"))[:LONGEST_CELL]
            found[int(place[2]), _column(place[1])] = plain
    return found


def _cells_in(piece: bytes) -> int:
    if b":c" in piece:
        return len(_CELL_BEGINS.findall(piece))
    return sum(piece.count(b"<c" + after) for after in (b" ", b">", b"/", b"\t", b"\n", b"\r"))


def _column(letters: bytes) -> int:
    """A → 0, Z → 25, AA → 26."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number - 1


def _unpacked(file: IO[bytes], part: ZipInfo) -> Iterator[bytes]:
    """The contents of a part, as long as they are what the package says of them.

    A package may lie about its sizes, and parsers differ in whom they believe; so the bytes are
    counted as they come out.
    """
    if part.header_offset < 0:
        raise RosterDamaged(part=part.filename)
    file.seek(part.header_offset)
    name, extra = struct.unpack("<26xHH", file.read(30))
    file.seek(name + extra, 1)
    packed, left = part.compress_size, part.file_size
    if part.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise RosterDamaged(part=part.filename)
    inflate = zlib.decompressobj(-15) if part.compress_type == ZIP_DEFLATED else None
    while packed > 0 and (taken := file.read(min(packed, 2**16))):
        packed -= len(taken)
        while taken:
            chunk = inflate.decompress(taken, 2**20) if inflate else taken
            taken = inflate.unconsumed_tail if inflate else b""
            left -= len(chunk)
            if left < 0:
                raise RosterDamaged(part=part.filename)
            yield chunk
    if inflate:
        chunk = inflate.flush()
        left -= len(chunk)
        yield chunk
    if left:
        raise RosterDamaged(part=part.filename)


def _pieces(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """XML cut after whole rows or strings, so that no cell is cut; of pictures nothing."""
    rest = next(chunks, b"")
    if not _XML.match(rest):
        for chunk in chain([rest], chunks):
            # A parser may find its way through rubbish to a sheet that this look does not see.
            if _SHEET_DATA.search(rest[-32:] + chunk):
                raise RosterDamaged
            rest = chunk
        return
    for chunk in chunks:
        rest += chunk
        cut = max(rest.rfind(b"row>") + 4, rest.rfind(b"si>") + 3)
        if cut > 4:
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > 2**24:
            raise RosterTooLarge
    yield rest


def _names_of_sheets(package: ZipFile) -> dict[str, str]:
    """Which part of a package is which sheet."""

    def tree(part: str) -> Element:
        if package.getinfo(part).file_size > 2**22:
            raise RosterTooLarge(part=part)
        return fromstring(package.read(part))  # noqa: S314  (no part has entities: `look_at`)

    targets = {
        link.get("Id", ""): link.get("Target", "")
        for link in tree("xl/_rels/workbook.xml.rels").iterfind("{*}Relationship")
    }
    names: dict[str, str] = {}
    for sheet in tree("xl/workbook.xml").iterfind("{*}sheets/{*}sheet"):
        link = next((value for key, value in sheet.items() if key.endswith("}id")), "")
        target = targets.get(link, "")
        names[target.lstrip("/") if target.startswith("/") else f"xl/{target}"] = sheet.get(
            "name", ""
        )
    return names


# ── the parser ───────────────────────────────────────────────────────────────────


def _parsed(path: Path, name: str | None, unsaid: dict[str, _Unsaid]) -> Iterator[Sheet]:
    sheets = [sheet for sheet in parsed(path) if name in (None, sheet.name)]
    if name is not None and not sheets:
        raise RosterSheetMissing(sheet=name)
    for each in sheets:
        sheet = WorkbookSheet(path, each, unsaid.get(each.name, {}))
        _survey(sheet.lines())
        yield sheet
