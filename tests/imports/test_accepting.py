"""Taking rosters in (受理花名册): each row is one person or goes back, and nothing happens twice."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from ledger.book import Conflict
from ledger.domain.channels import LinkOpened, NoLivePartnership
from ledger.domain.consents import ConsentGiven, LegalBasisRecorded
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Basis, Code, DateAhead, Event, Fact, Office, Refused
from ledger.domain.membership import (
    Channel,
    MemberEnrolled,
    Membership,
    MembershipApplied,
    NotTheApprovingUnion,
    State,
)
from ledger.domain.offices import NotYourOffice
from ledger.domain.persons import (
    DeathOnRecord,
    DeathProof,
    LinkGround,
    NumberTaken,
    Person,
    PersonLink,
    PersonRegistered,
)
from ledger.domain.unions import UnionKind, UnionNotOpen
from ledger.imports import accepting, jobs
from ledger.imports.accepting import (
    AppliedAfterApproval,
    AppliedAlready,
    Approval,
    ApprovedNow,
    Basing,
    Destination,
    Job,
    MemberAlready,
    MemberElsewhere,
    NoSharingBasis,
    NoUnionForResidence,
    Outcome,
    WhichPartner,
    accept,
    preview,
)
from ledger.imports.matching import (
    NameNotOnRecord,
    NumberNowGiven,
    ParticularsChanged,
    PerhapsOnRecord,
    SeveralOnRecord,
)
from ledger.imports.reading import open_roster
from ledger.imports.returning import give_back
from ledger.imports.rows import Verdict
from ledger.journal import canonical
from ledger.journal.tables import reading
from ledger.procedures import record_death
from tests.pair import Pair, open_pair
from tests.world import World, citizen_number, open_province

HEADINGS = (
    "姓名",
    "性别",
    "出生日期",
    "公民身份号码",
    "联系电话",
    "户籍所在地",
    "现工作单位",
    "申请入会日期",
)
HOME = "广西河池市东兰县武篆镇弄台村"
MINUTES = Code("桂工组〔2026〕31号")
NOTICE = Basing(Basis.SEPARATE_CONSENT, "告知书2026-1")


class Someone:
    """One row of a roster, as a clerk types it."""

    numbers = 400

    def __init__(self, name: str = "", **cells: str) -> None:
        Someone.numbers += 1
        number = citizen_number("451224", date(1985, 6, 1), 2 * Someone.numbers)
        self.cells = {
            "姓名": name or f"韦{chr(0x4E00 + Someone.numbers)}", "性别": "女",
            "出生日期": "1985-06-01", "公民身份号码": number,
            "联系电话": f"139{Someone.numbers:08d}", "户籍所在地": HOME,
            "现工作单位": "东江电子厂", "申请入会日期": "2026-02-20", **cells,
        }  # fmt: skip

    @property
    def number(self) -> str:
        return self.cells["公民身份号码"]

    def but(self, **cells: str) -> "Someone":
        other = Someone()
        other.cells = {**self.cells, **cells}
        return other


def write(folder: Path, *people: Someone, name: str = "花名册.csv") -> Path:
    path = folder / name
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADINGS)
        out.writerows([[one.cells[heading] for heading in HEADINGS] for one in people])
    return path


def job(world: World, path: Path, union: UnionId | None = None, **said: Any) -> Job:
    """The roster in the hands of the station's officer, who enters for all unions of the province."""
    act = world.act(world.root, Office.STATION)
    return Job(world.ledger, act, world.look(), open_roster(path), Destination(union), **said)


def entrust(world: World) -> None:
    """The federation lets the station enter what its unions have decided."""
    person = world.officer(world.root, Office.STATION)
    with world.entry(world.root, Office.CHAIR) as entry:
        offices = entry.offices_of(person)
        entry.write(offices.entrust(entry.act, person, world.root, line=[world.root], below=True))


def taken_in(world: World, *people: Someone, union: UnionId | None = None, **said: Any) -> Outcome:
    folder = world.ledger.vault.keyring.folder.parent
    path = write(folder, *people, name=f"{Someone.numbers}.csv")
    return accept(job(world, path, union, **said))


def verdicts(outcome: Outcome) -> list[Verdict]:
    return [row.verdict for row in outcome.rows]


