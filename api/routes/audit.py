"""Audit (发放审计): what was found, by rule, union and day; and a finding becomes a question."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query, Response
from pydantic import Field, StringConstraints

from api.asking import (
    Acting,
    Day,
    PersonRef,
    Room,
    SignedIn,
    Text,
    UnionRef,
    Word,
    answer,
)
from api.routes.questions import Deadlines, RecordRef, cited
from api.showing import Listing, Page, check_sight, check_union, names_of, turned
from ledger import procedures
from ledger.book import Entry
from ledger.desk import Visitor
from ledger.domain.aiding import AidKind
from ledger.domain.auditing import Finding
from ledger.domain.ids import UnionId
from ledger.projections import disbursement_audit as view
from ledger.projections.disbursement_audit import FindingState, Line, Sought
from ledger.replay import Amount

ROUTER = Room("/audit", "发放审计")

SubjectRef = Annotated[
    str, StringConstraints(pattern=r"^(grt|lis|fnd|hrd)_[a-z2-7]{26}$"),
]  # fmt: skip


@dataclass(frozen=True)
class FindingRule:
    """What can be found, as people read it; `breaks`: the rules that a decision may name."""

    rule: str
    sentence: str
    zh: str
    article: str
    put_right: str
    breaks: tuple[str, ...]

    @classmethod
    def of(cls, kind: type[Finding]) -> "FindingRule":
        return cls(
            kind.__name__, kind.sentence(), kind.zh, kind.article, kind.put_right, kind.breaks
        )


@ROUTER.view("/rules", "全部审计规则", list[FindingRule])
def rules() -> Response:
    return answer([FindingRule.of(kind) for kind in Finding.kinds.values()])


class FindingsSought(Listing):
    """Which findings: of a rule, a union, in a state, as they hold on a day."""

    today: Day | None = Field(None, description="截至哪一天，默认今天")
    rule: Annotated[str, Field(max_length=40)] | None = Field(
        None, description="审计规则", examples=["ReceiptMissing"]
    )
    state: FindingState | None = Field(None, description="未提出、已提出或已裁定")
    union: UnionRef | None = Field(None, description="工会，默认本工会")
    below: bool | None = Field(None, description="是否包括下级工会，默认包括")
    own: bool | None = Field(None, description="本省或对方省登记的")
    kind: AidKind | None = Field(None, description="帮扶项目")
    subject: SubjectRef | None = Field(None, description="救助、名单、资金或困难档案")
    person: PersonRef | None = Field(None, description="申请人")
    aid_list: Annotated[str, Field(pattern=r"^lis_[a-z2-7]{26}$")] | None = Field(
        None, description="发放名单"
    )
    fund: Annotated[str, Field(pattern=r"^fnd_[a-z2-7]{26}$")] | None = Field(
        None, description="资金"
    )
    record: RecordRef | None = Field(None, description="针对哪条记录")
    since: Day | None = Field(None, description="自哪一天起")
    until: Day | None = Field(None, description="至哪一天（含）")
    count: bool | None = Field(None, description="是否给出各规则合计")

    def sought(self, who: Visitor, union: UnionId | None) -> Sought:
        """The question to the view. Raises: UnknownFilter."""
        words = {name: word for name, word in self.words().items() if name != "count"}
        return Sought.of(who.today, {**words, **({"union": union} if union else {})})


@dataclass(frozen=True)
class FindingLine:
    """One finding, its sentence, its amount as people read it, and its union by name."""

    finding: Line
    zh: str
    amount: Amount
    union_name: str


@dataclass(frozen=True)
class FindingCount:
    """How many findings of a rule, over how much, and how many are not ruled yet."""

    rule: str
    zh: str
    findings: int
    amount: Amount
    open: int


@ROUTER.view("/findings", "审计发现：按规则、工会、日期", Page[FindingLine])
def findings(who: SignedIn, asked: Annotated[FindingsSought, Query()]) -> Response:
    turn, origin = turned(who, "findings", asked), who.ledger.origin
    ask = turn.asked
    with who.ledger.reading() as reader:
        sought = ask.sought(who, check_union(reader, who, ask.union))
        page = view.listing(reader.conn, origin, sought, limit=ask.limit, after=turn.pair)
        counts = view.count(reader.conn, origin, sought) if ask.count else {}
        names = names_of(reader, [row.union for row in page.rows])
    lines = [
        FindingLine(
            row, Finding.kinds[row.rule].zh, Amount.of(row.amount), names.get(row.union, "")
        )
        for row in page.rows
    ]
    told = [
        FindingCount(
            rule, Finding.kinds[rule].zh, tally.findings, Amount.of(tally.amount), tally.open
        )
        for rule, tally in counts.items()
    ]
    return turn.answer(lines, page.next, **({"counts": told} if ask.count else {}))


class Querying(Deadlines):
    """Which finding is queried: by its rule, and the record that it turns on."""

    rule: Word = Field(description="审计规则", examples=["ReceiptMissing"])
    record: RecordRef = Field(description="所针对的记录：总账#位置")
    text: Text = Field("", description="疑问；默认以审计规则为据")


@ROUTER.act("/questions", "由审计发现一步提出疑点")
def query(body: Querying, asked: Acting) -> Response:
    place = cited(body.record)

    def decide(entry: Entry) -> dict[str, str]:
        sought = Sought(entry.act.today, rule=body.rule, record=(str(place.origin), place.position))
        for row in view.listing(entry.conn, entry.ledger.origin, sought, limit=1).rows:
            if row.person is not None:
                check_sight(entry, asked.who, row.person)
        question = procedures.query_finding(
            entry, body.rule, (str(place.origin), place.position), body.text,
            answer_days=body.answer_days, ruling_days=body.ruling_days, judge=body.judge,
        )  # fmt: skip
        return {"question": question}

    return asked.record(body, decide)
