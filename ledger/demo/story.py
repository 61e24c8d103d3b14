"""What happens in the demo (故事): from the agreement to the dispute, each step by who does it.

After the source of 2015: 广西 and 广东 sign, the main station in 广州 hands in six hundred, home
unions approve, unions in 广东 take over many, decline one, let some lapse; one is found a member
twice, one fact is corrected, one consent is withdrawn, a project ends, and a dispute asks who
answered for her on the day she was hurt. All of it goes through the book as in an office.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from ledger import procedures
from ledger.book import Ledger, Reader
from ledger.clock import beijing
from ledger.demo import aid_story, case_story
from ledger.demo.people import (
    CAST,
    EMPLOYERS,
    HEROINE,
    PRIVATE,
    TWICE,
    number,
    six_hundred,
    write_roster,
)
from ledger.demo.stage import Story, memberships, persons
from ledger.demo.world import Side, Time, open_provinces, set_up_home, set_up_host
from ledger.domain.channels import Cause
from ledger.domain.consents import ConsentGiven, Purpose, Receiver
from ledger.domain.corrections import Why
from ledger.domain.forgetting import Ground as Forgotten
from ledger.domain.glass import Emergency
from ledger.domain.help import CallAt, Want
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import (
    ConsentId,
    MembershipId,
    PersonId,
    new_link,
    new_membership,
    new_person,
)
from ledger.domain.kernel import Act, Basis, Code, Decision, Fact, Office, Scope, standing
from ledger.domain.membership import (
    Channel,
    Confirmed,
    Ground,
    Membership,
    MembershipReceived,
    MembershipReleased,
    Proof,
    TransferAccepted,
    TransferReason,
)
from ledger.domain.partnerships import (
    Annex,
    AtEnd,
    CountedBy,
    Liaison,
    Partnership,
    Party,
    ThirdParty,
    ThirdPartyRole,
    Unanswered,
)
from ledger.domain.persons import LinkGround, NumberOwed, Particulars, Person, PersonLink
from ledger.domain.retention import USUAL
from ledger.domain.unions import DissolutionReason
from ledger.imports import accepting
from ledger.imports.reading import open_roster
from ledger.projections import transfers, worker_files
from ledger.projections.posting import fact_in
from ledger.replay import worker
from ledger.settings import Settings
from ledger.window import Window, Worker

LOADED = date(2026, 2, 10)
SIGNED = date(2026, 3, 27)
ROSTER_IN = date(2026, 4, 16)
APPROVED = date(2026, 4, 15)
OFFERED = date(2026, 5, 6)
HURT = date(2026, 5, 9)
ACCEPTED = date(2026, 5, 12)
REALLY = date(2026, 5, 8)
SEEN = date(2026, 5, 15)
LAPSED = date(2026, 5, 27)
FOUND_TWICE = date(2026, 6, 3)
CORRECTED = date(2026, 6, 18)
WITHDRAWN = date(2026, 8, 20)
CLOSED = date(2026, 9, 30)
LATEST = date(2026, 11, 16)

MARK = "demo.json"
Tell = Callable[[int, int], None]


def is_demo(data: Path) -> bool:
    """Whether a data folder holds the demo, and so people who may be signed in by one click."""
    return (data / MARK).exists()


def links(data: Path) -> list[dict[str, str]]:
    """The story as links: title, text, province, path."""
    path = data / MARK
    return json.loads(path.read_text("utf-8"))["links"] if path.exists() else []


def callers(data: Path) -> list[dict[str, str]]:
    """The demo's workers who have a telephone: province, name, phone."""
    path = data / MARK
    return json.loads(path.read_text("utf-8")).get("callers", []) if path.exists() else []


def last_day(ledger: Ledger) -> date:
    """The day of the newest record, before which a demo's clock never stands."""
    size = ledger.recorder.max_notification_id() or 0
    with ledger.reading() as reader:
        page = ledger.recorder.page(reader.conn, max(0, size - 1), 1)
    at = fact_in(page[0])[0].at if page else None
    return beijing(at).date() if at else LOADED


