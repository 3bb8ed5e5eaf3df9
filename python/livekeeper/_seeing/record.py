"""What happens, kept for a while."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Optional

from .._livekeeper import Event, Events
from ..errors import LivekeeperError
from .exit import stop_at_exit


class EventLog:
    """The newest events since ``manager.record()``, which returns it: iterate over it for those that are kept, the oldest first. It
    reads on a thread of its own until ``stop``, the end of a ``with`` block, or the manager's close.

    >>> import livekeeper
    >>> with livekeeper.CookieManager(":memory:") as manager, manager.record() as log:
    ...     len(log)
    0
    """

    def __init__(self, events: Events, limit: int) -> None:
        self._events = events
        self._kept: deque[Event] = deque(maxlen=limit)
        self._lock = threading.Lock()
        self.seen: int = 0
        """How many there were; those beyond the limit are forgotten."""
        self._reader = threading.Thread(target=self._read, name="livekeeper-record", daemon=True)
        self._reader.start()
        stop_at_exit(self)

    def stop(self) -> None:
        """Keeps nothing more; what is kept can still be read. A second call does nothing."""
        self._events.close()
        self._reader.join()

    def _read(self) -> None:
        try:
            for event in self._events:
                with self._lock:
                    self._kept.append(event)
                    self.seen += 1
        except LivekeeperError:
            # The process was forked, say: nothing more comes here.
            return

    def __iter__(self) -> Iterator[Event]:
        with self._lock:
            return iter(list(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<EventLog: {len(self)} events of {self.seen}>"


def record(events: Events, limit: int) -> EventLog:
    """A log of what this reader reads."""
    return EventLog(events, limit)
