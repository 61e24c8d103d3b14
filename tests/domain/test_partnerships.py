"""Agreements between federations: proposed, signed by all, amended, ended, and never forged."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.ids import PartnershipId, PersonId, UnionId, new_partnership, new_union
from ledger.domain.kernel import Act, Code, Event, Fact, Group, Office, Scope
from ledger.domain.partnerships import (
    USUAL_GROUPS,
    Admitted,
    AgreementUntitled,
    AlreadySigned,
    Annex,
    AnnexProposed,
    AnnexSigned,
    AnnexSuperseded,
    AtEnd,
    BeyondTheUmbrella,
    CardAdmitted,
    CardForTheLedger,
    CardKnownAlready,
    CardNotCompared,
    Cards,
    CountedBy,
    DeadlineMissing,
    EndedBeforeBeginning,
    FundWithoutKeeper,
    Liaison,
    LiaisonOfNoParty,
    Node,
    NodeIncomplete,
    NoSuchProposal,
    NotAParty,
    NotConcluded,
    NoticeTooShort,
    OwnCard,
    Partnership,
    PartnershipDeclined,
    PartnershipEndAgreed,
    PartnershipNoticeGiven,
    PartnershipOver,
    PartnershipProposed,
    PartnershipSigned,
    Party,
    ThirdParty,
    ThirdPartyRole,
    TooFewParties,
    UmbrellaNotLive,
    Unanswered,
    facts,
)

CHAIR = PersonId("per_aaaaaaaaaaaaaaaaaaaaaaaaaa")
GUANGXI, GUANGDONG, HUNAN = (Code(f"liangdi.{name}") for name in ("guangxi", "guangdong", "hunan"))
GX_UNION, GD_UNION, HN_UNION, COUNTY = (new_union() for _ in range(4))
GX = Party(GX_UNION, GUANGXI, Code("45"), "广西壮族自治区总工会")
GD = Party(GD_UNION, GUANGDONG, Code("44"), "广东省总工会")
HN = Party(HN_UNION, HUNAN, Code("43"), "湖南省总工会")
PARTNERSHIP, OTHER = new_partnership(), new_partnership()
TITLE = "两广工会友好交流合作协议书"
SINCE, TODAY, LATER = date(2015, 4, 1), date(2026, 6, 1), date(2026, 12, 1)
ANNEX = Annex(
    scopes=(Scope.MEMBERSHIP, Scope.PERSON),
    answer_days=10,
    unanswered=Unanswered.LAPSES,
    request_days=5,
    counted_by=CountedBy.HOST,
    late_after_days=30,
    notice_days=60,
    at_end=AtEnd.FINISH,
)
WIDER = replace(ANNEX, scopes=(Scope.MEMBERSHIP, Scope.PERSON, Scope.RIGHTS), answer_days=7)


def act(party: Party = GX, on: date = TODAY) -> Act:
    return Act(CHAIR, party.union, Office.CHAIR, on, TODAY)


class Journals:
    """A history in the making: each fact in the journal of the province that did it."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def write(self, origin: Code, event: Event, on: date, corrects: int | None = None) -> Fact:
        position = 1 + sum(fact.origin == origin for fact in self.facts)
        fact = Fact(event, on, origin=origin, position=position, corrects=corrects)
        self.facts.append(fact)
        return fact

    @property
    def partnership(self) -> Partnership:
        return Partnership.of(self.facts)


def proposed(parties: Sequence[Party] = (GX, GD), until: date | None = None) -> Journals:
    journals = Journals()
    event = Partnership.propose(
        act(on=date(2015, 3, 1)), PARTNERSHIP, TITLE, parties, ANNEX,
        origin=GUANGXI, since=SINCE, until=until,
    )  # fmt: skip
    journals.write(GUANGXI, event, date(2015, 3, 1))
    return journals


def signed(parties: Sequence[Party] = (GX, GD), until: date | None = None) -> Journals:
    journals = proposed(parties, until)
    for party in parties:
        event = journals.partnership.sign(act(party), origin=party.origin)
        journals.write(party.origin, event, SINCE)
    return journals


