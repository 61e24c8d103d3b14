"""Questions: raised about records, answered, ruled by one who had no part; samples drawn again."""

from collections.abc import Iterable
from datetime import date
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.ids import (
    PersonId,
    UnionId,
    new_person,
    new_question,
    new_sample,
    new_union,
)
from ledger.domain.kernel import Act, Code, Decision, Event, Fact, Office
from ledger.domain.questions import (
    MOST,
    AgainstTheRuling,
    AlreadyRuled,
    AppealTooLate,
    AskedAlready,
    AskerAnswers,
    AuditorsRuleAudits,
    AuditorTookPart,
    Cited,
    CorrectsNothingCited,
    DeadlineUnsaid,
    NoSuchQuestion,
    NothingCited,
    NothingToAppeal,
    NotYourKindOfQuestion,
    NotYoursToAnswer,
    NotYoursToClose,
    NotYoursToRule,
    Outcome,
    PartyRules,
    Population,
    PopulationUnsaid,
    Question,
    QuestionClosed,
    QuestionKind,
    QuestionRaised,
    QuestionState,
    RemedyMissing,
    Reply,
    RulerTookPart,
    Sample,
    SampleOutOfRange,
    SeedMissing,
    TakesNothingCitedBack,
    UnansweredYet,
    Verdict,
    WordsMissing,
    digest,
    drawn,
)
from tools.docs import know_everything

US, THEM = Code("liangdi.example/guangxi"), Code("liangdi.example/guangdong")
VILLAGE, COUNTY, PROVINCE, STREET = new_union(), new_union(), new_union(), new_union()
CLERK, PAYER, LIAISON, CHAIR, AUDITOR, OTHER, WORKER = (new_person() for _ in range(7))
QUESTION = new_question()
PAID = Cited(US, 12)
TODAY = date(2026, 3, 2)
LATER = date(2026, 3, 20)


def act(
    who: PersonId = AUDITOR, office: Office = Office.AUDITOR, union: UnionId = COUNTY,
    on: date = TODAY, *, paper: str | None = None,
) -> Act:  # fmt: skip
    decided = Decision(paper, office) if paper else None
    return Act(who, union, office, on, max(on, TODAY), decided)


def asked(
    by: Act | None = None, kind: QuestionKind = QuestionKind.AUDIT_QUERY, **changed: Any
) -> QuestionRaised:
    told: dict[str, Any] = {
        "cites": [PAID], "asked": VILLAGE, "judge": PROVINCE, "text": "同一账号领了三次",
        "answer_days": 10, "ruling_days": 15, "part": {PAYER}, **changed,
    }  # fmt: skip
    return Question.ask(by or act(), QUESTION, kind, **told)


class Life:
    """A question as it goes on, each step by somebody on a day."""

    def __init__(self, raised: QuestionRaised, by: Act) -> None:
        self.facts: list[Fact] = []
        self.add(raised, by)

    def add(self, event: Event, by: Act, origin: str = US) -> None:
        self.facts.append(
            Fact(event, by.on, origin, len(self.facts) + 1, officer=by.officer,
                 decided_by=by.decided_by, union=by.union, office=by.office)
        )  # fmt: skip

    @property
    def now(self) -> Question:
        return Question.of(self.facts)

    def answer(self, reply: Reply = Reply.EXPLAINS, on: date = TODAY) -> "Life":
        by = act(CLERK, Office.CLERK, VILLAGE, on)
        self.add(self.now.answer(by, reply, "代领，有委托书", line=[VILLAGE], origin=US), by)
        return self

    def rule(self, verdict: Verdict = Verdict.UPHELD, **more: Any) -> "Life":
        by = act(CHAIR, Office.CHAIR, PROVINCE, LATER)
        told = self.now.rule(
            by, verdict, "查明属实", line=[PROVINCE], part={PAYER}, origin=US, **more
        )
        self.add(told, by)
        return self

    def close(
        self, outcome: Outcome, remedies: Iterable[Fact] = (), text: str = "", **more: Any
    ) -> "Life":
        by = act(on=LATER)
        closed = self.now.close(
            by, outcome, text, line=[COUNTY, PROVINCE], remedies=list(remedies), origin=US, **more
        )
        self.add(closed, by)
        return self


def life(kind: QuestionKind = QuestionKind.AUDIT_QUERY, **changed: Any) -> Life:
    who = {
        QuestionKind.DISPUTE: act(LIAISON, Office.LIAISON),
        QuestionKind.OBJECTION: act(OTHER, Office.CLERK),
    }.get(kind, act())
    return Life(asked(who, kind, **changed), who)


