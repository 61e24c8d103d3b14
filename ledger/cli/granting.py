"""`liangdi grant`: aid from application to closure (帮扶救助)."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from ledger.cli import aid_lists
from ledger.cli.aiding import (
    FINANCE,
    TAKERS,
    WITNESSES,
    Amount,
    FundOption,
    GoodsGiven,
    Grant,
    KindOption,
    MaybeAmount,
    Minutes,
    Opinion,
    Payment,
    SchemeOption,
    UnionOption,
    Voucher,
    begun,
    goods_of,
    in_words,
    told,
    told_many,
)
from ledger.cli.common import (
    AccountOption,
    AsKnownOption,
    AsOfOption,
    Exit,
    JsonOption,
    KnownOnOption,
    ProvinceOption,
    PurposeOption,
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
from ledger.cli.paper import by_paper, under
from ledger.cli.transferring import exchange
from ledger.cli.unions import one_union
from ledger.domain.aid import (
    Failure,
    Lifted,
    Means,
    PayeeKind,
    Signed,
    Stage,
    TakenBackFor,
)
from ledger.domain.aiding import AidKind, PayMode
from ledger.domain.ids import FundId, GrantId, PersonId, SchemeId, is_id
from ledger.domain.kernel import Basis, Code, Office
from ledger.domain.money import fen_of, yuan

if TYPE_CHECKING:
    from ledger.book import Entry
    from ledger.replay import GrantFile

app = typer.Typer(no_args_is_help=True, help="帮扶救助：申请、审核、公示、审批、发放、追回。 Aid.")
app.add_typer(aid_lists.app, name="list")


# ── looking ──────────────────────────────────────────────────────────────────────────────────


@app.command()
def find(
    province: ProvinceOption,
    stage: Annotated[Stage | None, typer.Option("--stage", help="环节。")] = None,
    kind: Annotated[AidKind | None, typer.Option("--kind", help="帮扶项目。")] = None,
    union: Annotated[str | None, typer.Option(help="只看这个工会及其下级的。")] = None,
    who: Annotated[str | None, typer.Option("--person", help="申请人或受助人。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几项。")] = 50,
    account: AccountOption = None,
    purpose: PurposeOption = "grant",
    as_json: JsonOption = False,
) -> None:
    """救助台账，按环节。 Lists grants by step."""
    from ledger import replay
    from ledger.projections import grants

    with looking(province, account, "grants", purpose) as (reader, visitor):
        conn, origin = reader.conn, reader.ledger.origin
        sought = grants.Sought(
            union=one_union(reader, union).union if union else None, stage=stage, kind=kind,
            person=one_person(reader, who) if who else None, today=reader.ledger.today,
        )  # fmt: skip
        page = grants.listed(conn, origin, sought, limit=limit)
        counts = grants.counted(conn, origin, sought)
        named = {origin, *reader.partners}
        lines = replay.grant_lines(reader, page.rows, named, mask=not visitor.sees_numbers)
    if as_json:
        told = {
            stage: {"count": count, "amount": replay.Amount.of(fen)}
            for stage, (count, fen) in counts.items()
        }
        show_json({"counts": told, "items": lines, "more": page.next is not None})
        return
    shown = table(
        "救助编号", "姓名", "项目", "金额（元）", "环节", "待办", "自", numbers=("金额（元）",)
    )
    for line in lines:
        name = line.person.name if line.person else ""
        row(
            shown, line.grant, name or line.person_id[-6:], replay.word(line.kind),
            line.amount.yuan, replay.word(line.stage), replay.word(line.turn), line.since,
        )  # fmt: skip
    if lines:
        out.print(shown)
    totals = " · ".join(
        f"{replay.word(step)} {count}（{yuan(fen)} 元）" for step, (count, fen) in counts.items()
    )
    say(f"{totals or '没有救助'}{'；未列完，用 --limit' if page.next else ''}")


@app.command()
def show(
    grant: Grant,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    payment: Annotated[
        int | None, typer.Option("--payment", min=1, help="按第几次付款登记当日所知。")
    ] = None,
    account: AccountOption = None,
    purpose: PurposeOption = "grant",
    as_json: JsonOption = False,
) -> None:
    """一笔救助：程序、审批、付款、签收，可回放。 One grant, as at and as known on a date."""
    from ledger import replay

    with looking(province, account, "grant", purpose) as (reader, visitor):
        known = replay.payment_day(reader, grant, payment) if payment else day(known_on)
        file = replay.grant(
            reader, grant, as_of=day(as_of), known_on=known, mask=not visitor.sees_numbers,
            accounts=visitor.sees_accounts,
        )  # fmt: skip
    if as_json:
        show_json(file)
        return
    _told_file(file)


def _told_file(file: "GrantFile") -> None:
    from ledger.replay import word

    now = file.state
    say(
        f"[bold]{escape(file.person_name)}[/bold] {word(file.kind)} {escape(file.need)}："
        f"{word(now.stage) or '尚无登记'}"
        + (f"，待{word(now.turn)}（自 {now.since}）" if now.turn else "")
    )
    if file.historical:
        say(f"截至 {now.on}，按 {file.known_on or '现在'} 已登记", style="yellow")
    say(f"申请 {now.amount.yuan} 元（{now.amount.capitals}）")
    if now.approval:
        approved = now.approval
        say(f"审批 {approved.amount.yuan} 元（{approved.amount.capitals}） {approved.on} {escape(approved.by_name)}")  # fmt: skip
    if now.steps:
        steps = " · ".join(
            f"{word(s.step)} {s.done_on or '未办'}" + ("（可后补）" if s.later else "")
            for s in now.steps
        )
        say(f"程序：{steps}")
    for each in now.payments:
        said = word(each.failed) or word(each.signed)
        say(f"第 {each.number} 次付款 {each.amount.yuan} 元 {word(each.mode)} {word(each.state)}{f'（{said}）' if said else ''} {each.on}")  # fmt: skip
        for one in each.goods:
            say(f"  {escape(one.item)} {one.quantity}{escape(one.unit)}，{yuan(one.value)} 元，发票 {escape(one.invoice)}")  # fmt: skip
    for duty, people in now.duties.items():
        say(f"{word(duty)}：{'、'.join(escape(who.name) for who in people)}", style="dim")
    say(f"内容 {now.content}", style="dim")
    shown = table("生效", "省", "记录")
    for line in file.lines:
        row(shown, line.on, line.lane.short, line.text)
    out.print(shown)


@app.command()
def steps(
    grant: Grant,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    as_known: AsKnownOption = False,
    account: AccountOption = None,
    purpose: PurposeOption = "replay",
    as_json: JsonOption = False,
) -> None:
    """逐笔回放，每笔之后的情况。 Record by record."""
    from ledger import replay

    with looking(province, account, "steps", purpose) as (reader, visitor):
        found = replay.grant_steps(
            reader, grant, as_of=day(as_of), known_on=day(known_on), as_known=as_known,
            mask=not visitor.sees_numbers, accounts=visitor.sees_accounts,
        )  # fmt: skip
    if as_json:
        show_json(found)
        return
    shown = table("生效", "省", "记录", "之后", "已付（元）", numbers=("已付（元）",))
    for line, now in found:
        row(shown, line.on, line.lane.short, line.text, replay.word(now.stage), now.paid.yuan)
    out.print(shown)


@app.command()
def between(
    grant: Grant,
    province: ProvinceOption,
    from_as_of: Annotated[
        str | None, typer.Option("--from-as-of", metavar="DATE", help="前一时点：截至哪一天。")
    ] = None,
    from_known_on: Annotated[
        str | None, typer.Option("--from-known-on", metavar="DATE", help="前一时点：按哪天所知。")
    ] = None,
    to_as_of: Annotated[
        str | None, typer.Option("--to-as-of", metavar="DATE", help="后一时点：截至哪一天。")
    ] = None,
    to_known_on: Annotated[
        str | None, typer.Option("--to-known-on", metavar="DATE", help="后一时点：按哪天所知。")
    ] = None,
    account: AccountOption = None,
    purpose: PurposeOption = "dispute",
    as_json: JsonOption = False,
) -> None:
    """两个时点有何不同。 What changed of a grant between two moments."""
    from ledger import replay

    with looking(province, account, "changes", purpose) as (reader, visitor):
        found = replay.grant_between(
            reader, grant, (day(from_as_of), day(from_known_on)),
            (day(to_as_of), day(to_known_on)), mask=not visitor.sees_numbers,
        )  # fmt: skip
    if as_json:
        show_json({"changes": found.changes, "lines": found.lines})
        return
    if not found.changes and not found.lines:
        say("两个时点没有不同。")
        return
    changes = table("项目", "前", "后")
    for what, then, now in found.changes:
        row(changes, what, then or "—", now or "—")
    out.print(changes)
    lines = table("为什么", "生效", "省", "记录")
    for line, why in found.lines:
        row(lines, why, line.on, line.lane.short, line.text)
    out.print(lines)


@app.command()
def notices(
    province: ProvinceOption,
    number: Annotated[str | None, typer.Argument(help="公示编号；不写则列出全部。")] = None,
    running: Annotated[bool, typer.Option("--running", help="只列正在公示的。")] = False,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """公示：期内姓名脱敏，期满只留证明。 Notices, with masked names while they run."""
    from ledger import replay
    from ledger.projections import notices as posts

    with looking(province, account, "notices", "notice") as (reader, _):
        conn, origin, today = reader.conn, reader.ledger.origin, reader.ledger.today
        if number is None:
            found = posts.listing(conn, origin, today, running=running or None, limit=200).rows
        else:
            found = posts.of_number(conn, origin, number, today)
        told = replay.posted(reader, found, today)
    if number is not None and not told:
        fail(Exit.NOT_FOUND, f"没有公示 {number}。")
    if as_json:
        show_json(told)
        return
    shown = table("编号", "工会", "自", "至", "地点", "名单")
    for each in told:
        names = "、".join(line.name or "（未提供）" for line in each.lines)
        row(shown, each.number, each.union_name, each.since, each.until, each.place,
            names or f"{each.count} 笔，名单已撤下")  # fmt: skip
    out.print(shown)


# ── application and examination ──────────────────────────────────────────────────────────────


@app.command()
def apply(
    who: Annotated[str, typer.Argument(help="申请人：人员编号、证件号码、姓名……须只指一人。")],
    province: ProvinceOption,
    scheme: SchemeOption,
    kind: KindOption,
    amount: Amount,
    child: Annotated[
        str | None, typer.Option("--for", help="受助人（子女、家属）；不写则为申请人本人。")
    ] = None,
    need: Annotated[str | None, typer.Option("--need", help="事由，同一事由只救助一次。")] = None,
    emergency: Annotated[bool, typer.Option("--emergency", help="紧急办理。")] = False,
    reason: Annotated[str, typer.Option("--reason", help="申请理由。")] = "",
    union: UnionOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """申请救助。 Takes an application in."""
    from ledger.procedures import aiding

    asked = fen_of(amount)
    with begun(province, account, TAKERS, union) as (ledger, visitor, exchanged):
        with ledger.looking(visitor.look("grant", "grant")) as reader:
            person = one_person(reader, who)
            aided = one_person(reader, child) if child else None
        with ledger.entry(visitor.act(), lock=True) as entry:
            made = aiding.apply(
                entry, person, SchemeId(scheme), kind, asked, beneficiary=aided,
                need=Code(need) if need else None, emergency=emergency, reason=reason,
            )  # fmt: skip
        exchanged()
    told({"grant": made}, f"已受理：{made}，申请 {in_words(asked)}", as_json=as_json)


@app.command()
@by_paper
def amend(
    grant: Grant,
    province: ProvinceOption,
    amount: Amount,
    need: Annotated[str | None, typer.Option("--need", help="事由；不写则不变。")] = None,
    reason: Annotated[str, typer.Option("--reason", help="修改原因。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """修改申请，原审批作废。 Changes what is asked for."""
    from ledger.procedures import aiding

    asked = fen_of(amount)
    _upon(
        grant, province, account, TAKERS, "已修改", as_json,
        lambda entry, one: aiding.amend(entry, one, asked, Code(need) if need else None, reason),
    )  # fmt: skip


@app.command()
@by_paper
def payee(
    grant: Grant,
    province: ProvinceOption,
    kind: Annotated[PayeeKind, typer.Option("--kind", help="收款对象。")] = PayeeKind.APPLICANT,
    who: Annotated[str | None, typer.Option("--person", help="收款人（监护人、受托人）。")] = None,
    paper: Annotated[str | None, typer.Option("--paper", help="书面依据的文号。")] = None,
    holder: Annotated[str, typer.Option("--holder", help="户名。")] = "",
    bank: Annotated[str, typer.Option("--bank", help="开户银行。")] = "",
    number: Annotated[str, typer.Option("--account-number", help="账号。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """登记收款人，原审批作废。 Says to whom it is paid."""
    from ledger.procedures import aiding

    def act(entry: "Entry", one: GrantId) -> None:
        aiding.name_payee(
            entry, one, kind, payee=PersonId(who) if who else None,
            paper=Code(paper) if paper else None, holder=holder, bank=bank, account=number,
        )  # fmt: skip

    if who and not is_id(who):
        fail(Exit.USAGE, "收款人请写人员编号 per_…。")
    _upon(grant, province, account, TAKERS, "收款人已登记", as_json, act)


@app.command()
@by_paper
def visit(
    grant: Grant,
    province: ProvinceOption,
    finding: Annotated[str, typer.Option("--finding", help="调查情况。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """入户调查。 The household was seen."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, (*TAKERS, Office.REVIEWER), "入户调查已登记", as_json,
        lambda entry, one: aiding.visit(entry, one, finding),
    )  # fmt: skip


