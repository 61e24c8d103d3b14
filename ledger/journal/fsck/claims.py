"""Unique facts (唯一事实): taken and freed by the records once more, and compared with the claims."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ledger.domain.kernel import Event
from ledger.journal import codec
from ledger.journal.fsck.report import Fault
from ledger.journal.vault import Vault

Texts = dict[str, dict[str, str]]
"""The opened texts of a record, by group and field."""

UNOPENED = "?"
"""What stands for a sealed text that cannot be opened here."""


class Claims:
    """The unique facts as the records take and free them, from the first to the last.

    A personal key that cannot be opened is not known; that its record may hold one, is.
    """

    def __init__(
        self, origin: str, vault: Vault | None, came_back: Callable[[int], bool] = lambda _: False
    ) -> None:
        """`came_back`: the record may take what one that is lost had freed."""
        self._origin, self._vault, self._came_back = origin, vault, came_back
        self._held: dict[tuple[str, str], tuple[int, str]] = {}  # (rule, key) → (position, stream)
        self._of_stream: dict[tuple[str, str], set[str]] = {}  # (rule, stream) → keys
        self._of_record: dict[int, set[tuple[str, str]]] = {}  # position → (rule, key)
        self._unopened: dict[tuple[str, str], set[int]] = {}  # (rule, stream) → positions
        self._personal: set[str] = set()  # the rules of unopened ones

    def follow(
        self, row: Sequence[Any], header: Mapping[str, Any], body: Mapping[str, Any],
        texts: Texts | None,
    ) -> Iterator[Fault]:  # fmt: skip
        """Frees and takes what the next record does."""
        _, position, stream, _, kind = row[:5]
        corrects = header.get("corrects")
        rules = None if corrects is None else self._give_back(corrects, stream)
        cls = Event.kinds.get(kind)
        if cls is None or (cls.takes is Event.takes and cls.frees is Event.frees):
            return
        try:
            event = codec.decode(kind, body, _with_unopened(kind, body, texts))
            taken, freed = list(event.takes()), list(event.frees())
        except (KeyError, ValueError, TypeError, AttributeError) as fault:
            yield Fault(self._origin, position, f"cannot be read: {type(fault).__name__}")
            return
        if rules is None:
            for each in freed:
                self._release(each.rule.__name__, each.key, stream)
        for each in taken:
            rule = each.rule.__name__
            if rules is not None and rule not in rules:
                continue
            key = each.key
            if each.secret:
                if self._vault is None or key == UNOPENED:
                    self._personal.add(rule)
                    self._unopened.setdefault((rule, stream), set()).add(position)
                    continue
                key = self._vault.number_token(key).hex()
            if (rule, key) in self._held:
                if not self._came_back(position):
                    yield Fault(self._origin, position, f"takes {rule}, which another record held")
                self._free(rule, key)
            self._held[rule, key] = (position, stream)
            self._of_stream.setdefault((rule, stream), set()).add(key)
            self._of_record.setdefault(position, set()).add((rule, key))

    def _give_back(self, corrected: int, stream: str) -> set[str]:
        """Frees what a corrected record still holds; its place takes no more than that again."""
        held = tuple(self._of_record.get(corrected, ()))
        for rule, key in held:
            self._free(rule, key)
        rules = {rule for rule, _ in held}
        for rule in self._personal:
            positions = self._unopened.get((rule, stream), set())
            if corrected in positions:
                positions.discard(corrected)
                rules.add(rule)
        return rules

    def _free(self, rule: str, key: str) -> None:
        held = self._held.pop((rule, key), None)
        if held is not None:
            position, stream = held
            self._of_stream[rule, stream].discard(key)
            self._of_record[position].discard((rule, key))

    def _release(self, rule: str, key: str | None, stream: str) -> None:
        if key is not None:
            self._free(rule, key)
            return
        for each in tuple(self._of_stream.get((rule, stream), ())):
            self._free(rule, each)
        self._unopened.pop((rule, stream), None)

    def compare(self, rows: Iterable[tuple[Any, ...]]) -> Iterator[Fault]:
        """Compares what is held by the records with the rows that say so."""
        for rule, key, position, holder in rows:
            expected = self._held.pop((rule, key), None)
            if expected == (position, holder):
                continue
            if expected is not None:
                yield Fault(self._origin, expected[0], f"its claim {rule} stands under another")
            elif position not in self._unopened.get((rule, holder), ()):
                yield Fault(self._origin, position, f"holds a claim {rule} that it did not take")
        for (rule, _), (position, _) in self._held.items():
            yield Fault(self._origin, position, f"its claim {rule} is missing")


def _with_unopened(
    kind: str, body: Mapping[str, Any], texts: Mapping[str, Mapping[str, str]] | None
) -> dict[str, Mapping[str, str]]:
    """The opened texts, and a mark in the place of those that are sealed and were not opened."""
    opened = dict(texts or {})
    sealed_here = {group for _, group, _ in commitments(body)}
    for name, mark in codec.plan_of(kind).secret:
        group = mark.group.value
        if group in sealed_here and group not in (texts or {}):
            opened[group] = {**opened.get(group, {}), name: UNOPENED}
    return opened


def commitments(body: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(person, group, commitment) for each sealed group of a body."""
    for person, groups in body.get("sealed", {}).items():
        for group, committed in groups.items():
            yield person, group, committed
