"""Threads for a provider's own work."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

_WORKERS = 32  # the engine runs 4 x CPUs operations at once, each of which may wait for minutes
_POOL = ThreadPoolExecutor(_WORKERS, thread_name_prefix="work")

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


async def in_thread(work: Callable[[Asked], Answer], asked: Asked) -> Answer:
    """Run what a request asks for beside the event loop, and not on the loop's own threads.

    There the registrations of a chart's objects wait for this very work: a chart with more objects than threads would
    wait for ever.
    """
    return await asyncio.get_running_loop().run_in_executor(_POOL, work, asked)
