"""A voucher in the worker's hand: taken where it is meant for, once, and nowhere else."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger import procedures, replay
from ledger.book import Conflict
from ledger.domain.corrections import Why
from ledger.domain.ids import MembershipId, PersonId, TransferId, UnionId
from ledger.domain.kernel import Act, Office, Refused
from ledger.domain.membership import (
    AcceptanceVoided,
    Answer,
    DeadlinePassed,
    Membership,
    NoSuchOffer,
    NotAddressedToYou,
    NotTheHolder,
    OfferAnswered,
    TransferReason,
    TransferVoucher,
    VoucherDiffers,
    VoucherElsewhere,
    VoucherExpired,
    VoucherForged,
    VoucherIssuerUnknown,
    VoucherOut,
    VoucherOver,
    VoucherShown,
    VoucherTooEarly,
    VoucherUnreadable,
    VoucherUsed,
    WithdrawReason,
)
from ledger.domain.offices import NotYourOffice, NotYourOwn
from ledger.domain.unions import UnionKind
from ledger.exchange.witnessing import introduce
from ledger.journal import vouchers
from ledger.journal.fsck import check as fsck
from ledger.journal.keys import Role, SigningKeys
from ledger.procedures import Checked, Taken
from ledger.projections import transfers
from ledger.projections.transfers import Line, Tab, TransferState
from tests.pair import Pair, open_pair
from tests.pair import close as close_pair
from tests.world import World, open_province

TODAY = date(2026, 3, 2)
TERM = date(2026, 3, 16)  # ten working days


class Held:
    """A worker of the village with a voucher for the street, which has not heard of her yet."""

    def __init__(self, pair: Pair, *, known: bool = False) -> None:
        self.pair, self.home, self.host = pair, pair.home, pair.host
        self.street = pair.street
        pair.sync()
        self.person, self.membership = pair.member()
        self.offer = pair.offer(self.membership)
        self.issue()
        self.text = self.written()
        if known:
            pair.sync()

    def issue(self) -> None:
        with self.home.entry(self.pair.village, Office.LIAISON) as entry:
            procedures.issue_voucher(entry, self.membership, self.offer)

    def written(self) -> str:
        with self.home.ledger.reading() as reader:
            return procedures.carried(reader, self.offer).text

    def take(
        self, text: str | None = None, union: UnionId | None = None, on: date | None = None
    ) -> Taken:
        into = union or self.street
        with self.host.entry(into, Office.LIAISON, on) as entry:
            return procedures.take_voucher(entry, text or self.text, employer="东江电子厂")

    def check(self, world: World | None = None, text: str | None = None) -> Checked:
        at = world or self.host
        with at.ledger.reading() as reader:
            return procedures.check_voucher(
                text or self.text, procedures.keys_of(at.ledger), at.today, here=at.origin,
                reader=reader,
            )  # fmt: skip

    def line(self, world: World | None = None) -> Line:
        ledger = (world or self.host).ledger
        with ledger.reading() as reader:
            return transfers.get(reader.conn, ledger.origin, [self.offer])[self.offer]

    @property
    def holders(self) -> tuple[str | None, str | None]:
        return self.pair.holders(self.membership)


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path).agree()
    yield opened
    close_pair(opened)


@pytest.fixture
def held(pair: Pair) -> Held:
    """The offer is on its way: the worker is quicker than the line."""
    return Held(pair)


@pytest.fixture
def known(pair: Pair) -> Held:
    """The offer has been read in both provinces."""
    return Held(pair, known=True)


@pytest.fixture(params=["sqlite", "postgresql"])
def mixed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Home on SQLite, host on SQLite and then on PostgreSQL."""
    url = str(request.getfixturevalue("postgres_url")) if request.param == "postgresql" else None
    opened = open_pair(tmp_path, url).agree()
    yield opened
    close_pair(opened)


def why(checked: Checked) -> type[Refused] | None:
    return type(checked.refused) if checked.refused else None


# ── the way it should go ──


