"""Threads of the system's, also where gevent has made greenlets of those of ``threading``: what waits for the library without an
event loop must not hold up a hub."""

from __future__ import annotations

import _thread
import sys
from typing import Any


def original(name: str) -> Any:
    """What ``_thread`` had under this name before anybody patched it."""
    monkey = sys.modules.get("gevent.monkey")
    return getattr(_thread, name) if monkey is None else monkey.get_original("_thread", name)


start_new_thread = original("start_new_thread")
"""Unlike ``threading.Thread.start`` it waits for nothing and runs no Python code in the caller's thread."""
allocate_lock = original("allocate_lock")
