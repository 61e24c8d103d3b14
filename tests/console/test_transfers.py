"""Transfers as pages (会籍接转): both sides, in hand, many at once."""

from datetime import UTC, date, datetime

import pytest

from api.console import pickers
from ledger.clock import BEIJING, working_hours_after
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Office
from ledger.domain.membership import Membership
from tests.console.conftest import Clerk, Seats, fields_in, told
from tests.world import World, citizen_number


@pytest.fixture
def unions(home: World) -> tuple[str, str]:
    return home.union("纳合村工会"), home.union("街道工会")


def offered(home: World, seats: Seats, unions: tuple[str, str], *names: str) -> list[str]:
    """Transfers from the one union to the other, by their ids."""
    sender = seats(unions[0], Office.LIAISON)
    found: list[str] = []
    for name in names:
        person: PersonId = home.worker(name)
        membership = home.enrol(person, UnionId(unions[0]))
        place = sender.act("transfers/offer", {"membership": membership}, to_union=unions[1])
        found.append(place.partition("?")[0].rpartition("/")[2])
    return found


def test_a_transfer_shows_both_sides_and_its_acts_by_whose_turn_it_is(
    home: World, unions: tuple[str, str], seats: Seats
) -> None:
    (transfer,) = offered(home, seats, unions, "韦秀英")
    sender, receiver = seats(unions[0], Office.LIAISON), seats(unions[1], Office.LIAISON)

    theirs, ours = receiver.see(f"/transfers/{transfer}"), sender.see(f"/transfers/{transfer}")
    receiver.act("transfers/accept", {"transfer": transfer}, employer="玉柴机器")
    after = receiver.see(f"/transfers/{transfer}")

    assert "/do/transfers/accept?" in theirs
    assert "/do/transfers/withdraw?" not in theirs
    assert "/do/transfers/withdraw?" in ours
    assert "/do/transfers/accept?" not in ours
    assert "个工作日" in told(ours)
    assert "已转入" in told(after)
    assert "/do/transfers/" not in after


def test_tabs_list_what_goes_out_and_comes_in(
    home: World, unions: tuple[str, str], seats: Seats
) -> None:
    offered(home, seats, unions, "韦秀英")
    sender, receiver = seats(unions[0], Office.LIAISON), seats(unions[1], Office.LIAISON)

    assert "韦秀英" in sender.see("/transfers?tab=out")
    assert "这一栏没有接转" in sender.see("/transfers?tab=in")
    assert "韦秀英" in receiver.see("/transfers?tab=in")
    assert "这一栏没有接转" in receiver.see("/transfers?tab=done")
    sender.see("/transfers?tab=nowhere", 400)


def test_many_are_accepted_at_once_with_a_result_for_each(
    home: World, unions: tuple[str, str], seats: Seats
) -> None:
    first, second = offered(home, seats, unions, "韦秀英", "覃海燕")
    receiver = seats(unions[1], Office.LIAISON)
    form = receiver.http.get("/do/transfers/accept_list", params={"transfers": [first, second]})
    sent = fields_in(form.text, "/do/transfers/accept_list")
    seats(unions[0], Office.LIAISON).act(
        "transfers/withdraw", {"transfer": second}, reason="misdirected"
    )

    answered = receiver.send("transfers/accept_list", sent)

    assert "韦秀英（自纳合村工会）" in told(form.text)
    assert answered.status_code == 200
    assert "1 项未能办理" in told(answered.text)
    assert "覃*燕" in told(answered.text)  # taken back: she concerns the receiver no more
    assert "已转入" in told(receiver.see(f"/transfers/{first}"))


