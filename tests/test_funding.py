"""Money in the book: down the tree in one entry, and between two provinces in whatever order."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path

import pytest

from ledger import procedures
from ledger.book import Conflict
from ledger.domain.aiding import AidKind, KindRules, PayMode
from ledger.domain.channels import NoLivePartnership
from ledger.domain.corrections import FactCorrected, OthersRelyOnIt, Why
from ledger.domain.funds import (
    AllottedAside,
    Fund,
    FundExhausted,
    MoneyReserved,
    NotTheKeeper,
    ShareOutcome,
    Source,
)
from ledger.domain.ids import AllotmentId, FundId, SchemeId, UnionId, new_grant, new_scheme
from ledger.domain.kernel import Code, Fen, Office, Refused, Scope, StreamId
from ledger.domain.partnerships import Party
from ledger.domain.schemes import Scheme
from ledger.domain.unions import UnionKind
from ledger.projections import fund_statements
from ledger.projections.fund_statements import OfferRow
from tests.pair import SHARED, Pair, annex, close, open_pair
from tests.world import World, open_province

THOUSAND, THREE_HUNDRED = Fen(1_000_00), Fen(300_00)
JOINT = Code("两广帮扶救助基金")


# ── one province ─────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def home(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=ledger_url)
    yield world
    world.ledger.close()


def opened(world: World, keeper: UnionId, credited: int = 0, **given: object) -> FundId:
    told = {"source": Source.OWN, **given}
    with world.entry(keeper, Office.CHAIR) as entry:
        fund = procedures.open_fund(entry, keeper, "帮扶资金", **told)  # pyright: ignore[reportArgumentType]
    if credited:
        with world.entry(keeper, Office.ACCOUNTANT) as entry:
            procedures.credit(entry, fund, Fen(credited))
    return fund


def fund(world: World, name: FundId) -> Fund:
    with world.ledger.reading() as reader:
        return reader.get(Fund, name)


def test_a_union_above_sets_up_and_feeds_the_fund_of_one_below(home: World) -> None:
    county = home.union("东兰县总工会", UnionKind.FEDERATION)

    with home.entry(home.root, Office.CHAIR) as entry:
        made = procedures.open_fund(entry, county, "县级资金", Source.PROVINCIAL)

    assert fund(home, made).keeper == county
    stranger = home.union("河池市总工会", UnionKind.FEDERATION)
    with pytest.raises(NotTheKeeper), home.entry(stranger, Office.CHAIR) as entry:
        procedures.open_fund(entry, county, "县级资金", Source.OWN)


def test_money_goes_down_the_tree_and_back_up_but_not_aside(home: World) -> None:
    one, two = (home.union(n, UnionKind.FEDERATION) for n in ("东兰县总工会", "凤山县总工会"))
    above, below, aside = opened(home, home.root, THOUSAND), opened(home, one), opened(home, two)

    with home.entry(home.root, Office.APPROVER) as entry:
        procedures.allot(entry, above, below, Fen(600_00))
    with home.entry(one, Office.APPROVER) as entry:
        procedures.allot(entry, below, above, Fen(100_00))
    with pytest.raises(AllottedAside), home.entry(one, Office.APPROVER) as entry:
        procedures.allot(entry, below, aside, Fen(1))

    assert [fund(home, name).balance for name in (above, below, aside)] == [500_00, 500_00, 0]


def test_an_allotment_is_undone_by_another_and_not_annulled(home: World) -> None:
    county = home.union("东兰县总工会", UnionKind.FEDERATION)
    above, below = opened(home, home.root, THOUSAND), opened(home, county)
    with home.entry(home.root, Office.APPROVER) as entry:
        procedures.allot(entry, above, below, THOUSAND)
    assert entry.receipt is not None

    with pytest.raises(OthersRelyOnIt), home.entry(home.root, Office.APPROVER) as again:
        procedures.annul(
            again, entry.receipt.positions[0], Why.MISTYPED, "金额有误",
            confirmed_by=home.officer(home.root, Office.CHAIR),
        )  # fmt: skip


def test_two_entries_that_read_the_last_yuan_do_not_both_promise_it(home: World) -> None:
    made = opened(home, home.root, THOUSAND)
    act = home.act(home.root, Office.APPROVER)

    def promise(meanwhile: Callable[[], object] = lambda: None) -> None:
        with home.ledger.entry(act) as entry:
            entry.write(entry.read(Fund, made).reserve(act, new_grant(), THOUSAND))
            meanwhile()

    with pytest.raises(Conflict):
        promise(meanwhile=promise)

    assert (fund(home, made).balance, fund(home, made).reserved) == (0, THOUSAND)
    with pytest.raises(FundExhausted):
        promise()


# ── a long fund is folded on from where it was ──


def reserve(world: World, name: FundId, amount: int) -> int:
    with world.entry(world.root, Office.APPROVER) as entry:
        entry.write(entry.read(Fund, name).reserve(entry.act, new_grant(), Fen(amount)))
    assert entry.receipt is not None
    return entry.receipt.positions[0]


def whole(world: World, name: FundId) -> Fund:
    """The fund folded from its first record."""
    with world.ledger.reading() as reader:
        return Fund.of(reader.history(name))


def alike(one: Fund, other: Fund) -> bool:
    apart = [{**each.__dict__, "version": None} for each in (one, other)]
    return apart[0] == apart[1]


def test_a_fund_folded_on_is_the_fund_folded_whole(home: World) -> None:
    made = opened(home, home.root, THOUSAND)
    first = fund(home, made)
    position = reserve(home, made, 100)
    assert (first.reserved, fund(home, made).reserved) == (0, 100)

    with home.entry(home.root, Office.APPROVER) as entry:
        held = entry.read(Fund, made)
        entry.write(held.reserve(entry.act, new_grant(), Fen(20)))
        [(_, kept)] = entry.facts_at([(home.origin, position)])
        assert isinstance(kept.event, MoneyReserved)
        entry.write(
            FactCorrected(
                StreamId(made), position, Code("MoneyReserved"), None, Why.MISTYPED, note="多记"
            )
        )
        entry.write(replace(kept.event, amount=Fen(70)), corrects=position)
        assert entry.read(Fund, made).reserved == 90

    assert fund(home, made).reserved == 90
    assert fund(home, made).version == 6
    reserve(home, made, 3)
    assert alike(fund(home, made), whole(home, made))


def test_whoever_began_to_read_before_is_not_told_what_came_after(home: World) -> None:
    made = opened(home, home.root, THOUSAND)
    with home.ledger.reading() as early:
        assert early.get(Fund, made).reserved == 0  # the view of the ledger begins here
        reserve(home, made, 100)
        assert fund(home, made).reserved == 100

        assert early.get(Fund, made).reserved == 0

    assert fund(home, made).reserved == 100


# ── two provinces ────────────────────────────────────────────────────────────────────────────


class Shares:
    """A joint fund of the pair: the home federation's share, and one that a chamber contributes."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        told = {"annex": pair.partnership, "joint": JOINT, "source": Source.DONATION}
        self.ours = opened(
            pair.home, pair.home.root, THOUSAND, contributor="广西壮族自治区总工会", **told
        )
        self.theirs = opened(
            pair.host, pair.host.root, 200_00, contributor="广东省广西商会", **told
        )
        pair.sync()

    def offer(self, amount: Fen = THREE_HUNDRED) -> AllotmentId:
        with self.pair.home.entry(self.pair.home.root, Office.APPROVER) as entry:
            return procedures.offer_share(entry, self.ours, self.theirs, amount)

    def accept(self, offer: AllotmentId) -> None:
        with self.pair.host.entry(self.pair.host.root, Office.APPROVER) as entry:
            procedures.accept_share(entry, self.theirs, self.ours, offer)

    def decline(self, offer: AllotmentId) -> None:
        with self.pair.host.entry(self.pair.host.root, Office.APPROVER) as entry:
            procedures.decline_share(entry, self.theirs, self.ours, offer, "本年度额度已足")

    def withdraw(self, offer: AllotmentId) -> None:
        with self.pair.home.entry(self.pair.home.root, Office.APPROVER) as entry:
            procedures.withdraw_share(entry, self.ours, offer)

    def lapse(self) -> list[AllotmentId]:
        ledger = self.pair.home.ledger
        return procedures.lapse_shares(ledger, ledger.today + timedelta(60))

    def balances(self) -> tuple[int, int]:
        return fund(self.pair.home, self.ours).balance, fund(self.pair.host, self.theirs).balance

    def conserved(self) -> None:
        """All of it is in one place: with one of the two, or told by a release not yet read."""
        ours, theirs = fund(self.pair.home, self.ours), fund(self.pair.host, self.theirs)
        on_the_way = sum(
            out.amount
            for out in ours.outgoing.values()
            if out.outcome is ShareOutcome.RELEASED
            and not (out.offer in theirs.incoming and theirs.incoming[out.offer].received)
        )
        held = ours.balance + ours.offered + theirs.balance + theirs.offered
        assert held + on_the_way == 1_200_00

    def row(self, world: World, offer: AllotmentId) -> OfferRow:
        with world.ledger.reading() as reader:
            return fund_statements.offers(reader.conn, world.origin, offer=offer)[0]