def rules(outcome: Outcome, row: int = 1) -> list[type[Refused]]:
    return [fault.rule for fault in outcome.rows[row - 1].errors]


def notes(outcome: Outcome, row: int = 1) -> list[type[Refused]]:
    return [fault.rule for fault in outcome.rows[row - 1].notes]


def facts(world: World, *kinds: type[Event]) -> list[Fact]:
    """Our own facts of these kinds, oldest first."""
    with world.ledger.reading() as reader:
        page = world.ledger.recorder.page(reader.conn, 0, 100_000)
        told = reader.facts_at([(one.origin, one.position) for one in page])
    return [fact for _, fact in told if isinstance(fact.event, kinds)]


def size(world: World) -> int:
    return world.ledger.recorder.max_notification_id() or 0


def holder_of(world: World, number: str) -> PersonId:
    with world.ledger.reading() as reader:
        (person,) = world.ledger.vault.holders(reader.conn, [number])[number]
    return PersonId(person)


def phone_of(world: World, person: PersonId) -> str:
    with world.ledger.looking(world.look()) as reader:
        return Person.of(reader.opened(reader.records(person))).phone


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """Two provinces with an agreement in force."""
    made = open_pair(tmp_path)
    yield made.agree()
    made.home.ledger.close()
    made.host.ledger.close()


@pytest.fixture
def home(tmp_path: Path) -> Iterator[World]:
    """One province without a partner: a county federation, and the station's officer."""
    world = open_province(tmp_path)
    world.union("东兰县总工会", UnionKind.FEDERATION)
    world.officer(world.root, Office.STATION)
    world.look()
    yield world
    world.ledger.close()


def county(world: World) -> UnionId:
    with world.ledger.reading() as reader:
        found = accepting.union_tree.find(reader.conn, world.origin, "东兰县总工会")
    return found[0].union


# ── who is taken in, and where ───────────────────────────────────────────────────────────────


def test_an_accepted_row_is_a_person_and_an_application_at_the_union_of_her_residence(
    home: World,
) -> None:
    outcome = taken_in(home, Someone("韦秀英"))

    (applied,) = facts(home, MembershipApplied)
    (registered,) = facts(home, PersonRegistered)
    assert isinstance(applied.event, MembershipApplied)
    assert isinstance(registered.event, PersonRegistered)
    assert verdicts(outcome) == [Verdict.ACCEPTED]
    assert applied.event.union == outcome.unions[0] == county(home)
    assert applied.event.channel is Channel.VILLAGE
    assert applied.event.person == registered.event.person == outcome.persons[0]
    assert applied.on == registered.on == date(2026, 2, 20)
    assert applied.event.import_id == registered.event.import_id == outcome.job


def test_a_roster_without_days_is_of_today(home: World) -> None:
    taken_in(home, Someone(申请入会日期=""))

    (applied,) = facts(home, MembershipApplied)
    assert applied.on == home.today


def test_all_rows_go_to_one_union_by_the_channel_of_its_kind(home: World) -> None:
    firm = home.union("东江电子厂工会", UnionKind.GRASSROOTS)

    outcome = taken_in(home, Someone(), Someone(户籍所在地="湖南省长沙市芙蓉区"), union=firm)

    applied = [fact.event for fact in facts(home, MembershipApplied)]
    assert verdicts(outcome) == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    assert outcome.by_union == {firm: 2}
    assert {event.channel for event in applied if isinstance(event, MembershipApplied)} == {
        Channel.FIRM
    }


def test_a_row_whose_residence_has_no_union_goes_back_and_the_others_are_taken_in(
    home: World,
) -> None:
    outcome = taken_in(home, Someone(户籍所在地="湖南省长沙市芙蓉区"), Someone())

    assert verdicts(outcome) == [Verdict.REFUSED, Verdict.ACCEPTED]
    assert rules(outcome) == [NoUnionForResidence]
    assert outcome.rows[0].errors[0].found == "湖南省长沙市芙蓉区"


def test_a_number_that_is_missing_is_owed(home: World) -> None:
    outcome = taken_in(home, Someone(公民身份号码=""))

    (registered,) = facts(home, PersonRegistered)
    assert isinstance(registered.event, PersonRegistered)
    assert verdicts(outcome) == [Verdict.ACCEPTED]
    assert registered.event.number_due is not None


