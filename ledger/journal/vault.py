"""The vault (保密柜): the only place that can open a sealed group, find a person, or forget one.

One 256-bit key a person, wrapped by a key that lives outside the database (`Keyring`). A group is
sealed as `nonce ‖ AES-256-GCM(salt ‖ payload)`; its commitment `SHA-256("pc1" ‖ salt ‖ payload)`
stands in the record, so that opening, re-encrypting or destroying leaves every hash valid.
"""

import hmac
import os
import re
import unicodedata
from collections.abc import Container, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap
from sqlalchemy import Connection, and_, delete, exists, select, update

from ledger.domain.kernel import Group, Search
from ledger.journal import canonical
from ledger.journal.codec import plan_of
from ledger.journal.database import ByKey, load
from ledger.journal.tables import at_rest, attachment, person_key, reading, sealed, token

SALT = 32
NONCE = 12
TOKEN = 16


_KEYS = ByKey(
    select(person_key.c.person, person_key.c.wrapped, person_key.c.kek), person_key.c.person
)
_BY_NUMBER = ByKey(
    select(token.c.token, token.c.person).where(token.c.kind == "number"), token.c.token
)


_one, _other = (token.alias(each) for each in ("one", "other"))
_SAME_NUMBER = ByKey(
    select(_one.c.person, _other.c.person)
    .distinct()
    .join(_other, and_(_other.c.kind == "number", _other.c.token == _one.c.token))
    .where(_one.c.kind == "number", _other.c.person != _one.c.person),
    _one.c.person,
)
_SAME_BIRTH = ByKey(
    select(_one.c.person, _other.c.person)
    .distinct()
    .join(_other, and_(_other.c.kind == "birth", _other.c.token == _one.c.token))
    .where(_one.c.kind == "birth", _other.c.person != _one.c.person),
    _one.c.person,
)
_NAMES = ByKey(select(token.c.person, token.c.token).where(token.c.kind == "name"), token.c.person)

_AT_REST = ByKey(select(at_rest.c.person, at_rest.c.state), at_rest.c.person)

RESTRICTED, SHREDDED = "restricted", "shredded"
"""How a person is at rest: nothing is opened for a while, or nothing can be opened ever again."""


class AtRest(Exception):
    """Something was about to be sealed to a person at rest; `state` says which."""

    def __init__(self, person: str, state: str) -> None:
        super().__init__(f"{person} is {state}")
        self.person, self.state = person, state


class Damaged(Exception):
    """A sealed group that does not open, or does not match what its record committed to."""


class Retired(Exception):
    """A wrapping key is not there any more: it was retired, or its file is lost."""


class Keyring:
    """The province's own keys, in a folder of owner-only files outside the database.

    `wrap-N` wraps the persons' keys (the highest N wraps new ones), `search` makes tokens,
    `command` authenticates remembered requests, `cursor` signs page cursors and sessions,
    `backup` encrypts backups of the data.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.search = self._key("search")
        self.command = self._key("command")
        self.cursor = self._key("cursor")
        self.wraps: dict[int, bytes] = {}
        if self.look_again() == 0:
            self.wraps[1] = self._key("wrap-1")
            self.newest = 1

    @property
    def backup(self) -> bytes:
        """Encrypts backups of the data; made when the first one is."""
        return self._key("backup")

    # ── the keys that wrap the persons' keys ──

    def look_again(self) -> int:
        """The newest wrapping key as the folder has it now: another process may have made one."""
        numbers = [
            int(path.name.removeprefix("wrap-"))
            for path in self.folder.glob("wrap-*")
            if path.name.removeprefix("wrap-").isdigit()
        ]
        self.newest = max(numbers, default=0)
        for number in numbers:
            self.wrap(number)
        for number in self.wraps.keys() - set(numbers):
            del self.wraps[number]
        return self.newest

    def wrap(self, number: int) -> bytes:
        """One wrapping key. Raises: Retired where it is not there."""
        held = self.wraps.get(number)
        if held is None:
            path = self.folder / f"wrap-{number}"
            if not path.exists():
                raise Retired(f"{path} is not there: restore it from the key backup")
            held = self.wraps[number] = self._read(path)
        return held

    def still_there(self, number: int) -> None:
        """Raises: Retired, where this wrapping key was retired while we used it."""
        if not (self.folder / f"wrap-{number}").exists():
            raise Retired(f"wrap-{number} was retired")

    def add_wrap(self) -> int:
        """Makes the next wrapping key, which wraps all new persons' keys from now on."""
        number = self.look_again() + 1
        self.wraps[number] = self._key(f"wrap-{number}")
        self.newest = number
        return number

    def retire(self, number: int) -> None:
        """Destroys a wrapping key: overwritten, and gone from the folder."""
        path = self.folder / f"wrap-{number}"
        with path.open("r+b") as file:
            file.write(os.urandom(32))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        _sync(self.folder)
        self.wraps.pop(number, None)

    def _key(self, name: str) -> bytes:
        """The key of this name; made where there is none.

        It comes into being whole: of several processes that start at once one makes it, and one
        that is killed leaves none.
        """
        path = self.folder / name
        if path.exists():
            return self._read(path)
        draft = self.folder / f".{name}-{os.urandom(8).hex()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(os.urandom(32))
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
        _sync(self.folder)
        return self._read(path)

    @staticmethod
    def _read(path: Path) -> bytes:
        key = path.read_bytes()
        if len(key) != 32:
            raise OSError(f"{path} is no 32-byte key; restore it from the key backup")
        return key


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class Sealing(NamedTuple):
    """What sealing gives: the commitments for the body, and the boxes to store beside it."""

    commitments: dict[str, str]
    boxes: list[tuple[str, str, bytes]]  # (person, group, box)


