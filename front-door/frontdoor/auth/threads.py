"""Runs functions that wait for the disk in threads, so that checks do not wait for the disk."""

from collections.abc import Callable
from functools import partial

from anyio import to_thread


async def in_thread[**P, R](function: Callable[P, R], *values: P.args, **named: P.kwargs) -> R:
    """Call a function in a thread and return its result."""
    return await to_thread.run_sync(partial(function, *values, **named))
