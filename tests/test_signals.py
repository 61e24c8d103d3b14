"""Signals: each of them met by real ledgers, told alike everywhere, and gone when it has passed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from ledger import procedures
from ledger.clock import Clock
from ledger.domain.channels import Cause
from ledger.domain.ids import new_partnership
from ledger.domain.kernel import Office
from ledger.domain.persons import Person
from ledger.exchange import wire
from ledger.exchange.mirroring import Mirroring
from ledger.exchange.reading import Reading
from ledger.exchange.running import standings
from ledger.exchange.signals import Signal, signals
from ledger.exchange.wire import (
    Checkpoint,
    Line,
    Page,
    PageDiffers,
    RecordTwice,
    RolledBack,
    TileDiffers,
    TwoHistories,
)
from ledger.exchange.witnessing import Attesting, attest
from ledger.journal import alarms, canonical, codec
from ledger.journal.merkle import Frontier, leaf_hash, root_at
from ledger.journal.recorder import LogReader, grow, move_head, read_head
from ledger.journal.signing import LedgerRewritten, SignedLost
from ledger.journal.tables import channel_leaf, checkpoint, contact, head, record, vouched
from ledger.journal.tiles import Asked
from ledger.journal.witness import Answer
from ledger.projections.channels import leaf_of
from tests.pair import BASIS, Pair, annex, close, open_pair
from tests.test_exchange import Cheat
from tests.world import World


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path)
    yield opened
    close(opened)


@pytest.fixture
def mixed(tmp_path: Path, ledger_url: str) -> Iterator[Pair]:
    """The province that looks, on either database."""
    opened = open_pair(tmp_path, host_url=ledger_url)
    yield opened
    close(opened)


def told(world: World) -> list[Signal]:
    with world.ledger.reading() as reader:
        return signals(reader)


def kinds(world: World) -> list[str]:
    return [each.kind for each in told(world)]


def one(world: World, kind: str) -> Signal:
    (found,) = [each for each in told(world) if each.kind == kind]
    return found


class Turns:
    """A witness that answers as it is told to, and then as the one behind it."""

    def __init__(self, behind: Any) -> None:
        self.behind, self.keys = behind, behind.keys
        self.answers: list[Answer] = []

    def add_checkpoint(self, body: bytes) -> Answer:
        return self.answers.pop(0) if self.answers else self.behind.add_checkpoint(body)

    def latest(self, origin: str) -> bytes | None:
        return self.behind.latest(origin)


def turn(*ledgers: World) -> None:
    """One round of the background's signing and offering."""
    Attesting([each.ledger for each in ledgers])._turn(ledgers[0].ledger)


# ── nothing ──────────────────────────────────────────────────────────────────────────────────


def test_two_that_have_just_exchanged_have_nothing_to_look_at(mixed: Pair) -> None:
    mixed.agree()

    assert told(mixed.home) == told(mixed.host) == []
    (stands,) = standings(mixed.host.ledger)
    assert stands.cosigned == stands.own
    assert stands.cosigned_at is not None
    assert stands.witnessed > 0


# ── how old is too old ───────────────────────────────────────────────────────────────────────


def test_a_partner_that_is_silent_longer_than_agreed_is_late(mixed: Pair) -> None:
    mixed.agree(replace(annex(), heard_hours=48))
    mixed.host.time.at += timedelta(hours=47)
    assert "PartnerLate" not in kinds(mixed.host)

    mixed.host.time.at += timedelta(hours=2)

    late = one(mixed.host, "PartnerLate")
    assert (late.about, late.name) == (mixed.home.origin, "广西壮族自治区")
    assert (late.facts["hours"], late.facts["agreed"]) == (49, 48)
    assert "49 小时没有消息" in str(late)
    mixed.sync()
    assert "PartnerLate" not in kinds(mixed.host)


def test_a_partner_that_was_never_heard_is_late_from_the_first_day_of_the_agreement(
    pair: Pair,
) -> None:
    pair.propose()
    assert told(pair.home) == []  # nothing is agreed yet

    pair.sync()
    pair.sign(pair.host)
    pair.sync()
    with pair.home.ledger.database.writing() as conn:
        conn.execute(delete(contact))
    pair.home.time.at += timedelta(hours=30)

    assert one(pair.home, "PartnerLate").since is not None


