"""Records that are cited (所涉记录): each in a sentence, with the page of its thing and its replay."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ledger.book import Reader
from ledger.domain.aid import PaymentMade
from ledger.domain.corrections import person_of
from ledger.domain.kernel import Fact
from ledger.replay import title

_PAGES = {
    "per": "/workers/{}", "trf": "/transfers/{}", "grt": "/grants/{}", "lis": "/aid-lists/{}",
    "fnd": "/funds/{}", "cas": "/cases/{}", "que": "/questions/{}", "sch": "/schemes/{}",
    "tri": "/trips/{}", "sta": "/stations/{}", "par": "/partnerships/{}",
}  # fmt: skip
_THEN = {
    "workers": "?as_of={0}&known=then&known_on={0}", "grants": "?as_of={0}&known=then&known_on={0}",
    "cases": "?as_of={0}&known=then&known_on={0}", "funds": "?as_of={0}&known_on={0}",
    "questions": "?as_of={0}&known_on={0}",
}  # fmt: skip
"""How a page is asked for as it was on a day, and as it was known on that day."""


@dataclass(frozen=True)
class Cite:
    """One record: what it says in a word, where its thing is shown, now and as known that day."""

    ref: str
    on: date
    title: str
    stream: str
    href: str
    then: str

    @property
    def number(self) -> str:
        return self.ref.rpartition("#")[2]


def cites(reader: Reader, refs: Iterable[str]) -> dict[str, Cite]:
    """These records, by their refs; those that are not here are left out."""
    places = [(whose, int(at)) for whose, _, at in (ref.rpartition("#") for ref in refs)]
    return {
        fact.ref: _cite(one.stream, fact)
        for one, fact in reader.facts_at(list(dict.fromkeys(places)))
    }


def _cite(stream: str, fact: Fact) -> Cite:
    event, prefix = fact.event, stream[:3]
    page = _PAGES.get(prefix, "").format(stream)
    if not page and (person := person_of(event)) is not None:
        page = f"/workers/{person}"
    elif not page and prefix in ("ser", "tal"):
        page = "/services?tab=lines"
    then = _THEN.get(page.split("/")[1], "") if page else ""
    asked = f"{page}{then.format(fact.on.isoformat())}" if then else ""
    if isinstance(event, PaymentMade):
        asked = f"{page}?payment={event.payment}"
    return Cite(fact.ref, fact.on, title(event), stream, page, asked)
