"""Deadlines (期限): how long is left, in calendar and in working days, as a word and a colour."""

from datetime import date
from typing import NamedTuple

from ledger.clock import is_provisional, working_days_between

SOON = 7  # calendar days
_FAR = 400  # beyond so many days nobody counts working days


class Left(NamedTuple):
    """What is left of a term; `tone` is a state's of `ui.state`."""

    days: int
    said: str
    tone: str


def left(due: date, today: date) -> Left:
    """How long is left until the end of `due`, as it is said beside the date."""
    days = (due - today).days
    if days == 0:
        return Left(days, "今日到期", "doing")
    working = ""
    if abs(days) < _FAR:
        about = "约" if is_provisional(max(due, today)) else ""
        working = f"（{about}{abs(working_days_between(today, due))} 个工作日）"
    if days < 0:
        return Left(days, f"逾期 {-days} 日{working}", "back")
    return Left(days, f"剩 {days} 日{working}", "doing" if days <= SOON else "todo")