def test_a_voucher_takes_the_place_of_the_offer_s_number(known: Held) -> None:
    assert known.check().good

    taken = known.take()
    known.pair.sync()

    assert taken == Taken(known.offer, known.person, accepted=True)
    assert known.holders == (known.host.origin, known.host.origin)
    line = known.line()
    assert line.state is TransferState.RECEIVED
    assert (line.shown_on, line.voucher_until) == (known.host.today, line.deadline)


def test_who_is_quicker_than_the_line_is_served_and_accepted_when_it_comes(mixed: Pair) -> None:
    held = Held(mixed)
    assert held.check().good

    first = held.take()
    waiting = held.line()
    with held.host.ledger.reading() as reader:
        served = reader.get(TransferVoucher, held.offer).serving(TODAY)
    held.pair.sync()
    open_ = held.line()
    second = held.take()
    held.pair.sync()

    assert first == Taken(held.offer, held.person, accepted=False)
    assert (waiting.state, waiting.person) == (TransferState.SHOWN, held.person)
    assert served == held.street
    assert (open_.state, open_.shown_on) == (TransferState.OPEN, TODAY)
    assert second == Taken(held.offer, held.person, accepted=True)
    assert held.holders == (held.host.origin, held.host.origin)
    for world in (held.home, held.host):
        assert fsck(world.ledger.database, world.origin, vault=world.ledger.vault).sound


def test_the_liaison_may_as_well_accept_the_offer_that_has_come(held: Held) -> None:
    held.take()
    held.pair.sync()

    held.pair.accept(held.membership, held.offer)
    held.pair.sync()

    assert held.holders == (held.host.origin, held.host.origin)
    assert why(held.check()) is VoucherUsed


def test_both_sides_tell_of_the_voucher(known: Held) -> None:
    known.take()
    known.pair.sync()

    for world in (known.home, known.host):
        with world.ledger.looking(world.look()) as reader:
            told = replay.transfer(reader, known.offer)
        texts = [line.text for line in told.lines]
        assert any("开具接转凭证" in text and "2026-03-16" in text for text in texts)
        assert any("出示接转凭证" in text and "莞城街道工会" in text for text in texts)


def test_before_the_offer_has_come_the_transfer_is_told_by_the_voucher(held: Held) -> None:
    held.take()

    with held.host.ledger.looking(held.host.look()) as reader:
        told = replay.transfer(reader, held.offer)

    assert (told.state.state, told.state.late) == (TransferState.SHOWN, False)
    assert told.state.to_name == "莞城街道工会"


def test_it_says_the_same_each_time_and_with_each_key(held: Held) -> None:
    again = held.written()
    held.home.ledger.signer.keys.rotate(Role.VOUCHER)
    fresh = held.written()

    assert again == held.text
    assert vouchers.of_text(fresh).voucher == vouchers.of_text(held.text).voucher
    assert vouchers.of_text(fresh).key_id != vouchers.of_text(held.text).key_id
    assert held.check().good
    assert why(held.check(text=fresh)) is VoucherIssuerUnknown
    introduce(held.home.ledger, held.host.ledger)
    assert held.check(text=fresh).good


def test_it_is_the_short_form_of_a_record_of_the_journal(known: Held) -> None:
    said = vouchers.of_text(known.text).voucher

    with known.host.ledger.reading() as reader:
        ((record, fact),) = reader.facts_at([(said.issuer, said.index + 1)])

    assert (record.kind, record.leaf.hex()) == ("VoucherIssued", said.leaf)
    assert (fact.on, record.stream) == (said.since, said.offer)


def test_within_a_province_it_is_used_the_same_way(pair: Pair) -> None:
    _, membership = pair.member()
    town = pair.home.union("镇工会", UnionKind.TOWNSHIP)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        offer = procedures.offer(entry, membership, town, TransferReason.WORKS_THERE)
        procedures.issue_voucher(entry, membership, offer)
    with pair.home.ledger.reading() as reader:
        text = procedures.carried(reader, offer).text

    with pair.home.entry(town, Office.LIAISON) as entry:
        taken = procedures.take_voucher(entry, text)

    assert taken.accepted
    with pair.home.ledger.reading() as reader:
        assert reader.get(Membership, membership).union == town


