"""Funds: what is promised is what is there, and money between two journals is never lost or doubled."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from ledger.domain.corrections import FINAL, FactAnnulled, Why
from ledger.domain.funds import (
    AllotmentReceived,
    AllottedAside,
    BackCause,
    Fund,
    FundAllotted,
    FundClosed,
    FundCredited,
    FundExhausted,
    FundNotEmpty,
    FundNotOpen,
    FundOpened,
    FundUnnamed,
    MoneyDrawn,
    MoneyReserved,
    MoneyReturned,
    NoSuchShareOffer,
    NotDrawn,
    NothingUnfunded,
    NotOfOneFund,
    NotReserved,
    NotTheKeeper,
    PastPaymentNoted,
    PaymentDrawn,
    ReservationReleased,
    SameFund,
    ShareAcceptanceVoided,
    ShareAccepted,
    ShareAnswerKnown,
    ShareDeadlinePassed,
    ShareDeclined,
    ShareGroundMissing,
    ShareLapsed,
    ShareOffered,
    ShareOutcome,
    ShareReceived,
    ShareReleased,
    ShareReturned,
    ShareWithdrawn,
    Source,
    SourceKept,
    UnfundedCovered,
    UnfundedFirst,
)
from ledger.domain.ids import (
    AllotmentId,
    FundId,
    GrantId,
    UnionId,
    new_allotment,
    new_fund,
    new_grant,
    new_partnership,
    new_person,
    new_union,
)
from ledger.domain.kernel import Act, Code, Event, Fact, Fen, Office, Scope, StreamId
from ledger.domain.money import AmountNotPositive

PROVINCE, COUNTY, OTHER = new_union(), new_union(), new_union()
FUND, BELOW = new_fund(), new_fund()
GRANT, SECOND = new_grant(), new_grant()
CHAIR = new_person()
TODAY, DEADLINE = date(2026, 6, 1), date(2026, 6, 15)
GUANGXI, GUANGDONG = "liangdi.guangxi", "liangdi.guangdong"
JOINT, ANNEX = Code("两广帮扶救助基金"), new_partnership()
THOUSAND = Fen(1_000_00)


def act(union: UnionId = COUNTY, on: date = TODAY, office: Office = Office.APPROVER) -> Act:
    return Act(CHAIR, union, office, on, on)


def opened(source: Source = Source.OWN, fund: FundId = FUND) -> FundOpened:
    return Fund.open(act(), fund, COUNTY, "县总工会帮扶资金", source)


def fund(*events: Event, credited: Fen = THOUSAND) -> Fund:
    """The fund of the county, with money in it, after these events."""
    return Fund.told(opened(), FundCredited(FUND, credited, Source.OWN), *events)


def share(keeper: UnionId, contributor: str, origin: str, *events: Event) -> Fund:
    """A share of the joint fund, in a journal of its own."""
    first = Fund.open(
        act(keeper), new_fund(), keeper, "两广帮扶救助基金份额", Source.DONATION,
        annex=ANNEX, joint=JOINT, contributor=contributor,
    )  # fmt: skip
    return Fund.of(
        Fact(event, TODAY, origin, at) for at, event in enumerate((first, *events), 1)
    )  # fmt: skip


def ours(credited: Fen = THOUSAND) -> Fund:
    made = share(PROVINCE, "广西壮族自治区总工会", GUANGXI)
    then(made, FundCredited(_id(made), credited, Source.OWN, under=ANNEX))
    return made


def theirs() -> Fund:
    return share(OTHER, "广东省广西商会", GUANGDONG)


def then(thing: Fund, event: Event) -> None:
    thing.after(Fact(event, TODAY, thing.origin, 99))


def _id(thing: Fund) -> FundId:
    assert thing.opened is not None
    return thing.opened.fund


def offered(giver: Fund, receiver: Fund, amount: Fen = THOUSAND) -> AllotmentId:
    made = giver.offer(act(PROVINCE), receiver, amount, DEADLINE)
    then(giver, made)
    return made.offer


# ── one fund ─────────────────────────────────────────────────────────────────────────────────


def test_money_comes_in_is_reserved_drawn_and_what_is_left_released() -> None:
    held = fund(MoneyReserved(FUND, GRANT, Fen(300_00)))

    then(held, held.draw(act(), GRANT, 1, Fen(200_00)))
    then(held, held.release(act(), GRANT, Fen(100_00)))

    assert (held.balance, held.reserved, held.drawn) == (800_00, 0, 200_00)


def test_a_reservation_is_one_grants_own() -> None:
    held = fund(MoneyReserved(FUND, GRANT, Fen(300_00)))

    assert held.reserved_for(GRANT) == held.reserved == 300_00
    assert held.reserved_for(SECOND) == 0
    with pytest.raises(NotReserved):
        held.draw(act(), SECOND, 1, Fen(1))
    with pytest.raises(NotReserved):
        held.release(act(), GRANT, Fen(300_01))


def test_nobody_promises_more_than_is_free() -> None:
    held = fund(MoneyReserved(FUND, GRANT, Fen(999_99)))

    assert held.reserve(act(), SECOND, Fen(1)).amount == 1
    with pytest.raises(FundExhausted) as refused:
        held.reserve(act(), SECOND, Fen(2))
    assert refused.value.facts["balance"] == 1


def test_a_service_is_paid_once_out_of_what_is_free() -> None:
    held, tally = fund(MoneyReserved(FUND, GRANT, Fen(400_00))), StreamId("tal_" + "a" * 26)

    then(held, held.spend(act(), tally, 1, Fen(600_00)))

    assert (held.balance, held.reserved, held.drawn) == (0, 400_00, 600_00)
    with pytest.raises(PaymentDrawn):
        held.spend(act(), tally, 1, Fen(1))
    with pytest.raises(FundExhausted):
        held.spend(act(), tally, 2, Fen(1))
    with pytest.raises(NotTheKeeper):
        held.spend(act(new_union()), tally, 2, Fen(1))


@pytest.mark.parametrize("amount", [0, -1])
def test_every_movement_is_of_more_than_nothing(amount: int) -> None:
    held, nothing = fund(MoneyReserved(FUND, GRANT, Fen(1))), Fen(amount)
    moves: list[Callable[[], Event]] = [
        lambda: held.contribute(act(), nothing),
        lambda: held.allot(act(), BELOW, nothing),
        lambda: held.reserve(act(), GRANT, nothing),
        lambda: held.release(act(), GRANT, nothing),
        lambda: held.draw(act(), GRANT, 1, nothing),
        lambda: held.give_back(act(), GRANT, 1, nothing, BackCause.TAKEN_BACK),
        lambda: held.draw_past(act(), GRANT, 1, nothing),
        lambda: held.cover(act(), nothing),
        lambda: ours().offer(act(PROVINCE), theirs(), nothing, DEADLINE),
    ]

    for move in moves:
        with pytest.raises(AmountNotPositive):
            move()


def test_each_payment_is_drawn_once() -> None:
    held = fund(MoneyReserved(FUND, GRANT, Fen(300_00)), MoneyDrawn(FUND, GRANT, 1, Fen(100_00)))

    with pytest.raises(PaymentDrawn):
        held.draw(act(), GRANT, 1, Fen(100_00))
    with pytest.raises(PaymentDrawn):
        held.draw_past(act(), GRANT, 1, Fen(100_00))


def test_what_the_bank_sends_back_is_kept_for_the_grant_until_it_is_issued_again() -> None:
    held = fund(MoneyReserved(FUND, GRANT, Fen(300_00)), MoneyDrawn(FUND, GRANT, 1, Fen(300_00)))

    then(held, held.give_back(act(), GRANT, 1, Fen(300_00), BackCause.RETURNED_BY_BANK))

    assert (held.balance, held.reserved_for(GRANT), held.returned) == (700_00, 300_00, 300_00)
    assert held.draw(act(), GRANT, 2, Fen(300_00))


def test_what_is_taken_back_is_free_again() -> None:
    held = fund(MoneyReserved(FUND, GRANT, Fen(300_00)), MoneyDrawn(FUND, GRANT, 1, Fen(300_00)))

    then(held, held.give_back(act(), GRANT, 1, Fen(120_00), BackCause.TAKEN_BACK))

    assert (held.balance, held.drawn, held.returned) == (820_00, 300_00, 120_00)
    with pytest.raises(NotDrawn):
        held.give_back(act(), GRANT, 1, Fen(180_01), BackCause.TAKEN_BACK)


def test_a_past_payment_beyond_the_fund_stands_unfunded_until_it_is_covered() -> None:
    held = fund()

    noted = held.draw_past(act(), GRANT, 1, Fen(1_500_00))
    then(held, noted)

    assert noted.unfunded == held.unfunded == 500_00
    assert (held.balance, held.drawn) == (0, 1_500_00)
    then(held, FundCredited(FUND, Fen(800_00), Source.OWN))
    with pytest.raises(UnfundedFirst):
        held.reserve(act(), SECOND, Fen(1))
    with pytest.raises(NothingUnfunded):
        held.cover(act(), Fen(500_01))
    covered = held.coverable()
    assert covered is not None
    then(held, covered)
    assert (held.balance, held.unfunded) == (300_00, 0)
    assert held.coverable() is None


def test_no_more_is_covered_than_is_free() -> None:
    held = fund(PastPaymentNoted(FUND, GRANT, 1, Fen(1_500_00), Fen(500_00)))
    then(held, FundCredited(FUND, Fen(100_00), Source.OWN))

    with pytest.raises(FundExhausted):
        held.cover(act(), Fen(100_01))


def test_only_the_keeper_or_a_union_above_feeds_allots_and_closes() -> None:
    held, stranger = fund(), act(OTHER)

    assert held.contribute(act(PROVINCE), THOUSAND, line=[PROVINCE])
    for move in (
        lambda: Fund.open(stranger, new_fund(), COUNTY, "资金", Source.OWN),
        lambda: held.contribute(stranger, THOUSAND),
        lambda: held.allot(stranger, BELOW, THOUSAND),
        lambda: held.close(stranger),
    ):
        with pytest.raises(NotTheKeeper):
            move()


def test_a_fund_has_a_name_and_a_share_its_contributor() -> None:
    with pytest.raises(FundUnnamed):
        Fund.open(act(), FUND, COUNTY, " ", Source.OWN)
    with pytest.raises(FundUnnamed):
        Fund.open(act(), FUND, COUNTY, "份额", Source.DONATION, joint=JOINT)


def test_an_allotment_leaves_one_fund_and_reaches_the_other() -> None:
    giver, receiver = fund(), Fund.told(opened(fund=BELOW))

    allotted = giver.allot(act(), BELOW, Fen(400_00), Code("桂工发〔2026〕8号"))
    then(giver, allotted)
    then(receiver, receiver.receive(allotted, giver))

    assert (giver.balance, receiver.balance) == (600_00, 400_00)


def test_a_fund_does_not_allot_to_itself() -> None:
    with pytest.raises(SameFund):
        fund().allot(act(), FUND, Fen(1))


def test_central_money_stays_central_money() -> None:
    central = Fund.told(opened(Source.CENTRAL), FundCredited(FUND, THOUSAND, Source.CENTRAL))
    own = Fund.told(opened(fund=BELOW))

    with pytest.raises(SourceKept):
        own.receive(central.allot(act(), BELOW, THOUSAND), central)
    with pytest.raises(SourceKept):
        central.contribute(act(), THOUSAND, Source.DONATION)
    assert own.contribute(act(), THOUSAND, Source.INTEREST)


def test_money_is_allotted_along_the_tree_and_between_shares_of_one_joint_fund() -> None:
    giver, aside = fund(), Fund.told(opened(fund=BELOW))

    with pytest.raises(AllottedAside):
        aside.receive(giver.allot(act(), BELOW, Fen(1)), giver, in_line=False)
    one, other = ours(), share(COUNTY, "河池市总工会", GUANGXI)
    assert other.receive(one.allot(act(PROVINCE), _id(other), Fen(1)), one, in_line=False)


def test_a_fund_closes_empty_and_what_comes_back_to_it_is_allotted_on() -> None:
    held = fund(MoneyReserved(FUND, GRANT, THOUSAND))
    with pytest.raises(FundNotEmpty):
        held.close(act())
    then(held, held.draw(act(), GRANT, 1, THOUSAND))
    then(held, held.close(act()))

    then(held, held.give_back(act(), GRANT, 1, Fen(5_00), BackCause.TAKEN_BACK))

    with pytest.raises(FundNotOpen):
        held.reserve(act(), SECOND, Fen(5_00))
    assert held.allot(act(), BELOW, Fen(5_00))


def test_what_was_never_set_up_holds_nothing() -> None:
    with pytest.raises(FundNotOpen):
        Fund().reserve(act(), GRANT, Fen(1))


# ── corrections ──────────────────────────────────────────────────────────────────────────────


def corrected(*events: Event, at: int, by: Event) -> Fund:
    told = [Fact(event, TODAY, GUANGXI, place) for place, event in enumerate(events, 1)]
    return Fund.of([*told, Fact(by, TODAY, GUANGXI, len(told) + 1, corrects=at)])


def test_a_corrected_payment_counts_as_corrected() -> None:
    told = (
        opened(), FundCredited(FUND, THOUSAND, Source.OWN), MoneyReserved(FUND, GRANT, Fen(300_00)),
        MoneyDrawn(FUND, GRANT, 1, Fen(300_00)),
    )  # fmt: skip

    held = corrected(*told, at=4, by=MoneyDrawn(FUND, GRANT, 1, Fen(200_00)))

    assert (held.balance, held.reserved_for(GRANT), held.drawn) == (700_00, 100_00, 200_00)


def test_a_payment_corrected_beyond_its_reservation_takes_from_what_is_free() -> None:
    told = (
        opened(), FundCredited(FUND, THOUSAND, Source.OWN), MoneyReserved(FUND, GRANT, Fen(300_00)),
        MoneyDrawn(FUND, GRANT, 1, Fen(300_00)),
    )  # fmt: skip

    held = corrected(*told, at=4, by=MoneyDrawn(FUND, GRANT, 1, Fen(350_00)))

    assert (held.balance, held.reserved, held.drawn) == (650_00, 0, 350_00)


def test_a_shortfall_that_a_correction_shows_stands_among_the_unfunded() -> None:
    told = (
        opened(), FundCredited(FUND, THOUSAND, Source.OWN),
        MoneyReserved(FUND, GRANT, Fen(900_00)),
    )  # fmt: skip

    held = corrected(*told, at=2, by=FundCredited(FUND, Fen(100_00), Source.OWN))

    assert (held.balance, held.unfunded, held.reserved) == (0, 800_00, 900_00)
    with pytest.raises(FundExhausted):
        held.reserve(act(), SECOND, Fen(1))


def test_what_was_annulled_never_moved() -> None:
    gone = FactAnnulled(StreamId(FUND), 2, Code("FundCredited"), None, Why.TWICE)

    held = corrected(opened(), FundCredited(FUND, THOUSAND, Source.OWN), at=2, by=gone)

    assert held.balance == 0


def test_what_the_other_province_acts_on_is_not_annulled() -> None:
    between = (
        AllotmentReceived, FundAllotted, ShareOffered, ShareAccepted, ShareDeclined, ShareReleased,
        ShareReceived, ShareReturned, ShareLapsed, ShareWithdrawn, ShareAcceptanceVoided,
    )  # fmt: skip

    assert {kind.__name__ for kind in between} <= FINAL


# ── shares of two provinces ──────────────────────────────────────────────────────────────────


def test_money_between_two_shares_moves_by_offer_acceptance_and_release() -> None:
    giver, receiver = ours(), theirs()
    offer = offered(giver, receiver)
    assert (giver.balance, giver.offered, receiver.balance) == (0, 1_000_00, 0)

    then(receiver, receiver.accept(act(OTHER), offer, giver))
    assert receiver.balance == 0
    released = giver.conclude(offer, receiver, GUANGXI)
    assert isinstance(released, ShareReleased)
    then(giver, released)
    received = receiver.take(offer, giver, GUANGDONG)
    assert received is not None
    then(receiver, received)

    assert (giver.balance, giver.offered, receiver.balance) == (0, 0, 1_000_00)
    assert giver.conclude(offer, receiver, GUANGXI) is None
    assert receiver.take(offer, giver, GUANGDONG) is None


def test_declined_money_is_free_again() -> None:
    giver, receiver = ours(), theirs()
    offer = offered(giver, receiver)

    then(receiver, receiver.decline(act(OTHER), offer, giver, "本年度额度已足"))
    returned = giver.conclude(offer, receiver, GUANGXI)

    assert isinstance(returned, ShareReturned)
    then(giver, returned)
    assert (giver.balance, giver.offered) == (1_000_00, 0)


def test_whoever_declines_says_why() -> None:
    giver, receiver = ours(), theirs()

    with pytest.raises(ShareGroundMissing):
        receiver.decline(act(OTHER), offered(giver, receiver), giver, " ")


def test_an_offer_that_is_not_answered_in_time_lapses_by_the_givers_clock() -> None:
    giver, receiver = ours(), theirs()
    offer = offered(giver, receiver)

    assert giver.lapse(offer, receiver, GUANGXI, DEADLINE) is None
    lapsed = giver.lapse(offer, receiver, GUANGXI, DEADLINE + timedelta(1))

    assert isinstance(lapsed, ShareLapsed)
    then(giver, lapsed)
    assert giver.balance == 1_000_00


def test_an_acceptance_that_meets_a_lapse_is_void_and_moves_nothing() -> None:
    giver, receiver = ours(), theirs()
    offer = offered(giver, receiver)
    then(receiver, receiver.accept(act(OTHER), offer, giver))

    then(giver, ShareLapsed(_id(giver), offer, THOUSAND))

    assert giver.conclude(offer, receiver, GUANGXI) is None
    voided = receiver.void(offer, giver, GUANGDONG)
    assert voided is not None
    assert voided.outcome is ShareOutcome.LAPSED
    then(receiver, voided)
    assert (giver.balance, receiver.balance) == (1_000_00, 0)
    assert receiver.close(act(OTHER))


def test_an_accepted_offer_is_neither_withdrawn_nor_lapsed() -> None:
    giver, receiver = ours(), theirs()
    offer = offered(giver, receiver)
    then(receiver, receiver.accept(act(OTHER), offer, giver))

    with pytest.raises(ShareAnswerKnown):
        giver.withdraw(act(PROVINCE), offer, receiver)
    assert giver.lapse(offer, receiver, GUANGXI, DEADLINE + timedelta(9)) is None


def test_the_giver_withdraws_what_nobody_answered() -> None:
    giver, receiver = ours(), theirs()
    offer = offered(giver, receiver)

    then(giver, giver.withdraw(act(PROVINCE), offer, receiver))

    assert giver.balance == 1_000_00
    with pytest.raises(NoSuchShareOffer):
        giver.withdraw(act(PROVINCE), offer, receiver)
    with pytest.raises(NoSuchShareOffer):
        receiver.accept(act(OTHER), offer, giver)


def test_an_offer_is_answered_once_and_only_by_the_share_that_it_names() -> None:
    giver, receiver = ours(), theirs()
    offer = offered(giver, receiver)
    then(receiver, receiver.accept(act(OTHER), offer, giver))

    with pytest.raises(NoSuchShareOffer):
        receiver.accept(act(OTHER), offer, giver)
    with pytest.raises(NoSuchShareOffer):
        theirs().accept(act(OTHER), offer, giver)
    with pytest.raises(NoSuchShareOffer):
        theirs().decline(act(OTHER), new_allotment(), giver, "不是我方")


def test_an_offer_is_accepted_until_its_deadline() -> None:
    giver, receiver = ours(), theirs()
    offer = offered(giver, receiver)

    with pytest.raises(ShareDeadlinePassed):
        receiver.accept(act(OTHER, DEADLINE + timedelta(1)), offer, giver)
    with pytest.raises(ShareDeadlinePassed):
        giver.offer(act(PROVINCE), receiver, Fen(1), TODAY)


def test_money_crosses_only_between_shares_of_one_joint_fund() -> None:
    giver, neighbour = ours(), share(COUNTY, "河池市总工会", GUANGXI)

    for other in (fund(), neighbour):  # no share of it; one of the same journal
        with pytest.raises(NotOfOneFund):
            giver.offer(act(PROVINCE), other, Fen(1), DEADLINE)
    stray = ShareOffered(
        _id(giver), new_allotment(), FUND, Code(GUANGDONG), Fen(1), DEADLINE, None, ANNEX
    )
    then(giver, stray)
    with pytest.raises(NotOfOneFund):
        fund().accept(act(), stray.offer, giver)


def test_only_the_journal_that_keeps_a_fund_speaks_of_it() -> None:
    held = ours()

    held.after(Fact(FundCredited(_id(held), Fen(9_000_00), Source.OWN), TODAY, GUANGDONG, 7))
    held.after(Fact(FundClosed(_id(held)), TODAY, GUANGDONG, 8))

    assert held.balance == 1_000_00
    assert held.in_use


def test_an_offer_of_ours_is_concluded_here_alone() -> None:
    giver, receiver = ours(), theirs()
    offer = offered(giver, receiver)
    then(receiver, receiver.accept(act(OTHER), offer, giver))

    assert giver.conclude(offer, receiver, GUANGDONG) is None
    assert giver.lapse(offer, receiver, GUANGDONG, DEADLINE + timedelta(1)) is None


def test_every_fact_of_a_fund_goes_by_the_scope_of_aid() -> None:
    kinds = [kind for kind in Event.kinds.values() if kind.__module__ == FundOpened.__module__]

    assert {kind.scope for kind in kinds} == {Scope.AID}


# ── whatever happens, in whatever order it is read ───────────────────────────────────────────


class Journal:
    """One province: its facts, and how far it has read the other's."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.facts: list[Fact] = []
        self.read = 0


