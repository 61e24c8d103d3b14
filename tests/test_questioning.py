"""Questions and samples through the book: who had a part is found, both sides fold one question."""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from ledger import procedures, replay
from ledger.book import NotFound
from ledger.domain.aid import (
    MoneyTakenBack,
    PaymentMade,
    ReceiptSigned,
    SheetPaid,
    TakeBackOrdered,
)
from ledger.domain.aiding import PayMode
from ledger.domain.channels import Cause
from ledger.domain.corrections import OthersRelyOnIt, Why
from ledger.domain.funds import Source
from ledger.domain.ids import (
    PersonId,
    QuestionId,
    UnionId,
    new_household,
)
from ledger.domain.kernel import Act, Basis, Code, Event, Fen, Group, Office, Redacted, Scope
from ledger.domain.offices import NotYourOffice, Offices
from ledger.domain.persons import Household, Relation
from ledger.domain.questions import (
    AskedAlready,
    AskerAnswers,
    Cited,
    CorrectsNothingCited,
    NotSharedWithThem,
    NotYourKindOfQuestion,
    Outcome,
    PartyRules,
    Population,
    Question,
    QuestionAnswered,
    QuestionKind,
    QuestionState,
    Reply,
    RulerTookPart,
    SampleDrawn,
    SampleOutOfRange,
    TakesNothingCitedBack,
    Verdict,
)
from ledger.domain.services import ServiceKind, Unit
from ledger.domain.unions import UnionKind
from ledger.procedures import aiding
from ledger.projections import VIEWS, questions, rebuild
from ledger.projections.filters import UnknownFilter
from ledger.projections.questions import Line, Sought
from tests.aid import YUAN, AidOffice
from tests.auditing import granted, place, settled, take_back
from tests.pair import SHARED, Pair, annex, close, open_pair
from tests.world import World, open_province


@pytest.fixture
def home(tmp_path: Path, ledger_url: str) -> Iterator[World]:
    world = open_province(tmp_path, url=ledger_url)
    yield world
    world.ledger.close()


@pytest.fixture
def village(home: World) -> UnionId:
    return home.union("纳合村工会")


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    terms = annex(
        scopes=(*SHARED, Scope.SERVICES), groups=(Group.IDENTITY, Group.MEMBERSHIP, Group.CASE)
    )
    opened = open_pair(tmp_path).agree(terms)
    yield opened
    close(opened)


def newest(world: World) -> Cited:
    with world.ledger.database.reading() as conn:
        return Cited(Code(world.origin), world.ledger.recorder.page(conn, 0, 10_000)[-1].position)


def tally(world: World, union: UnionId, number: int = 10) -> Cited:
    """A record that concerns nobody."""
    with world.entry(union) as entry:
        procedures.count(entry, ServiceKind.HEALTH, number, Unit.PERSON_TIMES)
    return newest(world)


def served(world: World, union: UnionId, person: PersonId) -> Cited:
    """A record that concerns somebody."""
    with world.entry(union) as entry:
        procedures.give(entry, [person], ServiceKind.HEALTH)
    return newest(world)


def ask(
    world: World, union: UnionId, cites: Sequence[Cited],
    kind: QuestionKind = QuestionKind.AUDIT_QUERY, office: Office = Office.AUDITOR, **more: Any,
) -> QuestionId:  # fmt: skip
    told: dict[str, Any] = {
        "text": "人数与签到表不符",
        "answer_days": 10,
        "ruling_days": 15,
        **more,
    }
    with world.entry(union, office) as entry:
        return procedures.raise_question(entry, kind, cites, **told)


def answer(
    world: World, union: UnionId, question: QuestionId, reply: Reply = Reply.EXPLAINS,
    office: Office = Office.CHAIR,
) -> None:  # fmt: skip
    with world.entry(union, office) as entry:
        procedures.answer_question(entry, question, reply, "签到表有两页")


def rule(
    world: World, union: UnionId, question: QuestionId, verdict: Verdict = Verdict.UPHELD,
    office: Office = Office.CHAIR, **more: Any,
) -> None:  # fmt: skip
    with world.entry(union, office) as entry:
        procedures.rule_question(entry, question, verdict, "查明属实", **more)


