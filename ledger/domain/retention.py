"""How long what must be kept (保存期限): terms by kind of fact, adopted by the federation.

A term says for how long the texts of a kind of fact stay readable to the law, from when it counts
and where it comes from. The record itself is kept for ever; what ends is the person in it. Terms
are a fact like any other: versioned, and in force from a day on.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from ledger.domain.ids import RetentionId
from ledger.domain.kernel import (
    Act,
    Aggregate,
    Code,
    Event,
    Fact,
    Office,
    PublicText,
    Refused,
    Scope,
)


class Kept(StrEnum):
    """Kinds of fact about a person, by how long they are to be kept (保存类别)."""

    IDENTITY = "identity"  # 基本情况
    MEMBERSHIP = "membership"  # 会籍档案
    SERVICES = "services"  # 服务记录
    AID = "aid"  # 困难与帮扶档案
    ACCOUNTING = "accounting"  # 会计凭证
    RIGHTS = "rights"  # 维权案卷
    SHARING = "sharing"  # 同意与提供记录
    OFFICES = "offices"  # 任职记录


class Counted(StrEnum):
    """From when a term counts (起算)."""

    LAST_FACT = "last_fact"  # 自最后一笔之日
    YEAR_END = "year_end"  # 自会计年度终了后第一天


@dataclass(frozen=True)
class Term:
    """For how many years facts of a kind are kept, from when, and by which provision."""

    kept: Kept
    years: int
    counted: Counted
    source: PublicText

    def until(self, last: date) -> date:
        """The first day on which nothing of this kind holds the person any more."""
        first = date(last.year + 1, 1, 1) if self.counted is Counted.YEAR_END else last
        return years_after(first, self.years)


def years_after(day: date, years: int) -> date:
    """The same day so many years later; of 29 February, 1 March."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


LEAST: Mapping[Kept, tuple[int, Counted]] = {
    Kept.ACCOUNTING: (30, Counted.YEAR_END),
    Kept.RIGHTS: (3, Counted.LAST_FACT),
    Kept.SHARING: (3, Counted.LAST_FACT),
}
"""What the law asks for at least: no federation adopts less."""

USUAL: tuple[Term, ...] = (
    Term(Kept.IDENTITY, 0, Counted.LAST_FACT, "个人信息保护法第十九条：实现处理目的所必要的最短时间"),
    Term(Kept.MEMBERSHIP, 10, Counted.LAST_FACT, "文书档案定期保管十年（国家档案局令第8号），工会自定"),
    Term(Kept.SERVICES, 3, Counted.LAST_FACT, "工会自定，与提供记录同期"),
    Term(Kept.AID, 10, Counted.LAST_FACT, "文书档案定期保管十年（国家档案局令第8号），工会自定"),
    Term(
        Kept.ACCOUNTING, 30, Counted.YEAR_END,
        "会计档案管理办法（财政部、国家档案局令第79号）附表：会计凭证三十年",
    ),
    Term(Kept.RIGHTS, 10, Counted.LAST_FACT, "工资台账至少三年（保障农民工工资支付条例第十五条），工会自定十年"),
    Term(Kept.SHARING, 3, Counted.LAST_FACT, "网络数据安全管理条例第十二条；个人信息保护法第五十六条"),
    Term(Kept.OFFICES, 10, Counted.LAST_FACT, "文书档案定期保管十年（国家档案局令第8号），工会自定"),
)  # fmt: skip
"""Terms to begin with; a federation that thinks otherwise adopts its own."""

_ACCOUNTS = (
    "PaymentInstructed", "PaymentMade", "PaymentFailed", "PaymentReturned", "ReceiptSigned",
    "MoneyTakenBack", "PastAidRecorded", "PayeeNamed",
)  # fmt: skip
_SHARING = ("ConsentGiven", "LegalBasisRecorded", "ConsentWithdrawn")
_OFFICES = ("OfficerAppointed", "OfficerRelieved", "OfficeDelegated", "EntryEntrusted")

KEPT_AS: Mapping[Code, Kept] = {
    **{Code(kind): Kept.ACCOUNTING for kind in _ACCOUNTS},
    **{Code(kind): Kept.SHARING for kind in _SHARING},
    **{Code(kind): Kept.OFFICES for kind in _OFFICES},
}
"""Kinds that are not kept as their scope is."""