AID = annex((*SHARED, Scope.AID))


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    made = open_pair(tmp_path).agree(AID)
    yield made
    close(made)


@pytest.fixture
def shares(pair: Pair) -> Shares:
    return Shares(pair)


def test_both_sides_read_the_same_joint_fund(shares: Shares) -> None:
    pair = shares.pair

    for world in (pair.home, pair.host):
        with world.ledger.reading() as reader:
            sought = fund_statements.Sought(joint=JOINT)
            rows = fund_statements.listing(reader.conn, world.origin, sought).rows
            told = fund_statements.totals(reader.conn, world.origin, [r.fund for r in rows])
        assert {row.contributor for row in rows} == {"广西壮族自治区总工会", "广东省广西商会"}
        assert {t.balance for t in told.values()} == {1_000_00, 200_00}


def test_a_fund_of_no_agreement_stays_at_home(shares: Shares) -> None:
    pair = shares.pair
    alone = opened(pair.home, pair.home.root, THOUSAND)

    pair.sync()

    with pair.host.ledger.reading() as reader:
        assert reader.history(alone) == []


def test_money_moves_when_the_release_is_read(shares: Shares) -> None:
    pair, offer = shares.pair, shares.offer()
    assert shares.balances() == (700_00, 200_00)
    pair.sync()

    shares.accept(offer)
    assert shares.balances() == (700_00, 200_00)
    pair.sync()

    assert shares.balances() == (700_00, 500_00)
    for world in (pair.home, pair.host):
        row = shares.row(world, offer)
        assert row.outcome is ShareOutcome.RELEASED
        assert row.received_on is not None