def test_a_batch_is_one_entry(home: World, tmp_path: Path) -> None:
    roster = job(home, write(tmp_path, *(Someone() for _ in range(7))))
    before = size(home)

    accept(roster)

    with home.ledger.reading() as reader:
        page = home.ledger.recorder.page(reader.conn, before, 100)
    headers = [canonical.decode(one.header) for one in page]
    assert len({header["entry"] for header in headers}) == 1
    assert [header["part"] for header in headers] == [[n, 14] for n in range(1, 15)]


# ── approval ─────────────────────────────────────────────────────────────────────────────────


def test_a_list_approval_makes_members_by_the_committee_and_the_station_only_enters_it(
    home: World,
) -> None:
    entrust(home)

    outcome = taken_in(home, Someone(), approval=Approval(date(2026, 2, 25), MINUTES))

    (enrolled,) = facts(home, MemberEnrolled)
    assert isinstance(enrolled.event, MemberEnrolled)
    assert outcome.enrolled == 1
    assert enrolled.on == date(2026, 2, 25)
    assert enrolled.event.minutes == MINUTES
    assert enrolled.decider == county(home)
    assert enrolled.decided_by is not None
    assert enrolled.decided_by.office is Office.APPROVER
    assert enrolled.officer == home.officer(home.root, Office.STATION)


def test_an_approval_that_the_officer_may_not_enter_is_told_and_the_application_stands(
    home: World,
) -> None:
    outcome = taken_in(home, Someone(), approval=Approval(date(2026, 2, 25), MINUTES))

    assert verdicts(outcome) == [Verdict.ACCEPTED]
    assert notes(outcome) == [NotYourOffice]
    assert outcome.enrolled == 0
    assert len(facts(home, MembershipApplied)) == 1


def test_a_committee_approves_nobody_who_applied_after_its_meeting(home: World) -> None:
    entrust(home)

    outcome = taken_in(
        home, Someone(申请入会日期="2026-02-27"), Someone(申请入会日期=""),
        approval=Approval(date(2026, 2, 25), MINUTES),
    )  # fmt: skip

    assert verdicts(outcome) == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    assert notes(outcome, 1) == [AppliedAfterApproval]
    assert notes(outcome, 2) == []
    assert outcome.enrolled == 1


def test_who_waits_at_the_union_is_approved_when_the_list_comes_back_with_its_minutes(
    home: World, tmp_path: Path
) -> None:
    entrust(home)
    path = write(tmp_path, Someone(), Someone())
    accept(job(home, path))
    approval = Approval(date(2026, 2, 28), MINUTES)

    approved = accept(job(home, path, approval=approval))
    again = accept(job(home, path, approval=approval))

    assert verdicts(approved) == [Verdict.KNOWN, Verdict.KNOWN]
    assert rules(approved) == [ApprovedNow]
    assert approved.enrolled == 2
    assert rules(again) == [MemberAlready]
    assert again.enrolled == 0
    assert len(facts(home, MemberEnrolled)) == 2


def test_a_list_is_not_approved_tomorrow(home: World, tmp_path: Path) -> None:
    path = write(tmp_path, Someone())
    before = size(home)

    with pytest.raises(DateAhead):
        accept(job(home, path, approval=Approval(date(2026, 3, 3), MINUTES)))

    assert size(home) == before


# ── who is known ─────────────────────────────────────────────────────────────────────────────


def test_a_member_of_this_union_is_known(home: World) -> None:
    entrust(home)
    worker = Someone()
    taken_in(home, worker, approval=Approval(date(2026, 2, 25), MINUTES))

    outcome = taken_in(home, worker, Someone())

    assert verdicts(outcome) == [Verdict.KNOWN, Verdict.ACCEPTED]
    assert rules(outcome) == [MemberAlready]


def test_a_member_of_another_union_is_known_and_her_transfer_is_to_be_asked_for(
    home: World,
) -> None:
    entrust(home)
    worker = Someone()
    taken_in(home, worker, approval=Approval(date(2026, 2, 25), MINUTES))
    firm = home.union("东江电子厂工会", UnionKind.GRASSROOTS)

    outcome = taken_in(home, worker, union=firm)

    assert verdicts(outcome) == [Verdict.KNOWN]
    assert rules(outcome) == [MemberElsewhere]
    assert "接转" in outcome.rows[0].errors[0].mend
    assert outcome.unions == [county(home)]


