"""What the console has of the phone: the queue of requests, posters, and codes that a clerk hands out."""

import re
from datetime import date, timedelta

import pytest

from ledger.domain.help import HelpOutcome, Want
from ledger.domain.ids import HelpId, PersonId, UnionId, spoken
from ledger.domain.kernel import Office
from ledger.procedures import ask_for_help
from ledger.projections import help_requests
from ledger.window import Worker
from tests.console.conftest import Clerk, Seats, told
from tests.world import World


@pytest.fixture
def village(home: World) -> UnionId:
    return home.union("纳合村工会")


def asked(home: World, union: UnionId, want: Want = Want.SCHOOL) -> tuple[PersonId, HelpId]:
    """A member who asked her union for help by herself."""
    worker = home.worker("韦秀英", union=union)
    home.enrol(worker, union)
    me = Worker(home.ledger, worker, frozenset({worker}))
    with home.ledger.entry(me.act(union)) as entry:
        made = ask_for_help(entry, worker, union, want, text="学费差一点", phone="13800000001")
    return worker, made


def line(home: World, name: HelpId) -> help_requests.Line:
    with home.ledger.reading() as reader:
        return help_requests.get(reader.conn, home.origin, [name])[name]


def test_who_asked_is_called_back_and_the_request_settled_with_what_came_of_it(
    seats: Seats, home: World, village: UnionId
) -> None:
    clerk, (_, made) = seats(village, Office.CLERK), asked(home, village)

    listed, page = told(clerk.see("/help-requests")), told(clerk.see(f"/help-requests/{made}"))
    clerk.act("help_requests/take_up", {"help": made}, remark="已通话")
    clerk.act("help_requests/settle", {"help": made}, outcome="answered")

    assert spoken(made) in listed
    assert "13800000001" in page
    assert "立帮扶申请" in page
    assert line(home, made).outcome is HelpOutcome.ANSWERED
    assert "没有" in told(clerk.see("/help-requests"))
    assert "已答复" in told(clerk.see("/help-requests?tab=settled"))


def test_who_asked_stands_on_the_workbench_until_it_is_settled(
    seats: Seats, home: World, village: UnionId
) -> None:
    clerk, (_, made) = seats(village, Office.CLERK), asked(home, village)

    waiting = told(clerk.see("/workbench?tab=help"))
    home.time.to(home.today + timedelta(10))
    clerk = seats(village, Office.CLERK)  # the session of that day is over
    late = told(clerk.see("/workbench?tab=help"))
    clerk.act("help_requests/take_up", {"help": made}, remark="已通话")
    in_hand = told(clerk.see("/workbench?tab=help"))
    clerk.act("help_requests/settle", {"help": made}, outcome="answered")

    assert "孩子上学：待联系" in waiting
    assert "逾期" not in waiting
    assert "逾期" in late
    assert "孩子上学：办理中" in in_hand
    assert "孩子上学" not in told(clerk.see("/workbench?tab=help"))


def test_a_request_is_found_by_the_number_that_the_worker_was_told(
    seats: Seats, home: World, village: UnionId
) -> None:
    clerk, (_, made) = seats(village, Office.CLERK), asked(home, village)

    assert made in clerk.see(f"/help-requests?number={spoken(made).replace(' ', '')}")
    assert made not in clerk.see("/help-requests?number=00000000")


def test_it_is_settled_by_choosing_what_was_opened_and_not_by_typing(
    seats: Seats, home: World, village: UnionId
) -> None:
    clerk = seats(village, Office.CLERK)
    worker, made = asked(home, village, Want.JOINING)

    page = clerk.see(f"/help-requests/{made}")
    membership = re.search(r"opened=(mem_\w+)", page)

    assert membership is not None
    clerk.act(
        "help_requests/settle", {"help": made, "outcome": "enrolment", "opened": membership[1]}
    )
    assert line(home, made).opened == membership[1]
    assert worker in clerk.see(f"/help-requests/{made}")


def test_a_queue_is_for_the_union_that_has_it_and_those_above(
    seats: Seats, home: World, village: UnionId
) -> None:
    _, made = asked(home, village)
    other, above = seats(home.union("别村工会"), Office.CLERK), seats(home.root, Office.CLERK)

    assert made not in other.see("/help-requests?tab=all")
    other.see(f"/help-requests/{made}", 403)
    assert made in above.see("/help-requests?tab=all")


def test_who_was_passed_a_request_sees_it(seats: Seats, home: World, village: UnionId) -> None:
    _, made = asked(home, village)
    other = home.union("别村工会")

    seats(village, Office.CLERK).act("help_requests/pass_on", {"help": made}, to_union=other)

    assert "韦秀英" in seats(other, Office.CLERK).see(f"/help-requests/{made}")


