"""Workshops that are over are destroyed on the real engine, and nothing else is."""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from clients.pulumi_cli import NoStackError, StackCli, read_settings
from sandbox import paths
from tests.sandbox.program import read_until
from tests.sandbox.small_workshops import SmallWorkshops

pytestmark = pytest.mark.sandbox


@pytest.fixture
def workshops(tmp_path: Path, own_home: paths.Home) -> SmallWorkshops:
    endings: dict[str, dict[str, object]] = {
        "past": {"workshopEnds": "2026-01-31"},
        "later": {"workshopEnds": "2099-12-31"},
        "short": {"workshopDays": 7},
        "plain": {},
    }
    return SmallWorkshops(tmp_path / "project", own_home.folder, **endings)


def test_exactly_the_workshop_that_is_over_is_taken_away_even_by_two_runs(
    workshops: SmallWorkshops, monkeypatch: pytest.MonkeyPatch
) -> None:
    for stack in ("later", "plain", "short"):
        workshops.on(stack, "up", "--yes", "--skip-preview")
    others = workshops.objects()
    workshops.on("past", "up", "--yes", "--skip-preview")
    everything = workshops.objects()
    assert {name for name in everything - others if "workshop-past" in name} >= {
        "namespaces /workshop-past",
        "clusterroles /workshop-past",
        "configmaps workshop-past/free",
    }

    assert "would be taken away" in workshops.teardown()
    assert workshops.objects() == everything

    # The first run meets an object that does not go, and is killed while it waits.
    killed = workshops.start_teardown("YES=--yes")
    read_until(killed, "deleting")
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert "configmaps workshop-past/held" in workshops.objects()
    workshops.release("past")

    told = workshops.teardown("YES=--yes")
    assert "Nothing of the stack is left in the cluster." in told
    assert "taken away; nothing is left" in told
    assert workshops.objects() == others
    listed = workshops.on("later", "stack", "ls")
    assert [name for name in ("past", "later", "plain", "short") if name in listed] == ["later", "plain", "short"]
    assert (workshops.folder / "Pulumi.past.yaml").exists()

    workshops.teardown("YES=--yes")
    assert workshops.objects() == others
    assert "past" not in workshops.on("later", "stack", "ls"), "asking about a stack makes none"

    # Commands that only read a stack do not extend its life.
    workshops.on("short", "refresh", "--yes", "--skip-preview")
    monkeypatch.chdir(workshops.folder)
    for name, value in workshops.environment().items():
        monkeypatch.setenv(name, value)
    last_up = StackCli("short").last_up()
    assert last_up is not None
    assert datetime.now(UTC) - timedelta(minutes=30) < last_up < datetime.now(UTC) - timedelta(seconds=3)
    with pytest.raises(NoStackError):
        read_settings("past")
