"""When a workshop is over."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import yaml

from model.moments import in_utc
from model.problem import InputError
from settings import Settings
from settings.ending import Stage, ending, needs_last_up
from settings.loading import parse
from tests.program import ROOT

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def settings(**values: object) -> Settings:
    return Settings.model_validate(values)


@pytest.mark.parametrize(
    ("last_day", "stage"),
    [
        (date(2026, 11, 25), Stage.OVER),
        (date(2026, 11, 26), Stage.ENDING),
        (date(2026, 11, 28), Stage.ENDING),
        (date(2026, 11, 29), Stage.RUNNING),
    ],
)
def test_a_last_day_is_over_at_its_midnight(last_day: date, stage: Stage) -> None:
    assert ending(settings(workshopEnds=last_day), None, NOON, 3).stage is stage


def test_the_last_day_itself_belongs_to_the_workshop() -> None:
    wanted = settings(workshopEnds=NOON.date())
    midnight = datetime(2026, 11, 27, tzinfo=UTC)

    assert ending(wanted, None, midnight - timedelta(seconds=1), 0).stage is Stage.RUNNING
    assert ending(wanted, None, midnight, 0).stage is Stage.OVER


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


@pytest.mark.parametrize("rule", ["RUNNING", "the settings' own message"])
def test_every_message_with_a_last_day_names_its_time_zone(rule: str) -> None:
    if rule == "RUNNING":
        told = ending(parse({"workshopEnds": "2027-01-31"}), None, NOON, 3).sentence
    else:
        with pytest.raises(InputError) as caught:
            parse({"workshopEnds": "31.1.2027"})
        told = str(caught.value)
    assert "24:00 UTC" in told


@pytest.mark.parametrize(
    ("days_ago", "stage"), [(8, Stage.OVER), (7, Stage.OVER), (6, Stage.ENDING), (1, Stage.RUNNING)]
)
def test_days_are_counted_from_the_last_up(days_ago: int, stage: Stage) -> None:
    found = ending(settings(workshopDays=7), NOON - timedelta(days=days_ago), NOON, 3)

    assert found.stage is stage
    assert "it lives 7 days" in found.sentence


def test_a_stack_that_was_never_up_is_not_over() -> None:
    assert ending(settings(workshopDays=1), None, NOON, 3).stage is Stage.RUNNING


@pytest.mark.parametrize("values", [{}, {"workshopDays": 0}, {"workshopDays": "0"}, {"workshopEnds": ""}])
def test_without_the_setting_there_is_no_end(values: dict[str, object]) -> None:
    wanted = settings(**values)

    assert ending(wanted, NOON - timedelta(days=4000), NOON, 3).stage is Stage.ENDLESS
    assert not needs_last_up(wanted)


def test_a_day_and_a_number_of_days_at_once_are_refused() -> None:
    with pytest.raises(InputError, match=r"workshopDays: it is 7, and workshopEnds is 2027-01-31, but .*config rm"):
        parse({"workshopDays": "7", "workshopEnds": "2027-01-31"})


@pytest.mark.parametrize(
    ("day", "stage"), [("9999-12-31", Stage.RUNNING), ("9999-12-30", Stage.RUNNING), ("0001-01-01", Stage.OVER)]
)
def test_the_first_and_the_last_day_that_there_are_can_be_chosen(day: str, stage: Stage) -> None:
    found = ending(parse({"workshopEnds": day}), None, NOON, 3)

    assert found.stage is stage
    assert day in found.sentence


@pytest.mark.parametrize("last_up", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_days_can_be_counted_from_every_moment(last_up: datetime) -> None:
    assert ending(parse({"workshopDays": 366}), last_up, NOON, 36_500).stage in (
        Stage.ENDING,
        Stage.RUNNING,
        Stage.OVER,
    )


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


@pytest.mark.parametrize("days", ["-1", "367", "1.5", True, False, "soon", 0.0])
def test_days_that_are_none_are_refused(days: object) -> None:
    with pytest.raises(InputError, match=r"workshopDays: the value is .* whole days from 1 to 366"):
        parse({"workshopDays": days})