def test_a_member_whom_the_partner_holds_is_known_too(pair: Pair) -> None:
    worker = Someone()
    entrust(pair.home)
    approval = Approval(date(2026, 2, 25), MINUTES)
    taken_in(pair.home, worker, union=pair.village, approval=approval, sharing=NOTICE)
    pair.sync()

    outcome = taken_in(pair.host, worker, union=pair.street)

    assert verdicts(outcome) == [Verdict.KNOWN]
    assert rules(outcome) == [MemberElsewhere]
    assert outcome.unions == [pair.village]


def test_who_has_applied_is_known_and_applies_once(home: World) -> None:
    worker = Someone()
    taken_in(home, worker)

    outcome = taken_in(home, worker, Someone())

    assert verdicts(outcome) == [Verdict.KNOWN, Verdict.ACCEPTED]
    assert rules(outcome) == [AppliedAlready]
    assert len(facts(home, MembershipApplied)) == 2


def test_new_particulars_are_offered_as_a_correction_and_change_nothing(home: World) -> None:
    worker = Someone()
    taken_in(home, worker)
    person = holder_of(home, worker.number)

    outcome = taken_in(home, worker.but(联系电话="13712345678", 现工作单位="美联家具厂"))

    assert verdicts(outcome) == [Verdict.CHANGED]
    assert rules(outcome) == [ParticularsChanged, ParticularsChanged]
    assert [fault.found for fault in outcome.rows[0].errors] == ["13712345678", "美联家具厂"]
    assert notes(outcome) == [AppliedAlready]
    assert phone_of(home, person) == worker.cells["联系电话"]


def test_another_name_under_the_same_number_is_never_taken_for_the_same_person(
    home: World,
) -> None:
    worker = Someone("韦秀英")
    taken_in(home, worker)
    before = size(home)

    outcome = taken_in(home, worker.but(姓名="覃海燕"))

    assert verdicts(outcome) == [Verdict.CHANGED]
    assert rules(outcome) == [NameNotOnRecord]
    assert size(home) == before


def test_a_name_that_is_only_spelt_otherwise_is_the_same(home: World) -> None:
    worker = Someone("古丽米热·艾比布力")
    taken_in(home, worker)

    outcome = taken_in(home, worker.but(姓名="古丽米热•艾比布力"), Someone())

    assert verdicts(outcome)[0] is Verdict.KNOWN


def test_somebody_on_record_who_is_no_member_applies_under_her_own_id(home: World) -> None:
    worker = Someone("韦秀英", 出生日期="1990-01-01")
    person = home.worker("韦秀英")
    with home.ledger.looking(home.look()) as reader:
        number = Person.of(reader.opened(reader.records(person))).number

    outcome = taken_in(home, worker.but(公民身份号码=number, 性别=""))

    assert verdicts(outcome) == [Verdict.ACCEPTED]
    assert outcome.persons == [person]
    assert ParticularsChanged in notes(outcome)  # her telephone is new to the record


def test_a_number_that_was_owed_is_given_on_her_own_record(home: World) -> None:
    worker = Someone("韦秀英")
    taken_in(home, worker.but(公民身份号码=""))

    outcome = taken_in(home, worker)

    assert verdicts(outcome) == [Verdict.CHANGED]
    assert rules(outcome) == [NumberNowGiven]
    assert len(facts(home, PersonRegistered)) == 1


def test_without_a_number_the_same_name_birth_date_and_telephone_are_the_same_person(
    home: World,
) -> None:
    worker = Someone("韦秀英", 公民身份号码="")
    taken_in(home, worker)

    outcome = taken_in(home, worker, Someone())

    assert verdicts(outcome)[0] is Verdict.KNOWN


def test_without_a_number_the_same_name_and_birth_date_alone_say_nothing(home: World) -> None:
    taken_in(home, Someone("韦秀英"))

    outcome = taken_in(
        home,
        Someone("韦秀英", 公民身份号码="", 户籍所在地="广西河池市东兰县三石镇"),
    )

    assert verdicts(outcome) == [Verdict.REFUSED]
    assert rules(outcome) == [PerhapsOnRecord]


