"""Asking ahead (预取): a partner whose next page is on its way while the last one is applied.

One page ahead and no more, in a thread of its own. A page that nobody came for is dropped, and
how it failed is told to whoever asks for it.
"""

from collections.abc import Sequence
from concurrent.futures import Future, wait
from threading import Thread

from ledger.exchange.remote import Remote
from ledger.exchange.wire import Checkpoint, Owed, Page, Partner
from ledger.journal.tiles import Asked


class Ahead:
    """A `Partner` over another, which is never asked two things at once."""

    def __init__(self, partner: Partner) -> None:
        self._partner = partner
        self._asked = 0, 0, 0
        self._coming: Future[Page] | None = None

    @property
    def origin(self) -> str:
        return self._partner.origin

    def hang_up(self) -> None:
        """Ends the question at hand, where the partner is far enough away to be slow."""
        if isinstance(self._partner, Remote):
            self._partner.hang_up()

    def checkpoint(self, read: int) -> Checkpoint:
        return self._now().checkpoint(read)

    def page(self, first: int, limit: int, size: int) -> Page:
        """The page, and from here on the one after it is fetched, where there is one."""
        asked, coming = (first, limit, size), self._coming
        if coming is None or asked != self._asked:
            page = self._now().page(*asked)
        else:
            self._coming = None
            page = coming.result()
        after = first + len(page.lines)
        if first < after <= size:
            self._fetch(after, limit, size)
        return page

    def owed(self, links: Sequence[str]) -> Sequence[Owed]:
        return self._now().owed(links)

    def tile(self, asked: Asked) -> bytes:
        return self._now().tile(asked)

    def mirrored(self, note: bytes) -> None:
        self._now().mirrored(note)

    def _now(self) -> Partner:
        """The partner, once it has nothing under way for us; what comes of it is dropped."""
        if self._coming is not None:
            wait([self._coming])
            self._coming = None
        return self._partner

    def _fetch(self, first: int, limit: int, size: int) -> None:
        self._asked = first, limit, size
        coming = self._coming = Future[Page]()

        def fetch() -> None:
            try:
                coming.set_result(self._partner.page(first, limit, size))
            except BaseException as fault:  # noqa: BLE001  (who asks for the page is told)
                coming.set_exception(fault)

        Thread(target=fetch, name=f"ahead {self.origin}", daemon=True).start()
