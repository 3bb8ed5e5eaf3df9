"""Keeps Xianyu (闲鱼 / Goofish) seller accounts alive inside your own program.

>>> import livekeeper
>>> with livekeeper.CookieManager(":memory:") as manager:
...     print(manager)
<CookieManager ':memory:': 0 accounts>

``livekeeper.testing`` has a stand-in for the service; ``python -m livekeeper demo`` shows both at work.
"""

from __future__ import annotations

from ._livekeeper import (
    AccountStatus,
    AccountStop,
    Config,
    CookieManager,
    Counters,
    Reason,
    SendOutcome,
    StageReport,
    StopReport,
    __version__,
)
from .errors import (
    AccountNotFound,
    AtCapacity,
    Forked,
    InternalError,
    InvalidArgument,
    LivekeeperError,
    ManagerClosed,
    NotConnected,
    RuntimeUnavailable,
    StoreError,
    StoreFailed,
    StoreTooNew,
    StoreUnavailable,
    TimedOut,
    WouldDeadlock,
    WrongOwner,
)
from .states import ConnectionState, ReasonCode, TaskState

__all__ = [
    "AccountNotFound",
    "AccountStatus",
    "AccountStop",
    "AtCapacity",
    "Config",
    "ConnectionState",
    "CookieManager",
    "Counters",
    "Forked",
    "InternalError",
    "InvalidArgument",
    "LivekeeperError",
    "ManagerClosed",
    "NotConnected",
    "Reason",
    "ReasonCode",
    "RuntimeUnavailable",
    "SendOutcome",
    "StageReport",
    "StopReport",
    "StoreError",
    "StoreFailed",
    "StoreTooNew",
    "StoreUnavailable",
    "TaskState",
    "TimedOut",
    "WouldDeadlock",
    "WrongOwner",
    "__version__",
]