def with_annex(annex: Annex = WIDER, *signers: Party, since: date = LATER) -> tuple[Journals, str]:
    journals = signed()
    event = journals.partnership.propose_annex(
        act(), annex, origin=GUANGXI, since=since, until=None
    )
    ref = journals.write(GUANGXI, event, TODAY).ref
    for party in signers:
        by_party = journals.partnership.sign_annex(act(party), ref, origin=party.origin)
        journals.write(party.origin, by_party, TODAY)
    return journals, ref


# ── proposing and signing ────────────────────────────────────────────────────────────────────


def test_an_agreement_is_live_when_every_party_has_signed() -> None:
    journals = proposed()
    assert journals.partnership.waiting() == (GX, GD)

    for party, live in ((GX, False), (GD, True)):
        event = journals.partnership.sign(
            act(party), origin=party.origin, paper=Code("两广工会〔2015〕1号")
        )
        journals.write(party.origin, event, date(2015, 4, 10))
        assert journals.partnership.live(TODAY) is live

    partnership = journals.partnership
    assert partnership.waiting() == ()
    assert not partnership.live(date(2015, 4, 9))
    assert partnership.live(date(2015, 4, 10))
    assert partnership.ends() is None


def test_what_is_shared_is_what_the_annex_says_while_the_agreement_lives() -> None:
    partnership = signed(until=LATER).partnership

    assert partnership.covers(Scope.MEMBERSHIP, TODAY)
    assert not partnership.covers(Scope.AID, TODAY)
    assert not partnership.covers(Scope.NEVER, TODAY)
    assert not partnership.covers(Scope.MEMBERSHIP, LATER)
    assert partnership.covers(Scope.ALWAYS, LATER)
    assert partnership.terms(TODAY) == partnership.terms(LATER)
    assert partnership.ends() == LATER


def test_before_all_have_signed_only_the_agreement_itself_is_shared() -> None:
    partnership = proposed().partnership

    assert partnership.covers(Scope.ALWAYS, TODAY)
    assert not partnership.covers(Scope.MEMBERSHIP, TODAY)
    assert partnership.terms(TODAY) is None


def test_the_annex_is_kept_in_one_form() -> None:
    untidy = replace(
        ANNEX,
        scopes=(Scope.PERSON, Scope.NEVER, Scope.MEMBERSHIP, Scope.PERSON),
        groups=(Group.MEMBERSHIP, Group.IDENTITY, Group.CONTACT, Group.CONTACT),
        purpose=" 接转会籍 ",
    )

    event = Partnership.propose(
        act(), PARTNERSHIP, TITLE, [GX, GD], untidy, origin=GUANGXI,
        third_parties=[ThirdParty("广东省广西商会", ThirdPartyRole.CHAMBER)],
    )  # fmt: skip

    assert event.annex == replace(ANNEX, groups=USUAL_GROUPS, purpose="接转会籍")
    assert event.since == TODAY


def test_an_agreement_has_a_title_and_two_different_parties() -> None:
    with pytest.raises(AgreementUntitled):
        Partnership.propose(act(), PARTNERSHIP, " ", [GX, GD], ANNEX, origin=GUANGXI)
    for parties in ([GX], [GX, GD, GX]):
        with pytest.raises(TooFewParties):
            Partnership.propose(act(), PARTNERSHIP, TITLE, parties, ANNEX, origin=GUANGXI)


def test_only_a_party_acts_and_in_its_own_journal() -> None:
    with pytest.raises(NotAParty):
        Partnership.propose(act(HN), PARTNERSHIP, TITLE, [GX, GD], ANNEX, origin=HUNAN)
    with pytest.raises(NotAParty):
        proposed().partnership.sign(act(HN), origin=HUNAN)
    with pytest.raises(NotAParty):
        proposed().partnership.sign(act(GD), origin=GUANGXI)


