"""How far something has come: a bar in a terminal, nothing elsewhere."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Callable, Optional

from .._livekeeper import CookieManager, StopReport
from ..errors import LivekeeperError, ManagerClosed
from .extras import optional

if TYPE_CHECKING:
    from rich.console import Console
    from typing_extensions import Self


class _Shown:
    """Rich's progress, shown for a ``with`` block; or nothing."""

    def __init__(self, progress: Any) -> None:
        self._progress = progress

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


class Bar(_Shown):
    """A bar for ``total`` pieces of ``what``, for a ``with`` block. Without rich, or where the output is no terminal, it shows
    nothing."""

    def __init__(self, what: str, total: int, console: Optional[Console] = None) -> None:
        super().__init__(_progress(console))
        self._bar = self._progress and self._progress.add_task(what, total=total)

    def advance(self, pieces: int = 1) -> None:
        """So many more are done."""
        if self._progress is not None:
            self._progress.advance(self._bar, pieces)

    def complete(self, total: int) -> None:
        """All are done, and there were so many."""
        if self._progress is not None:
            self._progress.update(self._bar, completed=total, total=total)


class Spinner(_Shown):
    """A sign that ``what`` is under way, for a ``with`` block around a call that says nothing until its end: for how long by now, and
    what ``said()`` answers, which is asked from another thread. Then it is gone. It shows nothing where a bar does not."""

    def __init__(self, what: str, said: Callable[[], str], console: Optional[Console] = None) -> None:
        super().__init__(_spinner(said, console))
        if self._progress is not None:
            self._progress.add_task(what, total=None)


def close(manager: CookieManager, timeout_s: float = 10.0, *, console: Optional[Console] = None) -> StopReport:
    """Closes ``manager`` as its ``close`` does, with a bar that tells how many accounts are closed by now."""
    try:
        events = manager.events(kinds=["stopped"])
    except ManagerClosed:
        # It has its report already.
        return manager.close(timeout_s)
    with Bar("closing", len(manager.list_cookies()), console) as bar:

        def count() -> None:
            for event in events:
                bar.advance(event.missed or 1)

        # It ends with the manager.
        counter = threading.Thread(target=count, name="livekeeper-closing", daemon=True)
        counter.start()
        try:
            report = manager.close(timeout_s)
        finally:
            events.close()
            counter.join()
        bar.complete(len(report.accounts))
    return report


def _progress(console: Optional[Console]) -> Any:
    rich = optional("rich.progress")
    terminal = _terminal(console)
    if rich is None or terminal is None:
        return None
    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), rich.MofNCompleteColumn(), rich.TimeElapsedColumn())
    return rich.Progress(*columns, console=terminal)


def _spinner(said: Callable[[], str], console: Optional[Console]) -> Any:
    rich = optional("rich.progress")
    terminal = _terminal(console)
    text: Any = optional("rich.text")
    if rich is None or terminal is None:
        return None

    class Said(rich.ProgressColumn):  # type: ignore[misc,name-defined]
        max_refresh = 0.5

        def render(self, task: Any) -> Any:
            try:
                return text.Text(said())
            except LivekeeperError:
                # The manager was closed meanwhile, say: the call that this stands beside tells.
                return text.Text("")

    columns = (rich.SpinnerColumn(), rich.TextColumn("{task.description}", markup=False), Said(), rich.TimeElapsedColumn())
    # What it said last is of no use when the call has answered.
    return rich.Progress(*columns, console=terminal, transient=True)


def _terminal(console: Optional[Console]) -> Optional[Console]:
    """``console``, or that of the standard output, if it is a terminal."""
    rich = optional("rich.console")
    if rich is None:
        return None
    console = console or rich.Console()
    return console if console.is_terminal else None
