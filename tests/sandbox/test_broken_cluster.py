"""A cluster that breaks: each command ends in success or in a sentence, nothing leaks, and the next run converges."""

import base64
import os
import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from subprocess import CompletedProcess

import pytest

from model.json_values import mapping, mappings, text
from sandbox.api_client import connect
from sandbox.paths import Home
from tests.sandbox.broken_cluster import Plan, in_front_of
from tests.sandbox.workshop import NOT_BOOKSAPP, Workshop

pytestmark = pytest.mark.sandbox

SEEDS = range(int(os.environ.get("BROKEN_CLUSTER_SEEDS") or 0)) or (0, 5, 9)
"""All faults at once, and those that leave half of a Helm release on the way up and down; ten have each fault once."""
MOST_SECONDS = 300
"""For one command on a busy machine."""
COMMANDS: dict[str, Callable[[Workshop], CompletedProcess[str]]] = {
    "check-cluster": lambda workshop: workshop.operation("check-cluster"),
    "preview": lambda workshop: workshop.run("preview"),
    "up": lambda workshop: workshop.run("up", "--yes", "--skip-preview"),
    "verify": lambda workshop: workshop.operation("verify"),
    "destroy": lambda workshop: workshop.operation("destroy", "--yes"),
}
CRASH = re.compile(r"Traceback \(most recent call last\)|^\s*panic: |^goroutine \d+ |RecursionError", re.MULTILINE)
NOTHING_SAID = ("update failed", "preview failed", "1 problem found; nothing was changed:")
"""Messages of the engine that name no cause."""


@dataclass
class Run:
    """One command while the cluster is broken."""

    command: str
    status: int
    seconds: float
    printed: str
    sentences: list[str] = field(init=False)

    def __post_init__(self) -> None:
        self.sentences = [*_diagnostics(self.printed), *_rows(self.printed)]


@pytest.fixture(scope="module")
def mesh(checkout: Workshop) -> Workshop:
    """A stack with the mesh alone."""
    checkout.leave_out(*NOT_BOOKSAPP, "demos.booksapp")
    checkout.run("stack")  # creates it: the commands read its settings
    return checkout


@pytest.mark.parametrize("seed", SEEDS)
def test_a_broken_cluster_ends_commands_in_a_sentence_and_the_next_run_converges(mesh: Workshop, seed: int) -> None:
    before, home = mesh.objects(), Home(mesh.home)
    runs, secrets = broken_runs(mesh, seed)
    for run in runs:
        assert not CRASH.search(run.printed), run.printed[-3000:]
        assert run.status == 0 or run.sentences, run.printed[-3000:]
        assert run.seconds < MOST_SECONDS, run
        assert not [secret for secret in secrets | _private_lines(home) if secret in run.printed], run.command
    mesh.up()
    assert mesh.preview().changes == []
    mesh.destroy()
    assert mesh.objects() == before


def broken_runs(workshop: Workshop, seed: int) -> tuple[list[Run], set[str]]:
    """Run every command on the cluster as the seed breaks it; return the runs, and what none may have printed."""
    home, plan = Home(workshop.home), Plan.by_seed(seed)
    runs, secrets = list[Run](), set[str]()
    with in_front_of(home, plan, seed) as broken:
        for name, command in COMMANDS.items():
            broken.begin()
            start = time.monotonic()
            done = command(workshop)
            seconds = time.monotonic() - start
            runs.append(Run(name, done.returncode, seconds, done.stdout + done.stderr))
            secrets |= _private_lines(home)
    return runs, secrets


def _private_lines(home: Home) -> set[str]:
    """Return lines of the administrator's key and of every key in the cluster, in clear and as Secrets hold them."""
    found = connect(home).get("/api/v1/secrets")
    keys = [
        base64.b64decode(str(value))
        for secret in mappings(mapping(found).get("items"))
        for name, value in mapping(secret.get("data")).items()
        if name.endswith("key") and text(secret, "type") != "helm.sh/release.v1"
    ]
    keys.append((home.certificates / "admin.key").read_bytes())
    in_clear = {line for key in keys for line in key.decode(errors="replace").splitlines() if "-----" not in line}
    return {line for line in in_clear if len(line) > 16} | {base64.b64encode(key).decode()[40:100] for key in keys}


def _diagnostics(printed: str) -> Iterator[str]:
    """Yield what the engine and the commands say."""
    for line in printed.splitlines():
        if (match := re.match(r"\s*(?:error: |\d+\. )(.*)", line)) and match[1] not in NOTHING_SAID:
            yield match[1]


def _rows(printed: str) -> Iterator[str]:
    """Yield the last column of a table's rows that report a failure or a leftover."""
    said, is_failure = "", False
    for line in printed.splitlines():
        cells = [cell.strip() for cell in line.split("│")[1:-1]]
        if not cells or cells[0] or {"ok", "skipped", "failed", "no"}.intersection(cells):
            if is_failure:
                yield said.strip()
            is_left = (
                cells[1:] and cells[1].startswith("it should be deleted") and cells[-1].startswith("kubectl delete")
            )
            said, is_failure = "", bool({"no", "failed"}.intersection(cells) or is_left)
        said += f" {cells[-1]}" if cells else ""
