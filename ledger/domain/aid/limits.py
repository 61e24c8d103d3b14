"""What a scheme allows (办法的限度): caps, levels of approval, funds, ways to pay."""

from collections.abc import Collection, Mapping

from ledger.domain.aid.rules import (
    AboveTheCap,
    GoodsUnlisted,
    HigherApprover,
    MinutesMissing,
    ModeBarred,
    NoPayee,
    WrongFund,
)
from ledger.domain.aid.words import INSTITUTIONS, Goods, Payee
from ledger.domain.aiding import CapPer, KindRules, PayMode, Step
from ledger.domain.ids import FundId, UnionId
from ledger.domain.kernel import Code, Fen


def within_caps(
    rules: KindRules, amount: Fen, already: Mapping[CapPer, Fen], category: Code | None
) -> None:
    """Refuses more than a cap; `already`: granted in the same year, by the way to count.

    Raises: AboveTheCap.
    """
    for cap in rules.caps:
        if cap.category is not None and cap.category != category:
            continue
        before = Fen(0) if cap.per is CapPer.APPLICATION else already.get(cap.per, Fen(0))
        if before + amount > cap.most:
            raise AboveTheCap(per=cap.per, most=cap.most, already=before, amount=amount)


def at_level(
    rules: KindRules, union: UnionId, above: Mapping[UnionId, Collection[UnionId]], each: Fen
) -> None:
    """Refuses a union below the level of the amount.

    `above`: for each union that a level names, that union and those above it.

    Raises: HigherApprover.
    """
    reached = [level for level in rules.levels if each > level.above]
    if reached:
        wanted = reached[-1].approver
        if union not in above.get(wanted, (wanted,)):
            raise HigherApprover(amount=each, approver=wanted)


def collectively(rules: KindRules, total: Fen, minutes: Code | None) -> None:
    """Refuses a major grant without minutes. Raises: MinutesMissing."""
    collective = rules.minutes_above is not None and total > rules.minutes_above
    if (collective or Step.MINUTES in rules.steps) and not minutes:
        raise MinutesMissing(amount=total)


def from_fund(rules: KindRules, fund: FundId) -> None:
    """Raises: WrongFund."""
    if rules.funds and fund not in rules.funds:
        raise WrongFund(fund=fund, allowed=list(rules.funds))


def in_mode(rules: KindRules, mode: PayMode, payee: Payee | None) -> None:
    """Refuses a way to pay that the scheme bars, or that does not fit the payee.

    Raises: ModeBarred, NoPayee.
    """
    if mode not in rules.modes:
        raise ModeBarred(mode=mode, allowed=list(rules.modes))
    institution = payee is not None and payee.kind in INSTITUTIONS
    if mode is PayMode.INSTITUTION and not institution:
        raise NoPayee(mode=mode)
    if institution and mode is not PayMode.INSTITUTION:
        raise ModeBarred(mode=mode, payee=payee.kind if payee else None)


def goods_listed(mode: PayMode, amount: Fen, goods: Collection[Goods]) -> None:
    """Refuses goods without item, quantity, value and invoice, or of another value.

    Raises: GoodsUnlisted.
    """
    if (mode is PayMode.GOODS) != bool(goods):
        raise GoodsUnlisted(mode=mode)
    listed = sum(each.value for each in goods)
    whole = all(
        each.item.strip() and each.invoice.strip() and each.quantity > 0 and each.value > 0
        for each in goods
    )
    if goods and (listed != amount or not whole):
        raise GoodsUnlisted(amount=amount, listed=listed)