def corrected(at: Cited = PAID, by: int = 40) -> Fact:
    """The record that took a cited one's place."""
    return Fact(asked(), LATER, at.origin, by, corrects=at.position)


# ── raising ──────────────────────────────────────────────────────────────────────────────────


def test_a_question_cites_records_says_why_and_in_how_many_days() -> None:
    told = asked()

    assert (told.cites, told.note, told.text) == ((PAID,), "同一账号领了三次", "")
    with pytest.raises(NothingCited):
        asked(cites=[])
    with pytest.raises(WordsMissing):
        asked(text=" ")
    with pytest.raises(DeadlineUnsaid):
        asked(answer_days=0)
    with pytest.raises(DeadlineUnsaid):
        asked(ruling_days=0)


def test_a_finding_opens_a_question_in_one_step_and_once() -> None:
    told = asked(text="", rule=Code("PaidTwice"))

    assert [(claim.rule, claim.key) for claim in told.takes()] == [
        (AskedAlready, f"PaidTwice {PAID.ref}")
    ]
    assert not list(asked(rule=None).takes())
    withdrawn = QuestionClosed(QUESTION, COUNTY, Outcome.WITHDRAWN)
    assert [each.rule for each in withdrawn.frees()] == [AskedAlready]
    assert not list(QuestionClosed(QUESTION, COUNTY, Outcome.STANDS).frees())


def test_what_concerns_a_person_is_sealed_to_that_person() -> None:
    told = asked(person=WORKER)

    assert (told.text, told.note) == ("同一账号领了三次", "")


@pytest.mark.parametrize(
    ("kind", "office"),
    [
        (QuestionKind.AUDIT_QUERY, Office.CLERK),
        (QuestionKind.DISPUTE, Office.AUDITOR),
        (QuestionKind.DISPUTE, Office.CLERK),
        (QuestionKind.OBJECTION, Office.AUDITOR),
        (QuestionKind.APPEAL, Office.CHAIR),
    ],
)
def test_each_kind_is_raised_by_its_own_offices(kind: QuestionKind, office: Office) -> None:
    with pytest.raises(NotYourKindOfQuestion):
        asked(act(office=office), kind)


def test_a_workers_objection_is_entered_by_a_clerk() -> None:
    told = asked(act(OTHER, Office.CLERK), QuestionKind.OBJECTION, person=WORKER)

    assert told.person == WORKER


def test_an_auditor_is_not_the_subject_of_the_audit() -> None:
    with pytest.raises(AuditorTookPart):
        asked(part={AUDITOR})


def test_a_dispute_is_not_put_to_one_of_its_sides() -> None:
    for judge in (COUNTY, VILLAGE):
        with pytest.raises(PartyRules):
            asked(act(LIAISON, Office.LIAISON), QuestionKind.DISPUTE, judge=judge)


def test_auditors_write_questions_and_samples_and_nothing_else() -> None:
    know_everything()

    theirs = {
        (name, cls.__module__.split(".")[2])
        for name, cls in Event.kinds.items()
        if Office.AUDITOR in cls.by and cls.__module__.startswith("ledger.domain.")
    }

    assert theirs == {
        (name, "questions")
        for name in ("QuestionRaised", "QuestionRuled", "QuestionClosed", "SampleDrawn")
    }


# ── answering ────────────────────────────────────────────────────────────────────────────────


def test_the_union_that_is_asked_answers_and_then_it_waits_for_the_ruling() -> None:
    told = life()

    assert (told.now.state, told.now.turn, told.now.due) == (
        QuestionState.OPEN, VILLAGE, date(2026, 3, 12),
    )  # fmt: skip
    told.answer()
    assert (told.now.state, told.now.turn, told.now.due) == (
        QuestionState.ANSWERED, PROVINCE, date(2026, 3, 17),
    )  # fmt: skip
    assert told.now.overdue(date(2026, 3, 18))
    assert not told.now.overdue(date(2026, 3, 17))


def test_what_is_conceded_waits_for_its_correction() -> None:
    told = life().answer(Reply.CONCEDES)

    assert (told.now.state, told.now.turn, told.now.due) == (
        QuestionState.TO_REMEDY, VILLAGE, date(2026, 3, 17),
    )  # fmt: skip


def test_nobody_else_answers_and_nobody_answers_their_own() -> None:
    told = life().now

    with pytest.raises(NotYoursToAnswer):
        told.answer(act(CLERK, Office.CLERK, STREET), Reply.DENIES, "不认可", line=[VILLAGE])
    with pytest.raises(AskerAnswers):
        told.answer(act(AUDITOR, Office.CLERK, VILLAGE), Reply.DENIES, "不认可", line=[VILLAGE])
    with pytest.raises(WordsMissing):
        told.answer(act(CLERK, Office.CLERK, VILLAGE), Reply.EXPLAINS, line=[VILLAGE])