def tell_story(settings: Settings, tell: Tell = lambda _done, _total: None) -> None:
    """Fills an empty data folder with the demo."""
    time = Time()
    ledgers = open_provinces(settings, time)
    steps = (
        sign, hand_in, hand_over, answer, lapse, find_twice, correct, adopt_scheme, withdraw, study,
        send_warmth, close_project, claim_wages, serve, audit, knock, wait, come_to_the_counter, ask_to_be_forgotten,
    )  # fmt: skip
    try:
        story = Story(settings.data, time, set_up_home(ledgers["45"]), set_up_host(ledgers["44"]))
        for done, step in enumerate(steps, 1):
            tell(done - 1, len(steps))
            step(story)
        tell(len(steps), len(steps))
        _remember(story)
    finally:
        for ledger in ledgers.values():
            ledger.close()


# ── steps ────────────────────────────────────────────────────────────────────────────────────


def sign(story: Story) -> None:
    """广西 proposes the agreement of the two federations; both sign it."""
    home, host = story.home, story.host
    story.time.to(LOADED)
    story.long_standing = _long_standing(host)
    story.time.to(SIGNED)
    partnership = story.partnership
    parties = [
        Party(side.root, Code(side.origin), Code(side.ledger.province.code), name)
        for side, name in ((home, "广西壮族自治区总工会"), (host, "广东省总工会"))
    ]
    annex = Annex(
        scopes=(
            Scope.ORGANISATION, Scope.PERSON, Scope.MEMBERSHIP, Scope.RIGHTS, Scope.AID,
            Scope.SERVICES,
        ),
        answer_days=10, unanswered=Unanswered.LAPSES, request_days=10, counted_by=CountedBy.HOST,
        late_after_days=30, notice_days=90, at_end=AtEnd.FINISH,
        liaisons=tuple(Liaison(side.root, side.root, Office.LIAISON) for side in (home, host)),
        fund=aid_story.JOINT, fund_keeper=home.root,
        purpose="为在粤桂籍职工办理会籍接转、维权和服务，双方按需提供必要信息。",
    )  # fmt: skip
    with home.ledger.entry(home.act("gx-zhuxi")) as entry:
        entry.write(
            Partnership.propose(
                entry.act, partnership, "两广工会友好交流合作协议书", parties, annex,
                origin=home.origin, since=SIGNED, until=date(2031, 3, 27),
                third_parties=(
                    ThirdParty("广东省广西商会", ThirdPartyRole.CHAMBER),
                    ThirdParty("广西壮族自治区人民政府驻广州办事处", ThirdPartyRole.LIAISON_OFFICE),
                ),
            )
        )  # fmt: skip
    story.sync()
    for side, chair, paper in (
        (host, "gd-zhuxi", "粤工总〔2026〕18号"), (home, "gx-zhuxi", "桂工发〔2026〕9号"),
    ):  # fmt: skip
        with side.ledger.entry(side.act(chair)) as entry:
            agreement = entry.read(Partnership, partnership)
            entry.write(agreement.sign(entry.act, origin=side.origin, paper=Code(paper)))
        story.sync()
    text = "三月二十七日，两省总工会签署合作协议，约定接转期限和共享范围。"
    story.link("gx-zhuxi", "两广协议：双方签署", text, "/unions")


def hand_in(story: Story) -> None:
    """The main station hands in six hundred; the home unions have approved the list."""
    home = story.home
    story.time.to(ROSTER_IN)
    path = story.data / "花名册-驻粤服务总站.xlsx"
    write_roster(path, six_hundred())
    station = home.visitor("gx-zongzhan")
    accepting.accept(
        accepting.Job(
            home.ledger, station.act(), station.look("roster", "入会受理"), open_roster(path),
            accepting.Destination(), station=home.station,
            approval=accepting.Approval(APPROVED, Code("桂工组〔2026〕31号")),
            sharing=accepting.Basing(Basis.SEPARATE_CONSENT, "桂籍农民工单独同意书（名单签字）"),
        )
    )  # fmt: skip
    story.sync()
    text = "四月，驻粤服务总站受理六百人的花名册；各县工会讨论通过，一次入会。"
    story.link("gx-zongzhan", "总站交来六百人花名册", text, "/workers")


def hand_over(story: Story) -> None:
    """东兰 and 巴马 offer their members to the unions where they work."""
    home = story.home
    story.time.to(OFFERED)
    for county, liaison in (("451224", "donglan-lianluo"), ("451227", "bama-lianluo")):
        for company in EMPLOYERS:
            group = [p for p in six_hundred() if (p.county, p.employer) == (county, company)]
            union = story.union_at(company)
            with home.ledger.entry(_with_basis(home, liaison)) as entry:
                members = memberships(home, persons(home, group))
                procedures.hand_over(
                    entry, members, union, TransferReason.HANDOVER,
                    basis=Basis.SEPARATE_CONSENT, note="桂籍职工批量转入务工所在单位工会",
                )  # fmt: skip
    story.sync()


