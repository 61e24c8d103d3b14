"""The desk (服务台): who is asking, for which union, in which ledger, on what day.

Shared by both doors. It holds credentials, not offices: an account says who somebody is, the
journal what she may do. Passwords by argon2, sessions and tokens by their hash only, a locked
account after repeated failures. Whoever keeps accounts writes no facts.
"""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from hashlib import sha256
from secrets import token_urlsafe
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from sqlalchemy import delete, insert, select, update

from ledger.book import Ledger, Look
from ledger.clock import working_hours_after
from ledger.domain.ids import PersonId, UnionId, officer_of
from ledger.domain.kernel import Act, Decision, Late, Office
from ledger.domain.offices import Offices, Post, in_force
from ledger.journal.record import instant, written
from ledger.journal.tables import account, saved_filter, session, taken_up

SESSION_HOURS = 10
FILTERS = 20  # that one may keep for a page
HOURS_TAKEN = 8
TOKEN_DAYS = 365
FAILURES = 5
LOCK = timedelta(minutes=15)

_hasher = PasswordHasher()


@cache
def _nobody() -> str:
    """Verified against where there is no such account: an answer takes as long either way."""
    return _hasher.hash(token_urlsafe(16))


class SignInFailed(Exception):
    """The name or the password is wrong, or the account is locked: which, is not told apart."""


class AccountTaken(ValueError):
    """There is an account of this name already."""


class WeakPassword(ValueError):
    """A password has at least ten characters."""


class TooManyFilters(ValueError):
    """There is room for so many saved filters only."""


class Taker(NamedTuple):
    """Who is at work on a thing, until when, and whether it is oneself."""

    shown: str
    until: datetime
    mine: bool


@dataclass(frozen=True)
class Visitor:
    """Somebody at the desk: who, in which ledger, and for which union in which office now."""

    ledger: Ledger
    account: str
    shown: str
    person: PersonId
    posts: tuple[Post, ...]
    post: Post | None

    @property
    def union(self) -> UnionId | None:
        return self.post.union if self.post else None

    @property
    def today(self) -> date:
        return self.ledger.today

    def acting(self, union: str | None, office: Office | str | None) -> "Visitor":
        """The same visitor in another of her offices; unchanged where she has no such one."""
        for post in self.posts:
            if union in (None, post.union) and office in (None, post.office):
                return replace(self, post=post)
        return self

    def act(
        self,
        *,
        on: date | None = None,
        union: UnionId | None = None,
        office: Office | None = None,
        decided_by: Decision | None = None,
        evidence: tuple[str, ...] = (),
        late: Late | None = None,
        correlation: str | None = None,
    ) -> Act:
        """Under what the visitor acts; what is not said is her present post and today."""
        today = self.ledger.today
        chosen_union = union or self.union or UnionId("")
        chosen_office = office or (self.post.office if self.post else Office.CLERK)
        return Act(
            self.person, chosen_union, chosen_office, on or today, today, decided_by, evidence,
            late, correlation,
        )  # fmt: skip

    def look(self, view: str, purpose: str) -> Look:
        """How this visitor's looking stands in the read log."""
        return Look(self.person, self.union or "", view, purpose)

    @property
    def sees_numbers(self) -> bool:
        """Whether this office works with whole identity numbers; others see them masked."""
        return self.post is not None and self.post.office in {Office.CLERK, Office.STATION}

    @property
    def sees_accounts(self) -> bool:
        """Whether this office works with whole account numbers; others see their last digits."""
        return self.sees_numbers or (
            self.post is not None and self.post.office in {Office.CASHIER, Office.ACCOUNTANT}
        )


