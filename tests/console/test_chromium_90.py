"""Old office computers (Chromium 90): what our sheets and scripts may not use.

The floor is the browser of the terminals in use (奇安信可信浏览器 reports Chrome/90). The number
behind each is the version that first had it.
"""

import re
from pathlib import Path

import pytest

API = Path(__file__).parents[2] / "api"
SHEETS = sorted(API.glob("**/static/**/*.css"))
SCRIPTS = sorted(API.glob("**/static/**/*.js"))

CSS = {
    r":has\(": 105,
    r"color-mix\(": 111,
    r"\bokl(ch|ab)\(": 111,
    r"light-dark\(": 123,
    r"@container\b": 105,
    r"@layer\b": 99,
    r"@scope\b": 118,
    r"@starting-style\b": 117,
    r"\bsubgrid\b": 117,
    r"\baccent-color\s*:": 93,
    r"\bscrollbar-gutter\s*:": 94,
    r"\btext-wrap\s*:\s*(balance|pretty)": 114,
    r"\d(d|s|l)v[hw]\b": 108,
    r"\binset-(block|inline)-start\s*:.*anchor\(": 125,
    r"(^|[{;}])\s*&[\s.:#\[>]": 112,
}
JS = {
    r"\.at\(-?\d": 92,
    r"structuredClone\(": 98,
    r"crypto\.randomUUID": 92,
    r"\bpopover\b\s*=": 114,
    r"\.(findLast|findLastIndex)\(": 97,
    r"\.(toSorted|toReversed|toSpliced)\(": 110,
    r"Object\.groupBy\(": 117,
    r"Object\.hasOwn\(": 93,
    r"Promise\.withResolvers": 119,
    r"\bstatic\s*\{": 94,
    r"(^|[^\w])#\w+\s+in\s+": 91,
    r"\.replaceAll\(.*/v\b": 112,
}


def plain(text: str) -> str:
    """Without comments: they may name what is not used."""
    return re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_a_sheet_uses_nothing_that_chromium_90_lacks(sheet: Path) -> None:
    text = plain(sheet.read_text())

    assert {what: since for what, since in CSS.items() if re.search(what, text, re.MULTILINE)} == {}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_uses_nothing_that_chromium_90_lacks(script: Path) -> None:
    text = plain(script.read_text())

    assert {what: since for what, since in JS.items() if re.search(what, text, re.MULTILINE)} == {}


@pytest.mark.parametrize(
    "template", sorted(API.glob("**/templates/*.html")), ids=lambda p: f"{p.parts[-3]}-{p.name}"
)
def test_a_template_has_no_script_or_style_of_its_own(template: Path) -> None:
    text = template.read_text()

    assert not re.search(
        r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=[\x22']|javascript:", text
    )


@pytest.mark.parametrize(
    "template", sorted(API.glob("**/templates/*.html")), ids=lambda p: f"{p.parts[-3]}-{p.name}"
)
def test_nothing_is_fetched_from_elsewhere(template: Path) -> None:
    assert not re.search(r"(src|href|action)=\"(https?:)?//", template.read_text())


def test_whatever_is_not_ours_carries_its_licence() -> None:
    vendor = API / "console" / "static" / "vendor"
    names = {path.name.split(".")[0] for path in vendor.iterdir() if path.suffix != ".LICENSE"}

    assert {path.name.split(".")[0] for path in vendor.glob("*.LICENSE")} >= names
