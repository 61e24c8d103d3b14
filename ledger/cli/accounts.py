"""`liangdi account`: credentials (账号). Whoever keeps accounts writes no facts."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.common import (
    Exit,
    JsonOption,
    ProvinceOption,
    fail,
    opened,
    out,
    row,
    say,
    show_json,
    table,
)
from ledger.domain.ids import PersonId, is_id

if TYPE_CHECKING:
    from ledger.book import Ledger
    from ledger.desk import Desk

app = typer.Typer(no_args_is_help=True, help="账号：开立、改密、停用、令牌。 Accounts.")

Name = Annotated[str, typer.Argument(help="账号名。")]
Password = Annotated[
    str,
    typer.Option(
        "--password", envvar="LIANGDI_PASSWORD", prompt="密码", hide_input=True,
        confirmation_prompt=True, help="密码，至少十个字符；不写则询问。",
    ),
]  # fmt: skip


@contextmanager
def _desk(province: str, name: str) -> "Generator[tuple[Desk, Ledger]]":
    from ledger.desk import AccountTaken, Desk, WeakPassword

    with opened(province) as ledgers:
        try:
            yield Desk(ledgers), ledgers[province]
        except AccountTaken:
            fail(
                Exit.REFUSED, f"账号 {name!r} 已存在；换一个名称，或用 `account password` 改密码。"
            )
        except WeakPassword:
            fail(Exit.REFUSED, "密码至少十个字符。")
        except LookupError:
            fail(Exit.NOT_FOUND, f"没有账号 {name!r}；用 `liangdi account list` 查看。")


@app.command("list")
def accounts(province: ProvinceOption, as_json: JsonOption = False) -> None:
    """列出账号及其人员编号。 Lists accounts."""
    with _desk(province, "") as (desk, ledger):
        found = desk.accounts(ledger)
    if as_json:
        show_json([{"name": n, "person": p, "shown": s} for n, p, s in found])
        return
    shown = table("账号", "人员编号", "岗位")
    for each in found:
        row(shown, *each)
    out.print(shown)


@app.command()
def add(
    name: Name,
    person: Annotated[str, typer.Argument(help="人员编号 per_…；其任职由主席在账上任命。")],
    province: ProvinceOption,
    password: Password,
    shown: Annotated[str, typer.Option(help="显示的岗位名称。")] = "",
) -> None:
    """为一个人开立账号；岗位由任命登记。 Opens an account."""
    if not is_id(person) or not person.startswith("per_"):
        fail(Exit.USAGE, f"{person!r} 不是人员编号（per_…）；用 `liangdi person find` 查找。")
    with _desk(province, name) as (desk, ledger):
        desk.open_account(ledger, name, PersonId(person), password, shown)
    say(f"已开立账号 {name}。")


@app.command()
def password(name: Name, province: ProvinceOption, password: Password) -> None:
    """换密码，并结束其所有登录。 Sets another password."""
    with _desk(province, name) as (desk, ledger):
        desk.set_password(ledger, name, password)
    say("已换密码。")


@app.command()
def close(name: Name, province: ProvinceOption) -> None:
    """停用账号；任职另由主席免去。 Closes an account."""
    with _desk(province, name) as (desk, ledger):
        desk.close_account(ledger, name)
    say(f"已停用 {name}。")


@app.command()
def token(
    name: Name,
    province: ProvinceOption,
    label: Annotated[str, typer.Option(help="用途，便于日后辨认。")] = "",
) -> None:
    """接口令牌，只显示这一次。 Makes an API token, shown once."""
    with _desk(province, name) as (desk, ledger):
        secret = desk.make_token(ledger, name, label)
    typer.echo(secret)