def test_an_agreement_begins_before_it_ends() -> None:
    with pytest.raises(EndedBeforeBeginning):
        Partnership.propose(
            act(), PARTNERSHIP, TITLE, [GX, GD], ANNEX, origin=GUANGXI, since=TODAY, until=TODAY
        )
    with pytest.raises(EndedBeforeBeginning):
        signed().partnership.agree_end(act(), SINCE, origin=GUANGXI)


@pytest.mark.parametrize(
    "field",
    [
        "answer_days", "request_days", "late_after_days", "notice_days", "case_days",
        "call_back_tries", "heard_hours", "witnessed_hours",
    ],
)  # fmt: skip
def test_every_deadline_is_at_least_a_day(field: str) -> None:
    annex = replace(ANNEX, **{field: 0})

    with pytest.raises(DeadlineMissing):
        Partnership.propose(act(), PARTNERSHIP, TITLE, [GX, GD], annex, origin=GUANGXI)


def test_a_joint_fund_has_one_keeper_and_the_keeper_is_a_party() -> None:
    fund = Code("帮扶救助基金")

    for keeper in (None, COUNTY):
        annex = replace(ANNEX, fund=fund, fund_keeper=keeper)
        with pytest.raises(FundWithoutKeeper):
            Partnership.propose(act(), PARTNERSHIP, TITLE, [GX, GD], annex, origin=GUANGXI)

    kept = replace(ANNEX, fund=fund, fund_keeper=GX_UNION)
    event = Partnership.propose(act(), PARTNERSHIP, TITLE, [GX, GD], kept, origin=GUANGXI)
    assert event.annex.fund_keeper == GX_UNION


def test_a_liaison_answers_for_a_party_and_a_party_without_one_answers_itself() -> None:
    stranger = replace(ANNEX, liaisons=(Liaison(HN_UNION, HN_UNION),))
    with pytest.raises(LiaisonOfNoParty):
        Partnership.propose(act(), PARTNERSHIP, TITLE, [GX, GD], stranger, origin=GUANGXI)

    station = Liaison(GX_UNION, COUNTY, Office.STATION)
    journals, _ = with_annex(replace(WIDER, liaisons=(station,)), GX, GD)

    assert journals.partnership.liaison(GX_UNION, LATER) == station
    assert journals.partnership.liaison(GD_UNION, LATER) == Liaison(GD_UNION, GD_UNION)
    assert Partnership().liaison(GD_UNION, LATER) == Liaison(GD_UNION, GD_UNION)


def test_a_party_signs_once() -> None:
    partnership = signed().partnership

    with pytest.raises(AlreadySigned):
        partnership.sign(act(), origin=GUANGXI)
    with pytest.raises(AlreadySigned):
        partnership.decline(act(), origin=GUANGXI)


def test_what_a_party_declined_is_signed_no_more() -> None:
    journals = proposed()
    event = journals.partnership.decline(act(GD), origin=GUANGDONG)
    journals.write(GUANGDONG, event, TODAY)

    partnership = journals.partnership

    assert partnership.declined == {GD_UNION}
    with pytest.raises(PartnershipOver):
        partnership.sign(act(), origin=GUANGXI)
    with pytest.raises(PartnershipOver):
        partnership.decline(act(), origin=GUANGXI)


def test_nothing_is_signed_where_nothing_was_proposed() -> None:
    with pytest.raises(NoSuchProposal):
        Partnership().sign(act(), origin=GUANGXI)
    with pytest.raises(NoSuchProposal):
        signed().partnership.sign_annex(act(), "liangdi.guangxi#99", origin=GUANGXI)

    assert Partnership().declined == frozenset()
    assert Partnership().waiting() == Partnership().parties == ()
    assert Partnership().umbrella is Partnership().ends() is None


# ── nobody speaks for another ────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("origin", "signer"),
    [
        pytest.param(GUANGXI, GD_UNION, id="the other side's name in our journal"),
        pytest.param(GUANGDONG, GX_UNION, id="our name in the other side's journal"),
        pytest.param(HUNAN, HN_UNION, id="a union that is no party"),
    ],
)
def test_a_signature_counts_only_from_a_party_in_its_own_journal(
    origin: Code, signer: UnionId
) -> None:
    journals = proposed()
    by_us = journals.partnership.sign(act(), origin=GUANGXI)
    journals.write(GUANGXI, by_us, SINCE)

    journals.write(origin, PartnershipSigned(PARTNERSHIP, signer, by_us.proposal), SINCE)

    assert not journals.partnership.live(TODAY)
    assert journals.partnership.waiting() == (GD,)


