"""Keys that are pressed while something is drawn in its place: what they show would push it out of there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Optional

_FLAGS = 3
"""The place of a terminal's local flags among its attributes."""


@contextmanager
def unseen() -> Iterator[None]:
    """The terminal does not show what is typed, such as the ``^C`` of Ctrl-C. Elsewhere, and in the background, it does nothing."""
    terminal = _own_terminal()
    if terminal is None:
        yield
        return
    import termios

    before = termios.tcgetattr(terminal)
    quiet = [*before]
    quiet[_FLAGS] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        try:
            termios.tcsetattr(terminal, termios.TCSANOW, before)
        except termios.error:
            # The terminal is gone.
            pass


def _own_terminal() -> Optional[int]:
    """The standard input, where it is a terminal and it is this process's turn at it: whoever else changes it is stopped."""
    try:
        terminal = sys.stdin.fileno()
        return terminal if os.tcgetpgrp(terminal) == os.getpgrp() else None
    except (AttributeError, OSError, ValueError):
        return None
