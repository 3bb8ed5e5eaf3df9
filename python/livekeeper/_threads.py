"""Threads of the system's, also where gevent has made greenlets of those of ``threading``: what waits for the library without an
event loop must not hold up a hub."""

from __future__ import annotations

import _thread
import os
import sys
import traceback
from _queue import SimpleQueue
from typing import Any, Callable, Optional

Job = tuple[Callable[..., object], tuple[Any, ...]]


def original(name: str) -> Any:
    """What ``_thread`` had under this name before anybody patched it."""
    monkey = sys.modules.get("gevent.monkey")
    return getattr(_thread, name) if monkey is None else monkey.get_original("_thread", name)


start_new_thread = original("start_new_thread")
"""Unlike ``threading.Thread.start`` it waits for nothing and runs no Python code in the caller's thread."""
allocate_lock = original("allocate_lock")

SPARE = 4 if sys.version_info[:2] == (3, 12) else 0
"""Threads that are begun early. Python 3.12 refuses new ones as soon as its main thread has ended, though others still run the program
or managers are still to be closed; 3.13 does so when all that is over."""

_spare: Optional[SimpleQueue[Job]] = None
_starting = allocate_lock()


def spare() -> Optional[SimpleQueue[Job]]:
    """Where a function with its arguments goes that is refused a thread of its own; None: nobody is, while it matters. RuntimeError where
    it is first asked for too late."""
    global _spare
    if not SPARE:
        return None
    with _starting:
        if _spare is None:
            # Of `_queue`, as gevent has another one in `queue`.
            jobs: SimpleQueue[Job] = SimpleQueue()
            for _ in range(SPARE):
                start_new_thread(_work, (jobs,))
                # Also where the next is refused: those that have begun wait for what comes here.
                _spare = jobs
        return _spare


def _work(jobs: SimpleQueue[Job]) -> None:
    """The whole life of such a thread."""
    while True:
        function, arguments = jobs.get()
        try:
            function(*arguments)
        except BaseException:
            traceback.print_exc()
        # Else they would live until the next one comes.
        del function, arguments


def _forget() -> None:
    """In a fork: the threads are the parent's, and so is whoever held the lock."""
    global _spare, _starting
    _spare, _starting = None, allocate_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