class Desk:
    """Signs people in and tells who they are; one for all ledgers that a process serves."""

    def __init__(self, ledgers: Mapping[str, Ledger], *, demo: bool = False) -> None:
        self.ledgers = dict(ledgers)
        self.demo = demo

    @property
    def demo_day(self) -> date | None:
        """The day that it is in a demo whose clock was set; None: the time is the calendar's."""
        clocks = (ledger.clock for ledger in self.ledgers.values())
        return next((clock.today() for clock in clocks if clock.ahead), None)

    # ── accounts ──

    def open_account(
        self, ledger: Ledger, name: str, person: PersonId, password: str, shown: str = ""
    ) -> None:
        """Makes an account for a person. Raises: AccountTaken, WeakPassword."""
        if password and len(password) < 10:
            raise WeakPassword("a password has at least ten characters")
        with ledger.database.writing() as conn:
            if conn.execute(select(account.c.name).where(account.c.name == name)).first():
                raise AccountTaken(f"there is an account {name!r} already")
            conn.execute(
                insert(account).values(
                    name=name, person=person, password=_hasher.hash(password) if password else "",
                    shown=shown, failures=0, locked_until="", closed="",
                )
            )  # fmt: skip

    def set_password(self, ledger: Ledger, name: str, password: str) -> None:
        """Gives an account a new password and ends its sessions. Raises: WeakPassword, LookupError."""
        if len(password) < 10:
            raise WeakPassword("a password has at least ten characters")
        with ledger.database.writing() as conn:
            done = conn.execute(
                update(account)
                .where(account.c.name == name)
                .values(password=_hasher.hash(password), failures=0, locked_until="")
            )
            if done.rowcount == 0:
                raise LookupError(f"no account {name!r}")
            conn.execute(delete(session).where(session.c.account == name))

    def close_account(self, ledger: Ledger, name: str) -> None:
        """Ends an account and all its sessions; offices are the journal's matter. LookupError."""
        with ledger.database.writing() as conn:
            done = conn.execute(
                update(account)
                .where(account.c.name == name)
                .values(closed=written(ledger.clock.now()))
            )
            if done.rowcount == 0:
                raise LookupError(f"no account {name!r}")
            conn.execute(delete(session).where(session.c.account == name))

    def accounts(self, ledger: Ledger) -> list[tuple[str, PersonId, str]]:
        """(name, person, shown) of the open accounts."""
        with ledger.database.reading() as conn:
            rows = conn.execute(
                select(account.c.name, account.c.person, account.c.shown)
                .where(account.c.closed == "")
                .order_by(account.c.name)
            )
            return [(row[0], PersonId(row[1]), row[2]) for row in rows]

    # ── signing in ──

    def sign_in(self, ledger: Ledger, name: str, password: str) -> str:
        """A session's secret, for the cookie. Raises: SignInFailed."""
        now = ledger.clock.now()
        with ledger.database.reading() as conn:
            row = conn.execute(select(account).where(account.c.name == name)).mappings().first()
        hashed = row["password"] if row and row["password"] else _nobody()
        try:
            right = _hasher.verify(hashed, password)
        except Argon2Error:
            right = False
        usable = (
            row is not None
            and not row["closed"]
            and row["password"]
            and not _locked(row["locked_until"], now)
        )
        if row is None or not usable or not right:
            if row is not None:
                self._failed(ledger, name, now)
            raise SignInFailed("name or password wrong, or locked for a while")
        with ledger.database.writing() as conn:
            conn.execute(
                update(account).where(account.c.name == name).values(failures=0, locked_until="")
            )
        return self._begin(ledger, name, "session", "", timedelta(hours=SESSION_HOURS))

    def _failed(self, ledger: Ledger, name: str, now: datetime) -> None:
        with ledger.database.writing() as conn:
            # Counted in SQL: guesses that arrive at once are each counted.
            conn.execute(
                update(account)
                .where(account.c.name == name)
                .values(failures=account.c.failures + 1)
            )
            conn.execute(
                update(account)
                .where(account.c.name == name, account.c.failures >= FAILURES)
                .values(failures=0, locked_until=written(now + LOCK))
            )

    def sign_in_demo(self, ledger: Ledger, name: str) -> str:
        """One click, in a demo only. Raises: SignInFailed."""
        if not self.demo or name not in {each[0] for each in self.accounts(ledger)}:
            raise SignInFailed("one-click sign-in is for the demo's people only")
        return self._begin(ledger, name, "session", "demo", timedelta(hours=SESSION_HOURS))

    def make_token(self, ledger: Ledger, name: str, label: str) -> str:
        """An API token's secret; it is shown once and kept by its hash. Raises: LookupError."""
        if name not in {each[0] for each in self.accounts(ledger)}:
            raise LookupError(f"no account {name!r}")
        return self._begin(ledger, name, "token", label, timedelta(days=TOKEN_DAYS))

    def _begin(self, ledger: Ledger, name: str, kind: str, label: str, term: timedelta) -> str:
        secret = f"{ledger.province.code}.{token_urlsafe(32)}"
        now = ledger.clock.now()
        with ledger.database.writing() as conn:
            conn.execute(delete(session).where(session.c.until < written(now)))
            conn.execute(
                insert(session).values(
                    hash=_hash(secret), kind=kind, account=name, label=label, made=written(now),
                    until=written(now + term),
                )
            )  # fmt: skip
        return secret

    def visitor(self, secret: str, *, kind: str = "session") -> Visitor | None:
        """Who holds this secret, with the offices of today; None where nobody does."""
        ledger = self.ledgers.get(secret.partition(".")[0])
        if ledger is None:
            return None
        with ledger.reading() as reader:
            row = reader.conn.execute(
                select(session.c.until, account.c.name, account.c.person, account.c.shown)
                .join(account, account.c.name == session.c.account)
                .where(
                    session.c.hash == _hash(secret), session.c.kind == kind, account.c.closed == ""
                )
            ).first()
            if row is None or row[0] < written(ledger.clock.now()):
                return None
        return self.known(ledger, row[1], PersonId(row[2]), row[3])

    def known(self, ledger: Ledger, name: str, person: PersonId, shown: str) -> Visitor:
        """Somebody whose account is known already, with the offices of today."""
        with ledger.reading() as reader:
            held = in_force(person, lambda who: reader.get(Offices, officer_of(who)))
            posts = tuple(held.on(ledger.today))
        own = [post for post in posts if not post.entrusted]
        return Visitor(ledger, name, shown, person, posts, (own or list(posts) or [None])[0])

    # ── what one keeps on the desk ──

    def filters(self, who: Visitor, page: str) -> list[tuple[str, str]]:
        """(name, words of the address) that this account keeps for a page."""
        with who.ledger.database.reading() as conn:
            rows = conn.execute(
                select(saved_filter.c.name, saved_filter.c.words)
                .where(saved_filter.c.account == who.account, saved_filter.c.page == page)
                .order_by(saved_filter.c.name)
            )
            return [(row[0], row[1]) for row in rows]

    def keep_filter(self, who: Visitor, page: str, name: str, words: str) -> None:
        """Keeps the words of an address under a name; the newest of a name counts.

        Raises: TooManyFilters.
        """
        self.drop_filter(who, page, name)
        if len(self.filters(who, page)) >= FILTERS:
            raise TooManyFilters(f"at most {FILTERS} filters are kept for a page")
        with who.ledger.database.writing() as conn:
            conn.execute(
                insert(saved_filter).values(account=who.account, page=page, name=name, words=words)
            )

    def drop_filter(self, who: Visitor, page: str, name: str) -> None:
        with who.ledger.database.writing() as conn:
            conn.execute(
                delete(saved_filter).where(
                    saved_filter.c.account == who.account, saved_filter.c.page == page,
                    saved_filter.c.name == name,
                )
            )  # fmt: skip

    def takers(self, who: Visitor, things: Sequence[str]) -> dict[str, Taker]:
        """Who is at work on these things now."""
        now, found = written(who.ledger.clock.now()), dict[str, Taker]()
        with who.ledger.database.reading() as conn:
            for start in range(0, len(things), 500):
                rows = conn.execute(
                    select(taken_up).where(
                        taken_up.c.thing.in_(things[start : start + 500]), taken_up.c.until > now
                    )
                )
                for row in rows:
                    found[row.thing] = Taker(
                        row.shown, instant(row.until), row.account == who.account
                    )
        return found

    def take_up(self, who: Visitor, thing: str) -> bool:
        """Takes a thing in hand for eight working hours; False where another is at work on it."""
        now = who.ledger.clock.now()
        until = written(working_hours_after(now, HOURS_TAKEN))
        mine = taken_up.c.thing == thing
        with who.ledger.database.writing() as conn:
            free = (taken_up.c.until <= written(now)) | (taken_up.c.account == who.account)
            conn.execute(delete(taken_up).where(mine, free))
            held = conn.execute(select(taken_up.c.account).where(mine)).first()
            if held is not None:
                return False
            conn.execute(
                insert(taken_up).values(
                    thing=thing, account=who.account, shown=who.shown or who.account, until=until
                )
            )
        return True

    def lay_down(self, who: Visitor, thing: str) -> None:
        """Gives back what this account has in hand."""
        with who.ledger.database.writing() as conn:
            conn.execute(
                delete(taken_up).where(taken_up.c.thing == thing, taken_up.c.account == who.account)
            )

    def sign_out(self, secret: str) -> None:
        ledger = self.ledgers.get(secret.partition(".")[0])
        if ledger is not None:
            with ledger.database.writing() as conn:
                conn.execute(delete(session).where(session.c.hash == _hash(secret)))


def csrf_of(secret: str) -> str:
    """The token that a form carries: bound to the session, useless without it."""
    return sha256(b"csrf\0" + secret.encode()).hexdigest()


def csrf_matches(secret: str, given: str) -> bool:
    return hmac.compare_digest(csrf_of(secret), given)


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


def _locked(until: str, now: datetime) -> bool:
    return bool(until) and instant(until) > now
