"""The vault: what is sealed opens for who holds the key, is found by tokens, and is forgotten."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ledger.domain.identity import DocumentKind
from ledger.domain.kernel import Redacted
from ledger.domain.persons import PersonRegistered
from ledger.journal import canonical
from ledger.journal.database import TAKEN, Database, load
from ledger.journal.tables import person_key, sealed, token
from ledger.journal.vault import (
    Damaged,
    Keyring,
    Vault,
    commitment,
    forget_tokens,
    normal_name,
    texts_of,
)
from tests.world import open_province

ORIGIN = "liangdi.example/guangxi"
TEXTS = {"identity": {"name": "韦秀英", "number": "451224199001010019"}}


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(Keyring(tmp_path / "keys"))


def keep(vault: Vault, database: Database, person: str = "per_a", version: int = 1) -> str:
    """Seals the texts to a person; returns the commitment."""
    sealer = vault.sealer()
    with database.writing() as conn:
        sealer.ready(conn, [person])
        made = sealer.seal(ORIGIN, person, version, person, TEXTS)
        load(conn, sealed, [(ORIGIN, version, *box) for box in made.boxes])
        sealer.keep(conn)
    sealer.committed()
    return made.commitments["identity"]


def stored(database: Database, version: int = 1) -> bytes:
    with database.reading() as conn:
        query = select(sealed.c.box).where(sealed.c.position == version)
        return bytes(conn.execute(query).scalar_one())


def opened(
    vault: Vault, database: Database, committed: str, person: str = "per_a",
    box: bytes | None = None, group: str = "identity", version: int = 1,
) -> dict[str, str] | None:  # fmt: skip
    with database.reading() as conn:
        found = vault.open(
            conn, ORIGIN, "per_a", version, person, group, box or stored(database), committed
        )
        return None if found is None else texts_of(found[1])


# ── sealing and opening ──────────────────────────────────────────────────────────────────────


def test_what_was_sealed_opens_again(vault: Vault, database: Database, tmp_path: Path) -> None:
    committed = keep(vault, database)

    elsewhere = Vault(Keyring(tmp_path / "keys"))  # another process, with the same keys

    assert opened(vault, database, committed) == TEXTS["identity"]
    assert opened(elsewhere, database, committed) == TEXTS["identity"]


def test_a_commitment_is_a_hash_of_salt_and_payload() -> None:
    payload = canonical.encode(TEXTS["identity"])

    assert payload == '{"name":"韦秀英","number":"451224199001010019"}'.encode()
    assert (
        commitment(b"s" * 32, payload) == hashlib.sha256(b"pc1" + b"s" * 32 + payload).hexdigest()
    )


def test_the_same_text_twice_has_two_commitments_and_two_boxes(
    vault: Vault, database: Database
) -> None:
    first, second = keep(vault, database, version=1), keep(vault, database, version=2)

    assert first != second
    assert stored(database, 1) != stored(database, 2)


@pytest.mark.parametrize("at", [0, 11, 12, 50, -1])
def test_a_box_that_was_changed_is_damaged(vault: Vault, database: Database, at: int) -> None:
    committed = keep(vault, database)
    changed = bytearray(stored(database))
    changed[at] ^= 1

    with pytest.raises(Damaged):
        opened(vault, database, committed, box=bytes(changed))


def test_a_box_belongs_to_its_record_its_person_and_its_group(
    vault: Vault, database: Database
) -> None:
    committed = keep(vault, database)
    keep(vault, database, "per_b", 2)

    for elsewhere in ({"version": 2}, {"group": "contact"}, {"person": "per_b"}):
        with pytest.raises(Damaged):
            opened(vault, database, committed, **elsewhere)  # type: ignore[arg-type]


def test_a_box_that_opens_to_something_else_than_was_committed_is_damaged(
    vault: Vault, database: Database
) -> None:
    keep(vault, database)

    with pytest.raises(Damaged, match="not what was committed"):
        opened(vault, database, "ab" * 32)


def test_keys_of_an_entry_that_failed_serve_nobody(vault: Vault, database: Database) -> None:
    sealer = vault.sealer()
    with database.writing() as conn:
        sealer.ready(conn, ["per_a"])
        conn.rollback()

    committed = keep(vault, database)

    assert opened(vault, database, committed) == TEXTS["identity"]


def test_two_who_make_a_persons_first_key_at_once_do_not_both_keep_it(
    vault: Vault, database: Database
) -> None:
    one, other = vault.sealer(), vault.sealer()
    with database.reading() as conn:
        one.ready(conn, ["per_a"])
        other.ready(conn, ["per_a"])
    with database.writing() as conn:
        one.keep(conn)

    with pytest.raises(TAKEN), database.writing() as conn:
        other.keep(conn)


def test_many_persons_have_their_keys_at_hand(vault: Vault, database: Database) -> None:
    people = [f"per_{n}" for n in range(1200)]
    sealer = vault.sealer()
    with database.writing() as conn:
        sealer.ready(conn, people)
        sealer.keep(conn)

    with database.reading() as conn:
        found = Vault(vault.keyring).ciphers(conn, [*people, "per_unknown"])

    assert set(found) == set(people)


# ── the province's keys ──────────────────────────────────────────────────────────────────────


def test_the_keyring_is_the_owners_alone(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys")

    files = sorted((tmp_path / "keys").iterdir())

    assert [path.name for path in files] == ["command", "cursor", "search", "wrap-1"]
    assert all(path.stat().st_mode & 0o077 == 0 for path in (*files, tmp_path / "keys"))
    assert len({keyring.search, keyring.command, keyring.cursor, keyring.wraps[1]}) == 4


def test_processes_that_start_at_once_share_one_keyring(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keyrings = list(pool.map(lambda _: Keyring(tmp_path / "keys"), range(8)))

    assert len({(each.search, each.wraps[1]) for each in keyrings}) == 1


def test_a_key_that_is_cut_short_is_not_taken_for_one(tmp_path: Path) -> None:
    Keyring(tmp_path / "keys")
    (tmp_path / "keys" / "search").write_bytes(b"short")

    with pytest.raises(OSError, match="restore it"):
        Keyring(tmp_path / "keys")


def test_a_newer_wrapping_key_wraps_what_is_new_and_the_old_still_opens(
    vault: Vault, database: Database, tmp_path: Path
) -> None:
    old = keep(vault, database)
    (tmp_path / "keys" / "wrap-2").write_bytes(os.urandom(32))

    renewed = Vault(Keyring(tmp_path / "keys"))
    keep(renewed, database, "per_b", 2)

    assert opened(renewed, database, old) == TEXTS["identity"]
    with database.reading() as conn:
        rows = conn.execute(select(person_key.c.person, person_key.c.kek)).all()
    assert {tuple(row) for row in rows} == {("per_a", 1), ("per_b", 2)}


# ── finding ──────────────────────────────────────────────────────────────────────────────────


def registered(vault: Vault, database: Database, person: str, **texts: str) -> None:
    tokens = vault.tokens_of(person, "PersonRegistered", texts)
    with database.writing() as conn:
        load(conn, token, [(k, t, p, ORIGIN, 1) for k, t, p in dict.fromkeys(tokens)])


def found(vault: Vault, database: Database, **sought: str) -> list[str]:
    with database.reading() as conn:
        return vault.find(conn, **sought)


PEOPLE = {
    "per_dot": {"name": "古丽米热·艾比布力"},
    "per_one": {"name": "丽"},
    "per_rare": {"name": "㛃𠮷"},
    "per_shan": {"name": "单雄信"},
    "per_qiu": {"name": "仇英"},
    "per_plain": {
        "name": "韦秀英", "number": "45122419900101001X", "phone": "13800000000",
        "birth": "1990-01-01",
    },
}  # fmt: skip


@pytest.fixture
def known(vault: Vault, database: Database) -> Vault:
    for person, texts in PEOPLE.items():
        registered(vault, database, person, **texts)
    return vault


@pytest.mark.parametrize(
    ("sought", "person"),
    [
        ({"name": "古丽米热·艾比布力"}, "per_dot"),
        ({"name": "古丽米热•艾比布力"}, "per_dot"),
        ({"name": "古丽米热．艾比布力"}, "per_dot"),
        ({"name": " 古丽米热 ・ 艾比布力 "}, "per_dot"),
        ({"initials": "glmrabbl"}, "per_dot"),
        ({"name": "丽"}, "per_one"),
        ({"pinyin": "li"}, "per_one"),
        ({"name": "㛃𠮷"}, "per_rare"),
        ({"pinyin": "shan xiong xin"}, "per_shan"),
        ({"pinyin": "qiuying"}, "per_qiu"),
        ({"initials": "QY"}, "per_qiu"),
        ({"pinyin": "Wei Xiuying"}, "per_plain"),
        ({"number": "45122419900101001X"}, "per_plain"),
        ({"last4": "001X"}, "per_plain"),
        ({"phone": "13800000000"}, "per_plain"),
        ({"birth": "1990-01-01", "name": "韦秀英"}, "per_plain"),
    ],
    ids=str,
)
def test_a_person_is_found_by_what_is_known_of_them(
    known: Vault, database: Database, sought: dict[str, str], person: str
) -> None:
    assert found(known, database, **sought) == [person]


@pytest.mark.parametrize(
    "sought",
    [
        {"name": "韦秀"}, {"pinyin": "danxiongxin"}, {"number": "451224199001010019"},
        {"birth": "1990-01-01", "name": "丽"},
    ],
    ids=str,
)  # fmt: skip
def test_nobody_is_found_by_what_does_not_fit(
    known: Vault, database: Database, sought: dict[str, str]
) -> None:
    assert found(known, database, **sought) == []


def test_numbers_are_looked_up_a_thousand_at_a_time(known: Vault, database: Database) -> None:
    registered(known, database, "per_same", number="45122419900101001X")
    sought = [*(f"4512241990010{n:05}" for n in range(1200)), "45122419900101001X"]

    with database.reading() as conn:
        holders = known.holders(conn, sought)

    assert {number: sorted(people) for number, people in holders.items()} == {
        "45122419900101001X": ["per_plain", "per_same"]
    }


def test_tokens_of_another_province_find_nothing_here(
    known: Vault, database: Database, tmp_path: Path
) -> None:
    elsewhere = Vault(Keyring(tmp_path / "other keys"))

    assert found(elsewhere, database, name="韦秀英") == []
    assert elsewhere.number_token("1") != known.number_token("1")


def test_no_text_stands_in_the_database(known: Vault, database: Database) -> None:
    keep(known, database)

    with database.reading() as conn:
        rows = [*conn.execute(select(token)), *conn.execute(select(sealed))]
    everything = b"".join(
        bytes(v) if isinstance(v, bytes) else str(v).encode() for r in rows for v in r
    )

    for text in ("韦秀英", "451224199001010019", "13800000000", "weixiuying"):
        assert text.encode() not in everything


@pytest.mark.parametrize(
    ("one", "other"), [("A・B", "a·b"), ("韦 秀英", "韦秀英"), ("Ａｎｎａ", "anna")]
)
def test_names_are_compared_in_one_form(one: str, other: str) -> None:
    assert normal_name(one) == normal_name(other)


def test_a_corrected_text_no_longer_finds(known: Vault, database: Database) -> None:
    with database.writing() as conn:
        forget_tokens(conn, ORIGIN, [("per_plain", 1)])

    assert found(known, database, name="韦秀英") == []
    assert found(known, database, name="丽") == ["per_one"]


# ── forgetting ───────────────────────────────────────────────────────────────────────────────


def test_who_is_forgotten_opens_and_is_found_no_more(known: Vault, database: Database) -> None:
    committed = keep(known, database, "per_a")
    registered(known, database, "per_a", name="黄大年")
    box = stored(database)

    with database.writing() as conn:
        known.forget(conn, "per_a")

    assert opened(known, database, committed, box=box) is None
    assert opened(Vault(known.keyring), database, committed, box=box) is None
    assert found(known, database, name="黄大年") == []
    with database.reading() as conn:
        for table in (sealed, person_key):
            assert conn.execute(select(func.count()).select_from(table)).scalar() == 0


def test_a_forgotten_person_reads_as_shredded_and_the_record_stands(tmp_path: Path) -> None:
    world = open_province(tmp_path)
    worker = world.worker("韦秀英", phone="13800000000")
    with world.ledger.database.writing() as conn:
        world.ledger.vault.forget(conn, worker)

    with world.ledger.looking(world.look()) as reader:
        (fact,) = reader.opened(reader.records(worker))
    world.ledger.close()

    assert isinstance(fact.event, PersonRegistered)
    assert fact.event.document is DocumentKind.CITIZEN_NUMBER
    for text in (fact.event.name, fact.event.phone):
        assert isinstance(text, Redacted)
        assert text.why == "shredded"


def test_a_requests_mac_is_of_one_account(vault: Vault) -> None:
    assert vault.request_mac("a", b"bc") != vault.request_mac("ab", b"c")
    assert vault.request_mac("a", b"b") == vault.request_mac("a", b"b")