# ── who issues ──


def test_the_worker_herself_has_it_issued_and_nobody_else_s(pair: Pair) -> None:
    person, membership = pair.member()
    stranger, _ = pair.member()
    offer = pair.offer(membership)

    def as_worker(who: PersonId) -> None:
        act = Act(who, pair.village, Office.SELF, TODAY, TODAY)
        with pair.home.ledger.entry(act) as entry:
            procedures.issue_voucher(entry, membership, offer)

    with pytest.raises(NotYourOwn):
        as_worker(stranger)
    as_worker(person)
    with pair.home.ledger.reading() as reader:
        assert procedures.carried(reader, offer).voucher.person == person


def test_the_receiver_cannot_issue_it_nor_an_office_that_has_nothing_to_do_with_it(
    known: Held,
) -> None:
    with (
        pytest.raises(NotTheHolder),
        known.host.entry(known.street, Office.LIAISON) as entry,
    ):
        procedures.issue_voucher(entry, known.membership, known.offer)
    with (
        pytest.raises(NotYourOffice),
        known.home.entry(known.pair.village, Office.CASHIER) as entry,
    ):
        procedures.issue_voucher(entry, known.membership, known.offer)


def test_an_offer_has_one_voucher(held: Held) -> None:
    with pytest.raises(VoucherOut):
        held.issue()


def test_there_is_none_of_an_offer_that_is_answered_over_or_late(pair: Pair) -> None:
    _, answered = pair.member()
    _, withdrawn = pair.member()
    _, late = pair.member()
    offers = {each: pair.offer(each) for each in (answered, withdrawn, late)}
    pair.sync()
    pair.accept(answered, offers[answered])
    pair.home_reads()
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.withdraw(entry, withdrawn, offers[withdrawn], WithdrawReason.WORKER_STAYS)
    pair.home.time.to(TERM + timedelta(days=1))

    def issue(membership: MembershipId) -> None:
        with pair.home.entry(pair.village, Office.LIAISON) as entry:
            procedures.issue_voucher(entry, membership, offers[membership])

    with pytest.raises(NotTheHolder):
        issue(answered)
    with pytest.raises(NoSuchOffer):
        issue(withdrawn)
    with pytest.raises(DeadlinePassed):
        issue(late)


def test_there_is_none_of_an_offer_whose_answer_was_read(pair: Pair) -> None:
    _, membership = pair.member()
    offer = pair.offer(membership)
    told = Membership()
    with pair.home.ledger.reading() as reader:
        told = reader.get(Membership, membership)
    told.offers[offer] = replace(told.offers[offer], answer=Answer.ACCEPTED)

    with pytest.raises(OfferAnswered):
        told.issue_voucher(pair.home.act(pair.village, Office.LIAISON), offer)


# ── shown twice, elsewhere, too late ──


def test_shown_twice_it_is_refused_the_second_time(known: Held) -> None:
    known.take()

    assert why(known.check()) is VoucherUsed
    with pytest.raises(VoucherUsed):
        known.take()


def test_shown_twice_before_its_offer_came_it_is_refused_the_second_time(held: Held) -> None:
    held.take()

    with pytest.raises(VoucherUsed):
        held.take()


def test_shown_to_two_unions_of_a_province_one_has_taken_it(held: Held) -> None:
    shop = held.host.union("东江电子厂工会", UnionKind.GRASSROOTS, superior=held.street)
    held.take(union=shop)

    with pytest.raises(VoucherUsed):
        held.take()
    held.pair.sync()
    with pytest.raises(VoucherUsed):
        held.take()
    assert held.take(union=shop).accepted


