"""An `up` of the whole program that is killed half way: the next one converges, and destroy leaves nothing."""

import os
import random
from collections.abc import Generator
from pathlib import Path

import pytest

from sandbox.paths import Home
from tests.sandbox.program import kill, read_until
from tests.sandbox.workshop import NOT_BOOKSAPP, Workshop

pytestmark = pytest.mark.sandbox

KILLS = int(os.environ.get("KILLS", "2"))
"""How many points are tried in each test; KILLS=20 is for an afternoon."""
SEED = os.environ.get("KILLS_SEED", "1")


@pytest.fixture
def workshop(tmp_path: Path, sandbox_home: Home) -> Generator[Workshop]:
    workshop = Workshop(tmp_path / "workshop", sandbox_home.folder)
    workshop.leave_out(*NOT_BOOKSAPP)
    yield workshop
    workshop.destroy()


def points(test: str) -> random.Random:
    return random.Random(f"{test} {SEED}")  # noqa: S311  the same points for the same seed


def interrupt(workshop: Workshop, chance: random.Random, share: float) -> str:
    """Kill an `up` at a random point of the first `share` of what it creates; return where, for the test's message."""
    created = chance.randrange(1, int(share * len(workshop.preview().of("create"))))
    plugins = chance.random() < 0.5
    process = workshop.start("up", "--yes", "--skip-preview", "--color", "never", PULUMI_SKIP_CHECKPOINTS="false")
    read_until(process, " created", created)
    kill(process, plugins=plugins)
    return f"killed {'with' if plugins else 'without'} its plugins after {created} resources, KILLS_SEED={SEED}"


@pytest.mark.parametrize("number", range(KILLS))
def test_an_up_that_was_killed_twice_converges_and_destroys_cleanly(workshop: Workshop, number: int) -> None:
    before, chance = workshop.objects(), points(f"up {number}")
    where = [interrupt(workshop, chance, share) for share in (0.5, 0.9)]  # so that the second has something to create
    workshop.up()
    assert workshop.preview().changes == [], where
    workshop.choose("trust.generation", 2)  # changes every workload, of which a killed run may have applied any
    workshop.up()
    workshop.destroy()
    assert workshop.objects() == before, where


@pytest.mark.parametrize("number", range(KILLS))
def test_a_destroy_after_a_killed_up_leaves_nothing(workshop: Workshop, number: int) -> None:
    before, chance = workshop.objects(), points(f"destroy {number}")
    where = interrupt(workshop, chance, 0.9)
    workshop.destroy()
    assert workshop.objects() == before, where