def line(world: World, question: QuestionId) -> Line:
    with world.ledger.reading() as reader:
        return questions.get(reader.conn, world.origin, [question])[question]


def listed(world: World, **sought: Any) -> list[QuestionId]:
    with world.ledger.reading() as reader:
        asked = Sought(world.today, **sought)
        return [each.question for each in questions.listing(reader.conn, world.origin, asked).rows]


def rebuilt(*worlds: World) -> None:
    for world in worlds:
        rebuild(world.ledger.database, world.origin, *[view for view in VIEWS if view.tables])


# ── within a province ────────────────────────────────────────────────────────────────────────


def test_an_audit_query_is_answered_ruled_and_closed_by_the_correction(
    home: World, village: UnionId
) -> None:
    cited = tally(home, village, 100)
    question = ask(home, home.root, [cited], rule=Code("ReportNotSum"))
    told = line(home, question)
    assert (told.state, told.turn, told.asked, told.judge) == (
        QuestionState.OPEN, village, village, home.root,
    )  # fmt: skip

    answer(home, village, question)
    assert line(home, question).turn == home.root
    rule(home, home.root, question, remedy_days=20)
    with home.entry(village) as entry:
        procedures.correct(entry, cited.position, {"count": 90}, Why.MISTYPED, "多录十人")
    with home.entry(home.root, Office.AUDITOR) as entry:
        procedures.close_question(entry, question, Outcome.CORRECTED, remedies=[newest(home)])

    told = line(home, question)
    assert (told.state, told.verdict, told.outcome, told.turn, told.due) == (
        QuestionState.CLOSED, Verdict.UPHELD, Outcome.CORRECTED, None, None,
    )  # fmt: skip
    with home.ledger.reading() as reader:
        place = cited.origin, cited.position
        found = questions.of_records(reader.conn, home.origin, [place])
    assert [each.question for each in found[place]] == [question]
    rebuilt(home)


def test_one_finding_is_one_question_until_it_is_withdrawn(home: World, village: UnionId) -> None:
    cited = tally(home, village)
    first = ask(home, home.root, [cited], rule=Code("PaidTwice"), text="")

    with pytest.raises(AskedAlready):
        ask(home, home.root, [cited], rule=Code("PaidTwice"))
    with home.entry(home.root, Office.AUDITOR) as entry:
        procedures.close_question(entry, first, Outcome.WITHDRAWN, "凭证已找到")

    again = ask(home, home.root, [cited], rule=Code("PaidTwice"))
    assert listed(home, open=True) == [again]
    assert listed(home, record=cited.ref, open=False) == [first]


def test_what_is_dismissed_stands_and_is_closed_with_its_ruling(
    home: World, village: UnionId
) -> None:
    question = ask(home, home.root, [tally(home, village)])
    answer(home, village, question)

    rule(home, home.root, question, Verdict.DISMISSED)

    assert line(home, question).outcome is Outcome.STANDS


def test_who_decided_what_is_cited_does_not_rule_nor_who_acts_for_them(
    home: World, village: UnionId
) -> None:
    with home.entry(village, Office.STATION) as entry:
        procedures.count(entry, ServiceKind.HEALTH, 10, Unit.PERSON_TIMES)
    question = ask(home, village, [newest(home)])
    answer(home, village, question)
    decided, deputy = home.officer(village, Office.STATION), home.officer(village, Office.CLERK)
    with home.procedure(village, date(2000, 1, 1)) as entry:
        entry.write(Offices().appoint(entry.act, decided, village, Office.CHAIR, line=[]))

    def by(who: PersonId) -> None:
        act = Act(who, village, Office.CHAIR, home.today, home.today)
        with home.ledger.entry(act) as entry:
            procedures.rule_question(entry, question, Verdict.UPHELD, "属实")

    with pytest.raises(RulerTookPart):
        by(decided)
    stand_in(home, deputy, decided, village, Office.CHAIR)
    with pytest.raises(RulerTookPart):
        by(deputy)