def answer(story: Story) -> None:
    """Four unions accept; 恒达 finds one who never came; 鸿运 has nobody who answers."""
    story.time.to(ACCEPTED, 15)
    for liaison in ("hengda-lianluo", "meilian-lianluo", "huayi-lianluo", "longhua-lianluo"):
        _answer_all(story, liaison)
    story.sync()
    (heroine,) = persons(story.home, [HEROINE])
    path = f"/workers/{heroine}"
    story.link(
        "donglan-jingban",
        "韦秀英：户籍省看到的",
        "源头入会，五月转往东莞。同一份档案，两省各一栏。",
        f"{path}?purpose=membership",
    )
    story.link(
        "hengda-jingban",
        "韦秀英：务工省看到的",
        "恒达电子工会接收之后看到的同一份档案。",
        path,
    )


def lapse(story: Story) -> None:
    """What was not answered within ten working days lapses; nobody is without a union."""
    story.time.to(LAPSED)
    procedures.due(story.home.ledger)
    story.sync()
    text = "鸿运物流工会逾期未答复，自动失效；会籍始终在原工会，可以再转。"
    story.link("gx-lianluo", "接转：转出、在途、退回、逾期", text, "/transfers")


def find_twice(story: Story) -> None:
    """覃海燕 has been a member in 佛山 since 2019: one person, and the earlier date stays."""
    home, host = story.home, story.host
    story.time.to(FOUND_TWICE)
    assert story.long_standing is not None
    there, kept = story.long_standing
    (here,) = persons(home, [TWICE])
    (ended,) = memberships(home, [here])
    with host.ledger.entry(_with_basis(host, "meilian-jingban")) as entry:
        procedures.share(entry, there, home.origin, Basis.SEPARATE_CONSENT, Cause.MATCH)
    story.sync()
    with home.ledger.entry(home.act("gx-zongzhan")) as entry:
        second = home.people["gx-lianluo"]
        entry.write(
            PersonLink.join(
                entry.act, new_link(), here, there, LinkGround.SAME_NUMBER, second,
                "证件号码相同，电话核实为同一人。",
            )
        )  # fmt: skip
    with home.ledger.entry(_decided(home, "bama-jingban", "桂巴工〔2026〕17号")) as entry:
        procedures.settle_double(entry, kept, ended, opinion="保留较早的入会日期。")
    story.sync()
    text = "两省各有一份会籍，认定为同一人：保留较早的入会日期，另一份归并。"
    story.link("meilian-jingban", "覃海燕：两份会籍归并", text, f"/workers/{there}")


def correct(story: Story) -> None:
    """恒达's register shows that 韦秀英 was taken over on the 8th, before the day she was hurt."""
    host, home = story.host, story.home
    story.time.to(CORRECTED)
    (heroine,) = persons(home, [HEROINE])
    reason = "进出登记表显示五月八日已接收，五月十二日是录入日期。"
    for side, who, second in (
        (host, "hengda-lianluo", "hengda-fuhe"), (home, "donglan-lianluo", "donglan-shenpi"),
        (host, "hengda-lianluo", "hengda-fuhe"),
    ):  # fmt: skip
        with side.ledger.entry(side.act(who)) as entry:
            for position in _moves_on(entry.history(story.heroine_membership), side.origin):
                procedures.correct(
                    entry, position, {}, Why.WRONG_DATE, reason, on=REALLY,
                    confirmed_by=side.people[second],
                )  # fmt: skip
        story.sync()
    path = f"/workers/{heroine}?as_of={HURT}"
    story.link(
        "hengda-jingban", "争议：受伤那天归谁负责（按当时所知）",
        "五月九日在厂里受伤。按五月十五日已登记的看：还在接转中，归东兰县总工会。",
        f"{path}&known=then&known_on={SEEN}",
    )  # fmt: skip
    story.link(
        "hengda-jingban", "同一天，按现在所知",
        "六月更正：五月八日已接收。按现在已登记的看：归恒达电子工会。", path,
    )  # fmt: skip