def commitment(salt: bytes, payload: bytes) -> str:
    return sha256(b"pc1" + salt + payload).hexdigest()


def normal_name(name: str) -> str:
    """A name as it is compared: NFC, one kind of middle dot, no spaces."""
    text = unicodedata.normalize("NFKC", name)
    return re.sub(r"\s", "", re.sub("[・•‧∙⋅．.]", "·", text)).casefold()


def _pinyin(name: str) -> tuple[str, str]:
    syllables = _syllables(name)
    surname = _SURNAMES.get(name[:1])
    if surname and syllables:
        syllables[0] = surname
    letters = [each for each in syllables if each.isascii() and each.isalpha()]
    return "".join(letters), "".join(each[0] for each in letters)


_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")


def _syllables(name: str) -> list[str]:
    """How a name is read: as the phrases in it are; without any, character by character."""
    known = _phrases()
    parts = (name[at:end] for at, end in combinations(range(len(name) + 1), 2) if end > at + 1)
    if _HAN.fullmatch(name) and not any(part in known for part in parts):
        return [_syllable(character) for character in name]
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(name, style=Style.NORMAL)


@cache
def _phrases() -> Container[str]:
    from pypinyin.constants import PHRASES_DICT  # slow to import, and only names need it

    return PHRASES_DICT


@lru_cache(maxsize=1 << 15)
def _syllable(character: str) -> str:
    from pypinyin import Style, lazy_pinyin

    return lazy_pinyin(character, style=Style.NORMAL)[0]


# Surnames that are read differently from the word that they are written with.
_SURNAMES = {
    "单": "shan", "仇": "qiu", "曾": "zeng", "解": "xie", "查": "zha", "盖": "ge", "区": "ou",
    "朴": "piao", "任": "ren", "华": "hua", "尉": "yu", "乐": "yue", "翟": "zhai", "黑": "he",
    "覃": "qin", "召": "shao", "种": "chong", "重": "chong", "折": "she", "逄": "pang",
}  # fmt: skip


