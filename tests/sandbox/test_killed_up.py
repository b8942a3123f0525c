"""An `up` of the whole program that is killed half way: the next one converges, and destroy leaves nothing."""

from collections.abc import Generator
from pathlib import Path

import pytest

from sandbox.paths import Home
from tests.sandbox.workshop import Workshop

pytestmark = pytest.mark.sandbox

MOMENTS = [
    "linkerd-namespace creating",
    "linkerd-crds creating",
    "linkerd-trust-issuer-secret created",
    "linkerd-destination creating",
    "booksapp-webapp-deployment creating",
]


@pytest.fixture
def workshop(tmp_path: Path, sandbox_home: Home) -> Generator[Workshop]:
    workshop = Workshop(tmp_path / "workshop", sandbox_home.folder)
    workshop.leave_booksapp_only()
    yield workshop
    workshop.destroy()


def test_an_up_that_is_killed_again_and_again_converges_and_destroys_cleanly(workshop: Workshop) -> None:
    before = workshop.objects()
    for moment in MOMENTS:
        workshop.kill_during_up(moment)
    workshop.up()
    assert workshop.preview().changes == []
    workshop.destroy()
    assert workshop.objects() == before


def test_a_destroy_after_a_killed_up_leaves_nothing(workshop: Workshop) -> None:
    before = workshop.objects()
    workshop.kill_during_up("linkerd-identity creating")
    workshop.destroy()
    assert workshop.objects() == before
