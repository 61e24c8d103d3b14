"""Identity (证件号码): every lawful number passes, and every unlawful one says all that is wrong."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import ric, uscc

from ledger.domain.identity import (
    BirthDateAhead,
    BirthDateUnreal,
    CheckDigitWrong,
    CitizenNumber,
    CreditCodeCheckWrong,
    CreditCodeMisshapen,
    DivisionNeverInForce,
    DocumentKind,
    HomeReturnPermitMisshapen,
    NameMisshapen,
    NameNotGiven,
    NumberMisshapen,
    NumberRuinedByExcel,
    PassportMisshapen,
    PhoneMisshapen,
    Rule,
    check_digit,
    credit_code_check,
    kind_of,
    normalise,
    normalise_name,
    normalise_phone,
    problems,
    problems_of_citizen_number,
    problems_of_credit_code,
    problems_of_name,
    problems_of_phone,
    widened,
)

TODAY = date(2026, 11, 22)
COUNTIES = ("452728", "451224", "450421", "440301", "441900", "110101", "513001", "810000")


def number(division: str, born: str, sequence: str) -> str:
    body = division + born + sequence
    return body + check_digit(body)


def wrong_with(text: str, today: date = TODAY) -> tuple[Rule, ...]:
    return problems_of_citizen_number(normalise(text), today)


# ── citizen identity numbers ─────────────────────────────────────────────────────────────────


def test_a_number_tells_birth_sex_and_division() -> None:
    text = "452728198808015587"

    read = CitizenNumber(text)

    assert read.born == date(1988, 8, 1)
    assert read.sex == "女"
    assert read.division == "452728"
    assert read.kind is DocumentKind.CITIZEN_NUMBER
    assert wrong_with(text) == ()


def test_a_number_whose_county_was_dissolved_still_passes() -> None:
    born_before_it_was_dissolved = number("452728", "19880801", "558")

    found = wrong_with(born_before_it_was_dissolved)

    assert found == ()


def test_a_number_whose_county_came_after_the_birth_passes_too() -> None:
    given_at_sixteen = number("451224", "19900101", "001")  # 451224 from 2002 on

    found = wrong_with(given_at_sixteen)

    assert found == ()


def test_a_number_whose_county_was_dissolved_before_the_birth_does_not_pass() -> None:
    found = wrong_with(number("452728", "20050101", "001"))

    assert found == (DivisionNeverInForce,)


def test_a_number_is_judged_by_the_day_that_is_passed_in() -> None:
    text = number("653132", "20250601", "001")  # 岑岭县, founded in 2026

    early, now = wrong_with(text, date(2025, 12, 1)), wrong_with(text)

    assert early == (DivisionNeverInForce,)
    assert now == ()


@pytest.mark.parametrize(
    "written",
    [
        "45272419920307580X",
        "45272419920307580x",
        "４５２７２４１９９２０３０７５８０Ｘ",
        "45272419920307580ｘ",
        " 452724 19920307 580X　",
        "452724\u200b19920307580X",
        "'45272419920307580X",
        "45272419920307580×",
        "45272419920307580Х",  # Cyrillic
    ],
)
def test_a_number_is_the_same_however_it_is_written(written: str) -> None:
    assert normalise(written) == "45272419920307580X"
    assert CitizenNumber.of(written).born == date(1992, 3, 7)


def test_a_number_of_fifteen_digits_is_widened() -> None:
    old = "452723860808348"

    new = normalise(old)

    assert new == widened(old) == "452723198608083487"
    assert wrong_with(old) == ()


@pytest.mark.parametrize("division", ["810000", "820000", "830000"])
def test_a_residence_permit_passes_with_the_code_of_its_region(division: str) -> None:
    permit = number(division, "19940823", "002")

    found = wrong_with(permit)

    assert found == ()
    assert kind_of(permit) is CitizenNumber(permit).kind is DocumentKind.RESIDENCE_PERMIT


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("45272819880801558", (NumberMisshapen,)),
        ("4527281988080155877", (NumberMisshapen,)),
        ("X52728198808015587", (NumberMisshapen,)),
        ("", (NumberMisshapen,)),
        ("452728198808015581", (CheckDigitWrong,)),
        (number("452728", "19880230", "558"), (BirthDateUnreal,)),
        (number("452728", "20991231", "558"), (BirthDateAhead,)),
        (number("999999", "19970624", "892"), (DivisionNeverInForce,)),
        (number("450000", "19970624", "892"), (DivisionNeverInForce,)),
        ("4.51227E+17", (NumberRuinedByExcel,)),
        ("4.52727198303190e+17", (NumberRuinedByExcel,)),
        ("4E17", (NumberRuinedByExcel,)),
        ("４.５１Ｅ＋１７", (NumberRuinedByExcel,)),
        ("452727198303189000", (NumberRuinedByExcel,)),
    ],
)
def test_a_wrong_number_says_what_is_wrong(text: str, rules: tuple[Rule, ...]) -> None:
    assert wrong_with(text) == rules


def test_a_number_says_all_that_is_wrong_with_it_at_once() -> None:
    text = "999999198802305589"

    found = wrong_with(text)

    assert found == (CheckDigitWrong, BirthDateUnreal, DivisionNeverInForce)


def test_every_problem_has_its_two_sentences_and_a_remedy() -> None:
    for rule in wrong_with("999999198802305589"):
        assert rule.sentence().endswith(".")
        assert rule.zh.endswith("。")
        assert rule.instead.endswith("。")
        assert rule.article


def test_a_citizen_number_is_never_made_of_a_wrong_text() -> None:
    with pytest.raises(CheckDigitWrong):
        CitizenNumber("452728198808015581")
    with pytest.raises(BirthDateUnreal):
        CitizenNumber(number("452728", "19880230", "558"))


@given(
    st.sampled_from(COUNTIES),
    st.dates(date(1980, 1, 1), date(1998, 12, 31)),
    st.integers(0, 999),
)
def test_every_lawful_number_passes_and_says_what_it_was_made_of(
    division: str, born: date, sequence: int
) -> None:
    text = number(division, born.strftime("%Y%m%d"), f"{sequence:03}")

    found, read = wrong_with(text), CitizenNumber(text)

    assert found == ()
    assert (read.division, read.born) == (division, born)
    assert read.sex == ("男" if sequence % 2 else "女")
    assert ric.calc_check_digit(text) == text[-1]


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_noticed(place: int, shift: int) -> None:
    right = "452728198808015587"

    digit = str((int(right[place]) + shift) % 10)
    wrong = right[:place] + digit + right[place + 1 :]

    assert wrong_with(wrong)


@given(st.integers(0, 15))
def test_two_digits_in_the_wrong_order_are_always_noticed(place: int) -> None:
    right = "452728198808015587"

    wrong = right[:place] + right[place + 1] + right[place] + right[place + 2 :]

    assert wrong == right or wrong_with(wrong)


@given(st.text(max_size=30), st.sampled_from(DocumentKind), st.dates())
def test_no_text_is_too_strange_to_be_judged(text: str, kind: DocumentKind, today: date) -> None:
    once = normalise(text)

    found = problems(kind, once, today)

    assert found or kind is DocumentKind.NONE_YET or normalise(once) == once


def test_tomorrow_is_the_future_and_today_is_not() -> None:
    born_today = number("450421", TODAY.strftime("%Y%m%d"), "001")
    born_tomorrow = number("450421", (TODAY + timedelta(1)).strftime("%Y%m%d"), "001")

    assert wrong_with(born_today) == ()
    assert wrong_with(born_tomorrow) == (BirthDateAhead,)


# ── other documents ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("H12345678", DocumentKind.HOME_RETURN_PERMIT),
        ("m1234567801", DocumentKind.HOME_RETURN_PERMIT),
        ("E12345678", DocumentKind.PASSPORT),
        ("EA1234567", DocumentKind.PASSPORT),
        ("452728198808015587", DocumentKind.CITIZEN_NUMBER),
        ("", DocumentKind.NONE_YET),
        (" 暂无 ", DocumentKind.NONE_YET),
        ("—", DocumentKind.NONE_YET),
    ],
)
def test_a_document_is_known_by_its_number(text: str, kind: DocumentKind) -> None:
    plain = normalise(text)

    assert kind_of(plain) is kind
    assert problems(kind, plain, TODAY) == ()


def test_a_misshapen_document_names_its_own_rule() -> None:
    permit = problems(DocumentKind.HOME_RETURN_PERMIT, "H1234567", TODAY)
    passport = problems(DocumentKind.PASSPORT, "护照", TODAY)
    ruined = problems(DocumentKind.PASSPORT, "4.5E+17", TODAY)

    assert permit == (HomeReturnPermitMisshapen,)
    assert passport == (PassportMisshapen,)
    assert ruined == (NumberRuinedByExcel,)


# ── names and telephones ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("古丽米热·艾比布力", "古丽米热·艾比布力"),
        ("古丽米热・艾比布力", "古丽米热·艾比布力"),
        ("古丽米热 • 艾比布力", "古丽米热·艾比布力"),
        ("古丽米热.艾比布力", "古丽米热·艾比布力"),
        ("古丽米热．艾比布力", "古丽米热·艾比布力"),
        ("李", "李"),
        ("李　明", "李明"),
        (" 蔡木明　", "蔡木明"),
        ("傅䶮娜", "傅䶮娜"),
        ("方𬭎康", "方𬭎康"),
        ("段军\ue864", "段军龻"),  # as Python reads it from GB18030
        ("张〇", "张〇"),
        ("John  Smith", "John Smith"),
        ("O'Neil", "O'Neil"),
        ("Ａｌｉ", "Ali"),
        ("张\U000e0100三", "张三"),
        ("葛\ue000", "葛\ue000"),
    ],
)
def test_a_name_is_kept_in_one_way_of_writing(written: str, name: str) -> None:
    assert normalise_name(written) == name
    assert problems_of_name(name) == ()


@pytest.mark.parametrize(
    "text",
    [
        "张3",
        "张三（离职）",
        "<b>张三</b>",
        "Robert'); DROP TABLE persons;--",
        "=1+1",
        "·张",
        "张·",
        "张😀",
        "张_三",
        "13812345678",
        "张" * 61,
    ],
)
def test_what_is_no_name_is_refused_as_it_stands(text: str) -> None:
    assert problems_of_name(normalise_name(text)) == (NameMisshapen,)


def test_an_empty_name_is_no_name() -> None:
    assert problems_of_name(normalise_name("　\u200b")) == (NameNotGiven,)


@given(st.text(max_size=70))
def test_a_name_that_was_made_plain_stays_as_it_is(text: str) -> None:
    once = normalise_name(text)

    problems_of_name(once)

    assert normalise_name(once) == once


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("13812345678", "13812345678"),
        ("138 1234 5678", "13812345678"),
        ("１３８１２３４５６７８", "13812345678"),
        ("+86 138-1234-5678", "13812345678"),
        ("008613812345678", "13812345678"),
        ("0771-5551234", "07715551234"),
        ("（0771）5551234", "07715551234"),
        ("010-82345678", "01082345678"),
        ("+852 9123 4567", "+85291234567"),
    ],
)
def test_a_telephone_number_is_kept_in_digits(written: str, phone: str) -> None:
    assert normalise_phone(written) == phone
    assert problems_of_phone(phone) == ()


@pytest.mark.parametrize(
    "text", ["1392648567", "12345678901", "138123456789", "13812345678/13912345678", "1.38E+10"]
)
def test_what_is_no_telephone_number_is_refused(text: str) -> None:
    assert problems_of_phone(normalise_phone(text)) == (PhoneMisshapen,)


# ── unified social credit codes ──────────────────────────────────────────────────────────────

BODIES = st.from_regex(r"81[0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}", fullmatch=True)


@given(BODIES)
def test_a_credit_code_agrees_with_the_oracle(body: str) -> None:
    code = body + credit_code_check(body)

    found = problems_of_credit_code(code)

    assert found == ()
    assert uscc.calc_check_digit(body) == code[-1]


@given(BODIES, st.integers(0, 16), st.sampled_from("0123456789ABCDEFGHJKLMNPQRTUWXY"))
def test_one_wrong_character_of_a_credit_code_is_always_noticed(
    body: str, place: int, character: str
) -> None:
    right = body + credit_code_check(body)

    wrong = right[:place] + character + right[place + 1 :]

    assert wrong == right or problems_of_credit_code(wrong)


def test_a_credit_code_is_told_what_is_wrong_with_it() -> None:
    assert problems_of_credit_code("91350100M000100Y43") == ()
    assert problems_of_credit_code("91350100M000100Y44") == (CreditCodeCheckWrong,)
    assert problems_of_credit_code("91350100M000100Y4") == (CreditCodeMisshapen,)
    assert problems_of_credit_code("91350100I000100Y43") == (CreditCodeMisshapen,)
