"""``livekeeper.open``: for notebooks, where a cell is run again and again."""

from __future__ import annotations

import os
from typing import Optional, Union

from ._livekeeper import Config, CookieManager
from ._threads import allocate_lock
from .errors import Forked, InvalidArgument, ManagerClosed

_opened: dict[str, tuple[CookieManager, Optional[Config]]] = {}
_opening = allocate_lock()


def open(path: Union[str, os.PathLike[str]], config: Optional[Config] = None) -> CookieManager:
    """The manager of the store that this process has opened here before and that is not closed; else a new one. So a notebook's cell
    that is run again goes on with what runs, and starts no second session. It is kept until it is closed, or the process ends.

    Raises InvalidArgument where it was opened with another ``config``, and what ``CookieManager`` raises.

    >>> import livekeeper
    >>> manager = livekeeper.open(":memory:")
    >>> livekeeper.open(":memory:") is manager
    True
    >>> manager.close().is_clean
    True
    """
    key = key_of(path)
    with _opening:
        manager, with_config = _opened.get(key, (None, None))
        if manager is None or is_over(manager):
            manager = CookieManager(path, config)
            _opened[key] = manager, config
        elif with_config != config:
            error = InvalidArgument(f"config: {manager!r} is open with another one: close it first, or change nothing of it")
            error.field = "config"
            raise error
        return manager


def key_of(path: Union[str, os.PathLike[str]]) -> str:
    name = os.fspath(path)
    return name if name == ":memory:" else os.path.realpath(name)


def is_over(manager: CookieManager) -> bool:
    try:
        manager.list_cookies()
    except (Forked, ManagerClosed):
        return True
    return False


def forget() -> None:
    """In a fork: they are the parent's, and so is whoever held the lock."""
    global _opening
    _opened.clear()
    _opening = allocate_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget)
