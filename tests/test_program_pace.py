"""The program's pace: what it costs the SDK to wait for it."""

import asyncio
from collections.abc import Iterable
from typing import Any

import pytest

from tests.program import run_program


def test_the_sdk_waits_for_each_registration_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0
    wait: Any = asyncio.wait

    async def counted(tasks: Iterable[Any], **options: Any) -> Any:  # noqa: ANN401  as asyncio's
        nonlocal looked_at
        listed = list(tasks)
        looked_at += len(listed)
        return await wait(listed, **options)

    monkeypatch.setattr(asyncio, "wait", counted)
    registrations = run_program({"attendees": '{"count": 3}'}).registrations
    assert looked_at < len(registrations), "the time to wait grows with the square of the resources"
