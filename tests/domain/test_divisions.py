"""Divisions (行政区划): what stood when, and what an address means today."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.divisions import (
    find,
    gave_numbers,
    in_force,
    level_of,
    name_of,
    province_of,
    superior,
)

TODAY = date(2026, 11, 22)


def test_a_code_of_the_first_edition_was_in_force_until_its_prefecture_became_a_city() -> None:
    dissolved_in = 2002

    before = in_force("452728", date(1985, 1, 1), date(1990, 1, 1))
    in_the_year_itself = in_force("452728", date(dissolved_in, 3, 1), TODAY)
    after = in_force("452728", date(dissolved_in + 1, 1, 1), TODAY)

    assert before
    assert in_the_year_itself
    assert not after


def test_the_code_that_followed_was_not_in_force_before() -> None:
    assert in_force("451224", date(2002, 12, 31), date(2002, 12, 31))
    assert not in_force("451224", date(1980, 1, 1), date(2001, 12, 31))


@pytest.mark.parametrize("code", ["999999", "450000x", "", "４５２７２８", "452799"])
def test_what_was_never_a_code_was_never_in_force(code: str) -> None:
    assert not in_force(code, date(1949, 10, 1), TODAY)
    assert not gave_numbers(code, date(1949, 10, 1), TODAY)


def test_numbers_are_given_by_counties_and_by_cities_that_have_none() -> None:
    since_birth = date(1990, 1, 1), TODAY

    assert gave_numbers("441900", *since_birth)  # 东莞
    assert gave_numbers("442000", *since_birth)  # 中山
    assert not gave_numbers("451200", *since_birth)  # 河池 has counties
    assert not gave_numbers("450000", *since_birth)
    assert in_force("451200", *since_birth)


def test_the_urban_districts_of_a_city_have_a_code_together() -> None:
    assert gave_numbers("440301", date(1985, 1, 1), TODAY)  # 深圳市市辖区
    assert name_of("440301") == "广东省深圳市市辖区"


def test_a_slip_of_a_single_list_does_not_dissolve_a_county() -> None:
    assert in_force("220221", date(1983, 6, 1), date(1983, 7, 1))  # 永吉县


@pytest.mark.parametrize(
    ("code", "on", "name"),
    [
        ("451224", None, "广西壮族自治区河池市东兰县"),
        ("451224", date(2010, 1, 1), "广西壮族自治区河池市东兰县"),
        ("452728", None, "广西壮族自治区河池地区东兰县"),
        ("110101", None, "北京市东城区"),
        ("429004", None, "湖北省仙桃市"),
        ("513001", date(1985, 1, 1), "四川省达县地区达县市"),
        ("513001", date(1995, 1, 1), "四川省达川地区达川市"),
        ("450000", None, "广西壮族自治区"),
        ("441900", None, "广东省东莞市"),
        ("710000", None, "台湾省"),
        ("999999", None, "999999"),
    ],
)
def test_a_name_is_that_of_the_day_and_otherwise_the_last(
    code: str, on: date | None, name: str
) -> None:
    assert name_of(code, on) == name


def test_above_a_county_stands_its_prefecture_or_else_its_province() -> None:
    assert superior("451224") == "451200"
    assert superior("452728") == "452700"
    assert superior("451200") == "450000"
    assert superior("429004") == "420000"
    assert superior("110101") == "110000"
    assert superior("450000") is None
    assert province_of("452728") == "450000"
    assert [level_of(code) for code in ("450000", "451200", "451224")] == [
        "province",
        "city",
        "county",
    ]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("广西河池市东兰县城关镇上里村", "451224"),
        ("广西百色市田东县太平镇下寨村", "451022"),
        ("广西壮族自治区 河池市　东兰县", "451224"),
        ("广西-河池-东兰", "451224"),
        ("广西区梧州市藤县", "450422"),
        ("广西省桂林市临桂县", "450312"),
        ("广西环江县大才乡", "451226"),
        ("广西河池环江毛南族自治县", "451226"),
        ("广西东兰县", "451224"),
        ("东兰县城关镇", "451224"),
        ("河池市金城江区", "451202"),
        ("广西河池市大厂镇龙口村", "451200"),
        ("广东佛山顺德", "440606"),
        ("广东省顺德区", "440606"),
        ("东莞市厚街镇", "441900"),
        ("湖北省仙桃市", "429004"),
        ("湖北省直辖县级行政区划仙桃市", "429004"),
        ("海南省文昌市", "469005"),
        ("新疆石河子市", "659001"),
        ("北京市市辖区东城区", "110101"),
        ("上海浦东新区", "310115"),
        ("吉林市船营区", "220204"),
        ("吉林省吉林市船营区", "220204"),
        ("青海海南州共和县", "632521"),
        ("海南州共和县", "632521"),
        ("天津市河北区", "120105"),
        ("辽宁朝阳市朝阳县", "211321"),
        ("内蒙古鄂尔多斯市达拉特旗", "150621"),
        ("云南大理州漾濞县", "532922"),
        ("甘肃积石山县", "622927"),
        ("台湾省", "710000"),
    ],
)
def test_an_address_is_read_as_people_write_it(address: str, code: str) -> None:
    assert find(address) == code


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("广西百色市田阳县", "451003"),  # 田阳县 → 田阳区
        ("广西宜山县庆远镇", "451203"),  # 宜山县 → 宜州市 → 宜州区
        ("广西壮族自治区河池地区宜山县", "451203"),
        ("广西河池市宜州市", "451203"),
        ("广西平果县", "451082"),
        ("广西柳州地区来宾县", "451302"),
        ("四川省万县市", "500101"),  # another province today
        ("四川省重庆市江北县", "500157"),
        ("广东省海南行政区海口市", "460100"),
        ("内蒙古伊克昭盟达拉特旗", "150621"),
        ("上海市南汇县", "310115"),
    ],
)
def test_an_old_name_leads_to_the_division_of_today(address: str, code: str) -> None:
    assert find(address) == code
    assert in_force(code, TODAY, TODAY)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("朝阳区建国路", None),  # 北京, 长春, …
        ("河北省桥西区", "130000"),  # 石家庄, 张家口
        ("广西南宁市江南路12号", "450100"),  # a road, not 江南区
        ("南宁市柳州路", "450100"),
        ("太平村三组", None),
        ("", None),
        ("<script>", None),
    ],
)
def test_what_could_be_two_places_is_not_guessed(address: str, code: str | None) -> None:
    assert find(address) == code


def test_an_address_without_its_province_is_looked_for_where_it_is_expected() -> None:
    address = "东兰县城关镇"

    elsewhere, in_the_province = find(address, "44"), find(address, "45")

    assert elsewhere is None
    assert in_the_province == find(address, "450000") == "451224"
    assert find("广东顺德区", "45") == "440606"  # what the address itself says goes first


@given(st.text(max_size=40))
def test_any_text_is_read_to_a_division_that_stands_or_to_none(text: str) -> None:
    code = find(text)

    assert code is None or in_force(code, TODAY, TODAY)
