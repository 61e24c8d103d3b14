"""Rights cases (维权案件): opened, worked on by one union or several, settled, recovered, closed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query, Response
from pydantic import Field

from api.asking import (
    Acting,
    Asking,
    Body,
    CaseRef,
    ConsentRef,
    Day,
    Division,
    MembershipRef,
    Name,
    Part,
    PersonRef,
    Room,
    Seen,
    SignedIn,
    StationRef,
    StepRef,
    Text,
    UnionRef,
    Word,
    answer,
)
from api.showing import (
    Listing,
    Look,
    Looking,
    Page,
    Purpose,
    check_case,
    check_union,
    looking,
    names_of,
    people,
    turned,
    version_of,
)
from ledger import replay
from ledger.book import Entry
from ledger.desk import Visitor
from ledger.domain.ids import CaseId, StepId, UnionId, new_step
from ledger.domain.kernel import Basis, Event, Fen
from ledger.domain.rights import (
    CaseKind,
    CaseParty,
    CaseState,
    Claiming,
    ClockKind,
    Doing,
    Ending,
    Handover,
    HelpKind,
    Instalment,
    Intake,
    Interruption,
    LetterKind,
    Means,
    Money,
    NoHelp,
    Objection,
    Outcome,
    Outside,
    PartyRole,
    Pause,
    Payer,
    Priority,
    Proof,
    Reopening,
    Reply,
    Result,
    Revision,
    RightsCase,
    Route,
    Said,
)
from ledger.procedures import casework
from ledger.projections import arrears, case_boards
from ledger.projections.arrears import Arrear, Owing, Totals
from ledger.projections.case_boards import Due, Line, Role, Sought, Tab
from ledger.replay import CaseBetween, CaseFile, CaseStep, Shown

ROUTER = Room("/cases", "维权案件")

Yuan = Annotated[Fen, Field(ge=0, lt=2**53, description="金额，分", examples=[400_000])]
Number = Annotated[int, Field(ge=1, le=999)]
Persons = Annotated[list[PersonRef], Field(min_length=1, max_length=5000)]


# ── views ────────────────────────────────────────────────────────────────────────────────────


class CasesSought(Listing):
    """Which cases: under which tab, of which union, as what."""

    tab: Tab | None = Field(None, description="在办、有逾期、有异议、已结")
    union: UnionRef | None = Field(None, description="工会，默认本工会")
    below: bool | None = Field(None, description="是否包括下级工会，默认包括")
    role: Role | None = Field(None, description="主办、协办、待答复")
    state: CaseState | None = Field(None, description="案件状态")
    kind: CaseKind | None = Field(None, description="案由")
    number: Word | None = Field(None, description="案号")
    due_within: Annotated[int, Field(ge=0, le=3660)] | None = Field(
        None, description="几日内有到期事项"
    )
    count: bool | None = Field(None, description="是否给出各栏合计")

    def sought(self, who: Visitor, union: UnionId | None) -> Sought:
        """The question to the view. Raises: UnknownFilter."""
        words = self.words()
        words.pop("count", None)
        return Sought.of(who.today, {**words, **({"union": union} if union else {})})


@dataclass(frozen=True)
class CaseLine:
    """One case with its sums; amounts are fen."""

    case: Line
    lead_name: str
    totals: Totals
    late: bool


@ROUTER.view("", "案件列表：在办、逾期、异议、已结", Page[CaseLine])
def cases(who: SignedIn, asked: Annotated[CasesSought, Query()]) -> Response:
    turn = turned(who, "cases", asked)
    ask, origin = turn.asked, who.ledger.origin
    with who.ledger.reading() as reader:
        sought = ask.sought(who, check_union(reader, who, ask.union))
        page = case_boards.listing(reader.conn, origin, sought, limit=ask.limit, after=turn.pair)
        counts = case_boards.count(reader.conn, origin, sought) if ask.count else None
        sums = arrears.totals(reader.conn, origin, [line.case for line in page.rows])
        names = names_of(reader, [line.lead for line in page.rows])
    lines = [
        CaseLine(line, names.get(line.lead, ""), sums[line.case], line.late(who.today))
        for line in page.rows
    ]
    return turn.answer(lines, page.next, **({"counts": counts} if counts else {}))


class DuesSought(Part):
    """Of which union, and how far ahead."""

    union: UnionRef | None = Field(None, description="工会，默认本工会及其下级")
    within: Annotated[int, Field(ge=0, le=3660)] = Field(30, description="几日之内")


@dataclass(frozen=True)
class DueLine:
    """One thing that is due, with the case that it is due in."""

    due: Due
    number: str
    days_left: int


@ROUTER.view("/dues", "到期事项：法定期限、函件、分期、答复", list[DueLine])
def dues(who: SignedIn, asked: Annotated[DuesSought, Query()]) -> Response:
    conn_origin = who.ledger.origin
    with who.ledger.reading() as reader:
        union = check_union(reader, who, asked.union)
        sought = Sought(who.today, union=union, due_within=asked.within)
        found = case_boards.dues(reader.conn, conn_origin, sought)
        held = case_boards.get(reader.conn, conn_origin, [due.case for due in found])
    return answer([DueLine(d, held[d.case].number, d.left(who.today)) for d in found])


class ArrearsSought(Part):
    """Of cases that which union leads."""

    union: UnionRef | None = Field(None, description="主办工会，默认本工会及其下级")
    open_only: bool = Field(True, description="只看仍有欠付的")


@ROUTER.view("/arrears", "欠付：按用人单位，工资与补偿分列", list[Owing])
def owing(who: SignedIn, asked: Annotated[ArrearsSought, Query()]) -> Response:
    with who.ledger.reading() as reader:
        union = check_union(reader, who, asked.union)
        found = arrears.by_employer(
            reader.conn, who.ledger.origin, union=union, open_only=asked.open_only
        )
    return answer(found)


@ROUTER.view("/{case}", "一件案件：各方、期限、函件、到账、结案，截至某日、按某日已登记", CaseFile)
def case_(case: CaseRef, who: SignedIn, asked: Looking) -> Response:
    with looking(who, "case", asked.purpose or f"case:{case}") as reader:
        check_case(reader, who, case)
        told = replay.case(
            reader, case, as_of=asked.as_of, known_on=asked.known_on, mask=not who.sees_numbers
        )
        version = version_of(reader, case)
    return answer(told, version=version)


@dataclass(frozen=True)
class ClaimantLine:
    """One claimant by name, with what is claimed, agreed, recovered and open; amounts are fen."""

    arrear: Arrear
    person: Shown | None


class ClaimantsSought(Listing):
    """A page of the sheet."""

    purpose: Purpose | None = Field(None, description="查阅目的")


@ROUTER.view("/{case}/claimants", "职工名单：逐人诉求、应得、追回、尚欠", Page[ClaimantLine])
def claimants(case: CaseRef, who: SignedIn, asked: Annotated[ClaimantsSought, Query()]) -> Response:
    turn = turned(who, f"claimants:{case}", asked)
    with looking(who, "case", turn.asked.purpose or f"case:{case}") as reader:
        check_case(reader, who, case)
        page = arrears.sheet(
            reader.conn, who.ledger.origin, case, limit=turn.asked.limit,
            after=turn.after[0] if turn.after else None,
        )  # fmt: skip
        shown = people(reader, who, [row.person for row in page.rows])
    lines = [ClaimantLine(row, shown.get(row.person)) for row in page.rows]
    return turn.answer(lines, (page.next,) if page.next else None)


class StepsSought(Look):
    """In which order."""

    as_known: bool = Field(False, description="按得知的先后，而不是按生效的先后")


@ROUTER.view("/{case}/steps", "逐笔回放，每笔之后的状态", list[CaseStep])
def steps(case: CaseRef, who: SignedIn, asked: Annotated[StepsSought, Query()]) -> Response:
    with looking(who, "replay", asked.purpose or f"case:{case}") as reader:
        check_case(reader, who, case)
        found = replay.case_steps(
            reader, case, as_of=asked.as_of, known_on=asked.known_on, as_known=asked.as_known,
            mask=not who.sees_numbers,
        )  # fmt: skip
    return answer(found)


class Moments(Part):
    """Two moments, each as at a date and as known on a date."""

    from_as_of: Day | None = Field(None, description="前一时点：截至哪一天")
    from_known_on: Day | None = Field(None, description="前一时点：按哪天所知")
    to_as_of: Day | None = Field(None, description="后一时点：截至哪一天")
    to_known_on: Day | None = Field(None, description="后一时点：按哪天所知")
    purpose: Purpose | None = Field(None, description="查阅目的")


@ROUTER.view("/{case}/changes", "两个时点有何不同", CaseBetween)
def changes(case: CaseRef, who: SignedIn, asked: Annotated[Moments, Query()]) -> Response:
    with looking(who, "between", asked.purpose or f"case:{case}") as reader:
        check_case(reader, who, case)
        found = replay.case_between(
            reader, case, (asked.from_as_of, asked.from_known_on),
            (asked.to_as_of, asked.to_known_on), mask=not who.sees_numbers,
        )  # fmt: skip
    return answer(found)


# ── opening, claims ──────────────────────────────────────────────────────────────────────────


class Claimed(Part):
    """What one claimant asks for."""

    person: PersonRef = Field(description="职工")
    wages: Yuan = Field(Fen(0), description="工资，分")
    compensation: Yuan = Field(Fen(0), description="经济补偿（赔偿），分")
    against: Number = Field(1, description="被诉方序号")
    since: Day | None = Field(None, description="欠付起始日")
    until: Day | None = Field(None, description="欠付截止日")
    membership: MembershipRef | None = Field(None, description="会籍，会员的填写")
    story: Text = Field("", description="本人陈述，只对本人封存")

    def claiming(self) -> Claiming:
        return Claiming(
            self.person, Money(self.wages, self.compensation), self.against, self.since,
            self.until, self.membership, self.story,
        )  # fmt: skip


Claims = Annotated[list[Claimed], Field(min_length=1, max_length=5000, description="职工诉求")]


class PartyGiven(Part):
    """Who is called to account."""

    role: PartyRole = Field(PartyRole.EMPLOYER, description="身份")
    name: Name = Field(description="名称")
    credit_code: Word | None = Field(None, description="统一社会信用代码")

    def party(self) -> CaseParty:
        return CaseParty(self.role, self.name, self.credit_code)


class Opened(Body):
    """What the case is about, against whom, for whom."""

    kind: CaseKind = Field(description="案由")
    channel: Intake = Field(description="受理渠道")
    place: Division = Field(description="务工地行政区划", examples=["440606"])
    parties: list[PartyGiven] = Field(min_length=1, max_length=20, description="对方当事人")
    claims: Claims
    priority: Priority = Field(Priority.ORDINARY, description="办理次序")
    station: StationRef | None = Field(None, description="受理站点")
    paper: Word | None = Field(None, description="来文文号")
    basis: Basis | None = Field(None, description="向对方省提供信息的法律依据")
    consent: ConsentRef | None = Field(None, description="所依据的同意")


@ROUTER.act("", "立案：逐人登记诉求，自动给出案号")
def open_(body: Opened, asked: Acting) -> Response:
    def decide(entry: Entry) -> dict[str, str]:
        made = casework.open_case(
            entry, body.kind, body.channel, body.place, [p.party() for p in body.parties],
            [claim.claiming() for claim in body.claims], priority=body.priority,
            station=body.station, paper=body.paper, basis=body.basis, consent=body.consent,
        )  # fmt: skip
        return {"case": made, "number": entry.read(RightsCase, made).number}

    return asked.record(body, decide, lock=True)


class Adding(Body):
    """Further claimants."""

    claims: Claims
    basis: Basis | None = Field(None, description="向对方省提供信息的法律依据")
    consent: ConsentRef | None = Field(None, description="所依据的同意")


@ROUTER.act("/{case}/claims", "增加职工")
def add(case: CaseRef, body: Adding, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, case, seen, lambda entry: casework.add_claims(
        entry, case, [claim.claiming() for claim in body.claims], basis=body.basis,
        consent=body.consent,
    ))  # fmt: skip


class Revising(Body):
    """The new amount, and why."""

    person: PersonRef = Field(description="职工")
    wages: Yuan = Field(Fen(0), description="工资，分")
    compensation: Yuan = Field(Fen(0), description="经济补偿（赔偿），分")
    why: Revision = Field(description="变更原因")
    remark: Text = Field("", description="说明")


@ROUTER.act("/{case}/claim-revision", "诉求变更")
def revise(case: CaseRef, body: Revising, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.revise(
        entry.act, body.person, Money(body.wages, body.compensation), body.why, body.remark
    ))  # fmt: skip


class OfOne(Body):
    """Which claimant."""

    person: PersonRef = Field(description="职工")
    remark: Text = Field("", description="说明")


@ROUTER.act("/{case}/claim-withdrawal", "撤回诉求")
def withdraw_claim(case: CaseRef, body: OfOne, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.withdraw_claim(
        entry.act, body.person, body.remark
    ))  # fmt: skip


class Choosing(Body):
    """Who speaks for the claimants."""

    persons: Persons = Field(description="职工代表")


@ROUTER.act("/{case}/representatives", "推举职工代表")
def choose(case: CaseRef, body: Choosing, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: [
        told.choose(entry.act, person) for person in body.persons
    ])  # fmt: skip


class Naming(Body):
    """One more party."""

    party: PartyGiven = Field(description="对方当事人")


@ROUTER.act("/{case}/parties", "追加当事人")
def name_party(case: CaseRef, body: Naming, asked: Acting, seen: Seen) -> Response:
    return _by_law(
        asked, body, case, seen,
        lambda told, entry: told.name_party(entry.act, body.party.party()),
    )  # fmt: skip


# ── leading and helping ──────────────────────────────────────────────────────────────────────


class Turning(Body):
    """To which union, until when, and on what basis it reads of the claimants."""

    to_union: UnionRef = Field(description="对方工会")
    due: Day | None = Field(None, description="答复期限，默认十个工作日")
    basis: Basis | None = Field(None, description="向对方省提供信息的法律依据")
    consent: ConsentRef | None = Field(None, description="所依据的同意")


class Helping(Turning):
    """What is asked for."""

    kind: HelpKind = Field(HelpKind.JOIN, description="协作方式")


@ROUTER.act("/{case}/help", "商请协作：联合处理、委托、协查")
def ask_help(case: CaseRef, body: Helping, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, case, seen, lambda entry: {"step": casework.ask_help(
        entry, case, body.kind, body.to_union, due=body.due, basis=body.basis,
        consent=body.consent,
    )})  # fmt: skip


@ROUTER.act("/{case}/joining", "参与办理")
def join(case: CaseRef, body: Body, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.join(entry.act))


class Declining(Body):
    """On which ground."""

    ground: NoHelp = Field(description="理由")


@ROUTER.act("/{case}/help-refusal", "不予协作")
def decline_help(case: CaseRef, body: Declining, asked: Acting, seen: Seen) -> Response:
    return _by_law(
        asked, body, case, seen, lambda told, entry: told.decline_help(entry.act, body.ground)
    )


@ROUTER.act("/{case}/leaving", "退出协办")
def leave(case: CaseRef, body: Body, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.leave(entry.act))


class HandingOver(Turning):
    """Why the lead is handed over."""

    reason: Handover = Field(description="移交原因")


@ROUTER.act("/{case}/lead-offer", "移交主办：对方同意后移出")
def offer_lead(case: CaseRef, body: HandingOver, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, case, seen, lambda entry: {"step": casework.offer_lead(
        entry, case, body.to_union, body.reason, deadline=body.due, basis=body.basis,
        consent=body.consent,
    )})  # fmt: skip


class OfStep(Body):
    """Which step of the case."""

    step: StepRef = Field(description="步骤")


@ROUTER.act("/{case}/lead-acceptance", "同意接办")
def accept_lead(case: CaseRef, body: OfStep, asked: Acting, seen: Seen) -> Response:
    return _upon(
        asked, body, case, seen, lambda entry: casework.accept_lead(entry, case, body.step)
    )


class DecliningLead(OfStep):
    """On which ground."""

    ground: NoHelp = Field(description="理由")


@ROUTER.act("/{case}/lead-refusal", "不予接办")
def decline_lead(case: CaseRef, body: DecliningLead, asked: Acting, seen: Seen) -> Response:
    def decide(entry: Entry) -> None:
        casework.decline_lead(entry, case, body.step, body.ground)

    return _upon(asked, body, case, seen, decide)


@ROUTER.act("/{case}/lead-withdrawal", "撤回移交")
def withdraw_lead(case: CaseRef, body: OfStep, asked: Acting, seen: Seen) -> Response:
    return _by_law(
        asked, body, case, seen, lambda told, entry: told.withdraw_lead(entry.act, body.step)
    )


# ── clocks ───────────────────────────────────────────────────────────────────────────────────


class Starting(Body):
    """Which clock, since when; for one claimant or the case."""

    kind: ClockKind = Field(description="期限")
    since: Day = Field(description="起算日")
    person: PersonRef | None = Field(None, description="只为某名职工计算的")


@ROUTER.act("/{case}/clocks", "期限起算")
def start_clock(case: CaseRef, body: Starting, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, case, seen, lambda entry: {"step": casework.start_clock(
        entry, case, body.kind, body.since, body.person
    )})  # fmt: skip


class Interrupting(OfStep):
    """What made it run anew."""

    why: Interruption = Field(description="中断事由")


@ROUTER.act("/{case}/clock-interruption", "期限中断")
def interrupt(case: CaseRef, body: Interrupting, asked: Acting, seen: Seen) -> Response:
    return _upon(
        asked, body, case, seen,
        lambda entry: casework.interrupt(entry, case, body.step, body.why),
    )  # fmt: skip


class Pausing(OfStep):
    """What made it stand still."""

    why: Pause = Field(description="中止事由")


@ROUTER.act("/{case}/clock-pause", "期限中止")
def pause(case: CaseRef, body: Pausing, asked: Acting, seen: Seen) -> Response:
    return _upon(
        asked, body, case, seen, lambda entry: casework.pause(entry, case, body.step, body.why)
    )


@ROUTER.act("/{case}/clock-resumption", "期限恢复计算")
def resume(case: CaseRef, body: OfStep, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, case, seen, lambda entry: casework.resume(entry, case, body.step))


class Extending(OfStep):
    """By which paper."""

    paper: Word | None = Field(None, description="批准文书")


@ROUTER.act("/{case}/clock-extension", "期限延长")
def extend(case: CaseRef, body: Extending, asked: Acting, seen: Seen) -> Response:
    return _upon(
        asked, body, case, seen, lambda entry: casework.extend(entry, case, body.step, body.paper)
    )


@ROUTER.act("/{case}/clock-completion", "期限事项已办")
def meet(case: CaseRef, body: OfStep, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.meet(entry.act, body.step))


# ── work, letters, other bodies ──────────────────────────────────────────────────────────────


class Doings(Body):
    """What was done; text only where it is of one claimant."""

    doing: Doing = Field(description="办理步骤")
    person: PersonRef | None = Field(None, description="职工")
    remark: Text = Field("", description="说明，只对该职工封存")


@ROUTER.act("/{case}/steps", "办理步骤")
def take_step(case: CaseRef, body: Doings, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.take_step(
        entry.act, body.doing, body.person, body.remark
    ))  # fmt: skip


class Writing(Body):
    """Which letter, to whom, to be answered when."""

    kind: LetterKind = Field(description="函件")
    addressee: Name = Field(min_length=1, description="受文单位")
    paper: Word = Field(description="文号")
    party: Number | None = Field(None, description="当事人序号")
    due: Day | None = Field(None, description="答复期限；意见书不填的，按本省规定的工作日数")


@ROUTER.act("/{case}/letters", "发函：公函、提示函、意见书、建议书")
def send_letter(case: CaseRef, body: Writing, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, case, seen, lambda entry: {"step": casework.send_letter(
        entry, case, body.kind, body.addressee, body.paper, party=body.party, due=body.due
    )})  # fmt: skip


class Answering(OfStep):
    """How the letter was answered."""

    reply: Reply = Field(description="回复")
    paper: Word | None = Field(None, description="回函文号")


@ROUTER.act("/{case}/letter-answer", "复函")
def answer_letter(case: CaseRef, body: Answering, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.answer_letter(
        entry.act, body.step, body.reply, body.paper
    ))  # fmt: skip


class Bringing(Body):
    """Before which body, under which number."""

    to: Outside = Field(description="移送何处")
    body: Name = Field(min_length=1, description="受理单位")
    number: Word | None = Field(None, description="对方编号，后知的另行登记")


@ROUTER.act("/{case}/referrals", "移送外部：12351、人社、仲裁、法院、法律援助")
def bring_before(case: CaseRef, body: Bringing, asked: Acting, seen: Seen) -> Response:
    step = new_step()
    return _by_law(asked, body, case, seen, lambda told, entry: told.bring_before(
        entry.act, step, body.to, body.body, body.number
    ), {"step": step})  # fmt: skip


class Numbering(OfStep):
    """The number that it has there."""

    number: Word = Field(description="对方编号")


@ROUTER.act("/{case}/referral-number", "登记外部编号")
def number_outside(case: CaseRef, body: Numbering, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.number_outside(
        entry.act, body.step, body.number
    ))  # fmt: skip


class Resulting(OfStep):
    """What the other body found."""

    result: Result = Field(description="办理结果")
    paper: Word | None = Field(None, description="文书号")


@ROUTER.act("/{case}/referral-result", "外部办理结果")
def answer_outside(case: CaseRef, body: Resulting, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.answer_outside(
        entry.act, body.step, body.result, body.paper
    ))  # fmt: skip


# ── money ────────────────────────────────────────────────────────────────────────────────────


class InstalmentGiven(Part):
    """One instalment of one claimant."""

    number: Number = Field(description="期次")
    due: Day = Field(description="付款期限")
    wages: Yuan = Field(Fen(0), description="工资，分")
    compensation: Yuan = Field(Fen(0), description="经济补偿（赔偿），分")


class Agreeing(Part):
    """What one claimant is to get."""

    person: PersonRef = Field(description="职工")
    instalments: list[InstalmentGiven] = Field(min_length=1, max_length=60, description="分期")


class TotalGiven(Part):
    """A total that the parts must sum to."""

    wages: Yuan = Field(Fen(0), description="工资合计，分")
    compensation: Yuan = Field(Fen(0), description="经济补偿（赔偿）合计，分")

    def money(self) -> Money:
        return Money(self.wages, self.compensation)


class Settled(Body):
    """How it was agreed, and what each claimant gets when."""

    route: Route = Field(description="达成方式")
    shares: list[Agreeing] = Field(min_length=1, max_length=5000, description="逐人分期")
    total: TotalGiven | None = Field(None, description="合计，用于核对")
    paper: Word | None = Field(None, description="协议（裁决、判决）文号")


@ROUTER.act("/{case}/settlements", "达成协议：逐人分期，合计须相符")
def settle(case: CaseRef, body: Settled, asked: Acting, seen: Seen) -> Response:
    shares = {
        share.person: [
            Instalment(part.number, part.due, part.wages, part.compensation)
            for part in share.instalments
        ]
        for share in body.shares
    }
    return _upon(asked, body, case, seen, lambda entry: {"step": casework.settle(
        entry, case, body.route, shares, total=body.total.money() if body.total else None,
        paper=body.paper,
    )})  # fmt: skip


class SettledByPlan(Body):
    """How it was agreed for all who claim, and what they get together when."""

    route: Route = Field(description="达成方式")
    plan: list[InstalmentGiven] = Field(min_length=1, max_length=60, description="各期合计")
    paper: Word | None = Field(None, description="协议（裁决、判决）文号")


@ROUTER.act("/{case}/settlements/plan", "达成协议：写各期合计，按每人诉求的比例分到分")
def settle_by_plan(case: CaseRef, body: SettledByPlan, asked: Acting, seen: Seen) -> Response:
    plan = [Instalment(each.number, each.due, each.wages, each.compensation) for each in body.plan]
    return _upon(asked, body, case, seen, lambda entry: {"step": casework.settle_by_plan(
        entry, case, body.route, plan, paper=body.paper
    )})  # fmt: skip


class ShareGiven(TotalGiven):
    """What one claimant got."""

    person: PersonRef = Field(description="职工")


class Recovered(Body):
    """Who paid how much, and to whom it went; without shares the total goes by what is open."""

    payer: Payer = Field(description="付款方")
    means: Means = Field(Means.BANK, description="付款方式")
    shares: list[ShareGiven] | None = Field(None, max_length=5000, description="逐人分配")
    total: TotalGiven | None = Field(None, description="合计；不填逐人分配的，按尚欠比例分到分")
    instalment: Number | None = Field(None, description="期次，默认下一期")
    party: Number | None = Field(None, description="付款当事人序号")
    reference: Word | None = Field(None, description="凭证号")
    report: StepRef | None = Field(None, description="所核对的协办方通报")


@ROUTER.act("/{case}/recoveries", "到账：主办登记并计入，协办通报待核对")
def recover(case: CaseRef, body: Recovered, asked: Acting, seen: Seen) -> Response:
    shares = None if body.shares is None else {s.person: s.money() for s in body.shares}
    return _upon(asked, body, case, seen, lambda entry: {"step": casework.recover(
        entry, case, shares, body.payer, body.means,
        total=body.total.money() if body.total else None, instalment=body.instalment,
        party=body.party, reference=body.reference, report=body.report,
    )})  # fmt: skip


class Matching(Body):
    """Which report is which payment."""

    recovery: StepRef = Field(description="已登记的到账")
    report: StepRef = Field(description="协办方的通报")


@ROUTER.act("/{case}/recovery-match", "到账核对：通报的就是这一笔")
def match(case: CaseRef, body: Matching, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.match(
        entry.act, body.recovery, body.report
    ))  # fmt: skip


class Receiving(Body):
    """Whose shares of which payment, and how it is known."""

    recovery: StepRef = Field(description="到账")
    persons: Persons = Field(description="职工")
    proof: Proof = Field(description="确认方式")


@ROUTER.act("/{case}/receipts", "确认收讫：本人，或未经手的人员")
def receive(case: CaseRef, body: Receiving, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, case, seen, lambda entry: casework.receive(
        entry, case, body.recovery, body.persons, body.proof
    ))  # fmt: skip


class Denying(Body):
    """Who says that which share never came."""

    recovery: StepRef = Field(description="到账")
    person: PersonRef = Field(description="职工")
    remark: Text = Field("", description="说明")


@ROUTER.act("/{case}/denials", "反映未收到")
def deny(case: CaseRef, body: Denying, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.deny(
        entry.act, body.recovery, body.person, body.remark
    ))  # fmt: skip


# ── the end ──────────────────────────────────────────────────────────────────────────────────


class Calling(Body):
    """Who was called back, and what they said."""

    persons: Persons = Field(description="职工")
    reached: bool = Field(True, description="是否联系上")
    tries: int = Field(1, ge=1, le=99, description="联系次数")
    said: Said | None = Field(None, description="回访意见")
    remark: Text = Field("", description="说明，只对本人封存")


@ROUTER.act("/{case}/call-backs", "回访")
def call_back(case: CaseRef, body: Calling, asked: Acting, seen: Seen) -> Response:
    return _upon(asked, body, case, seen, lambda entry: casework.call_back(
        entry, case, body.persons, reached=body.reached, tries=body.tries, said=body.said,
        remark=body.remark,
    ))  # fmt: skip


class ClosingCase(Body):
    """With which outcome, and why not all was recovered."""

    outcome: Outcome = Field(description="结案方式")
    why: Ending | None = Field(None, description="未全部追回的原因")
    into: CaseRef | None = Field(None, description="并入的案件")


@ROUTER.act("/{case}/closure", "结案：须与账目相符")
def close(case: CaseRef, body: ClosingCase, asked: Acting, seen: Seen) -> Response:
    step = new_step()
    return _by_law(asked, body, case, seen, lambda told, entry: told.close(
        entry.act, step, body.outcome, body.why, into=body.into
    ), {"step": step})  # fmt: skip


class Disputing(Body):
    """On which ground; of one claimant or the whole."""

    ground: Objection = Field(description="异议理由")
    person: PersonRef | None = Field(None, description="职工")
    remark: Text = Field("", description="说明，只对该职工封存")


@ROUTER.act("/{case}/closure-dispute", "结案异议")
def dispute(case: CaseRef, body: Disputing, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.dispute(
        entry.act, body.ground, body.person, body.remark
    ))  # fmt: skip


@ROUTER.act("/{case}/closure-upholding", "维持结案")
def uphold(case: CaseRef, body: Body, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.uphold(entry.act))


class Reopened(Body):
    """Why, and at whose wish."""

    why: Reopening = Field(description="重启原因")
    person: PersonRef | None = Field(None, description="提出的职工")
    remark: Text = Field("", description="说明，只对该职工封存")


@ROUTER.act("/{case}/reopening", "重启案件")
def reopen(case: CaseRef, body: Reopened, asked: Acting, seen: Seen) -> Response:
    return _by_law(asked, body, case, seen, lambda told, entry: told.reopen(
        entry.act, body.why, body.person, body.remark
    ))  # fmt: skip


# ── what the acts have in common ─────────────────────────────────────────────────────────────


def _upon(
    asked: Asking, body: Body, case: CaseId, seen: int, act: Callable[[Entry], Any]
) -> Response:
    """An act upon a case that was seen, by somebody who may see it."""

    def decide(entry: Entry) -> dict[str, Any] | None:
        check_case(entry, asked.who, case)
        return act(entry)

    return asked.record(body, decide, {case: seen})


def _by_law(
    asked: Asking, body: Body, case: CaseId, seen: int,
    law: Callable[[RightsCase, Entry], Event | Sequence[Event]],
    result: dict[str, StepId] | None = None,
) -> Response:  # fmt: skip
    """The same, where the law alone decides."""

    def act(entry: Entry) -> dict[str, StepId] | None:
        casework.record(entry, case, lambda told: law(told, entry))
        return result

    return _upon(asked, body, case, seen, act)
