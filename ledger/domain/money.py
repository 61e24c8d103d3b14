"""Money (金额): whole fen, read from what people write and written for people to read.

One yuan is a hundred fen. An amount is an `int`; text is taken digit by digit, so no float and no
rounding ever touches it: what a fen cannot hold is refused.
"""

import re

from ledger.domain.kernel import Fen, Refused


class NoAmount(
    Refused,
    zh="金额只写数字，可带千分位逗号和两位以内的小数。",
    article="design: whole fen",
    instead="去掉文字和符号，例如 1,200.50。",
):
    """An amount is digits, with commas between thousands and at most two decimals."""


class ThirdDecimal(
    Refused,
    zh="金额最多两位小数，第三位小数不作舍入。",
    article="design: whole fen",
    instead="核对原始凭证，按元角分填写。",
):
    """Amounts are whole fen: a third decimal is refused, not rounded."""


class AmountNotPositive(
    Refused,
    zh="金额须大于零。",
    article="design: whole fen",
    instead="填写大于零的金额；冲回、退回另行登记。",
):
    """Every movement of money is of more than nothing."""


def positive(amount: Fen) -> Fen:
    """The amount, if it is one that can move. Raises: AmountNotPositive."""
    if amount <= 0:
        raise AmountNotPositive(amount=amount)
    return amount


# ── reading ──────────────────────────────────────────────────────────────────────────────────

_YUAN = re.compile(r"([0-9]+|[0-9]{1,3}(?:,[0-9]{3})+)(?:\.([0-9]+))?", re.ASCII)
_WIDE = {wide: wide - 0xFEE0 for wide in map(ord, "０１２３４５６７８９，．")}
_MOST = 2**53  # what a record can hold


def fen_of(text: str) -> Fen:
    """An amount in yuan as people write it, full-width too: `1,200.5` → 120050.

    Raises: NoAmount, ThirdDecimal (also where the third decimal is a zero).
    """
    found = _YUAN.fullmatch(text.strip().translate(_WIDE))
    if found is None:
        raise NoAmount()
    decimals = found[2] or ""
    if len(decimals) > 2:
        raise ThirdDecimal(decimals=len(decimals))
    whole = found[1].replace(",", "")
    if len(whole) > len(str(_MOST)) or (fen := int(whole + decimals.ljust(2, "0"))) >= _MOST:
        raise NoAmount()
    return Fen(fen)


# ── writing ──────────────────────────────────────────────────────────────────────────────────


def yuan(fen: int) -> str:
    """Yuan with two decimals and commas: `190,000.00`."""
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{rest:02}"


def in_wan(fen: int) -> str:
    """Ten thousands of yuan for reports: `926.4万元`.

    At most two decimals, and none that say nothing. An amount that two decimals cannot tell is
    rounded to the nearest (half up) and says so: `约926.41万元`.
    """
    hundredths, rest = divmod(abs(fen), 100_00)
    about = "约" if rest else ""
    hundredths += rest >= 50_00
    whole, decimals = divmod(hundredths, 100)
    told = f"{whole:,}.{decimals:02}".rstrip("0").rstrip(".")
    return f"{about}{'-' if fen < 0 else ''}{told}万元"


_DIGITS = "零壹贰叁肆伍陆柒捌玖"


def capitals(fen: int) -> str:
    """The amount in capital characters (大写金额): 120000 → `壹仟贰佰元整`.

    After 《支付结算办法》, annex 1: several zeros within are one 零; 整 stands after 元 alone; where
    the yuan or the jiao is zero and something follows, 零 stands after 元. Of the spellings that
    the annex allows, the first that it shows.
    """
    whole, rest = divmod(abs(fen), 100)
    jiao, cents = divmod(rest, 10)
    told = "负" if fen < 0 else ""
    if whole or not rest:
        told += _capital(whole) + "元"
    if not rest:
        return told + "整"
    if whole and (jiao == 0 or whole % 10 == 0):
        told += "零"
    return told + (f"{_DIGITS[jiao]}角" if jiao else "") + (f"{_DIGITS[cents]}分" if cents else "")


def _capital(number: int) -> str:
    """A whole number in capital characters."""
    for unit, word in _UNITS:
        if number >= unit:
            high, low = divmod(number, unit)
            gap = "零" if 0 < low < unit // 10 else ""
            return _capital(high) + word + gap + (_capital(low) if low else "")
    return _DIGITS[number]


_UNITS = ((10**8, "亿"), (10**4, "万"), (1000, "仟"), (100, "佰"), (10, "拾"))
