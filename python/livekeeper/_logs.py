"""What the library logs, handed to the logger ``livekeeper`` and its children, such as ``livekeeper.live.outbox``.

The library's threads never run Python code: they leave their records in a bounded queue, and one thread of Python's takes them from
there in batches. It begins with the first manager. What the loggers would not take is filtered where it is logged.
"""

from __future__ import annotations

import logging
import os
import traceback
from typing import Any, Optional

from . import _at_exit
from ._livekeeper import LogReader
from ._threads import allocate_lock, start_new_thread

ROOT = "livekeeper"
BATCH = 256
LOOK_S = 1.0
"""How soon a level that is set holds."""
END_S = 2.0
"""How long the interpreter's exit waits for the last records."""

_current: Optional[Delivery] = None
_starting = allocate_lock()


class Delivery:
    """The way of the records from the library to the loggers."""

    def __init__(self) -> None:
        self.level = wanted_level()
        self.reader = LogReader(self.level)
        self.ended = allocate_lock()
        self.ended.acquire()
        try:
            start_new_thread(self.run, ())
        except RuntimeError:
            self.reader.close()
            raise

    def run(self) -> None:
        """The whole life of the thread."""
        try:
            while self.deliver():
                pass
        finally:
            self.ended.release()

    def deliver(self) -> bool:
        """One batch; whether there may be more."""
        records, lost, is_over = self.reader.next_batch(BATCH, LOOK_S)
        if lost:
            logger = logging.getLogger(ROOT)
            logger.warning("%d records of the log were lost: the handlers of the logger were too slow for them", lost)
        for record in records:
            hand_over(*record)
        level = wanted_level()
        if level != self.level:
            self.level = level
            self.reader.set_level(level)
        return not is_over

    def stop(self, timeout_s: float) -> None:
        self.reader.close()
        if self.ended.acquire(timeout=timeout_s):
            self.ended.release()


def start() -> None:
    """Has records delivered, where they are not yet, and where a thread can still be begun: Python 3.12 refuses one when its main
    thread has ended."""
    global _current
    with _starting:
        if _current is None:
            try:
                _current = Delivery()
            except RuntimeError:
                # No records are better than no manager.
                pass


def stop() -> None:
    """At the interpreter's exit, after all managers are closed."""
    global _current
    delivery, _current = _current, None
    if delivery is not None:
        delivery.stop(END_S)


def forget() -> None:
    """In a fork: the thread is the parent's, and so is whoever held the lock."""
    global _current, _starting
    _current, _starting = None, allocate_lock()


def wanted_level() -> int:
    """The lowest level that any of the library's loggers takes."""
    known = logging.root.manager.loggerDict
    names = [name for name in list(known) if name.startswith(ROOT + ".") and isinstance(known.get(name), logging.Logger)]
    lowest = min(logging.getLogger(name).getEffectiveLevel() for name in [ROOT, *names])
    return max(lowest, logging.root.manager.disable + 1)


def hand_over(level: int, name: str, file: str, line: int, at: float, cookie_id: Optional[str], message: str) -> None:
    logger = logging.getLogger(name)
    if not logger.isEnabledFor(level):
        return
    try:
        record = logger.makeRecord(name, level, file, line, message, (), None, extra={"cookie_id": cookie_id})
        set_time(record, at)
        logger.handle(record)
    except Exception:
        # A filter of the host's, say. The next record may do.
        if logging.raiseExceptions:
            traceback.print_exc()


def set_time(record: Any, at: float) -> None:
    """It was logged a little earlier than it is handed over."""
    record.relativeCreated -= (record.created - at) * 1_000
    record.created, record.msecs = at, at % 1 * 1_000
    record.threadName = "livekeeper"


_at_exit.last.append(stop)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
