"""`liangdi backup`, `restore` and `liangdi keys`: copies of the data, and the keys apart (备份、换钥)."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.cli.common import (
    Exit,
    JsonOption,
    ProvinceOption,
    fail,
    folder_of,
    opened,
    out,
    progress,
    row,
    say,
    settings,
    show_json,
    table,
)

app = typer.Typer(no_args_is_help=True, help="密钥：列出、更换、停用、备份、恢复。 Wrapping keys.")

File = Annotated[Path, typer.Argument(metavar="FILE", help="备份文件。")]
Passphrase = Annotated[
    str,
    typer.Option(
        "--passphrase", envvar="LIANGDI_PASSPHRASE", prompt="密钥备份口令", hide_input=True,
        help="口令，至少十二个字符；不写则询问。",
    ),
]  # fmt: skip


def backup(file: File, province: ProvinceOption, as_json: JsonOption = False) -> None:
    """备份一省的数据：加密，不停用，写后核对。 Backs up the data.

    密钥不在其中，用 `liangdi keys backup` 另存他处。
    """
    from ledger import backups

    with opened(province) as ledgers:
        ledger = ledgers[province]
        said = folder_of(ledger) / "province.json"
        about = said.read_bytes() if said.exists() else b"{}"
        try:
            taken = backups.back_up(ledger, file, province=about)
        except backups.BackupDamaged as fault:
            fail(Exit.DAMAGED, f"备份未通过核对：{fault}")
    if as_json:
        show_json({**taken.__dict__, "path": str(taken.path)})
        return
    say(f"[green]✓[/green] {taken.path}：{taken.size} 笔记录，{taken.attachments} 份附件，已核对。")
    say("  密钥另用 `liangdi keys backup` 备份，与此文件分开存放。", style="dim")


def restore(
    file: File,
    province: Annotated[
        str, typer.Option("--province", "-p", metavar="CODE", help="恢复为哪个省的账。")
    ],
    url: Annotated[
        str | None, typer.Option("--url", help="空的 PostgreSQL 数据库（PostgreSQL 的备份）。")
    ] = None,
    shredded: Annotated[
        Path | None, typer.Option("--shredded", help="更新的销毁名单（密钥目录中的 shredded）。")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """从备份恢复：先把密钥恢复到位；已删除的人再次销毁。 Restores the data."""
    from ledger import backups
    from ledger.journal import shredded as listed

    said = settings()
    folder = said.data / province
    target = url or said.environment.get(f"LIANGDI_URL_{province}")
    newer = None
    if shredded is not None:
        newer = listed.read(shredded.parent) if shredded.name == listed.NAME else None
        if newer is None:
            fail(Exit.USAGE, f"名单的文件名应为 {listed.NAME}。")
    try:
        told = backups.restore(file, folder, url=target, forgotten=newer)
    except backups.LedgerThere as fault:
        fail(Exit.REFUSED, f"此处已有账，不覆盖：{fault}")
    except backups.BackupDamaged as fault:
        fail(Exit.DAMAGED, f"不能恢复：{fault}")
    if as_json:
        show_json(told.__dict__)
        return
    say(f"[green]✓[/green] {told.origin}：恢复到第 {told.size} 笔（备份于 {told.taken_at}）。")
    say(f"  已删除的 {told.forgotten} 人再次销毁；所有登录和令牌已失效。")
    say(f"  {folder / backups.MARKER} 标明本账刚恢复：先向各对方省核对，再办理业务。")


@app.command("list")
def listing(province: ProvinceOption, as_json: JsonOption = False) -> None:
    """列出包装密钥，各包装多少人。 Lists wrapping keys."""
    from ledger.journal.rotation import wrappings

    with opened(province) as ledgers:
        ledger = ledgers[province]
        found = wrappings(ledger.database, ledger.vault.keyring)
    if as_json:
        show_json(found)
        return
    shown = table("密钥", "人数", "现用", numbers=("人数",))
    for each in found:
        row(shown, f"wrap-{each.number}", each.persons, "是" if each.newest else "")
    out.print(shown)


@app.command()
def rotate(
    province: ProvinceOption,
    retire: Annotated[
        bool, typer.Option("--retire", help="完成后销毁旧的包装密钥；更早的数据备份从此读不出。")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """更换包装密钥：可中断、可续、不停用。 Rotates the wrapping key."""
    from ledger.journal import rotation

    with opened(province) as ledgers:
        ledger = ledgers[province]
        keyring = ledger.vault.keyring
        with progress("换钥", quiet=as_json) as tell:
            changed = rotation.rotate(ledger.database, keyring, tell=tell)
        old = [w.number for w in rotation.wrappings(ledger.database, keyring) if not w.newest]
        for number in old if retire else ():
            rotation.retire(ledger.database, keyring, number)
    if as_json:
        show_json({"changed": changed, "newest": keyring.newest, "retired": old if retire else []})
        return
    say(f"[green]✓[/green] {changed} 人的密钥已改由 wrap-{keyring.newest} 包装。")
    if old and not retire:
        say(
            f"  旧密钥 {'、'.join(f'wrap-{n}' for n in old)} 仍在；用 --retire 或 `keys retire` 销毁。"
        )


@app.command("retire")
def retiring(
    province: ProvinceOption,
    number: Annotated[int, typer.Argument(help="编号，如 1。")],
) -> None:
    """销毁一把不再使用的包装密钥。 Destroys an old wrapping key."""
    from ledger.journal.rotation import StillInUse, retire

    with opened(province) as ledgers:
        ledger = ledgers[province]
        try:
            retire(ledger.database, ledger.vault.keyring, number)
        except StillInUse as used:
            fail(
                Exit.REFUSED, f"wrap-{number} 还包装着 {used.persons} 人的密钥，先 `keys rotate`。"
            )
        except ValueError:
            fail(Exit.REFUSED, f"wrap-{number} 正在使用，先 `keys rotate`。")
        except FileNotFoundError:
            fail(Exit.NOT_FOUND, f"没有 wrap-{number}。")
    say(f"wrap-{number} 已销毁。")


@app.command("backup")
def keep(file: File, province: ProvinceOption, passphrase: Passphrase) -> None:
    """备份密钥：口令加密，与数据备份分开，最多留存30天。 Backs up the keys."""
    from ledger.backups.keyring import KEPT_DAYS, PassphraseTooShort, back_up_keys

    with opened(province) as ledgers:
        ledger = ledgers[province]
        try:
            count = back_up_keys(
                ledger.vault.keyring.folder, file, passphrase, origin=ledger.origin
            )
        except PassphraseTooShort:
            fail(Exit.USAGE, "口令至少十二个字符。")
    say(f"[green]✓[/green] {file}：{count} 个文件，已核对。")
    say(f"  留存不超过 {KEPT_DAYS} 天：销毁一个人之后，更早的密钥备份会使其信息重新可读。")


@app.command("restore")
def bring_back(
    file: File,
    province: Annotated[
        str, typer.Option("--province", "-p", metavar="CODE", help="哪个省的密钥。")
    ],
    passphrase: Passphrase,
) -> None:
    """恢复密钥：只补缺，不覆盖。 Restores keys."""
    from ledger.backups import BackupDamaged, restore_keys

    folder = settings().data / province / "keys"
    try:
        names = restore_keys(file, folder, passphrase)
    except BackupDamaged as fault:
        fail(Exit.DAMAGED, f"不能恢复（口令不对、文件损坏或已有别的密钥）：{fault}")
    say(f"{folder}：恢复 {len(names)} 个文件（{'、'.join(names) or '无缺失'}）。")
