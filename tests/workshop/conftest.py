"""The machine on which `make kind` is tried."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.doubles.api_server import Cluster, serving
from tests.doubles.kind_machine import PROGRAM, Machine, executable
from tests.program import ROOT


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Machine]:
    folder = tmp_path / "checkout"
    for each in (folder / "programs", folder / ".venv/bin"):
        each.mkdir(parents=True)
    for entry in ROOT.iterdir():
        if entry.name[:1] != "." and not re.fullmatch(r"Pulumi\..+\.yaml", entry.name):
            (folder / entry.name).symlink_to(entry)
    for name in ("docker", "kind", "go", "pulumi"):
        executable(folder / "programs" / name, PROGRAM)
    executable(folder / ".venv/bin/python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    (folder / ".venv/installed").touch()
    with serving(Cluster(), tmp_path) as kubeconfig:
        served = kubeconfig.read_text().replace("there", "kind-linkerd-workshop")
        variables = {"PATH": str(folder / "programs"), "HOME": str(tmp_path), "COLUMNS": "500", "SERVED": served}
        yield Machine(folder, monkeypatch, capfd, variables)
