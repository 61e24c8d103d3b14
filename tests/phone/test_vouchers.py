"""The worker's own voucher on her own phone, and the page on which anybody checks one."""

import re
from datetime import date, timedelta

import pytest

from ledger import procedures
from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Office
from ledger.domain.membership import TransferReason, WithdrawReason
from ledger.projections import transfers
from ledger.window import Window
from tests.phone.conftest import Phone, let_in
from tests.world import World


class Moving:
    """韦秀英 of the village, whose membership is offered to the street."""

    def __init__(self, home: World) -> None:
        self.home = home
        self.village, self.street = home.union("纳合村工会"), home.union("街道工会")
        self.person: PersonId = home.worker("韦秀英", phone="13900000001")
        self.membership: MembershipId = home.enrol(self.person, self.village)
        with home.entry(self.village, Office.LIAISON) as entry:
            self.offer: TransferId = procedures.offer(
                entry, self.membership, self.street, TransferReason.WORKS_THERE
            )

    @property
    def path(self) -> str:
        return f"/m/voucher/{self.offer}"

    def take(self, text: str, union: UnionId | None = None) -> None:
        with self.home.entry(union or self.street, Office.LIAISON) as entry:
            procedures.take_voucher(entry, text)

    def withdraw(self) -> None:
        with self.home.entry(self.village, Office.LIAISON) as entry:
            procedures.withdraw(entry, self.membership, self.offer, WithdrawReason.WORKER_STAYS)


@pytest.fixture
def moving(home: World) -> Moving:
    return Moving(home)


@pytest.fixture
def hers(phone: Phone, window: Window, home: World, moving: Moving) -> Phone:
    return let_in(phone, window, home, moving.person)


def letters(phone: Phone) -> str:
    found = re.search(r"LD1:[A-Z2-7]+", phone.page.text)
    assert found is not None, phone.text
    return found[0]


def test_who_has_moved_is_led_to_her_voucher_and_takes_it_out_by_herself(
    hers: Phone, moving: Moving, home: World
) -> None:
    hers.open("/m/membership")
    assert f'href="{moving.path}"' in hers.page.text
    hers.open("/m/moved")
    assert hers.page.url.path == moving.path
    assert "您的会籍正在转往街道工会" in hers.text
    form = hers.form(moving.path)

    for _ in range(3):
        hers.send(form, moving.path)

    assert 'src="data:image/svg+xml' in hers.page.text
    assert "到 街道工会 ，把这个码给工会扫一下" in hers.text
    assert "韦秀英" not in hers.page.text
    moving.take(letters(hers))
    with home.ledger.reading() as reader:
        line = transfers.get(reader.conn, home.origin, [moving.offer])[moving.offer]
        kinds = [type(fact.event).__name__ for fact in reader.history(moving.offer)]
    assert line.state is transfers.TransferState.RECEIVED
    assert kinds == ["VoucherIssued", "VoucherShown"]


def test_who_has_gone_elsewhere_can_still_say_so(hers: Phone, moving: Moving) -> None:
    hers.open("/m/moved?again=1")

    assert "您现在在哪里上班" in hers.text


def test_a_voucher_is_of_nobody_else(
    phone: Phone, window: Window, home: World, moving: Moving
) -> None:
    phone.open(moving.path, 401)
    stranger = let_in(phone, window, home, home.worker("覃海燕"))

    stranger.open(moving.path, 404)
    stranger.open("/m/voucher/nonsense", 404)
    stranger.open("/m/moved")
    assert stranger.page.url.path == "/m/moved"


def test_without_the_form_s_token_nothing_is_issued(hers: Phone, moving: Moving) -> None:
    hers.send({"csrf": "x"}, moving.path, status=403)


@pytest.mark.parametrize("ends", ["withdrawn", "late"])
def test_of_a_transfer_that_is_over_there_is_nothing_to_carry(
    hers: Phone, moving: Moving, home: World, ends: str
) -> None:
    hers.open(moving.path)
    hers.press(moving.path)
    if ends == "withdrawn":
        moving.withdraw()
    else:
        home.time.to(home.today + timedelta(days=40))
    let_in(hers, Window({"45": home.ledger}, demo=True), home, moving.person)

    hers.open(moving.path, 409)
    assert "不用凭证了" in hers.text
    hers.open("/m/membership")
    assert moving.path not in hers.page.text


# ── anybody ──


@pytest.fixture
def text(hers: Phone, moving: Moving) -> str:
    """A voucher in her hand; nobody is signed in any more."""
    hers.open(moving.path)
    hers.press(moving.path)
    made = letters(hers)
    hers.http.cookies.clear()
    return made


def test_anybody_can_check_a_voucher_and_learns_of_nobody(
    phone: Phone, text: str, moving: Moving
) -> None:
    phone.open("/check")
    pasted = phone.send({}, "/check", {"voucher": f" {text[:60]}\n{text[60:].lower()}"})
    scanned = phone.open(f"/V/{text}")

    for said in (pasted, scanned):
        assert "✓ 是真的" in said
        assert "广西壮族自治区总工会签发，开给街道工会" in said
        assert "2026年3月2日至2026年3月16日有效，只能用一次" in said
    for secret in (moving.person, moving.offer, "韦秀英"):
        assert secret not in phone.page.text
    assert phone.page.headers["cache-control"] == "no-store"


def test_what_cannot_be_used_says_why(phone: Phone, text: str, moving: Moving, home: World) -> None:
    spoilt = phone.open(f"/V/{text[:-6]}AAAAAA")
    nothing = phone.send({}, "/check", {"voucher": ""}, status=422)
    moving.take(text)
    used = phone.open(f"/V/{text}")
    home.time.to(date(2026, 3, 17))
    late = phone.open(f"/V/{text}")

    assert "✗ 对不上" in spoilt
    assert "签名不对" in spoilt or "读不出来" in spoilt
    assert "请把凭证内容贴进来" in nothing
    assert "✗ 不能用 凭证已经用过" in used
    assert "✗ 不能用 凭证已过有效期" in late


@pytest.mark.parametrize(
    "text", ["x", "LD1:", "<script>alert(1)</script>", "%00", "LD1:" + "A" * 600, "。" * 300]
)
def test_whatever_is_asked_is_answered_in_words(phone: Phone, moving: Moving, text: str) -> None:
    said = phone.send({}, "/check", {"voucher": text})

    assert "✗ 对不上" in said
    assert "<script>alert" not in phone.page.text
