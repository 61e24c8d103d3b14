"""Folds that were made before (已折叠的事物): a long history is folded on, not anew."""

from collections import OrderedDict
from threading import Lock
from typing import Generic, NamedTuple, TypeVar

from ledger.domain.kernel import Aggregate

A = TypeVar("A", bound=Aggregate)


class Kept(NamedTuple, Generic[A]):
    """A fold, and how far our journal had come when it was made: its last record, and its leaf."""

    thing: A  # never changed: whoever folds on takes a copy
    position: int
    leaf: bytes


class Folds:
    """The last folds of things that grow long.

    What a record of ours has made known stays known, whoever wrote it: a partner's records are
    read by a record of ours. So a fold of all that was known up to a position is as good as a new
    one for whoever sees the same record there; what became known later is folded on.
    """

    MOST = 16

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept: OrderedDict[str, Kept[Aggregate]] = OrderedDict()

    def get(self, stream: str, cls: type[A]) -> Kept[A] | None:
        with self._lock:
            found = self._kept.get(stream)
            if found is None or not isinstance(found.thing, cls):
                return None
            self._kept.move_to_end(stream)
            return Kept(found.thing, found.position, found.leaf)

    def put(self, stream: str, fold: Kept[A]) -> None:
        with self._lock:
            known = self._kept.get(stream)
            if known is None or known.position <= fold.position:
                self._kept[stream] = Kept(fold.thing, fold.position, fold.leaf)
            while len(self._kept) > self.MOST:
                self._kept.popitem(last=False)
