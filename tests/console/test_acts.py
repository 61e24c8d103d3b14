"""Acts as pages (办理): each act of the API has its form, and pressing a button records once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest
from fastapi import FastAPI

from api.console.acts import Deed, deeds
from api.console.forms import Field, body_of, fields_of
from api.routes import ROUTERS
from ledger import procedures
from ledger.domain.funds import Source
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Fen, Office
from ledger.projections import rosters
from tests.console.conftest import Clerk, Seats, fields_in, told
from tests.world import World, citizen_number

DEEDS = deeds(ROUTERS)
NUMBER = citizen_number("451224", date(1990, 1, 1), 8)


def flat(fields: tuple[Field, ...]) -> list[Field]:
    return [each for one in fields for each in (one, *flat(one.parts))]


@pytest.mark.parametrize("deed", DEEDS.values(), ids=DEEDS)
def test_every_act_asks_for_all_that_its_body_holds_in_chinese(deed: Deed) -> None:
    asked = fields_of(deed.body, {}, {})

    assert {one.name for one in asked} == set(deed.body.model_fields) - {"act"}
    for one in flat(asked):
        assert any("一" <= letter <= "龥" for letter in one.label), one
        assert one.kind != "choice" or all(text for _, text in one.options), one


def test_an_empty_form_is_an_empty_body() -> None:
    for deed in DEEDS.values():
        said = body_of(deed.body, {})
        assert not set(said) - set(deed.body.model_fields)


def test_amounts_dates_choices_and_rows_come_back_as_the_body_has_them() -> None:
    deed = DEEDS["cases/open"]
    written = {
        "kind": ["arrears"], "channel": ["hotline"], "place": ["440606"],
        "parties.0.name": ["荣光物流有限公司"], "parties.0.role": ["employer"],
        "parties.1.role": ["employer"],  # a row that nobody touched
        "claims.0.person": ["per_" + "a" * 26], "claims.0.wages": ["１，200.5"],
        "claims.2.person": ["per_" + "b" * 26], "claims.2.wages": ["30"],
        "act.on": ["2026-03-01"], "act.union": [""],
    }  # fmt: skip

    said: dict[str, Any] = body_of(deed.body, written)

    assert said["parties"] == [{"name": "荣光物流有限公司", "role": "employer"}]
    assert [one["wages"] for one in said["claims"]] == [1200_50, 30_00]
    assert said["act"] == {"on": "2026-03-01"}


@pytest.fixture
def village(home: World) -> str:
    return home.union("纳合村工会")


def test_a_worker_is_registered_and_enrolled_by_pages_alone(
    home: World, village: str, seats: Seats
) -> None:
    clerk, reviewer = seats(village, Office.CLERK), seats(village, Office.REVIEWER)
    approver = seats(village, Office.APPROVER)

    file = clerk.act("persons/register", name="韦秀英", number=NUMBER, phone="13800005678")
    person = PersonId(file.partition("?")[0].rpartition("/")[2])
    assert "已登记：人员登记" in clerk.see(file)
    clerk.act("membership/apply", {"person": person}, confirmed="signed")
    with home.ledger.reading() as reader:
        [row] = rosters.of_persons(reader.conn, home.origin, [person])[person]
    upon = {"membership": row.membership, "next": f"/workers/{person}"}
    reviewer.act("membership/examine", upon, fit="1")
    back = approver.act("membership/approve", upon)

    assert "已登记：批准入会" in approver.see(back)
    assert "纳合村工会" in told(clerk.see(f"/workers/{person}"))


def test_what_is_missing_stands_beside_its_field_and_on_top_and_nothing_is_lost(
    village: str, seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)

    answered = clerk.send(
        "persons/register", clerk.open("persons/register"), name="", phone="13800005678",
        birth="1990年",
    )  # fmt: skip

    assert answered.status_code == 422
    assert "还有 1 处要改" in answered.text
    assert "日期写成 2026-03-22 的样子" in answered.text
    assert 'value="13800005678"' in answered.text
    assert 'value="1990年"' in answered.text


def test_a_refusal_says_the_rule_its_article_and_what_to_do_instead(
    home: World, village: str, seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)
    member = home.worker("韦秀英")
    home.enrol(member, UnionId(village))

    answered = clerk.send(
        "membership/apply", clerk.open("membership/apply", person=member), confirmed="signed"
    )

    assert answered.status_code == 409
    assert "依据：" in answered.text
    assert "《中国工会会员会籍管理办法》第3条" in answered.text
    assert "可以这样办：" in answered.text
    assert "举个例子" in answered.text


def test_a_refusal_tells_how_much_is_left_and_in_which_fund(home: World, seats: Seats) -> None:
    with home.entry(home.root, Office.CHAIR) as entry:
        fund, other = (
            procedures.open_fund(entry, home.root, name, Source.DONATION)
            for name in ("自治区送温暖资金", "自治区助学资金")
        )
    with home.entry(home.root, Office.ACCOUNTANT) as entry:
        procedures.credit(entry, fund, Fen(1_000_00))
    approver = seats(home.root, Office.APPROVER)
    form = approver.open("funds/allot", fund=fund)

    answered = approver.send("funds/allot", form, to=other, amount="1500")

    assert answered.status_code == 409
    for said in ("资金可用余额不足", "自治区送温暖资金", "可用余额", "1,000.00 元", "1,500.00 元"):
        assert said in answered.text


def test_pressed_five_times_at_once_a_form_records_once(
    home: World, village: str, seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)
    form = clerk.open("persons/register")
    before = home.ledger.recorder.max_notification_id()

    def press(_: int) -> str:
        answered = clerk.send("persons/register", form, name="韦", number=NUMBER)
        assert answered.status_code == 303, told(answered.text)
        return answered.headers["location"]

    with ThreadPoolExecutor(5) as presses:
        places = set(presses.map(press, range(5)))

    after = home.ledger.recorder.max_notification_id()
    assert len(places) == 1
    assert (after or 0) - (before or 0) == 1


def test_who_came_second_is_told_and_keeps_what_she_wrote(
    home: World, village: str, seats: Seats
) -> None:
    clerk, other = seats(village, Office.CLERK), seats(village, Office.CLERK)
    person = home.worker("韦秀英")
    home.enrol(person, UnionId(village))
    upon = {"person": person, "next": f"/workers/{person}"}
    late = clerk.open("persons/change_contact", **upon)
    other.act("persons/change_contact", upon, phone="13900001111")

    answered = clerk.send("persons/change_contact", late, phone="13900002222")

    assert answered.status_code == 412
    assert "他人已先登记" in answered.text
    assert 'value="13900002222"' in answered.text
    again = fields_in(answered.text, "/do/persons/change_contact")
    assert clerk.send("persons/change_contact", again).status_code == 303


def test_somebody_who_is_typed_is_shown_before_anything_is_recorded(
    home: World, village: str, seats: Seats
) -> None:
    clerk = seats(village, Office.CLERK)
    for name in ("韦秀英", "韦秀兰", "韦秀兰"):
        home.enrol(home.worker(name), UnionId(village))
    form = clerk.open("services/give")
    before = home.ledger.recorder.max_notification_id()

    first = clerk.send("services/give", form, persons="韦秀英\n韦秀兰", kind="health")
    shown = fields_in(first.text, "/do/services/give")
    ticked = [value for name, value in shown if name == "persons"]

    assert first.status_code == 200
    assert "请核对找到的人" in first.text
    assert first.text.count("韦秀兰 · ") == 2
    assert len(ticked) == 1  # who can be one only is ticked; the two of one name are not
    assert home.ledger.recorder.max_notification_id() == before
    assert clerk.send("services/give", shown).status_code == 303


def test_somebody_who_is_not_found_is_named(home: World, village: str, seats: Seats) -> None:
    clerk = seats(village, Office.CLERK)

    answered = clerk.send(
        "services/give", clerk.open("services/give"), persons="韦没有", kind="health"
    )

    assert answered.status_code == 422
    assert "没有找到“韦没有”" in answered.text
    assert ">韦没有</textarea>" in answered.text


def test_a_form_of_another_session_is_refused(village: str, seats: Seats) -> None:
    clerk = seats(village, Office.CLERK)
    form = [each for each in clerk.open("persons/register") if each[0] != "csrf"]

    assert clerk.send("persons/register", form, name="韦").status_code == 403


def test_an_act_upon_nothing_and_an_unknown_act_are_told_apart(
    app: FastAPI, village: str, seats: Seats
) -> None:
    clerk: Clerk = seats(village, Office.CLERK)

    clerk.see("/do/transfers/accept", 400)
    clerk.see("/do/transfers/accept?transfer=trf_x", 404)
    clerk.see("/do/transfers/nothing", 404)


def test_a_form_names_nobody_whom_the_visitor_may_not_see_however_the_address_is_written(
    home: World, village: str, seats: Seats
) -> None:
    other = home.union("巴学村工会")
    worker, child = home.worker("韦秀英", union=village), home.worker("韦小宝", union=village)
    home.enrol(worker, UnionId(village))
    clerk, stranger = seats(village, Office.CLERK), seats(other, Office.CLERK)
    household = opened_file(clerk, worker, "东困〔2026〕1号")
    clerk.act(
        "households/join", {"household": household}, person=child, relation="child", guardian=worker
    )
    consenting = {"purpose": "aid", "groups": "identity", "evidence": "signed_form"}
    clerk.act(
        "consents/give", {"person": worker}, receiver__name="某某医院", receiver__union=village,
        notice="告知书-1", **consenting,
    )  # fmt: skip
    opened_file(stranger, mine := home.worker("黄大山", union=other), "东困〔2026〕2号")
    home.enrol(mine, UnionId(other))
    file = stranger.see("/hardship-files").split("/hardship-files/hrd_")[1][:26]

    told_by = [
        stranger.see(f"/do/{path}")
        for path in (
            f"hardship/open?person={worker}", f"hardship/open?nobody={worker}",
            f"hardship/close?file=hrd_{file}&x={worker}", f"consents/share?person={worker}",
            f"transfers/offer?x={worker}", f"aid/apply?beneficiary={worker}",
        )
    ]  # fmt: skip

    for page in told_by:
        for word in ("韦秀英", "韦小宝", "东困〔2026〕1号", "某某医院"):
            assert word not in page
        assert household not in page
    assert "韦小宝" in clerk.see(f"/do/hardship/open?person={worker}")
    assert "韦小宝" not in clerk.see(f"/do/hardship/open?nobody={worker}")
    assert "某某医院" in clerk.see(f"/do/consents/share?person={worker}")


def opened_file(clerk: Clerk, person: str, number: str) -> str:
    """A hardship file in a household of her own; the household."""
    clerk.act("households/open", {"person": person})
    new = clerk.see(f"/hardship-files/new?person={person}")
    household = new.split("household=")[1].split("&amp;")[0]
    clerk.act(
        "hardship/open", {"household": household, "person": person}, category="relative",
        main="grave_illness", basis="papers", valid_until="2026-12-31", number=number,
    )  # fmt: skip
    return household