def test_in_one_file_too_a_row_without_a_number_is_compared_with_the_rows_before_it(
    home: World,
) -> None:
    worker = Someone("韦秀英")

    outcome = taken_in(home, worker, worker.but(公民身份号码="", 联系电话=""))

    assert verdicts(outcome) == [Verdict.ACCEPTED, Verdict.KNOWN]
    assert len(facts(home, PersonRegistered)) == 1


def test_a_row_matches_exactly_one_record_or_goes_back(pair: Pair) -> None:
    worker = Someone()
    taken_in(pair.home, worker, union=pair.village)
    taken_in(pair.host, worker, union=pair.street, sharing=NOTICE)
    pair.sync()

    outcome = taken_in(pair.home, worker, union=pair.village)

    assert verdicts(outcome) == [Verdict.REFUSED]
    assert rules(outcome) == [SeveralOnRecord]


def test_two_records_that_were_linked_as_one_person_are_one(pair: Pair) -> None:
    worker = Someone()
    (mine,) = taken_in(pair.home, worker, union=pair.village).persons
    (theirs,) = taken_in(pair.host, worker, union=pair.street, sharing=NOTICE).persons
    assert mine is not None
    assert theirs is not None
    pair.sync()
    with pair.home.entry(pair.home.root) as entry:
        second = pair.home.officer(pair.home.root, Office.REVIEWER)
        link = accepting.new_link()
        entry.write(PersonLink.join(entry.act, link, mine, theirs, LinkGround.SAME_NUMBER, second))

    outcome = taken_in(pair.home, worker, union=pair.village)

    assert verdicts(outcome) == [Verdict.KNOWN]
    assert rules(outcome) == [AppliedAlready]


def test_who_has_died_is_not_taken_in(home: World) -> None:
    worker = Someone()
    taken_in(home, worker)
    with home.entry(home.root) as entry:
        record_death(entry, holder_of(home, worker.number), DeathProof.CERTIFICATE)

    outcome = taken_in(home, worker, Someone())

    assert verdicts(outcome) == [Verdict.REFUSED, Verdict.ACCEPTED]
    assert rules(outcome) == [DeathOnRecord]


def test_everybody_whose_texts_are_compared_is_on_the_read_log(home: World) -> None:
    worker = Someone()
    taken_in(home, worker)

    taken_in(home, worker, Someone())

    with home.ledger.database.reading() as conn:
        logged = conn.execute(select(reading.c.person, reading.c.officer)).all()
    assert [tuple(row) for row in logged] == [(holder_of(home, worker.number), home.look().officer)]


# ── sharing ──────────────────────────────────────────────────────────────────────────────────


def test_with_a_separate_consent_each_is_shared_and_her_consent_is_on_record(pair: Pair) -> None:
    said = replace(NOTICE, evidence=("ab" * 32,))

    outcome = taken_in(pair.home, Someone(), Someone(), union=pair.village, sharing=said)

    links = [fact.event for fact in facts(pair.home, LinkOpened)]
    consents = {fact.event for fact in facts(pair.home, ConsentGiven)}
    assert (outcome.shared, outcome.unshared) == (2, 0)
    assert len(links) == len(consents) == 2
    for link in links:
        assert isinstance(link, LinkOpened)
        assert link.partner == pair.host.origin
        assert link.partnership == pair.partnership
        assert link.consent in {c.consent for c in consents if isinstance(c, ConsentGiven)}
    assert pair.sync() > 0


def test_with_another_basis_its_provision_is_on_record(pair: Pair) -> None:
    said = Basing(Basis.STATUTORY_DUTY, "个人信息保护法13-3", partner="44")

    taken_in(pair.home, Someone(), union=pair.village, sharing=said)

    (recorded,) = facts(pair.home, LegalBasisRecorded)
    assert isinstance(recorded.event, LegalBasisRecorded)
    assert recorded.event.provision == "个人信息保护法13-3"


def test_without_a_basis_rows_are_taken_in_and_not_shared_and_the_list_says_so(
    pair: Pair,
) -> None:
    outcome = taken_in(pair.home, Someone(), Someone(), union=pair.village)

    assert verdicts(outcome) == [Verdict.ACCEPTED, Verdict.ACCEPTED]
    assert notes(outcome) == [NoSharingBasis]
    assert outcome.unshared == 2
    assert not facts(pair.home, LinkOpened)


