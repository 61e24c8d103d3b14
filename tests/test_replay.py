"""A worker's file, and a transfer's: as at a date, as known on a date, from both provinces."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, get_args, get_type_hints

import pytest

import ledger.domain
from ledger import replay
from ledger.book import NotFound
from ledger.domain.consents import Consent, Evidence, Purpose, Receiver
from ledger.domain.corrections import (
    Disagreement,
    Why,
    annul,
    correct,
    dispute_partners,
)
from ledger.domain.identity import DocumentKind
from ledger.domain.ids import ConsentId, LinkId, UnionId, new, new_membership, new_person
from ledger.domain.kernel import Code, Decision, Event, Group, NewerKind, Office, StreamId
from ledger.domain.membership import (
    Card,
    Membership,
    MembershipApplied,
    Proof,
    State,
)
from ledger.domain.persons import (
    ContactChanged,
    LinkGround,
    NumberOwed,
    Particulars,
    Person,
    PersonLink,
)
from ledger.domain.unions import Union, UnionKind
from ledger.exchange.witnessing import attest, introduce
from ledger.projections.transfers import TransferState
from ledger.replay import AlertKind
from ledger.replay.sentences import NEWER, SENTENCES
from ledger.replay.words import FIELDS, word
from tests.world import World, open_province


@pytest.fixture
def home(tmp_path: Path) -> Iterator[World]:
    world = open_province(tmp_path)
    yield world
    world.ledger.close()


@pytest.fixture
def host(tmp_path: Path, home: World) -> Iterator[World]:
    world = open_province(tmp_path, "44", time=home.time)
    yield world
    world.ledger.close()


class Story:
    """韦秀英, enrolled in 东兰, taken over by a factory's union in 东莞, from both sides."""

    def __init__(self, home: World, host: World) -> None:
        self.home, self.host = home, host
        self.village = home.union("巴学村工会")
        self.factory = host.union("东江电子厂工会", UnionKind.GRASSROOTS)
        host.read_from(home)
        home.read_from(host)
        self.person = home.worker("韦秀英", on=date(2026, 2, 1), phone="13800138000")
        self.member = home.enrol(self.person, self.village, date(2026, 2, 1))
        home.time.to(date(2026, 3, 4))
        self.offer = home.offer(
            self.member, self.village, self.factory, host.origin, date(2026, 3, 31)
        )

    def accepted(self, on: date = date(2026, 3, 10)) -> "Story":
        self.host.read_from(self.home)
        self.home.time.to(on)
        self.host.accept(self.member, self.offer, self.factory)
        return self

    def released(self, on: date = date(2026, 3, 16)) -> "Story":
        self.accepted()
        self.home.time.to(on)
        self.home.read_from(self.host)
        self.home.conclude(self.member, self.offer, self.village)
        self.host.read_from(self.home)
        self.host.receive(self.member, self.offer, self.factory)
        self.home.read_from(self.host)
        return self


@pytest.fixture
def story(home: World, host: World) -> Story:
    return Story(home, host)


def file_of(
    world: World, person: str, as_of: date | None = None, known_on: date | None = None, *,
    mask: bool = True,
) -> replay.WorkerFile:  # fmt: skip
    with world.ledger.looking(world.look()) as reader:
        return replay.worker(reader, person, as_of=as_of, known_on=known_on, mask=mask)


def current(file: replay.WorkerFile) -> replay.MembershipState:
    assert file.current is not None
    return file.current


def correct_employer(world: World, membership: str, union: UnionId, employer: str) -> None:
    """Corrects what the application said of the employer."""
    with world.ledger.looking(world.look()) as reader:
        applied = next(r for r in reader.records(membership) if r.kind == "MembershipApplied")
        (fact,) = reader.opened([applied])
    assert isinstance(fact.event, MembershipApplied)
    with world.entry(union, Office.CLERK, fact.on) as entry:
        what = correct(
            entry.act, fact, replace(fact.event, employer=employer), [fact], origin=world.origin,
            line=[union], why=Why.MISTYPED, reason="厂名写错",
        )  # fmt: skip
        entry.write(what.head)
        entry.write(what.replacement, corrects=what.corrects)


