"""The command line (命令行): `liangdi`. Puts rooms together and decides nothing, like the API."""

from importlib.metadata import version
from typing import Annotated

import typer

from ledger.cli import (
    accounts,
    auditing,
    casework,
    dossiers,
    forgetting,
    funding,
    granting,
    hardship,
    keeping,
    nodes,
    partnering,
    persons,
    proving,
    questions,
    replaying,
    rosters,
    saving,
    schemes,
    services,
    serving,
    transferring,
    unions,
    vouching,
)
from ledger.cli.common import Plainly, say

app = typer.Typer(
    name="liangdi",
    cls=Plainly,
    help=(
        "两地账：一份职工记录，两省共用。One record of union services to migrant workers, "
        "kept by two provinces."
    ),
    epilog=(
        "退出码 Exit codes：0 完成 · 1 规则不允许 · 2 命令或设置有误 · 3 没有找到 · "
        "4 他人已先登记或数据库暂不可用 · 5 记录损坏或未通过校验 · 6 文件不能读取 · "
        "7 有待处理的警示 · 130 中断。"
        "账在 LIANGDI_DATA 指明的目录（默认 ./var）。"
    ),
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)


def _told(asked: bool) -> None:
    if asked:
        say(f"liangdi {version('liangdi')}")
        raise typer.Exit


@app.callback()
def _root(
    _: Annotated[
        bool,
        typer.Option("--version", callback=_told, is_eager=True, help="版本。 The version."),
    ] = False,
) -> None: ...


app.command()(serving.serve)
app.add_typer(serving.demo, name="demo")
app.add_typer(rosters.app, name="import")
app.add_typer(persons.app, name="person")
app.command()(replaying.worker)
app.add_typer(replaying.app, name="replay")
app.add_typer(transferring.app, name="transfer")
app.add_typer(vouching.app, name="voucher")
app.add_typer(funding.app, name="fund")
app.add_typer(casework.app, name="case")
app.add_typer(granting.app, name="grant")
app.add_typer(unions.app, name="union")
app.add_typer(schemes.app, name="scheme")
app.add_typer(hardship.app, name="hardship")
app.add_typer(services.app, name="service")
app.add_typer(questions.app, name="question")
app.add_typer(questions.audit, name="audit")
questions.audit.command()(auditing.findings)
questions.audit.command()(auditing.query)
questions.audit.command()(auditing.replay)
app.command()(keeping.rules)
app.command()(keeping.records)
app.command()(keeping.fsck)
app.command()(keeping.rebuild)
app.command()(keeping.migrate)
app.add_typer(forgetting.app, name="forget")
app.add_typer(forgetting.glass, name="glass")
app.command()(saving.backup)
app.command()(saving.restore)
app.add_typer(saving.app, name="keys")
app.command()(proving.checkpoint)
app.command()(proving.proof)
app.command()(proving.verify)
app.command()(dossiers.dossier)
app.add_typer(proving.app, name="signing")
app.add_typer(nodes.app, name="node")
app.add_typer(partnering.app, name="partner")
app.add_typer(accounts.app, name="account")


def main() -> None:
    """The entry point of `liangdi`."""
    app(prog_name="liangdi")
