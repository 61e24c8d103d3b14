"""The third part of the story (维权、服务与疑点的故事): 39 claimants, a train home, two auditors.

After the sources: 39 workers and 190,000 yuan (威海), part of it on the spot and the rest within a
week (灌南), six hundred seats on 温暖回家路 and the roadside stations of 暖流行动 (广西).
"""

from collections.abc import Sequence
from datetime import date

from ledger import procedures
from ledger.demo.stage import Story
from ledger.domain.ids import PersonId, new_step
from ledger.domain.kernel import Basis, Code, Fen
from ledger.domain.questions import Cited, Population, QuestionKind, Reply, Verdict
from ledger.domain.rights import (
    CaseKind,
    CaseParty,
    Claiming,
    ClockKind,
    HelpKind,
    Instalment,
    Intake,
    LetterKind,
    Means,
    Money,
    Outside,
    PartyRole,
    Payer,
    Priority,
    Proof,
    Reopening,
    Route,
    Said,
    shared_out,
)
from ledger.domain.rights import Outcome as CaseOutcome
from ledger.domain.services import Bound, Eligibility, Organiser, Part, ServiceKind, Unit
from ledger.procedures import casework

OPENED = date(2026, 10, 12)
SETTLED = date(2026, 10, 16)
REST_PAID = date(2026, 10, 23)
CALLED_BACK = date(2026, 10, 30)
REOPENED = date(2026, 11, 3)
AUDITED = date(2026, 11, 9)
RULED = date(2026, 11, 13)

CLAIMED = Fen(190_000_00)
ON_THE_SPOT = Fen(60_000_00)


def wages(story: Story, people: Sequence[PersonId], company: str) -> None:
    """39 workers are owed 190,000 yuan: the station takes them in, 广东 joins, they are paid."""
    home, host = story.home, story.host
    story.time.to(OPENED)
    claimed = shared_out(CLAIMED, {person: Fen(4 + at % 5) for at, person in enumerate(people)})
    with home.ledger.entry(home.act("gx-zongzhan"), lock=True) as entry:
        case = casework.open_case(
            entry, CaseKind.ARREARS, Intake.STATION, Code("440111"),
            [CaseParty(PartyRole.EMPLOYER, company)],
            [Claiming(person, Money(amount)) for person, amount in claimed.items()],
            priority=Priority.GREEN, station=home.station, basis=Basis.STATUTORY_DUTY,
        )  # fmt: skip
        casework.ask_help(entry, case, HelpKind.JOIN, host.root, basis=Basis.STATUTORY_DUTY)
    story.sync()
    with host.ledger.entry(host.act("gd-falv")) as entry:
        casework.record(entry, case, lambda told: told.join(entry.act))
    with home.ledger.entry(home.act("gx-falv"), lock=True) as entry:
        mediation = casework.start_clock(entry, case, ClockKind.MEDIATION, OPENED)
    story.sync()
    story.time.to(SETTLED)
    first = shared_out(ON_THE_SPOT, claimed)
    with home.ledger.entry(home.act("gx-zongzhan"), lock=True) as entry:
        casework.settle(
            entry, case, Route.MEDIATED,
            {
                person: [
                    Instalment(1, SETTLED, first[person]),
                    Instalment(2, REST_PAID, Fen(amount - first[person])),
                ]
                for person, amount in claimed.items()
            },
        )  # fmt: skip
        casework.record(entry, case, lambda told: told.meet(entry.act, mediation))
    parts = [(SETTLED, first)]
    parts.append((REST_PAID, {person: Fen(claimed[person] - first[person]) for person in people}))
    for number, (day, part) in enumerate(parts, 1):
        story.time.to(day)
        with home.ledger.entry(home.act("gx-zongzhan"), lock=True) as entry:
            paid = casework.recover(
                entry, case, {person: Money(amount) for person, amount in part.items()},
                Payer.EMPLOYER, Means.BANK, instalment=number, reference=Code(f"银回{number}"),
            )  # fmt: skip
        with home.ledger.entry(home.act("gx-jingban"), lock=True) as entry:
            casework.receive(entry, case, paid, people, Proof.CALL)
    story.sync()
    story.time.to(CALLED_BACK)
    with home.ledger.entry(home.act("gx-falv"), lock=True) as entry:
        casework.call_back(entry, case, people, reached=True, said=Said.SATISFIED)
        casework.record(
            entry, case,
            lambda told: told.close(entry.act, new_step(), CaseOutcome.RECOVERED_IN_FULL),
        )  # fmt: skip
    story.time.to(REOPENED)
    with home.ledger.entry(home.act("gx-falv"), lock=True) as entry:
        casework.record(
            entry, case,
            lambda told: told.reopen(
                entry.act, Reopening.STILL_OWED, people[0], "九月的加班费没有算进去。"
            ),
        )  # fmt: skip
        casework.start_clock(entry, case, ClockKind.INSPECTION, REOPENED)
        casework.send_letter(
            entry, case, LetterKind.NOTICE, company, Code("桂工法提〔2026〕7号"), party=1,
            due=date(2026, 11, 24),
        )  # fmt: skip
        casework.record(
            entry, case,
            lambda told: told.bring_before(
                entry.act, new_step(), Outside.LABOUR_OFFICE, "广州市白云区劳动监察大队",
                Code("云劳监〔2026〕0311"),
            ),
        )  # fmt: skip
    story.sync()
    text = "三十九人、十九万元：当场付六万，一周内付清，逐人到分；回访结案后，一人申请重开。"
    story.link("gx-zongzhan", "维权：三十九人的工资", text, f"/cases/{case}")
    story.link(
        "gd-falv", "同一案件，务工省看到的", "广东一侧协办，看到同一份案卷。", f"/cases/{case}"
    )