def test_of_two_copies_at_one_moment_one_is_taken(held: Held) -> None:
    shop = held.host.union("东江电子厂工会", UnionKind.GRASSROOTS, superior=held.street)

    def both() -> None:
        with held.host.entry(held.street, Office.LIAISON) as late:
            procedures.take_voucher(late, held.text)
            held.take(union=shop)

    with pytest.raises(Conflict):
        both()
    with pytest.raises(VoucherUsed):
        held.take()


def test_in_a_third_province_it_is_refused(held: Held, tmp_path: Path) -> None:
    third = open_province(tmp_path, "43", time=held.home.time)
    with closing(third.ledger):
        introduce(held.home.ledger, third.ledger)

        assert why(held.check(third)) is VoucherElsewhere
        with (
            pytest.raises(VoucherElsewhere),
            third.entry(third.root, Office.LIAISON) as entry,
        ):
            procedures.take_voucher(entry, held.text)


def test_where_its_journal_is_not_known_it_is_not_believed(held: Held, tmp_path: Path) -> None:
    third = open_province(tmp_path, "43", time=held.home.time)
    with closing(third.ledger):
        checked = held.check(third)

    assert why(checked) is VoucherIssuerUnknown
    assert checked.voucher is None


def test_the_union_that_issued_it_cannot_take_it(held: Held) -> None:
    assert why(held.check(held.home)) is VoucherElsewhere


def test_a_union_that_it_is_not_for_does_not_take_it(held: Held) -> None:
    other = held.host.union("石龙镇工会", UnionKind.TOWNSHIP)

    with pytest.raises(NotAddressedToYou):
        held.take(union=other)


def test_after_its_term_it_is_dead_in_both_provinces(held: Held) -> None:
    held.host.time.to(TERM)
    assert held.check().good

    held.host.time.to(TERM + timedelta(days=1))

    assert why(held.check()) is VoucherExpired
    with pytest.raises(VoucherExpired):
        held.take()
    with pytest.raises(VoucherExpired):
        held.written()


def test_before_the_day_of_its_issue_it_does_not_count(held: Held) -> None:
    with pytest.raises(VoucherTooEarly):
        held.take(on=TODAY - timedelta(days=1))


def test_after_a_lapse_or_a_withdrawal_it_is_dead(known: Held) -> None:
    with known.home.entry(known.pair.village, Office.LIAISON) as entry:
        procedures.withdraw(entry, known.membership, known.offer, WithdrawReason.WORKER_STAYS)

    with pytest.raises(VoucherOver):
        known.written()
    known.pair.sync()
    assert why(known.check()) is VoucherOver
    with pytest.raises(VoucherOver):
        known.take()


def test_shown_while_the_partner_is_away_and_lapsed_there_it_moves_nothing(held: Held) -> None:
    held.take()
    held.home.time.to(TERM + timedelta(days=1))
    assert procedures.lapse_due(held.home.ledger) == [held.offer]

    held.pair.sync()

    assert held.line().state is TransferState.LAPSED
    assert held.holders == (held.home.origin, held.home.origin)
    with held.host.ledger.reading() as reader:
        assert reader.get(TransferVoucher, held.offer).serving(held.host.today) is None
    with pytest.raises(VoucherExpired):
        held.take()


def test_a_voucher_whose_offer_never_comes_is_over_with_its_term(held: Held) -> None:
    held.take()
    assert tabs(held) == {Tab.WAITING: 1}

    held.host.time.to(TERM)
    assert tabs(held) == {Tab.WAITING: 1}
    held.host.time.to(TERM + timedelta(days=1))
    assert tabs(held) == {Tab.RETURNED: 1}

    held.pair.sync()  # the offer comes after all, and is still open there
    assert held.line().state is TransferState.OPEN
    assert tabs(held) == {Tab.WAITING: 1, Tab.LATE: 1}


def tabs(held: Held) -> dict[Tab, int]:
    """Under which tabs of the host the transfer stands, by their counts and by their lists."""
    sought = transfers.Sought(held.host.today)
    with held.host.ledger.reading() as reader:
        conn, origin = reader.conn, held.host.origin
        counted = transfers.count(conn, origin, sought)
        listed = {
            tab: len(transfers.listing(conn, origin, replace(sought, tab=tab)).rows) for tab in Tab
        }
    assert counted == listed
    return {tab: number for tab, number in counted.items() if number}


