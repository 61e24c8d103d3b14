"""Administrative divisions (行政区划) and their history: which code stood for what, and when.

The codes are those of GB/T 2260, six digits: two for the province, two for the prefecture, two
for the county. They change every year, and a person keeps the code of the county that gave the
identity number for life; so the whole history since the first edition of 1980 stands beside this
module, in `divisions.tsv`, and is read once, when it is first asked for.

The history is one of year-end lists. A code that is in the list of 2001 and no more in that of
2002 was still in force on some days of 2002.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Literal, NamedTuple
from unicodedata import normalize

_STILL = 9999  # the year in which a division that stands today will cease to stand

Level = Literal["province", "city", "county"]


class Line(NamedTuple):
    """One code with one name: first and last year-end list with it, and who took over from it."""

    code: str
    first: int
    last: int
    heir: str
    name: str

    @property
    def stands(self) -> bool:
        return self.last == _STILL


def level_of(code: str) -> Level:
    """Province (省), prefecture (地市) or county (县区), read from the code's own digits."""
    if code.endswith("0000"):
        return "province"
    return "city" if code.endswith("00") else "county"


# ── what stood when ──────────────────────────────────────────────────────────────────────────


@cache
def _history() -> dict[str, tuple[Line, ...]]:
    """Every code there has been, with its names in the order of time."""
    text = files("ledger.domain").joinpath("divisions.tsv").read_text("utf-8")
    history: dict[str, list[Line]] = {}
    for row in text.splitlines():
        if not row.startswith("#"):
            code, first, last, heir, name = row.split("\t")
            line = Line(code, int(first), int(last) if last else _STILL, heir, name)
            history.setdefault(code, []).append(line)
    return {
        code: tuple(sorted(lines, key=lambda line: line.first)) for code, lines in history.items()
    }


@cache
def _counties() -> dict[str, tuple[tuple[int, int], ...]]:
    """The years of every code that identity numbers are given by.

    These are the counties, and the cities that have none (东莞 441900, 中山 442000).
    """
    history = _history()
    parted = {code[:4] for code in history if not code.endswith(("00", "01"))}
    return {
        code: tuple((line.first, line.last) for line in lines)
        for code, lines in history.items()
        if level_of(code) == "county" or (level_of(code) == "city" and code[:4] not in parted)
    }


def _overlap(spans: Iterable[tuple[int, int]], start: date, end: date) -> bool:
    # One year more than the lists say: a code was in force until some day of the year after.
    since, until = start.year - 1, end.year
    for first, last in spans:  # noqa: SIM110  (any() takes twice as long, at every number)
        if first <= until and last >= since:
            return True
    return False


def in_force(code: str, start: date, end: date) -> bool:
    """Whether the code stood for a division at some time from `start` to `end`."""
    return _overlap(((line.first, line.last) for line in _history().get(code, ())), start, end)


def gave_numbers(code: str, start: date, end: date) -> bool:
    """Whether identity numbers could be given under the code at some time in these years."""
    return _overlap(_counties().get(code, ()), start, end)


def _line(code: str, on: date | None) -> Line | None:
    """The code's line on a day, or the nearest in time; its last one where no day is given."""
    lines = _history().get(code, ())
    if on is None:
        return lines[-1] if lines else None
    year = on.year

    def distance(line: Line) -> int:
        return max(line.first - year, year - line.last, 0)

    return min(lines, key=distance, default=None)


def name_of(code: str, on: date | None = None) -> str:
    """The full name, from the province down: `451224` → 广西壮族自治区河池市东兰县.

    With a day, the names of that day; without one, the last that the division had. A code that
    never stood for anything is given back as it is.
    """
    line = _line(code, on)
    if line is None:
        return code
    if on is None and not line.stands:
        on = date(line.last, 12, 31)  # its superiors, too, as they were at the end
    above = superior(code)
    return (name_of(above, on) if above else "") + line.name


def province_of(code: str) -> str:
    """The province's own code: `452728` → `450000`."""
    return code[:2] + "0000"


def of_province(code: str) -> list[str]:
    """The divisions that stand today in the province of this code, by code, the province first."""
    return [each for each, lines in _history().items() if each[:2] == code[:2] and lines[-1].stands]


@lru_cache(maxsize=1 << 10)
def within(code: str) -> tuple[str, ...]:
    """Every code under which a division of today may be written that is this one or below it.

    The earlier codes of what lies there today are among them, and those of what moved away are not:
    东兰县 451224 is also 452728. `code` may be its leading digits alone, `45` or `4512`.
    """
    lead = code.ljust(6, "0")
    lead = {"province": lead[:2], "city": lead[:4], "county": lead}[level_of(lead)]
    return tuple(
        each for each, lines in _history().items() if (lines[-1].heir or each).startswith(lead)
    )


def superior(code: str) -> str | None:
    """The division above: a county's prefecture, or its province where there is none between.

    Municipalities (北京) and counties directly under a province (仙桃 429004) have none between.
    """
    match level_of(code):
        case "province":
            return None
        case "city":
            return province_of(code)
        case "county":
            prefecture = code[:4] + "00"
            return prefecture if prefecture in _history() else province_of(code)


# ── reading an address ───────────────────────────────────────────────────────────────────────

# 蒙古自治州 has lost its 族, 白族自治州 may not: one character alone is rather part of a name.
_PEOPLE = (
    "(?<!内)蒙古族?|维吾尔族?|布依族?|朝鲜族?|土家族?|哈尼族?|哈萨克族?|傈僳族?|拉祜族?|东乡族?"
    "|纳西族?|景颇族?|柯尔克孜族?|达斡尔族?|仫佬族?|布朗族?|撒拉族?|毛南族?|毛难族?|仡佬族?|锡伯族?"
    "|阿昌族?|普米族?|塔吉克族?|鄂温克族?|德昂族?|保安族?|裕固族?|独龙族?|鄂伦春族?"
    "|[回藏苗彝壮满侗瑶白傣黎佤畲水土羌怒京各]族"
)
_AUTONOMOUS = re.compile(f"^(.+?)(?:{_PEOPLE})*自治([州县旗区])$")
_KIND = re.compile("^(.{2,}?)(特别行政区|新区|地区|林区|特区|省|市|县|区|旗|盟)$")

