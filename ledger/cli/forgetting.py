"""`liangdi forget` and `liangdi glass`: restricted and shredded; emergencies (限制、删除、紧急查阅)."""

from typing import Annotated

import typer

from ledger.cli.common import (
    AccountOption,
    Exit,
    JsonOption,
    ProvinceOption,
    acting,
    day,
    fail,
    one_person,
    opened,
    out,
    row,
    say,
    show_json,
    table,
)
from ledger.domain.forgetting import Ground, LiftCause
from ledger.domain.glass import HOURS, Emergency, GlassFinding
from ledger.domain.ids import GlassId, is_id
from ledger.domain.kernel import Code, Office

app = typer.Typer(
    no_args_is_help=True, help="限制与删除个人信息：先限制，期满由第二人销毁。 Forgetting a person."
)
glass = typer.Typer(no_args_is_help=True, help="紧急查阅：打开、列出、复核。 Broken glass.")

Person = Annotated[str, typer.Argument(metavar="PERSON", help="人员编号、号码或姓名。")]
Paper = Annotated[str | None, typer.Option("--paper", help="申请、决定的文号。")]
WORKERS = (Office.PRIVACY, Office.CLERK, Office.STATION)
LEADS = (Office.PRIVACY,)


@app.command()
def terms(
    province: ProvinceOption,
    adopt: Annotated[
        str | None, typer.Option("--adopt", metavar="EDITION", help="以此版本号通过参考期限。")
    ] = None,
    since: Annotated[str | None, typer.Option("--since", help="自哪一天起。")] = None,
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """列出现行保存期限，或通过参考期限。 Retention terms."""
    from ledger import procedures
    from ledger.domain.retention import USUAL
    from ledger.replay.words import word

    with opened(province) as ledgers:
        ledger = ledgers[province]
        if adopt is not None:
            visitor = acting(ledger, account, (Office.CHAIR,), ledger.root)
            with ledger.entry(visitor.act()) as entry:
                procedures.adopt_terms(entry, Code(adopt), USUAL, since=day(since))
        with ledger.reading() as reader:
            found = procedures.terms_in_force(reader, ledger.today)
    if as_json:
        show_json({"edition": found.edition, "since": found.since, "terms": found.terms})
        return
    say(f"{found.edition}，自 {found.since} 起")
    shown = table("类别", "年数", "起算", "依据", numbers=("年数",))
    for term in found.terms:
        row(shown, word(term.kept), term.years, word(term.counted), term.source)
    out.print(shown)


@app.command()
def show(person: Person, province: ProvinceOption, as_json: JsonOption = False) -> None:
    """一个人能否限制、何时可销毁，对方省怎么答复。 How a person stands."""
    from ledger import procedures
    from ledger.projections import forgetting
    from ledger.replay.words import word

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        who = one_person(reader, person)
        told = procedures.standing_of(reader, who)
        found = forgetting.get(reader.conn, reader.ledger.origin, told.persons).get(who)
        requests = forgetting.requests(reader.conn, reader.ledger.origin, told.persons)
    if as_json:
        show_json(
            {
                "person": who, "rest": found, "needs": told.needs, "holdings": told.holdings,
                "requests": requests,
            }
        )  # fmt: skip
        return
    say(f"{who}：{word(found.state) if found else '正常'}")
    for need in told.needs:
        say(f"  未了：{word(need.kind)} {need.thing}")
    for one in told.holdings:
        say(f"  保存：{word(one.kept)}，至 {one.until}（{one.source}）")
    for each in requests:
        said = word(each.answer) if each.answer else "尚未答复"
        say(f"  {each.origin} 请 {each.asked} 一并删除：{said}")


@app.command("list")
def listing(
    province: ProvinceOption,
    due: Annotated[bool, typer.Option("--due", help="只看期满待销毁的。")] = False,
    ended: Annotated[
        bool, typer.Option("--ended", help="另找无人需要、期限全满而未限制的。")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几人。")] = 50,
    as_json: JsonOption = False,
) -> None:
    """列出已限制、已删除的人，期满的在前。 Who is restricted or forgotten."""
    from ledger import procedures
    from ledger.projections import forgetting
    from ledger.replay.words import word

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        today = reader.ledger.today
        page = forgetting.listing(
            reader.conn, reader.ledger.origin, due=today if due else None, limit=limit
        )
        over = procedures.ended(reader, limit)[0] if ended else []
    if as_json:
        show_json({"items": page.rows, "more": page.next is not None, "ended": over})
        return
    shown = table("人员编号", "状态", "缘由", "自", "保存至", "待销毁")
    for each in page.rows:
        row(
            shown, each.person, word(each.state), word(each.ground), each.since, each.until,
            "是" if each.due(today) else "",
        )  # fmt: skip
    out.print(shown)
    for person in over:
        say(f"期限全满：{person}")


@app.command()
def restrict(
    person: Person, province: ProvinceOption,
    ground: Annotated[Ground, typer.Option("--ground", help="缘由。")] = Ground.ASKED,
    paper: Paper = None, account: AccountOption = None, as_json: JsonOption = False,
) -> None:  # fmt: skip
    """限制处理：除存储外全部停止（第一人）。 Restricts a person."""
    from ledger import procedures

    with opened(province) as ledgers:
        ledger = ledgers[province]
        with ledger.reading() as reader:
            who = one_person(reader, person)
        visitor = acting(ledger, account, WORKERS)
        with ledger.entry(visitor.act(), lock=True) as entry:
            event = procedures.restrict(entry, who, ground, Code(paper) if paper else None)
    if as_json:
        show_json({"person": who, "until": event.until})
        return
    say(f"{who} 已限制处理；自 {event.until} 起可由第二人销毁。")


@app.command()
def lift(
    person: Person, province: ProvinceOption,
    why: Annotated[LiftCause, typer.Option("--why", help="原因。")],
    paper: Paper = None, account: AccountOption = None,
) -> None:  # fmt: skip
    """解除限制。 Lifts a restriction."""
    from ledger import procedures

    with opened(province) as ledgers:
        ledger = ledgers[province]
        with ledger.reading() as reader:
            who = one_person(reader, person)
        visitor = acting(ledger, account, LEADS)
        with ledger.entry(visitor.act(), lock=True) as entry:
            procedures.lift(entry, who, why, Code(paper) if paper else None)
    say(f"{who} 已解除限制。")


@app.command()
def shred(
    person: Person, province: ProvinceOption, paper: Paper = None, account: AccountOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="不再询问。")] = False,
) -> None:  # fmt: skip
    """销毁密钥：不能恢复（第二人）。 Destroys a person's key."""
    from ledger import procedures

    if not is_id(person):
        fail(Exit.USAGE, "销毁须写人员编号 per_…，已限制的人查不到姓名。")
    if not yes:
        typer.confirm(f"销毁 {person} 的密钥后任何人都不能恢复，继续？", abort=True)
    with opened(province) as ledgers:
        ledger = ledgers[province]
        with ledger.reading() as reader:
            who = one_person(reader, person)
        visitor = acting(ledger, account, LEADS)
        with ledger.entry(visitor.act(), lock=True) as entry:
            procedures.shred(entry, who, Code(paper) if paper else None)
    say(f"{who} 的个人信息已销毁；记录和合计不变。")