def test_nobody_answers_what_is_ruled_or_was_never_raised() -> None:
    by = act(CLERK, Office.CLERK, VILLAGE)

    with pytest.raises(AlreadyRuled):
        life().answer().rule().now.answer(by, Reply.DENIES, "不认可", line=[VILLAGE])
    with pytest.raises(NoSuchQuestion):
        Question().answer(by, Reply.DENIES, "不认可", line=[VILLAGE])


# ── ruling ───────────────────────────────────────────────────────────────────────────────────


def rules(
    question: Question, who: PersonId = CHAIR, union: UnionId = PROVINCE,
    office: Office = Office.CHAIR, **more: Any,
) -> Any:  # fmt: skip
    told: dict[str, Any] = {"line": [PROVINCE], "part": {PAYER}, **more}
    return question.rule(act(who, office, union, LATER), Verdict.UPHELD, "查明属实", **told)


@pytest.mark.parametrize("who", [PAYER, AUDITOR, CLERK, WORKER], ids=range(4))
def test_who_had_a_part_does_not_rule(who: PersonId) -> None:
    told = life(person=WORKER).answer().now

    with pytest.raises(RulerTookPart):
        rules(told, who)
    assert rules(told).findings == ()


def test_acting_in_the_office_of_one_who_had_a_part_is_a_part() -> None:
    told = life().answer().now

    with pytest.raises(RulerTookPart):
        rules(told, OTHER, instead_of=[PAYER])
    with pytest.raises(RulerTookPart):  # its committee decided what is cited
        rules(told, OTHER, part={PROVINCE})


def test_a_ruling_on_paper_by_one_who_had_a_part_is_a_finding() -> None:
    told = life().answer().now
    by = act(OTHER, Office.CHAIR, PROVINCE, LATER, paper=PAYER)

    ruled = told.rule(by, Verdict.DISMISSED, "会议决定", line=[PROVINCE], part={PAYER})

    assert ruled.findings == ("RulerTookPart",)


def test_neither_side_rules_a_dispute() -> None:
    told = life(QuestionKind.DISPUTE).answer().now

    for side in (COUNTY, VILLAGE):
        with pytest.raises(PartyRules):
            rules(told, union=side, line=[side])
    with pytest.raises(NotYoursToRule):
        rules(told, union=STREET)


def test_an_auditor_rules_audits_alone() -> None:
    with pytest.raises(AuditorsRuleAudits):
        rules(life(QuestionKind.OBJECTION).answer().now, OTHER, office=Office.AUDITOR)

    assert rules(life().answer().now, OTHER, office=Office.AUDITOR).verdict is Verdict.UPHELD


def test_it_is_ruled_when_answered_or_when_the_days_for_that_are_over() -> None:
    told = life().now
    early = act(CHAIR, Office.CHAIR, PROVINCE, date(2026, 3, 12))

    with pytest.raises(UnansweredYet):
        told.rule(early, Verdict.UPHELD, "属实", line=[PROVINCE], part=())
    with pytest.raises(WordsMissing):
        told.rule(act(CHAIR, Office.CHAIR, PROVINCE, LATER), Verdict.UPHELD, " ", line=[PROVINCE],
                  part=())  # fmt: skip

    assert rules(told).verdict is Verdict.UPHELD
    with pytest.raises(AlreadyRuled):
        rules(life().answer().rule().now)


def test_a_ruling_says_in_how_many_days_it_is_put_right() -> None:
    told = life().answer().rule(remedy_days=30).now

    assert (told.state, told.turn, told.due) == (
        QuestionState.TO_REMEDY, VILLAGE, date(2026, 4, 19),
    )  # fmt: skip


# ── closing ──────────────────────────────────────────────────────────────────────────────────


def test_it_is_closed_with_the_correction_of_what_it_cites() -> None:
    told = life().answer().rule()

    with pytest.raises(RemedyMissing):
        told.close(Outcome.CORRECTED)
    with pytest.raises(CorrectsNothingCited):
        told.close(Outcome.CORRECTED, [corrected(Cited(US, 13))])
    with pytest.raises(CorrectsNothingCited):
        told.close(Outcome.CORRECTED, [corrected(Cited(THEM, 12))])

    again = corrected(Cited(US, 40), 52)
    told.close(Outcome.CORRECTED, [corrected(), again])
    assert told.now.closed is not None
    assert told.now.closed.remedies == (Cited(US, 40), Cited(US, 52))
    assert (told.now.state, told.now.turn, told.now.due) == (QuestionState.CLOSED, None, None)
    with pytest.raises(NoSuchQuestion):
        told.close(Outcome.CORRECTED, [corrected()])


