"""The clock and the calendar (时钟与工作日): read here and nowhere else.

Instants are UTC; business dates are Beijing's. A wall clock that runs ahead of the monotonic one
by more than five minutes has been moved: nothing is recorded until somebody has looked.
"""

import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone

BEIJING = timezone(timedelta(hours=8), "Asia/Shanghai")
JUMP = timedelta(minutes=5)


class ClockJumped(RuntimeError):
    """The wall clock ran ahead of the monotonic clock: check the time service, then restart."""

    def __init__(self, wall: datetime, expected: datetime) -> None:
        super().__init__(
            f"the clock says {wall:%Y-%m-%d %H:%M:%S}Z, {wall - expected} ahead of the time "
            "that has passed since the start; check the time service and restart"
        )
        self.wall, self.expected = wall, expected


def _wall() -> datetime:
    return datetime.now(UTC)


class Clock:
    """Tells the time; refuses to where the wall clock has been moved ahead while we ran.

    `ahead`: how far it was set from the time of day, as only a demo's is.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = _wall,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        ahead: timedelta = timedelta(),
    ) -> None:
        self._wall, self._monotonic, self.ahead = wall, monotonic, ahead
        self._started = (wall(), monotonic())

    @classmethod
    def set_to(cls, day: date) -> "Clock":
        """A demo's clock: it is that day now, at this time of the day, and it runs on from there."""
        ahead = day - beijing(_wall()).date()
        return cls(lambda: _wall() + ahead, ahead=ahead)

    def now(self) -> datetime:
        """The instant, UTC. Raises: ClockJumped."""
        wall, elapsed = self._wall(), self._monotonic() - self._started[1]
        expected = self._started[0] + timedelta(seconds=elapsed)
        if wall - expected > JUMP:
            raise ClockJumped(wall, expected)
        if wall < expected - timedelta(seconds=1):
            # A clock that was set back is the lesser evil: the journal keeps `at` from sinking.
            self._started = (wall, self._monotonic())
        return wall

    def today(self) -> date:
        """The business date: Beijing's."""
        return beijing(self.now()).date()


def beijing(at: datetime) -> datetime:
    """The instant as a clock on a Chinese wall shows it."""
    return at.astimezone(BEIJING)


def is_working_day(day: date) -> bool:
    """Whether offices are open (国务院 holiday calendar); beyond its last year Monday to Friday."""
    announced = _is_announced_workday(day)
    return day.weekday() < 5 if announced is None else announced


def is_provisional(day: date) -> bool:
    """Whether the holidays of that year are not announced yet."""
    return _is_announced_workday(day) is None


def _is_announced_workday(day: date) -> bool | None:
    """What the calendar says; None beyond its last year."""
    import chinese_calendar  # all holidays of twenty years: read where the first one is asked for

    try:
        return chinese_calendar.is_workday(day)
    except NotImplementedError:  # what the calendar raises beyond its last year
        return None


def working_days_after(day: date, count: int) -> date:
    """The day on which a term of `count` working days ends; the day itself does not count."""
    while count > 0:
        day += timedelta(days=1)
        if is_working_day(day):
            count -= 1
    return day


def working_days_between(start: date, end: date) -> int:
    """Working days after `start` up to and including `end`; negative where it has passed."""
    if end < start:
        return -working_days_between(end, start)
    count, day = 0, start
    while day < end:
        day += timedelta(days=1)
        count += is_working_day(day)
    return count


OPENS, CLOSES = 9, 17
"""Hours of an office's day, Beijing: eight of them."""


def working_hours_after(at: datetime, hours: int) -> datetime:
    """The instant by which so many working hours have passed; nights and holidays do not count."""
    local, left = beijing(at), timedelta(hours=hours)
    while True:
        opens = local.replace(hour=OPENS, minute=0, second=0, microsecond=0)
        closes = opens.replace(hour=CLOSES)
        start = max(local, opens)
        if is_working_day(local.date()) and start < closes:
            if start + left <= closes:
                return (start + left).astimezone(UTC)
            left -= closes - start
        local = opens + timedelta(days=1)
