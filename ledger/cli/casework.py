"""`liangdi case`: opened, joined, settled, recovered, confirmed, closed, opened again (维权案件)."""

import csv
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.common import (
    AccountOption,
    AsKnownOption,
    AsOfOption,
    Exit,
    JsonOption,
    KnownOnOption,
    ProvinceOption,
    PurposeOption,
    acting,
    acting_for,
    day,
    fail,
    looking,
    one_ledger,
    one_person,
    opened,
    out,
    row,
    say,
    show_json,
    table,
)
from ledger.cli.transferring import exchange
from ledger.cli.unions import one_union
from ledger.domain.ids import CaseId, PersonId, StepId, UnionId, new_step
from ledger.domain.kernel import Basis, Code, Event, Fen, Office
from ledger.domain.money import capitals, yuan
from ledger.domain.rights import (
    CaseKind,
    CaseParty,
    Claiming,
    ClockKind,
    Doing,
    Ending,
    Handover,
    HelpKind,
    Instalment,
    Intake,
    LetterKind,
    Means,
    Money,
    NoHelp,
    Objection,
    Outcome,
    Outside,
    PartyRole,
    Payer,
    Priority,
    Proof,
    Reopening,
    RightsCase,
    Route,
    Said,
    shared_out,
)

if TYPE_CHECKING:
    from ledger.book import Entry, Reader
    from ledger.replay import CaseFile, CaseNow

app = typer.Typer(
    no_args_is_help=True, help="维权案件：立案、协办、协议、到账、回访、结案。 Rights cases."
)

Case = Annotated[str, typer.Argument(metavar="CASE", help="案号，或案件编号 cas_…。")]
Step = Annotated[str, typer.Argument(metavar="STEP", help="步骤编号 stp_…。")]
Evidence = Annotated[
    list[str] | None, typer.Option("--evidence", help="附件承诺值（哈希），可写多次。")
]
BasisOption = Annotated[
    Basis | None, typer.Option("--basis", help="向对方省提供信息的法律依据；已开通的不必写。")
]
DueOption = Annotated[str | None, typer.Option("--due", metavar="DATE", help="答复期限。")]

WORK = (Office.STATION, Office.LEGAL, Office.CLERK, Office.LIAISON)
SPEAK = (Office.LIAISON, Office.STATION, Office.LEGAL, Office.CLERK)
CONFIRM = (Office.CLERK, Office.REVIEWER, Office.LIAISON, Office.STATION)


class Which(StrEnum):
    """Which cases are listed."""

    OPEN = "open"  # 在办
    LATE = "late"  # 有逾期
    DISPUTED = "disputed"  # 有异议
    CLOSED = "closed"  # 已结


# ── reading ──────────────────────────────────────────────────────────────────────────────────


@app.command("list")
def listing(
    province: ProvinceOption,
    which: Annotated[
        Which | None, typer.Argument(help="open 在办 · late 有逾期 · disputed 有异议 · closed 已结")
    ] = None,
    union: Annotated[str | None, typer.Option(help="只看这个工会及其下级的。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几件。")] = 50,
    as_json: JsonOption = False,
) -> None:
    """列出案件，有期限的在前。 Lists cases, what is due first."""
    from ledger import replay
    from ledger.projections import arrears, case_boards, union_tree
    from ledger.projections.case_boards import Sought, Tab

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        conn, origin, today = reader.conn, reader.ledger.origin, reader.ledger.today
        sought = Sought(
            today, tab=Tab(which.value) if which else None,
            union=one_union(reader, union).union if union else None,
        )  # fmt: skip
        page = case_boards.listing(conn, origin, sought, limit=limit)
        counts = case_boards.count(conn, origin, sought)
        sums = arrears.totals(conn, origin, [line.case for line in page.rows])
        names = union_tree.get(conn, origin, {line.lead for line in page.rows})
    if as_json:
        items = [
            {"case": line, "totals": sums[line.case], "late": line.late(today)}
            for line in page.rows
        ]
        show_json({"counts": counts, "items": items, "more": page.next is not None})
        return
    shown = table(
        "案号", "案由", "状态", "主办", "用人单位", "人数", "尚欠", "最近期限",
        numbers=("人数", "尚欠"),
    )  # fmt: skip
    for line in page.rows:
        lead = names.get(line.lead)
        late = "（逾期）" if line.late(today) else ""
        row(
            shown, line.number, replay.word(line.kind), replay.word(line.state) + late,
            lead.name if lead else "", line.employer, line.claimants,
            yuan(sums[line.case].open.total), line.next_due or "",
        )  # fmt: skip
    if page.rows:
        out.print(shown)
    totals = " · ".join(f"{replay.word(tab)} {number}" for tab, number in counts.items())
    say(f"{totals}{'；未列完，用 --limit' if page.next else ''}")


