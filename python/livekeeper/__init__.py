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
    Capacity,
    CapacityItem,
    Config,
    CookieManager,
    Counters,
    Event,
    Events,
    HealthReason,
    Metrics,
    Picture,
    Reason,
    Rule,
    SendOutcome,
    StageReport,
    Standing,
    StopReport,
    __version__,
)
from .errors import (
    AccountDisabled,
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
from .states import CapacityKind, CapacityLevel, ConnectionState, Health, HealthCode, ReasonCode, TaskState

__all__ = [
    "AccountDisabled",
    "AccountNotFound",
    "AccountStatus",
    "AccountStop",
    "AtCapacity",
    "Capacity",
    "CapacityItem",
    "CapacityKind",
    "CapacityLevel",
    "Config",
    "ConnectionState",
    "CookieManager",
    "Counters",
    "Event",
    "Events",
    "Forked",
    "Health",
    "HealthCode",
    "HealthReason",
    "InternalError",
    "InvalidArgument",
    "LivekeeperError",
    "ManagerClosed",
    "Metrics",
    "NotConnected",
    "Picture",
    "Reason",
    "ReasonCode",
    "Rule",
    "RuntimeUnavailable",
    "SendOutcome",
    "StageReport",
    "Standing",
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