def test_a_proposal_out_of_a_strangers_journal_is_none() -> None:
    journals = Journals()
    event = PartnershipProposed(PARTNERSHIP, TITLE, (GX, GD), ANNEX, SINCE)

    journals.write(HUNAN, event, SINCE)

    assert journals.partnership.proposed is None


def test_a_second_proposal_in_the_same_stream_does_not_take_over_the_signatures() -> None:
    journals = signed()
    greedy = replace(ANNEX, scopes=tuple(Scope))
    event = PartnershipProposed(PARTNERSHIP, TITLE, (GX, GD), greedy, date(2014, 1, 1))

    journals.write(GUANGDONG, event, date(2014, 1, 1))

    assert not journals.partnership.covers(Scope.AID, TODAY)
    assert journals.partnership.covers(Scope.MEMBERSHIP, TODAY)


def test_a_proposal_that_is_corrected_after_signing_has_to_be_signed_again() -> None:
    journals = signed()
    greedy = replace(ANNEX, scopes=tuple(Scope))
    event = PartnershipProposed(PARTNERSHIP, TITLE, (GX, GD), greedy, SINCE)

    journals.write(GUANGXI, event, SINCE, corrects=1)

    assert not journals.partnership.covers(Scope.AID, TODAY)
    assert journals.partnership.waiting() == (GX, GD)


def test_an_annex_or_an_end_out_of_a_strangers_journal_changes_nothing() -> None:
    journals = signed()
    strange = AnnexProposed(PARTNERSHIP, 2, WIDER, SINCE)
    ref = Code(journals.write(HUNAN, strange, SINCE).ref)
    for party in (GX, GD):
        journals.write(party.origin, AnnexSigned(PARTNERSHIP, party.union, 2, ref), SINCE)
        journals.write(HUNAN, PartnershipNoticeGiven(PARTNERSHIP, party.union, SINCE), SINCE)
        journals.write(HUNAN, PartnershipEndAgreed(PARTNERSHIP, party.union, SINCE), SINCE)

    partnership = journals.partnership

    assert partnership.live(TODAY)
    assert partnership.terms(TODAY) == signed().partnership.terms(TODAY)
    with pytest.raises(NoSuchProposal):
        partnership.sign_annex(act(), ref, origin=GUANGXI)


# ── annexes ──────────────────────────────────────────────────────────────────────────────────


def test_an_annex_is_in_force_only_when_all_have_signed_and_from_its_day() -> None:
    one_side, ref = with_annex(WIDER, GX)
    both_sides, _ = with_annex(WIDER, GX, GD)

    waiting = one_side.partnership.waiting_annexes()

    assert [(annex.version, missing) for annex, missing in waiting.values()] == [(2, (GD,))]
    assert list(waiting) == [ref]
    assert not one_side.partnership.covers(Scope.RIGHTS, LATER)
    assert both_sides.partnership.waiting_annexes() == {}
    assert not both_sides.partnership.covers(Scope.RIGHTS, TODAY)
    assert both_sides.partnership.covers(Scope.RIGHTS, LATER)


def test_a_late_signature_puts_an_annex_in_force_late() -> None:
    journals, _ = with_annex(WIDER, GX, GD, since=SINCE)

    assert not journals.partnership.covers(Scope.RIGHTS, date(2026, 5, 31))
    assert journals.partnership.covers(Scope.RIGHTS, TODAY)


def test_an_annex_can_renew_the_agreement() -> None:
    journals = signed(until=TODAY)
    event = journals.partnership.propose_annex(act(), ANNEX, origin=GUANGXI, until=LATER)
    ref = journals.write(GUANGXI, event, TODAY).ref

    for party in (GX, GD):
        by_party = journals.partnership.sign_annex(act(party), ref, origin=party.origin)
        journals.write(party.origin, by_party, date(2026, 6, 10))

    partnership = journals.partnership
    days = (date(2026, 5, 31), TODAY, date(2026, 6, 10), LATER)
    assert [partnership.live(day) for day in days] == [True, False, True, False]
    assert partnership.ends() == LATER