class Sealer:
    """Seals for one entry. Keys that it makes are everybody's only once the entry is committed."""

    def __init__(self, vault: "Vault") -> None:
        self._vault = vault
        self._ciphers: dict[str, AESGCM] = {}
        self._fresh: dict[str, bytes] = {}

    def ready(self, conn: Connection, persons: Iterable[str]) -> None:
        """Has the keys of these persons at hand, made where there is none yet."""
        missing = [p for p in dict.fromkeys(persons) if p not in self._ciphers]
        self._ciphers.update(self._vault.ciphers(conn, missing))
        for person in missing:
            if person not in self._ciphers:
                key = self._fresh[person] = os.urandom(32)
                self._ciphers[person] = AESGCM(key)

    def seal(
        self, origin: str, stream: str, version: int, person: str,
        groups: Mapping[str, Mapping[str, str]],
    ) -> Sealing:  # fmt: skip
        """Seals each group of texts to the person (`ready` was told of her)."""
        commitments: dict[str, str] = {}
        boxes: list[tuple[str, str, bytes]] = []
        for group, texts in groups.items():
            payload = canonical.encode_own(dict(texts))
            salt = os.urandom(SALT)
            commitments[group] = commitment(salt, payload)
            box = self.box(origin, stream, version, person, group, salt, payload)
            boxes.append((person, group, box))
        return Sealing(commitments, boxes)

    def box(
        self, origin: str, stream: str, version: int, person: str, group: str,
        salt: bytes, payload: bytes,
    ) -> bytes:  # fmt: skip
        """Seals one payload; a partner's opened one too, under our key and with its own salt."""
        nonce = os.urandom(NONCE)
        bound = _bound(origin, stream, version, person, group)
        return nonce + self._ciphers[person].encrypt(nonce, salt + payload, bound)

    def keep(self, conn: Connection) -> None:
        """Stores the keys that were made, in the transaction of the records that need them.

        They are wrapped now, by the newest key-encryption key that there is at this moment.

        Raises: IntegrityError where another process has just made one (seal again, then); AtRest
        where a person was forgotten meanwhile, and Retired where the wrapping key was. Of who is
        only restricted a partner's texts are still taken into keeping.
        """
        keyring = self._vault.keyring
        if not self._fresh:
            return
        gone = self._vault.at_rest(conn, list(self._fresh))
        for person, state in gone.items():
            if state == SHREDDED:
                raise AtRest(person, state)
        newest = keyring.look_again()
        wrap = keyring.wrap(newest)
        load(conn, person_key, [
            (person, aes_key_wrap(wrap, key), newest) for person, key in self._fresh.items()
        ])  # fmt: skip
        keyring.still_there(newest)

    def committed(self) -> None:
        """The transaction stands: from now on the keys serve everybody."""
        self._vault.learn(self._ciphers)