def stand_in(
    world: World, deputy: PersonId, giver: PersonId, union: UnionId, office: Office
) -> None:
    """For three days a deputy acts in the giver's office."""
    with world.entry(union, Office.CHAIR) as entry:
        delegated = entry.offices_of(deputy).delegate(
            entry.act, deputy, entry.offices_of(giver), giver, union, office,
            world.today, world.today + timedelta(days=3), line=[union],
        )  # fmt: skip
        entry.write(delegated)


def test_neither_the_askers_deputy_answers_nor_for_whom_the_deputy_asked(
    home: World, village: UnionId
) -> None:
    cited = tally(home, village)
    liaison, deputy = (home.officer(village, each) for each in (Office.LIAISON, Office.LEGAL))

    def answers(who: PersonId, question: QuestionId) -> None:
        act = Act(who, village, Office.LIAISON, home.today, home.today)
        with home.ledger.entry(act) as entry:
            procedures.answer_question(entry, question, Reply.EXPLAINS, "名单与签到表一致")

    hers = ask(home, village, [cited], QuestionKind.OBJECTION, Office.LEGAL)
    stand_in(home, deputy, liaison, village, Office.LIAISON)
    with pytest.raises(AskerAnswers):
        answers(liaison, hers)
    his = ask(home, village, [cited], QuestionKind.DISPUTE, Office.LIAISON, judge=home.root)
    with pytest.raises(AskerAnswers):
        answers(deputy, his)

    answer(home, village, hers)
    answer(home, village, his)


def test_the_deputy_of_who_answered_does_not_rule(home: World, village: UnionId) -> None:
    question = ask(home, village, [tally(home, village)], judge=home.root)
    answer(home, village, question, office=Office.CLERK)
    answerer, deputy = home.officer(village, Office.CLERK), home.officer(home.root, Office.LEGAL)
    with home.procedure(home.root, date(2000, 1, 1)) as entry:
        entry.write(Offices().appoint(entry.act, answerer, home.root, Office.REVIEWER, line=[]))

    stand_in(home, deputy, answerer, home.root, Office.REVIEWER)
    act = Act(deputy, home.root, Office.REVIEWER, home.today, home.today)
    with pytest.raises(RulerTookPart), home.ledger.entry(act) as entry:
        procedures.rule_question(entry, question, Verdict.UPHELD, "属实")
    rule(home, home.root, question)


def test_kin_of_whom_it_concerns_does_not_rule(home: World, village: UnionId) -> None:
    worker = home.worker(union=village)
    chair = home.officer(home.root, Office.CHAIR)
    household = new_household()
    with home.entry(home.root) as entry:
        entry.write(*Household.open(entry.act, household, worker))
        held = entry.read(Household, household)
        entry.write(held.join(entry.act, household, chair, Relation.SPOUSE))
    question = ask(
        home, village, [served(home, village, worker)], QuestionKind.OBJECTION, Office.CLERK
    )
    answer(home, village, question)
    assert line(home, question).person == worker

    with pytest.raises(RulerTookPart):
        rule(home, home.root, question)
    rule(home, home.root, question, office=Office.LEGAL)


def test_an_appeal_goes_to_one_who_did_not_decide(home: World) -> None:
    county = home.union("东兰县总工会", UnionKind.FEDERATION)
    village = home.union("纳合村工会", superior=county)
    worker = home.worker(union=village)
    first = ask(
        home, village, [served(home, village, worker)], QuestionKind.OBJECTION, Office.LEGAL
    )
    answer(home, village, first)
    rule(home, county, first, Verdict.DISMISSED, appeal_days=15)

    with home.entry(village, Office.CLERK) as entry:
        second = procedures.appeal(entry, first, "签名不是本人", answer_days=5, ruling_days=10)

    told = line(home, second)
    assert (told.appeals, told.asked, told.judge, told.person) == (
        first, county, home.root, worker,
    )  # fmt: skip
    with home.ledger.reading() as reader:
        found = questions.appeals_of(reader.conn, home.origin, first)
    assert [each.question for each in found] == [second]
    answer(home, county, second, office=Office.LIAISON)
    ruled_first = home.officer(county, Office.CHAIR)
    with home.procedure(home.root, date(2000, 1, 1)) as entry:
        entry.write(Offices().appoint(entry.act, ruled_first, home.root, Office.CHAIR, line=[]))
    act = Act(ruled_first, home.root, Office.CHAIR, home.today, home.today)
    with pytest.raises(RulerTookPart), home.ledger.entry(act) as entry:
        procedures.rule_question(entry, second, Verdict.DISMISSED, "维持")
    rule(home, home.root, second)
    assert line(home, second).state is QuestionState.TO_REMEDY