# A short name is one only where what follows does not make it another: 江南路 is not 江南区.
_NO_SHORT_NAME = re.compile("[省市县区旗州盟路街道镇乡村屯巷]|大道|自治|地区")
_BETWEEN = re.compile("^(?:省|自治区)?直辖县级行政(?:区划|单位)|^市辖区(?=.)")
_NOISE = re.compile(r"[\s,.;:、，。；：·/\\|()（）\-—_]+")


class _Form(NamedTuple):
    """One way to write a name, and whether it lacks the word for its kind (东兰 for 东兰县)."""

    text: str
    short: bool


def _forms(name: str, level: Level) -> Iterator[_Form]:
    """The ways in which people write a division's name, the official one first."""
    yield _Form(name, short=False)
    if found := _AUTONOMOUS.match(name):
        stem, kind = found.groups()
        yield _Form(stem + kind, short=False)  # 环江县, 海南州, 广西区
        if level == "province":
            yield from (_Form(stem + more, short=False) for more in ("省", "自治区", "壮族"))
    elif found := _KIND.match(name):
        stem = found[1]
    else:
        return
    if len(stem) > 1:
        yield _Form(stem, short=True)


@dataclass(frozen=True, slots=True)
class _Place:
    """What a written name may stand for: today's code, the code and last year of that name."""

    code: str
    level: Level
    then: str
    last: int
    short: bool

    def of(self, city: str) -> bool:
        """Whether it belongs, or belonged under its old code, to this city."""
        return self.code[:4] == city[:4] or city in {line.heir for line in _above(self.then)}


def _above(code: str) -> tuple[Line, ...]:
    return _history().get(code[:4] + "00", ())


class _Index:
    """Written names → what they may stand for, in one province or in the whole country."""

    def __init__(self) -> None:
        self.places: dict[str, list[_Place]] = {}
        self.longest = 0

    def add(self, form: _Form, line: Line) -> None:
        code = line.heir or line.code
        place = _Place(code, level_of(code), line.code, line.last, form.short)
        self.places.setdefault(form.text, []).append(place)
        self.longest = max(self.longest, len(form.text))

    def read(self, text: str, city: str | None = None) -> tuple[str, str] | None:
        """The longest name at the beginning of the text: its code, and the text after it."""
        for length in range(min(self.longest, len(text)), 1, -1):
            places = self.places.get(text[:length])
            if places is None:
                continue
            rest = text[length:]
            if _NO_SHORT_NAME.match(rest):
                places = [place for place in places if not place.short]
            if code := _choose(places, city):
                return code, rest
        return None


def _choose(places: list[_Place], city: str | None) -> str | None:
    """The one place that is meant; None where two are equally likely."""
    if len(places) == 1 and (city is None or not places[0].short):
        return places[0].code  # nearly always
    if city:
        # Many counties have moved to another city; but then the name must be written in full.
        places = [p for p in places if p.of(city)] or [p for p in places if not p.short]
    # What stands today goes first, and of what is gone the last that bore the name.
    last = max((place.last for place in places), default=_STILL)
    places = [place for place in places if place.last == last]
    for level in ("province", "city", "county"):
        if codes := {place.code for place in places if place.level == level}:
            return codes.pop() if len(codes) == 1 else None
    return None


@cache
def _indexes() -> dict[str, _Index]:
    """An index for each province, one of the provinces ("provinces"), one of all China ("")."""
    indexes: dict[str, _Index] = {"": _Index(), "provinces": _Index()}
    for code, lines in _history().items():
        level = level_of(code)
        own = indexes.setdefault(code[:2], _Index())
        for line in lines:
            if line.name == "市辖区" or not (line.stands or line.heir):
                continue
            for form in _forms(line.name, level):
                if level == "province":
                    indexes["provinces"].add(form, line)
                    continue
                own.add(form, line)
                if line.heir[:2] not in ("", code[:2]):  # 重庆's counties were once 四川's
                    indexes.setdefault(line.heir[:2], _Index()).add(form, line)
                # In the whole country a county's short name says too little.
                if not (form.short and level == "county"):
                    indexes[""].add(form, line)
    return indexes


@lru_cache(maxsize=1 << 14)  # the people of a list come from few villages
def find(text: str, province: str | None = None) -> str | None:
    """The lowest division of today that an address names; None where it names none.

    Reads what people write: 广西 for the autonomous region, 环江县 for 环江毛南族自治县, a city
    left out, a county under its old name (宜山县 → 宜州区 451203). `province` (`45` or `450000`)
    says where to look if the address names no province. What could be two places is not guessed:
    the answer is then the division above.
    """
    rest = _NOISE.sub("", normalize("NFKC", text))
    indexes = _indexes()
    found: str | None = None
    if read := indexes["provinces"].read(rest):
        found, rest = read
    index = indexes.get((found or province or "")[:2], indexes[""])
    city: str | None = None
    while found is None or level_of(found) != "county":
        rest = _BETWEEN.sub("", rest)
        read = index.read(rest, city)
        if read is None or read[0] == found:
            break
        if found and level_of(read[0]) == "city" and city:
            break  # a second city is no division of the first: 南宁市柳州路
        found, rest = read
        city = found if level_of(found) == "city" else None
        index = indexes[found[:2]]
    return found
