"""Keys that are pressed while something is drawn in its place: what they show would push it out of there."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unseen() -> Iterator[None]:
    """The terminal does not show what is typed, such as the ``^C`` of Ctrl-C. Elsewhere, and in the background, it does nothing."""
    try:
        import termios

        terminal = sys.stdin.fileno()
        if os.tcgetpgrp(terminal) != os.getpgrp():
            # It is somebody else's turn at the terminal, and whoever changes it would be stopped.
            raise OSError
        before = termios.tcgetattr(terminal)
    except (ImportError, AttributeError, OSError, ValueError):
        yield
        return
    flags = 3
    quiet = [*before]
    quiet[flags] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSANOW, before)
