"""What a store holds, as values that never change."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any, Optional, Union

from ._livekeeper import MessageTrace, PausedChat, Picture, Rule, look_into_store


@dataclass(frozen=True)
class InspectedAccount:
    """One account of a store.

        for account in livekeeper.inspect("shop.db").accounts: print(account.cookie_id, account.enabled)
    """

    cookie_id: str
    """The account."""
    owner: Optional[str]
    """Your own user that it belongs to."""
    enabled: bool
    """Whether it is wanted to run."""
    paused: bool
    """Whether it is paused."""
    priority: int
    """Its place among those that wait to connect."""
    remark: str
    """Your remark."""
    pause_minutes: int
    """For how many minutes a chat is left to a person."""
    auto_confirm: bool
    """Whether shipments are confirmed."""
    has_proxy: bool
    """Whether it goes through a proxy."""
    token_expires_at_ms: Optional[int]
    """When its token ends, if it has one: milliseconds since 1970 UTC."""
    created_at_ms: int
    """When it was put on record: milliseconds since 1970 UTC."""
    updated_at_ms: int
    """When its record changed last: milliseconds since 1970 UTC."""
    message_count: int
    """Messages on record."""
    undecided_count: int
    """Of those, the ones that wait for a decision."""
    last_message_at_ms: Optional[int]
    """When the last one was recorded: milliseconds since 1970 UTC."""
    rule_count: int
    """Rules that it has."""
    rules: tuple[Rule, ...]
    """The first of them."""
    default_reply_count: int
    """Default replies that it has."""
    paused_chats: tuple[PausedChat, ...]
    """The chats that are paused now."""


@dataclass(frozen=True)
class InspectedMessage:
    """One message of a store.

        for one in livekeeper.inspect("shop.db").messages: print(one.cookie_id, one.message)
    """

    cookie_id: str
    """The account that it came for."""
    message: MessageTrace
    """The message, and what came of it."""


@dataclass(frozen=True)
class Inspection:
    """What a store holds, at one moment. Nothing of a cookie, a token or a proxy is in it.

        print(livekeeper.inspect("shop.db").is_sound)
    """

    path: str
    """The path as it was given."""
    schema: int
    """The number of the store's schema."""
    newest_schema: int
    """The newest schema that this livekeeper knows; a manager brings an older store up to it."""
    held_by: Optional[int]
    """The process that has it open, if one has."""
    looked_at_ms: int
    """When it was looked at: milliseconds since 1970 UTC."""
    is_sound: Optional[bool]
    """Whether the file is sound; None: the check took longer than 30 s, and was ended."""
    damages: tuple[str, ...]
    """What is wrong with the file, as SQLite says it; at most 20."""
    accounts: tuple[InspectedAccount, ...]
    """Every account, in the order of the ids."""
    messages: tuple[InspectedMessage, ...]
    """The latest messages of all accounts, the newest first, each with what was decided and sent."""
    problems: tuple[str, ...]
    """What could not be read, and why, in sentences."""

    @property
    def looked_at(self) -> datetime:
        """When it was looked at, as a time (UTC)."""
        return datetime.fromtimestamp(self.looked_at_ms / 1_000, timezone.utc)


def inspect(path: Union[str, os.PathLike[str]], limit: int = 20) -> Inspection:
    """Looks into a store, whether or not a manager runs on it. The file is read only, no lock is taken that anybody would wait
    for, and nothing is made beside it (but a ``-shm`` beside a copy that came with its log). A store that is damaged shows what can still be read; the rest is in ``problems``.

    ``limit``: so many messages at most, and so many rules of each account, 0 … 10,000. Blocks while the whole file is checked, 30 s
    of that at most.

    Raises ``NotADatabase``, ``StoreTooNew``, ``StoreUnavailable``; ``Corrupt`` where not even its beginning can be read;
    ``InvalidArgument``.

    >>> import livekeeper
    >>> for account in livekeeper.inspect("shop.db").accounts:   # doctest: +SKIP
    ...     print(account.cookie_id, account.message_count)
    """
    text, messages = look_into_store(path, limit)
    return _inspection(json.loads(text), messages)


def _inspection(seen: dict[str, Any], messages: list[tuple[str, MessageTrace]]) -> Inspection:
    integrity = seen.pop("integrity")
    seen["accounts"] = tuple(_account(account) for account in seen["accounts"])
    seen["messages"] = tuple(InspectedMessage(cookie_id, message) for cookie_id, message in messages)
    seen["problems"] = tuple(seen["problems"])
    return Inspection(is_sound=integrity["is_sound"], damages=tuple(integrity["problems"]), **seen)


def _account(account: dict[str, Any]) -> InspectedAccount:
    account["rules"] = tuple(_rule(rule) for rule in account["rules"])
    account["paused_chats"] = tuple(PausedChat(**chat) for chat in account["paused_chats"])
    return InspectedAccount(**account)


def _rule(rule: dict[str, Any]) -> Rule:
    picture = rule["picture"] and Picture(**rule["picture"])
    return Rule(rule["keywords"], rule["reply"], matching=rule["matching"], item_id=rule["item_id"], picture=picture)
