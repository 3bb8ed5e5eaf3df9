"""How far something has come: a bar in a terminal, nothing elsewhere."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional

from .._livekeeper import CookieManager, StopReport
from ..errors import ManagerClosed
from .extras import optional

if TYPE_CHECKING:
    from rich.console import Console


class Bar:
    """A bar for ``total`` pieces of ``what``, for a ``with`` block. Without rich, or where the output is no terminal, it shows
    nothing."""

    def __init__(self, what: str, total: int, console: Optional[Console] = None) -> None:
        self._progress = _progress(console)
        self._bar = self._progress and self._progress.add_task(what, total=total)

    def advance(self, pieces: int = 1) -> None:
        """So many more are done."""
        if self._progress is not None:
            self._progress.advance(self._bar, pieces)

    def complete(self, total: int) -> None:
        """All are done, and there were so many."""
        if self._progress is not None:
            self._progress.update(self._bar, completed=total, total=total)

    def __enter__(self) -> Bar:
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if self._progress is not None:
            self._progress.stop()


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
    if rich is None:
        return None
    console = console or optional("rich.console").Console()  # type: ignore[union-attr]
    if not console.is_terminal:
        return None
    columns = (rich.TextColumn("{task.description}"), rich.BarColumn(), rich.MofNCompleteColumn(), rich.TimeElapsedColumn())
    return rich.Progress(*columns, console=console)
