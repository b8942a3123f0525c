"""What the `kubernetes` client only logs: that a login helper failed, after which it asks as nobody."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Generator


class _Complaints(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(" ".join(record.getMessage().split()))


@contextmanager
def complaints() -> Generator[list[str]]:
    """Collect what is logged meanwhile."""
    heard = _Complaints()
    logging.getLogger().addHandler(heard)
    try:
        yield heard.messages
    finally:
        logging.getLogger().removeHandler(heard)
