"""Amounts: read without rounding, printed as offices print them, and spelled in capitals."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.kernel import Fen
from ledger.domain.money import (
    AmountNotPositive,
    NoAmount,
    ThirdDecimal,
    capitals,
    fen_of,
    in_wan,
    positive,
    yuan,
)

AMOUNTS = st.integers(0, 2**53 - 1)


@pytest.mark.parametrize(
    ("text", "fen"),
    [
        ("800", 800_00),
        ("800.5", 800_50),
        ("1,200.00", 1_200_00),
        (" 190,000.00 ", 190_000_00),
        ("１，２００．５０", 1_200_50),
        ("0.01", 1),
        ("0", 0),
    ],
)
def test_an_amount_is_read_as_people_write_it(text: str, fen: int) -> None:
    assert fen_of(text) == fen


@pytest.mark.parametrize("text", ["100.005", "100.500", "0.001", "１００．００５"])
def test_a_third_decimal_is_refused_and_never_rounded(text: str) -> None:
    with pytest.raises(ThirdDecimal):
        fen_of(text)


@pytest.mark.parametrize(
    "text",
    ["", " ", "四百", "-5", "+5", "1e3", "4.12725E+17", "12,00", "1,2000", ".5", "5.", "400元", "10²",
     "٣", "1 000", "NaN", "9" * 17, "9" * 5000],
)  # fmt: skip
def test_what_is_no_amount_is_refused(text: str) -> None:
    with pytest.raises(NoAmount):
        fen_of(text)


@given(AMOUNTS)
def test_what_is_printed_is_read_back(fen: int) -> None:
    assert fen_of(yuan(fen)) == fen


def test_an_amount_is_printed_with_commas_and_two_decimals() -> None:
    assert yuan(190_000_00) == "190,000.00"
    assert yuan(-5) == "-0.05"


@pytest.mark.parametrize(
    ("fen", "told"),
    [
        (9_264_000_00, "926.4万元"),
        (9_264_500_00, "926.45万元"),  # with the 500 yuan that remain of the printed figure
        (85_000_000_00, "8,500万元"),
        (9_264_123_45, "约926.41万元"),
        (50_00, "约0.01万元"),
        (0, "0万元"),
        (-9_264_000_00, "-926.4万元"),
    ],
)
def test_reports_print_ten_thousands_and_say_where_they_round(fen: int, told: str) -> None:
    assert in_wan(fen) == told


@pytest.mark.parametrize(
    ("fen", "told"),
    [  # the annex's own examples, then borders
        (1_409_50, "壹仟肆佰零玖元伍角"),
        (6_007_14, "陆仟零柒元壹角肆分"),
        (1_680_32, "壹仟陆佰捌拾元零叁角贰分"),
        (107_000_53, "壹拾万柒仟元零伍角叁分"),
        (16_409_02, "壹万陆仟肆佰零玖元零贰分"),
        (325_04, "叁佰贰拾伍元零肆分"),
        (1_200_00, "壹仟贰佰元整"),
        (9_264_000_00, "玖佰贰拾陆万肆仟元整"),
        (10_00, "壹拾元整"),
        (100_000_001_00, "壹亿零壹元整"),
        (1_000_000_000_000_00, "壹万亿元整"),
        (53, "伍角叁分"),
        (3, "叁分"),
        (0, "零元整"),
        (-1_200_00, "负壹仟贰佰元整"),
    ],
)
def test_capitals_are_spelled_as_the_annex_spells_them(fen: int, told: str) -> None:
    assert capitals(fen) == told


@given(AMOUNTS)
def test_capitals_read_back_to_the_fen(fen: int) -> None:
    assert spelled(capitals(fen)) == fen


@given(AMOUNTS)
def test_capitals_never_write_two_zeros_or_a_whole_beside_a_part(fen: int) -> None:
    told = capitals(fen)

    assert "零零" not in told
    assert told.endswith("整") == (fen % 100 == 0)


def test_nothing_moves_that_is_nothing() -> None:
    with pytest.raises(AmountNotPositive):
        positive(Fen(0))


def spelled(told: str) -> int:
    """What capitals say, read from left to right."""
    found = re.fullmatch(r"(?:(.+)元)?零?(?:(.)角)?(?:(.)分)?整?", told)
    assert found is not None
    digit = "零壹贰叁肆伍陆柒捌玖".index
    jiao, fen = (digit(each) if each else 0 for each in (found[2], found[3]))
    return _number(found[1] or "零") * 100 + jiao * 10 + fen


def _number(told: str) -> int:
    for word, unit in (("亿", 10**8), ("万", 10**4), ("仟", 1000), ("佰", 100), ("拾", 10)):
        high, found, low = told.rpartition(word)
        if found:
            return _number(high) * unit + _number(low)
    return "零壹贰叁肆伍陆柒捌玖".index(told.lstrip("零") or "零")