def test_filters_that_do_not_exist_are_an_error(seats: Seats, village: UnionId) -> None:
    clerk = seats(village, Office.CLERK)

    clerk.see("/help-requests?tab=nonsense", 400)
    clerk.see("/help-requests?want=nonsense", 400)
    clerk.see("/help-requests/hlp_nonsense", 404)


def test_a_request_is_entered_for_who_comes_to_the_window(
    seats: Seats, home: World, village: UnionId
) -> None:
    worker = home.worker("韦秀英", union=village)

    where = seats(village, Office.CLERK).act(
        "help_requests/ask", {"person": worker}, want="wages", amount="3000", since="2026-01-01"
    )

    assert where.startswith("/help-requests/hlp_")


def put_up(clerk: Clerk, village: UnionId, **fields: str) -> str:
    form = re.search(r'name="csrf" value="(\w+)"', clerk.see("/posters"))
    assert form is not None
    said = {"csrf": form[1], "union": village, **fields}
    made = clerk.http.post("/posters", data=said, follow_redirects=False)
    assert made.status_code == 303, told(made.text)
    return str(made.headers["location"])


def test_a_poster_is_made_printed_scanned_and_taken_down(seats: Seats, village: UnionId) -> None:
    clerk = seats(village, Office.CLERK)
    assert "还没有海报" in told(clerk.see("/posters"))

    where = put_up(clerk, village, employer="东江电子厂", campaign="秋季行动")
    page = clerk.see(where)

    assert "data:image/svg+xml" in page
    assert all(word in told(page) for word in ("纳合村工会", "东江电子厂", "秋季行动", "12351"))
    code = where.rpartition("/")[2]
    assert "您叫什么名字" in clerk.see(f"/j/{code}")
    csrf = re.search(r'name="csrf" value="(\w+)"', clerk.see("/posters"))
    assert csrf is not None
    clerk.http.post(f"{where}/taking-down", data={"csrf": csrf[1]})
    clerk.see(f"/j/{code}", 410)


def test_a_poster_is_of_ones_own_union_and_auditors_make_none(
    seats: Seats, home: World, village: UnionId
) -> None:
    clerk, auditor = seats(village, Office.CLERK), seats(village, Office.AUDITOR)
    csrf = re.search(r'name="csrf" value="(\w+)"', clerk.see("/posters"))
    assert csrf is not None
    elsewhere = clerk.http.post("/posters", data={"csrf": csrf[1], "union": home.root})
    theirs = re.search(r'name="csrf" value="(\w+)"', auditor.see("/posters"))
    assert theirs is not None

    assert elsewhere.status_code == 403
    said = {"csrf": theirs[1], "union": village}
    assert auditor.http.post("/posters", data=said).status_code == 403
    where = put_up(clerk, village)
    seats(home.root, Office.CLERK).see(where, 404)


def test_a_clerk_lets_in_who_stands_before_her_and_nobody_elses_worker(
    seats: Seats, home: World, village: UnionId
) -> None:
    worker = home.worker("韦秀英", union=village)
    home.enrol(worker, village, date(2026, 2, 1))
    clerk, other = seats(village, Office.CLERK), seats(home.union("别村工会"), Office.CLERK)
    page = clerk.see(f"/workers/{worker}/phone-code")
    csrf = re.search(r'name="csrf" value="(\w+)"', page)
    assert csrf is not None

    given = clerk.http.post(f"/workers/{worker}/phone-code", data={"csrf": csrf[1]})

    code = re.search(r'class="code">([\w ]+)<', given.text)
    assert code is not None
    inside = clerk.http.post("/m/code/sign-in", data={"code": code[1]})
    assert "退出登录" in inside.text
    other.see(f"/workers/{worker}/phone-code", 403)


def test_a_code_to_the_phone_takes_more_than_being_shown_the_file(
    seats: Seats, home: World, village: UnionId
) -> None:
    worker, street = home.worker("韦秀英", union=village), home.union("街道工会")
    membership = home.enrol(worker, village)
    receiver, sender = seats(street, Office.CLERK), seats(village, Office.LIAISON)
    sender.act("transfers/offer", {"membership": membership}, to_union=street)

    shown = receiver.see(f"/workers/{worker}?purpose=transfer&tab=basic")
    refused = receiver.see(f"/workers/{worker}/phone-code", 403)

    assert "手机登录码" not in shown
    assert "会籍所在工会" in refused
    sender.see(f"/workers/{worker}/phone-code")
    applicant = home.worker("覃海燕")
    home.apply(applicant, street)
    receiver.see(f"/workers/{applicant}/phone-code")