def test_an_annex_follows_a_concluded_agreement() -> None:
    with pytest.raises(NotConcluded):
        proposed().partnership.propose_annex(act(), WIDER, origin=GUANGXI, until=None)
    with pytest.raises(NotConcluded):
        proposed().partnership.give_notice(act(), LATER, origin=GUANGXI)


def test_an_annex_is_signed_once_and_never_after_a_newer_one() -> None:
    journals, old = with_annex(WIDER, GX)
    with pytest.raises(AlreadySigned):
        journals.partnership.sign_annex(act(), old, origin=GUANGXI)

    newer = journals.partnership.propose_annex(act(), ANNEX, origin=GUANGXI, until=None)
    ref = journals.write(GUANGXI, newer, TODAY).ref
    for party in (GX, GD):
        by_party = journals.partnership.sign_annex(act(party), ref, origin=party.origin)
        journals.write(party.origin, by_party, TODAY)

    assert newer.version == 3
    with pytest.raises(AnnexSuperseded):
        journals.partnership.sign_annex(act(GD), old, origin=GUANGDONG)


# ── under an umbrella ────────────────────────────────────────────────────────────────────────


def pair(annex: Annex, umbrella: Partnership, partner: Party = GD) -> PartnershipProposed:
    county = Party(COUNTY, GUANGXI, Code("45"), "东兰县总工会")
    city = replace(partner, union=HN_UNION, name="东莞市总工会")
    return Partnership.propose(
        act(county), OTHER, "县市结对", [county, city], annex, origin=GUANGXI, umbrella=umbrella
    )


def test_a_county_and_a_city_pair_under_the_agreement_of_their_provinces() -> None:
    umbrella = signed().partnership

    event = pair(replace(ANNEX, scopes=(Scope.MEMBERSHIP,)), umbrella)

    assert event.umbrella == PARTNERSHIP


def test_an_umbrella_that_is_not_live_covers_nobody() -> None:
    with pytest.raises(UmbrellaNotLive):
        pair(ANNEX, proposed().partnership)


def test_nothing_under_an_umbrella_reaches_beyond_it() -> None:
    umbrella = signed().partnership

    with pytest.raises(BeyondTheUmbrella):
        pair(WIDER, umbrella)
    with pytest.raises(BeyondTheUmbrella):
        pair(replace(ANNEX, groups=(Group.BANK,)), umbrella)
    with pytest.raises(BeyondTheUmbrella):
        pair(ANNEX, umbrella, partner=HN)


def test_an_annex_under_an_umbrella_keeps_within_it_too() -> None:
    umbrella, journals = signed().partnership, Journals()
    event = pair(ANNEX, umbrella)
    county, city = event.parties
    ref = Code(journals.write(GUANGXI, event, TODAY).ref)
    for party in (county, city):
        journals.write(party.origin, PartnershipSigned(OTHER, party.union, ref), TODAY)

    below = journals.partnership

    assert below.umbrella == PARTNERSHIP
    with pytest.raises(BeyondTheUmbrella):
        below.propose_annex(act(county), WIDER, origin=GUANGXI, until=None, umbrella=umbrella)
    with pytest.raises(UmbrellaNotLive):
        below.propose_annex(act(county), ANNEX, origin=GUANGXI, until=None)
    assert below.propose_annex(
        act(county), ANNEX, origin=GUANGXI, until=None, umbrella=umbrella
    ).version == 2  # fmt: skip


# ── ending ───────────────────────────────────────────────────────────────────────────────────


