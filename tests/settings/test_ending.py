"""When a workshop is over."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml

from model.moments import in_utc
from settings.ending import Stage, ending, needs_last_up
from settings.loading import parse
from tests.program import ROOT

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


LAST_DAYS = {
    **dict.fromkeys(["0001-01-01", "2026-11-25"], Stage.OVER),
    **dict.fromkeys(["2026-11-26", "2026-11-28"], Stage.ENDING),
    **dict.fromkeys(["2026-11-29", "9999-12-30", "9999-12-31"], Stage.RUNNING),
}
SINCE_UP = {8: Stage.OVER, 7: Stage.OVER, 6: Stage.ENDING, 1: Stage.RUNNING}
ENDLESS: list[dict[str, object]] = [{}, {"workshopDays": 0}, {"workshopDays": "0"}, {"workshopEnds": ""}]
ENDINGS: list[tuple[dict[str, object], int | None, Stage, str]] = [
    *(({"workshopEnds": day}, None, stage, f"{day}, which ends at 24:00 UTC") for day, stage in LAST_DAYS.items()),
    *(({"workshopDays": 7}, days, stage, "it lives 7 days") for days, stage in SINCE_UP.items()),
    ({"workshopDays": 1}, None, Stage.RUNNING, "has not run yet"),
    *((values, 4000, Stage.ENDLESS, "name no end") for values in ENDLESS),
]
"""Settings, the days since the last `up`, and what they mean three days before an end."""


@pytest.mark.parametrize(("values", "days_ago", "stage", "words"), ENDINGS)
def test_a_workshop_ends_after_its_last_day_or_some_days_after_its_last_up(
    values: dict[str, object], days_ago: int | None, stage: Stage, words: str
) -> None:
    found = ending(parse(values), None if days_ago is None else NOON - timedelta(days=days_ago), NOON, 3)

    assert found.stage is stage
    assert words in found.sentence
    assert needs_last_up(parse(values)) is ("lives" in words or "run yet" in words)


LOCAL = [
    ("America/Los_Angeles", "2027-01-31 16:00", "31 January at 20:17 in Los Angeles"),
    ("America/New_York", "2027-01-31 19:00", "23:17 in New York"),
    ("Europe/Berlin", "2027-02-01 01:00", "1 February at 05:17 in Berlin"),
    ("Australia/Sydney", "2027-02-01 11:00", "15:17 in Sydney"),
]


@pytest.mark.parametrize(("zone", "ends", "told"), LOCAL)
def test_a_last_day_ends_in_utc_and_the_documentation_says_when_that_is(zone: str, ends: str, told: str) -> None:
    wanted, place = parse({"workshopEnds": "2027-01-31"}), ZoneInfo(zone)
    end = datetime.strptime(ends, "%Y-%m-%d %H:%M").replace(tzinfo=place)

    assert ending(wanted, None, end - timedelta(seconds=1), 0).stage is Stage.RUNNING
    assert ending(wanted, None, end, 0).stage is Stage.OVER
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "teardown.yml").read_text())
    minute, hour, *_ = workflow[True]["schedule"][0]["cron"].split()
    taken_away = datetime(2027, 2, 1, int(hour), int(minute), tzinfo=UTC).astimezone(place)
    assert told.endswith(f"{taken_away:%H:%M} in {zone.rpartition('/')[2].replace('_', ' ')}")
    assert told in (ROOT / "docs/daily-use.md").read_text()
    assert f"{taken_away:%Y-%m-%d}" == ends[:10]


@pytest.mark.parametrize("last_up", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_days_can_be_counted_from_every_moment(last_up: datetime) -> None:
    assert ending(parse({"workshopDays": 366}), last_up, NOON, 36_500).stage is not Stage.ENDLESS


@pytest.mark.parametrize(
    ("moment", "utc"),
    [
        ("9999-12-31T23:59:59-12:00", datetime.max.replace(tzinfo=UTC)),
        ("0001-01-01T00:00:00+14:00", datetime.min.replace(tzinfo=UTC)),
        ("2026-11-26T12:00:00", NOON),
        ("2026-11-26T14:00:00+02:00", NOON),
    ],
)
def test_a_moment_that_utc_does_not_have_is_the_nearest(moment: str, utc: datetime) -> None:
    assert in_utc(datetime.fromisoformat(moment)) == utc
