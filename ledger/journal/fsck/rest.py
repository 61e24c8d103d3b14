"""Who is at rest (限制、销毁): as the records say it, compared with the rows that say so."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, func, select

from ledger.journal import shredded
from ledger.journal.fsck.report import Fault
from ledger.journal.tables import at_rest, record
from ledger.journal.vault import RESTRICTED, SHREDDED, Vault

_STATES = {"PersonRestricted": RESTRICTED, "PersonShredded": SHREDDED, "RestrictionLifted": None}
"""What each of these facts makes of the person in whose stream it stands."""


class Rest:
    """Persons who are restricted or forgotten, by the rows; and, once followed, by the records."""

    def __init__(self, conn: Connection, origin: str, vault: Vault | None) -> None:
        self._conn, self._origin, self._vault = conn, origin, vault
        rows = conn.execute(select(at_rest.c.person, at_rest.c.state))
        self._held: dict[str, str] = {person: state for person, state in rows}  # noqa: C416
        self._said: dict[str, tuple[str, int]] = {}  # person → (state, position)

    def is_forgotten(self, person: str) -> bool:
        """By the row alone; where no record bears it out, `faults` names that."""
        return self._held.get(person) == SHREDDED

    def follow(self, position: int, stream: str, kind: str) -> None:
        if kind in _STATES:
            state = _STATES[kind]
            if state is None:
                self._said.pop(stream, None)
            else:
                self._said[stream] = (state, position)

    def faults(self) -> Iterator[Fault]:
        """Rows that no record bears out, and records that no row follows."""
        try:
            listed = self._listed()
        except shredded.ListDamaged as fault:
            yield Fault(self._origin, 0, f"the list of the forgotten cannot be read: {fault}")
            listed = None
        for person in sorted(self._held.keys() | self._said.keys()):
            held, (said, position) = self._held.get(person), self._said.get(person, (None, 0))
            # Of who was forgotten after a backup was taken, the record may be lost; the list
            # beside the keys is not, and without the keys it is not known.
            if held == said or (held == SHREDDED and (listed is None or person in listed)):
                continue
            states = f"{person} stands as {held or 'not'} at rest, and by the records is "
            yield Fault(
                self._origin, position or self._first_of(person), states + (said or "not at rest")
            )

    def _listed(self) -> Mapping[str, Any] | None:
        return None if self._vault is None else shredded.read(self._vault.keyring.folder)

    def _first_of(self, person: str) -> int:
        query = select(func.min(record.c.position)).where(
            record.c.origin == self._origin, record.c.stream == person
        )
        return self._conn.execute(query).scalar() or 0