def test_money_that_was_taken_back_closes_it_too() -> None:
    back = Fact(asked(), LATER, US, 44)

    with pytest.raises(RemedyMissing):
        life().answer().rule().close(Outcome.TAKEN_BACK)
    with pytest.raises(TakesNothingCitedBack):
        life().answer().rule().close(Outcome.TAKEN_BACK, [back])

    told = life().answer().rule().close(Outcome.TAKEN_BACK, [back], taken_back={back.ref})
    assert told.now.closed


@pytest.mark.parametrize(
    ("kind", "verdict", "outcome", "fits"),
    [
        (QuestionKind.AUDIT_QUERY, Verdict.DISMISSED, Outcome.STANDS, True),
        (QuestionKind.AUDIT_QUERY, Verdict.UPHELD, Outcome.STANDS, False),
        (QuestionKind.AUDIT_QUERY, Verdict.DISMISSED, Outcome.CORRECTED, False),
        (QuestionKind.AUDIT_QUERY, Verdict.PARTLY, Outcome.CORRECTED, True),
        (QuestionKind.AUDIT_QUERY, Verdict.UPHELD, Outcome.WITHDRAWN, False),
        (QuestionKind.AUDIT_QUERY, None, Outcome.STANDS, True),
        (QuestionKind.OBJECTION, None, Outcome.STANDS, False),
        (QuestionKind.OBJECTION, None, Outcome.WITHDRAWN, True),
        (QuestionKind.OBJECTION, None, Outcome.CORRECTED, True),
        (QuestionKind.OBJECTION, Verdict.DISMISSED, Outcome.STANDS, True),
    ],
)
def test_it_closes_as_it_was_ruled(
    kind: QuestionKind, verdict: Verdict | None, outcome: Outcome, fits: bool
) -> None:
    told = life(kind).answer()
    if verdict is not None:
        told.rule(verdict)

    if fits:
        told.close(outcome, [corrected()], "已核对")
        assert told.now.state is QuestionState.CLOSED
    else:
        with pytest.raises(AgainstTheRuling):
            told.close(outcome, [corrected()], "已核对")


def test_who_raised_it_or_ruled_it_closes_it() -> None:
    told = life().answer().rule().now

    with pytest.raises(NotYoursToClose):
        told.close(act(CLERK, Office.CLERK, VILLAGE), Outcome.CORRECTED, line=[COUNTY],
                   remedies=[corrected()])  # fmt: skip

    by_ruler = act(CHAIR, Office.CHAIR, PROVINCE, LATER)
    assert told.close(by_ruler, Outcome.CORRECTED, line=[COUNTY], remedies=[corrected()])


def test_it_is_withdrawn_with_a_reason_by_who_raised_it() -> None:
    told = life()

    with pytest.raises(WordsMissing):
        told.close(Outcome.WITHDRAWN)
    with pytest.raises(NotYoursToClose):
        told.now.close(act(CHAIR, Office.CHAIR, PROVINCE), Outcome.WITHDRAWN, "无", line=[COUNTY])

    assert told.close(Outcome.WITHDRAWN, text="凭证已找到").now.state is QuestionState.CLOSED


# ── appeals ──────────────────────────────────────────────────────────────────────────────────


def appealed(question: Question, **changed: Any) -> QuestionRaised:
    by = changed.pop("by", act(OTHER, Office.CLERK, VILLAGE, LATER))
    told: dict[str, Any] = {
        "judge": STREET,
        "text": "委托书未看",
        "answer_days": 5,
        "ruling_days": 10,
        **changed,
    }
    return question.appeal(by, new_question(), **told)


def test_an_appeal_is_a_new_question_that_the_union_which_ruled_answers() -> None:
    first = life(person=WORKER, rule=Code("PaidTwice")).answer().rule().now

    told = appealed(first)

    assert (told.kind, told.appeals, told.cites) == (QuestionKind.APPEAL, QUESTION, (PAID,))
    assert (told.asked, told.judge, told.person) == (PROVINCE, STREET, WORKER)
    assert not list(told.takes())


