"""What is mine: only my file and my children's, help asked once, a code that lets in, and a no."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from fastapi import FastAPI

from api.app import create_app
from ledger import procedures
from ledger.desk import Desk
from ledger.domain.consents import Consent, Evidence, Purpose, Receiver
from ledger.domain.forgetting import Ground
from ledger.domain.help import HelpOutcome, HelpStillOpen, Want
from ledger.domain.ids import HelpId, PersonId, QuestionId, new_consent, spoken
from ledger.domain.kernel import Code, Group, Office
from ledger.domain.questions import QuestionKind, Reply, Verdict
from ledger.journal.tables import reading
from ledger.projections import help_requests, questions
from ledger.window import Window
from tests.aid import AidOffice, open_office
from tests.forgetting import adopt_terms
from tests.phone.conftest import Phone, let_in
from tests.test_casework import opened, paid
from tests.world import World

PHONE = "13900000001"


# ── the door ─────────────────────────────────────────────────────────────────────────────────


def test_a_worker_signs_in_with_the_code_and_goes_on_where_she_wanted(
    phone: Phone, home: World
) -> None:
    home.worker("韦秀英", phone=PHONE)
    phone.open("/m/sign-in?next=/m/consents")
    phone.press(phone=PHONE)
    code = phone.text.partition("演示：登录码 ")[2][:6]

    phone.press(code=code)

    assert phone.page.url.path == "/m/consents"


def test_known_and_unknown_numbers_are_answered_alike(phone: Phone, home: World) -> None:
    home.worker("韦秀英", phone=PHONE)

    answers = list[str]()
    for number in (PHONE, "13900000099"):
        phone.open("/m/sign-in")
        asked = phone.press(phone=number)
        wrong = phone.press(code="000000", status=401)
        shown = asked + wrong
        code = asked.partition("演示：登录码 ")[2][:6]
        answers.append(shown.replace(code, "").replace(number[-4:], "").replace(number, ""))

    assert answers[0] == answers[1]


def test_a_clerks_link_is_used_up_by_pressing_and_not_by_looking(
    phone: Phone, window: Window, home: World
) -> None:
    code = window.hand_out(home.ledger, home.worker("韦秀英"), "clerk")

    phone.open(f"/m/c/{code}")
    phone.open(f"/m/c/{code}")
    phone.press("/m/code/sign-in")

    assert "退出登录" in phone.text
    phone.open(f"/m/c/{code}")
    phone.press("/m/code/sign-in", status=401)


def test_family_on_one_phone_choose_who_it_is(phone: Phone, home: World) -> None:
    for name in ("韦秀英", "韦晓月"):
        home.worker(name, phone=PHONE)
    phone.open("/m/sign-in")
    phone.press(phone=PHONE)
    phone.press(code=phone.text.partition("演示：登录码 ")[2][:6])

    assert "韦＊英" in phone.text
    assert "韦秀英" not in phone.text
    secret = phone.page.text.partition('name="secret" value="')[2].partition('"')[0]
    phone.press("/m/sign-in/whose", secret=secret)
    assert "退出登录" in phone.text


# ── help ─────────────────────────────────────────────────────────────────────────────────────


def requests_of(home: World, person: PersonId | None = None) -> list[help_requests.Line]:
    with home.ledger.reading() as reader:
        sought = help_requests.Sought(person=person)
        return help_requests.listing(reader.conn, home.origin, sought).rows


def test_who_is_not_known_asks_for_help_with_a_name_and_a_phone(phone: Phone, home: World) -> None:
    phone.open("/m/rights")
    phone.tap("want", "wages")
    phone.fill("3000")
    phone.press(_skip="1")
    phone.fill("龙华工地")
    phone.press(_skip="1")
    phone.fill("覃䶮")
    phone.fill("13800000001")
    form = {**phone.form(), "call_at": "evening"}

    phone.send(form, "/m/rights")
    number = phone.number
    phone.send(form, "/m/rights")

    (line,) = requests_of(home)
    assert (line.number, line.want, line.union) == (number, Want.WAGES, home.root)
    assert phone.number == number


def test_who_is_known_is_not_asked_who_she_is_and_asks_once(
    phone: Phone, window: Window, home: World
) -> None:
    village, worker = home.union("纳合村工会"), home.worker("韦秀英")
    home.enrol(worker, village)
    let_in(phone, window, home, worker)

    numbers = set[str]()
    for _ in range(2):
        phone.open("/m/help")
        phone.tap("want", "school")
        phone.press(_skip="1")
        phone.fill("学费差一点")
        phone.press(_skip="1")
        phone.tap("call_at", "any")
        numbers.add(phone.number)

    (line,) = requests_of(home, worker)
    assert numbers == {line.number}
    assert line.union == village
    assert "孩子上学" in phone.open("/m/progress")


def test_a_second_request_of_one_kind_is_told_that_it_was_not_recorded(
    phone: Phone, window: Window, home: World
) -> None:
    village, worker = home.union("纳合村工会"), home.worker("韦秀英")
    home.enrol(worker, village)
    let_in(phone, window, home, worker)

    told = list[str]()
    for need in ("学费差一点", "住宿费也差"):
        phone.open("/m/help")
        phone.tap("want", "school")
        phone.press(_skip="1")
        phone.fill(need)
        phone.press(_skip="1")
        phone.tap("call_at", "any")
        told.append(phone.text)

    assert "三个工作日内会给您回电话" in told[0]
    assert "已有一件在办，刚才填的没有另外登记" in told[1]
    assert "已提交" not in told[1]


def test_of_one_kind_a_worker_has_one_request_open_at_a_time(home: World) -> None:
    village, worker = home.union("纳合村工会"), home.worker("韦秀英")

    def ask(want: Want) -> HelpId:
        with home.entry(village, Office.CLERK) as entry:
            return procedures.ask_for_help(entry, worker, village, want)

    first = ask(Want.WAGES)
    ask(Want.SCHOOL)
    with pytest.raises(HelpStillOpen):
        ask(Want.WAGES)
    with home.entry(village, Office.CLERK) as entry:
        procedures.settle_help(entry, first, HelpOutcome.ANSWERED)
    assert ask(Want.WAGES) != first


def test_another_city_becomes_a_request_to_who_holds_the_membership(
    phone: Phone, window: Window, home: World
) -> None:
    village, there = home.union("纳合村工会"), home.union("县城街道工会")
    worker = home.worker("韦秀英")
    membership = home.enrol(worker, village)
    let_in(phone, window, home, worker)

    phone.open("/m/moved")
    phone.press(_open=home.root)
    assert "县城街道工会" in phone.text
    phone.tap("to_union", there)
    phone.fill("东江电子厂")
    phone.tap("proof", "劳动合同")
    phone.press(_skip="1")
    phone.tap("call_at", "noon")

    (line,) = requests_of(home, worker)
    assert (line.want, line.union, line.to_union) == (Want.MOVED, village, there)
    assert line.about == membership


def test_a_form_of_somebody_who_is_in_needs_her_token(
    phone: Phone, window: Window, home: World
) -> None:
    worker = home.worker("韦秀英")
    home.enrol(worker, home.union("纳合村工会"))
    let_in(phone, window, home, worker)
    phone.open("/m/moved")

    phone.press(_csrf="nonsense", _open=home.root, status=403)


# ── my file, and nobody else's ───────────────────────────────────────────────────────────────


@pytest.fixture
def office(tmp_path: Path) -> Iterator[AidOffice]:
    made = open_office(tmp_path)
    yield made
    made.world.ledger.close()


@pytest.fixture
def aided(office: AidOffice) -> tuple[PersonId, str]:
    """A worker who was paid 3,000 yuan, and the grant."""
    worker = office.world.worker("韦秀英", union=office.village)
    office.world.enrol(worker, office.village)
    grant = office.apply(worker)
    office.examined(grant)
    office.approve(grant)
    office.pay(grant)
    return worker, grant


def app_of(office: AidOffice) -> tuple[FastAPI, Window]:
    ledgers = {"45": office.world.ledger}
    window = Window(ledgers, demo=True)
    return create_app(Desk(ledgers, demo=True), window=window), window


def test_the_four_steps_the_amount_and_the_card_are_shown(
    office: AidOffice, aided: tuple[PersonId, str]
) -> None:
    app, window = app_of(office)
    phone = let_in(Phone(app), window, office.world, aided[0])

    told = phone.open("/m/progress")

    for word in ("已收到", "正在核实", "公示中", "已发放", "3,000.00", "没收到这笔钱"):
        assert word in told
    assert "8480" in told


def test_money_that_has_not_come_is_an_objection_that_is_raised_once(
    office: AidOffice, aided: tuple[PersonId, str]
) -> None:
    app, window = app_of(office)
    worker, grant = aided
    phone = let_in(Phone(app), window, office.world, worker)
    page = f"/m/progress/{grant}/1"
    phone.open(page)
    form = phone.form()

    for _ in range(5):
        phone.send(form, page)

    with office.world.ledger.reading() as reader:
        (line,) = questions.listing(
            reader.conn, office.world.origin, questions.Sought(office.world.today)
        ).rows
        raised = reader.history(line.question)[0]
    assert (line.kind, line.person, line.asked) == (
        QuestionKind.OBJECTION, worker, office.world.root,  # which paid
    )  # fmt: skip
    assert (raised.office, raised.officer) == (Office.SELF, worker)
    assert "工会正在查" in phone.open("/m/progress")


def test_money_that_still_has_not_come_after_an_answer_is_objected_to_again(
    office: AidOffice, aided: tuple[PersonId, str]
) -> None:
    app, window = app_of(office)
    worker, grant = aided
    world, page = office.world, f"/m/progress/{grant}/1"
    phone = let_in(Phone(app), window, world, worker)

    def objections() -> list[QuestionId]:
        with world.ledger.reading() as reader:
            sought = questions.Sought(world.today)
            return [q.question for q in questions.listing(reader.conn, world.origin, sought).rows]

    phone.open(page)
    phone.send(phone.form(), page)
    (first,) = objections()
    with world.entry(world.root, Office.CLERK) as entry:
        procedures.answer_question(entry, first, Reply.EXPLAINS, "银行说已入账")
    with world.entry(world.root, Office.CHAIR) as entry:
        procedures.rule_question(entry, first, Verdict.DISMISSED, "回单与本人账户相符")
    phone.open(page)
    phone.send(phone.form(), page)

    assert len(objections()) == 2


def test_part_of_the_wages_is_not_shown_as_all_of_them(
    phone: Phone, window: Window, home: World
) -> None:
    village, worker = home.union("纳合村工会"), home.worker("韦秀英")
    home.enrol(worker, village)
    case = opened(home, village, [worker])
    let_in(phone, window, home, worker)

    paid(home, village, case, 400)
    part = phone.open("/m/progress")
    paid(home, village, case, 600)
    whole = phone.open("/m/progress")

    assert "已追回 400.00 元，还有 600.00 元没到" in part
    assert "钱已追回" not in part
    assert "钱已追回" in whole


def test_nobody_sees_or_disputes_what_is_anothers(
    office: AidOffice, aided: tuple[PersonId, str]
) -> None:
    app, window = app_of(office)
    other = office.world.worker("蓝美莲")
    phone = let_in(Phone(app), window, office.world, other)

    assert "3,000.00" not in phone.open("/m/progress")
    phone.open(f"/m/progress/{aided[1]}/1", 404)
    form = {"csrf": (phone.open("/m"), phone.form("/m/leave"))[1]["csrf"]}
    phone.send(form, f"/m/progress/{aided[1]}/1", status=404)


def test_her_own_looks_are_logged_as_hers_and_others_are_told_in_plain_words(
    phone: Phone, window: Window, home: World
) -> None:
    village, worker = home.union("纳合村工会"), home.worker("韦秀英")
    home.enrol(worker, village)
    with home.ledger.looking(home.look(village)) as reader:
        reader.opened(reader.records(worker))
    let_in(phone, window, home, worker).open("/m/membership")

    told = phone.open("/m/consents")

    assert "纳合村工会的工作人员 看了您的资料" in told
    with home.ledger.reading() as reader:
        hers = reader.conn.execute(reading.select().where(reading.c.officer == worker)).all()
    assert {row.person for row in hers} == {worker}
    phone.open(phone.page.text.partition('href="/m/objection?read=')[2].partition('"')[0] and (
        "/m/objection?read="
        + phone.page.text.partition('href="/m/objection?read=')[2].partition('"')[0]
    ))  # fmt: skip
    phone.fill("我没有办过什么事")
    phone.tap("call_at", "any")
    assert requests_of(home, worker)[0].want is Want.OBJECTION


def test_she_asks_to_be_forgotten_and_the_office_goes_on_from_her_number(
    phone: Phone, window: Window, home: World
) -> None:
    worker = home.worker("韦秀英")
    adopt_terms(home)
    let_in(phone, window, home, worker)
    assert "要求删除我的信息" in phone.open("/m/consents")
    for _ in range(2):  # pressed again, it is the same request
        phone.open("/m/forget")
        phone.fill("")
        phone.tap("call_at", "any")
        assert "您的受理号" in phone.page.text

    (asked,) = requests_of(home, worker)

    assert (asked.want, asked.union) == (Want.FORGET, home.root)
    number = f"受理号 {spoken(asked.help)}"
    with home.ledger.entry(home.act(home.root, Office.PRIVACY), lock=True) as entry:
        restricted = procedures.restrict(entry, worker, Ground.ASKED, Code(number))
    assert restricted.paper == number


def consent_of(home: World, person: PersonId) -> str:
    made = new_consent()
    with home.entry(home.root, Office.CLERK) as entry:
        entry.write(
            Consent.give(
                entry.act, made, person, Receiver("广东省总工会", Code("liangdi.example/guangdong")),
                Purpose.MEMBERSHIP, (Group.IDENTITY,), Evidence.SIGNED_FORM, Code("告知书1"),
            )
        )  # fmt: skip
    return made


def test_a_consent_is_taken_back_and_given_again_by_herself(
    phone: Phone, window: Window, home: World
) -> None:
    worker = home.worker("韦秀英")
    consent = consent_of(home, worker)
    let_in(phone, window, home, worker).open("/m/consents")

    phone.press(f"/m/consents/{consent}", to="off")

    assert "已撤回" in phone.text
    with home.ledger.reading() as reader:
        withdrawn = reader.history(consent)[-1]
    assert (withdrawn.officer, withdrawn.office) == (worker, Office.SELF)
    phone.press(f"/m/consents/{consent}", to="again")
    assert "已重新同意" in phone.text


def test_anothers_consent_is_nobody_elses_to_take_back(
    phone: Phone, window: Window, home: World
) -> None:
    consent = consent_of(home, home.worker("韦秀英"))
    let_in(phone, window, home, home.worker("蓝美莲"))
    form = {"csrf": (phone.open("/m"), phone.form("/m/leave"))[1]["csrf"], "command": "c" * 20}

    phone.send(form, f"/m/consents/{consent}", to="off", status=404)


def test_a_mother_takes_back_the_consent_of_a_minor_and_neither_sees_nor_touches_a_grown_sons(
    phone: Phone, window: Window, home: World
) -> None:
    mother, father = home.worker("韦秀英"), home.worker("韦大山")
    young = home.child(mother, date(2016, 5, 1), "韦小宝")
    grown = home.child(father, date(1990, 1, 1), "韦志强")
    childs, sons = consent_of(home, young), consent_of(home, grown)

    let_in(phone, window, home, mother).open("/m/consents")
    assert "韦小宝" in phone.text
    phone.press(f"/m/consents/{childs}", to="off")
    assert "已撤回" in phone.text
    let_in(phone, window, home, father).open("/m/consents")
    assert "韦志强" not in phone.text
    form = {"csrf": (phone.open("/m"), phone.form("/m/leave"))[1]["csrf"], "command": "c" * 20}
    phone.send(form, f"/m/consents/{sons}", to="off", status=404)

    with home.ledger.reading() as reader:
        told = [reader.history(each)[-1] for each in (childs, sons)]
    assert [type(fact.event).__name__ for fact in told] == ["ConsentWithdrawn", "ConsentGiven"]
    assert told[0].officer == mother


# ── anybody ──────────────────────────────────────────────────────────────────────────────────


def test_a_receipt_is_checked_by_anybody_and_names_nobody(phone: Phone, home: World) -> None:
    village, worker = home.union("纳合村工会"), home.worker("韦秀英")
    membership = home.enrol(worker, village)
    with home.ledger.reading() as reader:
        one = reader.records(membership)[-1]
    ref, leaf = f"{one.origin}%23{one.position}", one.leaf.hex()

    told = phone.open(f"/check?ref={ref}&leaf={leaf[:24]}")

    assert "是真的" in told
    assert "批准入会" in told
    assert "韦秀英" not in told
    assert "对不上" in phone.open(f"/check?ref={ref}&leaf={'0' * 24}")
    assert "对不上" in phone.open(f"/check?ref={one.origin}%23999999&leaf={leaf}")
    phone.open(f"/check?ref={ref}&leaf={leaf[:8]}", 422)
    assert "没有这份公示" in phone.open("/check?ref=公示9号")


def test_a_notice_is_checked_by_its_number(office: AidOffice, aided: tuple[PersonId, str]) -> None:
    app, _ = app_of(office)
    phone = Phone(app)

    told = phone.open("/check?ref=公示1号")

    assert "有这份公示" in told
    assert "韦秀英" not in told
