"""Questions (疑点与争议): raised, answered, ruled, closed, appealed against; and samples drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Asking,
    Body,
    Day,
    FundRef,
    PersonRef,
    QuestionRef,
    Room,
    SampleRef,
    Seen,
    SignedIn,
    Text,
    UnionRef,
    Word,
    answer,
)
from api.problems import Problem
from api.showing import (
    Listing,
    Looking,
    Page,
    check_fund,
    check_part,
    check_purpose,
    check_sample,
    check_sight,
    check_union,
    looking,
    names_of,
    oversees,
    samples_for,
    turned,
)
from ledger import procedures, replay
from ledger.book import Entry
from ledger.desk import Visitor
from ledger.domain.corrections import person_of
from ledger.domain.ids import QuestionId, UnionId
from ledger.domain.kernel import Code
from ledger.domain.questions import (
    Cited,
    Outcome,
    Population,
    Question,
    QuestionKind,
    QuestionState,
    Reply,
    Sample,
    SampleDrawn,
    Verdict,
)
from ledger.projections import questions as view
from ledger.projections.questions import Line, SampleLine, Sought
from ledger.replay import QuestionFile

ROUTER = Room("/questions", "疑点与争议")
SAMPLES = Room("/samples", "抽样")

RecordRef = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9./_-]{3,80}#[1-9][0-9]{0,14}$", examples=["liangdi.example/guangxi#1024"])
]  # fmt: skip
_Cites = Annotated[list[RecordRef], Field(max_length=200, description="所涉记录：总账#位置")]


def cited(ref: str) -> Cited:
    """`origin#position`, as a record is pointed at."""
    origin, _, position = ref.rpartition("#")
    return Cited(Code(origin), int(position))


# ── views ────────────────────────────────────────────────────────────────────────────────────


class QuestionsSought(Listing):
    """Which questions: in a state, of a kind, due by a day, whose turn it is."""

    state: QuestionState | None = Field(None, description="状态")
    kind: QuestionKind | None = Field(None, description="种类")
    union: UnionRef | None = Field(None, description="所涉工会，默认本工会")
    below: bool | None = Field(None, description="是否包括下级工会，默认包括")
    turn: UnionRef | None = Field(None, description="待哪个工会办理")
    late: bool | None = Field(None, description="只看逾期的")
    due: Day | None = Field(None, description="何日前到期")
    open: bool | None = Field(None, description="未了结或已了结")
    person: PersonRef | None = Field(None, description="职工")
    rule: Word | None = Field(None, description="所依据的规则或审计发现")
    sample: SampleRef | None = Field(None, description="由哪次抽样提出")
    record: RecordRef | None = Field(None, description="针对哪条记录")
    count: bool | None = Field(None, description="是否给出各状态合计")

    def sought(self, who: Visitor, union: UnionId | None) -> Sought:
        """The question to the view. Raises: UnknownFilter."""
        words = {name: word for name, word in self.words().items() if name != "count"}
        return Sought.of(who.today, {**words, **({"union": union} if union else {})})


@dataclass(frozen=True)
class QuestionLine:
    """One question, with the names of the unions that have a part in it."""

    question: Line
    union_name: str
    asked_name: str
    judge_name: str
    turn_name: str
    late: bool


@ROUTER.view("", "疑点与争议列表：状态、到期、待谁办理", Page[QuestionLine])
def questions(who: SignedIn, asked: Annotated[QuestionsSought, Query()]) -> Response:
    turn, origin = turned(who, "questions", asked), who.ledger.origin
    ask = turn.asked
    with who.ledger.reading() as reader:
        sought = ask.sought(who, check_union(reader, who, ask.union))
        page = view.listing(reader.conn, origin, sought, limit=ask.limit, after=turn.pair)
        counts = view.count(reader.conn, origin, sought) if ask.count else None
        named = [u for row in page.rows for u in (row.union, row.asked, row.judge, row.turn)]
        names = names_of(reader, named)

    def name(union: UnionId | None) -> str:
        return names.get(union, "") if union else ""

    lines = [
        QuestionLine(
            row, name(row.union), name(row.asked), name(row.judge), name(row.turn),
            row.late(who.today),
        )
        for row in page.rows
    ]  # fmt: skip
    return turn.answer(lines, page.next, **({"counts": counts} if counts else {}))


@ROUTER.view("/{question}", "一项疑点：两省各步、所涉记录，截至某日、按某日已登记", QuestionFile)
def question(question: QuestionRef, who: SignedIn, asked: Looking) -> Response:
    with looking(who, "question", asked.purpose) as reader:
        row = check_part(reader, who, question)
        if row.person is not None:
            check_purpose(reader, row.person, asked.purpose)
        told = replay.question(
            reader, question, as_of=asked.as_of, known_on=asked.known_on,
            mask=not who.sees_numbers,
        )  # fmt: skip
        held = reader.find(Question, question)
    return answer(told, version=held.version)


# ── raising ──────────────────────────────────────────────────────────────────────────────────


class Deadlines(Body):
    """Within how many days it is answered and ruled."""

    answer_days: int = Field(10, ge=1, le=365, description="几日内答复")
    ruling_days: int = Field(15, ge=1, le=365, description="几日内裁定")
    judge: UnionRef | None = Field(None, description="裁定工会，默认按种类确定")


class Raising(Deadlines):
    """About which records, of what kind, why, and put to whom."""

    kind: QuestionKind = Field(description="种类，审计疑点、工会间争议或职工异议")
    cites: _Cites = Field(description="所涉记录：总账#位置")
    text: Text = Field(
        "", description="事实和理由，涉及一名职工的密封于本人；否则公开，不写个人信息"
    )
    rule: Word | None = Field(None, description="所依据的规则或审计发现", examples=["QuotaFull"])
    asked: UnionRef | None = Field(None, description="被问工会，默认登记所涉记录的工会")
    person: PersonRef | None = Field(None, description="所涉职工，默认从记录得出")
    sample: SampleRef | None = Field(None, description="由哪次抽样提出")


@ROUTER.act("", "提出疑点、争议或职工异议")
def raise_question(body: Raising, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        cites = [cited(each) for each in body.cites]
        for _, fact in entry.facts_at([(each.origin, each.position) for each in cites]):
            person = person_of(fact.event)
            if person is not None:
                check_sight(entry, asked.who, person)
        if body.person is not None:
            check_sight(entry, asked.who, body.person)
        told = body.model_dump(exclude={"act", "cites"})
        return {"question": procedures.raise_question(entry, cites=cites, **told)}

    return asked.record(body, decide)


class Appealing(Deadlines):
    """Why the ruling is wrong."""

    text: Text = Field(description="申诉理由")


@ROUTER.act("/{question}/appeals", "不服裁定，提出申诉")
def appeal(question: QuestionRef, body: Appealing, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        check_part(entry, asked.who, question)
        told = body.model_dump(exclude={"act"})
        return {"question": procedures.appeal(entry, question, **told)}

    return asked.record(body, decide, {question: seen})


# ── answering, ruling, closing ───────────────────────────────────────────────────────────────


class Answering(Body):
    """What the union that is asked says to it."""

    reply: Reply = Field(description="承认、说明或不认可")
    text: Text = Field("", description="说明，涉及一名职工的密封于本人；否则公开，不写个人信息")
    cites: _Cites = Field(default_factory=list[str], description="所据记录")


@ROUTER.act("/{question}/answers", "答复")
def answer_question(question: QuestionRef, body: Answering, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, question, seen, lambda entry: procedures.answer_question(
        entry, question, body.reply, body.text, [cited(each) for each in body.cites]
    ))  # fmt: skip


class Ruling(Body):
    """What is ruled, why, and within how many days it is put right or appealed."""

    verdict: Verdict = Field(description="成立、部分成立或不成立")
    text: Text = Field(description="裁定理由，涉及一名职工的密封于本人；否则公开，不写个人信息")
    remedy_days: int | None = Field(None, ge=1, le=730, description="几日内整改")
    appeal_days: int | None = Field(None, ge=1, le=730, description="几日内可申诉")


@ROUTER.act("/{question}/ruling", "裁定：由未参与的人作出；不成立的随即了结")
def rule(question: QuestionRef, body: Ruling, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, question, seen, lambda entry: procedures.rule_question(
        entry, question, body.verdict, body.text, remedy_days=body.remedy_days,
        appeal_days=body.appeal_days,
    ))  # fmt: skip


class Closing(Body):
    """How it is closed, and by which records it was put right."""

    outcome: Outcome = Field(description="已更正、已追回、维持原记录或撤回")
    text: Text = Field("", description="说明；撤回须写明理由")
    remedies: _Cites = Field(default_factory=list[str], description="更正、追回的记录")


@ROUTER.act("/{question}/closing", "了结：写明更正、追回的记录，或维持")
def close(question: QuestionRef, body: Closing, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, question, seen, lambda entry: procedures.close_question(
        entry, question, body.outcome, body.text, [cited(each) for each in body.remedies]
    ))  # fmt: skip


def _upon(
    asked: Asking, body: Body, question: QuestionId, seen: int, act: Callable[[Entry], None]
) -> Response:
    """An act upon a question that was seen, and in which this visitor's unions have a part."""

    def decide(entry: Entry) -> None:
        check_part(entry, asked.who, question)
        act(entry)

    return asked.record(body, decide, {question: seen})


