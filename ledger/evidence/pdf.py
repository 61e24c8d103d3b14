"""The page of a dossier as PDF (案卷 PDF): the same content as the HTML, for a file that lasts.

Typeset by Typst with a font of our own choice, both in wheels; the font is embedded, reduced to
what is used. The same content gives the same bytes. A character that the font does not have is
written as its code point: a name never loses one unseen.
"""

import json
import re
import struct
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import typst

from ledger.evidence.page import Page

_EPOCH = datetime(1980, 1, 1, tzinfo=UTC)
_LONG = re.compile(r"[!-~]{18,}")
"""Ids, hashes, file names: broken every so often, so that they fit a column."""
_BREAK, _EVERY = "\u200b", 9


def written(page: Page) -> bytes:
    """The page as PDF/A-2u."""
    told = json.dumps(_set(asdict(page)), ensure_ascii=False)
    return typst.compile(
        (files("ledger.evidence") / "page.typ").read_bytes(), sys_inputs={"page": told},
        font_paths=_fonts(), pdf_standards="a-2u", timestamp=_EPOCH,
    )  # fmt: skip


def _set(value: Any) -> Any:
    """Every text, ready to be set."""
    if isinstance(value, str):
        return _LONG.sub(_broken, "".join(_character(each) for each in value))
    if isinstance(value, dict):
        return {name: _set(each) for name, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list | tuple):
        return [_set(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return value


def _broken(found: re.Match[str]) -> str:
    text = found[0]
    return _BREAK.join(text[at : at + _EVERY] for at in range(0, len(text), _EVERY))


# ── the font ─────────────────────────────────────────────────────────────────────────────────


@cache
def _folder() -> Path:
    return Path(str(files("noto_cjk_sans_otc")))


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[_folder()]
    )


@cache
def _character(letter: str) -> str:
    """A character as it can be set: itself, or its code point where the font has none for it."""
    if letter == "\n" or has(letter):
        return letter
    return f"〔U+{ord(letter):04X}〕"


def has(letter: str) -> bool:
    """Whether the font has a shape for this character."""
    starts, ends = _spans()
    at = bisect_right(starts, ord(letter)) - 1
    return at >= 0 and ord(letter) <= ends[at]


@cache
def _spans() -> tuple[list[int], list[int]]:
    """The code points that the font has, in spans."""
    (path,) = _folder().glob("*.ttc")
    spans: list[tuple[int, int]] = []
    for first, last in sorted(set(_groups(path.read_bytes()))):
        if spans and first <= spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
        else:
            spans.append((first, last))
    return [first for first, _ in spans], [last for _, last in spans]


def _groups(data: bytes) -> Iterator[tuple[int, int]]:
    """The spans of every face of a font collection (OpenType `ttcf`, `cmap` of format 12)."""
    (faces,) = struct.unpack_from(">L", data, 8)
    seen: set[int] = set()
    for face in struct.unpack_from(f">{faces}L", data, 12):
        (tables,) = struct.unpack_from(">H", data, face + 4)
        for number in range(tables):
            tag, _, cmap, _ = struct.unpack_from(">4s3L", data, face + 12 + 16 * number)
            if tag != b"cmap" or cmap in seen:
                continue
            seen.add(cmap)
            (maps,) = struct.unpack_from(">H", data, cmap + 2)
            for each in range(maps):
                _, _, at = struct.unpack_from(">2HL", data, cmap + 4 + 8 * each)
                (form,) = struct.unpack_from(">H", data, cmap + at)
                if form == 12:
                    (groups,) = struct.unpack_from(">L", data, cmap + at + 12)
                    whole = data[cmap + at + 16 : cmap + at + 16 + 12 * groups]
                    yield from ((a, b) for a, b, _ in struct.iter_unpack(">3L", whole))
