"""One question (疑点与争议): raised about records, answered, ruled by one who had no part, closed.

One life for an audit query, a dispute between unions, a worker's objection and an appeal. It is
put to the union that recorded what is cited, here or in the other province; each side writes its
own steps in its own journal, and both fold the same stream.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from ledger.domain.ids import PersonId, QuestionId, SampleId, UnionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    CaseText,
    Claim,
    Code,
    Event,
    Fact,
    Office,
    PublicText,
    Release,
    Scope,
    weigh,
)
from ledger.domain.questions.rules import (
    AgainstTheRuling,
    AlreadyRuled,
    AppealTooLate,
    AskedAlready,
    AskerAnswers,
    AuditorsRuleAudits,
    AuditorTookPart,
    CorrectsNothingCited,
    DeadlineUnsaid,
    NoSuchQuestion,
    NothingCited,
    NothingToAppeal,
    NotYourKindOfQuestion,
    NotYoursToAnswer,
    NotYoursToClose,
    NotYoursToRule,
    PartyRules,
    RemedyMissing,
    RulerTookPart,
    TakesNothingCitedBack,
    UnansweredYet,
    WordsMissing,
)


class QuestionKind(StrEnum):
    """What a question is (种类)."""

    AUDIT_QUERY = "audit_query"  # 审计疑点
    DISPUTE = "dispute"  # 工会间争议
    OBJECTION = "objection"  # 职工异议
    APPEAL = "appeal"  # 申诉


class Reply(StrEnum):
    """What the union that is asked says to it (答复)."""

    CONCEDES = "concedes"  # 承认有误，将更正
    EXPLAINS = "explains"  # 作出说明
    DENIES = "denies"  # 不认可


class Verdict(StrEnum):
    """What was ruled (裁定)."""

    UPHELD = "upheld"  # 成立
    PARTLY = "partly"  # 部分成立
    DISMISSED = "dismissed"  # 不成立


class Outcome(StrEnum):
    """How a question was closed (了结方式)."""

    CORRECTED = "corrected"  # 已更正
    TAKEN_BACK = "taken_back"  # 已追回
    STANDS = "stands"  # 维持原记录
    WITHDRAWN = "withdrawn"  # 提出人撤回


class QuestionState(StrEnum):
    """Where a question stands (状态)."""

    UNKNOWN = "unknown"  # 无记录
    OPEN = "open"  # 待答复
    ANSWERED = "answered"  # 待裁定
    TO_REMEDY = "to_remedy"  # 待整改
    CLOSED = "closed"  # 已了结


@dataclass(frozen=True)
class Cited:
    """A record that is pointed at: whose, and where it stands."""

    origin: Code
    position: int

    @property
    def ref(self) -> str:
        return f"{self.origin}#{self.position}"


# ── events ───────────────────────────────────────────────────────────────────────────────────

_ASKERS: Mapping[QuestionKind, frozenset[Office]] = {
    QuestionKind.AUDIT_QUERY: frozenset({Office.AUDITOR}),
    QuestionKind.DISPUTE: frozenset({Office.CHAIR, Office.LIAISON, Office.LEGAL}),
    QuestionKind.OBJECTION: frozenset({Office.SELF, Office.CLERK, Office.STATION, Office.LEGAL}),
}


def kinds_raised_by(offices: Collection[Office]) -> tuple[QuestionKind, ...]:
    """The kinds of question that may be raised by who holds one of these offices."""
    return tuple(kind for kind, may in _ASKERS.items() if not may.isdisjoint(offices))


_RAISERS = (
    Office.AUDITOR, Office.CHAIR, Office.LIAISON, Office.LEGAL, Office.CLERK, Office.STATION,
)  # fmt: skip
_ANSWERERS = (
    Office.CHAIR, Office.REVIEWER, Office.APPROVER, Office.CLERK, Office.LIAISON, Office.STATION,
    Office.ACCOUNTANT, Office.LEGAL,
)  # fmt: skip
_RULERS = (Office.AUDITOR, Office.CHAIR, Office.REVIEWER, Office.APPROVER, Office.LEGAL)


class QuestionRaised(Event, by=(*_RAISERS, Office.SELF), scope=Scope.ALWAYS):
    """提出疑点: about these records, on this ground, put to a union; to be ruled by another.

    `partner` is the other side's journal, where it takes part. The text is sealed to the person
    whom it concerns; where it concerns nobody, or several, `note` is public and names nobody.
    """

    question: QuestionId
    kind: QuestionKind
    union: UnionId
    asked: UnionId
    judge: UnionId | None  # 裁定工会；没有的，由双方商定
    cites: tuple[Cited, ...]
    answer_days: int
    ruling_days: int
    rule: Code | None = None  # 所依据的规则或审计发现
    person: PersonId | None = None
    appeals: QuestionId | None = None
    sample: SampleId | None = None
    partner: Code | None = None
    text: CaseText = ""
    note: PublicText = ""

    def takes(self) -> Iterable[Claim]:
        if self.rule is not None and self.kind is QuestionKind.AUDIT_QUERY:
            for each in self.cites:
                yield Claim(AskedAlready, f"{self.rule} {each.ref}")


class QuestionAnswered(Event, by=_ANSWERERS, scope=Scope.ALWAYS):
    """答复疑点: by the union that is asked; it may cite records of its own."""

    question: QuestionId
    union: UnionId
    reply: Reply
    cites: tuple[Cited, ...] = ()
    person: PersonId | None = None
    partner: Code | None = None
    text: CaseText = ""
    note: PublicText = ""


class QuestionRuled(Event, by=_RULERS, scope=Scope.ALWAYS):
    """裁定疑点: by one who had no part; within how many days it is put right, or appealed."""

    question: QuestionId
    union: UnionId
    verdict: Verdict
    remedy_days: int | None = None
    appeal_days: int | None = None
    person: PersonId | None = None
    partner: Code | None = None
    findings: tuple[Code, ...] = ()
    text: CaseText = ""
    note: PublicText = ""


class QuestionClosed(Event, by=tuple(dict.fromkeys((*_RAISERS, *_RULERS))), scope=Scope.ALWAYS):
    """了结疑点: with the records that corrected it or took it back, or because what was cited stands."""

    question: QuestionId
    union: UnionId
    outcome: Outcome
    remedies: tuple[Cited, ...] = ()
    person: PersonId | None = None
    partner: Code | None = None
    text: CaseText = ""
    note: PublicText = ""

    def frees(self) -> Iterable[Release]:
        if self.outcome is Outcome.WITHDRAWN:
            yield Release(AskedAlready)


# ── the question ─────────────────────────────────────────────────────────────────────────────


class Question(Aggregate):
    """One question (stream `que_…`), with what both sides did about it."""

    def __init__(self) -> None:
        self.raised: QuestionRaised | None = None
        self.origin = ""  # the journal in which it was raised
        self.raised_on: date | None = None
        self.answers: list[QuestionAnswered] = []
        self.answered_on: date | None = None
        self.ruled: QuestionRuled | None = None
        self.ruled_on: date | None = None
        self.closed: QuestionClosed | None = None
        self.closed_on: date | None = None
        self.hands: set[str] = set()
        """Who took part: they raised it, answered it, ruled it, or are whom it concerns."""
        self.asker: str | None = None

    # ── raising ──

    @classmethod
    def ask(
        cls,
        act: Act,
        question: QuestionId,
        kind: QuestionKind,
        cites: Iterable[Cited],
        asked: UnionId,
        judge: UnionId | None,
        text: str,
        *,
        answer_days: int,
        ruling_days: int,
        rule: Code | None = None,
        person: PersonId | None = None,
        sample: SampleId | None = None,
        partner: Code | None = None,
        part: Collection[str] = (),
    ) -> QuestionRaised:
        """Raises a question. `part`: who decided what is cited, and in whose stead.

        Raises: NothingCited, WordsMissing, DeadlineUnsaid, NotYourKindOfQuestion, PartyRules,
        AuditorTookPart.
        """
        if kind is QuestionKind.APPEAL or act.deciding_office not in _ASKERS[kind]:
            raise NotYourKindOfQuestion(kind=kind, office=act.deciding_office)
        if kind is QuestionKind.DISPUTE and judge in {act.union, asked}:
            raise PartyRules(judge=judge)
        if kind is QuestionKind.AUDIT_QUERY and act.decider in part:
            raise AuditorTookPart(auditor=act.decider)
        return _raised(
            act, question, kind, cites, asked, judge, text, answer_days, ruling_days,
            rule=rule, person=person, sample=sample, partner=partner,
        )  # fmt: skip

    def appeal(
        self,
        act: Act,
        question: QuestionId,
        judge: UnionId | None,
        text: str,
        *,
        answer_days: int,
        ruling_days: int,
        partner: Code | None = None,
    ) -> QuestionRaised:
        """A new question against this one's ruling; the union that ruled answers for it.

        Raises: NothingToAppeal, AppealTooLate, NotYourKindOfQuestion, PartyRules, WordsMissing,
        DeadlineUnsaid.
        """
        first, ruled, on = self.raised, self.ruled, self.ruled_on
        if first is None or ruled is None or on is None:
            raise NothingToAppeal(state=self.state)
        days = ruled.appeal_days
        if days is not None and act.on > on + timedelta(days=days):
            raise AppealTooLate(until=(on + timedelta(days=days)).isoformat())
        auditor = act.deciding_office is Office.AUDITOR
        if auditor and first.kind is not QuestionKind.AUDIT_QUERY:
            raise NotYourKindOfQuestion(kind=first.kind, office=act.deciding_office)
        if judge == ruled.union:
            raise PartyRules(judge=judge)
        return _raised(
            act, question, QuestionKind.APPEAL, first.cites, ruled.union, judge, text,
            answer_days, ruling_days, rule=first.rule, person=first.person,
            appeals=first.question, partner=partner,
        )  # fmt: skip

    # ── answering, ruling, closing ──

    def answer(
        self,
        act: Act,
        reply: Reply,
        text: str = "",
        *,
        line: Sequence[UnionId],
        cites: Iterable[Cited] = (),
        askers: Collection[str] = (),
        instead_of: Collection[str] = (),
        origin: str = "",
    ) -> QuestionAnswered:
        """Answers. `line`: the union that is asked and those above; `origin`: our own journal's;
        `askers`: in whose office it was raised; `instead_of`: in whose office the answerer acts.

        Raises: NoSuchQuestion, AlreadyRuled, NotYoursToAnswer, AskerAnswers, WordsMissing.
        """
        told = self._unruled()
        if act.union not in line:
            raise NotYoursToAnswer(asked=told.asked)
        if {act.decider, *instead_of} & {self.asker, *askers}:
            raise AskerAnswers(asker=self.asker)
        if reply is not Reply.CONCEDES and not text.strip():
            raise WordsMissing(reply=reply)
        return QuestionAnswered(
            told.question, act.union, reply, tuple(dict.fromkeys(cites)), told.person,
            self.other_side(origin), *_texts(told.person, text),
        )  # fmt: skip

    def rule(
        self,
        act: Act,
        verdict: Verdict,
        text: str,
        *,
        line: Sequence[UnionId],
        part: Collection[str],
        instead_of: Collection[str] = (),
        remedy_days: int | None = None,
        appeal_days: int | None = None,
        origin: str = "",
    ) -> QuestionRuled:
        """Rules. `line`: the union that is to rule and those above; `part`: who decided what is
        cited, or the ruling that is appealed against, and the kin of whom it concerns;
        `instead_of`: in whose office the ruler acts.

        Raises: NoSuchQuestion, AlreadyRuled, NotYoursToRule, AuditorsRuleAudits, WordsMissing;
        PartyRules, RulerTookPart, UnansweredYet where it was not decided on paper before.
        """
        told = self._unruled()
        if act.union not in line:
            raise NotYoursToRule(judge=told.judge)
        if act.deciding_office is Office.AUDITOR and told.kind is not QuestionKind.AUDIT_QUERY:
            raise AuditorsRuleAudits(kind=told.kind)
        if not text.strip():
            raise WordsMissing(verdict=verdict)
        due, hands = self.due, self.hands | set(part)
        party = {
            QuestionKind.DISPUTE: {told.union, told.asked},
            QuestionKind.APPEAL: {told.asked},
        }.get(told.kind, set[UnionId]())
        mine = {act.decider, act.union, *instead_of}
        early = not self.answers and due is not None and act.on <= due
        found = weigh(act, [
            PartyRules(union=act.union) if act.union in party else None,
            RulerTookPart(who=sorted(mine & hands)) if mine & hands else None,
            UnansweredYet(due=due.isoformat()) if early and due else None,
        ])  # fmt: skip
        return QuestionRuled(
            told.question, act.union, verdict, remedy_days, appeal_days, told.person,
            self.other_side(origin), found, *_texts(told.person, text),
        )  # fmt: skip

    def close(
        self,
        act: Act,
        outcome: Outcome,
        text: str = "",
        *,
        line: Sequence[UnionId],
        remedies: Sequence[Fact] = (),
        taken_back: Collection[str] = (),
        origin: str = "",
    ) -> QuestionClosed:
        """Closes. `line`: the union that raised it and those above; `remedies`: the facts by which
        it was corrected or taken back; `taken_back`: which of them take back what is cited.

        Raises: NoSuchQuestion, NotYoursToClose, WordsMissing, RemedyMissing,
        CorrectsNothingCited, TakesNothingCitedBack, AgainstTheRuling.
        """
        told = self._standing()
        ruler = self.ruled.union if self.ruled else None
        if act.union not in line and (act.union != ruler or outcome is Outcome.WITHDRAWN):
            raise NotYoursToClose(union=told.union)
        self._as_ruled(told, outcome)
        if outcome is Outcome.WITHDRAWN and not text.strip():
            raise WordsMissing(outcome=outcome)
        if outcome in _REMEDIES and not remedies:
            raise RemedyMissing(outcome=outcome)
        if outcome is Outcome.CORRECTED:
            _check_corrections(told, remedies)
        others = [each.ref for each in remedies if each.ref not in taken_back]
        if outcome is Outcome.TAKEN_BACK and others:
            raise TakesNothingCitedBack(records=others)
        places = tuple(Cited(Code(each.origin), each.position) for each in remedies)
        return QuestionClosed(
            told.question, act.union, outcome, places if outcome in _REMEDIES else (), told.person,
            self.other_side(origin), *_texts(told.person, text),
        )  # fmt: skip

    def _as_ruled(self, told: QuestionRaised, outcome: Outcome) -> None:
        verdict = self.ruled.verdict if self.ruled else None
        by_ruling = told.kind in {QuestionKind.OBJECTION, QuestionKind.APPEAL}
        fits = {
            Outcome.WITHDRAWN: verdict is None,
            Outcome.STANDS: verdict is Verdict.DISMISSED or (verdict is None and not by_ruling),
        }.get(outcome, verdict is not Verdict.DISMISSED)
        if not fits:
            raise AgainstTheRuling(outcome=outcome, verdict=verdict)

    def _standing(self) -> QuestionRaised:
        if self.raised is None or self.closed is not None:
            raise NoSuchQuestion(state=self.state)
        return self.raised

    def _unruled(self) -> QuestionRaised:
        told = self._standing()
        if self.ruled is not None:
            raise AlreadyRuled(verdict=self.ruled.verdict)
        return told

    # ── questions ──

    @property
    def state(self) -> QuestionState:
        if self.raised is None:
            return QuestionState.UNKNOWN
        if self.closed is not None:
            return QuestionState.CLOSED
        conceded = bool(self.answers) and self.answers[-1].reply is Reply.CONCEDES
        if self.ruled is not None or conceded:
            return QuestionState.TO_REMEDY
        return QuestionState.ANSWERED if self.answers else QuestionState.OPEN

    @property
    def turn(self) -> UnionId | None:
        """The union that must act: answer, rule, or put right; None where it is closed."""
        told = self.raised
        match self.state:
            case QuestionState.OPEN | QuestionState.TO_REMEDY if told:
                return told.asked
            case QuestionState.ANSWERED if told:
                return told.judge or told.union
            case _:
                return None

    @property
    def due(self) -> date | None:
        """The last day for what comes next; None where no days were given, or it is closed."""
        told, since = self.raised, self.raised_on
        days: int | None = None
        match self.state:
            case QuestionState.OPEN if told:
                days = told.answer_days
            case QuestionState.ANSWERED if told:
                days, since = told.ruling_days, self.answered_on
            case QuestionState.TO_REMEDY if self.ruled:
                days, since = self.ruled.remedy_days, self.ruled_on
            case QuestionState.TO_REMEDY if told:
                days, since = told.ruling_days, self.answered_on
            case _:
                pass
        return since + timedelta(days=days) if since is not None and days is not None else None

    def overdue(self, today: date) -> bool:
        return self.due is not None and self.due < today

    def other_side(self, origin: str) -> Code | None:
        """To whose journal a step goes that is written in this one; None: it stays here."""
        told = self.raised
        if told is None or told.partner is None:
            return None
        return told.partner if self.origin == origin else Code(self.origin)

    # ── folding ──

    def after(self, fact: Fact) -> None:
        match fact.event:
            case QuestionRaised() as e:
                self.raised, self.origin, self.raised_on = e, fact.origin, fact.on
                self.asker = fact.decider
                self._took_part(fact, e.person)
            case QuestionAnswered() as e if self._heeds(fact):
                self.answers.append(e)
                self.answered_on = fact.on
                self._took_part(fact)
            case QuestionRuled() as e if self._heeds(fact):
                self.ruled, self.ruled_on = e, fact.on
                self._took_part(fact)
            case QuestionClosed() as e if self._heeds(fact):
                self.closed, self.closed_on = e, fact.on
            case _:
                pass

    def _heeds(self, fact: Fact) -> bool:
        """Whether the fact comes from a side of this question: nobody else has a step in it."""
        told = self.raised
        return told is not None and fact.origin in {self.origin, told.partner}

    def _took_part(self, fact: Fact, *others: str | None) -> None:
        self.hands |= {each for each in (fact.decider, *others) if each}


_REMEDIES = frozenset({Outcome.CORRECTED, Outcome.TAKEN_BACK})


def _raised(
    act: Act,
    question: QuestionId,
    kind: QuestionKind,
    cites: Iterable[Cited],
    asked: UnionId,
    judge: UnionId | None,
    text: str,
    answer_days: int,
    ruling_days: int,
    *,
    rule: Code | None,
    person: PersonId | None,
    appeals: QuestionId | None = None,
    sample: SampleId | None = None,
    partner: Code | None = None,
) -> QuestionRaised:
    cited = tuple(dict.fromkeys(cites))
    if not cited:
        raise NothingCited(kind=kind)
    if not text.strip() and (rule is None or kind is QuestionKind.APPEAL):
        raise WordsMissing(kind=kind)
    if answer_days < 1 or ruling_days < 1:
        raise DeadlineUnsaid(answer_days=answer_days, ruling_days=ruling_days)
    return QuestionRaised(
        question, kind, act.union, asked, judge, cited, answer_days, ruling_days, rule, person,
        appeals, sample, partner, *_texts(person, text),
    )  # fmt: skip


def _texts(person: PersonId | None, text: str) -> tuple[str, str]:
    """The text, sealed to the person whom it concerns; public where it concerns nobody."""
    return (text, "") if person is not None else ("", text)


def _check_corrections(told: QuestionRaised, remedies: Sequence[Fact]) -> None:
    """Each corrects a cited record, or one that took its place."""
    cited = {each.ref for each in told.cites} | {each.ref for each in remedies}
    for each in remedies:
        if each.corrects is None or f"{each.origin}#{each.corrects}" not in cited:
            raise CorrectsNothingCited(record=each.ref)