def test_a_dispute_goes_to_the_nearest_union_above_both(home: World, village: UnionId) -> None:
    other = home.union("巴学村工会")
    cited = tally(home, village)

    question = ask(home, other, [cited], QuestionKind.DISPUTE, Office.LIAISON)

    assert line(home, question).judge == home.root
    with pytest.raises(PartyRules):
        ask(home, other, [cited], QuestionKind.DISPUTE, Office.LIAISON, judge=other)


def test_what_is_not_there_is_not_cited_nor_corrected(home: World, village: UnionId) -> None:
    with pytest.raises(NotFound):
        ask(home, home.root, [Cited(Code(home.origin), 9_999)])
    cited = tally(home, village)
    question = ask(home, home.root, [cited])

    with pytest.raises(CorrectsNothingCited), home.entry(home.root, Office.AUDITOR) as entry:
        procedures.close_question(entry, question, Outcome.CORRECTED, remedies=[cited])
    with pytest.raises(NotYourKindOfQuestion):
        ask(home, home.root, [cited], QuestionKind.OBJECTION)


def last_of(office: AidOffice, stream: str, kind: type[Event]) -> Cited:
    return Cited(Code(office.world.origin), place(office.world, stream, kind))


def close_as_taken_back(office: AidOffice, question: QuestionId, remedy: Cited) -> None:
    with office.world.entry(office.world.root, Office.AUDITOR) as entry:
        procedures.close_question(entry, question, Outcome.TAKEN_BACK, remedies=[remedy])


def test_a_take_back_closes_only_the_question_about_what_it_takes_back(home: World) -> None:
    office = AidOffice(home)
    other = settled(office)
    take_back(office, other, 500 * YUAN)
    anothers = last_of(office, other, MoneyTakenBack)
    second = settled(office, need="2027-2028")
    question = ask(home, home.root, [last_of(office, second, PaymentMade)])
    rule_it(office, question)

    for remedy in (
        anothers, last_of(office, second, ReceiptSigned), last_of(office, second, PaymentMade)
    ):  # fmt: skip
        with pytest.raises(TakesNothingCitedBack):
            close_as_taken_back(office, question, remedy)

    take_back(office, second, 3000 * YUAN)
    close_as_taken_back(office, question, last_of(office, second, TakeBackOrdered))
    assert line(home, question).outcome is Outcome.TAKEN_BACK


def rule_it(office: AidOffice, question: QuestionId) -> None:
    answer(office.world, office.world.root, question)
    rule(office.world, office.world.root, question, office=Office.REVIEWER)


def test_what_was_taken_back_before_it_was_paid_takes_nothing_back(home: World) -> None:
    office = AidOffice(home)
    grant = granted(office)
    with office.entry(Office.CASHIER, home.root) as entry:
        first = aiding.instruct(entry, grant, PayMode.BANK, Fen(1000 * YUAN))
        aiding.made(entry, grant, first, Code("凭证1"))
    office.sign(grant, first)
    take_back(office, grant, 1000 * YUAN)
    office.sign(grant, office.pay(grant))
    question = ask(home, home.root, [last_of(office, grant, PaymentMade)])
    rule_it(office, question)

    with pytest.raises(TakesNothingCitedBack):
        close_as_taken_back(office, question, last_of(office, grant, MoneyTakenBack))