@app.command()
def due(
    province: ProvinceOption,
    within: Annotated[int, typer.Option(min=0, help="几日之内。")] = 30,
    as_json: JsonOption = False,
) -> None:
    """到期事项：法定期限、函件、分期、答复。 What is due."""
    from ledger import replay
    from ledger.projections import case_boards

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        conn, origin, today = reader.conn, reader.ledger.origin, reader.ledger.today
        found = case_boards.dues(conn, origin, case_boards.Sought(today, due_within=within))
        held = case_boards.get(conn, origin, [each.case for each in found])
    if as_json:
        show_json(found)
        return
    if not found:
        say(f"{within} 日之内没有到期事项。")
        return
    shown = table("期限", "剩余", "案号", "事项", numbers=("剩余",))
    for each in found:
        left = each.left(today)
        what = replay.word(each.what) if isinstance(each.what, StrEnum) else ""
        number = f"第{each.number}期" if each.number else ""
        row(
            shown, each.due, f"{left} 日" if left >= 0 else f"逾期 {-left} 日",
            held[each.case].number, f"{replay.word(each.kind)} {what}{number}".strip(),
        )  # fmt: skip
    out.print(shown)


@app.command("arrears")
def owing(
    province: ProvinceOption,
    every: Annotated[bool, typer.Option("--all", help="已付清的也列出。")] = False,
    as_json: JsonOption = False,
) -> None:
    """各用人单位欠付。 What each employer owes."""
    from ledger.projections import arrears

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        found = arrears.by_employer(reader.conn, reader.ledger.origin, open_only=not every)
    if as_json:
        show_json(found)
        return
    columns = "用人单位", "案件", "人数", "诉求", "追回", "尚欠工资", "尚欠补偿"
    shown = table(*columns, numbers=columns[1:])
    for each in found:
        sums = each.totals
        row(
            shown, each.name, each.cases, sums.claimants, yuan(sums.asked.total),
            yuan(sums.recovered.total), yuan(sums.open.wages),
            yuan(sums.open.compensation),
        )  # fmt: skip
    out.print(shown)


@app.command()
def show(
    case: Case,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    account: AccountOption = None,
    purpose: PurposeOption = "case",
    as_json: JsonOption = False,
) -> None:
    """一件案件：各方、金额、期限、经过。 One case."""
    from ledger import replay

    with looking(province, account, "case", purpose) as (reader, visitor):
        file = replay.case(
            reader, _case(reader, case), as_of=day(as_of), known_on=day(known_on),
            mask=not visitor.sees_numbers,
        )  # fmt: skip
    if as_json:
        show_json(file)
        return
    _print(file)


@app.command()
def claimants(
    case: Case,
    province: ProvinceOption,
    account: AccountOption = None,
    purpose: PurposeOption = "case",
    as_json: JsonOption = False,
) -> None:
    """职工名单：逐人诉求、应得、追回、尚欠。 Each claimant."""
    from ledger import replay
    from ledger.projections import arrears

    with looking(province, account, "case", purpose) as (reader, visitor):
        sheet = arrears.sheet(reader.conn, reader.ledger.origin, _case(reader, case), limit=10_000)
        shown = replay.people(
            reader, [each.person for each in sheet.rows], mask=not visitor.sees_numbers
        )
    if as_json:
        show_json([{"arrear": each, "person": shown.get(each.person)} for each in sheet.rows])
        return
    columns = "人员编号", "姓名", "诉求", "应得", "追回", "尚欠", "收讫", "回访"
    made = table(*columns, numbers=columns[2:6])
    for each in sheet.rows:
        due_ = each.agreed if each.settled else each.asked
        person = shown.get(each.person)
        row(
            made, each.person, person.name if person else "", yuan(each.asked.total),
            yuan(due_.total), yuan(each.recovered.total),
            yuan(each.open.total), f"{each.received}/{each.shares}",
            "已回访" if each.called else "",
        )  # fmt: skip
    out.print(made)


