"""What is kept beside records (卷外): sealed groups, the keys that open them, search tokens.

Of our own records and of a partner's alike. Boxes are ours in either case: what a partner opened
to us was sealed anew under our key, so where one is missing or damaged, it happened here.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from cryptography.hazmat.primitives.keywrap import InvalidUnwrap
from sqlalchemy import Connection, bindparam, func, select

from ledger.domain.kernel import Event
from ledger.journal import codec
from ledger.journal.database import ByKey
from ledger.journal.fsck.claims import Texts, commitments
from ledger.journal.fsck.report import Fault
from ledger.journal.fsck.rest import Rest
from ledger.journal.tables import person_key, sealed, token
from ledger.journal.vault import Damaged, Retired, Vault, texts_of

_BOXES = ByKey(
    select(sealed.c.position, sealed.c.subject, sealed.c.grp, sealed.c.box).where(
        sealed.c.origin == bindparam("origin")
    ),
    sealed.c.position,
)
_TOKENS = ByKey(
    select(token.c.position, token.c.person, token.c.kind, token.c.token).where(
        token.c.origin == bindparam("origin")
    ),
    token.c.person,
)

Token = tuple[str, bytes]  # (kind, token)
Boxes = dict[tuple[str, str], Any]  # (person, group) → box


class Place(NamedTuple):
    """A record as it is compared: its number in its log, what its row says, and its body."""

    number: int
    position: int
    stream: str
    version: int
    kind: str
    corrects: int | None
    body: Mapping[str, Any]


Due = Callable[[Place, str, str], str | None]
"""By what the box of a record, a person and a group has to be here; None where it need not be."""


class Beside:
    """Compares what is kept beside the records of one journal, a page at a time."""

    def __init__(
        self, conn: Connection, log: str, origin: str, vault: Vault | None, rest: Rest, due: Due
    ) -> None:
        """`log` and its numbers are what faults are named by; `origin` is whose records they are."""
        self._conn, self._log, self._origin = conn, log, origin
        self._vault, self._rest, self._due = vault, rest, due
        self._lacking: dict[tuple[str, int], int] = {}  # (person, position) → number
        self._corrected: set[tuple[str, int]] = set()  # (person, position)
        self._unopened: set[str] = set()  # persons whose keys do not open, each named once

    def page(self, places: Sequence[Place]) -> Generator[Fault, None, dict[int, Texts]]:
        """Compares boxes with commitments; returns, by position, the texts that were opened."""
        boxes: dict[int, Boxes] = {}
        rows = _BOXES.rows(self._conn, [one.position for one in places], origin=self._origin)
        for position, subject, group, box in rows:
            boxes.setdefault(position, {})[subject, group] = box
        if self._vault is not None:
            with suppress(
                InvalidUnwrap, Retired
            ):  # all in one question; who is at fault, one by one
                persons = {person for here in boxes.values() for person, _ in here}
                self._vault.ciphers(self._conn, sorted(persons))
        opened: dict[int, Texts] = {}
        whole: list[tuple[Place, str, Texts, bool]] = []  # of each person: was everything opened
        for one in places:
            here = boxes.get(one.position, {})
            by_person: dict[str, Texts] = {}
            closed: set[str] = set()
            for person, group, committed in commitments(one.body):
                texts = by_person.setdefault(person, {})
                found = yield from self._open(one, person, group, here, committed)
                if found is None:
                    closed.add(person)
                elif found:
                    texts[group] = found
                    opened.setdefault(one.position, {})[group] = found
            for _, group in here:
                yield self._fault(one.number, f"a sealed group {group} that it does not have")
            whole += [(one, p, texts, p not in closed) for p, texts in by_person.items()]
            self._note_corrected(one)
        if self._vault is not None:
            yield from self._tokens(self._vault, whole)
        return opened

    def _open(
        self, one: Place, person: str, group: str, here: Boxes, committed: str
    ) -> Generator[Fault, None, dict[str, str] | None]:  # fmt: skip
        """The texts of one group; none where it was not given or is forgotten, None where it
        cannot be said."""
        box = here.pop((person, group), None)
        if box is None:
            due = None if self._rest.is_forgotten(person) else self._due(one, person, group)
            if due is None:
                return {}
            yield self._fault(one.number, f"its sealed group {group} is missing{due}")
            return None
        if self._vault is None:
            return None
        try:
            if not isinstance(box, bytes):  # SQLite keeps whatever somebody puts there
                raise Damaged
            found = self._vault.open(
                self._conn, self._origin, one.stream, one.version, person, group, box, committed
            )
        except (Damaged, ValueError):
            yield self._fault(one.number, f"its sealed group {group} is damaged")
            return None
        except (InvalidUnwrap, Retired) as fault:
            if person not in self._unopened:
                self._unopened.add(person)
                what = f"the key of {person} does not open: {type(fault).__name__}"
                yield self._fault(one.number, what)
            return None
        return None if found is None else texts_of(found[1])

    # ── search tokens ──

    def _tokens(
        self, vault: Vault, whole: Sequence[tuple[Place, str, Texts, bool]]
    ) -> Iterator[Fault]:
        """Derives the tokens of a page anew from its opened texts."""
        held: dict[tuple[str, int], set[Token]] = {}
        persons = list(dict.fromkeys(person for _, person, _, _ in whole))
        for position, person, kind, mark in _TOKENS.rows(self._conn, persons, origin=self._origin):
            held.setdefault((person, position), set()).add((kind, bytes(mark)))
        for one, person, texts, complete in whole:
            if one.kind not in Event.kinds:
                continue
            derived = {
                (kind, mark)
                for group in texts.values()
                for kind, mark, _ in vault.tokens_of(person, one.kind, group)
            }
            here = held.get((person, one.position), set())
            if derived - here:
                self._lacking[person, one.position] = one.number
            if complete and here - derived:
                gone = self._rest.is_forgotten(person)
                of = "of who was forgotten" if gone else "that its texts do not give"
                yield self._fault(one.number, f"a search token {of}")

    def _note_corrected(self, one: Place) -> None:
        """What was corrected or annulled finds nobody any more."""
        body = one.body
        if one.kind in ("FactCorrected", "FactAnnulled"):
            self._corrected.add((str(body.get("person")), body.get("position") or 0))
        elif one.corrects is not None and one.kind in Event.kinds:
            person = body.get(codec.plan_of(one.kind).person or "")
            self._corrected.add((str(person), one.corrects))

    # ── at the end ──

    def faults(self, numbers: Callable[[int], int | None] = lambda at: at) -> Iterator[Fault]:
        """What shows only once all records were seen; `numbers` gives a position's place in the log."""
        for (person, position), number in self._lacking.items():
            if (person, position) in self._corrected:
                continue
            yield self._fault(number, f"its search tokens, which find {person}, are missing")
        rows = self._conn.execute(
            select(func.min(sealed.c.position), sealed.c.subject)
            .outerjoin(person_key, person_key.c.person == sealed.c.subject)
            .where(sealed.c.origin == self._origin, person_key.c.person.is_(None))
            .group_by(sealed.c.subject)
        )
        for position, person in rows:
            number = numbers(position)
            if number is not None and not self._rest.is_forgotten(person):
                yield self._fault(number, f"the key of {person} is missing, who was not forgotten")

    def _fault(self, number: int, what: str) -> Fault:
        return Fault(self._log, number, what)
