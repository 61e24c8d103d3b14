"""入会审核, 查重与关联, 更正, 工作台: what clerks decide by looking at two things at once."""

from datetime import date
from html import unescape
from urllib.parse import parse_qsl

import pytest

from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Office
from ledger.projections import rosters
from tests.console.conftest import Seats, told
from tests.world import World, citizen_number

BORN = date(1990, 1, 1)
NUMBER = citizen_number("451224", BORN, 8)


@pytest.fixture
def village(home: World) -> str:
    return home.union("纳合村工会")


def apply(home: World, seats: Seats, village: str, name: str, **more: str) -> tuple[str, PersonId]:
    """(membership, person) of somebody who was registered at the counter and applied."""
    clerk = seats(village, Office.CLERK)
    file = clerk.act("persons/register", None, name=name, **more)
    person = PersonId(file.partition("?")[0].rpartition("/")[2])
    clerk.act(
        "membership/apply",
        {"person": person},
        confirmed="signed",
        employer="东江电子厂",
        of_age="1",
    )
    with home.ledger.reading() as reader:
        [row] = rosters.of_persons(reader.conn, home.origin, [person])[person]
    return row.membership, person


# ── enrolments ───────────────────────────────────────────────────────────────────────────────


def test_an_application_is_checked_examined_and_approved_by_pages(
    home: World, village: str, seats: Seats
) -> None:
    membership, _ = apply(home, seats, village, "韦秀英", number=NUMBER)
    reviewer, approver = seats(village, Office.REVIEWER), seats(village, Office.APPROVER)

    listed = told(reviewer.see("/enrolments"))
    one = reviewer.see(f"/enrolments/{membership}")
    reviewer.act("membership/examine", {"membership": membership}, fit="1")
    waiting = told(approver.see("/enrolments?tab=examined"))
    approver.act("membership/approve", {"membership": membership})

    assert "韦秀英" in listed
    assert "身份：号码符合规则" in listed
    assert "查重：没有同号或同名同生日" in listed
    assert "/do/membership/examine?" in one
    assert "/do/membership/approve?" not in one  # another's turn
    assert "东江电子厂" in told(one)
    assert "韦秀英" in waiting
    assert "这一栏没有申请" in approver.see("/enrolments?tab=all")
    assert (
        "/do/"
        not in approver.see(f"/enrolments/{membership}")
        .partition("<main")[2]
        .partition("<h2>核对")[0]
    )


def test_a_union_without_an_approver_enters_its_committees_paper(
    home: World, village: str, seats: Seats
) -> None:
    membership, _ = apply(home, seats, village, "韦秀英", number=NUMBER)
    seats(village, Office.REVIEWER).act("membership/examine", {"membership": membership}, fit="1")
    above, clerk = seats(home.root, Office.APPROVER), seats(village, Office.CLERK)

    page = clerk.see(f"/enrolments/{membership}")
    given = dict(
        parse_qsl(unescape(page.partition("/do/membership/approve?")[2].partition('"')[0]))
    )
    form = clerk.open("membership/approve", **given)
    answered = clerk.send("membership/approve", form, act__paper="纳工委纪〔2026〕3号")

    assert "/do/membership/approve?" not in above.see(f"/enrolments/{membership}")
    assert answered.status_code == 303, told(answered.text)
    assert "这一栏没有申请" in clerk.see("/enrolments?tab=all")


def test_a_second_file_and_a_missing_number_are_seen_before_anybody_signs(
    home: World, village: str, seats: Seats
) -> None:
    apply(home, seats, village, "韦秀英", number=NUMBER)
    membership, _ = apply(
        home, seats, village, "韦秀英", document="none_yet", birth="1990-01-01", sex="女",
        number_owed="not_at_hand", number_due="2026-04-01",
    )  # fmt: skip

    page = seats(village, Office.REVIEWER).see(f"/enrolments/{membership}")

    assert "证件号码待补" in page
    assert "另有 1 份相似档案" in page
    assert "/duplicates?one=" in page