@app.command()
def steps(
    case: Case,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    as_known: AsKnownOption = False,
    account: AccountOption = None,
    purpose: PurposeOption = "replay",
    as_json: JsonOption = False,
) -> None:
    """逐笔回放，每笔之后的状态。 Record by record."""
    from ledger import replay

    with looking(province, account, "replay", purpose) as (reader, visitor):
        found = replay.case_steps(
            reader, _case(reader, case), as_of=day(as_of), known_on=day(known_on),
            as_known=as_known, mask=not visitor.sees_numbers,
        )  # fmt: skip
    if as_json:
        show_json(found)
        return
    shown = table("生效", "省", "记录", "状态", "追回", "尚欠", numbers=("追回", "尚欠"))
    for line, after in found:
        row(
            shown, line.on, line.lane.short, line.text, replay.word(after.state),
            yuan(after.totals.recovered.total), yuan(after.totals.open.total),
        )  # fmt: skip
    out.print(shown)


# ── opening and handing over ─────────────────────────────────────────────────────────────────


@app.command("open")
def open_(
    province: ProvinceOption,
    employer: Annotated[str, typer.Option("--employer", help="用人单位名称。")],
    place: Annotated[str, typer.Option("--place", help="务工地区划代码，六位。")],
    claims: Annotated[
        list[str] | None,
        typer.Option("--claim", help="诉求：职工=工资[+补偿]，元；可写多次。职工须只指一人。"),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--list", exists=True, dir_okay=False, help="名单 CSV：职工,工资,补偿（元）。"
        ),
    ] = None,
    credit_code: Annotated[str | None, typer.Option(help="统一社会信用代码。")] = None,
    contractor: Annotated[str | None, typer.Option(help="施工总承包单位。")] = None,
    developer: Annotated[str | None, typer.Option(help="建设单位。")] = None,
    kind: Annotated[CaseKind, typer.Option(help="案由。")] = CaseKind.ARREARS,
    channel: Annotated[Intake, typer.Option(help="受理渠道。")] = Intake.STATION,
    green: Annotated[bool, typer.Option("--green", help="绿色通道。")] = False,
    basis: BasisOption = None,
    evidence: Evidence = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """立案：逐人登记诉求，自动给出案号。 Opens a case."""
    from ledger.procedures import casework

    parties = [CaseParty(PartyRole.EMPLOYER, employer, Code(credit_code) if credit_code else None)]
    parties += [CaseParty(PartyRole.CONTRACTOR, contractor)] if contractor else []
    parties += [CaseParty(PartyRole.DEVELOPER, developer)] if developer else []
    said = [_said(each) for each in claims or ()] + (_rows(sheet) if sheet else [])
    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        visitor = acting(ledger, account, WORK)
        with ledger.looking(visitor.look("case", "case")) as reader:
            asked = [Claiming(one_person(reader, who), money) for who, money in said]
        act = visitor.act(evidence=tuple(evidence or ()))
        with ledger.entry(act, lock=True) as entry:
            made = casework.open_case(
                entry, kind, channel, Code(place), parties, asked, basis=basis,
                priority=Priority.GREEN if green else Priority.ORDINARY,
            )  # fmt: skip
            number = entry.read(RightsCase, made).number
        exchange(ledgers)
    if as_json:
        show_json({"case": made, "number": number})
        return
    say(f"[green]✓[/green] 已立案：{number}（{len(asked)} 人）")
    say(f"  用 `liangdi case show {number}` 查看。", style="dim")