# ── emergencies ──────────────────────────────────────────────────────────────────────────────


@glass.command("list")
def glasses(
    province: ProvinceOption,
    everything: Annotated[bool, typer.Option("--all", help="也列已复核的。")] = False,
    as_json: JsonOption = False,
) -> None:
    """列出紧急查阅，待复核的在前。 Emergencies."""
    from ledger.clock import beijing
    from ledger.projections import glasses as view
    from ledger.replay.words import word

    with opened(province) as ledgers, ledgers[province].reading() as reader:
        today = reader.ledger.today
        reviewed = None if everything else False
        page = view.listing(reader.conn, reader.ledger.origin, reviewed=reviewed, limit=200)
    if as_json:
        show_json({"items": page.rows, "more": page.next is not None})
        return
    shown = table("编号", "人员编号", "查阅人编号", "情形", "自", "至", "复核")
    for each in page.rows:
        late = "，逾期" if each.late(today) else ""
        state = word(each.finding) if each.finding else f"{each.review_by} 前{late}"
        row(
            shown, each.glass, each.person, each.officer, word(each.emergency),
            f"{beijing(each.at):%m-%d %H:%M}", f"{beijing(each.until):%m-%d %H:%M}", state,
        )  # fmt: skip
    out.print(shown)


@glass.command("break")
def smash(
    person: Person, province: ProvinceOption,
    situation: Annotated[Emergency, typer.Option("--situation", help="紧急情形。")],
    reason: Annotated[
        str, typer.Option("--reason", prompt="理由（不少于10个字）", help="理由；不写则询问。")
    ],
    hours: Annotated[int, typer.Option("--hours", min=1, max=24, help="几小时。")] = HOURS,
    account: AccountOption = None,
) -> None:  # fmt: skip
    """紧急查阅一个人的档案。 Breaks the glass."""
    from ledger import procedures
    from ledger.domain.glass import GlassBroken

    with opened(province) as ledgers:
        ledger = ledgers[province]
        with ledger.reading() as reader:
            who = one_person(reader, person)
        visitor = acting(ledger, account, GlassBroken.by)
        with ledger.entry(visitor.act()) as entry:
            broken = procedures.break_glass(entry, who, situation, reason, hours)
    say(
        f"{broken.glass}：{hours} 小时内可查阅 {who}；{broken.review_by} 前由他人复核，已告知负责人。"
    )


@glass.command()
def review(
    name: Annotated[str, typer.Argument(metavar="GLASS", help="编号 brk_…。")],
    province: ProvinceOption,
    finding: Annotated[GlassFinding, typer.Option("--finding", help="结论。")],
    opinion: Annotated[str, typer.Option("--opinion", help="意见。")] = "",
    account: AccountOption = None,
) -> None:
    """复核一次紧急查阅。 Reviews it."""
    from ledger import procedures

    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = acting(ledger, account, LEADS)
        with ledger.entry(visitor.act()) as entry:
            procedures.review_glass(entry, GlassId(name), finding, opinion)
    say(f"{name} 已复核。")