@app.command()
@by_paper
def means(
    grant: Grant,
    province: ProvinceOption,
    result: Annotated[Means, typer.Option("--result", help="核对结论。")],
    paper: Annotated[str | None, typer.Option("--paper", help="核对报告文号。")] = None,
    finding: Annotated[str, typer.Option("--finding", help="说明。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """家庭经济状况核对。 The means check."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, (Office.CLERK, Office.REVIEWER), "核对结论已登记", as_json,
        lambda entry, one: aiding.check_means(
            entry, one, result, Code(paper) if paper else None, finding
        ),
    )  # fmt: skip


@app.command()
@by_paper
def review(
    grants: Annotated[list[str], typer.Argument(metavar="GRANT…", help="救助编号，可写多笔。")],
    province: ProvinceOption,
    amount: Annotated[
        str | None,
        typer.Option("--amount", metavar="YUAN", help="建议金额（元），只写一笔时可用。"),
    ] = None,
    opinion: Opinion = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """审核，一笔或多笔（逐笔给出结果）。 A second look, at one or many."""
    from ledger.procedures import aiding, aiding_many

    if len(grants) == 1:
        proposed = fen_of(amount) if amount else None
        _upon(
            grants[0], province, account, (Office.REVIEWER,), "已审核", as_json,
            lambda entry, one: aiding.review(entry, one, proposed, opinion),
        )  # fmt: skip
        return
    if amount:
        fail(Exit.USAGE, "多笔一起审核时不能改金额；请逐笔审核。")
    with _acting_on(grants[0], province, account, (Office.REVIEWER,)) as entry:
        listed = aiding_many.review_many(entry, map(GrantId, grants), opinion)
    told_many(listed.done, listed.refused, "已审核", as_json=as_json)


@app.command()
@by_paper
def notice(
    grant: Grant,
    province: ProvinceOption,
    number: Annotated[str, typer.Option("--number", help="公示编号。")],
    place: Annotated[str, typer.Option("--place", help="公示地点。")],
    basis: Annotated[Basis | None, typer.Option("--basis", help="公示个人信息的法律依据。")] = None,
    until: Annotated[
        str | None, typer.Option("--until", metavar="DATE", help="至哪一天（含）；不写则按办法。")
    ] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """公示。 Posts a notice."""
    from ledger.procedures import aiding

    last = day(until)
    _upon(
        grant, province, account, TAKERS, "已公示", as_json,
        lambda entry, one: aiding.publicise(entry, one, Code(number), basis, place, until=last),
    )  # fmt: skip


@app.command("take-down")
@by_paper
def take_down(
    grant: Grant,
    province: ProvinceOption,
    number: Annotated[str, typer.Option("--number", help="公示编号。")],
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """撤下公示（本人撤回同意）。 Takes a notice down, the consent to it withdrawn."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, (*TAKERS, Office.PRIVACY), "公示已撤下", as_json,
        lambda entry, one: aiding.take_down(entry, one, Code(number)),
    )  # fmt: skip


@app.command("object")
def object_(
    grant: Grant,
    province: ProvinceOption,
    said: Annotated[str, typer.Option("--said", help="异议内容。")],
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """提出异议。 Somebody objects."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, (*TAKERS, Office.REVIEWER), "异议已登记", as_json,
        lambda entry, one: {"objection": aiding.object_(entry, one, said)},
    )  # fmt: skip


@app.command()
@by_paper
def answer(
    grant: Grant,
    province: ProvinceOption,
    objection: Annotated[int, typer.Option("--objection", min=1, help="异议序号。")],
    text: Annotated[str, typer.Option("--text", help="答复。")],
    upheld: Annotated[bool, typer.Option("--upheld/--dismissed", help="异议成立或不成立。")],
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """答复异议，由经办人以外的人。 Answers an objection."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, (Office.REVIEWER, Office.CHAIR), "已答复", as_json,
        lambda entry, one: aiding.answer(entry, one, objection, upheld, text),
    )  # fmt: skip


@app.command()
@by_paper
def lift(
    grant: Grant,
    province: ProvinceOption,
    other: Annotated[str, typer.Option("--other", help="疑似重复的另一笔 grt_…。")],
    ground: Annotated[Lifted, typer.Option("--ground", help="解除理由。")],
    opinion: Opinion = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """解除疑似重复的暂停。 Lets a held grant go on."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, (Office.REVIEWER, Office.APPROVER), "已解除暂停", as_json,
        lambda entry, one: aiding.lift(entry, one, GrantId(other), ground, opinion),
    )  # fmt: skip


# ── decision ─────────────────────────────────────────────────────────────────────────────────


@app.command()
@by_paper
def approve(
    grants: Annotated[
        list[str],
        typer.Argument(metavar="GRANT=CONTENT…", help="救助编号=所见内容，可写多笔（见 show）。"),
    ],
    province: ProvinceOption,
    fund: FundOption,
    minutes: Minutes = None,
    total: Annotated[
        str | None, typer.Option("--total", metavar="YUAN", help="所见合计（元），多笔时必填。")
    ] = None,
    opinion: Opinion = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """审批所见的内容，一笔或多笔；有变即不批。 Approves what was seen."""
    from ledger.procedures import aiding, aiding_many

    seen = {GrantId(name): content for name, _, content in (each.partition("=") for each in grants)}
    if not all(seen.values()):
        fail(Exit.USAGE, "请写成 救助编号=内容；内容用 `liangdi grant show` 查看。")
    paper = Code(minutes) if minutes else None
    if len(seen) == 1:
        ((name, content),) = seen.items()
        _upon(
            name, province, account, (Office.APPROVER,), "已审批", as_json,
            lambda entry, one: aiding.approve(
                entry, one, content, FundId(fund), minutes=paper, opinion=opinion
            ),
        )  # fmt: skip
        return
    if total is None:
        fail(Exit.USAGE, "多笔一起审批，须用 --total 写明所见合计。")
    with _acting_on(next(iter(seen)), province, account, (Office.APPROVER,)) as entry:
        listed = aiding_many.approve_many(
            entry, seen, fen_of(total), FundId(fund), minutes=paper, opinion=opinion
        )
    told_many(listed.done, listed.refused, "已审批", as_json=as_json)


@app.command()
@by_paper
def decline(
    grant: Grant,
    province: ProvinceOption,
    opinion: Opinion,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """不予救助，写明意见。 Declines it, with an opinion."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, (Office.REVIEWER, Office.APPROVER), "不予救助", as_json,
        lambda entry, one: aiding.decline(entry, one, opinion),
    )  # fmt: skip


@app.command()
def withdraw(
    grant: Grant,
    province: ProvinceOption,
    reason: Annotated[str, typer.Option("--reason", help="撤回原因。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """撤回申请。 The applicant no longer asks."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, TAKERS, "已撤回", as_json,
        lambda entry, one: aiding.withdraw(entry, one, reason),
    )  # fmt: skip


@app.command("review-emergency")
@by_paper
def review_emergency(
    grant: Grant,
    province: ProvinceOption,
    upheld: Annotated[bool, typer.Option("--upheld/--not-upheld", help="维持或不维持。")],
    opinion: Opinion = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """紧急救助补审，由他人。 Looks afterwards at an emergency."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, (Office.REVIEWER, Office.APPROVER), "已补审", as_json,
        lambda entry, one: aiding.review_emergency(entry, one, upheld, opinion),
    )  # fmt: skip


# ── money ────────────────────────────────────────────────────────────────────────────────────


@app.command()
@by_paper
def send(
    grant: Grant,
    province: ProvinceOption,
    mode: Annotated[PayMode, typer.Option("--mode", help="发放方式。")] = PayMode.BANK,
    amount: MaybeAmount = None,
    goods: GoodsGiven = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """送付；失败、退汇的由此重发。 Sends a payment, or goods, on its way."""
    from ledger.procedures import aiding

    part, listed = fen_of(amount) if amount else None, goods_of(goods)
    _upon(
        grant, province, account, FINANCE, "已送付", as_json,
        lambda entry, one: {"payment": aiding.instruct(entry, one, mode, part, listed)},
    )  # fmt: skip


@app.command()
@by_paper
def paid(
    grant: Grant,
    province: ProvinceOption,
    payment: Payment,
    voucher: Voucher,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """已支付。 It was paid."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, FINANCE, "已支付", as_json,
        lambda entry, one: aiding.made(entry, one, payment, Code(voucher)),
    )  # fmt: skip


@app.command()
@by_paper
def failed(
    grant: Grant,
    province: ProvinceOption,
    payment: Payment,
    why: Annotated[Failure, typer.Option("--why", help="原因。")],
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """付款失败。 It never left."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, FINANCE, "付款失败，待重发", as_json,
        lambda entry, one: aiding.failed(entry, one, payment, why),
    )  # fmt: skip


@app.command()
@by_paper
def returned(
    grant: Grant,
    province: ProvinceOption,
    payment: Payment,
    why: Annotated[Failure, typer.Option("--why", help="原因。")],
    voucher: Voucher,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """退汇。 It came back."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, FINANCE, "已退汇，待重发", as_json,
        lambda entry, one: aiding.returned(entry, one, payment, why, Code(voucher)),
    )  # fmt: skip


@app.command()
@by_paper
def sign(
    grant: Grant,
    province: ProvinceOption,
    payment: Payment,
    how: Annotated[Signed, typer.Option("--how", help="签收方式。")] = Signed.SELF,
    collector: Annotated[str | None, typer.Option("--collector", help="代领人 per_…。")] = None,
    paper: Annotated[str | None, typer.Option("--paper", help="委托或核实材料文号。")] = None,
    remark: Annotated[str, typer.Option("--remark", help="备注。")] = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """签收，由未参与办理的人核实。 It was received."""
    from ledger.procedures import aiding

    def act(entry: "Entry", one: GrantId) -> None:
        aiding.sign(
            entry, one, payment, how, collector=PersonId(collector) if collector else None,
            paper=Code(paper) if paper else None, remark=remark,
        )  # fmt: skip

    _upon(grant, province, account, WITNESSES, "已签收", as_json, act)


@app.command("take-back")
@by_paper
def take_back(
    grant: Grant,
    province: ProvinceOption,
    amount: Amount,
    why: Annotated[TakenBackFor, typer.Option("--why", help="追回原因。")],
    opinion: Opinion = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """决定追回。 Decides that money is to come back."""
    from ledger.procedures import aiding

    part = fen_of(amount)
    _upon(
        grant, province, account, (Office.APPROVER,), f"决定追回 {in_words(part)}", as_json,
        lambda entry, one: aiding.order_back(entry, one, part, why, opinion),
    )  # fmt: skip


@app.command("took-back")
@by_paper
def took_back(
    grant: Grant,
    province: ProvinceOption,
    amount: Amount,
    voucher: Voucher,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """追回到账。 The money is back."""
    from ledger.procedures import aiding

    part = fen_of(amount)
    _upon(
        grant, province, account, FINANCE, f"追回到账 {in_words(part)}", as_json,
        lambda entry, one: aiding.took_back(entry, one, part, Code(voucher)),
    )  # fmt: skip


@app.command()
def close(
    grant: Grant,
    province: ProvinceOption,
    uncollected: Annotated[bool, typer.Option("--uncollected", help="未到账的不再发放。")] = False,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """办结。 Nothing of it is open any more."""
    from ledger.procedures import aiding

    _upon(
        grant, province, account, (Office.CLERK, Office.REVIEWER), "已办结", as_json,
        lambda entry, one: aiding.close(entry, one, uncollected=uncollected),
    )  # fmt: skip


@app.command()
def past(
    who: Annotated[str, typer.Argument(help="受助职工：编号、证件号码、姓名……须只指一人。")],
    province: ProvinceOption,
    kind: KindOption,
    amount: Amount,
    fund: FundOption,
    voucher: Voucher,
    mode: Annotated[PayMode, typer.Option("--mode", help="发放方式。")],
    on: Annotated[str | None, typer.Option("--on", metavar="DATE", help="发放日期。")] = None,
    signed: Annotated[bool, typer.Option("--signed", help="有签收。")] = False,
    union: UnionOption = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """补录已发放的救助，按纸面所载。 Records what was paid on paper before."""
    from ledger.domain.kernel import Late
    from ledger.procedures import aiding

    offices = (Office.ACCOUNTANT, Office.CLERK)
    with begun(province, account, offices, union) as (ledger, visitor, exchanged):
        with ledger.looking(visitor.look("grant", "grant")) as reader:
            person = one_person(reader, who)
        act = visitor.act(on=day(on), late=Late.TYPED_UP)
        with ledger.entry(act, lock=True) as entry:
            made = aiding.record_past(
                entry, person, kind, fen_of(amount), FundId(fund), Code(voucher), mode=mode,
                signed=signed,
            )  # fmt: skip
        exchanged()
    told({"grant": made}, f"已补录：{made}", as_json=as_json)


# ── shared by these ─────────────────────────────────────────────────────────────────────────────────


@contextmanager
def _acting_on(
    grant: str, province: str, account: str | None, offices: Sequence[Office]
) -> "Generator[Entry]":
    """An entry of the nearest officer for a grant; the head is held, the provinces exchange."""
    from ledger.domain.aid import AidGrant

    with opened() as ledgers:
        ledger = one_ledger(ledgers, province)
        with ledger.reading() as reader:
            union = reader.find(AidGrant, grant).union
            act = under(reader, account, offices, union)
        with ledger.entry(act, lock=True) as entry:
            yield entry
        exchange(ledgers)


def _upon(
    grant: str, province: str, account: str | None, offices: Sequence[Office], what: str,
    as_json: bool, act: "Callable[[Entry, GrantId], dict[str, Any] | None]",
) -> None:  # fmt: skip
    """One act upon one grant."""
    with _acting_on(grant, province, account, offices) as entry:
        made = act(entry, GrantId(grant)) or {}
    told({"grant": grant, **made}, f"{what}：{grant}", as_json=as_json)