def test_one_file_shows_both_provinces(story: Story) -> None:
    story.released()

    for world in (story.home, story.host):
        file = file_of(world, story.person)
        assert file.identity.name == "韦秀英"
        assert [(lane.short, lane.home) for lane in file.lanes] == [("广西", True), ("广东", False)]
        assert [(line.lane.short, line.kind) for line in file.lines] == [
            ("广西", "PersonRegistered"),
            ("广西", "MembershipApplied"),
            ("广西", "MemberEnrolled"),
            ("广西", "TransferOffered"),
            ("广东", "TransferAccepted"),
            ("广西", "MembershipReleased"),
            ("广东", "MembershipReceived"),
        ]
        now = current(file)
        assert (now.state, now.union_name) == (State.MEMBER, "东江电子厂工会")
        assert (now.since, now.union_since) == (date(2026, 2, 1), date(2026, 3, 10))
        assert {str(line.proof) for line in file.lines} == {"已入账"}


def test_a_fact_is_recorded_then_signed_then_witnessed_as_both_see(story: Story) -> None:
    story.released()
    home, host = story.home.ledger, story.host.ledger
    introduce(home, host)

    def first(world: World) -> str:
        return str(file_of(world, story.person).lines[0].proof)

    stages = [first(story.home)]
    home.signer.sign(home.clock.now())
    stages.append(first(story.home))
    attest(home, [host.witness])

    assert stages == ["已入账", "已签名"]
    assert first(story.home) == first(story.host)
    assert first(story.home).startswith("广东已见证（2026-03-16 ")


def test_a_line_says_when_who_and_what_in_chinese(story: Story) -> None:
    file = file_of(story.home, story.person)

    applied, enrolled, offered = file.lines[1:4]

    assert applied.text == "向巴学村工会申请入会（本人申请，本人签字）（东江电子厂，装配工）"
    assert enrolled.text == "巴学村工会批准入会（本人申请）"
    assert enrolled.on == date(2026, 2, 1)
    assert enrolled.at is not None
    assert enrolled.at.date() == date(2026, 3, 2)
    assert (enrolled.union_name, enrolled.office) == ("巴学村工会", Office.APPROVER)
    assert "将会籍转往东江电子厂工会（到当地务工），答复期限2026-03-31" in offered.text


def test_numbers_are_masked_unless_they_are_needed(story: Story) -> None:
    masked = file_of(story.home, story.person).identity
    full = file_of(story.home, story.person, mask=False).identity

    assert masked.number == full.number[:3] + "*" * 11 + full.number[-4:]
    assert masked.phone == "138****8000"
    assert full.phone == "13800138000"


def test_a_page_of_the_past_shows_what_was_known_then_and_no_later_correction(
    story: Story,
) -> None:
    home, then = story.home, date(2026, 3, 5)
    home.time.to(date(2026, 3, 20))
    correct_employer(home, story.member, story.village, "东江电器厂")

    now = file_of(home, story.person, as_of=then)
    known_then = file_of(home, story.person, as_of=then, known_on=then)

    assert [line.kind for line in now.lines if line.struck] == ["MembershipApplied"]
    old, new = [line for line in now.lines if line.kind == "MembershipApplied"]
    assert (old.corrected_by, new.corrects) == (new.ref, old.ref)
    assert new.changes == (("工作单位", "东江电子厂", "东江电器厂"),)
    assert new.reasons[:2] == ("更正：录入有误", "厂名写错")
    assert not any(line.struck or line.corrects for line in known_then.lines)
    assert "东江电子厂" in known_then.lines[1].text
    assert known_then.historical


