"""What holds for every test."""

import pytest

from model.problem import Problem


@pytest.fixture(autouse=True)
def no_stack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let remedies name the stack of this test only."""
    monkeypatch.setattr(Problem, "stack", "")