class Shares(RuleBasedStateMachine):
    """Two provinces, each with a share of the joint fund, and a county fund beside the first.

    Each decides by its own facts and those of the other that it has read so far.
    """

    @initialize()
    def begin(self) -> None:
        self.day = TODAY
        self.journals = [Journal(GUANGXI), Journal(GUANGDONG)]
        self.shares: list[FundId] = []
        for at, contributor in enumerate(("广西壮族自治区总工会", "广东省广西商会")):
            made = Fund.open(
                self.act(), new_fund(), PROVINCE, "联合基金", Source.DONATION, annex=ANNEX,
                joint=JOINT, contributor=contributor,
            )  # fmt: skip
            self.shares.append(made.fund)
            self.write(at, made)
        below = Fund.open(self.act(), new_fund(), PROVINCE, "县级资金", Source.OWN)
        self.below = below.fund
        self.write(0, below)
        self.grants = [new_grant(), new_grant()]
        self.payments = 0
        self.credited = 0
        for side in (0, 1):
            self.reads(side)

    def act(self, office: Office = Office.APPROVER) -> Act:
        return Act(CHAIR, PROVINCE, office, self.day, self.day)

    def write(self, side: int, *events: Event | None) -> None:
        journal = self.journals[side]
        for event in filter(None, events):
            journal.facts.append(
                Fact(event, self.day, journal.origin, len(journal.facts) + 1)
            )  # fmt: skip

    def fund(self, side: int, which: FundId) -> Fund:
        """The fund as this side knows it."""
        mine, other = self.journals[side], self.journals[1 - side]
        known = [*mine.facts, *other.facts[: mine.read]]
        return Fund.of(f for f in known if getattr(f.event, "fund", None) == which)

    def mine(self, side: int) -> Fund:
        return self.fund(side, self.shares[side])

    def others(self, side: int) -> Fund:
        return self.fund(side, self.shares[1 - side])

    # ── within ──

    @rule(side=st.integers(0, 1), amount=st.integers(1, 500))
    def credit(self, side: int, amount: int) -> None:
        held = self.mine(side)
        self.write(side, held.contribute(self.act(), Fen(amount)))
        self.write(side, self.mine(side).coverable())
        self.credited += amount

    @rule(amount=st.integers(1, 700))
    def allot(self, amount: int) -> None:
        giver, below = self.mine(0), self.fund(0, self.below)
        try:
            allotted = giver.allot(self.act(), self.below, Fen(amount))
        except (FundExhausted, UnfundedFirst):
            return
        self.write(0, allotted, below.receive(allotted, giver))

    @rule(side=st.integers(0, 1), grant=st.integers(0, 1), amount=st.integers(1, 700))
    def reserve(self, side: int, grant: int, amount: int) -> None:
        held = self.mine(side)
        try:
            self.write(side, held.reserve(self.act(), self.grants[grant], Fen(amount)))
        except FundExhausted:
            assert amount > held.balance
        except UnfundedFirst:
            assert held.unfunded > 0

    @rule(side=st.integers(0, 1), grant=st.integers(0, 1), amount=st.integers(1, 700))
    def release(self, side: int, grant: int, amount: int) -> None:
        held, name = self.mine(side), self.grants[grant]
        try:
            self.write(side, held.release(self.act(), name, Fen(amount)))
        except NotReserved:
            assert amount > held.reserved_for(name)

    @rule(side=st.integers(0, 1), grant=st.integers(0, 1), amount=st.integers(1, 700))
    def draw(self, side: int, grant: int, amount: int) -> None:
        held, name = self.mine(side), self.grants[grant]
        self.payments += 1
        try:
            self.write(side, held.draw(self.act(), name, self.payments, Fen(amount)))
        except NotReserved:
            assert amount > held.reserved_for(name)

    @rule(side=st.integers(0, 1), grant=st.integers(0, 1), amount=st.integers(1, 700))
    def draw_past(self, side: int, grant: int, amount: int) -> None:
        self.payments += 1
        name = self.grants[grant]
        noted = self.mine(side).draw_past(self.act(), name, self.payments, Fen(amount))
        self.write(side, noted)

    @precondition(lambda self: self.payments)
    @rule(
        side=st.integers(0, 1), grant=st.integers(0, 1), amount=st.integers(1, 300),
        payment=st.integers(1, 20), cause=st.sampled_from(BackCause),
    )  # fmt: skip
    def give_back(self, side: int, grant: int, amount: int, payment: int, cause: BackCause) -> None:
        name: GrantId = self.grants[grant]
        try:
            self.write(
                side, self.mine(side).give_back(self.act(), name, payment, Fen(amount), cause)
            )  # fmt: skip
        except NotDrawn:
            return

    @rule(side=st.integers(0, 1), at=st.integers(0, 50), amount=st.integers(1, 700))
    def correct(self, side: int, at: int, amount: int) -> None:
        """What was recorded turns out to have been another amount."""
        journal = self.journals[side]
        kinds = (MoneyReserved, MoneyDrawn, MoneyReturned, ReservationReleased, UnfundedCovered)
        done = {fact.corrects for fact in journal.facts}
        facts = [
            f for f in journal.facts if isinstance(f.event, kinds) and f.position not in done
        ]  # fmt: skip
        if facts:
            wrong = facts[at % len(facts)]
            right = type(wrong.event)(**{**wrong.event.__dict__, "amount": Fen(amount)})
            journal.facts.append(
                Fact(right, self.day, journal.origin, len(journal.facts) + 1,
                     corrects=wrong.position)
            )  # fmt: skip

    # ── between the two ──

    @rule(side=st.integers(0, 1), amount=st.integers(1, 700), days=st.integers(1, 3))
    def offer(self, side: int, amount: int, days: int) -> None:
        try:
            self.write(
                side,
                self.mine(side).offer(
                    self.act(), self.others(side), Fen(amount), self.day + timedelta(days)
                ),
            )
        except (FundExhausted, UnfundedFirst):
            return

    @rule(side=st.integers(0, 1), accepts=st.booleans())
    def answer(self, side: int, accepts: bool) -> None:
        giver, held = self.others(side), self.mine(side)
        for offer in giver.outgoing:
            try:
                self.write(
                    side,
                    held.accept(self.act(), offer, giver)
                    if accepts
                    else held.decline(self.act(), offer, giver, "不需要"),
                )
                return
            except (NoSuchShareOffer, ShareDeadlinePassed):
                continue

    @rule(side=st.integers(0, 1))
    def withdraw(self, side: int) -> None:
        held = self.mine(side)
        for offer in held.outgoing:
            try:
                self.write(side, held.withdraw(self.act(), offer, self.others(side)))
                return
            except (NoSuchShareOffer, ShareAnswerKnown):
                continue

    @rule(days=st.integers(1, 3))
    def days_pass(self, days: int) -> None:
        self.day += timedelta(days)

    @rule(side=st.integers(0, 1))
    def clock(self, side: int) -> None:
        held, origin = self.mine(side), self.journals[side].origin
        for offer in list(held.outgoing):
            self.write(side, held.lapse(offer, self.others(side), origin, self.day))

    @rule(side=st.integers(0, 1), some=st.integers(1, 5))
    def reads(self, side: int, some: int = 99) -> None:
        """A page of the other's facts is read, and what follows is written."""
        journal, other = self.journals[side], self.journals[1 - side]
        journal.read = min(journal.read + some, len(other.facts))
        for offer in list(self.mine(side).outgoing):
            self.write(side, self.mine(side).conclude(offer, self.others(side), journal.origin))
        for offer in list(self.others(side).outgoing):
            giver = self.others(side)
            self.write(side, self.mine(side).take(offer, giver, journal.origin))
            self.write(side, self.mine(side).void(offer, giver, journal.origin))

    # ── what always holds ──

    @invariant()
    def nothing_is_below_zero(self) -> None:
        for side in (0, 1):
            for held in (self.mine(side), self.others(side), self.fund(side, self.below)):
                assert held.balance >= 0
                assert held.reserved >= 0
                assert held.offered >= 0
                assert held.unfunded >= 0
                assert held.reserved == sum(map(held.reserved_for, self.grants))

    @invariant()
    def money_is_conserved(self) -> None:
        """All that was given is somewhere: once, or on its way with a release that tells so."""
        funds = [self.mine(0), self.mine(1), self.fund(0, self.below)]
        somewhere = sum(
            held.balance + held.reserved + held.offered + held.drawn - held.returned - held.unfunded
            for held in funds
        )
        arrived = {each.offer for held in funds for each in held.incoming.values() if each.received}
        on_the_way = sum(
            out.amount
            for held in funds
            for out in held.outgoing.values()
            if out.outcome is ShareOutcome.RELEASED and out.offer not in arrived
        )

        assert somewhere + on_the_way == self.credited


Shares.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestShares = Shares.TestCase