def test_of_several_agreements_the_strictest_counts(pair: Pair) -> None:
    pair.agree(replace(annex(), heard_hours=72, witnessed_hours=10))
    pair.partnership = new_partnership()
    pair.agree(replace(annex(), heard_hours=20, witnessed_hours=90))
    pair.home.union("之后的工会")
    pair.home.ledger.signer.sign(pair.home.ledger.clock.now())
    pair.home.time.at += timedelta(hours=21)

    assert one(pair.home, "PartnerLate").facts["agreed"] == 20
    assert one(pair.home, "CosignatureOld").facts["agreed"] == 10


def test_a_record_that_no_witness_has_seen_for_longer_than_agreed(mixed: Pair) -> None:
    mixed.agree(replace(annex(), witnessed_hours=4))
    mixed.host.time.at += timedelta(days=9)
    assert "CosignatureOld" not in kinds(mixed.host)  # nothing was recorded, so nothing waits

    mixed.host.union("未见证的工会")
    mixed.host.time.at += timedelta(hours=5)

    old = one(mixed.host, "CosignatureOld")
    assert old.about == f"{mixed.home.origin}/witness"
    assert (old.facts["hours"], old.facts["agreed"]) == (5, 4)
    mixed.sync()
    assert told(mixed.host) == []


def test_a_witness_with_whom_nothing_is_agreed_is_measured_by_our_own_setting(pair: Pair) -> None:
    home = pair.home.ledger
    home.trust.trust(*pair.host.ledger.witness.keys)
    home.signer.sign(home.clock.now())
    pair.home.time.at += timedelta(hours=home.terms.witnessed_hours + 1)

    assert one(pair.home, "CosignatureOld").facts["agreed"] == home.terms.witnessed_hours


def test_a_record_that_waits_for_our_own_signature(mixed: Pair) -> None:
    mixed.agree()
    mixed.host.union("未签名的工会")
    assert told(mixed.host) == []

    mixed.host.time.at += timedelta(hours=2)

    late = one(mixed.host, "SignerLate")
    assert late.facts["hours"] == 2
    mixed.host.ledger.signer.sign(mixed.host.ledger.clock.now())
    assert "SignerLate" not in kinds(mixed.host)


# ── what a partner has shown ─────────────────────────────────────────────────────────────────


def test_a_partner_that_rolled_back_is_told_until_its_channel_goes_on(mixed: Pair) -> None:
    mixed.agree()
    with mixed.home.ledger.database.reading() as conn:
        before = root_at(LogReader(conn, mixed.to_host.log, channel=True), 1)
    reading = Reading(
        mixed.host.ledger, Cheat(mixed.to_host, checkpoint=lambda said: Checkpoint(1, before))
    )

    for _ in range(2):
        with pytest.raises(RolledBack):
            reading.once()

    back = one(mixed.host, "PartnerRolledBack")
    assert (back.facts["theirs"], back.grave) == (1, True)
    assert back.facts["mine"] > 1
    assert not alarms_of(mixed.host)  # a restored backup is no misbehaviour
    mixed.host_reads()
    assert told(mixed.host) == []


def test_two_histories_are_kept_as_evidence_and_stand_after_a_good_answer(mixed: Pair) -> None:
    mixed.agree()
    cheat = Cheat(mixed.to_host, checkpoint=lambda said: Checkpoint(said.size, bytes(32)))
    reading = Reading(mixed.host.ledger, cheat)

    for _ in range(2):
        with pytest.raises(TwoHistories):
            reading.once()
    mixed.host_reads()

    shown = one(mixed.host, "TwoHistoriesShown")
    (kept,) = alarms_of(mixed.host)
    assert shown.evidence == (kept.digest,)
    said = json.loads(kept.shown)
    assert said["their_root"] == bytes(32).hex()
    assert said["my_root"] != said["their_root"]
    assert (said["mine"], said["channel"]) == (said["theirs"], mixed.to_host.log)


