"""`liangdi hardship`: open files by day of review; opened, reviewed, closed (困难档案)."""

from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.common import (
    AccountOption,
    AsOfOption,
    JsonOption,
    KnownOnOption,
    ProvinceOption,
    PurposeOption,
    acting,
    acting_for,
    day,
    looking,
    one_person,
    opened,
    out,
    row,
    say,
    show_json,
    table,
)
from ledger.cli.unions import one_union
from ledger.domain.hardship import Category, FileBasis, FileOutcome, HardshipCause
from ledger.domain.ids import FileId, HouseholdId, new_household
from ledger.domain.kernel import Code, Office

if TYPE_CHECKING:
    from datetime import date

    from ledger.book import Entry, Ledger
    from ledger.desk import Visitor
    from ledger.domain.ids import PersonId, UnionId

app = typer.Typer(
    no_args_is_help=True, help="困难档案：一户一档；建档、复核、结案。 Hardship files."
)

File = Annotated[str, typer.Argument(metavar="FILE", help="档案编号 hrd_…。")]
CategoryOption = Annotated[Category, typer.Option("--category", help="困难类别。")]
UntilOption = Annotated[
    str, typer.Option("--until", metavar="DATE", help="有效期至（不含）：应在此前复核。")
]
OthersOption = Annotated[
    list[HardshipCause] | None, typer.Option("--other", help="次要致困原因，至多三项，可重复写。")
]
Remark = Annotated[str, typer.Option("--remark", help="情况说明。")]


@app.command("list")
def listing(
    province: ProvinceOption,
    union: Annotated[str | None, typer.Option(help="只看这个工会及其下级的。")] = None,
    category: Annotated[Category | None, typer.Option(help="困难类别。")] = None,
    due: Annotated[
        str | None, typer.Option("--due", metavar="DATE", help="到这一天应当复核的。")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="最多几项。")] = 50,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    account: AccountOption = None,
    purpose: PurposeOption = "grant",
    as_json: JsonOption = False,
) -> None:
    """未结的困难档案，先到期的在前。 Open files."""
    from ledger import replay
    from ledger.projections import hardship_files, union_tree

    with looking(province, account, "hardship_files", purpose) as (reader, visitor):
        conn, origin = reader.conn, reader.ledger.origin
        sought = hardship_files.Sought(
            union=one_union(reader, union).union if union else None, on=day(as_of),
            known_on=day(known_on), category=category, due=day(due),
        )  # fmt: skip
        page = hardship_files.listing(conn, origin, sought, limit=limit)
        counts = hardship_files.count(conn, origin, sought)
        people = replay.people(
            reader, [each.person for each in page.rows], mask=not visitor.sees_numbers
        )
        unions = union_tree.get(conn, origin, {each.union for each in page.rows})
        today = sought.on or reader.ledger.today
    if as_json:
        rows = [
            {
                "file": each,
                "name": people[each.person].name if each.person in people else "",
                "due": each.due(today),
            }
            for each in page.rows
        ]
        show_json({"counts": counts, "items": rows, "more": page.next is not None})
        return
    shown = table("档案编号", "文号", "职工", "工会", "类别", "主因", "有效期至")
    for each in page.rows:
        name = people[each.person].name if each.person in people else ""
        row(
            shown, each.file, each.number, name or each.person[-6:],
            unions[each.union].name if each.union in unions else "", replay.word(each.category),
            replay.word(each.main), f"{each.valid_until}{'（应复核）' if each.due(today) else ''}",
        )  # fmt: skip
    if page.rows:
        out.print(shown)
    totals = " · ".join(f"{replay.word(each)} {number}" for each, number in counts.items())
    say(f"{totals}（户）{'；未列完，用 --limit' if page.next else ''}")


@app.command()
def show(
    file: File,
    province: ProvinceOption,
    as_of: AsOfOption = None,
    known_on: KnownOnOption = None,
    account: AccountOption = None,
    purpose: PurposeOption = "grant",
    as_json: JsonOption = False,
) -> None:
    """一份困难档案，逐笔。 One file, step by step."""
    from ledger import replay

    with looking(province, account, "hardship_file", purpose) as (reader, visitor):
        told = replay.hardship_file(
            reader, file, as_of=day(as_of), known_on=day(known_on), mask=not visitor.sees_numbers
        )
    if as_json:
        show_json(told)
        return
    state = "未结" if told.open else replay.word(told.outcome) or "无记录"
    found = f"，{replay.word(told.found.category)}" if told.found else ""
    say(f"{told.number} {told.union_name}：{state}{found}{'' if told.valid else '，不在有效期内'}")
    steps = table("生效", "省", "记录")
    for line in told.lines:
        row(steps, line.on, line.lane.short, line.text)
    out.print(steps)