OF_SCOPE: Mapping[Scope, Kept] = {
    Scope.PERSON: Kept.IDENTITY,
    Scope.MEMBERSHIP: Kept.MEMBERSHIP,
    Scope.RIGHTS: Kept.RIGHTS,
    Scope.AID: Kept.AID,
    Scope.SERVICES: Kept.SERVICES,
}


def kept_as(kind: Code) -> Kept | None:
    """As what a kind of fact is kept; None where it keeps nobody, as control facts do not."""
    known = Event.kinds.get(kind)
    return KEPT_AS.get(kind) or (OF_SCOPE.get(known.scope) if known else None)


# ── rules ────────────────────────────────────────────────────────────────────────────────────


class EveryKindOnce(
    Refused,
    zh="保存期限须为每一类别各规定一次。",
    article="L2 art. 19, 47; P12",
    instead="逐类填写年限、起算和依据，不重复、不遗漏。",
):
    """Retention terms name every kind of fact once."""


class ShorterThanTheLaw(
    Refused,
    zh="保存期限不得短于法定最低年限。",
    article="会计档案管理办法; L3 art. 12; L4 art. 15; P18",
    instead="按法定最低年限或更长年限填写。",
):
    """No retention term is shorter than the law's."""


class EditionTaken(
    Refused,
    zh="这一编号的保存期限规定已经登记。",
    article="design: retention",
    instead="换一个文号或版本号。",
):
    """Each edition of the retention terms has a name of its own."""


class NoTermsInForce(
    Refused,
    zh="尚未登记保存期限规定，无法计算何时可以销毁。",
    article="L2 art. 47; P12",
    instead="先由省总工会通过并登记保存期限规定。",
):
    """Nobody is restricted or forgotten before retention terms are in force."""


# ── the terms as a fact ──────────────────────────────────────────────────────────────────────


class RetentionAdopted(Event, by=Office.CHAIR, scope=Scope.NEVER, ahead=True):
    """保存期限规定: from `since` on these terms hold, in the place of all earlier ones."""

    retention: RetentionId
    edition: Code
    since: date
    terms: tuple[Term, ...]
    paper: Code | None = None


class Retention(Aggregate):
    """All versions of the retention terms of one journal (one stream, by its root union)."""

    one_journal = True

    def __init__(self) -> None:
        self.adopted: list[RetentionAdopted] = []

    def adopt(
        self, act: Act, retention: RetentionId, edition: Code, terms: Sequence[Term],
        since: date | None = None, paper: Code | None = None,
    ) -> RetentionAdopted:  # fmt: skip
        """Adopts a version. Raises: EveryKindOnce, ShorterThanTheLaw, EditionTaken."""
        if sorted(term.kept for term in terms) != sorted(Kept):
            raise EveryKindOnce(given=[term.kept for term in terms])
        for term in terms:
            least, counted = LEAST.get(term.kept, (0, term.counted))
            sooner = counted is Counted.YEAR_END and term.counted is Counted.LAST_FACT
            if term.years < least or sooner:
                raise ShorterThanTheLaw(kept=term.kept, years=term.years, least=least)
        if any(one.edition == edition for one in self.adopted):
            raise EditionTaken(edition=edition)
        return RetentionAdopted(retention, edition, since or act.on, tuple(terms), paper)

    def in_force(self, on: date) -> RetentionAdopted:
        """The version of a day: the one that began last. Raises: NoTermsInForce."""
        begun = [one for one in self.adopted if one.since <= on]
        if not begun:
            raise NoTermsInForce(on=on.isoformat())
        return max(begun, key=lambda one: one.since)

    def after(self, fact: Fact) -> None:
        match fact.event:
            case RetentionAdopted() as e:
                # Of two that begin on one day the later one holds.
                self.adopted = [e, *self.adopted]
            case _:
                pass


@dataclass(frozen=True)
class Holding:
    """What keeps a person: a kind of fact, its last day, and until when (excluded)."""

    kept: Kept
    last: date
    until: date
    source: PublicText


def holdings(terms: Iterable[Term], last: Mapping[Kept, date]) -> list[Holding]:
    """What keeps a person by these terms, the longest first; `last`: each kind's newest fact."""
    by_kind = {term.kept: term for term in terms}
    found = [
        Holding(kept, on, by_kind[kept].until(on), by_kind[kept].source)
        for kept, on in last.items()
        if kept in by_kind
    ]
    return sorted(found, key=lambda one: (one.until, one.kept), reverse=True)