def test_of_a_list_one_ones_money_may_be_taken_back(home: World) -> None:
    office = AidOffice(home)
    aid_list = office.list_of([home.worker(), home.worker()])
    office.approve_list(aid_list)
    with office.entry(Office.CASHIER, home.root) as entry:
        aiding.hand_out(entry, aid_list, Code("签领表1"))
        grant, _ = aiding.on_list(entry, aid_list)
    question = ask(home, home.root, [last_of(office, aid_list, SheetPaid)])
    rule_it(office, question)
    assert grant.id is not None

    take_back(office, grant.id, 400 * YUAN)
    close_as_taken_back(office, question, last_of(office, grant.id, MoneyTakenBack))

    assert line(home, question).outcome is Outcome.TAKEN_BACK


def test_an_auditor_corrects_nothing_and_no_step_is_annulled(home: World, village: UnionId) -> None:
    cited = tally(home, village)
    ask(home, home.root, [cited])
    raised = newest(home)

    with pytest.raises(NotYourOffice), home.entry(home.root, Office.AUDITOR) as entry:
        procedures.annul(entry, cited.position, Why.NOT_SO, "不实")
    with pytest.raises(OthersRelyOnIt), home.entry(home.root, Office.CHAIR) as entry:
        procedures.annul(entry, raised.position, Why.NOT_SO, "不查了")


def test_questions_are_listed_by_state_turn_and_due(home: World, village: UnionId) -> None:
    other = home.union("巴学村工会")
    urgent = ask(home, home.root, [tally(home, village)], answer_days=3)
    later = ask(home, home.root, [tally(home, other)])
    answer(home, other, later)

    assert listed(home) == [urgent, later]
    assert listed(home, state=QuestionState.ANSWERED) == [later]
    assert listed(home, turn=village) == [urgent]
    assert listed(home, union=other) == [later]
    assert listed(home, due=date(2026, 3, 5)) == [urgent]
    assert not listed(home, late=True)
    home.time.to(date(2026, 3, 6))
    assert listed(home, late=True) == [urgent]
    with home.ledger.reading() as reader:
        counts = questions.count(reader.conn, home.origin, Sought(home.today))
        page = questions.listing(reader.conn, home.origin, Sought(home.today), limit=1)
        rest = questions.listing(reader.conn, home.origin, Sought(home.today), after=page.next)
    assert counts == {"open": 1, "answered": 1, "to_remedy": 0, "closed": 0, "late": 1}
    assert [each.question for each in (*page.rows, *rest.rows)] == [urgent, later]
    with pytest.raises(UnknownFilter):
        Sought.of(home.today, {"record": "somewhere"})


# ── two provinces ────────────────────────────────────────────────────────────────────────────


def test_a_question_about_a_partners_record_is_answered_there_and_ruled_there(pair: Pair) -> None:
    cited = tally(pair.home, pair.village)
    pair.sync()

    question = ask(pair.host, pair.host.root, [cited], judge=pair.home.root)
    assert line(pair.host, question).partner == pair.home.origin
    pair.sync()
    assert line(pair.home, question).turn == pair.village

    answer(pair.home, pair.village, question)
    rule(pair.home, pair.home.root, question)
    with pair.home.entry(pair.village) as entry:
        procedures.correct(entry, cited.position, {"count": 9}, Why.MISTYPED, "多录一人")
    fixed = newest(pair.home)
    pair.sync()
    with pair.host.entry(pair.host.root, Office.AUDITOR) as entry:
        procedures.close_question(entry, question, Outcome.CORRECTED, remedies=[fixed])
    pair.sync()

    for world in (pair.home, pair.host):
        told = line(world, question)
        assert (told.state, told.outcome) == (QuestionState.CLOSED, Outcome.CORRECTED)
    rebuilt(pair.home, pair.host)