def test_declined_money_comes_back_to_the_giver(shares: Shares) -> None:
    pair, offer = shares.pair, shares.offer()
    pair.sync()

    shares.decline(offer)
    pair.sync()

    assert shares.balances() == (1_000_00, 200_00)
    assert shares.row(pair.host, offer).outcome is ShareOutcome.RETURNED


STEPS: dict[str, Callable[[Shares, AllotmentId], object]] = {
    "accepts": Shares.accept,
    "declines": Shares.decline,
    "withdraws": Shares.withdraw,
    "lapses": lambda shares, _: shares.lapse(),
    "home reads": lambda shares, _: shares.pair.home_reads(),
    "host reads": lambda shares, _: shares.pair.host_reads(),
}


@pytest.mark.parametrize("answer", ["accepts", "declines"])
@pytest.mark.parametrize("ending", ["withdraws", "lapses"])
def test_in_every_order_of_acting_and_reading_money_is_in_one_place(
    tmp_path: Path, answer: str, ending: str
) -> None:
    pair = open_pair(tmp_path).agree(AID)
    shares = Shares(pair)
    for order in permutations([answer, ending, "home reads", "host reads"]):
        before = shares.balances()
        offer = shares.offer(Fen(1_00))
        pair.host_reads()

        for step in order:
            with suppress(Refused):  # what can no longer be done is not done
                STEPS[step](shares, offer)
            shares.conserved()
        pair.sync()

        shares.conserved()
        row = shares.row(pair.home, offer)
        moved = 1_00 if row.outcome is ShareOutcome.RELEASED else 0
        assert shares.balances() == (before[0] - moved, before[1] + moved), order
        assert not row.open
        assert fund(pair.home, shares.ours).offered == 0
        told = fund(pair.host, shares.theirs).incoming.get(offer)
        assert told is None or not told.awaited, order
    close(pair)


def test_an_offer_is_set_aside_for_as_long_as_the_agreement_gives(shares: Shares) -> None:
    offer = shares.offer()
    home = shares.pair.home

    deadline = fund(home, shares.ours).outgoing[offer].deadline

    assert deadline == date(2026, 3, 16)  # ten working days
    assert procedures.lapse_shares(home.ledger, deadline) == []
    assert procedures.lapse_shares(home.ledger, deadline + timedelta(1)) == [offer]


