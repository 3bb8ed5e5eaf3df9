"""What is known of an account at one moment: what explanations and reports are made of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Optional

from .._livekeeper import AccountStatus, Capacity, Config, Counters, DefaultReply, MessageTrace, PausedChat
from .asking import Asking
from .times import now

MAX_ITEMS = 100
"""Items that are looked at for a default reply."""


@dataclass(frozen=True)
class Facts:
    """An account, and what of the manager it depends on."""

    cookie_id: str
    status: AccountStatus
    config: Config
    has_handler: bool = False
    rules: tuple[Any, ...] = ()
    default_reply: Optional[DefaultReply] = None
    items_with_a_reply: int = 0
    """Of the items that the messages are about, those that have a default reply of their own."""
    paused_chats: tuple[PausedChat, ...] = ()
    traces: tuple[MessageTrace, ...] = ()
    """The newest messages on record, the newest first."""
    capacity: Capacity = field(default_factory=lambda: Capacity(0, ()))
    at: datetime = field(default_factory=now)


def gather(manager: Any, cookie_id: str, messages: int, has_handler: bool, config: Config) -> Asking[Facts]:
    """The facts of an account. ``manager`` is either face."""
    # The status last: what is said of the moment should be of the moment.
    traces = yield manager.messages(cookie_id, limit=messages)
    rules = yield manager.get_keywords(cookie_id)
    default_reply = yield manager.get_default_reply(cookie_id)
    items_with_a_reply = 0
    for item_id in list(dict.fromkeys(trace.item_id for trace in traces if trace.item_id))[:MAX_ITEMS]:
        items_with_a_reply += (yield manager.get_default_reply(cookie_id, item_id)) is not None
    paused_chats = yield manager.paused_chats(cookie_id)
    capacity = yield manager.capacity()
    status = yield manager.status(cookie_id)
    return Facts(
        cookie_id=cookie_id,
        status=status,
        config=config,
        has_handler=has_handler,
        rules=tuple(rules),
        default_reply=default_reply,
        items_with_a_reply=items_with_a_reply,
        paused_chats=tuple(paused_chats),
        traces=tuple(traces),
        capacity=capacity,
    )


def counts(counters: Counters) -> dict[str, int]:
    """Counters by their names."""
    return {name: getattr(counters, name) for name in dir(counters) if not name.startswith("_")}
