"""`liangdi person`: who is on record (查找职工)."""

from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.common import (
    AccountOption,
    Exit,
    JsonOption,
    ProvinceOption,
    PurposeOption,
    day,
    fail,
    looking,
    one_person,
    out,
    row,
    say,
    show_json,
    table,
)

if TYPE_CHECKING:
    from ledger.book import Reader
    from ledger.domain.ids import PersonId

app = typer.Typer(no_args_is_help=True, help="职工：查找、查看。 Finds people on record.")


@app.command()
def find(
    province: ProvinceOption,
    text: Annotated[
        str | None,
        typer.Argument(help="编号、证件号码（或后四位）、电话、姓名、全拼或首字母。"),
    ] = None,
    number: Annotated[str | None, typer.Option(help="证件号码。")] = None,
    last4: Annotated[str | None, typer.Option(help="证件号码后四位。")] = None,
    name: Annotated[str | None, typer.Option(help="姓名，旧名也可。")] = None,
    pinyin: Annotated[str | None, typer.Option(help="姓名全拼，如 weixiuying。")] = None,
    initials: Annotated[str | None, typer.Option(help="姓名首字母，如 wxy。")] = None,
    phone: Annotated[str | None, typer.Option(help="电话。")] = None,
    birth: Annotated[str | None, typer.Option(help="出生日期，如 1988-09-12。")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="最多几人。")] = 20,
    account: AccountOption = None,
    purpose: PurposeOption = "office",
    as_json: JsonOption = False,
) -> None:
    """查找职工，查到的人记入日志。 Finds people; each is logged."""
    from ledger.domain.identity import normalise, normalise_name, normalise_phone
    from ledger.replay.finding import found_by, matching, whole

    born = day(birth)
    asked = {
        "number": normalise(number or ""),
        "last4": (last4 or "").upper(),
        "name": normalise_name(name or ""),
        "pinyin": pinyin or "",
        "initials": initials or "",
        "phone": normalise_phone(phone or ""),
        "birth": born.isoformat() if born else "",
    }
    sought = {kind: value for kind, value in asked.items() if value}
    if (text is None) is (not sought):
        fail(Exit.USAGE, "写一段文字，或写 --name、--phone 等条件，二者择一。")
    with looking(province, account, "search", purpose) as (reader, visitor):
        found = found_by(reader, text) if text else whole(reader, matching(reader, sought))
        chosen = found[:limit]
        shown = _shown(reader, [min(each) for each in chosen], mask=not visitor.sees_numbers)
    if as_json:
        show_json({"items": shown, "more": len(found) > limit})
        return
    if not shown:
        fail(Exit.NOT_FOUND, "没有找到；换一种写法，或写证件号码。")
    found_people = table("人员编号", "姓名", "证件号码", "性别", "出生", "户籍", "工会", "状态")
    for one in shown:
        row(
            found_people, one["person"], one["name"] or f"（{one['closed']}）", one["number"],
            one["sex"], one["birth"], one["division"], one["union"], one["standing"],
        )  # fmt: skip
    out.print(found_people)
    if len(found) > limit:
        say(f"……共 {len(found)} 人；用 --limit 多列，或写得更具体。")


@app.command()
def show(
    who: Annotated[str, typer.Argument(help="人员编号、证件号码、姓名……须只指一人。")],
    province: ProvinceOption,
    account: AccountOption = None,
    purpose: PurposeOption = "office",
    as_json: JsonOption = False,
) -> None:
    """一个人的基本情况和会籍。 One person in short."""
    from ledger import replay
    from ledger.cli.words import closed_because

    with looking(province, account, "person", purpose) as (reader, visitor):
        person = one_person(reader, who)
        file = replay.worker(reader, person, mask=not visitor.sees_numbers)
    if as_json:
        show_json({"identity": file.identity, "state": file.state, "warnings": file.warnings})
        return
    one = file.identity
    facts = table("", "")
    facts.show_header = False
    for label, value in (
        ("人员编号", "、".join([one.person, *one.others])),
        ("姓名", one.name or closed_because(one.closed)),
        ("曾用名", "、".join(one.former_names)),
        ("证件", f"{replay.word(one.document)} {one.number}".strip()),
        ("性别、民族、出生", " ".join(text for text in (one.sex, one.ethnic, one.birth) if text)),
        ("户籍", one.residence or one.division_name),
        ("电话", one.phone),
        ("去世", one.died_on or ""),
        *(("会籍", _standing(each)) for each in file.state.memberships),
    ):
        if value:
            row(facts, label, value)
    out.print(facts)
    for warning in file.warnings:
        say(f"[yellow]![/yellow] {warning.text}")


def _standing(one: object) -> str:
    from ledger.replay import MembershipState, word

    assert isinstance(one, MembershipState)
    since = f"，{one.since} 入会" if one.since else ""
    return f"{word(one.state)} {one.union_name}{since}（{one.membership}）"


def _shown(reader: "Reader", persons: "list[PersonId]", *, mask: bool) -> list[dict[str, str]]:
    from ledger import replay
    from ledger.cli.words import closed_because
    from ledger.domain import divisions
    from ledger.projections import rosters, union_tree

    conn, origin = reader.conn, reader.ledger.origin
    opened = replay.people(reader, persons, mask=mask)
    standing = rosters.of_persons(conn, origin, persons)
    unions = union_tree.get(conn, origin, {m.union for each in standing.values() for m in each})
    found: list[dict[str, str]] = []
    for person in persons:
        one = opened.get(person)
        held = standing.get(person, [])
        found.append(
            {
                "person": person,
                "name": one.name if one else "",
                "number": one.number if one else "",
                "sex": one.sex if one else "",
                "birth": one.birth if one else "",
                "division": divisions.name_of(one.division[:6]) if one and one.division else "",
                "closed": closed_because(one.closed) if one else "无基本情况",
                "union": "、".join(unions[m.union].name for m in held if m.union in unions),
                "standing": "、".join(replay.word(m.state) for m in held),
            }
        )
    return found
