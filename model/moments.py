"""Moments in UTC; one that Python's `datetime` cannot represent becomes the last or the first that it can."""

from datetime import UTC, date, datetime, time, timedelta

A_DAY = timedelta(days=1)
FIRST, LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
MOST_DAYS = 36_500


def in_utc(moment: datetime) -> datetime:
    """Return a moment in UTC; one without a time zone is in UTC already."""
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FIRST if moment.year == FIRST.year else LAST


def end_of_day(day: date) -> datetime:
    """Return the midnight UTC at which a day is over."""
    return LAST if day == date.max else datetime.combine(day, time(tzinfo=UTC)) + A_DAY


def after(moment: datetime, days: int) -> datetime:
    """Return the moment some days later."""
    return moment + days * A_DAY if LAST - moment > days * A_DAY else LAST