def test_an_annulled_fact_stays_visible_and_no_longer_counts(story: Story) -> None:
    home = story.home
    other = home.worker("覃某", on=date(2026, 2, 1))
    member = home.enrol(other, story.village, date(2026, 2, 1))
    home.time.to(date(2026, 3, 20))
    with home.entry(story.village, Office.APPROVER) as entry:
        history = entry.history(member)
        gone = annul(
            entry.act, history[-1], history, origin=home.origin, line=[story.village],
            why=Why.WRONG_UNION, reason="名单报错工会",
        )  # fmt: skip
        entry.write(gone, corrects=history[-1].position)

    file = file_of(home, other)

    assert [(line.kind, line.struck) for line in file.lines[-2:]] == [
        ("MemberEnrolled", True),
        ("FactAnnulled", False),
    ]
    assert "作废" in file.lines[-1].text
    assert file.lines[-1].reasons == ("名单报错工会",)
    assert current(file).state is State.APPLIED
    assert file.responsible == ()
    assert current(file_of(home, other, known_on=date(2026, 3, 19))).state is State.MEMBER


def test_who_was_responsible_is_answered_for_each_day_and_for_what_was_known(story: Story) -> None:
    story.released()
    hurt = date(2026, 3, 12)

    with story.home.ledger.reading() as reader:
        now = replay.responsible(reader, story.person)
        then = replay.responsible(reader, story.person, known_on=date(2026, 3, 13))

    assert [(i.since, i.until, i.union_name, i.offer is not None) for i in now] == [
        (date(2026, 2, 1), date(2026, 3, 4), "巴学村工会", False),
        (date(2026, 3, 4), date(2026, 3, 10), "巴学村工会", True),
        (date(2026, 3, 10), None, "东江电子厂工会", False),
    ]
    assert [i.union_name for i in now if i.covers(hurt)] == ["东江电子厂工会"]
    assert [i.union_name for i in then if i.covers(hurt)] == ["巴学村工会"]


def test_the_receiver_serves_from_its_acceptance_and_the_origin_answers_until_it_releases(
    story: Story,
) -> None:
    story.accepted()

    (now,) = file_of(story.host, story.person).responsible_on(date(2026, 3, 11))

    assert now.union_name == "巴学村工会"
    assert now.serving_name == "东江电子厂工会"


def test_step_by_step_each_record_leaves_a_state(story: Story) -> None:
    story.released()

    with story.home.ledger.looking(story.home.look()) as reader:
        found = replay.steps(reader, story.person)
        as_known = replay.steps(reader, story.person, as_known=True)

    assert [(s.line.kind, s.state.current and s.state.current.state) for s in found] == [
        ("PersonRegistered", None),
        ("MembershipApplied", State.APPLIED),
        ("MemberEnrolled", State.MEMBER),
        ("TransferOffered", State.OFFERED),
        ("TransferAccepted", State.ACCEPTED),
        ("MembershipReleased", State.MEMBER),
        ("MembershipReceived", State.MEMBER),
    ]
    union = [s.state.current.union_name for s in found if s.state.current]
    assert union[2:5] == ["巴学村工会", "巴学村工会", "东江电子厂工会"]
    assert [s.line.kind for s in as_known] == [s.line.kind for s in found]


def test_between_two_moments_it_says_what_came_and_what_changed(story: Story) -> None:
    story.accepted()
    home, before = story.home, date(2026, 3, 12)
    home.time.to(date(2026, 3, 16))
    home.read_from(story.host)
    home.conclude(story.member, story.offer, story.village)
    correct_employer(home, story.member, story.village, "东江电器厂")

    with home.ledger.looking(home.look()) as reader:
        same_day = replay.between(reader, story.person, (before, before), (before, None))
        later = replay.between(reader, story.person, (date(2026, 3, 1), None), (None, None))

    assert {(d.line.kind, d.why) for d in same_day.lines} == {
        ("MembershipApplied", "已更正"),
        ("MembershipApplied", "后来登记"),
        ("TransferAccepted", "后来登记"),
        ("MembershipReleased", "后来登记"),
    }
    assert ("会籍所在工会", "巴学村工会", "东江电子厂工会") in same_day.changes
    assert ("负责工会", "巴学村工会", "东江电子厂工会") in same_day.changes
    assert ("TransferAccepted", "后来发生") in {(d.line.kind, d.why) for d in later.lines}