def test_the_same_file_with_a_basis_shares_those_whom_it_has_brought_and_once(
    pair: Pair, tmp_path: Path
) -> None:
    path = write(tmp_path, Someone(), Someone())
    accept(job(pair.home, path, pair.village))

    outcome = accept(job(pair.home, path, pair.village, sharing=NOTICE))
    accept(job(pair.home, path, pair.village, sharing=NOTICE))

    assert verdicts(outcome) == [Verdict.KNOWN, Verdict.KNOWN]
    assert outcome.shared == 2
    assert len(facts(pair.home, LinkOpened)) == 2


def test_nothing_is_shared_without_a_live_agreement(home: World, tmp_path: Path) -> None:
    path = write(tmp_path, Someone())
    before = size(home)

    with pytest.raises(NoLivePartnership):
        accept(job(home, path, sharing=NOTICE))

    assert size(home) == before


def test_where_there_are_several_partners_one_is_named(pair: Pair, tmp_path: Path) -> None:
    third = open_province(tmp_path, "43", time=pair.home.time)
    Pair(pair.home, third).agree()
    path = write(tmp_path, Someone())

    with pytest.raises(WhichPartner):
        accept(job(pair.home, path, pair.village, sharing=NOTICE))
    outcome = accept(job(pair.home, path, pair.village, sharing=replace(NOTICE, partner="43")))

    assert outcome.shared == 1
    third.ledger.close()


# ── again, mended, interrupted ───────────────────────────────────────────────────────────────


def test_the_same_file_again_adds_nothing(home: World, tmp_path: Path) -> None:
    path = write(tmp_path, Someone(), Someone(公民身份号码=""), Someone())
    first = accept(job(home, path))
    before = size(home)

    again = accept(job(home, path))

    assert verdicts(first) == [Verdict.ACCEPTED] * 3
    assert again.again
    assert verdicts(again) == [Verdict.KNOWN] * 3
    assert size(home) == before


def test_the_mended_returned_file_adds_only_what_was_missing(home: World, tmp_path: Path) -> None:
    wrong = Someone()
    path = write(tmp_path, Someone(), wrong.but(联系电话="1391234567"), Someone())
    outcome = accept(job(home, path))
    returned = tmp_path / "退回.csv"
    give_back(path, returned, outcome.rows)
    mended = returned.read_text("utf-8").replace("1391234567,", "13912345678,", 1)
    returned.write_text(mended, "utf-8")

    again = accept(job(home, returned))

    assert verdicts(outcome) == [Verdict.ACCEPTED, Verdict.REFUSED, Verdict.ACCEPTED]
    assert verdicts(again) == [Verdict.KNOWN, Verdict.ACCEPTED, Verdict.KNOWN]
    assert len(facts(home, MembershipApplied)) == 3


class Stopped(Exception):
    """The power is cut."""


def test_an_interrupted_import_goes_on_where_it_stopped_and_tells_the_same(
    home: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "BATCH", 2)
    known = Someone()
    taken_in(home, known)
    people = [
        Someone(),
        known,
        Someone(联系电话="1"),
        Someone(),
        Someone(公民身份号码=""),
        Someone(),
    ]
    path = write(tmp_path, *people)
    foreseen = preview(job(home, path))

    def stop(done: int, _total: int) -> None:
        if done == 4:
            raise Stopped

    with pytest.raises(Stopped):
        accept(job(home, path), stop)
    (past, _) = jobs.past(home.ledger)
    resumed = accept(job(home, path))

    assert (past.done, past.finished) == (4, None)
    assert not resumed.again
    assert resumed.counts == foreseen.counts
    assert [(row.verdict, row.errors, row.notes) for row in resumed.rows] == [
        (row.verdict, row.errors, row.notes) for row in foreseen.rows
    ]
    assert len(facts(home, MembershipApplied)) == 1 + resumed.by_verdict[Verdict.ACCEPTED]


