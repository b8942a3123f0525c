"""A sandbox of its own for the tests, and what subprocesses need to find it."""

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from sandbox import paths, plugins, tools
from tests.sandbox.aws import AwsDouble, aws_double
from tests.sandbox.program import Project, make_project
from tests.sandbox.sandbox_command import running_sandbox, sandbox
from tests.sandbox.stack import Stack
from tests.sandbox.workshop import Workshop

ACCEPTANCE = (
    *("test_dev_stack", "test_trust_rotation", "test_every_setting", "test_interrupted_runs", "test_killed_up"),
    *("test_canary_on_cluster", "test_reset_on_cluster", "test_aws_engine"),
    *("test_control_plane", "test_policy_pack"),
    *("test_teardown_on_cluster", "test_aws_launcher", "test_aws_double", "test_service_network"),
    *("test_by_hand", "test_definitions", "test_broken_cluster", "test_attendees", "test_high_availability"),
)
"""Files that `make test` leaves to `make acceptance`, those that take longest first."""
LONGEST_FIRST = (*ACCEPTANCE, "test_workshop", "test_launcher", "test_bad_inputs")
"""Begun last, one of them would keep a single worker busy."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is for `make acceptance`, and put what takes longest first: each free worker takes the next file."""
    order = {name: number for number, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: order.get(item.path.stem, len(order)))
    for item in items:
        if item.path.stem in ACCEPTANCE:
            item.add_marker(pytest.mark.acceptance)


@pytest.fixture(scope="session")
def sandbox_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[paths.Home]:
    """A running sandbox, shared by all tests; stopped afterwards whatever happens."""
    tools.find((*tools.CONTROL_PLANE, "pulumi", "helm"))  # here, where no time limit ends a first build
    plugins.select(Path(), plugins.Choice.BUILT)
    with running_sandbox(tmp_path_factory.mktemp("shared") / ".sandbox") as home:
        yield home


@pytest.fixture(scope="module")
def double(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsDouble]:
    """A double of AWS without a sandbox beside it."""
    with aws_double(paths.Home(tmp_path_factory.mktemp("aws") / "home")) as made:
        yield made


@pytest.fixture
def own_stack(double: AwsDouble, tmp_path: Path) -> Stack:
    """An empty stack for programs with resources of AWS alone."""
    return Stack(tmp_path, double.environment, ("aws",))


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory, sandbox_home: paths.Home) -> Iterator[Workshop]:
    """A copy of the project with a stack of its own, which is destroyed after the module's tests."""
    made = Workshop(tmp_path_factory.mktemp("project") / "workshop", sandbox_home.folder)
    yield made
    made.destroy()


@pytest.fixture
def workshop(checkout: Workshop) -> Iterator[Workshop]:
    """The module's stack, whose settings are as they were again after each test."""
    yield checkout
    checkout.reset()


@pytest.fixture
def own_home(tmp_path: Path) -> Iterator[paths.Home]:
    """The home of a sandbox that one test starts and stops as it likes."""
    home = paths.Home(tmp_path / "own")
    try:
        yield home
    finally:
        sandbox(home.folder, "down", "--wipe")


@pytest.fixture
def project(tmp_path: Path, sandbox_home: paths.Home) -> Project:
    """A small project with a stack name of its own in the shared backend."""
    return make_project(tmp_path / "project", sandbox_home, f"s{uuid.uuid4().hex[:8]}")