def withdraw(story: Story) -> None:
    """蓝美莲 withdraws her consent; 广东 restricts what it held of her, and answers."""
    home = story.home
    story.time.to(WITHDRAWN)
    (private,) = persons(home, [PRIVATE])
    with home.ledger.entry(home.act("gx-yinsi")) as entry:
        for consent in _consents(entry, private):
            procedures.withdraw_consent(entry, consent)
    story.sync()
    text = "广东一侧：已提供的数据组关闭，只见“受限记录”和由谁持有。"
    path = f"/workers/{private}?purpose=transfer"
    story.link("gd-lianluo", "蓝美莲：撤回同意之后", text, path)


def adopt_scheme(story: Story) -> None:
    """广西 says by which rules it aids, and opens the fund that is kept with the chamber."""
    (heroine,) = persons(story.home, [HEROINE])
    story.aided = aid_story.adopt(story, heroine)


def study(story: Story) -> None:
    """The study grant of 韦秀英's daughter, from application to receipt."""
    assert story.aided is not None
    aid_story.study(story, story.aided)


def send_warmth(story: Story) -> None:
    """Thirty households of 东兰 are given four hundred yuan each."""
    assert story.aided is not None
    group = [each for each in six_hundred() if each.county == "451224"][10:40]
    aid_story.warmth(story, story.aided, persons(story.home, group))


def close_project(story: Story) -> None:
    """The project in 龙华 ends; its union with it, and every member has an outcome."""
    host = story.host
    story.time.to(CLOSED)
    project = host.unions["中建三局龙华项目工会"]
    with host.ledger.entry(host.act("longhua-zhuxi"), lock=True) as entry:
        procedures.close_union(
            entry, project, DissolutionReason.PROJECT_ENDED, paper=Code("龙华街工〔2026〕22号")
        )
    story.sync()
    text = "龙华项目工会随项目结束撤销，会员逐人由街道工会保留会籍，一个不落。"
    story.link("longhua-zhuxi", "项目结束，会籍不断", text, "/workers")


def claim_wages(story: Story) -> None:
    """39 workers of 鸿运 are owed their wages, and get them."""
    company = EMPLOYERS[4]
    group = [each for each in six_hundred() if each.employer == company][:39]
    case_story.wages(story, persons(story.home, group), company)


def serve(story: Story) -> None:
    """A seat on the train home, and a tally without names."""
    (heroine,) = persons(story.home, [HEROINE])
    case_story.serve(story, heroine)


def audit(story: Story) -> None:
    """What both provinces' auditors draw, ask, and hear."""
    case_story.audit(story)


def wait(story: Story) -> None:
    """In November a few more are on their way."""
    home = story.home
    story.time.to(LATEST)
    company = EMPLOYERS[4]
    group = [p for p in six_hundred() if (p.county, p.employer) == ("451224", company)][:4]
    with home.ledger.entry(_with_basis(home, "donglan-lianluo")) as entry:
        made = procedures.hand_over(
            entry, memberships(home, persons(home, group)), story.union_at(EMPLOYERS[0]),
            TransferReason.HANDOVER, basis=Basis.SEPARATE_CONSENT,
        )  # fmt: skip
    # One of them would rather not wait: she carries it herself.
    membership, offer = next(iter(made.offers.items()))
    with home.ledger.entry(home.act("donglan-lianluo")) as entry:
        procedures.issue_voucher(entry, membership, offer)
    assert story.aided is not None
    in_need = [each for each in six_hundred() if each.county == "451224"][3:10]
    aid_story.pending(story, story.aided, persons(home, in_need))
    story.sync()


def come_to_the_counter(story: Story) -> None:
    """Three apply in 东兰: one is examined already, one looks like a member under another file."""
    home, union = story.home, story.home.unions["东兰县总工会"]
    known = next(each for each in six_hundred()[3:] if each.county == "451224")
    papers = {"韦彩莲": date(1998, 7, 6), "覃志远": date(2003, 2, 18)}
    applied: list[MembershipId] = []
    with home.ledger.entry(home.act("donglan-jingban")) as entry:
        told = [
            (
                Particulars(name, DocumentKind.CITIZEN_NUMBER, number("451224", born, "女", at),
                            sex="女", birth=born.isoformat(), division="451224"),
                None,
            )
            for at, (name, born) in enumerate(papers.items())
        ]  # fmt: skip
        forgotten = Particulars(
            known.name, DocumentKind.NONE_YET, "", sex=known.sex, birth=known.born.isoformat(),
            division="451224",
        )  # fmt: skip
        for particulars, owed in (*told, (forgotten, NumberOwed.NOT_AT_HAND)):
            person, membership = new_person(), new_membership()
            due = LATEST + timedelta(days=30) if owed else None
            entry.write(
                Person.register(entry.act, person, particulars, number_owed=owed, number_due=due)
            )
            entry.write(
                Membership.apply(
                    entry.act, membership, person, union, Channel.VILLAGE, of_age=True,
                    confirmed=Confirmed.SIGNED, employer=EMPLOYERS[0], trade="装配工",
                )
            )  # fmt: skip
            applied.append(membership)
    with home.ledger.entry(home.act("donglan-fuhe")) as entry:
        procedures.examine(entry, applied[1], fit=True, opinion="材料齐全。")