def test_an_import_is_finished_when_its_outcome_has_been_handed_over(
    home: World, tmp_path: Path
) -> None:
    path = write(tmp_path, Someone(), Someone())

    def lost(_: Outcome) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        accept(job(home, path), deliver=lost)
    told = accept(job(home, path))
    again = accept(job(home, path))

    assert verdicts(told) == [Verdict.ACCEPTED] * 2
    assert verdicts(again) == [Verdict.KNOWN] * 2
    assert len(facts(home, MembershipApplied)) == 2


def test_an_interrupted_import_that_is_asked_for_otherwise_begins_anew(
    home: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "BATCH", 1)
    entrust(home)
    path = write(tmp_path, Someone(), Someone())

    def stop(_done: int, _total: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        accept(job(home, path), stop)
    outcome = accept(job(home, path, approval=Approval(date(2026, 2, 25), MINUTES)))

    assert verdicts(outcome) == [Verdict.KNOWN, Verdict.ACCEPTED]
    assert outcome.enrolled == 2


def test_two_who_take_in_the_same_file_at_once_do_not_double_it(
    home: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accepting, "BATCH", 1)
    path = write(tmp_path, Someone(), Someone(), Someone())

    def meanwhile(done: int, _total: int) -> None:
        if done == 1:
            accept(job(home, path))

    with pytest.raises(Conflict):
        accept(job(home, path), meanwhile)

    assert len(facts(home, MembershipApplied)) == 3


def test_a_unique_fact_that_stops_one_row_loses_none_of_the_others(
    home: World, tmp_path: Path
) -> None:
    worker = Someone()
    taken_in(home, worker)
    with home.ledger.database.writing() as conn:  # nothing finds her now, but the number is hers
        home.ledger.vault.forget(conn, holder_of(home, worker.number))

    outcome = taken_in(home, Someone(), Someone(), worker, Someone())

    accepted, refused = Verdict.ACCEPTED, Verdict.REFUSED
    assert verdicts(outcome) == [accepted, accepted, refused, accepted]
    assert rules(outcome, 3) == [NumberTaken]


def test_a_preview_foresees_and_records_nothing(home: World, tmp_path: Path) -> None:
    known = Someone()
    taken_in(home, known)
    path = write(tmp_path, Someone(), known, Someone(姓名=""))
    before = size(home)

    foreseen = preview(job(home, path))
    still = size(home)
    outcome = accept(job(home, path))

    assert still == before
    assert foreseen.counts == outcome.counts
    assert foreseen.by_union == outcome.by_union


# ── what is wrong with all of it ─────────────────────────────────────────────────────────────


def test_who_holds_no_office_takes_nothing_in(home: World, tmp_path: Path) -> None:
    path = write(tmp_path, Someone(), Someone())
    stranger = home.act(home.root, Office.AUDITOR)
    before = size(home)

    with pytest.raises(NotYourOffice):
        accept(replace(job(home, path), act=replace(stranger, office=Office.CLERK)))

    assert size(home) == before


def test_a_list_goes_to_an_open_union_of_this_province(pair: Pair, tmp_path: Path) -> None:
    path = write(tmp_path, Someone())

    with pytest.raises(UnionNotOpen):
        accept(job(pair.home, path, pair.street))


def test_a_channel_leads_to_unions_of_its_kind(pair: Pair, tmp_path: Path) -> None:
    path = write(tmp_path, Someone())

    with pytest.raises(NotTheApprovingUnion):
        accept(job(pair.home, path, pair.village, channel=Channel.FIRM))


def test_the_outcome_for_programs_has_every_row_in_order(home: World) -> None:
    outcome = taken_in(home, Someone(), Someone(姓名=""), Someone())

    told = outcome.as_dict()

    assert told["counts"] == {
        "accepted": 2, "known": 0, "changed": 0, "duplicate": 0, "refused": 1,
    }  # fmt: skip
    assert [row["row"] for row in outcome.told()] == [1, 2, 3]
    assert [row["sheet_row"] for row in outcome.told()] == [2, 3, 4]


def test_an_approved_member_stands_as_one_everywhere(home: World) -> None:
    entrust(home)

    taken_in(home, Someone(), approval=Approval(date(2026, 2, 25), MINUTES))

    (applied,) = facts(home, MembershipApplied)
    assert isinstance(applied.event, MembershipApplied)
    with home.ledger.reading() as reader:
        assert reader.get(Membership, applied.event.membership).state is State.MEMBER
