"""A sandbox of its own for the tests, and what subprocesses need to find it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import paths, tools
from tests.sandbox.sandbox_command import sandbox


@pytest.fixture(scope="session")
def sandbox_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[paths.Home]:
    """A running sandbox, shared by all tests; stopped afterwards whatever happens."""
    tools.find((*tools.CONTROL_PLANE, *tools.ENGINE))  # here, where no time limit ends a first build
    home = paths.Home(tmp_path_factory.mktemp("shared") / ".sandbox")
    try:
        started = sandbox(home.folder, "up")
        assert started.returncode == 0, started.stderr
        yield home
    finally:
        sandbox(home.folder, "down", "--wipe")


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[paths.Home]:
    """The home of a sandbox that one test starts and stops as it likes."""
    home = paths.Home(tmp_path / "own")
    try:
        yield home
    finally:
        sandbox(home.folder, "down", "--wipe")


@pytest.fixture
def sandbox_environment(sandbox_home: paths.Home) -> dict[str, str]:
    """Variables by which a subprocess finds the shared sandbox."""
    return dict(os.environ) | {"SANDBOX_HOME": str(sandbox_home.folder), "KUBECONFIG": str(sandbox_home.kubeconfig)}