def test_a_record_shown_twice_is_evidence_too(pair: Pair) -> None:
    """The keeper of the channel puts one record in once more, and signs for it."""
    pair.agree()
    log = pair.to_host.log
    with pair.home.ledger.database.writing() as conn:
        before = read_head(conn, log, lock=True)
        first = (
            conn.execute(select(channel_leaf).where(channel_leaf.c.log == log)).mappings().first()
        )
        assert first is not None
        at = (record.c.origin == pair.home.origin, record.c.position == first["position"])
        shown = conn.execute(select(record).where(*at)).mappings().one()
        number = before.frontier.size + 1
        header = canonical.encode({**canonical.decode(first["header"]), "number": number})
        data = shown["header"] + b"\n" + shown["body"]
        grown = grow(conn, log, before.frontier, [leaf_of(header, data)], channel=True)
        move_head(conn, log, before, before._replace(frontier=grown))

    class Twice(Cheat):
        def page(self, first: int, limit: int, size: int) -> Page:
            return Page([Line(header, data)])

    with pytest.raises(RecordTwice):
        Reading(pair.host.ledger, Twice(pair.to_host)).once()

    assert one(pair.host, "TwoHistoriesShown").facts["kind"] == "RecordTwice"


def test_a_page_that_does_not_prove_is_told_until_a_good_one_comes(pair: Pair) -> None:
    pair.agree()
    pair.member("韦秀英")
    pair.home.union("再来一页的工会")
    empty = Cheat(pair.to_host, page=lambda page: page._replace(lines=()))

    with pytest.raises(PageDiffers):
        Reading(pair.host.ledger, empty).once()

    unproven = one(pair.host, "ChannelUnproven")
    assert unproven.facts["kind"] == "PageDiffers"
    assert PageDiffers.zh in str(unproven)
    pair.host_reads()
    assert told(pair.host) == []


def test_a_tile_that_leads_to_no_witnessed_root_is_told_until_a_good_one_comes(pair: Pair) -> None:
    """It is no second history yet: nothing is kept as evidence, and nothing is signed for."""
    pair.agree()
    pair.home.union("再来一页的工会")
    pair.host_reads()
    attest(pair.home.ledger, [pair.host.ledger.witness])

    class Spoilt(Cheat):
        def tile(self, asked: Asked) -> bytes:
            return bytes(32) + super().tile(asked)[32:]

    mirroring = Mirroring(pair.host.ledger, Spoilt(pair.to_host))
    for _ in range(2):
        with pytest.raises(TileDiffers):
            mirroring.once()

    unproven = one(pair.host, "ChannelUnproven")
    assert unproven.facts["kind"] == "TileDiffers"
    assert TileDiffers.zh in str(unproven)
    Mirroring(pair.host.ledger, pair.to_host).once()
    pair.host_reads()
    assert told(pair.host) == []


