"""Vouchers as pages (接转凭证): issued and printed at one window, checked and taken at another."""

import re
from datetime import date

import pytest

from ledger.domain.ids import UnionId
from ledger.domain.kernel import Office
from tests.console.conftest import Clerk, Seats, told
from tests.console.test_transfers import offered
from tests.world import World


@pytest.fixture
def unions(home: World) -> tuple[str, str]:
    return home.union("纳合村工会"), home.union("街道工会")


@pytest.fixture
def transfer(home: World, seats: Seats, unions: tuple[str, str]) -> str:
    """An offer of 韦秀英's membership, with a voucher."""
    (made,) = offered(home, seats, unions, "韦秀英")
    seats(unions[0], Office.LIAISON).act("transfers/issue_voucher", {"transfer": made})
    return made


def text_on(page: str) -> str:
    found = re.search(r"LD1:[A-Z2-7]+", page)
    assert found is not None
    return found[0]


def check(clerk: Clerk, text: str) -> str:
    form = re.search(r'name="csrf" value="([^"]+)"', clerk.see("/vouchers"))
    assert form is not None
    answered = clerk.http.post("/vouchers", data={"csrf": form[1], "text": text})
    assert answered.status_code == 200, answered.text
    return answered.text


def test_a_voucher_is_printed_where_the_membership_is(
    transfer: str, unions: tuple[str, str], seats: Seats
) -> None:
    sender = seats(unions[0], Office.LIAISON)
    page = sender.see(f"/transfers/{transfer}")

    printed = sender.see(f"/transfers/{transfer}/voucher")

    assert f'href="/transfers/{transfer}/voucher"' in page
    assert "/do/transfers/issue_voucher?" not in page
    assert 'src="data:image/svg+xml' in printed
    assert "纳合村工会 → 街道工会" in told(printed)
    assert "韦秀英" not in told(printed).partition("会籍接转凭证")[2]
    assert text_on(printed)


def test_it_is_checked_and_taken_at_the_other_window(
    transfer: str, unions: tuple[str, str], seats: Seats
) -> None:
    text = text_on(seats(unions[0], Office.LIAISON).see(f"/transfers/{transfer}/voucher"))
    receiver = seats(unions[1], Office.LIAISON)

    good = check(receiver, f"https://gx.example/v/{text[:100]}\n {text[100:].lower()}")
    led_to = receiver.act("vouchers/take", {"voucher": text}, employer="玉柴机器")
    again = check(receiver, text)

    assert "凭证有效" in told(good)
    assert "/do/vouchers/take?" in good
    assert led_to.startswith(f"/transfers/{transfer}")
    assert "已转入" in told(receiver.see(led_to))
    assert "已出示" in told(receiver.see(led_to))
    assert "凭证已经用过" in told(again)
    assert "/do/vouchers/take?" not in again
    receiver.see(f"/transfers/{transfer}/voucher", 409)


@pytest.mark.parametrize("text", ["", "LD1:", "<script>", "LD1:" + "A" * 5000])
def test_what_is_no_voucher_is_told_so(unions: tuple[str, str], seats: Seats, text: str) -> None:
    page = check(seats(unions[1], Office.LIAISON), text)

    assert ("凭证内容读不出来" in told(page)) == bool(text)
    assert "<script>" not in page.partition("<main")[2]


def test_a_refusal_on_the_form_says_which_rule_and_what_to_do(
    transfer: str, unions: tuple[str, str], seats: Seats, home: World
) -> None:
    text = text_on(seats(unions[0], Office.LIAISON).see(f"/transfers/{transfer}/voucher"))
    other = seats(home.union("另一工会"), Office.LIAISON)

    refused = other.send("vouchers/take", other.open("vouchers/take", voucher=text))
    home.time.to(date(2027, 1, 4))
    late = seats(unions[1], Office.LIAISON)
    dead = late.send("vouchers/take", late.open("vouchers/take", voucher=text))

    assert refused.status_code == dead.status_code == 409
    assert "不是发给本工会的" in told(refused.text)
    assert "凭证已过有效期" in told(dead.text)
    assert UnionId(unions[1])


def test_a_transfer_without_a_voucher_has_no_page_for_it(
    home: World, unions: tuple[str, str], seats: Seats
) -> None:
    (transfer,) = offered(home, seats, unions, "覃海燕")
    sender = seats(unions[0], Office.LIAISON)

    assert "/do/transfers/issue_voucher?" in sender.see(f"/transfers/{transfer}")
    sender.see(f"/transfers/{transfer}/voucher", 404)
    sender.see("/transfers/nonsense/voucher", 404)