def test_applications_are_for_their_union_and_those_above(
    home: World, village: str, seats: Seats
) -> None:
    membership, _ = apply(home, seats, village, "韦秀英", number=NUMBER)
    stranger = seats(home.union("邻村工会"), Office.REVIEWER)

    assert "韦秀英" not in stranger.see("/enrolments?tab=all")
    stranger.see(f"/enrolments/{membership}", 403)
    stranger.see("/enrolments/mem_nothing", 404)
    stranger.see("/enrolments?tab=nothing", 400)


def test_those_above_see_an_application_and_leave_it_to_the_union_that_was_asked(
    home: World, village: str, seats: Seats
) -> None:
    below, _ = apply(home, seats, village, "韦秀英", number=NUMBER)
    own, _ = apply(home, seats, home.root, "蓝志强", number=citizen_number("451224", BORN, 9))
    chair = seats(home.root, Office.CHAIR)

    listed, one = chair.see("/enrolments"), chair.see(f"/enrolments/{below}")
    bench = told(chair.see("/workbench"))

    assert f'name="memberships" value="{own}"' in listed
    assert f'name="memberships" value="{below}"' not in listed
    assert "由该工会办理" in listed
    assert "由纳合村工会审核、批准" in told(one)
    assert "/do/membership/" not in one
    assert "蓝志强" in bench
    assert "韦秀英" not in bench

    alone = seats(village, Office.CHAIR)
    assert f'name="memberships" value="{below}"' in alone.see("/enrolments")
    assert "韦秀英" in told(alone.see("/workbench"))


# ── duplicates ───────────────────────────────────────────────────────────────────────────────


def test_a_pair_is_laid_beside_each_other_linked_and_unlinked(
    home: World, village: str, seats: Seats
) -> None:
    apply(home, seats, village, "韦秀英", number=NUMBER)
    apply(
        home, seats, village, "韦秀英", document="none_yet", birth="1990-01-01", sex="男",
        number_owed="not_at_hand", number_due="2026-04-01",
    )  # fmt: skip
    clerk, second = seats(village, Office.CLERK), home.officer(village, Office.REVIEWER)

    page = clerk.see("/duplicates")
    href = (
        page.partition("疑似重复的档案")[2]
        .partition('<li><a href="')[2]
        .partition('"')[0]
        .replace("&amp;", "&")
    )
    beside = clerk.see(f"/duplicates{href}")
    pair = dict(each.split("=") for each in href.lstrip("?").split("&"))
    upon = {"person": pair["one"], "other": pair["other"]}
    form = clerk.open("persons/link", **upon)
    answered = clerk.send("persons/link", form, ground="cards_seen", second=second)
    after = clerk.see(f"/duplicates{href}")

    assert "本页已核对 0/1" in told(page)
    assert "同名同生日" in page
    assert "不同" in told(beside)
    assert "/do/persons/tell_apart?" in beside
    assert answered.status_code == 303, told(answered.text)
    assert "本页已核对 1/1" in told(after)
    assert "已关联" in told(after)
    assert "/do/persons/unlink?" in after
    assert "/do/persons/tell_apart?" not in after


def test_nothing_alike_says_how_many_were_looked_through(
    home: World, village: str, seats: Seats
) -> None:
    apply(home, seats, village, "韦秀英", number=NUMBER)

    page = seats(village, Office.CLERK).see("/duplicates")

    assert "已查看 1 份会籍" in page


# ── corrections ──────────────────────────────────────────────────────────────────────────────


def position(home: World, kind: str) -> int:
    with home.ledger.database.reading() as conn:
        sql = f"SELECT max(position) FROM record WHERE kind = '{kind}'"
        return conn.exec_driver_sql(sql).scalar_one()