def test_parked_records_are_told_with_their_numbers(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.agree()
    stuck, _ = pair.member("韦秀英")
    with pair.home.entry(pair.village, Office.LIAISON) as entry:
        procedures.share(entry, stuck, pair.host.origin, BASIS, Cause.ROSTER)

    def strange(kind: str, body: Any) -> None:
        if kind == "PersonRegistered":
            raise codec.Misfit("a shape of tomorrow")

    with monkeypatch.context() as older:
        older.setattr(wire.codec, "check", strange)
        pair.sync()
        with pair.home.entry(pair.village) as entry:
            entry.write(Person().rename(entry.act, stuck, "韦秀莲"))
        pair.sync()

    waits = one(pair.host, "RecordsParked")
    assert (waits.facts["count"], waits.facts["behind"]) == (1, 1)
    assert waits.facts["why"] == ["body"]
    pair.at_host.unpark()
    assert told(pair.host) == []


def test_a_rewritten_journal_is_refused_and_the_request_can_be_taken_to_a_judge(
    pair: Pair,
) -> None:
    pair.agree()
    rewrite(pair.home)

    with pytest.raises(LedgerRewritten):
        attest(pair.home.ledger, [pair.host.ledger.witness])

    refused = one(pair.host, "RewriteRefused")
    (kept,) = alarms_of(pair.host)
    assert (refused.about, refused.evidence) == (pair.home.origin, (kept.digest,))
    assert kept.shown.startswith(b"old ")
    assert refused.facts["size"] == kept.size


# ── what our own work has met ────────────────────────────────────────────────────────────────


def test_a_checkpoint_that_a_witness_refuses_is_told_until_it_takes_one(pair: Pair) -> None:
    pair.agree()
    witness = Turns(pair.host.ledger.witness)
    witness.answers = [Answer(403, b"not known here\n"), Answer(200, b"rubbish\n")]
    attesting = Attesting([pair.home.ledger])
    attesting._witnesses = lambda ledger: [witness]
    pair.home.union("要签名的工会")

    attesting._turn(pair.home.ledger)
    first = one(pair.home, "CheckpointRefused")
    for _ in range(2):
        attesting._turn(pair.home.ledger)
    second = one(pair.home, "CheckpointRefused")
    for _ in range(4):
        attesting._turn(pair.home.ledger)

    assert "（403）：not known here" in str(first)
    assert first.about == f"{pair.host.origin}/witness"
    assert second.since == first.since
    assert told(pair.home) == []


def test_what_was_met_before_a_restart_passes_after_it(pair: Pair) -> None:
    pair.agree()
    with pair.home.ledger.database.writing() as conn:
        name = f"{pair.host.origin}/witness"
        alarms.meet(conn, name, "refusal", "2026-03-02T01:00:00.000000Z", {"said": "?"})
    assert kinds(pair.home) == ["CheckpointRefused"]

    turn(pair.home, pair.host)

    assert told(pair.home) == []


def test_a_ledger_that_is_read_only_says_why(pair: Pair) -> None:
    pair.agree()
    file = pair.home.ledger.vault.keyring.folder / "signed"
    kept = file.read_bytes()
    file.unlink()
    pair.home.union("之后的工会")

    turn(pair.home, pair.host)

    barred = one(pair.home, "LedgerBarred")
    assert barred.facts["why"] == "SignedLost"
    assert SignedLost.zh in str(barred)
    assert pair.home.ledger.signer.bar is not None
    file.write_bytes(kept)
    pair.home.ledger.signer.bar = None
    turn(pair.home, pair.host)
    assert told(pair.home) == []


def test_a_clock_that_jumped_is_told_by_whoever_asks(pair: Pair) -> None:
    pair.agree()
    ledger, right, started = pair.home.ledger, pair.home.ledger.clock, pair.home.time.at
    wall = iter([started, *[started + timedelta(minutes=20)] * 9])
    ledger.clock = Clock(lambda: next(wall), lambda: 0.0)

    turn(pair.home, pair.host)
    here = one(pair.home, "ClockMoved")
    ledger.clock = right  # another process, whose own clock has not moved
    elsewhere = one(pair.home, "ClockMoved")

    assert here.facts == elsewhere.facts
    turn(pair.home, pair.host)
    assert told(pair.home) == []


# ── how it is kept ───────────────────────────────────────────────────────────────────────────


def test_evidence_is_found_by_the_beginning_of_its_digest(pair: Pair) -> None:
    with pair.home.ledger.database.writing() as conn:
        for number in range(40):
            alarms.keep(conn, "example.org/log", "refused", f"old {number}".encode(), "2026")
        found = alarms.contradictions(conn)
        assert alarms.contradiction_of(conn, found[0].digest[:16]) == found[0]
        assert alarms.contradiction_of(conn, "") is None
        assert alarms.contradiction_of(conn, "%") is None


def alarms_of(world: World) -> list[alarms.Contradiction]:
    with world.ledger.database.reading() as conn:
        return alarms.contradictions(conn)


def rewrite(world: World) -> None:
    """The keeper changes an old record, every hash above it, and the signer's own memory."""
    ledger = world.ledger
    with ledger.database.writing() as conn:
        whole = record.c.origin == ledger.origin
        rows = conn.execute(select(record.c.leaf).where(whole).order_by(record.c.position))
        leaves = [bytes(row[0]) for row in rows]
        leaves[0] = leaf_hash(b"another beginning")
        conn.execute(update(record).where(whole, record.c.position == 1).values(leaf=leaves[0]))
        tree = Frontier().extend(leaves)
        at = head.c.log == ledger.origin
        conn.execute(update(head).where(at).values(frontier=tree.to_bytes()))
        conn.execute(delete(vouched).where(vouched.c.log == ledger.origin))
        conn.execute(delete(checkpoint).where(checkpoint.c.log == ledger.origin))
    ledger.signer._write(tree)
    ledger.recorder._head = None
    world.union("改写之后的工会")