def test_one_side_ends_an_agreement_after_the_notice_that_the_annex_asks_for() -> None:
    journals = signed()

    with pytest.raises(NoticeTooShort):
        journals.partnership.give_notice(act(GD), date(2026, 7, 30), origin=GUANGDONG)

    event = journals.partnership.give_notice(act(GD), date(2026, 7, 31), origin=GUANGDONG)
    journals.write(GUANGDONG, event, TODAY)
    partnership = journals.partnership
    assert partnership.live(date(2026, 7, 30))
    assert not partnership.live(date(2026, 7, 31))
    assert partnership.ends() == date(2026, 7, 31)
    terms = partnership.terms(LATER)
    assert terms is not None
    assert terms.at_end is AtEnd.FINISH


def test_a_notice_never_reaches_back() -> None:
    journals = signed()

    journals.write(GUANGDONG, PartnershipNoticeGiven(PARTNERSHIP, GD_UNION, SINCE), TODAY)

    assert journals.partnership.live(date(2026, 5, 31))
    assert not journals.partnership.live(TODAY)


def test_an_agreed_end_holds_when_every_party_has_agreed() -> None:
    journals = signed()

    for party, live in ((GX, True), (GD, False)):
        event = journals.partnership.agree_end(act(party), LATER, origin=party.origin)
        journals.write(party.origin, event, TODAY)
        assert journals.partnership.live(LATER) is live

    assert journals.partnership.live(TODAY)
    assert journals.partnership.ends() == LATER


def test_what_is_over_is_not_amended() -> None:
    journals = signed()
    notice = PartnershipNoticeGiven(PARTNERSHIP, GD_UNION, LATER)
    journals.write(GUANGDONG, notice, TODAY)

    partnership = journals.partnership

    with pytest.raises(PartnershipOver):
        partnership.propose_annex(act(), WIDER, origin=GUANGXI, since=LATER, until=None)
    with pytest.raises(PartnershipOver):
        partnership.give_notice(act(GD), LATER, origin=GUANGDONG)


def test_of_three_parties_one_may_leave_and_the_others_go_on() -> None:
    journals = signed((GX, GD, HN))
    assert journals.partnership.partners(GUANGXI, TODAY) == (GD, HN)

    event = journals.partnership.give_notice(act(HN), LATER, origin=HUNAN)
    journals.write(HUNAN, event, TODAY)

    partnership = journals.partnership
    assert partnership.live(LATER)
    assert partnership.ends() is None
    assert partnership.partners(GUANGXI, TODAY) == (GD, HN)
    assert partnership.partners(GUANGXI, LATER) == (GD,)
    assert partnership.partners(HUNAN, LATER) == ()
    assert partnership.partners(HUNAN) == (GX, GD)


def test_when_the_last_but_one_leaves_the_agreement_is_over() -> None:
    journals = signed((GX, GD, HN))
    for party, ends in ((HN, date(2026, 9, 1)), (GD, LATER)):
        event = journals.partnership.give_notice(act(party), ends, origin=party.origin)
        journals.write(party.origin, event, TODAY)

    partnership = journals.partnership

    assert partnership.live(date(2026, 11, 30))
    assert not partnership.live(LATER)
    assert partnership.ends() == LATER


def test_between_two_of_its_days_an_agreement_shares_the_same() -> None:
    journals, _ = with_annex(WIDER, GX, GD)
    notice = PartnershipNoticeGiven(PARTNERSHIP, GD_UNION, date(2027, 3, 1))
    journals.write(GUANGDONG, notice, TODAY)

    partnership = journals.partnership

    assert partnership.days() == [SINCE, LATER, date(2027, 3, 1)]


# ── always ───────────────────────────────────────────────────────────────────────────────────