class Vault:
    """Opens, finds and forgets, for one province; `sealer()` seals for one entry."""

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self._keyed = hmac.new(keyring.search, digestmod="sha256")
        self._ciphers: dict[str, AESGCM] = {}

    def sealer(self) -> Sealer:
        return Sealer(self)

    def ciphers(self, conn: Connection, persons: Sequence[str]) -> dict[str, AESGCM]:
        """The ciphers of those of these persons who have a key."""
        found = {p: self._ciphers[p] for p in persons if p in self._ciphers}
        missing = [p for p in persons if p not in found]
        for person, wrapped, kek in _KEYS.rows(conn, missing):
            found[person] = AESGCM(aes_key_unwrap(self.keyring.wrap(kek), wrapped))
        self.learn(found)
        return found

    def learn(self, ciphers: Mapping[str, AESGCM]) -> None:
        if len(self._ciphers) > 20_000:  # about 50 MB; what is needed again is read again
            self._ciphers = {}
        self._ciphers.update(ciphers)

    # ── opening ──

    def open(
        self, conn: Connection, origin: str, stream: str, version: int, person: str, group: str,
        box: bytes, committed: str,
    ) -> tuple[bytes, bytes] | None:  # fmt: skip
        """Opens one box: (salt, payload); None where the person has been forgotten.

        Raises: Damaged.
        """
        cipher = self._ciphers.get(person) or self.ciphers(conn, [person]).get(person)
        if cipher is None:
            return None
        try:
            opened = cipher.decrypt(
                box[:NONCE], box[NONCE:], _bound(origin, stream, version, person, group)
            )
        except InvalidTag as fault:
            raise Damaged(f"{origin} {stream} v{version} {group}") from fault
        salt, payload = opened[:SALT], opened[SALT:]
        if not hmac.compare_digest(commitment(salt, payload), committed):
            raise Damaged(f"{origin} {stream} v{version} {group}: not what was committed to")
        return salt, payload

    # ── finding ──

    def token(self, kind: str, text: str) -> bytes:
        """The keyed token of a search value: the same text, the same token, here alone."""
        made = self._keyed.copy()
        made.update(f"{kind}\n{text}".encode())
        return made.digest()[:TOKEN]

    def homes(self, codes: Iterable[str]) -> frozenset[bytes]:
        """The tokens of home divisions, by their six-digit codes."""
        return frozenset(self.token("home", code) for code in codes)

    def employer(self, name: str) -> bytes:
        """The token of an employer's whole name."""
        return self.token("employer", normal_name(name))

    def number_token(self, number: str) -> bytes:
        return self.token("number", number)

    def tokens_of(
        self, person: str, kind: str, texts: Mapping[str, str]
    ) -> list[tuple[str, bytes, str]]:
        """The tokens for the searchable texts of one kind of event."""
        made: list[tuple[str, bytes, str]] = []
        for name, search in plan_of(kind).searched:
            text = texts.get(name)
            if text:
                made += [(k, t, person) for k, t in self._tokens(search, text)]
        return made

    def _tokens(self, search: Search, text: str) -> list[tuple[str, bytes]]:
        match search:
            case Search.NUMBER:
                return [
                    ("number", self.token("number", text)),
                    ("last4", self.token("last4", text[-4:].upper())),
                ]
            case Search.NAME:
                whole = normal_name(text)
                found = [("name", self.token("name", whole))]
                sound, initials = _pinyin(whole)
                if sound:
                    found.append(("pinyin", self.token("pinyin", sound)))
                    found.append(("initials", self.token("initials", initials)))
                return found
            case Search.PHONE:
                return [("phone", self.token("phone", text))]
            case Search.BIRTH:
                return [("birth", self.token("birth", text))]
            case Search.ACCOUNT:
                return [("account", self.token("account", text))]
            case Search.HOME:
                return [("home", self.token("home", text[:6]))]
            case Search.EMPLOYER:
                return [("employer", self.token("employer", normal_name(text)))]

    def find(self, conn: Connection, **sought: str) -> list[str]:
        """Persons who match everything sought: number, last4, name, pinyin, initials, phone, birth.

        Who is restricted is not found.
        """
        found: set[str] | None = None
        for kind, text in sought.items():
            value = normal_name(text) if kind == "name" else text
            if kind in {"pinyin", "initials"}:
                value = value.lower().replace(" ", "")
            rows = conn.execute(
                select(token.c.person).where(
                    token.c.kind == kind, token.c.token == self.token(kind, value),
                    ~exists().where(at_rest.c.person == token.c.person),
                )
            )  # fmt: skip
            here = {row[0] for row in rows}
            found = here if found is None else found & here
        return sorted(found or ())

    def holders(self, conn: Connection, numbers: Sequence[str]) -> dict[str, list[str]]:
        """For each identity number, the persons known here under it; in one question a thousand."""
        by_token = {self.number_token(number): number for number in numbers}
        found: dict[str, list[str]] = {}
        for value, person in _BY_NUMBER.rows(conn, list(by_token)):
            found.setdefault(by_token[bytes(value)], []).append(person)
        return found

    def alike(self, conn: Connection, persons: Sequence[str]) -> set[tuple[str, str, str]]:
        """(person, other, by what) for others on record under the number, or under the name and
        birth date, of any of these persons; by the tokens alone, nothing is opened.

        Who is restricted is not found.
        """
        people = list(persons)
        found = {(one, other, "number") for one, other in _SAME_NUMBER.rows(conn, people)}
        # Two questions by person: asked as one, a planner begins with all who bear a name.
        born = _SAME_BIRTH.rows(conn, people)
        names: dict[str, set[bytes]] = {}
        for person, name in _NAMES.rows(conn, list({each for pair in born for each in pair})):
            names.setdefault(person, set()).add(name)
        nameless: set[bytes] = set()
        found |= {
            (one, other, "birth")
            for one, other in born
            if not names.get(one, nameless).isdisjoint(names.get(other, nameless))
        }
        resting = self.at_rest(conn, list({each for pair in found for each in pair[:2]}))
        return {pair for pair in found if resting.keys().isdisjoint(pair[:2])}

    # ── at rest ──

    def at_rest(self, conn: Connection, persons: Sequence[str]) -> dict[str, str]:
        """Those of these persons who are restricted or shredded, and which of the two."""
        return dict(_AT_REST.rows(conn, list(persons)))

    def shredded(self, conn: Connection) -> list[tuple[str, str]]:
        """(person, when) for everybody who was forgotten, the first one first."""
        rows = conn.execute(
            select(at_rest.c.person, at_rest.c.at)
            .where(at_rest.c.state == SHREDDED)
            .order_by(at_rest.c.at, at_rest.c.person)
        )
        return [(row[0], row[1]) for row in rows]

    def rest(self, conn: Connection, person: str, at: str) -> None:
        """From here on nothing of the person is opened or found; everything is kept."""
        conn.execute(at_rest.insert().values(person=person, state=RESTRICTED, at=at))

    def wake(self, conn: Connection, person: str) -> None:
        """The restriction is lifted: everything opens and is found as before."""
        conn.execute(
            delete(at_rest).where(at_rest.c.person == person, at_rest.c.state == RESTRICTED)
        )

    # ── forgetting ──

    def forget(self, conn: Connection, person: str, at: str = "") -> None:
        """Destroys a person's key, tokens and boxes, and what officers typed when they looked.

        The records stay, and every proof with them.
        """
        for table, column in (
            (person_key, person_key.c.person), (token, token.c.person),
            (sealed, sealed.c.subject), (attachment, attachment.c.subject),
            (at_rest, at_rest.c.person),
        ):  # fmt: skip
            conn.execute(delete(table).where(column == person))
        conn.execute(at_rest.insert().values(person=person, state=SHREDDED, at=at))
        self._forget_purposes(conn, person)
        self._ciphers.pop(person, None)

    def _forget_purposes(self, conn: Connection, person: str) -> None:
        """What officers wrote as their purpose may name her: its keyed hash stays."""
        rows = conn.execute(
            select(reading.c.id, reading.c.purpose).where(reading.c.person == person)
        ).all()
        for visit, purpose in rows:
            conn.execute(
                update(reading)
                .where(reading.c.id == visit, reading.c.person == person)
                .values(purpose=self.purpose_mark(visit, purpose))
            )

    def purpose_mark(self, visit: str, purpose: str) -> str:
        """What stands for a purpose in the sealed log: the same before and after forgetting."""
        if purpose.startswith(FORGOTTEN):
            return purpose
        return FORGOTTEN + self.token("purpose", f"{visit}\n{purpose}").hex()

    def restrict(
        self, conn: Connection, origin: str, person: str, groups: Iterable[Group] | None = None
    ) -> None:
        """Gives back what another journal opened to us of a person: these groups, or all."""
        boxes = delete(sealed).where(sealed.c.origin == origin, sealed.c.subject == person)
        marks = delete(token).where(token.c.origin == origin, token.c.person == person)
        if groups is not None:
            named = list(groups)
            boxes = boxes.where(sealed.c.grp.in_([group.value for group in named]))
            kinds = [kind for group in named for kind in _TOKENS_OF.get(group, ())]
            marks = marks.where(token.c.kind.in_(kinds))
        conn.execute(boxes)
        conn.execute(marks)

    def request_mac(self, account: str, request: bytes) -> bytes:
        """Authenticates a remembered request, under a key of the node and for one account."""
        return hmac.digest(self.keyring.command, account.encode() + b"\0" + request, "sha256")


FORGOTTEN = "forgotten:"
"""How a purpose begins that was forgotten with the person who was looked at."""


_TOKENS_OF = {
    Group.IDENTITY: ("number", "last4", "name", "pinyin", "initials", "birth", "home"),
    Group.CONTACT: ("phone",),
    Group.MEMBERSHIP: ("employer",),
    Group.BANK: ("account",),
}
"""Which tokens are made of the texts of a group."""


def forget_tokens(conn: Connection, origin: str, places: Sequence[tuple[str, int]]) -> None:
    """Lets these (person, position) find nobody any more: they were corrected or annulled."""
    for start in range(0, len(places), 500):
        some = places[start : start + 500]
        conn.execute(
            delete(token).where(
                token.c.person.in_({person for person, _ in some}),
                token.c.position.in_([position for _, position in some]),
                token.c.origin == origin,
            )
        )


def _bound(origin: str, stream: str, version: int, person: str, group: str) -> bytes:
    return f"{origin}\n{stream}\n{version}\n{person}\n{group}".encode()


def texts_of(payload: bytes) -> dict[str, str]:
    """The texts of an opened group."""
    return canonical.decode(payload)