@app.command("ask-help")
def ask_help(
    case: Case,
    province: ProvinceOption,
    to: Annotated[str, typer.Option("--to", help="协办工会：编号或名称，可在对方省。")],
    kind: Annotated[HelpKind, typer.Option(help="协作方式。")] = HelpKind.JOIN,
    due: DueOption = None,
    basis: BasisOption = None,
    evidence: Evidence = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """商请协作：联合处理、委托、协查。 Asks another union to take part."""
    from ledger.procedures import casework

    with _upon(case, province, account, SPEAK, evidence) as (entry, found):
        union = one_union(entry, to, own=None).union
        step = casework.ask_help(entry, found, kind, union, due=day(due), basis=basis)
    _told("已商请", step, as_json=as_json)


@app.command()
def join(
    case: Case,
    province: ProvinceOption,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """参与办理。 Joins a case that one was asked to join."""
    _by_law(
        case, province, account, SPEAK, lambda told, entry: told.join(entry.act), "已参与办理",
        as_json=as_json,
    )  # fmt: skip


@app.command("hand-over")
def hand_over(
    case: Case,
    province: ProvinceOption,
    to: Annotated[str, typer.Option("--to", help="接办工会：编号或名称，可在对方省。")],
    reason: Annotated[Handover, typer.Option(help="移交原因。")] = Handover.REFERRED,
    due: DueOption = None,
    basis: BasisOption = None,
    evidence: Evidence = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """移交主办：对方同意后移出。 Offers the lead."""
    from ledger.procedures import casework

    with _upon(case, province, account, SPEAK, evidence) as (entry, found):
        union = one_union(entry, to, own=None).union
        step = casework.offer_lead(entry, found, union, reason, deadline=day(due), basis=basis)
    _told("已移交，待答复", step, as_json=as_json)


@app.command("take-over")
def take_over(
    case: Case,
    step: Step,
    province: ProvinceOption,
    decline: Annotated[NoHelp | None, typer.Option("--decline", help="不予接办的理由。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """同意接办，或写明理由不予接办。 Accepts the lead, or declines it."""
    from ledger.procedures import casework

    with _upon(case, province, account, SPEAK) as (entry, found):
        if decline is None:
            casework.accept_lead(entry, found, StepId(step))
        else:
            casework.decline_lead(entry, found, StepId(step), decline)
    _told("已答复", step, as_json=as_json)


# ── work ─────────────────────────────────────────────────────────────────────────────────────


@app.command()
def work(
    case: Case,
    doing: Annotated[Doing, typer.Argument(help="办理步骤。")],
    province: ProvinceOption,
    who: Annotated[str | None, typer.Option("--person", help="所涉职工。")] = None,
    remark: Annotated[str, typer.Option(help="说明，只对该职工封存。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """登记办理步骤。 Records what was done."""
    with _upon(case, province, account, WORK) as (entry, found):
        from ledger.procedures import casework

        person = _persons(entry, [who])[0] if who else None
        casework.record(entry, found, lambda told: told.take_step(entry.act, doing, person, remark))
    _told("已登记", case, as_json=as_json)


@app.command()
def clock(
    case: Case,
    kind: Annotated[ClockKind, typer.Argument(help="期限。")],
    province: ProvinceOption,
    since: Annotated[str, typer.Option("--since", metavar="DATE", help="起算日。")],
    who: Annotated[str | None, typer.Option("--person", help="只为某名职工计算的。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """期限起算。 Starts a statutory clock."""
    from ledger.procedures import casework

    begins = day(since)
    assert begins is not None
    with _upon(case, province, account, WORK) as (entry, found):
        person = _persons(entry, [who])[0] if who else None
        step = casework.start_clock(entry, found, kind, begins, person)
    _told("期限已起算", step, as_json=as_json)


@app.command()
def letter(
    case: Case,
    kind: Annotated[LetterKind, typer.Argument(help="函件。")],
    province: ProvinceOption,
    to: Annotated[str, typer.Option("--to", help="受文单位。")],
    paper: Annotated[str, typer.Option("--paper", help="文号。")],
    due: DueOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """发函：公函、提示函、意见书、建议书。 Sends a letter."""
    from ledger.procedures import casework

    with _upon(case, province, account, WORK) as (entry, found):
        step = casework.send_letter(entry, found, kind, to, Code(paper), due=day(due))
    _told("已发函", step, as_json=as_json)


@app.command()
def refer(
    case: Case,
    to: Annotated[Outside, typer.Argument(help="移送何处。")],
    province: ProvinceOption,
    body: Annotated[str, typer.Option("--body", help="受理单位。")],
    number: Annotated[str | None, typer.Option("--number", help="对方编号。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """移送外部：12351、人社、仲裁、法院、法律援助。 Brings it before another body."""
    step = new_step()
    code = Code(number) if number else None
    _by_law(
        case, province, account, WORK,
        lambda told, entry: told.bring_before(entry.act, step, to, body, code), "已移送", step,
        as_json=as_json,
    )  # fmt: skip


# ── money ────────────────────────────────────────────────────────────────────────────────────


@app.command()
def settle(
    case: Case,
    province: ProvinceOption,
    dues: Annotated[
        list[str], typer.Option("--due", metavar="DATE", help="分期付款日，可写多次；各期均分。")
    ],
    route: Annotated[Route, typer.Option(help="达成方式。")] = Route.MEDIATED,
    paper: Annotated[str | None, typer.Option(help="协议文号。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """达成协议：各人尚欠全额，按期均分到分。 Settles what is open, by instalments."""
    from ledger.procedures import casework

    days = [each for text in dues if (each := day(text))]
    with _upon(case, province, account, WORK) as (entry, found):
        told = entry.read(RightsCase, found)
        shares: dict[PersonId, Sequence[Instalment]] = {}
        for claim in told.active:
            money = told.open_of(claim.person)
            wages = shared_out(money.wages, dict.fromkeys(days, Fen(1)))
            rest = shared_out(money.compensation, dict.fromkeys(days, Fen(1)))
            if money:
                shares[claim.person] = [
                    Instalment(number, on, wages[on], rest[on])
                    for number, on in enumerate(sorted(days), 1)
                ]
        step = casework.settle(entry, found, route, shares, paper=Code(paper) if paper else None)
    _told("协议已登记", step, as_json=as_json)


@app.command()
def recover(
    case: Case,
    province: ProvinceOption,
    amount: Annotated[
        str | None, typer.Option("--amount", help="合计：工资[+补偿]，元；按尚欠比例分到分。")
    ] = None,
    shares: Annotated[
        list[str] | None, typer.Option("--share", help="逐人：职工=工资[+补偿]，元；可写多次。")
    ] = None,
    payer: Annotated[Payer, typer.Option(help="付款方。")] = Payer.EMPLOYER,
    means: Annotated[Means, typer.Option(help="付款方式。")] = Means.BANK,
    reference: Annotated[str | None, typer.Option(help="凭证号。")] = None,
    report: Annotated[str | None, typer.Option(help="所核对的协办方通报 stp_…。")] = None,
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="付款日。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """到账：主办登记并计入；协办通报，待主办核对。 Records a payment."""
    from ledger.procedures import casework

    total = _money(amount) if amount else None
    with _upon(case, province, account, WORK, on=on) as (entry, found):
        said = [_said(each) for each in shares or ()]
        persons = _persons(entry, [who for who, _ in said])
        split = dict(zip(persons, (money for _, money in said), strict=True)) if said else None
        step = casework.recover(
            entry, found, split, payer, means, total=total,
            reference=Code(reference) if reference else None,
            report=StepId(report) if report else None,
        )  # fmt: skip
        counted = entry.read(RightsCase, found).recoveries[step].counted
    _told("到账已登记" if counted else "到账已通报，待主办核对", step, as_json=as_json)


@app.command()
def receive(
    case: Case,
    recovery: Step,
    province: ProvinceOption,
    proof: Annotated[Proof, typer.Option(help="确认方式。")],
    who: Annotated[
        list[str] | None, typer.Option("--person", help="职工，可写多次；不写则为有份额的全体。")
    ] = None,
    evidence: Evidence = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """确认收讫：由未经手的人员，或凭本人签字。 Confirms that claimants have their shares."""
    from ledger.procedures import casework

    with _upon(case, province, account, CONFIRM, evidence) as (entry, found):
        held = entry.read(RightsCase, found).shares.get(StepId(recovery), {})
        persons = _persons(entry, who) if who else list(held)
        casework.receive(entry, found, StepId(recovery), persons, proof)
    _told("已确认收讫", recovery, as_json=as_json)


# ── the end ──────────────────────────────────────────────────────────────────────────────────


@app.command("call-back")
def call_back(
    case: Case,
    province: ProvinceOption,
    who: Annotated[
        list[str] | None, typer.Option("--person", help="职工，可写多次；不写则为尚未回访的全体。")
    ] = None,
    tries: Annotated[
        int | None, typer.Option("--not-reached", min=1, help="未联系上，写联系次数。")
    ] = None,
    said: Annotated[Said | None, typer.Option(help="回访意见。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """回访。 Calls claimants back."""
    from ledger.procedures import casework

    with _upon(case, province, account, (Office.REVIEWER, *WORK)) as (entry, found):
        told = entry.read(RightsCase, found)
        persons = _persons(entry, who) if who else list(told.not_called)
        casework.call_back(
            entry, found, persons, reached=tries is None, tries=tries or 1, said=said
        )
    _told("已回访", case, as_json=as_json)


@app.command()
def close(
    case: Case,
    outcome: Annotated[Outcome, typer.Argument(help="结案方式，须与账目相符。")],
    province: ProvinceOption,
    why: Annotated[Ending | None, typer.Option(help="未全部追回的原因。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """结案。 Closes a case as its sums allow."""
    step = new_step()
    _by_law(
        case, province, account, (Office.LEGAL, *WORK),
        lambda told, entry: told.close(entry.act, step, outcome, why), "已结案", step,
        as_json=as_json,
    )  # fmt: skip


@app.command()
def dispute(
    case: Case,
    ground: Annotated[Objection, typer.Argument(help="异议理由。")],
    province: ProvinceOption,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """对结案提出异议。 Disputes the other side's closure."""
    _by_law(
        case, province, account, SPEAK, lambda told, entry: told.dispute(entry.act, ground),
        "异议已登记", as_json=as_json,
    )  # fmt: skip


@app.command()
def reopen(
    case: Case,
    why: Annotated[Reopening, typer.Argument(help="重启原因。")],
    province: ProvinceOption,
    who: Annotated[str | None, typer.Option("--person", help="提出的职工。")] = None,
    remark: Annotated[str, typer.Option(help="说明，只对该职工封存。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """重启案件，可由一名职工提出。 Opens a closed case again."""
    from ledger.procedures import casework

    with _upon(case, province, account, WORK) as (entry, found):
        person = _persons(entry, [who])[0] if who else None
        casework.record(entry, found, lambda told: told.reopen(entry.act, why, person, remark))
    _told("已重启", case, as_json=as_json)


# ── shared by these ──────────────────────────────────────────────────────────────────────────


def _case(reader: "Reader", text: str) -> CaseId:
    """The case that a number or an id means."""
    from ledger.book import NotFound
    from ledger.projections import case_boards
    from ledger.projections.case_boards import Sought

    conn, origin = reader.conn, reader.ledger.origin
    if text.startswith("cas_"):
        found = list(case_boards.get(conn, origin, [text]))
    else:
        sought = Sought(reader.ledger.today, number=text)
        found = [line.case for line in case_boards.listing(conn, origin, sought).rows]
    if not found:
        raise NotFound(text)
    return found[0]


@contextmanager
def _upon(
    case: str, province: str, account: str | None, offices: Sequence[Office],
    evidence: list[str] | None = None, on: str | None = None,
) -> "Generator[tuple[Entry, CaseId]]":  # fmt: skip
    """An entry of the union of this province that works on the case, or is asked to."""
    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        with ledger.reading() as reader:
            found = _case(reader, case)
            union = _ours(reader, found)
        visitor = acting_for(ledger, offices, union, account)
        if visitor is None:
            visitor = acting(ledger, account, offices)
        act = visitor.act(on=day(on), evidence=tuple(evidence or ()))
        with ledger.entry(act) as entry:
            yield entry, found
        exchange(ledgers)


def _ours(reader: "Reader", case: CaseId) -> UnionId | None:
    """The union of this province that has to do with the case, the lead before others."""
    from ledger.projections import case_boards, union_tree

    conn, origin = reader.conn, reader.ledger.origin
    roles = case_boards.sides(conn, origin, case)
    rows = union_tree.get(conn, origin, roles)
    ours = [union for union in roles if union in rows and rows[union].origin == origin]
    order = list(case_boards.Role)
    return min(ours, key=lambda union: order.index(roles[union]), default=None)


def _by_law(
    case: str, province: str, account: str | None, offices: Sequence[Office],
    law: "Callable[[RightsCase, Entry], Event | Sequence[Event]]", what: str,
    step: str = "", *, as_json: bool,
) -> None:  # fmt: skip
    """An act for which the law alone decides."""
    from ledger.procedures import casework

    with _upon(case, province, account, offices) as (entry, found):
        casework.record(entry, found, lambda told: law(told, entry))
    _told(what, step or case, as_json=as_json)


def _persons(entry: "Entry", who: Sequence[str]) -> list[PersonId]:
    """The persons whom these texts mean; who is named by an id is not looked up."""
    ids = [PersonId(each) for each in who if each.startswith("per_")]
    if len(ids) == len(who):
        return ids
    from ledger.book import Look

    ledger, act = entry.ledger, entry.act
    with ledger.looking(Look(act.officer, act.union, "case", "case")) as reader:
        return [one_person(reader, each) for each in who]


def _said(text: str) -> tuple[str, Money]:
    """`韦秀英=4800.00+200` → whom, and how much."""
    who, sign, amount = text.rpartition("=")
    if not sign or not who:
        fail(Exit.USAGE, f"“{text}”应写成 职工=工资 或 职工=工资+补偿，如 韦秀英=4800.00。")
    return who.strip(), _money(amount)


def _money(text: str) -> Money:
    wages, _, compensation = text.partition("+")
    return Money(_fen(wages), _fen(compensation or "0"))


def _fen(text: str) -> Fen:
    """Yuan as whole fen; a third decimal is refused, never rounded."""
    whole, point, part = text.strip().replace(",", "").partition(".")
    ascii_digits = (whole + part).isascii() and whole.isdigit() and (part.isdigit() or not point)
    if not ascii_digits or len(part) > 2:
        fail(Exit.USAGE, f"金额“{text}”应写成 4800 或 4800.00，最多两位小数。")
    return Fen(int(whole) * 100 + int(part.ljust(2, "0")))


def _rows(path: Path) -> list[tuple[str, Money]]:
    """The rows of a list: 职工, 工资, 补偿; a first row of headings is left out."""
    found: list[tuple[str, Money]] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, cells in enumerate(csv.reader(file), 1):
            filled = [cell.strip() for cell in cells]
            if not any(filled) or (number == 1 and not filled[-1].replace(".", "").isdigit()):
                continue
            if len(filled) < 2:
                fail(Exit.USAGE, f"{path.name} 第 {number} 行应有职工和工资两栏。")
            rest = filled[2] if len(filled) > 2 and filled[2] else "0"
            found.append((filled[0], Money(_fen(filled[1]), _fen(rest))))
    return found


def _told(what: str, made: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"step": made})
        return
    say(f"[green]✓[/green] {what}：{made}")


def _print(file: "CaseFile") -> None:
    from ledger.replay import word

    now: CaseNow = file.state
    say(f"[bold]{now.number}[/bold]　{word(now.kind)}　{word(now.state) or '无记录'}")
    if file.historical:
        known = f"，按 {file.known_on} 当时已登记" if file.known_on else "，按现在已登记"
        say(f"截至 {file.as_of or file.day}{known}", style="yellow")
    for side in now.sides:
        say(f"{word(side.role)} {side.name}（{side.lane.short}）")
    for number, party in enumerate(now.parties, 1):
        say(f"{number}. {word(party.role)} {party.name}", style="dim")
    sums = now.totals
    made = table("", "诉求", "协议", "追回", "尚欠", numbers=("诉求", "协议", "追回", "尚欠"))
    money = (sums.asked, sums.agreed, sums.recovered, sums.open)
    row(made, "工资", *(yuan(each.wages) for each in money))
    row(made, "经济补偿", *(yuan(each.compensation) for each in money))
    out.print(made)
    for what, sum_ in (("协议", sums.agreed), ("追回", sums.recovered)):
        if sum_:
            say(f"{what}合计 {yuan(sum_.total)} 元（{capitals(sum_.total)}）")
    say(f"{sums.claimants} 人；付清 {sums.paid_in_full}；待回访 {sums.to_call}")
    if now.unknown:
        say(f"另有 {now.unknown} 人由对方省保管，未向本省提供。", style="yellow")
    if now.unmatched:
        say(f"{now.unmatched} 笔协办方通报的到账尚未核对。", style="yellow")
    lines = table("生效", "省", "记录")
    for line in file.lines:
        row(lines, line.on, line.lane.short, line.text)
    out.print(lines)
