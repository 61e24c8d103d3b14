"""Alarms settled in real ledgers: the signal goes, the evidence stays, and nothing is believed for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger import procedures
from ledger.domain.alarms import (
    AlarmOfTheLedger,
    AlarmSettledAlready,
    EpochNotRead,
    Explanation,
    NoSuchAlarm,
)
from ledger.domain.corrections import Why
from ledger.domain.kernel import Office
from ledger.domain.offices import NotYourOffice
from ledger.exchange.reading import Reading
from ledger.exchange.signals import Signal, signals
from ledger.exchange.wire import Checkpoint, PageDiffers, TwoHistories
from ledger.exchange.witnessing import Attesting, attest
from ledger.journal import alarms, checkpoints
from ledger.journal.alarms import Contradiction
from ledger.journal.signing import LedgerRewritten
from ledger.journal.witness import Answer
from ledger.projections import rebuild
from ledger.projections.alarms import VIEW, settled
from tests.pair import Pair, close, open_pair
from tests.test_exchange import Cheat
from tests.test_signals import Turns, rewrite
from tests.world import World

SAID = "已与对方总工会电话核实，是其测试机误发"


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    opened = open_pair(tmp_path)
    yield opened
    close(opened)


@pytest.fixture
def mixed(tmp_path: Path, ledger_url: str) -> Iterator[Pair]:
    """The province that settles, on either database."""
    opened = open_pair(tmp_path, host_url=ledger_url)
    yield opened
    close(opened)


def told(world: World) -> list[Signal]:
    with world.ledger.reading() as reader:
        return signals(reader)


def kinds(world: World) -> list[str]:
    return [each.kind for each in told(world)]


def kept(world: World) -> list[Contradiction]:
    with world.ledger.database.reading() as conn:
        return alarms.contradictions(conn)


def settle(
    world: World, *digests: str, cause: Explanation = Explanation.TEST, union: str = "",
    office: Office = Office.CHAIR,
) -> None:  # fmt: skip
    """Settles these alarms, or all that stand."""
    chosen = digests or [each for signal in told(world) for each in signal.alarms]
    with world.entry(union or world.root, office) as entry:
        procedures.settle_alarms(entry, chosen, cause, SAID)


def refused(pair: Pair) -> None:
    """The home province rewrites its past and asks the host to cosign it."""
    with pytest.raises(LedgerRewritten):
        attest(pair.home.ledger, [pair.host.ledger.witness])
    pair.home.ledger.signer.bar = None  # who rewrites does not mind that


# ── settled ──────────────────────────────────────────────────────────────────────────────────


def test_a_settled_alarm_is_no_signal_and_its_evidence_stays_as_it_came(mixed: Pair) -> None:
    mixed.agree()
    rewrite(mixed.home)
    refused(mixed)
    (before,) = kept(mixed.host)

    settle(mixed.host)

    assert kinds(mixed.host) == []
    assert kept(mixed.host) == [before]
    with mixed.host.ledger.reading() as reader:
        (one,) = settled(reader.conn, mixed.host.origin).values()
        assert procedures.standing_alarms(reader) == frozenset()
    assert (one.log, one.digest, one.kind) == (mixed.home.origin, before.digest, "refused")
    assert (one.cause, one.finding) == (Explanation.TEST, SAID)
    assert one.decider == mixed.host.officer(mixed.host.root, Office.CHAIR)
    assert one.on == mixed.host.ledger.today


def test_what_is_not_kept_what_is_settled_and_what_is_anothers_is_refused(pair: Pair) -> None:
    pair.agree()
    rewrite(pair.home)
    refused(pair)
    (one,) = kept(pair.host)

    with pytest.raises(NoSuchAlarm):
        settle(pair.host, one.digest, "0" * 64)
    with pytest.raises(AlarmOfTheLedger):
        settle(pair.host, one.digest, union=pair.street)
    with pytest.raises(NotYourOffice):
        settle(pair.host, one.digest, office=Office.CLERK)
    with pytest.raises(EpochNotRead):
        settle(pair.host, one.digest, cause=Explanation.EPOCH_BEGUN)
    assert kinds(pair.host) == ["RewriteRefused"]
    settle(pair.host, one.digest, office=Office.PRIVACY)
    with pytest.raises(AlarmSettledAlready):
        settle(pair.host, one.digest)


def test_an_annulled_settlement_lets_the_alarm_stand_again_live_and_rebuilt(pair: Pair) -> None:
    pair.agree()
    rewrite(pair.home)
    refused(pair)
    settle(pair.host)
    with pair.host.ledger.reading() as reader:
        (one,) = settled(reader.conn, pair.host.origin).values()

    with pair.host.entry(pair.host.root, Office.CHAIR) as entry:
        procedures.annul(entry, one.position, Why.NOT_SO, "不是测试机，是其正式库")

    assert kinds(pair.host) == ["RewriteRefused"]
    rebuild(pair.host.ledger.database, pair.host.origin, VIEW)
    assert kinds(pair.host) == ["RewriteRefused"]
    settle(pair.host, cause=Explanation.RECORD_CHANGED)
    rebuild(pair.host.ledger.database, pair.host.origin, VIEW)
    assert kinds(pair.host) == []


# ── what it does not do ──────────────────────────────────────────────────────────────────────


def test_a_settled_alarm_never_makes_us_cosign_the_other_history(mixed: Pair) -> None:
    mixed.agree()
    rewrite(mixed.home)
    refused(mixed)
    with mixed.host.ledger.database.reading() as conn:
        before = checkpoints.last_vouched(conn, mixed.home.origin)
    settle(mixed.host, cause=Explanation.RECORD_CHANGED)

    refused(mixed)  # the very same, asked once more
    again = told(mixed.host)
    mixed.home.union("改写之后的工会")
    refused(mixed)  # and what was built upon it

    assert [each.kind for each in again] == ["RewriteRefused"]
    assert len(kept(mixed.host)) == 2
    with mixed.host.ledger.database.reading() as conn:
        assert checkpoints.last_vouched(conn, mixed.home.origin) == before


def test_a_settled_alarm_never_makes_us_read_the_other_history(pair: Pair) -> None:
    pair.agree()
    other = Cheat(pair.to_host, checkpoint=lambda said: Checkpoint(said.size, bytes(32)))
    with pytest.raises(TwoHistories):
        Reading(pair.host.ledger, other).once()
    settle(pair.host, cause=Explanation.OTHER)
    assert kinds(pair.host) == []

    with pytest.raises(TwoHistories):
        Reading(pair.host.ledger, other).once()

    assert kinds(pair.host) == ["TwoHistoriesShown"]
    (one,) = kept(pair.host)
    assert one.times == 2
    settle(pair.host)
    pair.member("韦秀英")
    pair.sync()  # the channel that begins as it did is read on, as before
    assert kinds(pair.host) == []


def test_what_is_shown_beyond_what_is_kept_is_heard_all_the_same(pair: Pair) -> None:
    log, at = "liangdi.example/guangxi", "2026-03-02T01:00:00.000000Z"
    with pair.host.ledger.database.writing() as conn:
        for number in range(alarms.MOST):
            alarms.keep(conn, log, "refused", f"old {number}\n".encode(), at)
    settle(pair.host)
    assert kinds(pair.host) == []

    with pair.host.ledger.database.writing() as conn:
        alarms.keep(conn, log, "refused", b"one too many\n", "2026-03-03T01:00:00.000000Z")

    assert len(kept(pair.host)) == alarms.MOST
    (signal,) = told(pair.host)
    assert len(signal.alarms) == 1


# ── what passes by itself, and what would not ────────────────────────────────────────────────


def test_of_a_partner_that_never_comes_back_its_last_trouble_is_settled_too(pair: Pair) -> None:
    pair.agree()
    pair.home.union("再来一页的工会")
    empty = Cheat(pair.to_host, page=lambda page: page._replace(lines=()))
    with pytest.raises(PageDiffers):
        Reading(pair.host.ledger, empty).once()
    assert kinds(pair.host) == ["ChannelUnproven"]

    settle(pair.host, cause=Explanation.PARTNER_GONE)

    assert kinds(pair.host) == []
    with pytest.raises(PageDiffers):
        Reading(pair.host.ledger, empty).once()
    assert kinds(pair.host) == ["ChannelUnproven"]
    pair.host_reads()
    assert kinds(pair.host) == []


def test_a_witness_that_goes_on_refusing_is_told_again_after_it_was_settled(pair: Pair) -> None:
    pair.agree()
    witness = Turns(pair.host.ledger.witness)
    witness.answers = [Answer(403, b"not known here\n")] * 2
    attesting = Attesting([pair.home.ledger])
    attesting._witnesses = lambda ledger: [witness]
    pair.home.union("要签名的工会")
    attesting._turn(pair.home.ledger)
    assert kinds(pair.home) == ["CheckpointRefused"]
    settle(pair.home, cause=Explanation.PARTNER_GONE)
    assert kinds(pair.home) == []

    for _ in range(2):
        attesting._turn(pair.home.ledger)

    assert kinds(pair.home) == ["CheckpointRefused"]


def test_what_our_own_node_has_to_mend_is_nobodys_to_settle(pair: Pair) -> None:
    pair.agree()
    file = pair.home.ledger.vault.keyring.folder / "signed"
    file.unlink()
    pair.home.union("之后的工会")
    Attesting([pair.home.ledger])._turn(pair.home.ledger)

    (barred,) = [each for each in told(pair.home) if each.kind == "LedgerBarred"]

    assert barred.alarms == ()
    with pair.home.ledger.reading() as reader:
        assert list(procedures.alarms(reader)) == []
