"""What is left open is closed at the interpreter's exit, within a limit."""

from __future__ import annotations

import atexit
import time
from typing import Callable, Protocol

from . import _at_fork as _at_fork

LIMIT_S = 10.0
"""For all managers together."""


class Ending(Protocol):
    def is_over(self) -> bool:
        """Whether there is nothing to be done."""
        ...

    def close(self, timeout_s: float) -> None: ...


_open: list[Ending] = []
last: list[Callable[[], None]] = []
"""What is called after all managers are closed."""
is_ending = False
"""Whether the interpreter ends: what is cut off now is no news."""


def remember(manager: Ending) -> None:
    _open[:] = [one for one in _open if not one.is_over()]
    _open.append(manager)


@atexit.register
def close() -> None:
    global is_ending
    is_ending = True
    ends = time.monotonic() + LIMIT_S
    for one in list(_open):
        if not one.is_over():
            one.close(max(0.0, ends - time.monotonic()))
    for end in last:
        end()