def test_a_fact_is_corrected_by_a_form_of_its_own_fields(
    home: World, village: str, seats: Seats
) -> None:
    membership, person = apply(home, seats, village, "韦秀英", number=NUMBER)
    clerk, at = seats(village, Office.CLERK), str(position(home, "MembershipApplied"))

    page = clerk.see(f"/corrections?record={at}")
    form = clerk.open("corrections/correct", position=at)
    answered = clerk.send(
        "corrections/correct", form, changes__employer="东江电子二厂", why="mistyped",
        reason="单位名称录错，见申请表。",
    )  # fmt: skip
    life = clerk.see(f"/workers/{person}")

    assert "东江电子厂" in told(page)
    assert "/do/corrections/annul?" in page
    assert dict(form)["changes.employer"] == "东江电子厂"
    assert answered.status_code == 303, told(answered.text)
    assert "东江电子二厂" in life
    assert "<del>东江电子厂</del>" in life
    assert membership
    again = clerk.see(f"/corrections?record={at}")
    assert "已被更正或作废" in again
    assert "/do/corrections/" not in again


def test_nothing_changed_is_no_correction_and_identity_needs_a_second_person(
    home: World, village: str, seats: Seats
) -> None:
    apply(home, seats, village, "韦秀英", number=NUMBER)
    clerk = seats(village, Office.CLERK)
    applied, registered = position(home, "MembershipApplied"), position(home, "PersonRegistered")

    same = clerk.send(
        "corrections/correct", clerk.open("corrections/correct", position=str(applied)),
        why="mistyped", reason="无",
    )  # fmt: skip
    alone = clerk.send(
        "corrections/correct", clerk.open("corrections/correct", position=str(registered)),
        changes__ethnic="瑶族", why="mistyped", reason="民族录错。",
    )  # fmt: skip

    assert "更正前后没有不同" in told(same.text)
    assert "须由第二人确认" in told(alone.text)
    assert 'value="瑶族"' in alone.text


def test_what_rests_on_a_fact_is_listed_with_what_to_do(
    home: World, village: str, seats: Seats
) -> None:
    person = home.worker("韦秀英")
    home.enrol(person, UnionId(village))
    clerk = seats(village, Office.CLERK)

    page = told(clerk.see(f"/corrections?record={position(home, 'PersonRegistered')}"))

    assert "以此为据的事实" in page
    assert "更正后应办" in page


def test_a_record_that_is_not_there_is_not_found(village: str, seats: Seats) -> None:
    clerk = seats(village, Office.CLERK)

    assert "从职工档案" in clerk.see("/corrections")
    clerk.see("/corrections?record=999999", 404)
    clerk.see("/corrections?record=abc", 400)
    clerk.see("/do/corrections/correct?position=abc", 400)


# ── the workbench ────────────────────────────────────────────────────────────────────────────


def test_what_waits_for_an_office_is_on_its_bench_and_on_no_other(
    home: World, village: str, seats: Seats
) -> None:
    membership, _ = apply(home, seats, village, "韦秀英", number=NUMBER)
    reviewer, approver = seats(village, Office.REVIEWER), seats(village, Office.APPROVER)

    first = reviewer.see("/workbench")
    before = approver.see("/workbench")
    reviewer.act("membership/examine", {"membership": membership}, fit="1")
    then = approver.see("/workbench")

    assert f"/enrolments/{membership}" in first
    assert f"/enrolments/{membership}" not in before
    assert f"/enrolments/{membership}" in then
    assert "没有等您办理的事" in reviewer.see("/workbench")
    reviewer.see("/workbench?tab=nothing", 400)


def test_who_signs_in_comes_to_the_workbench(home: World, village: str, seats: Seats) -> None:
    clerk = seats(village, Office.CLERK)
    fields = {"demo": "1", "name": f"clerk.{village[-6:]}", "province": "45"}

    answered = clerk.http.post("/sign-in", data=fields, follow_redirects=False)

    assert answered.headers["location"] == "/workbench"


def test_an_offer_that_waits_is_on_the_bench_by_its_deadline(
    home: World, village: str, seats: Seats
) -> None:
    street = home.union("街道工会")
    membership = home.enrol(home.worker("韦秀英"), UnionId(village))
    sender, receiver = seats(village, Office.LIAISON), seats(street, Office.LIAISON)
    sender.act("transfers/offer", {"membership": membership}, to_union=street)

    page = told(receiver.see("/workbench"))

    assert "接转：待接收" in page
    assert "剩" in page
    assert "接转：待接收" not in told(sender.see("/workbench"))