def test_an_acceptance_on_a_voucher_that_meets_a_withdrawal_is_void(known: Held) -> None:
    known.take()
    with known.home.entry(known.pair.village, Office.LIAISON) as entry:
        procedures.withdraw(entry, known.membership, known.offer, WithdrawReason.WORKER_STAYS)

    known.pair.sync()

    with known.host.ledger.reading() as reader:
        kinds = [type(fact.event) for fact in reader.history(known.membership)]
    assert AcceptanceVoided in kinds
    assert known.holders == (known.home.origin, known.home.origin)


def test_a_voucher_taken_back_as_a_mistake_is_dead_where_that_is_known(known: Held) -> None:
    with known.home.ledger.reading() as reader:
        issued = reader.get(TransferVoucher, known.offer).issued
    assert issued is not None
    with known.home.entry(known.pair.village, Office.LIAISON) as entry:
        procedures.annul(entry, issued.position, Why.OTHER, "发错人")

    with known.home.ledger.reading() as reader:
        found = procedures.check_voucher(
            known.text, procedures.keys_of(known.home.ledger), TODAY, reader=reader
        )
    assert why(found) is VoucherOver
    known.issue()
    assert known.written() != known.text


# ── lies ──


def test_a_voucher_signed_by_another_key_is_refused(held: Held, tmp_path: Path) -> None:
    said = vouchers.of_text(held.text).voucher
    forger = SigningKeys(tmp_path / "forger", held.home.origin).one(Role.VOUCHER)
    own_key = vouchers.to_text(vouchers.sign(said, forger))
    borrowed = vouchers.Signed(
        said, vouchers.of_text(held.text).key_id, vouchers.encode(said), bytes(64)
    )

    assert why(held.check(text=own_key)) is VoucherIssuerUnknown
    assert why(held.check(text=vouchers.to_text(borrowed))) is VoucherForged
    assert why(held.check(text="LD1:NONSENSE")) is VoucherUnreadable
    for text in (own_key, vouchers.to_text(borrowed), held.text[:-3]):
        with pytest.raises((VoucherIssuerUnknown, VoucherForged, VoucherUnreadable)):
            held.take(text)


@pytest.mark.parametrize("known", [False, True])
def test_with_a_stolen_key_one_still_needs_a_record_of_the_journal(pair: Pair, known: bool) -> None:
    held = Held(pair, known=known)
    stolen = held.home.ledger.signer.keys.one(Role.VOUCHER)
    true = vouchers.of_text(held.text).voucher
    _, other = pair.member()
    elsewhere = pair.offer(other)
    lie = vouchers.to_text(vouchers.sign(replace(true, offer=elsewhere, index=2), stolen))

    with held.home.ledger.reading() as reader:
        at_home = procedures.check_voucher(
            lie, procedures.keys_of(held.home.ledger), TODAY, reader=reader
        )
    pair.sync()
    with held.host.ledger.reading() as reader:
        mirrored = reader.facts_at([(held.home.origin, true.index + 1)])[0][0]
    shifted = vouchers.sign(replace(true, leaf=vouchers.Code("ab" * 32)), stolen)

    assert why(at_home) is VoucherDiffers
    assert mirrored.leaf.hex() == true.leaf
    assert why(held.check(text=vouchers.to_text(shifted))) is VoucherDiffers
    with pytest.raises(VoucherDiffers):
        held.take(vouchers.to_text(shifted))


def test_what_was_put_on_record_says_which_record_was_signed(held: Held) -> None:
    held.take()

    with held.host.ledger.reading() as reader:
        shown = reader.get(TransferVoucher, held.offer).shown
    said = vouchers.of_text(held.text).voucher

    assert isinstance(shown, VoucherShown)
    assert (shown.from_origin, shown.index, shown.leaf) == (said.issuer, said.index, said.leaf)
    assert TransferId(shown.offer) == held.offer
