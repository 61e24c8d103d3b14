"""A dossier is taken: of each kind of thing, on both databases, with what may be seen and no more."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import select

from ledger import evidence, procedures
from ledger.book import Look
from ledger.domain.kernel import Office
from ledger.domain.persons import Person
from ledger.evidence import Kind, Sight, Subject, pdf, subjects
from ledger.evidence.checking import NotEvidence, check
from ledger.exchange.giving import Giving
from ledger.exchange.mirroring import Mirroring
from ledger.exchange.reading import Reading
from ledger.exchange.running import drain
from ledger.exchange.wire import Checkpoint
from ledger.exchange.witnessing import attest
from ledger.journal.attachments import Attachments
from ledger.journal.keys import Role
from ledger.journal.notes import Note, Signature
from ledger.journal.tables import checkpoint, reading
from tests import dossiers, forgetting
from tests.aid import YUAN, AidOffice, open_office
from tests.dossiers import manifest, moved, taken, unpacked, verdict
from tests.pair import Pair, close, open_pair
from tests.test_casework import opened, paid
from tests.world import World


@pytest.fixture
def pair(tmp_path: Path, ledger_url: str) -> Iterator[Pair]:
    """The home province on either database."""
    made = open_pair(tmp_path, home_url=ledger_url)
    yield made.agree()
    close(made)


@pytest.fixture
def office(tmp_path: Path) -> Iterator[AidOffice]:
    made = open_office(tmp_path)
    yield made
    made.world.ledger.close()


def sound(data: bytes, folder: Path) -> dict[str, object]:
    code, said = verdict(data, folder)
    assert (code, said["faults"]) == (0, []), said
    return said


def text_of(data: bytes) -> str:
    return unpacked(data)["page.html"].decode()


# ── of what ──────────────────────────────────────────────────────────────────────────────────


def test_a_worker_s_dossier_has_both_provinces_and_says_by_what_each_line_is_proven(
    pair: Pair, tmp_path: Path
) -> None:
    person, _, _ = moved(pair)

    for world in (pair.home, pair.host):
        one = taken(world, Subject(Kind.WORKER, person))
        said, page = sound(one.data, tmp_path), text_of(one.data)

        assert said["opened"] == one.opened == 3
        assert dossiers.NAME in page
        assert "451224199001010014" in page
        assert "已签名并见证" in page
        assert "对方记录·对方签名" in page
        assert "佐证：何时读到对方记录" in page
        assert unpacked(one.data)["page.pdf"].startswith(b"%PDF-1.7")


def test_the_same_content_gives_the_same_bytes(pair: Pair) -> None:
    person, _, _ = moved(pair)
    subject = Subject(Kind.WORKER, person)
    evidence.sign_first(pair.home.ledger)
    look = Look(person, pair.home.root, "dossier", "dispute")
    at = pair.home.time.at

    found: set[bytes] = set()
    for _ in range(2):
        pair.home.time.at = at
        with pair.home.ledger.looking(look) as reader:
            found.add(evidence.take(reader, subject, Sight()).data)

    assert len(found) == 1


def test_a_transfer_is_about_somebody_and_opens_who_she_is_and_no_more(
    pair: Pair, tmp_path: Path
) -> None:
    _, _, offer = moved(pair)

    one = taken(pair.host, Subject(Kind.TRANSFER, offer))

    sound(one.data, tmp_path)
    files = unpacked(one.data)
    openings = json.loads(files["openings.json"])
    assert {each["group"] for each in openings} == {"identity"}
    assert [each["group"] for each in manifest(files)["closed"]] == ["contact"]
    assert dossiers.PHONE not in one.data.decode("utf-8", "replace")


def test_a_grant_is_told_with_its_sums_in_capitals(office: AidOffice, tmp_path: Path) -> None:
    person = office.world.worker("韦秀英")
    office.world.enrol(person, office.village)
    grant = office.apply(person, child=person)
    office.examined(grant)
    office.approve(grant)
    office.pay(grant)

    one = taken(office.world, Subject(Kind.GRANT, grant))

    said, page = sound(one.data, tmp_path), text_of(one.data)
    assert said["records"] == {
        "witnessed": 0,
        "signed": one.records,
        "shared": 0,
        "mirrored": 0,
        "recorded": 0,
    }
    assert "3,000.00" in page
    assert "叁仟元整" in page
    assert "6228480" in one.data.decode("utf-8", "replace")
    assert "已签名" in page


def test_a_case_opens_what_is_of_the_whole_and_no_claimant_s_story(
    pair: Pair, tmp_path: Path
) -> None:
    persons = [pair.home.worker(name) for name in ("韦秀英", "李明")]
    case = opened(pair.home, pair.village, persons, story="工地停工三个月，未发工资")
    paid(pair.home, pair.village, case, 500)

    one = taken(pair.home, Subject(Kind.CASE, case))

    sound(one.data, tmp_path)
    assert "工地停工" not in one.data.decode("utf-8", "replace")
    assert {each["why"] for each in manifest(unpacked(one.data))["closed"]} == {"others"}
    assert "2,000.00" in text_of(one.data)
    assert "贰仟元整" in text_of(one.data)


def test_a_fund_and_a_period_open_nobody(office: AidOffice, tmp_path: Path) -> None:
    person = office.world.worker("韦秀英")
    office.world.enrol(person, office.village)
    grant = office.apply(person, child=person)
    office.examined(grant)
    office.approve(grant)
    today = office.world.today

    for subject in (
        Subject(Kind.FUND, office.fund),
        Subject(Kind.PERIOD, office.village, date(2026, 3, 1), today),
    ):
        one = taken(office.world, subject)
        said = sound(one.data, tmp_path)

        assert said["opened"] == 0
        assert one.records > 1
        assert "韦秀英" not in one.data.decode("utf-8", "replace")
        assert f"{100_000 * YUAN // 100:,}.00" in text_of(one.data) or subject.kind is Kind.PERIOD


def test_a_period_under_another_union_or_other_days_is_refused(
    office: AidOffice, tmp_path: Path
) -> None:
    office.apply(office.world.worker("韦秀英"))
    today = office.world.today
    files = unpacked(taken(office.world, Subject(Kind.PERIOD, office.village, today, today)).data)

    for subject in (
        f"{office.world.root} {today} {today}", f"{office.village} 2026-04-01 2026-04-30",
    ):  # fmt: skip
        other = dossiers.packed(dossiers.restated(files, lambda m, s=subject: m.update(subject=s)))
        code, said = verdict(other, tmp_path)

        assert (code, {each["code"] for each in said["faults"]}) == (5, {"period"})
        with pytest.raises(NotEvidence, match="period"):
            check(other)


def test_a_period_is_of_the_days_on_which_it_was_recorded(office: AidOffice) -> None:
    office.apply(office.world.worker("韦秀英"))
    first = office.world.today
    office.world.time.to(date(2026, 5, 4))
    office.apply(office.world.worker("李明"))

    def count(since: date, until: date) -> int:
        return taken(office.world, Subject(Kind.PERIOD, office.village, since, until)).records

    assert count(first, first) + count(date(2026, 5, 4), date(2026, 5, 4)) == count(
        first, date(2026, 5, 4)
    )
    assert count(date(2026, 4, 1), date(2026, 4, 30)) == 0


def test_a_dossier_has_an_end(office: AidOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subjects, "MOST_RECORDS", 1)

    for subject in (
        Subject(Kind.FUND, office.fund),
        Subject(Kind.PERIOD, office.world.root, date(2000, 1, 1), office.world.today),
    ):
        with pytest.raises(evidence.DossierTooLong):
            taken(office.world, subject)


# ── who sees what ────────────────────────────────────────────────────────────────────────────


def test_an_office_that_sees_part_of_a_number_gets_no_original_of_it(
    pair: Pair, tmp_path: Path
) -> None:
    person, _, _ = moved(pair)

    one = taken(pair.home, Subject(Kind.WORKER, person), Sight(numbers=False, accounts=False))

    sound(one.data, tmp_path)
    everything = one.data.decode("utf-8", "replace")
    assert "451224199001010014" not in everything
    assert dossiers.PHONE not in everything
    assert "451***********0014" in text_of(one.data)
    assert {each["why"] for each in manifest(unpacked(one.data))["closed"]} == {"office"}


def test_whoever_is_shown_stands_on_the_read_log_with_the_purpose(pair: Pair) -> None:
    person, _, _ = moved(pair)

    taken(pair.home, Subject(Kind.WORKER, person), purpose="audit")

    with pair.home.ledger.database.reading() as conn:
        rows = conn.execute(select(reading).where(reading.c.view == "dossier")).all()
    assert {(row.person, row.purpose) for row in rows} >= {(person, "audit")}


def test_who_was_forgotten_stands_as_such_and_every_proof_holds(pair: Pair, tmp_path: Path) -> None:
    person = pair.home.worker("被遗忘者")
    forgetting.adopt_terms(pair.home)

    forgetting.restrict(pair.home, person)
    stopped = taken(pair.home, Subject(Kind.WORKER, person))
    with pair.home.ledger.reading() as reader:
        until = procedures.standing_of(reader, person).until
    pair.home.time.to(max(until, pair.home.today))
    forgetting.shred(pair.home, person)
    shredded = taken(pair.home, Subject(Kind.WORKER, person))

    for one, why in ((stopped, "stopped"), (shredded, "shredded")):
        assert sound(one.data, tmp_path)["opened"] == 0
        assert why in {each["why"] for each in manifest(unpacked(one.data))["closed"]}
        assert "被遗忘者" not in one.data.decode("utf-8", "replace")
    assert "已删除" in text_of(shredded.data)


def test_papers_go_along_and_a_swapped_one_is_found(pair: Pair, tmp_path: Path) -> None:
    home = pair.home
    home.ledger.attachments = store = Attachments(tmp_path / "papers", home.ledger.vault)
    person = home.worker("韦秀英")
    with home.ledger.database.writing() as conn:
        paper = store.keep(conn, person, "身份证.jpg", "image/jpeg", b"\xff\xd8 scanned")
    act = home.act(home.root, Office.CLERK, evidence=(paper, "ab" * 32))
    with home.ledger.entry(act) as entry:
        held = entry.read(Person, person)
        entry.write(held.change_contact(entry.act, person, "13800000009", ""))

    one = taken(home, Subject(Kind.WORKER, person))
    files = unpacked(one.data)
    name = f"attachments/{paper}.jpg"
    swapped = dossiers.listed({**files, name: b"\xff\xd8 another"})

    assert sound(one.data, tmp_path)["attachments"] == 1
    assert files[name] == b"\xff\xd8 scanned"
    assert manifest(files)["missing"] == [{"commitment": "ab" * 32, "why": "restricted"}]
    assert "身份证.jpg" in text_of(one.data)
    code, said = verdict(dossiers.packed(swapped), tmp_path)
    assert (code, [each["code"] for each in said["faults"]]) == (5, ["attachment"])


def test_after_a_rotation_a_dossier_holds_by_both_keys_and_an_older_one_still_does(
    pair: Pair, tmp_path: Path
) -> None:
    home = pair.home
    person = home.worker("韦秀英")
    older = taken(home, Subject(Kind.WORKER, person))
    keys = home.ledger.signer.keys
    first = keys.one(Role.LOG).public
    second = keys.rotate(Role.LOG)
    home.union("换钥之后的工会")
    both = taken(home, Subject(Kind.WORKER, person))
    keys.retire(first)
    home.union("旧钥停用之后的工会")
    newer = taken(home, Subject(Kind.WORKER, person))

    for one in (older, both, newer):
        sound(one.data, tmp_path)
        code, said = verdict(one.data, tmp_path, "--key", str(first), "--key", str(second))
        assert (code, said["faults"], said["pinned"]) == (0, [], True)
    with pytest.raises(NotEvidence):  # who knows the first key alone is not told of the second
        check(newer.data, [first])


class Scribbler(Giving):
    """A partner that puts lines below its checkpoints which no key has signed."""

    scrawl = b""

    def checkpoint(self, read: int) -> Checkpoint:
        said = super().checkpoint(read)
        return said._replace(note=said.note + self.scrawl) if said.note else said


def test_what_a_partner_writes_below_its_checkpoint_in_our_name_spoils_no_dossier(
    pair: Pair, tmp_path: Path
) -> None:
    home, host = pair.home.ledger, pair.host.ledger
    person, membership = pair.member(dossiers.NAME, dossiers.PHONE)
    pair.sync()
    pair.offer(membership)
    ours = host.signer.keys.public(Role.LOG)[0]
    lines = Signature(ours.name, ours.id, bytes(64)).line + "".join(
        Signature(f"nobody/{number}", bytes(4), bytes(64)).line for number in range(14)
    )
    scribbler = Scribbler(home, host.origin)
    scribbler.scrawl = lines.encode()

    drain(Reading(host, scribbler))
    attest(home, [host.witness])
    attest(host, [home.witness])
    mirrored = Mirroring(host, scribbler).once()
    one = taken(pair.host, Subject(Kind.WORKER, person))

    assert mirrored > 0
    with host.database.reading() as conn:
        log = f"{home.origin}/to/{host.origin}"
        notes = conn.execute(select(checkpoint.c.note).where(checkpoint.c.log == log)).scalars()
        names = {each.name for note in notes for each in Note.parse(bytes(note)).signatures}
    assert names == {home.origin}
    said = sound(one.data, tmp_path)
    assert isinstance(said["records"], dict)
    assert said["records"]["shared"] > 0
    assert check(one.data)


# ── to read ──────────────────────────────────────────────────────────────────────────────────


def test_a_name_with_a_rare_character_is_set_and_one_without_a_shape_is_written_out(
    pair: Pair, tmp_path: Path
) -> None:
    assert all(pdf.has(letter) for letter in "古丽米热·艾比布力𠮷䶮㛃，。（）〔〕—0123456789")
    assert not pdf.has("\U0002a6a5")
    person = pair.home.worker("韦\U0002a6a5")

    one = taken(pair.home, Subject(Kind.WORKER, person))

    assert "韦\U0002a6a5" in text_of(one.data)
    assert sound(one.data, tmp_path)["opened"] == 1


def test_what_was_read_of_a_partner_and_not_signed_for_is_said_to_be_unproven(
    pair: Pair, tmp_path: Path
) -> None:
    person, membership = pair.member(dossiers.NAME, dossiers.PHONE)
    pair.sync()
    pair.offer(membership)
    pair.host_reads()
    look = Look(person, pair.host.root, "dossier", "dispute")

    with pair.host.ledger.looking(look) as reader:
        one = evidence.take(reader, Subject(Kind.WORKER, person), Sight())

    said, page = sound(one.data, tmp_path), text_of(one.data)
    counts = said["records"]
    assert isinstance(counts, dict)
    assert (counts["shared"], counts["mirrored"]) == (0, 0)
    assert counts["recorded"] > 1
    assert f"{counts['recorded']} 条记录（或登记读到它的那条）刚刚入账" in page
    assert "条对方记录" not in page
    assert [each.state for each in check(one.data).values()].count("recorded") == counts["recorded"]


def test_the_page_needs_nothing_from_anywhere(pair: Pair) -> None:
    person, _, _ = moved(pair)

    page = text_of(taken(pair.home, Subject(Kind.WORKER, person)).data)

    assert "default-src 'none'" in page
    for reference in ("<script", "<link", "<img", "src=", "href=", "url("):
        assert reference not in page


def test_what_is_typed_is_text_on_the_page(home_world: World) -> None:
    person = home_world.worker("<b>韦")

    page = text_of(taken(home_world, Subject(Kind.WORKER, person)).data)

    assert "&lt;b&gt;韦" in page
    assert "<b>" not in page


@pytest.fixture
def home_world(tmp_path: Path) -> Iterator[World]:
    made = open_office(tmp_path)
    yield made.world
    made.world.ledger.close()


def test_what_is_not_signed_yet_is_said_to_be_unproven(pair: Pair, tmp_path: Path) -> None:
    person = pair.home.worker("韦秀英")
    look = Look(person, pair.home.root, "dossier", "dispute")

    with pair.home.ledger.looking(look) as reader:
        one = evidence.take(reader, Subject(Kind.WORKER, person), Sight())

    code, said = verdict(one.data, tmp_path)
    assert (code, said["records"]["recorded"]) == (0, 1)
    assert [each["code"] for each in said["notices"]] == ["recorded"]
    assert "仅入账" in text_of(one.data)
