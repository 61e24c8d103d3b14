"""How workers come in: codes that hold for five minutes and five tries, and one from a clerk."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.desk import Desk
from ledger.domain.ids import PersonId, new_person
from ledger.domain.kernel import Office
from ledger.domain.persons import Particulars, Person
from ledger.window import (
    CodeTooSoon,
    CodeWrong,
    Window,
    by_command,
    door_code,
    phone_code,
)
from tests.world import World, open_province

PHONE, UNKNOWN = "13900000001", "13900000099"


@pytest.fixture
def home(tmp_path: Path) -> Iterator[World]:
    world = open_province(tmp_path, "45")
    yield world
    world.ledger.close()


@pytest.fixture
def window(home: World) -> Window:
    return Window({"45": home.ledger})


def ask(window: Window, home: World, phone: str = PHONE) -> str:
    return window.ask_code(home.ledger, phone)[0]


def test_a_worker_comes_in_by_the_code_sent_to_the_phone_on_record(home: World) -> None:
    worker, sent = home.worker("韦秀英", phone=PHONE), list[tuple[str, str]]()
    window = Window({"45": home.ledger}, send=lambda phone, text: sent.append((phone, text)))

    code, deliver = window.ask_code(home.ledger, PHONE)
    deliver()

    assert [phone for phone, _ in sent] == [PHONE]
    assert code in sent[0][1]
    assert window.check_code(home.ledger, PHONE, code) == [worker]


def test_to_a_number_that_nobody_has_nothing_is_sent_and_the_answer_is_the_same(
    home: World,
) -> None:
    home.worker(phone=PHONE)
    sent = list[str]()
    window = Window({"45": home.ledger}, send=lambda phone, _: sent.append(phone))

    code, deliver = window.ask_code(home.ledger, UNKNOWN)
    deliver()

    assert len(code) == 6
    assert not sent
    with pytest.raises(CodeWrong):
        window.check_code(home.ledger, UNKNOWN, code)
    with pytest.raises(CodeTooSoon):  # as for a number that is on record
        ask(window, home, UNKNOWN)


def test_a_code_serves_once(home: World, window: Window) -> None:
    home.worker(phone=PHONE)
    code = ask(window, home)
    window.check_code(home.ledger, PHONE, code)

    with pytest.raises(CodeWrong):
        window.check_code(home.ledger, PHONE, code)


def test_after_five_minutes_a_code_is_worth_nothing(home: World, window: Window) -> None:
    home.worker(phone=PHONE)
    code = ask(window, home)

    home.time.at += timedelta(minutes=5)

    with pytest.raises(CodeWrong):
        window.check_code(home.ledger, PHONE, code)


def test_after_five_wrong_tries_the_right_code_is_wrong_too(home: World, window: Window) -> None:
    home.worker(phone=PHONE)
    code = ask(window, home)
    wrong = f"{(int(code) + 1) % 1_000_000:06}"

    for _ in range(5):
        with pytest.raises(CodeWrong):
            window.check_code(home.ledger, PHONE, wrong)

    with pytest.raises(CodeWrong):
        window.check_code(home.ledger, PHONE, code)


def test_at_most_five_codes_an_hour_and_one_a_minute(home: World, window: Window) -> None:
    for _ in range(5):
        ask(window, home)
        home.time.at += timedelta(minutes=1, seconds=1)

    with pytest.raises(CodeTooSoon) as early:
        ask(window, home)

    assert 3000 < early.value.seconds < 3600
    home.time.at += timedelta(seconds=early.value.seconds)
    assert ask(window, home)


def test_neither_numbers_nor_codes_stand_in_the_database(home: World, window: Window) -> None:
    worker = home.worker(phone=PHONE)
    code, secret = ask(window, home), window.hand_out(home.ledger, worker, "clerk")

    with home.ledger.database.reading() as conn:
        every = [
            str(tuple(row))
            for table in (phone_code, door_code)
            for row in conn.execute(table.select())
        ]

    assert len(every) == 2
    assert not [row for row in every if PHONE in row or code in row or secret in row]


def test_a_number_typed_at_a_poster_signs_nobody_in_before_a_clerk_has_confirmed_it(
    home: World, window: Window
) -> None:
    told = Particulars("韦秀英", number="451224199003070020", phone=PHONE)
    stranger = new_person()
    with home.procedure(home.root) as entry:
        entry.write(Person.register(entry.act, stranger, told))
    assert window.of_phone(home.ledger, PHONE) == []

    with home.entry(home.root, Office.CLERK) as entry:
        entry.write(entry.read(Person, stranger).change_contact(entry.act, stranger, PHONE, ""))

    assert window.of_phone(home.ledger, PHONE) == [stranger]


def test_an_old_number_signs_nobody_in(home: World, window: Window) -> None:
    worker = home.worker(phone=PHONE)

    with home.entry(home.root, Office.CLERK) as entry:
        entry.write(entry.read(Person, worker).change_contact(entry.act, worker, "13900000002", ""))

    assert window.of_phone(home.ledger, PHONE) == []
    assert window.of_phone(home.ledger, "13900000002") == [worker]


def test_what_a_clerk_hands_out_opens_the_door_once_and_for_half_an_hour(
    home: World, window: Window
) -> None:
    worker = home.worker()
    first, second = (window.hand_out(home.ledger, worker, "clerk") for _ in range(2))

    secret = window.open_door(" ".join((first[:5], first[5:].upper())))

    me = window.worker(secret)
    assert me is not None
    assert me.person == worker
    for spent in (first, "45nonsense", ""):
        with pytest.raises(CodeWrong):
            window.open_door(spent)
    home.time.at += timedelta(minutes=30, seconds=1)
    with pytest.raises(CodeWrong):
        window.open_door(second)


def test_a_workers_session_is_no_officers_and_ends_after_two_hours(
    home: World, window: Window
) -> None:
    worker = home.worker()
    desk = Desk({"45": home.ledger}, demo=True)
    desk.open_account(home.ledger, "clerk", home.officer(home.root, Office.CLERK), "")
    hers, clerks = window.begin(home.ledger, worker), desk.sign_in_demo(home.ledger, "clerk")

    assert desk.visitor(hers) is None
    assert desk.visitor(hers, kind="token") is None
    assert window.worker(clerks) is None
    assert window.worker(hers) is not None
    home.time.at += timedelta(hours=2, seconds=1)
    assert window.worker(hers) is None


def test_who_leaves_is_out(home: World, window: Window) -> None:
    secret = window.begin(home.ledger, home.worker())

    window.leave(secret)

    assert window.worker(secret) is None


def test_a_poster_that_was_taken_down_is_known_as_such(home: World, window: Window) -> None:
    village = home.union("纳合村工会")
    code = window.put_up(home.ledger, village, "clerk", "东江电子厂", "秋季行动")

    window.take_down(home.ledger, code)

    (held,) = window.posters(home.ledger, {village})
    assert held == window.poster(code)
    assert held.closed is not None
    assert window.poster("45unknown") is None


def test_a_command_sends_and_one_that_fails_is_not_waited_for(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    out = tmp_path / "sent"

    by_command(f"cat > {out}")(PHONE, "登录码")
    by_command("exit 3")(PHONE, "登录码")

    assert PHONE in out.read_text("utf-8")
    assert "ended with 3" in caplog.text
    assert PHONE not in caplog.text


def test_family_on_one_telephone_are_asked_which_of_them_it_is(home: World, window: Window) -> None:
    both = {home.worker("韦秀英", phone=PHONE), home.worker("韦晓月", phone=PHONE)}

    assert set(window.check_code(home.ledger, PHONE, ask(window, home))) == both


def children_of(window: Window, home: World, guardian: PersonId) -> tuple[PersonId, ...]:
    me = window.worker(window.begin(home.ledger, guardian))
    assert me is not None
    return me.children


def test_a_guardian_speaks_for_a_child_until_the_eighteenth_birthday(
    home: World, window: Window
) -> None:
    mother = home.worker("韦秀英")
    child = home.child(mother, born=date(2008, 3, 4))

    home.time.to(date(2026, 3, 3))
    before = children_of(window, home, mother)
    home.time.to(date(2026, 3, 4))
    after = children_of(window, home, mother)

    assert (before, after) == ((child,), ())


def test_who_may_be_grown_up_for_all_that_is_on_record_has_no_guardian_on_the_phone(
    home: World, window: Window
) -> None:
    mother = home.worker("韦秀英")

    home.child(mother, born=None)

    assert children_of(window, home, mother) == ()