def test_a_question_about_our_record_goes_where_the_record_is_shared(pair: Pair) -> None:
    shared, _ = pair.member("韦秀英")
    kept, _ = pair.member("蓝美莲")
    cited = [served(pair.home, pair.village, each) for each in (shared, kept)]
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(
            entry, shared, pair.host.origin, Basis.STATUTORY_DUTY, Cause.ROSTER,
            groups=[Group.IDENTITY, Group.CASE],
        )  # fmt: skip
    pair.sync()

    asked = [
        ask(pair.home, pair.village, [each], QuestionKind.OBJECTION, Office.CLERK) for each in cited
    ]
    pair.sync()

    assert listed(pair.host) == [asked[0]]
    assert line(pair.home, asked[1]).partner is None
    with pair.host.ledger.looking(pair.host.look()) as reader:
        (fact,) = reader.opened(reader.records(asked[0]))
    assert fact.event.__dict__["text"] == "人数与签到表不符"


def test_without_the_group_the_words_stay_closed_there(pair: Pair) -> None:
    shared, _ = pair.member("韦秀英")
    cited = served(pair.home, pair.village, shared)
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(
            entry, shared, pair.host.origin, Basis.STATUTORY_DUTY, Cause.ROSTER,
            groups=[Group.IDENTITY],
        )  # fmt: skip
    question = ask(pair.home, pair.village, [cited], QuestionKind.OBJECTION, Office.CLERK)
    pair.sync()

    with pair.host.ledger.looking(pair.host.look()) as reader:
        (fact,) = reader.opened(reader.records(question))
    assert isinstance(fact.event.__dict__["text"], Redacted)


def test_the_other_side_is_not_asked_about_what_it_does_not_hold(pair: Pair) -> None:
    kept, _ = pair.member("蓝美莲")
    cited = served(pair.home, pair.village, kept)

    with pytest.raises(NotSharedWithThem):
        ask(
            pair.home, pair.village, [cited], QuestionKind.DISPUTE, Office.LIAISON,
            asked=pair.street,
        )  # fmt: skip


def test_an_answer_of_theirs_is_read_and_not_written_here(pair: Pair) -> None:
    cited = tally(pair.home, pair.village)
    pair.sync()
    question = ask(pair.host, pair.street, [cited], QuestionKind.DISPUTE, Office.LIAISON)
    assert line(pair.host, question).judge == pair.home.root
    pair.sync()
    answer(pair.home, pair.village, question, Reply.CONCEDES)
    pair.sync()

    with pair.host.ledger.reading() as reader:
        facts = reader.history(question)
        held = reader.find(Question, question)

    assert [fact.origin for fact in facts] == [pair.host.origin, pair.home.origin]
    assert isinstance(facts[1].event, QuestionAnswered)
    assert held.state is QuestionState.TO_REMEDY


# ── samples ──────────────────────────────────────────────────────────────────────────────────


def draw(world: World, population: Population, size: int, seed: str | None = "0316") -> SampleDrawn:
    act = world.act(world.root, Office.AUDITOR)
    with world.ledger.entry(act, lock=True) as entry:
        return procedures.draw_sample(entry, population, size, seed)


def of(world: World, **more: Any) -> Population:
    return Population(Code(world.origin), (Code("ServicesTallied"),), **more)


def test_a_sample_is_drawn_and_drawn_again_later(home: World, village: UnionId) -> None:
    tallies = [tally(home, village, number) for number in range(1, 8)]
    with home.entry(village) as entry:
        procedures.annul(entry, tallies[0].position, Why.TWICE, "重复")
    with home.entry(village) as entry:
        procedures.correct(entry, tallies[1].position, {"count": 20}, Why.MISTYPED, "录错")

    told = draw(home, of(home), 3)
    tally(home, village)
    with home.entry(village) as entry:
        procedures.annul(entry, tallies[3].position, Why.TWICE, "重复")

    assert told.count == 6
    assert not {each.ref for each in tallies[:2]} & set(told.drawn)
    with home.ledger.reading() as reader:
        assert procedures.drawn_again(reader, told.sample)
        (row,) = questions.samples(reader.conn, home.origin)
    assert (row.sample, row.population, row.size, row.seed) == (told.sample, 6, 3, "0316")
    question = ask(home, home.root, [tallies[4]], sample=told.sample)
    assert listed(home, sample=told.sample) == [question]
    rebuilt(home)