def test_what_one_has_in_hand_another_sees_until_it_is_laid_down(
    home: World, unions: tuple[str, str], seats: Seats
) -> None:
    (transfer,) = offered(home, seats, unions, "韦秀英")
    one, other = seats(unions[1], Office.LIAISON), seats(unions[1], Office.CLERK)

    def press(clerk: Clerk, **said: str) -> int:
        page = clerk.see("/transfers")
        token = page.partition('name="csrf" value="')[2].partition('"')[0]
        answered = clerk.http.post(
            f"/transfers/{transfer}/claim", data={"csrf": token, **said}, follow_redirects=False
        )
        return answered.status_code

    assert press(one) == 303
    assert "我已认领" in told(one.see("/transfers"))
    assert "我已认领" not in told(other.see("/transfers"))
    assert "已认领" in told(other.see("/transfers"))
    assert press(other) == 409
    assert press(one, drop="1") == 303
    assert press(other) == 303


def test_a_worker_known_elsewhere_is_found_by_her_number_and_asked_for(
    home: World, unions: tuple[str, str], seats: Seats
) -> None:
    person = home.worker("韦秀英", union=unions[0])
    home.enrol(person, UnionId(unions[0]))
    number = citizen_number(home.division, date(1990, 1, 1), 1)
    host, holder = seats(unions[1], Office.LIAISON), seats(unions[0], Office.LIAISON)

    by_letters, by_number = host.see("/workers?q=wxy"), host.see(f"/workers?q={number}")
    place = host.act("transfers/request", {"person": person}, from_union=unions[0], proof="card")
    pages = [host.see(place), host.see("/transfers"), host.see("/")]

    assert "不在您的管辖范围" not in by_letters
    assert f"/do/transfers/request?person={person}" in by_number
    assert "韦秀英" not in by_number
    assert all("韦*英" in page and "韦秀英" not in page for page in pages[:2])
    assert "韦秀英" not in pages[2]
    assert f"/workers/{person}" not in pages[0]
    assert "随接转继续的事项" not in pages[0]
    host.see(f"/workers/{person}?purpose=transfer", 403)
    assert "韦秀英" in holder.see("/transfers")


def test_who_has_nothing_to_do_with_it_sees_nothing_and_claims_nothing(
    home: World, unions: tuple[str, str], seats: Seats
) -> None:
    (transfer,) = offered(home, seats, unions, "韦秀英")
    stranger = seats(home.union("邻村工会"), Office.LIAISON)

    stranger.see(f"/transfers/{transfer}", 403)
    stranger.see("/transfers/trf_nothing", 404)
    assert "韦秀英" not in stranger.see("/transfers")


@pytest.mark.parametrize(
    ("begun", "until"),
    [
        ((date(2026, 3, 2), 9), (date(2026, 3, 2), 17)),  # Monday morning: the whole day
        ((date(2026, 3, 2), 14), (date(2026, 3, 3), 14)),
        ((date(2026, 3, 6), 16), (date(2026, 3, 9), 16)),  # Friday: over the weekend
        ((date(2026, 3, 7), 12), (date(2026, 3, 9), 17)),
    ],
)
def test_eight_working_hours_pass_on_working_days_alone(
    begun: tuple[date, int], until: tuple[date, int]
) -> None:
    def at(day: date, hour: int) -> datetime:
        return datetime(day.year, day.month, day.day, hour, tzinfo=BEIJING).astimezone(UTC)

    assert working_hours_after(at(*begun), 8) == at(*until)


def test_a_union_beyond_the_list_is_typed_by_its_name(
    home: World, unions: tuple[str, str], seats: Seats, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.union("东江电子厂工会")
    far = home.union("东江")
    monkeypatch.setattr(pickers, "MOST", 2)
    person = home.worker("韦秀英")
    membership = home.enrol(person, UnionId(unions[0]))
    sender = seats(unions[0], Office.LIAISON)
    form = sender.open("transfers/offer", membership=membership)

    nobody = sender.send("transfers/offer", form, to_union="没有的工会")
    several = sender.send("transfers/offer", form, to_union="东")
    sent = sender.send("transfers/offer", form, to_union="东江")

    assert "没有找到“没有的工会”" in told(nobody.text)
    assert "东江电子厂工会" in told(several.text)
    assert sent.status_code == 303
    assert "东江" in told(sender.see("/transfers?tab=out"))
    with home.ledger.reading() as reader:
        offer = reader.get(Membership, membership).offer
    assert offer is not None
    assert offer.to_union == far