@app.command("open")
def open_(
    who: Annotated[str, typer.Argument(help="职工：人员编号、证件号码、姓名……须只指一人。")],
    province: ProvinceOption,
    category: CategoryOption,
    main: Annotated[HardshipCause, typer.Option("--main", help="主要致困原因。")],
    basis: Annotated[FileBasis, typer.Option("--basis", help="认定依据。")],
    number: Annotated[str, typer.Option("--number", help="档案编号（文号）。")],
    until: UntilOption,
    others: OthersOption = None,
    union: Annotated[
        str | None, typer.Option("--union", help="建档工会；不写则为办理人的工会。")
    ] = None,
    remark: Remark = "",
    account: AccountOption = None,
    purpose: PurposeOption = "grant",
    as_json: JsonOption = False,
) -> None:
    """建档；尚未立户的，随之立户。 Opens the file of a worker's household."""
    from ledger import procedures

    with opened(province) as ledgers:
        ledger = ledgers[province]
        reads = acting(ledger, account)
        with ledger.looking(reads.look("hardship_file", purpose)) as reader:
            person = one_person(reader, who)
            by = one_union(reader, union).union if union else None
        visitor = acting(ledger, account, (Office.CLERK, Office.STATION), by)
        with ledger.entry(visitor.act(union=by), lock=True) as entry:
            made = procedures.open_file(
                entry, _household(entry, person), person, category, main, others or (), basis,
                _until(until), Code(number), remark,
            ).file  # fmt: skip
    _told(made, "已建档", as_json=as_json)


@app.command()
def review(
    file: File,
    province: ProvinceOption,
    category: CategoryOption,
    until: UntilOption,
    main: Annotated[
        HardshipCause | None, typer.Option("--main", help="主要致困原因；不写则不变。")
    ] = None,
    others: OthersOption = None,
    basis: Annotated[FileBasis | None, typer.Option("--basis", help="认定依据。")] = None,
    remark: Remark = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """复核：由建档人以外的人办理。 Reviews a file."""
    from ledger import procedures

    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = _reviewer(ledger, account, file)
        with ledger.entry(visitor.act()) as entry:
            procedures.review_file(
                entry, FileId(file), category, _until(until), main=main, others=others,
                basis=basis, remark=remark,
            )  # fmt: skip
    _told(file, "已复核", as_json=as_json)


@app.command()
def close(
    file: File,
    province: ProvinceOption,
    outcome: Annotated[FileOutcome, typer.Option("--outcome", help="结案去向。")],
    duplicate_of: Annotated[
        str | None, typer.Option("--duplicate-of", help="重复建档的，保留的另一份档案。")
    ] = None,
    remark: Remark = "",
    account: AccountOption = None,
    as_json: JsonOption = False,
) -> None:
    """结案：写明去向。 Closes a file."""
    from ledger import procedures

    with opened(province) as ledgers:
        ledger = ledgers[province]
        visitor = _reviewer(ledger, account, file)
        with ledger.entry(visitor.act()) as entry:
            procedures.close_file(
                entry, FileId(file), outcome,
                duplicate_of=FileId(duplicate_of) if duplicate_of else None, remark=remark,
            )  # fmt: skip
    _told(file, "已结案", as_json=as_json)


# ── shared by these ──────────────────────────────────────────────────────────────────────────


def _household(entry: "Entry", person: "PersonId") -> HouseholdId:
    """The household that a worker is registered in; one of her own where there is none yet."""
    from ledger.domain.persons import AlreadyInHousehold, Household

    held = entry.holder(AlreadyInHousehold, person)
    if held is not None:
        return HouseholdId(held[1])
    made = new_household()
    entry.write(*Household.open(entry.act, made, person))
    return made


def _reviewer(ledger: "Ledger", account: str | None, file: str) -> "Visitor":
    """Who reviews for the union that keeps the file, or for the nearest one above it."""
    from ledger.book import NotFound
    from ledger.domain.hardship import HardshipFile

    with ledger.reading() as reader:
        held = reader.find(HardshipFile, file)
        if held.opened is None:
            raise NotFound(file)
        line: list[UnionId] = reader.line(held.opened.union) if account is None else []
    offices = (Office.REVIEWER, Office.APPROVER)
    found = (acting_for(ledger, offices, union) for union in line)
    nearest = next((one for one in found if one), None)
    return nearest or acting(ledger, account, offices, line[0] if line else None)


def _until(text: str) -> "date":
    found = day(text)
    assert found is not None
    return found


def _told(file: str, what: str, *, as_json: bool) -> None:
    if as_json:
        show_json({"file": file})
        return
    say(f"[green]✓[/green] {what}：{file}")
    say("  用 `liangdi hardship show` 看逐笔。", style="dim")