def test_a_joint_fund_of_two_provinces_stands_under_an_agreement_that_covers_aid(
    tmp_path: Path,
) -> None:
    pair = open_pair(tmp_path).agree()

    with pytest.raises(NoLivePartnership):
        opened(pair.home, pair.home.root, annex=pair.partnership, joint=JOINT, contributor="总工会")
    close(pair)


def test_what_the_other_side_corrects_is_read_corrected(shares: Shares) -> None:
    pair = shares.pair
    with pair.host.entry(pair.host.root, Office.ACCOUNTANT) as entry:
        procedures.credit(entry, shares.theirs, Fen(50_00))
    assert entry.receipt is not None
    position = entry.receipt.positions[0]
    pair.sync()
    assert fund(pair.home, shares.theirs).balance == 250_00

    with pair.host.entry(pair.host.root, Office.ACCOUNTANT) as entry:
        procedures.annul(
            entry, position, Why.TWICE, "重复登记",
            confirmed_by=pair.host.officer(pair.host.root, Office.CHAIR),
        )  # fmt: skip
    pair.sync()

    assert fund(pair.home, shares.theirs).balance == 200_00
    with pair.home.ledger.reading() as reader:
        told = fund_statements.totals(reader.conn, pair.home.origin, [shares.theirs])
    assert told[shares.theirs].balance == 200_00


# ── what joins them later ────────────────────────────────────────────────────────────────────


def adopt(world: World, scheme: SchemeId, *funds: FundId) -> None:
    rules = [KindRules(kind=AidKind.STUDY, steps=(), modes=(PayMode.BANK,), funds=funds)]
    with world.entry(world.root, Office.CHAIR) as entry:
        held = entry.look_up(Scheme, scheme)
        version = held.latest.version + 1 if held.latest else 1
        under = procedures.agreements_of(entry, rules)
        entry.write(
            held.adopt(
                entry.act, scheme, "帮扶办法", version, world.today, rules, Code("450000"),
                under=under,
            )
        )  # fmt: skip


def versions(world: World, scheme: SchemeId) -> list[int]:
    with world.ledger.reading() as reader:
        return [each.version for each in reader.get(Scheme, scheme).versions]


def test_a_scheme_goes_with_the_joint_fund_that_it_names_and_stays_without(shares: Shares) -> None:
    pair, joint, alone = shares.pair, new_scheme(), new_scheme()
    adopt(pair.home, alone)
    adopt(pair.home, joint)
    pair.sync()
    assert (versions(pair.host, alone), versions(pair.host, joint)) == ([], [])

    adopt(pair.home, joint, shares.ours)
    pair.sync()
    assert versions(pair.host, joint) == [1, 2]  # what it said before comes along

    adopt(pair.home, joint)
    with pair.home.entry(pair.home.root, Office.CHAIR) as entry:
        entry.write(entry.read(Scheme, joint).repeal(entry.act))
    pair.sync()
    assert (versions(pair.host, alone), versions(pair.host, joint)) == ([], [1, 2, 3])
    with pair.host.ledger.reading() as reader:
        assert reader.get(Scheme, joint).until == pair.home.today


def test_who_comes_to_be_bound_later_gets_what_was_done_before(
    shares: Shares, tmp_path: Path
) -> None:
    pair, scheme = shares.pair, new_scheme()
    adopt(pair.home, scheme, shares.ours)
    third = open_province(tmp_path, "43", time=pair.home.time)
    three = [*pair.parties(), Party(third.root, Code(third.origin), Code("43"), "湖南省总工会")]
    two = Pair(pair.home, third)
    two.partnership = pair.partnership

    with pair.home.ledger.reading() as reader:
        proposal = next(
            one.position for one in reader.records(pair.partnership)
            if one.kind == "PartnershipProposed"
        )  # fmt: skip
    second = pair.home.officer(pair.home.root, Office.LEGAL)
    with pair.home.entry(pair.home.root, Office.CHAIR) as entry:
        procedures.correct(
            entry, proposal, {"parties": tuple(three)}, Why.MISTYPED, "漏列湖南省总工会",
            confirmed_by=second,
        )  # fmt: skip
    pair.sync()
    two.sync()
    pair.sign(pair.home)
    pair.sign(pair.host)
    pair.sync()
    two.sync()
    assert fund(third, shares.ours).opened is None  # it has not signed
    two.sign(third)
    two.sync()

    assert fund(third, shares.ours).balance == 1_000_00
    assert versions(third, scheme) == [1]
    third.ledger.close()
