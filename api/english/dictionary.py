"""The dictionary (词典): what a Chinese text of ours is in English.

One text, one English, wherever it stands; `docs/concepts/words.md` says which words. Read at the
first English page, not at the start.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import orjson

WORDS = Path(__file__).parent / "words"

_HAN = re.compile("[\u3400-\u9fff]")
_DAY = re.compile(r"(?<!\d)(\d{4})年(\d{1,2})月(\d{1,2})日")
_MARKS = {
    "，": ", ", "、": ", ", "。": ". ", "；": "; ", "：": ": ", "！": "! ", "？": "? ",
    "（": " (", "）": ") ", "“": "“", "”": "”", "《": "“", "》": "”",
}  # fmt: skip
_MARK = re.compile(f"[{''.join(_MARKS)}]")
# Loose marks part a list into things of their own; firm ones join clauses of one sentence.
_LOOSE = re.compile(r"([：、（）·/|()]|\s+·\s+|\s-\s|\s+)")
_FIRM = re.compile(r"([，；。！？])")
_HOLE = re.compile(r"\{(\d*)\}(?: (\w+)\|(\w+))?")
_DEPTH = 3
LONGEST = 200
"""Signs of a text of ours at most: a longer one is somebody's, and costs nothing."""
TOGETHER = 6
"""Pieces that are looked up as one: whoever writes many commas does not keep the page waiting."""


class Pattern:
    """A text in which something changes: its longest part, how many signs of its own, its English.

    One that is little more than what it takes in (`{}年`, `{}总工会`) is `weak`: it takes in what is
    known, and numbers.
    """

    def __init__(self, chinese: str, english: str) -> None:
        self._parts = chinese.split("{}")
        self.english = english
        self.longest = max(self._parts, key=len)
        self.holes = len(self._parts) - 1
        self.own = len("".join(self._parts).strip())
        ending = self.holes == 1 and chinese.startswith("{")
        self.weak = self.own < (4 if ending else 2)

    @cached_property
    def form(self) -> re.Pattern[str]:
        """Compiled when a text first has its longest part: there are hundreds, and few are met."""
        return re.compile("(.*?)".join(map(re.escape, self._parts)), re.DOTALL)

    def filled(self, values: list[str]) -> str:
        """The English with these values; `{} day|days` by whether the value is 1."""
        left = iter(values)

        def fill(hole: re.Match[str]) -> str:
            number, one, many = hole.groups()
            value = values[int(number)] if number else next(left)
            return value if many is None else f"{value} {one if value == '1' else many}"

        return _HOLE.sub(fill, self.english)


def has_chinese(text: str) -> bool:
    return _HAN.search(text) is not None


def looks_chinese(text: str) -> bool:
    """Whether a text has a sign, or only a mark, that English does not have."""
    return has_chinese(text) or _MARK.search(text) is not None


def entries(folder: Path = WORDS) -> Iterator[tuple[str, str]]:
    """(Chinese, English) of every entry that has an English."""
    for file in sorted(folder.glob("*.json")):
        held: dict[str, str] = orjson.loads(file.read_bytes())
        yield from ((chinese, english) for chinese, english in held.items() if english)


class Dictionary:
    """Chinese to English: `dictionary.say("共 3 笔")` is `3 records`."""

    def __init__(self, folder: Path = WORDS) -> None:
        self._folder = folder

    @cached_property
    def whole(self) -> Mapping[str, str]:
        return dict(entries(self._folder))

    @cached_property
    def _patterns(self) -> list[Pattern]:
        found = [Pattern(zh, en) for zh, en in self.whole.items() if "{}" in zh]
        return sorted(found, key=lambda each: (-each.own, each.holes))

    def say(self, text: str) -> str:
        """The English of a text as it stands on a page; the text itself where it is not known.

        Nothing is kept between two calls: names come by here.
        """
        stripped = text.strip()
        if len(stripped) > LONGEST:
            return text
        if not has_chinese(stripped):
            return _spaced(text)
        plain = _DAY.sub(_iso, " ".join(stripped.split()))
        said = self._whole_or_parts(plain, _DEPTH)
        if said is None:
            return text
        before, _, after = text.partition(stripped)
        return before + said + after

    def _whole_or_parts(self, text: str, depth: int) -> str | None:
        if not has_chinese(text):
            return _spaced(text)
        found = self.whole.get(text)
        if found is not None and "{}" not in text:
            return found
        if depth == 0:
            return None
        return (
            self._by_pattern(text, depth)
            or self._sentence(text, depth)
            or self._listed(text, depth)
        )

    def _by_pattern(self, text: str, depth: int) -> str | None:
        for each in self._patterns:
            if each.longest in text and (match := each.form.fullmatch(text)):
                if any(_FIRM.search(held) and held not in self.whole for held in match.groups()):
                    continue  # a hole is a thing, and never runs from one clause into the next
                told = [self._whole_or_parts(held, depth - 1) for held in match.groups()]
                if each.weak and None in told:
                    continue
                holes = zip(told, match.groups(), strict=True)
                return each.filled([said or held for said, held in holes])
        return None

    def _sentence(self, text: str, depth: int) -> str | None:
        """Clauses of ours, one after another; no half-translated sentence."""
        told, whole = self._pieces(_FIRM.split(text), depth)
        return _spaced(told) if told and whole else None

    def _listed(self, text: str, depth: int) -> str | None:
        """Things beside each other, of which some are ours and some are names."""
        told, _ = self._pieces(_LOOSE.split(text), depth)
        return _spaced(told) if told else None

    def _pieces(self, parts: list[str], depth: int) -> tuple[str, bool]:
        """Pieces and the marks between them: what is known, as much of it at once as can be; and
        whether it is all known. Nothing where nothing is."""
        told, known, whole, at = "", False, True, 0
        while at < len(parts):
            last = min(at + TOGETHER, len(parts) if at else len(parts) - 1)
            ends = range(last, at, -1)
            for end in ends:
                piece = "".join(parts[at:end])
                said = self._piece(piece, depth, alone=end == at + 1)
                if said is not None:
                    break
            else:
                end, piece, said = at + 1, parts[at], None
            chinese = has_chinese(piece)
            known, whole = known or (chinese and said is not None), whole and said is not None
            told, at = told + (piece if said is None else said), end
        return (told if known else ""), whole

    def _piece(self, piece: str, depth: int, *, alone: bool) -> str | None:
        plain = piece.strip()
        if not has_chinese(plain):
            return piece if alone else None
        if alone:
            said = self._whole_or_parts(plain, depth - 1)
        else:
            said = self.whole.get(plain) or self._by_pattern(plain, depth - 1)
        return None if said is None else piece.replace(plain, said)


def _iso(day: re.Match[str]) -> str:
    return f"{day[1]}-{int(day[2]):02}-{int(day[3]):02}"


def _spaced(text: str) -> str:
    """Chinese marks as English ones, with the space that those want."""
    said = _MARK.sub(lambda mark: _MARKS[mark[0]], text)
    return re.sub(r" +(?=[,;:.!?)]|$)|(?<=\() +|(?<= ) +", "", said)


DICTIONARY = Dictionary()
