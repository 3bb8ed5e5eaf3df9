"""What can go wrong, as one tree under ``LivekeeperError``.

>>> import livekeeper
>>> with livekeeper.CookieManager(":memory:") as manager:
...     try:
...         manager.status("shop 1")
...     except livekeeper.AccountNotFound as error:
...         print(error.code, error.cookie_id)
2 shop 1
"""

from __future__ import annotations

from typing import Optional


class LivekeeperError(Exception):
    """Every error of livekeeper. ``str(error)`` is a sentence for people; it never holds a cookie or a token.

    >>> import livekeeper
    >>> issubclass(livekeeper.TimedOut, livekeeper.LivekeeperError)
    True
    """

    code: int = 0
    """The permanent number of this kind of error."""
    cookie_id: Optional[str] = None
    """The account that the call was about, where there is one."""

    def __str__(self) -> str:
        # KeyError would put quotes around it, OSError would look for an errno.
        return str(self.args[0]) if self.args else ""


class InvalidArgument(LivekeeperError, ValueError):
    """A value was refused before anything was done or stored.

    >>> import livekeeper
    >>> try:
    ...     livekeeper.Config(debounce_s=-1)
    ... except livekeeper.InvalidArgument as error:
    ...     print(error.field)
    debounce_s
    """

    code = 1
    field: Optional[str] = None
    """The argument or the ``Config`` setting."""


class AccountNotFound(LivekeeperError, KeyError):
    """No account has this id."""

    code = 2


class StoreError(LivekeeperError):
    """The store could not be opened, or could not do something."""


class StoreUnavailable(StoreError):
    """The database cannot be opened."""

    code = 3


class StoreTooNew(StoreError):
    """The database was written by a newer livekeeper; nothing was changed."""

    code = 4


class StoreFailed(StoreError):
    """The database refused a read or a write; the call was not carried out."""

    code = 5


class DiskFull(StoreFailed):
    """The disk is full; the call was not carried out. The store works again when there is room."""

    code = 20


class DiskFailed(StoreFailed):
    """The disk failed to read or write; the call was not carried out. The store works again when the disk does."""

    code = 21


class AlreadyOpen(StoreError):
    """The store is open already, in this process or another; the sentence names the process."""

    code = 16
    pid: Optional[int] = None
    """The process that holds it, where it could be told."""


class Corrupt(StoreError):
    """The store is damaged; it was neither deleted nor repaired."""

    code = 17


class NotADatabase(StoreError):
    """The file is no SQLite database, or one of another program; it was left as it is."""

    code = 18


class WrongKey(StoreError):
    """The key or passphrase does not open what is sealed; nothing was touched."""

    code = 19


class ManagerClosed(LivekeeperError):
    """The manager is closed, or is closing."""

    code = 6


class TimedOut(LivekeeperError, TimeoutError):
    """A wait reached its limit; the sentence says how things stood then."""

    code = 7


class NotConnected(LivekeeperError):
    """The account has no registered session to send on; nothing was sent."""

    code = 8


class WrongOwner(LivekeeperError):
    """A new cookie belongs to another Xianyu user; nothing was changed."""

    code = 9


class AtCapacity(LivekeeperError):
    """A bound was reached."""

    code = 10


class Forked(LivekeeperError):
    """The process forked after the manager was opened: open one of its own in the child."""

    code = 11


class WouldDeadlock(LivekeeperError):
    """A blocking wait was asked for on a thread that must not block."""

    code = 12


class RuntimeUnavailable(LivekeeperError):
    """The operating system refused a thread or the runtime."""

    code = 13


class InternalError(LivekeeperError):
    """A fault of livekeeper itself."""

    code = 14


class AccountDisabled(LivekeeperError):
    """The account is switched off, and what was asked for needs it on."""

    code = 15


_BY_CODE: dict[int, type[LivekeeperError]] = {
    kind.code: kind
    for kind in (
        InvalidArgument,
        AccountNotFound,
        StoreUnavailable,
        StoreTooNew,
        StoreFailed,
        ManagerClosed,
        TimedOut,
        NotConnected,
        WrongOwner,
        AtCapacity,
        Forked,
        WouldDeadlock,
        RuntimeUnavailable,
        InternalError,
        AccountDisabled,
        AlreadyOpen,
        Corrupt,
        NotADatabase,
        WrongKey,
        DiskFull,
        DiskFailed,
    )
}
"""What Rust makes errors of."""
