"""扫码入会: four questions at a poster, however often the button is pressed; and what is recorded."""

from datetime import date

import pytest

from ledger.domain.consents import Consent, ConsentGiven, Purpose
from ledger.domain.ids import UnionId, spoken
from ledger.domain.kernel import Office
from ledger.domain.membership import Channel, Membership, MembershipApplied
from ledger.projections import help_requests, rosters
from ledger.projections.rosters import Sought, Standing
from ledger.replay import people
from ledger.window import Window
from tests.phone.conftest import Phone
from tests.world import World, citizen_number

NUMBER = citizen_number("451224", date(1990, 1, 1), 500)


@pytest.fixture
def village(home: World) -> UnionId:
    return home.union("纳合村工会")


@pytest.fixture
def poster(home: World, window: Window, village: UnionId) -> str:
    return "/j/" + window.put_up(home.ledger, village, "clerk", "东江电子厂", "秋季行动")


def answered(phone: Phone, poster: str, name: str = "韦秀英", number: str = NUMBER) -> Phone:
    """Everything answered up to the consent."""
    phone.open(poster)
    phone.fill(name)
    if number:
        phone.fill(number)
    else:
        phone.press(_skip="1")
    phone.fill("138 0000 0001")
    phone.fill("东江电子厂")
    return phone


def agreed(phone: Phone, poster: str, name: str = "韦秀英", number: str = NUMBER) -> str:
    """The whole way; the number at its end."""
    answered(phone, poster, name, number).fill("", agree="1", grown="1")
    return phone.number


def applied(home: World) -> list[rosters.Member]:
    with home.ledger.reading() as reader:
        asked = Sought(states=frozenset({Standing.APPLIED}))
        return rosters.members(reader.conn, home.origin, asked).rows


def test_four_questions_and_a_consent_make_one_application_to_be_examined(
    phone: Phone, poster: str, home: World, village: UnionId
) -> None:
    number = agreed(phone, poster)

    (row,) = applied(home)
    assert spoken(row.membership) == number
    assert (row.union, row.channel) == (village, Channel.QR)
    with home.ledger.looking(home.look()) as reader:
        told = reader.opened(reader.records(row.membership))[0]
        shown = people(reader, [row.person], mask=False)[row.person]
    assert isinstance(told.event, MembershipApplied)
    assert (told.office, told.event.employer, told.event.campaign) == (
        Office.PROCEDURE, "东江电子厂", "秋季行动",
    )  # fmt: skip
    assert (shown.name, shown.number, shown.phone, shown.birth) == (
        "韦秀英", NUMBER, "13800000001", "1990-01-01",
    )  # fmt: skip
    home.approve(row.membership, village)  # as any other application
    with home.ledger.reading() as reader:
        assert reader.get(Membership, row.membership).holder is not None


def test_only_what_was_ticked_is_consented_to(phone: Phone, poster: str, home: World) -> None:
    answered(phone, poster).fill("", agree="1", served="1")

    (row,) = applied(home)
    with home.ledger.reading() as reader:
        streams = reader.conn.exec_driver_sql(
            "SELECT stream FROM record WHERE kind = 'ConsentGiven'"
        )
        given = [reader.get(Consent, name).given for (name,) in streams]
    assert {e.purpose for e in given if isinstance(e, ConsentGiven) and e.person == row.person} == {
        Purpose.MEMBERSHIP, Purpose.SERVICES,
    }  # fmt: skip


def test_without_the_consent_that_is_needed_nothing_is_recorded(
    phone: Phone, poster: str, home: World
) -> None:
    answered(phone, poster).press(_go="next", status=422)

    assert "请先勾选" in phone.text
    assert not applied(home)


def test_five_presses_record_one_application_with_one_number(
    phone: Phone, poster: str, home: World
) -> None:
    form = {**answered(phone, poster).form(), "agree": "1", "_go": "next"}

    numbers = set[str]()
    for _ in range(5):
        phone.send(form, poster)
        numbers.add(phone.number)

    assert len(numbers) == 1
    assert len(applied(home)) == 1


