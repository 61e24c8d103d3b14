"""`liangdi serve` and `liangdi demo` (运行与演示)."""

import shutil
import socket
import time
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ledger.cli.common import Exit, day, err, fail, folder_of, opened, progress, say, settings
from ledger.settings import Settings

if TYPE_CHECKING:
    from ledger.book import Ledger
    from ledger.clock import Clock
    from ledger.desk import Desk
    from ledger.exchange.running import InTheBackground

demo = typer.Typer(help="演示：两省的故事。 The demo.", invoke_without_command=True)


def serve(
    host: Annotated[str | None, typer.Option(help="监听地址。Where to listen.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="端口。")] = None,
    with_demo: Annotated[
        bool, typer.Option("--demo", help="没有账时先装入演示；演示人物可一键登录。")
    ] = False,
    today: Annotated[
        str | None,
        typer.Option(
            "--today", metavar="DATE", help="演示从哪一天接着走；须与 --demo 同用。A demo's day."
        ),
    ] = None,
) -> None:
    """运行服务，各省在同一地址；Ctrl-C 停止。 Serves all provinces."""
    import uvicorn

    said, asked = settings(), day(today)
    if asked and not with_demo:
        fail(Exit.USAGE, "--today 只给演示用，须与 --demo 同用；真实的账只按真实的时间。")
    if with_demo and not said.provinces():
        _fill(said)
    if not said.provinces():
        fail(Exit.NOT_FOUND, f"{said.data} 中还没有账；先运行 `liangdi demo`。")
    listen, at = host or said.host, port if port is not None else said.port
    if _taken(listen, at):
        fail(Exit.USAGE, f"{listen}:{at} 已被占用；用 --port 换一个端口。")
    with opened(clock=_demo_clock(said, asked)) as ledgers:
        # The house's floors go down only: the door is found by name, not imported.
        from importlib import import_module

        from ledger.demo import story
        from ledger.desk import Desk
        from ledger.exchange import Attesting, Daily, in_process
        from ledger.exchange.nodes import OwnNode
        from ledger.window import Window, by_command

        desk = Desk(ledgers, demo=story.is_demo(said.data))
        all_ = list(ledgers.values())
        send = by_command(said.sms_command) if said.sms_command else None
        window = Window(ledgers, send=send, demo=desk.demo, callers=story.callers(said.data))
        every = said.exchange_every / 1000
        if len(all_) == 1 and OwnNode(all_[0]).made:
            exchangers = _node(all_[0], said, every)
        else:
            exchangers = [in_process(all_), Daily(all_), Attesting(all_, every=every)]
        app = import_module("api.app").create_app(
            desk, exchangers=exchangers, secure_cookies=said.secure_cookies,
            story=story.links(said.data), window=window, metrics_token=said.metrics_token,
        )  # fmt: skip
        if desk.demo_day:
            say(f"演示时间：今天是 {desk.demo_day}，不是真实日期。", style="yellow")
        shown = f"http://{'127.0.0.1' if listen == '0.0.0.0' else listen}:{at}/"  # noqa: S104  (compared, not bound to)
        say(f"两地账已在 [bold]{shown}[/bold] 运行（Ctrl-C 停止）")
        for ledger in ledgers.values():
            _introduce(desk, ledger)
        config = uvicorn.Config(
            app, listen, at, log_level="warning", server_header=False,
            timeout_graceful_shutdown=5,  # nobody who listens or dawdles holds a stop up
        )  # fmt: skip
        with suppress(KeyboardInterrupt):  # it has stopped cleanly, and says it once more
            uvicorn.Server(config).run()
    say("已停止。")


def _demo_clock(said: Settings, asked: date | None) -> "Clock | None":
    """A demo's clock, set to the day that was asked for, or to its last record's where the calendar
    is not there yet; None: the time of day. What is no demo is refused, and a day in its past.
    """
    from ledger.clock import Clock
    from ledger.demo import story

    if not story.is_demo(said.data):
        if asked:
            fail(Exit.REFUSED, f"{said.data} 中是真实的账，不是演示；不能用 --today。")
        return None
    with opened() as ledgers:
        last = max(story.last_day(ledger) for ledger in ledgers.values())
    if asked and asked < last:
        fail(Exit.REFUSED, f"演示已记到 {last}，不能退回 {asked}；从 {last} 或以后的一天开始。")
    if asked or last > Clock().today():
        return Clock.set_to(asked or last)
    return None


def _node(ledger: "Ledger", said: Settings, every: float) -> "list[InTheBackground]":
    """One province with a node of its own: listens for its partners, reads them, is witnessed."""
    from importlib import import_module

    from ledger.exchange import Attesting, Daily, Exchanger
    from ledger.exchange.listening import Listening
    from ledger.exchange.nodes import Directory, OwnNode
    from ledger.exchange.running import Neighbours

    host, port = said.exchange_host, said.exchange_port
    if port and _taken(host, port):
        fail(Exit.USAGE, f"{host}:{port} 已被占用；用 LIANGDI_EXCHANGE_PORT 换一个端口。")
    door, own, directory = import_module("api.exchange"), OwnNode(ledger), Directory(ledger)
    listening = Listening(
        door.create_exchange(ledger, directory), door.WithCertificate, directory, own, host, port
    )
    say(f"  节点 {own.address} 在 {host}:{listening.port} 接待对方省，双方凭证书往来")
    others = Neighbours(ledger, directory, own, look=listening.look_again)
    return [
        listening, Exchanger([], every=every, find=others.ways), Daily([ledger]),
        Attesting([ledger], every=every, partners=others.witnesses), others,
    ]  # fmt: skip


def _introduce(desk: "Desk", ledger: "Ledger") -> None:
    say(f"  {ledger.province.code} {ledger.province.name}")
    if desk.demo:
        for name, _, shown in desk.accounts(ledger):
            say(f"     {name:<16}{shown}", style="dim")


@demo.callback()
def fill(
    context: typer.Context,
    into: Annotated[
        Path | None, typer.Option("--into", help="装到这个目录；不写则为 LIANGDI_DATA 或 ./var。")
    ] = None,
) -> None:
    """把两省的故事装入空目录。 Fills an empty folder with the demo."""
    if context.invoked_subcommand is not None:
        return
    said = settings()
    if into is not None:
        said = Settings.from_environment({**said.environment, "LIANGDI_DATA": str(into)})
    if said.provinces():
        fail(Exit.REFUSED, f"{said.data} 中已有账；演示只装入空目录。用 --into 另选一个。")
    _fill(said)


@demo.command()
def tamper(
    province: Annotated[str, typer.Option("--province", "-p", help="改哪个省的副本。")] = "45",
    position: Annotated[
        int | None, typer.Option(min=1, help="改第几笔；不写则取中间一笔。")
    ] = None,
) -> None:
    """在账的副本上改动一个字节，供 fsck 指出。 Tampers with a copy."""
    from ledger.demo import story

    with opened(province) as ledgers:
        ledger = ledgers[province]
        if not ledger.database.is_sqlite:
            fail(Exit.USAGE, "只能在 SQLite 账上试。")
        size = ledger.recorder.max_notification_id() or 0
        source = folder_of(ledger)
    chosen = position or max(1, size // 2)
    if not 1 <= chosen <= size:
        fail(Exit.NOT_FOUND, f"没有第 {chosen} 笔；共 {size} 笔。")
    target = source.parent / f"tampered-{ledger.clock.now():%Y%m%d%H%M%S}" / province
    shutil.copytree(source, target)  # after closing: all of it is in the one file
    story.tamper(target / "ledger.db", ledger.origin, chosen)
    say(f"已在副本 {target.parent} 中改动第 {chosen} 笔的一个字节；原账未动。核对副本：")
    say(f"  LIANGDI_DATA={target.parent} liangdi fsck -p {province}", style="bold")


def _fill(said: Settings) -> None:
    from ledger.demo import story

    err.print("装入演示（只在第一次）……")
    started = time.monotonic()
    with progress("演示", quiet=False) as tell:
        story.tell_story(said, tell)
    err.print(f"演示已装入 {said.data}，用时 {time.monotonic() - started:.1f} 秒。", soft_wrap=True)


def _taken(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False