KINDS = [
    kind
    for kind in Event.kinds.values()
    if kind.__module__ == facts.__name__ and kind is not CardAdmitted  # of no agreement yet
]
PARTIES = st.sampled_from([GX, GD, HN])
DAYS = st.dates(date(2026, 1, 1), date(2026, 12, 31))
REFS = st.builds(
    lambda origin, position: Code(f"{origin}#{position}"),
    st.sampled_from([GUANGXI, GUANGDONG]),
    st.integers(1, 3),
)
ANNEXES = st.sampled_from([ANNEX, WIDER])
EVENTS = st.one_of(
    st.builds(
        PartnershipProposed,
        partnership=st.just(PARTNERSHIP),
        parties=st.sampled_from([(GX, GD), (GX, GD, HN)]),
        annex=ANNEXES,
        since=DAYS,
        until=st.none() | DAYS,
    ),
    st.builds(PartnershipSigned, party=PARTIES.map(lambda party: party.union), proposal=REFS),
    st.builds(PartnershipDeclined, party=PARTIES.map(lambda party: party.union), proposal=REFS),
    st.builds(AnnexProposed, version=st.integers(1, 3), annex=ANNEXES, since=DAYS),
    st.builds(AnnexSigned, party=PARTIES.map(lambda party: party.union), proposal=REFS),
    st.builds(PartnershipNoticeGiven, party=PARTIES.map(lambda party: party.union), ends=DAYS),
    st.builds(PartnershipEndAgreed, party=PARTIES.map(lambda party: party.union), ends=DAYS),
)


def answers(facts: Sequence[Fact], on: date) -> tuple[object, ...]:
    partnership = Partnership.of(facts)
    return (
        partnership.live(on),
        partnership.terms(on),
        partnership.versions(),
        partnership.waiting(),
        partnership.waiting_annexes(),
        partnership.declined,
        partnership.ends(),
        partnership.partners(GUANGXI, on),
    )


def numbered(made: list[tuple[Code, Event, date]]) -> list[Fact]:
    journals = Journals()
    for origin, event, on in made:
        journals.write(origin, event, on)
    return journals.facts


HISTORIES = st.lists(
    st.tuples(st.sampled_from([GUANGXI, GUANGDONG, HUNAN]), EVENTS, DAYS), max_size=12
).map(numbered)


@given(HISTORIES, DAYS, st.randoms(use_true_random=False))
def test_no_answer_hangs_on_the_order_in_which_the_journals_are_read(
    facts: list[Fact], on: date, random: Random
) -> None:
    shuffled = list(facts)
    random.shuffle(shuffled)

    assert answers(shuffled, on) == answers(facts, on)


@given(st.permutations(with_annex(WIDER, GX, GD)[0].facts))
def test_a_signed_agreement_is_the_same_in_any_order(facts: list[Fact]) -> None:
    partnership = Partnership.of(facts)

    assert partnership.covers(Scope.RIGHTS, LATER)
    assert [version.number for version in partnership.versions()] == [1, 2]


@given(HISTORIES, DAYS)
def test_nothing_is_live_without_the_signature_of_every_party(facts: list[Fact], on: date) -> None:
    partnership = Partnership.of(facts)

    signers = {fact.origin for fact in facts if isinstance(fact.event, PartnershipSigned)}
    assert not partnership.live(on) or {p.origin for p in partnership.parties} <= signers


FACTS = st.lists(
    st.builds(
        Fact,
        event=st.one_of([st.from_type(kind) for kind in KINDS]),
        on=st.dates(),
        origin=st.sampled_from(["a", "b"]),
        position=st.integers(0, 20),
        corrects=st.none() | st.integers(1, 20),
    ),
    max_size=8,
)


@given(FACTS, st.dates())
def test_after_any_sequence_of_facts_folding_never_refuses(facts: list[Fact], on: date) -> None:
    partnership = Partnership.of(facts)

    assert isinstance(partnership.live(on), bool)
    assert partnership.ends() is None or partnership.proposed is not None


def test_the_stream_is_the_partnership() -> None:
    fields = {next(iter(kind.__annotations__.items())) for kind in KINDS}

    assert fields == {("partnership", PartnershipId)}


# ── nodes ────────────────────────────────────────────────────────────────────────────────────

KEY = Code(f"{GUANGXI}+00000000+AQ==")
NODE = Node(Code("https://gx.example:8443"), (Code("MIIB"),), (KEY,))
MOVED = replace(NODE, address=Code("https://gx2.example:8443"))