def test_what_the_partner_does_not_open_is_shown_as_restricted(home: World, host: World) -> None:
    factory = host.union("东江电子厂工会", UnionKind.GRASSROOTS)
    person = host.worker("韦秀英", on=date(2026, 2, 1), phone="13800138000")
    host.enrol(person, factory, date(2026, 2, 1))
    home.read_from(host, groups={Group.IDENTITY})

    file = file_of(home, person)

    assert file.identity.name == "韦秀英"
    assert file.identity.phone == ""
    registered, applied = file.lines[0], file.lines[1]
    assert registered.closed == {Group.CONTACT: "restricted"}
    assert applied.closed == {Group.MEMBERSHIP: "restricted"}
    assert applied.text == "向东江电子厂工会申请入会（本人申请，本人签字）"
    assert AlertKind.RESTRICTED in {alert.kind for alert in file.warnings}


def test_what_the_partner_does_not_share_is_counted_and_never_silently_missing(
    home: World, host: World
) -> None:
    factory = host.union("东江电子厂工会", UnionKind.GRASSROOTS)
    person = host.worker("韦秀英", on=date(2026, 2, 1))
    for phone in ("13800138001", "13800138002"):
        host.write(ContactChanged(person, phone, ""), factory, on=date(2026, 2, 5))
    host.write(Person().rename(host.act(factory), person, "韦秀瑛"), factory)
    home.read_from(host, without={"ContactChanged"})

    file = file_of(home, person)

    assert [line.title for line in file.lines] == ["人员登记", "受限记录", "更名"]
    assert file.lines[1].text == "2 条受限记录（广东·广东省总工会）"
    assert (file.hidden, file.lines[1].restricted) == (2, True)
    assert file.lines[2].changes == (("姓名（名称）", "韦秀英", "韦秀瑛"),)
    assert file.identity.former_names == ("韦秀英",)


