"""A sandbox of its own for the tests, and what subprocesses need to find it."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import paths, tools
from tests.sandbox.sandbox_command import sandbox

LONGEST_FIRST = (
    *("test_workshop", "test_trust_rotation", "test_interrupted_runs", "test_canary_on_cluster", "test_demos"),
    *(
        "test_argo_cd",
        "test_viz_installed",
        "test_killed_up",
        "test_reset_on_cluster",
        "test_teardown_on_cluster",
        "test_by_hand",
    ),
    *("test_policy_pack", "test_aws_double", "test_kubernetes_waits", "test_control_plane", "test_launcher"),
)
"""Files whose tests bring the whole program up, or wait: begun last, one of them would keep a single worker busy."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what takes longest first; a worker takes the next file when it is done with one."""
    order = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))


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