def ask_to_be_forgotten(story: Story) -> None:
    """Both federations adopt their terms; one asks to be forgotten, one is looked for in haste."""
    for side, chair, paper in (
        (story.home, "gx-zhuxi", "桂工办〔2026〕61号"), (story.host, "gd-zhuxi", "粤工办〔2026〕40号"),
    ):  # fmt: skip
        with side.ledger.entry(side.act(chair)) as entry:
            procedures.adopt_terms(entry, Code("保存期限规定-2026"), USUAL, paper=Code(paper))
    home, asked, born = story.home, new_person(), date(1987, 9, 3)
    told = Particulars(
        "蒙秋菊", DocumentKind.CITIZEN_NUMBER, number("451227", born, "女", 7), sex="女",
        birth=born.isoformat(), division="451227",
    )  # fmt: skip
    with home.ledger.entry(home.act("gx-jingban")) as entry:
        entry.write(Person.register(entry.act, asked, told))
    with home.ledger.entry(home.act("gx-jingban"), lock=True) as entry:
        procedures.restrict(entry, asked, Forgotten.ASKED, Code("删除申请〔2026〕1号"))
    (missed,) = persons(home, [p for p in six_hundred() if p.county == "451224"][12:13])
    with home.ledger.entry(home.act("bama-jingban")) as entry:
        why = "在巴马县医院昏迷，身上只有会员证，医院要求联系家属。"
        procedures.break_glass(entry, missed, Emergency.LIFE, why)
    with home.ledger.looking(home.visitor("bama-jingban").look("worker", "membership")) as reader:
        worker(reader, missed)
    story.sync()
    text = "蒙秋菊要求删除，经办先限制；由另一人销毁密钥。一次紧急查阅等着复核。"
    story.link("gx-yinsi", "个人信息：限制与删除、紧急查阅", text, "/forgetting")


# ── helpers ──────────────────────────────────────────────────────────────────────────────────


def _answer_all(story: Story, liaison: str) -> None:
    """Accepts what waits for this liaison's union, but for two.

    覃海燕 is a member of 美联's already; the last of 恒达's was never there.
    """
    side = story.host
    heroine, twice = persons(story.home, [HEROINE, TWICE])
    union = side.posts[liaison][0]
    with side.ledger.reading() as reader:
        sought = transfers.Sought(side.ledger.today, tab=transfers.Tab.WAITING, turn=union)
        waiting = transfers.listing(reader.conn, side.origin, sought, limit=500).rows
    with side.ledger.entry(side.act(liaison)) as entry:
        waiting.sort(key=lambda each: (each.person != heroine, each.transfer))
        for at, line in enumerate(waiting, 1):
            assert line.membership is not None
            last = liaison == "hengda-lianluo" and at == len(waiting) and line.person != heroine
            if line.person == twice:
                ground = Ground.ALREADY_A_MEMBER
                procedures.decline(entry, line.membership, line.transfer, ground)
            elif last:
                procedures.decline(entry, line.membership, line.transfer, Ground.NOT_FOUND)
            else:
                employer = story.company_of(union)
                procedures.accept(entry, line.membership, line.transfer, employer=employer)


def _long_standing(host: Side) -> tuple[PersonId, MembershipId]:
    """覃海燕 as 美联's union has her: a member since 2019, under another id."""
    person, membership = new_person(), new_membership()
    card = six_hundred()[CAST.index(TWICE)].number
    union = host.unions["佛山市顺德区美联家具有限公司工会"]
    with host.ledger.entry(host.act("meilian-jingban")) as entry:
        told = Particulars(TWICE.name, DocumentKind.CITIZEN_NUMBER, card, sex=TWICE.sex, birth=TWICE.born.isoformat())  # fmt: skip
        entry.write(Person.register(entry.act, person, told))
        act = replace(_decided(host, "meilian-jingban", "美联工〔2019〕2号"), on=entry.act.on)
        entry.write(
            Membership.load(
                act, membership, person, union, date(2019, 6, 1), Proof.CARD,
                employer=TWICE.employer, trade=TWICE.trade,
            ),
            act=act,
        )  # fmt: skip
    return person, membership


