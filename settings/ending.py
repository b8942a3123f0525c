"""The end of a workshop: on a day, or some days after its last `up`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from model.moments import A_DAY, after, end_of_day
from settings import Settings


class Stage(StrEnum):
    """The stage that a workshop is in."""

    ENDLESS = "endless"
    """Its settings name no end, so no teardown destroys it."""
    RUNNING = "running"
    ENDING = "ending"
    """It will be over within the days of the warning."""
    OVER = "over"


@dataclass(frozen=True)
class Ending:
    """A workshop's end."""

    stage: Stage
    sentence: str
    """The time at which it is over, and the reason."""


def needs_last_up(settings: Settings) -> bool:
    """Return whether the end is counted from the last `up`."""
    return settings.workshop_days is not None


def ending(settings: Settings, last_up: datetime | None, now: datetime, warn_days: int) -> Ending:
    """Return the end of the workshop; `last_up` is read only where `needs_last_up` is true.

    A last day ends at 24:00 UTC, wherever the workshop is.
    """
    if settings.workshop_ends:
        end = end_of_day(settings.workshop_ends)
        return _ending(end, f"its last day is {settings.workshop_ends}, which ends at 24:00 UTC", now, warn_days)
    if settings.workshop_days is None:
        return Ending(Stage.ENDLESS, "its settings name no end")
    if last_up is None:
        return Ending(Stage.RUNNING, "its days count from its first `up`, which has not run yet")
    end = after(last_up, settings.workshop_days)
    why = f"its last `up` was on {last_up:%Y-%m-%d %H:%M} UTC, and it lives {settings.workshop_days} days"
    return _ending(end, why, now, warn_days)


def _ending(end: datetime, why: str, now: datetime, warn_days: int) -> Ending:
    left = end - now
    if left <= timedelta(0):
        return Ending(Stage.OVER, f"over since {end:%Y-%m-%d %H:%M} UTC: {why}")
    days = ceil(left / A_DAY)
    stage = Stage.ENDING if left <= warn_days * A_DAY else Stage.RUNNING
    return Ending(stage, f"over in {days} {'day' if days == 1 else 'days'}: {why}")
