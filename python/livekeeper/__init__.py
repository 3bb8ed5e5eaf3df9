"""Keeps Xianyu (闲鱼 / Goofish) seller accounts alive inside your own program.

>>> import livekeeper
>>> with livekeeper.CookieManager(":memory:") as manager:
...     print(manager)
<CookieManager ':memory:': 0 accounts>

``livekeeper.testing`` has a stand-in for the service; ``python -m livekeeper demo`` shows both at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _awaiting as _awaiting
from ._livekeeper import (
    AccountStatus,
    AccountStop,
    AsyncCookieManager,
    AsyncEvents,
    Capacity,
    CapacityItem,
    ChatMessage,
    Config,
    Confirmation,
    CookieManager,
    Counters,
    DefaultReply,
    Event,
    Events,
    HealthReason,
    ImportedAccount,
    ImportReport,
    MessageTrace,
    Metrics,
    Order,
    OrderStep,
    PausedChat,
    Picture,
    Reason,
    ReplyContent,
    Rule,
    SendOutcome,
    SendTrace,
    StageReport,
    Standing,
    StopReport,
    __version__,
    validate_cookie,
)
from ._open import open as open
from .errors import (
    AccountDisabled,
    AccountNotFound,
    AlreadyOpen,
    AtCapacity,
    Corrupt,
    DiskFailed,
    DiskFull,
    Forked,
    InternalError,
    InvalidArgument,
    LivekeeperError,
    ManagerClosed,
    NotADatabase,
    NotConnected,
    RuntimeUnavailable,
    StoreError,
    StoreFailed,
    StoreTooNew,
    StoreUnavailable,
    TimedOut,
    WouldDeadlock,
    WrongKey,
    WrongOwner,
)
from .states import (
    CapacityKind,
    CapacityLevel,
    ConfirmationState,
    ConnectionState,
    Decision,
    Health,
    HealthCode,
    ImportOutcome,
    OrderStatus,
    ReasonCode,
    TaskState,
)

if TYPE_CHECKING:
    from ._inspection import InspectedAccount, InspectedMessage, Inspection, inspect
    from ._keyring import keyring_key
    from ._seeing.diagnose import Diagnosis
    from ._seeing.explain import Explanation
    from ._seeing.record import EventLog
    from ._seeing.rows import Messages, Orders, Statuses
    from ._seeing.top import top
    from ._seeing.watch import LiveView

__all__ = [
    "AccountDisabled",
    "AccountNotFound",
    "AccountStatus",
    "AccountStop",
    "AsyncCookieManager",
    "AsyncEvents",
    "AlreadyOpen",
    "AtCapacity",
    "Capacity",
    "CapacityItem",
    "CapacityKind",
    "CapacityLevel",
    "ChatMessage",
    "Config",
    "Confirmation",
    "ConfirmationState",
    "ConnectionState",
    "CookieManager",
    "Corrupt",
    "Counters",
    "Decision",
    "DefaultReply",
    "Diagnosis",
    "DiskFailed",
    "DiskFull",
    "Event",
    "EventLog",
    "Events",
    "Explanation",
    "Forked",
    "Health",
    "HealthCode",
    "HealthReason",
    "ImportOutcome",
    "ImportReport",
    "ImportedAccount",
    "InspectedAccount",
    "InspectedMessage",
    "Inspection",
    "InternalError",
    "InvalidArgument",
    "LiveView",
    "LivekeeperError",
    "ManagerClosed",
    "MessageTrace",
    "Messages",
    "Metrics",
    "NotADatabase",
    "NotConnected",
    "Order",
    "OrderStatus",
    "OrderStep",
    "Orders",
    "PausedChat",
    "Picture",
    "Reason",
    "ReasonCode",
    "ReplyContent",
    "Rule",
    "RuntimeUnavailable",
    "SendOutcome",
    "SendTrace",
    "StageReport",
    "Standing",
    "Statuses",
    "StopReport",
    "StoreError",
    "StoreFailed",
    "StoreTooNew",
    "StoreUnavailable",
    "TaskState",
    "TimedOut",
    "WouldDeadlock",
    "WrongKey",
    "WrongOwner",
    "__version__",
    "inspect",
    "keyring_key",
    "top",
    "validate_cookie",
]

# What programs that run by themselves do not need is imported when it is first asked for, and they start without it.
_LATER = {
    "Diagnosis": "_seeing.diagnose",
    "EventLog": "_seeing.record",
    "Explanation": "_seeing.explain",
    "InspectedAccount": "_inspection",
    "InspectedMessage": "_inspection",
    "Inspection": "_inspection",
    "LiveView": "_seeing.watch",
    "Messages": "_seeing.rows",
    "Orders": "_seeing.rows",
    "Statuses": "_seeing.rows",
    "inspect": "_inspection",
    "keyring_key": "_keyring",
    "top": "_seeing.top",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    thing = globals()[name] = getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
    return thing