def test_a_population_is_of_a_period_and_of_a_fund(home: World, village: UnionId) -> None:
    with home.entry(village, Office.CHAIR) as entry:
        fund = procedures.open_fund(entry, village, "服务资金", Source.OWN)
    with home.entry(village, Office.ACCOUNTANT) as entry:
        procedures.credit(entry, fund, Fen(100))
    with home.entry(village, on=date(2026, 2, 27)) as entry:
        made = procedures.count(entry, ServiceKind.HEALTH, 1, Unit.SETS)
        procedures.add_cost(entry, made, Fen(200), bearer=village)
    with home.entry(village, Office.ACCOUNTANT, date(2026, 2, 27)) as entry:
        procedures.add_cost(entry, made, Fen(100), bearer=village, fund=fund)
    tally(home, village)

    assert draw(home, of(home), 1).count == 2
    assert draw(home, of(home, until=date(2026, 2, 28)), 1).count == 1
    assert draw(home, of(home, since=date(2026, 3, 1)), 1).count == 1
    costs = Population(Code(home.origin), (Code("CostRecorded"),), fund=fund)
    assert draw(home, costs, 1, None).count == 1
    with pytest.raises(SampleOutOfRange):
        draw(home, of(home), 3)


def test_a_partners_records_are_sampled_as_far_as_they_were_shared(pair: Pair) -> None:
    for number in (1, 2, 3):
        tally(pair.home, pair.village, number)
    pair.sync()

    told = draw(pair.host, of(pair.home), 2)
    tally(pair.home, pair.village, 4)
    pair.sync()

    assert told.count == 3
    with pair.host.ledger.reading() as reader:
        assert procedures.drawn_again(reader, told.sample)
    cited = Cited(Code(pair.home.origin), int(told.drawn[0].rpartition("#")[2]))
    question = ask(pair.host, pair.host.root, [cited], sample=told.sample)
    pair.sync()
    assert line(pair.home, question).sample == told.sample


# ── replay ───────────────────────────────────────────────────────────────────────────────────


def test_a_question_is_replayed_step_by_step_as_at_and_as_known_on(pair: Pair) -> None:
    cited = tally(pair.home, pair.village)
    pair.sync()
    question = ask(pair.host, pair.host.root, [cited], rule=Code("QuotaFull"))
    pair.sync()
    pair.home.time.to(date(2026, 3, 6))
    answer(pair.home, pair.village, question)
    pair.home.time.to(date(2026, 3, 9))
    pair.sync()

    with pair.host.ledger.reading() as reader:
        now = replay.question(reader, question)
        then = replay.question(reader, question, as_of=date(2026, 3, 5))
        known = replay.question(reader, question, known_on=date(2026, 3, 7))
        with pytest.raises(NotFound):
            replay.question(reader, "que_" + "a" * 26)

    assert [step.state.state for step in now.steps] == [QuestionState.OPEN, QuestionState.ANSWERED]
    assert now.state.judge == now.state.turn == "广东省总工会"
    assert (then.state.state, then.state.due) == (QuestionState.OPEN, date(2026, 3, 12))
    assert known.state.state is QuestionState.OPEN
    assert now.lines[0].text == (
        f"广东省总工会提出审计疑点：针对广西第{cited.position}号记录（名额已满），"
        "请纳合村工会10日内答复，由广东省总工会裁定"
    )
    assert now.lines[0].reasons == ("人数与签到表不符",)
    assert now.cited[0].text.startswith("纳合村工会义诊、体检 10人次")
    assert now.cited[0].corrected_by is None


def test_a_question_stands_in_the_file_of_whom_it_concerns(home: World, village: UnionId) -> None:
    worker = home.worker(union=village)
    ask(home, village, [served(home, village, worker)], QuestionKind.OBJECTION, Office.CLERK)

    with home.ledger.looking(home.look()) as reader:
        file = replay.worker(reader, worker)

    assert [line.title for line in file.lines] == ["人员登记", "提供服务", "提出疑点"]
