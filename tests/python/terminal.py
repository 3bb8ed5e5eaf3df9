"""A command on a pseudo-terminal: what it shows, and keys that are pressed."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys
import time
from types import TracebackType
from typing import Optional

CTRL_C = "\x03"


class Terminal:
    """A command that runs on a terminal of its own; it is killed at the end of the ``with`` block if it still runs."""

    def __init__(self, *command: str, columns: int = 120, lines: int = 40) -> None:
        self.shown = ""
        self._bytes = b""
        self._child, self._terminal = pty.fork()
        if self._child == 0:
            os.environ.update(TERM="xterm-256color", COLUMNS=str(columns), LINES=str(lines), LANG="C.UTF-8", PYTHONUTF8="1")
            try:
                # Whoever runs the tests may ignore it, as under nohup, and what is ignored is inherited.
                signal.signal(signal.SIGHUP, signal.SIG_DFL)
                os.execv(command[0], command)
            finally:
                # Else there would be two that run the tests.
                os._exit(127)

    def press(self, keys: str) -> None:
        """Types."""
        os.write(self._terminal, keys.encode())

    def wait_for(self, text: str, limit_s: float = 30.0) -> None:
        """Waits until the text was shown since the start."""
        until = time.monotonic() + limit_s
        while text not in self.shown:
            assert self._read(until), f"{text!r} was not shown, but {self.shown!r}"

    def hang_up(self) -> int:
        """Closes the terminal, waits until the command has ended, and answers its exit code."""
        os.close(self._terminal)
        self._terminal = -1
        _, status = os.waitpid(self._child, 0)
        self._child = 0
        return os.waitstatus_to_exitcode(status)

    def end(self, limit_s: float = 50.0) -> int:
        """Waits until it has ended, and answers its exit code."""
        until = time.monotonic() + limit_s
        while self._read(until):
            pass
        if time.monotonic() >= until:
            os.kill(self._child, signal.SIGKILL)
        _, status = os.waitpid(self._child, 0)
        self._child = 0
        return os.waitstatus_to_exitcode(status)

    def _read(self, until: float) -> bool:
        """Reads what comes next; False: there is no more, or it is too late."""
        ready, _, _ = select.select([self._terminal], [], [], max(until - time.monotonic(), 0.0))
        if not ready:
            return False
        try:
            read = os.read(self._terminal, 65_536)
        except OSError:
            # Linux answers so when the last process on the terminal is gone.
            return False
        self._bytes += read
        self.shown = self._bytes.decode(errors="replace")
        return bool(read)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._child:
            os.kill(self._child, signal.SIGKILL)
            os.waitpid(self._child, 0)
        if self._terminal >= 0:
            os.close(self._terminal)


def livekeeper(*arguments: object, columns: int = 120, lines: int = 40) -> Terminal:
    """``python -m livekeeper`` on a terminal."""
    return Terminal(sys.executable, "-m", "livekeeper", *map(str, arguments), columns=columns, lines=lines)
