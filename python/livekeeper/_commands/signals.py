"""Signals that end a command as Ctrl-C does."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Optional

_ENDINGS = (signal.SIGTERM, signal.SIGHUP)
"""Whoever runs programs ends them so; a terminal, when it is closed."""


@contextmanager
def as_ctrl_c() -> Iterator[None]:
    """For a ``with`` block. Those that are ignored, as ``nohup`` has it, stay so. In another thread than the main one, where no signal
    comes, it does nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    terminals = [fd for fd in (1, 2) if os.isatty(fd)]

    def end(number: int, frame: Optional[FrameType]) -> None:
        if number == signal.SIGHUP:
            # A shell sends it once more, which would cut the close off.
            signal.signal(number, signal.SIG_IGN)
            _close(terminals)
        raise KeyboardInterrupt

    before: dict[int, Any] = {number: signal.getsignal(number) for number in _ENDINGS}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:
            signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            # One that is not Python's cannot be put back by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _close(terminals: list[int]) -> None:
    """What is still written to a terminal that is gone goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for fd in terminals:
        os.dup2(nowhere, fd)
    os.close(nowhere)
