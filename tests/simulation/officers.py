"""What people do at the nodes: every step of theirs is one visit to the book, or none."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from random import Random

from ledger import procedures
from ledger.book import Entry, Reader
from ledger.domain.aid import AidGrant, PayeeKind
from ledger.domain.aiding import AidKind, Cap, CapPer, KindRules, PayMode, Step
from ledger.domain.channels import Cause
from ledger.domain.consents import Consent, Evidence, Purpose, Receiver
from ledger.domain.corrections import Why
from ledger.domain.forgetting import Ground as Forgetting
from ledger.domain.funds import Fund
from ledger.domain.ids import (
    AllotmentId,
    CaseId,
    ConsentId,
    FundId,
    GrantId,
    MembershipId,
    PersonId,
    StepId,
    TransferId,
    UnionId,
    new_consent,
    new_person,
)
from ledger.domain.kernel import Basis, Code, Decision, Fen, Group, Office
from ledger.domain.membership import (
    Card,
    Ground,
    Membership,
    Proof,
    TransferReason,
    WithdrawReason,
)
from ledger.domain.persons import Person
from ledger.domain.rights import (
    CaseKind,
    CaseParty,
    Claiming,
    Handover,
    HelpKind,
    Intake,
    Means,
    Money,
    NoHelp,
    PartyRole,
    Payer,
    RightsCase,
)
from ledger.procedures import aiding, casework
from tests.aid import AidOffice
from tests.simulation.nodes import Node
from tests.world import World

BASIS = Basis.STATUTORY_DUTY
EMPLOYER = CaseParty(PartyRole.EMPLOYER, "荣光物流有限公司", Code("91440606MA4UQ1XX2A"))
HELP = KindRules(
    kind=AidKind.TEMPORARY, steps=(Step.REVIEW,), modes=(PayMode.BANK,),
    caps=(Cap(per=CapPer.PERSON_YEAR, most=Fen(100_000_00)),),
)  # fmt: skip
STAGES = ("name", "review", "approve", "instruct", "made", "sign")


@dataclass(frozen=True)
class Post:
    """What a province has from the beginning: unions, officers, its fund, its joint shares."""

    root: UnionId
    village: UnionId
    officers: dict[tuple[str, Office], PersonId]
    scheme: str
    fund: FundId
    shares: dict[str, FundId]  # by the partner's origin
    workers: list[tuple[PersonId, MembershipId | None]]


@dataclass
class Worker:
    """Somebody who was registered, by whom, and what she is a member by."""

    person: PersonId
    at: Node
    membership: MembershipId | None = None
    consents: list[tuple[Node, ConsentId]] = field(default_factory=list[tuple[Node, ConsentId]])


@dataclass
class Sent:
    """Something that was offered by one node to another: a membership, money, the lead of a case."""

    id: str
    thing: str
    giver: Node
    receiver: Node


@dataclass
class Town:
    """All that people did so far, and what they may do next."""

    nodes: list[Node]
    posts: dict[str, Post]
    dice: Random
    meanwhile: Callable[[], None]
    worlds: dict[str, World] = field(default_factory=dict[str, World])
    workers: list[Worker] = field(default_factory=list[Worker])
    transfers: list[Sent] = field(default_factory=list[Sent])
    money: list[Sent] = field(default_factory=list[Sent])
    leads: list[Sent] = field(default_factory=list[Sent])
    cases: list[tuple[CaseId, Worker]] = field(default_factory=list[tuple[CaseId, Worker]])
    grants: list[tuple[Node, GrantId, int]] = field(default_factory=list[tuple[Node, GrantId, int]])
    resting: list[tuple[Node, Worker]] = field(default_factory=list[tuple[Node, Worker]])

    # ── who acts ──

    def world(self, node: Node) -> World:
        """The world of tests on what runs at a node now."""
        post = self.posts[node.origin]
        made = self.worlds.get(node.origin)
        if made is None:
            made = World.at(node.ledger, node.time, post.root, post.officers)
            made.division = node.division
            made.number_from(100 * self.nodes.index(node) + 10)
            self.worlds[node.origin] = made
        made.ledger = node.ledger
        return made

    @contextmanager
    def entry(
        self, node: Node, office: Office, *, root: bool = False, lock: bool = False
    ) -> Generator[Entry]:
        """A visit, which others may come before; what it recorded is acknowledged."""
        post = self.posts[node.origin]
        act = self.world(node).act(post.root if root else post.village, office)
        with node.ledger.entry(act, lock=lock) as entry:
            yield entry
            if not lock and self.dice.random() < 0.1:
                self.meanwhile()
        if entry.receipt is not None:
            node.acknowledged[entry.receipt.positions[0]] = bytes.fromhex(entry.receipt.leaf)

    def office(self, node: Node) -> AidOffice:
        post = self.posts[node.origin]
        made = AidOffice.__new__(AidOffice)
        made.world, made.village = self.world(node), post.village
        made.scheme, made.fund = post.scheme, post.fund  # type: ignore[assignment]
        return made

    def _node(self) -> Node:
        return self.dice.choice([node for node in self.nodes if not node.dead])

    def _other(self, node: Node) -> Node:
        return self.dice.choice([each for each in self.nodes if each is not node])

    def _somebody(self) -> tuple[Node, Worker]:
        """A worker, and a node that has to do with her: mostly the one that knows her first."""
        worker = self.dice.choice(self.workers)
        own = not worker.at.dead and self.dice.random() < 0.6
        return worker.at if own else self._node(), worker

    def _waiting(self, sent: list[Sent], waits: Callable[[Reader, Sent], bool]) -> Sent | None:
        """Mostly something that its receiver knows of and has not answered; at times, anything."""
        there = [each for each in sent if not each.receiver.dead]
        if self.dice.random() < 0.8:
            there = [each for each in there if self._sees(each, waits)]
        return self.dice.choice(there) if there else None

    def _sees(self, sent: Sent, waits: Callable[[Reader, Sent], bool]) -> bool:
        with sent.receiver.ledger.reading() as reader:
            return waits(reader, sent)

    # ── members ──

    def enrol(self) -> str:
        node = self._node()
        worker = Worker(new_person(), node)
        self.workers.append(worker)
        self.world(node).worker(person=worker.person, phone="13800000000")
        post = self.posts[node.origin]
        worker.membership = self.world(node).enrol(worker.person, post.village)
        return f"{node.name} enrols {worker.person}"

    def register(self) -> str:
        node = self._node()
        worker = Worker(new_person(), node)
        self.workers.append(worker)
        self.world(node).worker(person=worker.person)
        return f"{node.name} registers {worker.person}"

    def rename(self) -> str:
        node, worker = self._somebody()
        with self.entry(node, Office.CLERK) as entry:
            held = entry.read(Person, worker.person)
            entry.write(
                held.rename(entry.act, worker.person, self.dice.choice("韦陆蒙黄覃") + "秀英")
            )
        return f"{node.name} renames {worker.person}"

    def correct(self) -> str:
        node, worker = self._somebody()
        with node.ledger.reading() as reader:
            own = [r for r in reader.records(worker.person) if r.origin == node.origin]
            first = next((r for r in own if r.kind == "PersonRegistered"), None)
        if first is None:
            return ""
        post = self.posts[node.origin]
        second = self.world(node).officer(post.root, Office.REVIEWER)
        with self.entry(node, Office.CLERK, root=True) as entry:
            procedures.correct(
                entry, first.position, {"name": "韦秀" + self.dice.choice("英兰莲")}, Why.MISTYPED,
                "身份证核对", confirmed_by=second,
            )  # fmt: skip
        return f"{node.name} corrects {worker.person}"

    def offer(self) -> str:
        node, worker = self._somebody()
        if worker.membership is None:
            return ""
        to = self._other(node)
        with self.entry(node, Office.LIAISON) as entry:
            made = procedures.offer(
                entry, worker.membership, self.posts[to.origin].village,
                TransferReason.WORKS_THERE, basis=BASIS,
            )  # fmt: skip
        self.transfers.append(Sent(made, worker.membership, node, to))
        return f"{node.name} offers {worker.membership} to {to.name}"

    def answer(self) -> str:
        sent = self._waiting(self.transfers, _unanswered)
        if sent is None:
            return ""
        accepts = self.dice.random() < 0.8
        membership, offer = MembershipId(sent.thing), TransferId(sent.id)
        with self.entry(sent.receiver, Office.LIAISON) as entry:
            if accepts:
                procedures.accept(entry, membership, offer)
            else:
                procedures.decline(entry, membership, offer, Ground.NOT_FOUND)
        return f"{sent.receiver.name} {'accepts' if accepts else 'declines'} {sent.thing}"

    def withdraw(self) -> str:
        if not self.transfers:
            return ""
        sent = self.dice.choice(self.transfers[-4:])
        if sent.giver.dead:
            return ""
        with self.entry(sent.giver, Office.LIAISON) as entry:
            procedures.withdraw(
                entry, MembershipId(sent.thing), TransferId(sent.id), WithdrawReason.OTHER
            )
        return f"{sent.giver.name} withdraws {sent.thing}"

    def ask(self) -> str:
        """Somebody who works here now is asked for; or what was asked is answered by an offer."""
        node, worker = self._somebody()
        if worker.membership is None:
            return ""
        to = self._other(node)
        with self.entry(node, Office.LIAISON) as entry:
            made = procedures.request(
                entry, worker.person, self.posts[to.origin].village, Proof.CARD, basis=BASIS,
                membership=worker.membership,
            )  # fmt: skip
        self.transfers.append(Sent(made, worker.membership, to, node))
        return f"{node.name} asks {to.name} for {worker.membership}"

    def give(self) -> str:
        if not self.transfers:
            return ""
        sent = self.dice.choice(self.transfers[-4:])
        if sent.giver.dead:
            return ""
        with self.entry(sent.giver, Office.LIAISON) as entry:
            procedures.answer_request(
                entry, TransferId(sent.id), MembershipId(sent.thing), basis=BASIS
            )
        return f"{sent.giver.name} answers the request for {sent.thing}"

    def leave(self) -> str:
        node, worker = self._somebody()
        if worker.membership is None or self.dice.random() < 0.6:
            return ""
        post = self.posts[node.origin]
        with self.entry(node, Office.CLERK) as entry:
            entry.act = replace(entry.act, decided_by=Decision(post.root, Office.APPROVER))
            entry.write(*entry.read(Membership, worker.membership).leave(entry.act, Card.NONE))
        return f"{node.name} lets {worker.membership} go"

    # ── sharing, and its end ──

    def share(self) -> str:
        node, worker = self._somebody()
        to = self._other(node)
        groups = self.dice.choice((None, [Group.IDENTITY], [Group.IDENTITY, Group.CONTACT]))
        with self.entry(node, Office.LIAISON) as entry:
            entry.read(Person, worker.person)
            procedures.share(entry, worker.person, to.origin, BASIS, Cause.ROSTER, groups=groups)
        return f"{node.name} shares {worker.person} with {to.name}"

    def consent(self) -> str:
        node, worker = self._somebody()
        to, made = self._other(node), new_consent()
        with self.entry(node, Office.CLERK) as entry:
            entry.read(Person, worker.person)
            given = Consent.give(
                entry.act, made, worker.person, Receiver(to.province, Code(to.origin)),
                Purpose.MEMBERSHIP, [Group.IDENTITY, Group.CONTACT], Evidence.SIGNED_FORM,
                Code("GZ-1"),
            )  # fmt: skip
            entry.write(given)
        worker.consents.append((node, made))
        with self.entry(node, Office.LIAISON) as entry:
            procedures.share(entry, worker.person, to.origin, None, Cause.ROSTER, consent=made)
        return f"{node.name} shares {worker.person} with {to.name} by her consent"

    def withdraw_consent(self) -> str:
        worker = self.dice.choice(self.workers)
        if not worker.consents:
            return ""
        node, consent = self.dice.choice(worker.consents)
        if node.dead:
            return ""
        groups = self.dice.choice((None, [Group.CONTACT]))
        with self.entry(node, Office.CLERK) as entry:
            procedures.withdraw_consent(entry, consent, groups)
        return f"{node.name} takes the consent of {worker.person} back"

    def restrict(self) -> str:
        node, worker = self._somebody()
        if worker.membership is not None and self.dice.random() < 0.7:
            return ""
        with self.entry(node, Office.CLERK, root=True, lock=True) as entry:
            procedures.restrict(entry, worker.person, Forgetting.ASKED, Code("申请1号"))
        self.resting.append((node, worker))
        return f"{node.name} restricts {worker.person}"

    def shred(self) -> str:
        there = [each for each in self.resting if not each[0].dead]
        if not there:
            return ""
        node, worker = self.dice.choice(there)
        with self.entry(node, Office.PRIVACY, root=True, lock=True) as entry:
            procedures.shred(entry, worker.person, Code("销毁1号"))
        return f"{node.name} shreds {worker.person}"

    # ── money ──

    def credit(self) -> str:
        node = self._node()
        share = self.dice.choice(list(self.posts[node.origin].shares.values()))
        with self.entry(node, Office.ACCOUNTANT, root=True) as entry:
            procedures.credit(entry, share, Fen(100_00))
        return f"{node.name} credits its share"

    def offer_money(self) -> str:
        node = self._node()
        to = self._other(node)
        amount = Fen(self.dice.choice((1, 50_00, 400_00, 1_000_00)))
        ours, theirs = (self.posts[a.origin].shares[b.origin] for a, b in ((node, to), (to, node)))
        with self.entry(node, Office.APPROVER, root=True) as entry:
            made = procedures.offer_share(entry, ours, theirs, amount)
        self.money.append(Sent(made, "", node, to))
        return f"{node.name} offers {amount} fen to {to.name}"

    def answer_money(self) -> str:
        sent = self._waiting(self.money, self._unpaid)
        if sent is None:
            return ""
        node, giver, offer = sent.receiver, sent.giver, AllotmentId(sent.id)
        ours, theirs = (
            self.posts[a.origin].shares[b.origin] for a, b in ((node, giver), (giver, node))
        )
        accepts = self.dice.random() < 0.8
        with self.entry(node, Office.APPROVER, root=True) as entry:
            if accepts:
                procedures.accept_share(entry, ours, theirs, offer)
            else:
                procedures.decline_share(entry, ours, theirs, offer, "本年度额度已足")
        return f"{node.name} {'accepts' if accepts else 'declines'} money of {giver.name}"

    def _unpaid(self, reader: Reader, sent: Sent) -> bool:
        giver, receiver = sent.giver, sent.receiver
        theirs = reader.get(Fund, self.posts[giver.origin].shares[receiver.origin])
        ours = reader.get(Fund, self.posts[receiver.origin].shares[giver.origin])
        told = theirs.outgoing.get(AllotmentId(sent.id))
        return told is not None and told.outcome is None and sent.id not in ours.incoming

    def withdraw_money(self) -> str:
        if not self.money:
            return ""
        sent = self.dice.choice(self.money[-4:])
        if sent.giver.dead:
            return ""
        ours = self.posts[sent.giver.origin].shares[sent.receiver.origin]
        with self.entry(sent.giver, Office.APPROVER, root=True) as entry:
            procedures.withdraw_share(entry, ours, AllotmentId(sent.id))
        return f"{sent.giver.name} withdraws its money"

    # ── aid ──

    def aid(self) -> str:
        """Some steps on of a grant; or a new one, for one need that both provinces may aid."""
        live = [one for one in self.grants if not one[0].dead and one[2] < len(STAGES)]
        if not live or self.dice.random() < 0.3:
            return self._apply()
        node, grant, stage = self.dice.choice(live)
        place = self.grants.index((node, grant, stage))
        for at in range(stage, min(len(STAGES), stage + self.dice.randrange(1, 6))):
            self.grants[place] = node, grant, at + 1
            self._aid_step(self.office(node), grant, STAGES[at])
        return f"{node.name} goes on with {grant}: {self.grants[place][2]} of {len(STAGES)}"

    def _apply(self) -> str:
        node, worker = self._somebody()
        grant = self.office(node).apply(worker.person, 1000_00, AidKind.TEMPORARY, need="2026")
        self.grants.append((node, grant, 0))
        return f"{node.name} takes an application of {worker.person}: {grant}"

    def _aid_step(self, office: AidOffice, grant: GrantId, stage: str) -> None:
        root = office.world.root
        match stage:
            case "name":
                with office.entry(Office.CLERK) as entry:
                    aiding.name_payee(
                        entry, grant, PayeeKind.APPLICANT, holder="韦", bank="农信", account="622"
                    )
            case "review":
                with office.entry(Office.REVIEWER) as entry:
                    aiding.review(entry, grant)
            case "approve":
                office.approve(grant)
            case "instruct":
                office.send(grant)
            case "made":
                with office.entry(Office.CASHIER, root) as entry:
                    payments = entry.read(AidGrant, grant).payments
                    aiding.made(entry, grant, max(payments, default=1), Code("凭证1"))
            case _:
                office.sign(grant)

    # ── cases ──

    def open_case(self) -> str:
        node, worker = self._somebody()
        to = self._other(node)
        with self.entry(node, Office.STATION, lock=True) as entry:
            case = casework.open_case(
                entry, CaseKind.ARREARS, Intake.STATION, Code(to.division), [EMPLOYER],
                [Claiming(worker.person, _yuan(1000), story="工资条三张")], basis=BASIS,
            )  # fmt: skip
        self.cases.append((case, worker))
        with self.entry(node, Office.LIAISON) as entry:
            casework.ask_help(
                entry, case, HelpKind.JOIN, self.posts[to.origin].village, basis=BASIS
            )
        return f"{node.name} opens {case} and asks {to.name}"

    def work_on_case(self) -> str:
        if not self.cases:
            return ""
        node, (case, _) = self._node(), self.dice.choice(self.cases)
        what = self.dice.choice(("join", "recover", "recover", "offer", "answer"))
        match what:
            case "join":
                with self.entry(node, Office.LIAISON) as entry:
                    casework.record(entry, case, lambda told: told.join(entry.act))
            case "recover":
                with self.entry(node, Office.STATION) as entry:
                    casework.recover(
                        entry, case, None, Payer.EMPLOYER, Means.CASH,
                        total=_yuan(self.dice.choice((100, 200))),
                    )  # fmt: skip
            case "offer":
                to = self._other(node)
                with self.entry(node, Office.LIAISON) as entry:
                    step = casework.offer_lead(
                        entry, case, self.posts[to.origin].village, Handover.AGREED, basis=BASIS
                    )
                self.leads.append(Sent(step, case, node, to))
            case _:
                return self._answer_lead()
        return f"{node.name}: {what} {case}"

    def _answer_lead(self) -> str:
        sent = self._waiting(self.leads, _led_elsewhere)
        if sent is None:
            return ""
        accepts = self.dice.random() < 0.7
        with self.entry(sent.receiver, Office.LIAISON) as entry:
            if accepts:
                casework.accept_lead(entry, CaseId(sent.thing), StepId(sent.id))
            else:
                casework.decline_lead(entry, CaseId(sent.thing), StepId(sent.id), NoHelp.NOT_HERE)
        return f"{sent.receiver.name} answers the offer of {sent.thing}"

    # ── time ──

    def later(self) -> str:
        """Days go by at one node alone, and its clock's work is done."""
        node = self._node()
        days = self.dice.choice((0, 0, 0, 0, 1, 1, 3, 20))
        node.time.at += timedelta(days=days)
        procedures.due(node.ledger)
        procedures.lapse_shares(node.ledger)
        return f"{node.name} is {days} days later, and does what is due"


def _unanswered(reader: Reader, sent: Sent) -> bool:
    told = reader.get(Membership, sent.thing).offers.get(TransferId(sent.id))
    return told is not None and told.open and told.answer is None


def _led_elsewhere(reader: Reader, sent: Sent) -> bool:
    told = reader.get(RightsCase, sent.thing).offers.get(StepId(sent.id))
    return told is not None and told.open


def _yuan(wages: int) -> Money:
    return Money(Fen(wages * 100), Fen(0))


ACTS: dict[str, int] = {
    "enrol": 3, "register": 2, "rename": 3, "correct": 2, "offer": 14, "answer": 16, "withdraw": 3,
    "ask": 3, "give": 3, "leave": 2, "share": 8, "consent": 4, "withdraw_consent": 2,
    "restrict": 5, "shred": 4, "credit": 2, "offer_money": 5, "answer_money": 6,
    "withdraw_money": 2, "aid": 16, "open_case": 3, "work_on_case": 9, "later": 3,
}  # fmt: skip
"""What people do, and how often of so many."""