def serve(story: Story, person: PersonId) -> None:
    """A seat on 温暖回家路, and what the roadside stations of 暖流行动 gave."""
    home, host = story.home, story.host
    with home.ledger.entry(home.act("gx-jingban"), lock=True) as entry:
        trip = procedures.announce_trip(
            entry, "温暖回家路（2027年春节）", ServiceKind.TRAVEL, 600,
            [Eligibility.OUTSTANDING, Eligibility.HARDSHIP], date(2027, 1, 30),
            organisers=[
                Organiser(Part.LEADS, home.root), Organiser(Part.UNDERTAKES, host.root),
                Organiser(Part.ASSISTS, name="南宁铁路局"),
            ],
            start=Code("440100"), goal=Code("450100"),
        )  # fmt: skip
        procedures.take_seats(entry, trip, [procedures.Passenger(person, Eligibility.HARDSHIP)])
        procedures.give(
            entry, [person], ServiceKind.LEGAL_ADVICE, station=home.station,
            what="工伤待遇咨询，代写申请",
        )  # fmt: skip
        tally = procedures.count(
            entry,
            ServiceKind.ROADSIDE,
            20_000,
            Unit.PERSON_TIMES,
            Bound.MORE_THAN,
            place=Code("450400"),
            what="暖流行动：热饮、检修、加油、义诊",
        )
        procedures.add_cost(entry, tally, Fen(126_180_00), bearer=home.root)  # fmt: skip
    story.sync()
    text = "六百个座位按人登记；暖流行动不留姓名，只记次数，“余”就是下限。"
    story.link("gx-jingban", "温暖回家路与暖流行动", text, "/services")


def audit(story: Story) -> None:
    """Auditors of both provinces draw samples; one asks about a sheet, and it is ruled."""
    home, host = story.home, story.host
    story.time.to(AUDITED)
    kinds = (Code("PaymentMade"),)
    paid = Population(Code(home.origin), kinds)
    with host.ledger.entry(host.act("gd-jingshen"), lock=True) as entry:
        procedures.draw_sample(entry, paid, 1, "2026-11")
    with home.ledger.entry(home.act("gx-jingshen"), lock=True) as entry:
        sample = procedures.draw_sample(entry, paid, 5, "2026-11")
    with home.ledger.entry(home.act("gx-jingshen"), lock=True) as entry:
        cited = Cited(Code(home.origin), int(sample.drawn[0].rpartition("#")[2]))
        question = procedures.raise_question(
            entry, QuestionKind.AUDIT_QUERY, [cited], "这一笔的签领表原件在哪里？",
            answer_days=15, ruling_days=15, sample=sample.sample,
        )  # fmt: skip
    with home.ledger.entry(home.act("gx-falv"), lock=True) as entry:
        procedures.answer_question(entry, question, Reply.EXPLAINS, "原件存东兰县总工会财务档案。")
    story.time.to(RULED)
    with home.ledger.entry(home.act("gx-jingshen2"), lock=True) as entry:
        procedures.rule_question(entry, question, Verdict.DISMISSED, "已核对原件，记录无误。")
    story.sync()
    text = "两省经审各抽样本：种子公开，人人可以重抽；疑点有问、有答、有裁定。"
    story.link("gx-jingshen", "经审：抽样、疑点与裁定", text, f"/questions/{question}")
