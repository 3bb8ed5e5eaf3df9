"""Waiting for the library on an event loop of asyncio's. Each loop watches a bell that the library rings from its own threads; what is
to be looked at, the loop looks at itself: no thread of the library runs Python code, so a loop or the interpreter may end at any
moment.

The package imports this module at once, for Rust, which asks for it when something is first awaited: there and then it would be read
from the disk, without the GIL, and before Python 3.14 a thread that wants the GIL back while the interpreter exits is unwound. That no
frame of Rust's allows. ``asyncio`` itself is imported by whoever runs a loop of its.
"""

from __future__ import annotations

import itertools
import os
from typing import TYPE_CHECKING, Any, Optional, Protocol
from weakref import WeakKeyDictionary

from ._livekeeper import Bell

if TYPE_CHECKING:
    import asyncio


class Pending(Protocol):
    """An answer that is waited for."""

    def look(self, bell: Bell, number: int) -> Optional[tuple[Any]]:
        """The answer in a tuple, or ``None``: then the bell rings with this number when it is worth another look."""

    def forget(self) -> None:
        """Nobody waits any more."""


class Watch:
    """What waits on one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.bell = Bell()
        self.waiting: dict[int, asyncio.Future[None]] = {}
        loop.add_reader(self.bell.fileno(), self.hear)

    def hear(self) -> None:
        for number in self.bell.take():
            rung = self.waiting.get(number)
            if rung is not None and not rung.done():
                rung.set_result(None)


_watches: WeakKeyDictionary[asyncio.AbstractEventLoop, Watch] = WeakKeyDictionary()
_numbers = itertools.count()


async def wait(pending: Pending, limit_s: Optional[float]) -> Any:
    """The answer. One that takes longer than ``limit_s`` seconds ends as an iteration does."""
    import asyncio

    loop = asyncio.get_running_loop()
    watch = _watch(loop)
    number = next(_numbers)
    ends = None if limit_s is None else loop.time() + limit_s
    try:
        while True:
            rung = watch.waiting[number] = loop.create_future()
            answer = pending.look(watch.bell, number)
            if answer is not None:
                return answer[0]
            if ends is None:
                await rung
                continue
            await asyncio.wait([rung], timeout=ends - loop.time())
            if not rung.done():
                raise StopAsyncIteration
    finally:
        del watch.waiting[number]
        pending.forget()


def _watch(loop: asyncio.AbstractEventLoop) -> Watch:
    watch = _watches.get(loop)
    if watch is None:
        watch = _watches[loop] = Watch(loop)
    return watch


if hasattr(os, "register_at_fork"):
    # The bells are the parent's.
    os.register_at_fork(after_in_child=_watches.clear)