def test_a_kind_newer_than_this_version_is_shown_and_not_an_error(
    home: World, host: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    factory = host.union("东江电子厂工会", UnionKind.GRASSROOTS)
    person = host.worker("韦秀英", on=date(2026, 2, 1))
    host.write(ContactChanged(person, "13800138001", ""), factory)
    monkeypatch.delitem(Event.kinds, "ContactChanged")
    from ledger.journal import codec

    codec.plan_of.cache_clear()
    home.read_from(host)

    file = file_of(home, person)
    codec.plan_of.cache_clear()

    assert file.lines[-1].text == f"{NEWER}（ContactChanged）"
    assert file.lines[-1].kind == "ContactChanged"


def test_a_decision_on_paper_says_who_decided_and_who_entered_it(story: Story) -> None:
    home = story.home
    person = home.worker("覃某")
    member = home.apply(person, story.village)
    clerk = home.act(story.village)
    paper = replace(
        clerk, decided_by=Decision(story.village, Office.APPROVER, Code("巴学工〔2026〕3号"))
    )
    with home.ledger.entry(paper) as entry:
        entry.write(entry.read(Membership, member).enrol(entry.act, minutes=Code("纪要7")))

    line = file_of(home, person).lines[-1]

    assert (line.officer, line.on_paper) == (clerk.officer, True)
    assert (line.decider, line.decider_name) == (story.village, "巴学村工会")
    assert (line.office, line.paper) == (Office.APPROVER, "巴学工〔2026〕3号")


def test_an_old_name_of_a_union_stands_on_old_lines(story: Story) -> None:
    home = story.home
    home.time.to(date(2026, 3, 20))
    with home.entry(story.village, Office.CHAIR) as entry:
        union = entry.read(Union, story.village)
        renamed = union.rename(
            entry.act, "巴学社区工会", line=[story.village, home.root]
        )  # fmt: skip
        entry.write(renamed)

    file = file_of(home, story.person)

    assert file.lines[2].union_name == "巴学村工会"
    assert current(file).union_name == "巴学社区工会"
    assert current(file_of(home, story.person, as_of=date(2026, 3, 5))).union_name == "巴学村工会"


def test_two_records_of_one_person_are_one_file_from_the_day_the_link_is_known(
    home: World, host: World
) -> None:
    village, factory = home.union("巴学村工会"), host.union("东江电子厂工会", UnionKind.GRASSROOTS)
    mine, theirs = home.worker("韦秀英"), host.worker("韦秀英")
    home.enrol(mine, village)
    host.enrol(theirs, factory)
    home.read_from(host)
    home.time.to(date(2026, 3, 9))
    link = home.link(mine, theirs)

    file = file_of(home, mine)
    before = file_of(home, mine, known_on=date(2026, 3, 8))

    assert file.identity.others == (theirs,)
    assert {line.lane.short for line in file.lines} == {"广西", "广东"}
    assert {alert.kind for alert in file.warnings} >= {AlertKind.DOUBLE}
    assert before.identity.others == ()
    assert {line.lane.short for line in before.lines} == {"广西"}

    home.time.to(date(2026, 3, 12))
    home.unlink(link, mine, theirs)
    after = file_of(home, mine)
    assert after.identity.others == ()
    assert {line.kind for line in after.lines} >= {"PersonsLinked", "PersonsUnlinked"}
    assert file_of(home, mine, known_on=date(2026, 3, 10)).identity.others == (theirs,)


def test_a_membership_that_was_loaded_counts_from_its_enrolment(home: World) -> None:
    person, village = home.worker("韦秀英"), home.union("纳合村工会")
    with home.entry(village, Office.APPROVER) as entry:
        entry.write(
            Membership.load(
                entry.act, new_membership(), person, village, date(2009, 5, 1), Proof.CARD
            )
        )
    hurt = date(2015, 6, 1)

    with home.ledger.looking(home.look()) as reader:
        file = replay.worker(reader, person, as_of=hurt)
        before = replay.worker(reader, person, as_of=date(2009, 4, 30))

    assert file.current is not None
    assert [file.current.union] == [each.union for each in file.responsible_on(hurt)] == [village]
    assert [line.kind for line in file.lines] == ["MembershipLoaded"]
    assert (file.identity.name, before.current) == ("韦秀英", None)


def test_a_look_alike_is_a_warning_until_told_apart_and_again_when_the_data_change(
    home: World,
) -> None:
    one, other = home.worker("韦秀英"), home.worker("韦秀英")
    alike = file_of(home, one).warnings
    link = LinkId(new("lnk"))
    second = home.officer(home.root, Office.REVIEWER)
    with home.entry(home.root) as entry:
        apart = PersonLink.tell_apart(
            entry.act, link, one, other, LinkGround.CARDS_SEEN, second, "两张证件"
        )
        entry.write(apart)
    told_apart = file_of(home, one).warnings
    home.write(ContactChanged(other, "13900139000", ""), home.root)
    changed = file_of(home, one).warnings

    assert [(a.kind, a.persons) for a in alike] == [(AlertKind.DUPLICATE, (other,))]
    assert told_apart == ()
    assert [(a.kind, a.persons) for a in changed] == [(AlertKind.DUPLICATE, (other,))]


def test_a_number_that_is_owed_is_a_warning_until_it_is_given(home: World) -> None:
    person = new_person()
    with home.entry(home.root) as entry:
        registered = Person.register(
            entry.act, person, Particulars("韦某", DocumentKind.NONE_YET),
            number_owed=NumberOwed.LOST, number_due=date(2026, 3, 10),
        )  # fmt: skip
        entry.write(registered)
    owed = file_of(home, person).warnings
    home.time.to(date(2026, 3, 11))
    overdue = file_of(home, person).warnings

    assert [a.text for a in owed] == ["证件号码待补（遗失补办中），应于2026-03-10前补交"]
    assert overdue[0].text.endswith("已逾期")


def test_nothing_is_shared_without_a_basis_and_the_file_says_so(story: Story) -> None:
    home, person = story.home, story.home.worker("覃某")
    receiver = Receiver("广东省总工会", Code(story.host.origin))
    missing = file_of(home, person).warnings
    with home.entry(home.root) as entry:
        given = Consent.give(
            entry.act, ConsentId(new("con")), person, receiver, Purpose.MEMBERSHIP,
            [Group.IDENTITY], Evidence.SIGNED_FORM, Code("告知书1版"),
        )  # fmt: skip
        entry.write(given)
    covered = file_of(home, person).warnings
    home.time.to(date(2026, 3, 9))
    with home.entry(home.root) as entry:
        entry.write(entry.read(Consent, given.consent).withdraw(entry.act))

    assert [a.text for a in missing] == ["未取得同意或其他依据，未向广东共享"]
    assert covered == ()
    assert [a.text for a in file_of(home, person).warnings] == ["同意已撤回或到期，不再向广东提供"]
    assert file_of(home, person, as_of=date(2026, 3, 8)).warnings == ()
    assert file_of(home, person).lines[1].text == (
        "同意向广东省总工会提供基本身份信息，用于会籍接转与管理（本人签字的单独同意书），自2026-03-04起"
    )


def test_a_broken_rule_is_a_finding_on_the_file(home: World) -> None:
    village = home.union("巴学村工会")
    person, on = home.worker(on=date(2026, 2, 1)), date(2026, 2, 20)
    member = home.enrol(person, village, date(2026, 2, 1))
    with home.entry(village, Office.APPROVER, on) as entry:
        # No minutes: refused today, and recorded with the broken rule where it has happened.
        entry.write(*entry.read(Membership, member).expel(entry.act, Card.VOID, reason="犯罪"))

    (finding,) = [a for a in file_of(home, person).warnings if a.kind is AlertKind.FINDING]

    assert finding.text.startswith("2026-02-20 开除会籍：")
    assert finding.ref == file_of(home, person).lines[-1].ref


def test_our_dispute_of_the_partners_fact_is_seen_on_the_file(story: Story) -> None:
    story.released()
    home = story.home
    with home.entry(story.village, Office.LIAISON) as entry:
        fact = next(
            f for f in entry.history(story.member) if type(f.event).__name__ == "TransferAccepted"
        )
        disputed = dispute_partners(
            entry.act, fact, Disagreement.DATE_DIFFERS, "接收函为三月十二日", origin=home.origin
        )
        entry.write(disputed)

    file = file_of(home, story.person)

    assert [(a.kind, a.ref) for a in file.warnings if a.kind is AlertKind.DISPUTED] == [
        (AlertKind.DISPUTED, fact.ref)
    ]
    assert "提出异议（日期不符）" in next(
        line.text for line in file.lines if line.kind == "PartnerFactDisputed"
    )


def test_every_look_at_a_file_is_on_the_read_log(story: Story) -> None:
    file_of(story.home, story.person)
    with story.home.ledger.reading() as reader:
        replay.responsible(reader, story.person)
        rows = reader.conn.exec_driver_sql("SELECT person, view FROM reading").all()

    assert [tuple(row) for row in rows] == [(story.person, "test")]


def test_without_a_look_the_file_is_there_and_its_texts_are_closed(story: Story) -> None:
    with story.home.ledger.reading() as reader:
        file = replay.worker(reader, story.person)

    assert (file.identity.name, file.identity.closed) == ("", "closed")
    assert current(file).union_name == "巴学村工会"


def test_who_is_not_on_record_is_not_found_and_who_came_later_has_an_empty_page(
    home: World,
) -> None:
    home.time.to(date(2026, 3, 5))
    person = home.worker()

    assert file_of(home, person, known_on=date(2026, 3, 4)).lines == ()
    with home.ledger.reading() as reader, pytest.raises(NotFound):
        replay.worker(reader, new_person())


def test_a_transfer_is_replayed_step_by_step_from_both_sides(story: Story) -> None:
    story.released()

    with story.home.ledger.looking(story.home.look()) as reader:
        now = replay.transfer(reader, story.offer)
        then = replay.transfer(reader, story.offer, known_on=date(2026, 3, 13))
        early = replay.transfer(reader, story.offer, as_of=date(2026, 3, 3))

    assert [(s.line.lane.short, s.state.state) for s in now.steps] == [
        ("广西", TransferState.OPEN),
        ("广东", TransferState.ACCEPTED),
        ("广西", TransferState.RELEASED),
        ("广东", TransferState.RECEIVED),
    ]
    assert (now.state.from_name, now.state.to_name) == ("巴学村工会", "东江电子厂工会")
    assert then.state.state is TransferState.OPEN
    assert early.state.state is None
    assert early.lines == ()


def test_the_names_of_a_list_are_opened_in_one_go_and_logged(story: Story) -> None:
    home = story.home
    others = [home.worker(name) for name in ("覃一", "古丽米热·艾比布力")]
    with home.ledger.looking(home.look()) as reader:
        shown = replay.people(reader, [story.person, *others, new_person()])
    with home.ledger.reading() as reader:
        logged = reader.conn.exec_driver_sql("SELECT person FROM reading").scalars().all()

    assert [each.name for each in shown.values()] == ["韦秀英", "覃一", "古丽米热·艾比布力"]
    assert set(logged) == set(shown)


def test_every_kind_of_fact_has_a_sentence() -> None:
    for module in walk_packages(ledger.domain.__path__, "ledger.domain."):
        __import__(module.name)
    here = {
        kind for kind, cls in Event.kinds.items() if cls.__module__.startswith("ledger.domain.")
    }

    assert here - set(SENTENCES) == set()
    assert set(SENTENCES) - here == set()


def test_every_code_and_every_field_of_a_fact_has_a_word() -> None:
    for module in walk_packages(ledger.domain.__path__, "ledger.domain."):
        __import__(module.name)
    codes, names = set[type[StrEnum]](), set[str]()
    for cls in list(Event.kinds.values()):
        if cls.__module__.startswith("ledger.domain."):
            for name, hint in get_type_hints(cls).items():
                names.add(name)
                codes.update(_enums(hint))

    assert {code for code in codes for each in code if word(each) == each.value} == set()
    shown = names - {"by", "ahead", "scope", "kinds"} - _NOT_SHOWN
    assert shown - set(FIELDS) == set()


# Ids and counters: a change of theirs is no correction, or is told by the sentence.
_NOT_SHOWN = {
    "first", "holder", "household", "import_id", "index", "instead_of", "last", "link",
    "membership", "offer", "origin", "parties", "partner", "partnership", "party", "position",
    "proposal", "province", "reported_to", "request", "root", "stream", "third_parties",
    "umbrella", "version",
}  # fmt: skip


def _enums(hint: Any) -> Iterator[type[StrEnum]]:
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        yield hint
    for inner in get_args(hint):
        yield from _enums(inner)


def test_a_newer_kind_says_so() -> None:
    event = NewerKind(StreamId("mem_x"), Code("SomethingNew"))

    assert replay.title(event) == NEWER
