"""The window (窗口): how workers come in, without an account and without a password.

A code sent to the phone on record, or one that a clerk hands out; a session of a kind of its own,
which sees one person's file and those of the minors whose guardian she is; and the posters by
which a union takes in applications. Codes and sessions are kept by their hashes only, and nothing
here is a fact.

A code has six digits, holds for five minutes and five tries; whether a number is on record makes
no difference to any answer.
"""

import hmac
import json
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from hashlib import sha256
from secrets import choice, randbelow, token_urlsafe
from typing import Any

from sqlalchemy import Column, Index, Integer, Row, Table, Text, delete, insert, select, update

from ledger import procedures
from ledger.book import Ledger, Look, Reader
from ledger.desk import session
from ledger.domain.identity import normalise_phone, problems_of_phone
from ledger.domain.ids import PersonId, UnionId
from ledger.domain.kernel import Act, Office
from ledger.domain.persons import Person
from ledger.journal.record import instant, written
from ledger.journal.tables import metadata
from ledger.projections import worker_files
from ledger.projections.posting import put

log = logging.getLogger("liangdi.window")

# One code at a time for each telephone, known or not.
phone_code = Table(
    "phone_code",
    metadata,
    Column("phone", Text, primary_key=True),  # keyed: the number itself stands nowhere
    Column("code", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("made", Text, nullable=False),
    Column("until", Text, nullable=False),
    Column("sent", Integer, nullable=False),  # within the hour that began at `since`
    Column("since", Text, nullable=False),
)

# What a clerk hands out at a counter: opens one person's pages once.
door_code = Table(
    "door_code",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("person", Text, nullable=False),
    Column("made_by", Text, nullable=False),  # the clerk's account
    Column("made", Text, nullable=False),
    Column("until", Text, nullable=False),
)

poster = Table(
    "poster",
    metadata,
    Column("code", Text, primary_key=True),
    Column("union", Text, nullable=False),
    Column("employer", Text, nullable=False),
    Column("campaign", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made", Text, nullable=False),
    Column("closed", Text, nullable=False),
    Index("poster_union", "union"),
)

WORKER = "worker"
"""The kind of a worker's session: no officer's secret opens it, and hers opens nothing else."""
CODE_MINUTES = 5
TRIES = 5
WAIT_SECONDS = 60
SENT_AN_HOUR = 5
DOOR_MINUTES = 30
WORKER_HOURS = 2
_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"  # none that are taken for one another

Send = Callable[[str, str], None]
"""Sends a text to a telephone: (phone, text)."""


class CodeTooSoon(Exception):
    """A code was asked for this telephone a moment ago, or too often within the hour."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"wait {seconds} s")
        self.seconds = seconds


class CodeWrong(Exception):
    """The code does not fit, is too old, was tried too often, or belongs to nobody on record."""


@dataclass(frozen=True)
class Worker:
    """Somebody on her own pages: who, under which ids, and for which children she speaks."""

    ledger: Ledger
    person: PersonId
    own: frozenset[PersonId]
    children: tuple[PersonId, ...] = ()

    @property
    def today(self) -> date:
        return self.ledger.today

    @property
    def account(self) -> str:
        """Under which her command ids are remembered."""
        return f"{WORKER}:{self.person}"

    def sees(self, person: str | None) -> bool:
        """Whether a file is hers, or that of a child for whom she speaks."""
        return person in self.own or person in self.children

    def look(self, view: str) -> Look:
        """How her looking stands in the read log: as hers."""
        return Look(self.person, "", view, "本人查看")

    def act(self, union: UnionId, person: PersonId | None = None) -> Act:
        """Under what she acts by herself, at a union, under that id of hers which it concerns."""
        return Act(person or self.person, union, Office.SELF, self.today, self.today)


@dataclass(frozen=True)
class Poster:
    """A poster: of which union, for which employer and campaign."""

    code: str
    ledger: Ledger
    union: UnionId
    employer: str
    campaign: str
    made: datetime
    closed: datetime | None


def by_command(command: str) -> Send:
    """Sends by a command of the operator's: one JSON object on its standard input."""

    def send(phone: str, text: str) -> None:
        said = json.dumps({"phone": phone, "text": text}, ensure_ascii=False).encode()
        try:
            done = subprocess.run(  # noqa: S602 - the operator's own command, and nothing of ours in it
                command, shell=True, input=said, capture_output=True, timeout=20, check=False
            )
        except subprocess.TimeoutExpired:
            log.error("the command that sends codes did not end within 20 seconds")
            return
        if done.returncode:
            log.error("the command that sends codes ended with %s", done.returncode)

    return send


class Window:
    """Lets workers in; one for all ledgers that a process serves."""

    def __init__(
        self, ledgers: Mapping[str, Ledger], *, send: Send | None = None, demo: bool = False,
        callers: Sequence[Mapping[str, str]] = (),
    ) -> None:  # fmt: skip
        self.ledgers = dict(ledgers)
        self.send, self.demo = send, demo
        self.callers = list(callers)  # a demo's workers: province, name, phone

    # ── a code to the phone ──

    def ask_code(self, ledger: Ledger, phone: str) -> tuple[str, Callable[[], None]]:
        """Makes a code for a telephone: (the code, what sends it, to be done afterwards).

        The same is done for a number that nobody has; only nothing is sent. Raises: CodeTooSoon.
        """
        plain, now = normalise_phone(phone), ledger.clock.now()
        code, key = f"{randbelow(1_000_000):06}", _keyed(ledger, "phone", plain)
        with ledger.database.writing() as conn:
            before = conn.execute(select(phone_code).where(phone_code.c.phone == key)).first()
            sent, since = 0, now
            if before is not None and now < instant(before.since) + timedelta(hours=1):
                sent, since = before.sent, instant(before.since)
                wait = instant(before.made) + timedelta(seconds=WAIT_SECONDS)
                if sent >= SENT_AN_HOUR:
                    wait = since + timedelta(hours=1)
                if now < wait:
                    raise CodeTooSoon(int((wait - now).total_seconds()) + 1)
            put(conn, phone_code, [{
                "phone": key, "code": _keyed(ledger, "code", f"{plain} {code}"), "tries": 0,
                "made": written(now), "until": written(now + timedelta(minutes=CODE_MINUTES)),
                "sent": sent + 1, "since": written(since),
            }])  # fmt: skip
            old = written(now - timedelta(hours=1))
            conn.execute(delete(phone_code).where(phone_code.c.since < old))

        def deliver() -> None:
            if self.send is not None and self.of_phone(ledger, plain):
                self.send(
                    plain, f"【两地账】登录码 {code}，{CODE_MINUTES}分钟内有效。请勿告诉他人。"
                )

        return code, deliver

    def check_code(self, ledger: Ledger, phone: str, code: str) -> list[PersonId]:
        """Who comes in by this code; several where a family shares a telephone. Raises: CodeWrong."""
        plain, now = normalise_phone(phone), ledger.clock.now()
        key = _keyed(ledger, "phone", plain)
        with ledger.database.writing() as conn:
            # Counted before it is compared: tries that arrive at once are each counted.
            conn.execute(
                update(phone_code)
                .where(phone_code.c.phone == key)
                .values(tries=phone_code.c.tries + 1)
            )
            row = conn.execute(select(phone_code).where(phone_code.c.phone == key)).first()
            kept = row.code if row is not None else _keyed(ledger, "code", "none")
            given = _keyed(ledger, "code", f"{plain} {''.join(code.split())}")
            right = hmac.compare_digest(kept, given)
            usable = row is not None and row.tries <= TRIES and now < instant(row.until)
            if right and usable:
                conn.execute(  # once; how many were sent within the hour is still known
                    update(phone_code).where(phone_code.c.phone == key).values(until=written(now))
                )
        # Looked up only now: else the time it takes would tell whose number is on record.
        persons = self.of_phone(ledger, plain) if right and usable else []
        if not persons:
            raise CodeWrong
        return persons

    def of_phone(self, ledger: Ledger, phone: str) -> list[PersonId]:
        """Whose number on record this is now, as an officer has recorded it.

        A number that somebody typed in at a poster signs nobody in before a clerk has confirmed
        it: else a stranger's phone would open a file.
        """
        if not phone or problems_of_phone(phone):
            return []
        with ledger.looking(Look("system", "", "sign-in", "核对登录号码")) as reader:
            found = ledger.vault.find(reader.conn, phone=phone)
            return [PersonId(each) for each in found if _answers(reader, each, phone)]

    # ── a code from a clerk ──

    def hand_out(self, ledger: Ledger, person: PersonId, account: str) -> str:
        """A code that a clerk gives to the worker before her; it opens her pages once."""
        code = f"{ledger.province.code}{''.join(choice(_LETTERS) for _ in range(12))}"
        now = ledger.clock.now()
        with ledger.database.writing() as conn:
            conn.execute(delete(door_code).where(door_code.c.until < written(now)))
            conn.execute(
                insert(door_code).values(
                    hash=_hash(code), person=person, made_by=account, made=written(now),
                    until=written(now + timedelta(minutes=DOOR_MINUTES)),
                )
            )  # fmt: skip
        return code

    def open_door(self, code: str) -> str:
        """A session's secret for a clerk's code, which is spent by it. Raises: CodeWrong."""
        plain = "".join(letter for letter in code.lower() if letter.isalnum())
        ledger = self.ledgers.get(plain[:2])
        if ledger is None:
            raise CodeWrong
        with ledger.database.writing() as conn:
            row = conn.execute(
                delete(door_code)
                .where(door_code.c.hash == _hash(plain))
                .returning(door_code.c.person, door_code.c.until)
            ).first()
        if row is None or row.until < written(ledger.clock.now()):
            raise CodeWrong
        return self.begin(ledger, PersonId(row.person))

    # ── sessions ──

    def begin(self, ledger: Ledger, person: PersonId) -> str:
        """A session for a worker who has shown who she is; its secret, for the cookie."""
        secret, now = f"{ledger.province.code}.{token_urlsafe(32)}", ledger.clock.now()
        with ledger.database.writing() as conn:
            conn.execute(delete(session).where(session.c.until < written(now)))
            conn.execute(
                insert(session).values(
                    hash=_hash(secret), kind=WORKER, account=person, label="",
                    made=written(now), until=written(now + timedelta(hours=WORKER_HOURS)),
                )
            )  # fmt: skip
        return secret

    def worker(self, secret: str) -> Worker | None:
        """Who holds this secret; None where nobody does."""
        ledger = self.ledgers.get(secret.partition(".")[0])
        if ledger is None:
            return None
        with ledger.reading() as reader:
            row = reader.conn.execute(
                select(session.c.account, session.c.until).where(
                    session.c.hash == _hash(secret), session.c.kind == WORKER
                )
            ).first()
            if row is None or row.until < written(ledger.clock.now()):
                return None
            person = PersonId(row.account)
            own = frozenset(worker_files.identity(reader.conn, ledger.origin, person))
            return Worker(ledger, person, own, tuple(procedures.children_of(reader, own)))

    def leave(self, secret: str) -> None:
        ledger = self.ledgers.get(secret.partition(".")[0])
        if ledger is not None:
            with ledger.database.writing() as conn:
                conn.execute(delete(session).where(session.c.hash == _hash(secret)))

    # ── posters ──

    def put_up(
        self, ledger: Ledger, union: UnionId, account: str, employer: str = "", campaign: str = ""
    ) -> str:
        """A new poster; its code, which stands in the address."""
        code = f"{ledger.province.code}{''.join(choice(_LETTERS) for _ in range(8))}"
        with ledger.database.writing() as conn:
            conn.execute(
                insert(poster).values(
                    code=code, union=union, employer=employer, campaign=campaign, made_by=account,
                    made=written(ledger.clock.now()), closed="",
                )
            )  # fmt: skip
        return code

    def take_down(self, ledger: Ledger, code: str) -> None:
        """Takes in no more applications by this poster."""
        with ledger.database.writing() as conn:
            conn.execute(
                update(poster)
                .where(poster.c.code == code, poster.c.closed == "")
                .values(closed=written(ledger.clock.now()))
            )

    def poster(self, code: str) -> Poster | None:
        """The poster of this code, also one that was taken down."""
        ledger = self.ledgers.get(code[:2])
        if ledger is None:
            return None
        with ledger.database.reading() as conn:
            row = conn.execute(select(poster).where(poster.c.code == code)).first()
        return _poster(ledger, row) if row is not None else None

    def posters(self, ledger: Ledger, unions: set[UnionId]) -> list[Poster]:
        """The posters of these unions, the newest first."""
        with ledger.database.reading() as conn:
            rows = conn.execute(
                select(poster)
                .where(poster.c.union.in_(sorted(unions)))
                .order_by(poster.c.made.desc())
                .limit(200)
            ).all()
        return [_poster(ledger, row) for row in rows]


def _poster(ledger: Ledger, row: Row[Any]) -> Poster:
    closed: str = row.closed
    return Poster(
        row.code, ledger, UnionId(row.union), row.employer, row.campaign, instant(row.made),
        instant(closed) if closed else None,
    )  # fmt: skip


def _answers(reader: Reader, person: str, phone: str) -> bool:
    """Whether this is the person's present number, and an officer has recorded it."""
    records = reader.records(person)
    facts = reader.opened(records)
    told = Person.of(facts)
    if told.phone != phone or told.died_on is not None:
        return False
    by_hand = [
        fact for fact in facts
        if getattr(fact.event, "phone", "") == phone and fact.office is not Office.PROCEDURE
    ]  # fmt: skip
    return bool(by_hand)


def _keyed(ledger: Ledger, kind: str, text: str) -> str:
    return ledger.vault.request_mac(f"window {kind}", text.encode()).hex()


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()
