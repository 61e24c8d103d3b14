"""What we use of chinese_calendar, which comes without types. Each raises NotImplementedError for
a date outside the years whose holidays it knows."""

from datetime import date

holidays: dict[date, str]
workdays: dict[date, str]

def is_holiday(date: date) -> bool: ...
def is_workday(date: date) -> bool: ...