def test_who_applies_again_hears_the_same_number(phone: Phone, poster: str, home: World) -> None:
    first = agreed(phone, poster)

    assert agreed(phone, poster) == first
    assert len(applied(home)) == 1


def test_what_is_wrong_is_said_beside_the_question_and_the_rest_is_kept(
    phone: Phone, poster: str
) -> None:
    phone.open(poster)
    phone.fill("韦秀英")

    wrong = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")
    phone.press(number=wrong, _go="next", status=422)

    assert "校验码不对" in phone.text
    assert phone.form()["name"] == "韦秀英"
    assert phone.form()["number"] == wrong
    phone.press(_go="back")
    assert phone.form()["name"] == "韦秀英"


@pytest.mark.parametrize("name", ["古丽米热·艾比布力", "李", "覃䶮", "方𬭎康"])
def test_names_are_taken_as_they_are(name: str, phone: Phone, poster: str, home: World) -> None:
    agreed(phone, poster, name)

    (row,) = applied(home)
    with home.ledger.looking(home.look()) as reader:
        assert people(reader, [row.person])[row.person].name == name


def test_who_has_no_number_at_hand_joins_and_owes_it(
    phone: Phone, poster: str, home: World
) -> None:
    answered(phone, poster, number="").press(_go="next", agree="1", status=422)
    assert "16周岁" in phone.text

    phone.fill("", agree="1", grown="1")

    assert len(applied(home)) == 1


def test_who_is_not_sixteen_is_told_so(phone: Phone, poster: str, home: World) -> None:
    child = citizen_number("451224", date(2014, 5, 1), 7)

    answered(phone, poster, number=child).press(agree="1", _go="next", status=409)

    assert "十六周岁" in phone.text or "16" in phone.text
    assert not applied(home)


def test_a_member_hears_what_everybody_hears_and_the_union_looks_into_it(
    phone: Phone, poster: str, home: World, village: UnionId
) -> None:
    member = home.worker("韦秀英")
    home.enrol(member, village)
    with home.ledger.looking(home.look()) as reader:
        number = people(reader, [member], mask=False)[member].number

    known, told = agreed(phone, poster, "韦秀英", number), phone.text
    fresh, also = agreed(phone, poster, "莫建平"), phone.text

    assert told.replace(known, "").split("图案")[0] == also.replace(fresh, "").split("图案")[0]
    with home.ledger.reading() as reader:
        (asked,) = help_requests.of_person(reader.conn, home.origin, [member])
    assert asked.number == known


def test_a_number_under_another_name_tells_nothing_and_changes_nothing(
    phone: Phone, poster: str, home: World
) -> None:
    known = home.worker("韦秀英")
    with home.ledger.looking(home.look()) as reader:
        number = people(reader, [known], mask=False)[known].number

    agreed(phone, poster, "莫建平", number)

    assert not applied(home)
    with home.ledger.looking(home.look()) as reader:
        (asked,) = help_requests.listing(reader.conn, home.origin, help_requests.Sought()).rows
        assert asked.person != known
        assert people(reader, [known])[known].name == "韦秀英"


def test_a_poster_that_is_down_or_was_never_up_says_what_to_do(
    phone: Phone, poster: str, home: World, window: Window
) -> None:
    window.take_down(home.ledger, poster[3:])

    assert "已经停用" in phone.open(poster, 410)
    assert "12351" in phone.open("/j/45nonsense", 404)
    assert phone.open("/j/45nonsense/done?n=1234-5678", 404)


def test_a_draft_from_the_phone_goes_on_where_it_ended(phone: Phone, poster: str) -> None:
    phone.open(poster)

    phone.press(name="韦秀英", number=NUMBER, _go="resume")

    assert "手机号码" in phone.text
    assert phone.form()["name"] == "韦秀英"


def test_a_form_that_was_changed_after_it_was_sent_is_not_a_second_one(
    phone: Phone, poster: str, home: World
) -> None:
    form = {**answered(phone, poster).form(), "agree": "1", "_go": "next"}
    phone.send(form, poster)

    phone.send({**form, "name": "韦晓月"}, poster, status=409)

    assert "已经提交过" in phone.text
    assert len(applied(home)) == 1