def test_a_node_is_pinned_once_every_party_has_signed() -> None:
    told = proposed([replace(GX, node=NODE), GD])
    told.write(GUANGXI, told.partnership.sign(act(), origin=GUANGXI), TODAY)

    before = told.partnership.node(GUANGXI)
    told.write(GUANGDONG, told.partnership.sign(act(GD), origin=GUANGDONG), TODAY)
    after = told.partnership.node(GUANGXI)

    assert before is None
    assert after is not None
    assert after.node == NODE
    assert told.partnership.node(GUANGDONG) is None


def test_a_party_announces_its_own_node_and_no_other() -> None:
    told = signed()
    told.write(GUANGXI, told.partnership.announce(act(), NODE, origin=GUANGXI), TODAY)
    told.write(GUANGXI, told.partnership.announce(act(), MOVED, origin=GUANGXI), TODAY)
    forged = told.partnership.announce(act(), NODE, origin=GUANGXI)
    told.write(GUANGDONG, forged, TODAY)  # in another's journal it says nothing

    pinned = told.partnership.node(GUANGXI)

    assert pinned is not None
    assert pinned.node == MOVED
    with pytest.raises(NotAParty):
        told.partnership.announce(act(), NODE, origin=GUANGDONG)


@pytest.mark.parametrize(
    "node",
    [
        replace(NODE, address=Code("http://gx.example")),
        replace(NODE, certificates=()),
        replace(NODE, keys=(Code(f"{GUANGDONG}+00000000+AQ=="),)),
    ],
)
def test_a_node_without_address_certificate_or_key_is_refused(node: Node) -> None:
    with pytest.raises(NodeIncomplete):
        signed().partnership.announce(act(), node, origin=GUANGXI)
    with pytest.raises(NodeIncomplete):
        Partnership.propose(
            act(), PARTNERSHIP, TITLE, [replace(GX, node=node), GD], ANNEX, origin=GUANGXI
        )


CARD = replace(
    GD,
    node=Node(Code("https://gd.example"), (Code("MIIB"),), (Code(f"{GUANGDONG}+0a0b0c0d+AQ=="),)),
)


def admitted(**changed: Any) -> CardAdmitted:
    asked: dict[str, Any] = {
        "act": act(), "root": GX_UNION, "party": CARD, "known": None, "origin": GUANGXI,
        "after": None, "compared": True, **changed,
    }  # fmt: skip
    return Cards.admit(**asked)


def test_a_card_is_admitted_and_the_newest_counts_until_the_record_that_it_names() -> None:
    assert CARD.node is not None
    moved = replace(CARD, node=replace(CARD.node, address=Code("https://gd2.example")))

    told = Cards.told(admitted(), admitted(party=moved, known=CARD.node, after=f"{GUANGDONG}#7"))

    assert told.admitted == {GUANGDONG: Admitted(2, moved, f"{GUANGDONG}#7")}


def test_a_card_is_admitted_for_the_federation_whose_ledger_it_is() -> None:
    with pytest.raises(CardForTheLedger):
        admitted(root=COUNTY)


def test_nobody_admits_her_own_card_or_one_that_says_nothing_new() -> None:
    with pytest.raises(OwnCard):
        admitted(party=replace(GX, node=NODE))
    with pytest.raises(CardKnownAlready):
        admitted(known=CARD.node)
    with pytest.raises(NodeIncomplete):
        admitted(party=GD)


def test_no_card_is_admitted_before_its_fingerprint_was_read_out() -> None:
    with pytest.raises(CardNotCompared):
        admitted(compared=False)


def test_a_signature_under_an_annex_is_none_under_the_agreement() -> None:
    journals = Journals()
    journals.write(GUANGXI, PartnershipProposed(PARTNERSHIP, "协议", (GX, GD), ANNEX, SINCE), SINCE)
    journals.write(GUANGDONG, PartnershipSigned(PARTNERSHIP, GD.union, Code(f"{GUANGXI}#1")), SINCE)
    journals.write(GUANGXI, AnnexSigned(PARTNERSHIP, GX.union, 1, Code(f"{GUANGXI}#1")), SINCE)

    assert [party.union for party in journals.partnership.waiting()] == [GX.union]
    assert not journals.partnership.live(SINCE)