def test_an_appeal_is_ruled_by_one_who_did_not_decide() -> None:
    first = life().answer().rule().now
    with pytest.raises(PartyRules):
        appealed(first, judge=PROVINCE)
    by = act(OTHER, Office.CLERK, VILLAGE, LATER)
    second = Life(appealed(first), by)

    with pytest.raises(RulerTookPart):
        rules(second.now, CHAIR, STREET, line=[STREET], part=first.hands)
    with pytest.raises(PartyRules):
        rules(second.now, new_person(), PROVINCE, line=[PROVINCE], part=first.hands)


def test_an_appeal_is_against_a_ruling_and_in_time() -> None:
    with pytest.raises(NothingToAppeal):
        appealed(life().answer().now)

    ruled = life().answer().rule(appeal_days=15).now
    with pytest.raises(AppealTooLate):
        appealed(ruled, by=act(OTHER, Office.CLERK, VILLAGE, date(2026, 4, 5)))
    assert appealed(ruled, by=act(OTHER, Office.CLERK, VILLAGE, date(2026, 4, 4)))
    with pytest.raises(NotYourKindOfQuestion):
        appealed(life(QuestionKind.OBJECTION).answer().rule().now, by=act(on=LATER))
    with pytest.raises(WordsMissing):
        appealed(ruled, text="")


# ── two journals ─────────────────────────────────────────────────────────────────────────────


def test_each_side_writes_its_steps_and_each_goes_to_the_other() -> None:
    told = life(partner=THEM)
    by = act(CLERK, Office.CLERK, VILLAGE)

    theirs = told.now.answer(by, Reply.DENIES, "查无此事", line=[VILLAGE], origin=THEM)
    ours = told.now.answer(by, Reply.DENIES, "查无此事", line=[VILLAGE], origin=US)

    assert (theirs.partner, ours.partner) == (US, THEM)
    assert life().now.other_side(US) is None


def test_a_step_of_a_journal_that_has_no_part_is_not_heeded() -> None:
    told = life(partner=THEM)
    by = act(CLERK, Office.CLERK, VILLAGE)
    answered = told.now.answer(by, Reply.DENIES, "查无此事", line=[VILLAGE], origin=THEM)

    told.add(answered, by, "liangdi.example/hunan")
    assert told.now.state is QuestionState.OPEN

    told.add(answered, by, THEM)
    assert told.now.state is QuestionState.ANSWERED


# ── samples ──────────────────────────────────────────────────────────────────────────────────

PAYMENTS = Population(US, (Code("ServiceGiven"),), since=date(2026, 1, 1), until=TODAY)
REFS = [f"{US}#{position}" for position in range(1, 101)]


def sample(population: Population = PAYMENTS, size: int = 10, seed: str = "0316") -> Any:
    return Sample.draw(act(), new_sample(), population, REFS, size, seed)


def test_a_sample_has_its_seed_its_population_and_the_records_drawn() -> None:
    told = sample()

    assert (told.count, len(told.drawn), told.seed) == (100, 10, "0316")
    assert told.digest == sha256("\n".join(sorted(REFS)).encode()).hexdigest()
    assert Sample.told(told).agrees(reversed(REFS))
    assert not Sample.told(told).agrees(REFS[1:])
    assert not Sample().agrees(REFS)


def test_the_sample_is_what_the_documented_arithmetic_gives() -> None:
    by_hand = sorted(REFS, key=lambda ref: sha256(b"0316\n" + ref.encode()).hexdigest())[:10]

    assert list(sample().drawn) == by_hand


def test_a_sample_without_seed_out_of_range_or_of_nothing_is_refused() -> None:
    with pytest.raises(SeedMissing):
        sample(seed=" ")
    for size in (0, 101, MOST + 1):
        with pytest.raises(SampleOutOfRange):
            sample(size=size)
    with pytest.raises(PopulationUnsaid):
        sample(Population(US, ()))
    with pytest.raises(PopulationUnsaid):
        sample(Population(US, (Code("ServiceGiven"),), since=TODAY, until=date(2026, 1, 1)))


@given(
    refs=st.sets(st.integers(1, 10_000), min_size=1, max_size=60),
    seed=st.text(min_size=1, max_size=20),
    sizes=st.tuples(st.integers(1, 60), st.integers(1, 60)),
)
def test_a_sample_hangs_on_records_and_seed_alone_and_a_larger_one_holds_the_smaller(
    refs: set[int], seed: str, sizes: tuple[int, int]
) -> None:
    every = [f"{US}#{each}" for each in refs]
    small, large = sorted(sizes)

    assert drawn(sorted(every), seed, small) == drawn(every[::-1], seed, small)
    assert drawn(every, seed, large)[:small] == drawn(every, seed, small)
    assert set(drawn(every, seed, large)) <= set(every)
    assert digest(every) == digest(reversed(every))