# ── samples ──────────────────────────────────────────────────────────────────────────────────


class Drawing(Body):
    """Of which records, how many, by which seed."""

    kinds: list[Annotated[Word, Field(pattern=r"^[A-Z][A-Za-z]{2,60}$")]] = Field(
        min_length=1, max_length=20, description="事实种类", examples=[["ServiceGiven"]]
    )
    size: int = Field(ge=1, le=500, description="样本量", examples=[20])
    seed: Word | None = Field(None, description="种子，如摇号结果；不填由系统给出")
    origin: Word | None = Field(None, description="谁的记录，默认本省总账")
    fund: FundRef | None = Field(None, description="只抽涉及这项资金的")
    since: Day | None = Field(None, description="自哪一天")
    until: Day | None = Field(None, description="至哪一天（含）")


@SAMPLES.act("", "抽样：种子、总体和所抽记录一并登记")
def draw(body: Drawing, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, Any]:
        if body.fund is not None:
            check_fund(entry, asked.who, body.fund)
        elif not oversees(entry, asked.who):
            raise Problem(
                403, "not-your-sample", "Of all records only the federation's auditors draw.",
                "从全省记录中抽样，由省级工会的经审人员办理。",
                instead="限定本级或下级工会的一项资金再抽，或请省级工会的经审人员抽取。",
            )  # fmt: skip
        population = Population(
            Code(body.origin or entry.ledger.origin), tuple(body.kinds), body.fund, body.since,
            body.until,
        )  # fmt: skip
        drawn = procedures.draw_sample(entry, population, body.size, body.seed)
        return {"sample": drawn.sample, "seed": drawn.seed, "drawn": list(drawn.drawn)}

    return asked.record(body, decide, lock=True)


@dataclass(frozen=True)
class SampleFile:
    """One sample: how it was drawn, whether drawing it again gives the same, what was asked of it."""

    drawn: SampleDrawn
    again: bool
    questions: list[Line]


class SamplesSought(Listing):
    """Samples, the newest first."""


@SAMPLES.view("", "抽样列表", Page[SampleLine])
def samples(who: SignedIn, asked: Annotated[SamplesSought, Query()]) -> Response:
    turn = turned(who, "samples", asked)
    with who.ledger.reading() as reader:
        found = samples_for(reader, who)
    return turn.answer(*turn.cut(found, lambda row: (f"{10**15 - row.position:015}",)))


@SAMPLES.view("/{sample}", "一次抽样，并按种子重抽核对", SampleFile)
def sample(sample: SampleRef, who: SignedIn) -> Response:
    with who.ledger.reading() as reader:
        drawn = reader.find(Sample, sample).drawn
        assert drawn is not None
        check_sample(reader, who, drawn)
        sought = Sought(who.today, sample=sample)
        told = SampleFile(
            drawn, procedures.drawn_again(reader, sample),
            view.listing(reader.conn, who.ledger.origin, sought, limit=500).rows,
        )  # fmt: skip
    return answer(told)