def _consents(reader: Reader, person: PersonId) -> list[ConsentId]:
    """The consents that a person has given here."""
    found = worker_files.mentions(reader.conn, reader.ledger.origin, [person])
    records = reader.facts_at([each.place for each in found])
    return [ConsentId(one.stream) for one, fact in records if isinstance(fact.event, ConsentGiven)]


def _decided(side: Side, who: str, paper: str) -> Act:
    """What the committee of her union has decided on paper, and she enters."""
    act = side.act(who)
    return replace(act, decided_by=Decision(act.union, Office.APPROVER, Code(paper)))


def _with_basis(side: Side, who: str) -> Act:
    """With the signed consent as evidence."""
    form = hashlib.sha256("单独同意书".encode()).hexdigest()
    return replace(side.act(who), evidence=(form,))


def _moves_on(history: Iterable[Fact], origin: str) -> list[int]:
    """This side's records that moved the membership on the wrong day."""
    return [
        fact.position
        for fact in standing(history)
        if fact.origin == origin
        and fact.on == ACCEPTED
        and isinstance(fact.event, TransferAccepted | MembershipReleased | MembershipReceived)
    ]


def knock(story: Story) -> None:
    """A poster in a workshop, one application by it, and one who asks for help by herself."""
    side = story.host
    union = side.unions[f"{EMPLOYERS[0]}工会"]
    window = Window({side.ledger.province.code: side.ledger})
    code = window.put_up(side.ledger, union, "hengda-jingban", EMPLOYERS[0], "秋季入会行动")
    told = Particulars(
        "古丽米热·艾比布力", DocumentKind.CITIZEN_NUMBER, "653101199802140926", sex="女",
        birth="1998-02-14", phone="13900000701",
    )  # fmt: skip
    receiver = Receiver(f"{EMPLOYERS[0]}工会", union=union)
    agreed = ((receiver, Purpose.MEMBERSHIP, procedures.NEEDED),)
    asked = procedures.Joining(
        told,
        True,
        EMPLOYERS[0],
        "电子装配工",
        Code("秋季入会行动"),
        Code("扫码入会告知书-2026-1"),
        agreed,
    )
    with side.ledger.entry(side.ledger.procedure(union)) as entry:
        procedures.join(entry, union, asked)
    home = story.home
    [heroine] = persons(home, [HEROINE])
    me = Worker(home.ledger, heroine, frozenset({heroine}))
    with home.ledger.entry(me.act(home.root)) as entry:
        procedures.ask_for_help(
            entry, heroine, home.unions["东兰县总工会"], Want.SCHOOL, CallAt.EVENING,
            text="大孩子九月上高中，学费还差一点", phone=HEROINE.phone,
        )  # fmt: skip
    story.link(
        "hengda-jingban", "扫码入会", "车间的海报上扫一下，四个问题，不用账号；受理号和窗口看到的一样。",
        f"/j/{code}",
    )  # fmt: skip
    story.link(
        "donglan-jingban", "她自己求助", "韦秀英在手机上选了“孩子上学”，东兰县总工会的诉求单上就有她。",
        "/help-requests",
    )  # fmt: skip


def _remember(story: Story) -> None:
    callers_ = [
        {"province": "45", "name": each.name, "phone": each.phone} for each in (HEROINE, PRIVATE)
    ]
    text = json.dumps({"links": story.links, "callers": callers_}, ensure_ascii=False, indent=1)
    (story.data / MARK).write_text(text + "\n", "utf-8")


def tamper(path: Path, origin: str, position: int) -> None:
    """Flips one bit of one record's body in a copy of a SQLite ledger, as an intruder would."""
    with sqlite3.connect(path) as conn:
        row = conn.execute(
            "SELECT rowid, body FROM record WHERE origin = ? AND position = ?", (origin, position)
        ).fetchone()
        if row is None:
            raise LookupError(f"no record {position}")
        body = bytearray(row[1])
        body[len(body) // 2] ^= 1
        conn.execute("UPDATE record SET body = ? WHERE rowid = ?", (bytes(body), row[0]))
    conn.close()
