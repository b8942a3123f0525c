"""`expiry`: when certificates end, which of them are due, and what a person is asked to do."""

import io
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess

import pytest
from rich.console import Console

from clients import pulumi_cli
from model.problem import InputError
from settings import Settings
from tests.doubles.drain_double import always
from workshop import expiry

NOW = datetime.now(UTC)
NONE: Mapping[str, object] = {}


def after(days: float) -> str:
    return (NOW + timedelta(days=days, hours=1)).isoformat()


def report(
    patch: pytest.MonkeyPatch, dates: object, settings: Mapping[str, object] = NONE, days: int = 30
) -> tuple[int, str]:
    """Return the exit status and the text for a stack with this output."""
    printed = io.StringIO()
    patch.setattr(pulumi_cli, "read_outputs", {"test": {"certificatesExpire": dates}}.__getitem__)
    status = expiry.report(Settings.model_validate(settings), "test", Console(file=printed, width=200), days)
    return status, printed.getvalue()


def test_every_certificate_is_in_the_table_the_next_to_end_first(monkeypatch: pytest.MonkeyPatch) -> None:
    dates = {"trustAnchor": after(3650), "issuer": after(365), "viz": {"tap-k8s-tls": after(100)}}
    status, text = report(monkeypatch, dates)

    assert status == 0
    rows = [line for line in text.splitlines() if " ok " in line]
    assert [row.split()[1] for row in rows] == ["viz.tap-k8s-tls", "issuer", "trustAnchor"]
    assert [row.split("│")[3].strip() for row in rows] == ["100", "365", "3650"]
    assert "To last until" not in text


NOON = datetime(NOW.year + 1, 5, 1, 12, tzinfo=UTC)
IN_99_DAYS, IN_101_DAYS = ((NOW + timedelta(days=days)).date() for days in (99, 101))


@pytest.mark.parametrize(
    ("ends", "days", "workshop_ends", "status", "said"),
    [
        (after(-1), 30, None, 1, " ended "),
        (after(0), 30, None, 1, "ends within 30 days"),
        (after(29), 30, None, 1, "ends within 30 days"),
        (after(30), 30, None, 0, " ok "),
        (after(50), 60, None, 1, "ends within 60 days"),
        (after(0), 1, None, 1, "ends within 1 day "),
        (after(50), 40, None, 0, " ok "),
        ("9999-12-31T23:59:59-12:00", 36_500, None, 0, "issuer"),
        ("9999-12-31T23:59:59Z", 36_500, None, 0, "issuer"),
        ("0001-01-01T00:00:00+14:00", 36_500, None, 1, "issuer"),
        (after(365), 30, "9999-12-31", 1, "To last until 9999-12-31"),
        (after(100), 30, IN_99_DAYS, 0, " ok "),
        (after(100), 30, IN_101_DAYS, 1, "ends before the workshop"),
        (NOON.isoformat(), 30, NOON.date(), 1, "ends before the workshop"),
    ],
    ids=[  # moments of a run in its tests' names would differ between pytest's workers
        *("ended", "ends today", "a day too early", "long enough", "too early for 60 days", "too early for a day"),
        "long enough for 40 days",
        *("the last moment in the west", "the last moment", "the first moment", "the last workshop"),
        *("after the workshop", "before the workshop", "at noon of the workshop's last day"),
    ],
)
def test_a_certificate_has_to_last_for_the_given_days_and_for_the_whole_workshop(  # noqa: PLR0913, PLR0917
    monkeypatch: pytest.MonkeyPatch, ends: str, days: int, workshop_ends: object, status: int, said: str
) -> None:
    settings = {"workshopEnds": workshop_ends} if workshop_ends else {}
    found, text = report(monkeypatch, {"issuer": ends}, settings, days)

    assert found == status
    assert said in text


SHORT = {"trust": {"renewalDays": 10}}
SHORTER = {"trust": {"renewalDays": 10, "issuerDays": 20}}


@pytest.mark.parametrize(
    ("dates", "settings", "fix"),
    [
        ({"issuer": after(3)}, {}, "To last until"),
        ({"issuer": after(3)}, {}, "issuer has to be renewed: run `make up STACK=test`."),
        ({"a": after(3), "viz": {"b": after(4)}}, {}, "a, viz.b have to be renewed: run `make up STACK=test`."),
        ({"issuer": after(3)}, SHORT, "pulumi config set --path 'linkerd-workshop:trust.renewalDays' 30"),
        ({"issuer": after(3)}, SHORTER, "in the last 10 days of each"),
        ({"trustAnchor": after(3)}, {"trust": {"anchor": 4}}, "to `stable` with trust.anchor 5"),
        ({"webhookAuthority": after(3)}, {}, "replace webhookAuthority with `pulumi up --replace <URN>`"),
    ],
)
def test_the_last_line_says_which_certificates_are_due_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, dates: object, settings: dict[str, object], fix: str
) -> None:
    status, text = report(monkeypatch, dates, settings)

    assert status == 1
    assert fix in text.splitlines()[-1]


@pytest.mark.parametrize("dates", [None, "soon", {}, {"issuer": "soon"}, {"viz": {"tap": None}}])
def test_an_output_without_dates_is_reported_by_its_name(monkeypatch: pytest.MonkeyPatch, dates: object) -> None:
    with pytest.raises(InputError, match=r"stack test, output certificatesExpire.*Run `make up STACK=test`"):
        report(monkeypatch, dates)


def test_a_stack_before_its_first_up_is_reported_as_one_without_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulumi_cli, "read_outputs", always({}))
    sentence = "stack test: it has no outputs yet, but .* of an `up`. Run `make up STACK=test`."

    with pytest.raises(InputError, match=sentence):
        expiry.report(Settings(), "test", Console())


def test_outputs_are_read_with_the_pulumi_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, commands = ["stack", "output", "--json", "--stack", "dev"], list[Sequence[str]]()

    def run(arguments: Sequence[str], **_: object) -> CompletedProcess[str]:
        commands.append(arguments)
        return CompletedProcess(arguments, 0, '{"certificatesExpire": {"issuer": "x"}}', "")

    monkeypatch.setattr(subprocess, "run", run)
    assert pulumi_cli.read_outputs("dev") == {"certificatesExpire": {"issuer": "x"}}
    monkeypatch.setenv("ON_SANDBOX", "1")
    pulumi_cli.read_outputs("dev")
    on_sandbox = [sys.executable, "-m", "sandbox", "pulumi", "--stack", "dev", "--"]
    assert commands == [["pulumi", *asked], [*on_sandbox, *asked]]


@pytest.mark.parametrize(("status", "printed"), [(255, ""), (0, ""), (0, "[]"), (1, '{"certificatesExpire": {}}')])
def test_a_stack_without_outputs_is_reported(monkeypatch: pytest.MonkeyPatch, status: int, printed: str) -> None:
    monkeypatch.setattr(subprocess, "run", always(CompletedProcess([], status, printed, "")))

    with pytest.raises(InputError, match="stack dev: the Pulumi CLI shows no outputs"):
        pulumi_cli.read_outputs("dev")
