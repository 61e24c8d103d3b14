"""Questions (疑点与争议办理): who had a part is found in the records; and samples drawn anew.

What a question cites is read here, with who decided it and in whose stead, so that the law can
keep the ruling apart from it. Where both sides hold what is cited, the question goes to both.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from secrets import token_hex
from typing import Any

from sqlalchemy import and_, func, select

from ledger.book import Entry, NotFound, Reader
from ledger.domain.aid import AidGrant, MoneyTakenBack, TakeBackOrdered
from ledger.domain.corrections import person_of
from ledger.domain.ids import (
    PersonId,
    QuestionId,
    SampleId,
    UnionId,
    new_question,
    new_sample,
)
from ledger.domain.kernel import Code, Event, Fact
from ledger.domain.questions import (
    Cited,
    NotSharedWithThem,
    Outcome,
    Population,
    Question,
    QuestionKind,
    Reply,
    Sample,
    SampleDrawn,
    Verdict,
)
from ledger.journal import canonical
from ledger.journal.tables import channel_leaf, record
from ledger.procedures.delegation import acted_for
from ledger.procedures.enrolling import kin_of, known_as
from ledger.procedures.sharing import link_of
from ledger.procedures.transferring import origin_of
from ledger.projections.posting import channel_name

# ── raising ──────────────────────────────────────────────────────────────────────────────────


def raise_question(
    entry: Entry,
    kind: QuestionKind,
    cites: Sequence[Cited],
    text: str = "",
    *,
    answer_days: int,
    ruling_days: int,
    asked: UnionId | None = None,
    judge: UnionId | None = None,
    rule: Code | None = None,
    person: PersonId | None = None,
    sample: SampleId | None = None,
) -> QuestionId:
    """Raises a question about these records.

    `asked` None: the union that recorded the first of them; `judge` None: for an audit query the
    acting union, else the nearest superior that is no side of it; `person` None: the one whom the
    records concern, where it is one.

    Raises: NotFound, NotSharedWithThem, and what `Question.ask` raises.
    """
    facts = _cited(entry, cites)
    persons = {each for fact in facts if (each := person_of(fact.event)) is not None}
    if person is None and len(persons) == 1:
        (person,) = persons
    answers = asked or next((fact.union for fact in facts if fact.union is not None), None)
    if answers is None:
        answers = entry.act.union
    if sample is not None:
        entry.read(Sample, sample)
    rules = judge or _judge(entry, kind, answers)
    question = new_question()
    entry.start(
        Question.ask(
            entry.act, question, kind, cites, answers, rules, text, answer_days=answer_days,
            ruling_days=ruling_days, rule=rule, person=person, sample=sample,
            partner=_partner(entry, facts, (answers, rules)), part=_hands(entry, facts),
        )
    )  # fmt: skip
    return question


def appeal(
    entry: Entry,
    question: QuestionId,
    text: str,
    *,
    answer_days: int,
    ruling_days: int,
    judge: UnionId | None = None,
) -> QuestionId:
    """A new question against a ruling; `judge` None: the superior of the union that ruled.

    Raises: NotFound, NotSharedWithThem, and what `Question.appeal` raises.
    """
    first = entry.read(Question, question)
    ruled = first.ruled.union if first.ruled else None
    rules = judge or (_judge(entry, QuestionKind.APPEAL, ruled) if ruled else None)
    facts = _cited(entry, first.raised.cites if first.raised else ())
    made = new_question()
    entry.start(
        first.appeal(
            entry.act, made, rules, text, answer_days=answer_days, ruling_days=ruling_days,
            partner=_partner(entry, facts, (ruled, rules)) or first.other_side(entry.ledger.origin),
        )
    )  # fmt: skip
    return made


def _judge(entry: Entry, kind: QuestionKind, asked: UnionId) -> UnionId | None:
    """Who rules, where nobody was named; None: nobody here stands above both sides."""
    if kind is QuestionKind.AUDIT_QUERY:
        return entry.act.union
    above = entry.line(asked)[1:]
    if kind is QuestionKind.DISPUTE:
        sides = {asked, entry.act.union}
        both = [*above, *entry.line(entry.act.union)[1:]]
        return next((each for each in both if each not in sides), None)
    if kind is QuestionKind.OBJECTION:
        return next(iter(above), asked)
    return next(iter(above), None)


# ── answering, ruling, closing ───────────────────────────────────────────────────────────────


def answer_question(
    entry: Entry,
    question: QuestionId,
    reply: Reply,
    text: str = "",
    cites: Sequence[Cited] = (),
) -> None:
    """Answers for the union that is asked. Raises: NotFound, and what `Question.answer` raises."""
    held, act = entry.read(Question, question), entry.act
    _cited(entry, cites)
    line = entry.line(held.raised.asked) if held.raised else []
    entry.write(
        held.answer(
            act, reply, text, line=line, cites=cites,
            askers=_hands(entry, entry.history(question)[:1]),
            instead_of=_one_with(entry), origin=entry.ledger.origin,
        )
    )  # fmt: skip


def rule_question(
    entry: Entry,
    question: QuestionId,
    verdict: Verdict,
    text: str,
    *,
    remedy_days: int | None = None,
    appeal_days: int | None = None,
) -> None:
    """Rules; what is dismissed is closed at once, for what was cited stands.

    Raises: NotFound, and what `Question.rule` raises.
    """
    held = entry.read(Question, question)
    told, act, origin = held.raised, entry.act, entry.ledger.origin
    part: set[str] = set()
    line: list[UnionId] = []
    if told is not None:
        part = _hands(entry, _cited(entry, told.cites)) | _took_part(entry, held)
        part |= set(kin_of(entry, told.person)) if told.person else set[str]()
        line = entry.line(told.judge) if told.judge else []
    entry.write(
        held.rule(
            act, verdict, text, line=line, part=part, instead_of=_one_with(entry),
            remedy_days=remedy_days, appeal_days=appeal_days, origin=origin,
        )
    )  # fmt: skip
    if verdict is Verdict.DISMISSED:
        entry.write(held.close(act, Outcome.STANDS, line=(), origin=origin))


def close_question(
    entry: Entry,
    question: QuestionId,
    outcome: Outcome,
    text: str = "",
    remedies: Sequence[Cited] = (),
) -> None:
    """Closes, with the records by which it was put right.

    Raises: NotFound, and what `Question.close` raises.
    """
    held = entry.read(Question, question)
    line = entry.line(held.raised.union) if held.raised else []
    facts = _cited(entry, remedies)
    cited = _cited(entry, held.raised.cites) if held.raised and facts else []
    entry.write(
        held.close(
            entry.act, outcome, text, line=line, remedies=facts,
            taken_back=_taken_back(entry, cited, facts), origin=entry.ledger.origin,
        )
    )  # fmt: skip


def _taken_back(entry: Entry, cited: Sequence[Fact], facts: Iterable[Fact]) -> set[str]:
    """Which of these facts take back, after it was paid, what these grants or lists have paid."""
    found: set[str] = set()
    for fact in facts:
        if isinstance(fact.event, TakeBackOrdered | MoneyTakenBack):
            grant = entry.look_up(AidGrant, fact.event.grant)
            whole = {str(each) for each in (grant.id, grant.aid_list) if each is not None}
            if any(whole & _paying(each.event) and _before(each, fact) for each in cited):
                found.add(fact.ref)
    return found


def _paying(event: Event) -> set[str]:
    """The grant, or the list, that a fact is about; a fund knows a list by the same field."""
    named = getattr(event, "grant", None), getattr(event, "aid_list", None)
    return {str(each) for each in named if each is not None}


def _before(one: Fact, other: Fact) -> bool:
    return one.origin != other.origin or one.position < other.position


# ── who had a part, and who is told ──────────────────────────────────────────────────────────


def _cited(entry: Entry, cites: Iterable[Cited]) -> list[Fact]:
    """The facts that are cited. Raises: NotFound where one is not here."""
    wanted = list(dict.fromkeys(cites))
    found = {fact.ref: fact for _, fact in entry.facts_at([(e.origin, e.position) for e in wanted])}
    missing = next((each.ref for each in wanted if each.ref not in found), None)
    if missing is not None:
        raise NotFound(missing)
    return [found[each.ref] for each in wanted]


def _hands(entry: Entry, facts: Iterable[Fact]) -> set[str]:
    """Who decided these, and in whose stead they did."""
    hands: set[str] = set()
    for fact in facts:
        if fact.decider is None:
            continue
        hands.add(fact.decider)
        hands |= acted_for(entry, fact.decider, fact.union, fact.on)
    return hands


def _one_with(entry: Entry) -> frozenset[PersonId]:
    """In whose stead who decides acts, and under which other ids she is on record."""
    act = entry.act
    return acted_for(entry, act.decider, act.union, act.on) | known_as(entry, act.decider)


def _took_part(entry: Entry, held: Question) -> set[str]:
    """Who had a part in a question, and in those that it is an appeal against."""
    part: set[str] = set()
    step: Question | None = held
    while step is not None and step.raised is not None:
        before = step.raised.appeals
        part |= step.hands | _hands(entry, entry.history(step.raised.question))
        step = entry.look_up(Question, before) if before is not None else None
    return part


def _partner(entry: Entry, facts: Sequence[Fact], named: Iterable[UnionId | None]) -> Code | None:
    """The other side that takes part: it recorded what is cited, is asked, or holds it as we do.

    Raises: NotSharedWithThem.
    """
    own = entry.ledger.origin
    others = {fact.origin for fact in facts}
    others |= {origin_of(entry, union) for union in named if union is not None}
    others -= {own}
    ours = [fact for fact in facts if fact.origin == own]
    if not others:
        shared = (each for each in entry.partners if _shared(entry, ours, each))
        return next((Code(each) for each in shared), None)
    partner = min(others)
    if len(others) > 1 or not _shared(entry, ours, partner):
        raise NotSharedWithThem(partner=sorted(others))
    return Code(partner)


def _shared(entry: Entry, facts: Sequence[Fact], partner: str) -> bool:
    """Whether a partner has these facts of ours, and is still given those of their persons."""
    own = entry.ledger.origin
    positions = {fact.position for fact in facts}
    known = entry.conn.execute(
        select(func.count()).where(
            channel_leaf.c.log == channel_name(own, partner),
            channel_leaf.c.origin == own,
            channel_leaf.c.position.in_(positions),
        )
    ).scalar_one()
    persons = {each for fact in facts if (each := person_of(fact.event)) is not None}
    return known == len(positions) and all(link_of(entry, each, partner) for each in persons)


# ── samples ──────────────────────────────────────────────────────────────────────────────────

_AT_ONCE = 5000


def draw_sample(
    entry: Entry, population: Population, size: int, seed: str | None = None
) -> SampleDrawn:
    """Draws a sample of what stands before this record. The entry holds the head (`lock=True`).

    `seed` None: one that nobody chose. Raises: what `Sample.draw` raises.
    """
    assert entry.locked
    named = replace(population, kinds=tuple(sorted(set(population.kinds))))
    refs = population_of(entry, named, before=entry.next_position)
    drawn = Sample.draw(
        entry.act, new_sample(), named, refs, size, token_hex(16) if seed is None else seed
    )
    entry.start(drawn)
    return drawn


def drawn_again(reader: Reader, sample: SampleId) -> bool:
    """Whether the records that stood then, and its seed, give the same sample again.

    Raises: NotFound.
    """
    held = reader.find(Sample, sample)
    (fact,) = reader.history(sample)[:1]
    assert held.drawn is not None
    return held.agrees(population_of(reader, held.drawn.population, before=fact.position))


def population_of(reader: Reader, population: Population, *, before: int) -> list[str]:
    """The records of a population that stood, as known here before this position of ours."""
    refs: dict[int, str] = {}
    struck: set[int] = set()
    for position, kind, header, body in _records(reader, population, before):
        head = canonical.decode(header)
        if head.get("corrects") is not None:
            struck.add(head["corrects"])
        if kind in population.kinds and _within(population, head["on"], body):
            refs[position] = f"{population.origin}#{position}"
    return [ref for position, ref in refs.items() if position not in struck]


def _within(population: Population, on: str, body: bytes) -> bool:
    since, until, fund = population.since, population.until, population.fund
    return (
        (since is None or on >= since.isoformat())
        and (until is None or on <= until.isoformat())
        and (fund is None or fund in canonical.decode(body).values())
    )


def _records(
    reader: Reader, population: Population, before: int
) -> Iterator[tuple[int, str, bytes, bytes]]:
    """The records of these kinds, and what annuls any, in their order."""
    own = reader.ledger.origin
    kinds: Collection[str] = {*population.kinds, "FactAnnulled"}
    query: Any = select(record.c.position, record.c.kind, record.c.header, record.c.body).where(
        record.c.origin == population.origin, record.c.kind.in_(kinds)
    )
    if population.origin == own:
        query = query.where(record.c.position < before)
    else:
        query = query.join(
            channel_leaf,
            and_(
                channel_leaf.c.origin == record.c.origin,
                channel_leaf.c.position == record.c.position,
            ),
        ).where(
            channel_leaf.c.log == channel_name(population.origin, own),
            channel_leaf.c.read_at < before,
        )
    after = 0
    while True:
        page = query.where(record.c.position > after).order_by(record.c.position).limit(_AT_ONCE)
        rows: list[tuple[Any, ...]] = [tuple(row) for row in reader.conn.execute(page)]
        for position, kind, header, body in rows:
            yield position, kind, bytes(header), bytes(body)
            after = position
        if len(rows) < _AT_ONCE:
            return
