"""Threads that show something are ended before the interpreter is: one that came back into it later would be cut off within the
library."""

from __future__ import annotations

import atexit
import weakref
from typing import Protocol


class Stoppable(Protocol):
    def stop(self) -> None:
        """Ends its thread, and waits for that."""


_running: weakref.WeakSet[Stoppable] = weakref.WeakSet()


def stop_at_exit(thing: Stoppable) -> None:
    """Has it stopped at the interpreter's exit, if it is still there."""
    _running.add(thing)


@atexit.register
def _stop_all() -> None:
    for thing in list(_running):
        thing.stop()
