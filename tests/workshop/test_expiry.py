"""`make expiry`: when certificates end, which of them are due, and what a person is told to do."""

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from rich.console import Console

from clients import pulumi_cli
from model.problem import InputError
from settings import Settings
from workshop import expiry

NOW = datetime.now(UTC)


def after(days: float) -> str:
    return (NOW + timedelta(days=days, hours=1)).isoformat()


def run(
    patch: pytest.MonkeyPatch, dates: object, days: int = 30, settings: dict[str, object] | None = None
) -> tuple[int, str]:
    """Return exit status and what was printed for a stack with this output."""

    def outputs(_stack: str) -> dict[str, object]:
        return {"certificatesExpire": dates}

    patch.setattr(pulumi_cli, "read_outputs", outputs)
    file = io.StringIO()
    status = expiry.report(Settings.model_validate(settings or {}), "test", Console(file=file, width=200), days)
    return status, file.getvalue()


def told(text: str) -> str:
    """Return the sentence below the table."""
    return text.splitlines()[-1]


def test_every_certificate_is_in_the_table_the_next_to_end_first(monkeypatch: pytest.MonkeyPatch) -> None:
    dates = {"trustAnchor": after(3650), "issuer": after(365), "viz": {"tap-k8s-tls": after(100)}}
    status, text = run(monkeypatch, dates)

    assert status == 0
    rows = [line for line in text.splitlines() if " ok " in line]
    assert [row.split()[1] for row in rows] == ["viz.tap-k8s-tls", "issuer", "trustAnchor"]
    assert [row.split("│")[3].strip() for row in rows] == ["100", "365", "3650"]
    assert "To last until" not in text


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z"])
def test_a_certificate_may_end_at_any_moment(monkeypatch: pytest.MonkeyPatch, moment: str) -> None:
    status, text = run(monkeypatch, {"issuer": moment}, 36_500)

    assert status == int(moment.startswith("0001"))
    assert "issuer" in text


def test_a_workshop_may_last_until_the_last_day_that_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    status, text = run(monkeypatch, {"issuer": after(365)}, settings={"workshopEnds": "9999-12-31"})

    assert status == 1
    assert "To last until 9999-12-31" in text


@pytest.mark.parametrize(
    ("left", "state"), [(-1, "ended"), (0, "ends within 30 days"), (29, "ends within 30 days"), (30, "ok")]
)
def test_what_ends_within_the_days_fails(monkeypatch: pytest.MonkeyPatch, left: int, state: str) -> None:
    status, text = run(monkeypatch, {"issuer": after(left)})

    assert status == (0 if state == "ok" else 1)
    assert state in text


def test_the_days_are_chosen_on_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(monkeypatch, {"issuer": after(50)}, days=60)[0] == 1
    assert run(monkeypatch, {"issuer": after(50)}, days=40)[0] == 0


@pytest.mark.parametrize(("last_day", "status"), [(99, 0), (101, 1)])
def test_what_ends_before_the_workshop_fails(monkeypatch: pytest.MonkeyPatch, last_day: int, status: int) -> None:
    ends = (NOW + timedelta(days=last_day)).date()
    found, text = run(monkeypatch, {"issuer": after(100)}, settings={"workshopEnds": ends})

    assert found == status
    assert ("ends before the workshop" in text) == bool(status)


def test_on_its_last_day_the_workshop_still_needs_its_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    noon = datetime(NOW.year + 1, 5, 1, 12, tzinfo=UTC)

    assert run(monkeypatch, {"issuer": noon.isoformat()}, settings={"workshopEnds": noon.date()})[0] == 1


@pytest.mark.parametrize(
    ("dates", "settings", "fix"),
    [
        ({"issuer": after(3)}, {}, "To last until"),
        ({"issuer": after(3)}, {}, "issuer has to be renewed: run `make up`."),
        ({"a": after(3), "viz": {"b": after(4)}}, {}, "a, viz.b have to be renewed: run `make up`."),
        (
            {"issuer": after(3)},
            {"trust": {"renewalDays": 10}},
            "config set --path 'linkerd-workshop:trust.renewalDays' 30",
        ),
        ({"issuer": after(3)}, {"trust": {"renewalDays": 10, "issuerDays": 20}}, "in the last 10 days of each"),
        ({"trustAnchor": after(3)}, {"trust": {"anchor": 4}}, "to `stable` with trust.anchor 5"),
        ({"webhookAuthority": after(3)}, {}, "replace webhookAuthority with `pulumi up --replace <URN>`"),
    ],
)
def test_one_sentence_says_which_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, dates: object, settings: dict[str, object], fix: str
) -> None:
    status, text = run(monkeypatch, dates, settings=settings)

    assert status == 1
    assert fix in told(text)


@pytest.mark.parametrize("dates", [None, "soon", {}, {"issuer": "soon"}, {"viz": {"tap": None}}])
def test_an_output_that_names_no_dates_is_told_with_its_place(monkeypatch: pytest.MonkeyPatch, dates: object) -> None:
    with pytest.raises(InputError, match=r"stack test, output certificatesExpire.*Run `make up`"):
        run(monkeypatch, dates)


def command(patch: pytest.MonkeyPatch, status: int, printed: str) -> list[Sequence[str]]:
    """Have the Pulumi CLI end with this status; return the commands that are run."""
    commands: list[Sequence[str]] = []

    def answer(arguments: Sequence[str], **_: object) -> SimpleNamespace:
        commands.append(arguments)
        return SimpleNamespace(returncode=status, stdout=printed, stderr="")

    patch.setattr(subprocess, "run", answer)
    return commands


def test_outputs_are_asked_of_the_pulumi_cli(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = command(monkeypatch, 0, json.dumps({"certificatesExpire": {"issuer": "x"}}))

    assert pulumi_cli.read_outputs("dev") == {"certificatesExpire": {"issuer": "x"}}
    monkeypatch.setenv("ON_SANDBOX", "1")
    pulumi_cli.read_outputs("dev")
    on_sandbox = [sys.executable, "-m", "sandbox", "pulumi", "--stack", "dev", "--"]
    asked = ["stack", "output", "--json", "--stack", "dev"]
    assert commands == [["pulumi", *asked], [*on_sandbox, *asked]]


@pytest.mark.parametrize(("status", "printed"), [(255, ""), (0, ""), (0, "[]"), (1, '{"certificatesExpire": {}}')])
def test_a_stack_without_outputs_is_told(monkeypatch: pytest.MonkeyPatch, status: int, printed: str) -> None:
    command(monkeypatch, status, printed)

    with pytest.raises(InputError, match="stack dev: the Pulumi CLI shows no outputs"):
        pulumi_cli.read_outputs("dev")
