"""What the simulator of ``livekeeper.testing`` hands out: cookies, and records of what it saw, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Optional


class SimulatedCookie(str):
    """A cookie of a simulated account: a header string that knows its account.

    >>> from livekeeper.testing import Simulator
    >>> with Simulator() as simulator:
    ...     simulator.cookie("2280551454090").unb
    '2280551454090'
    """

    unb: str
    """The account's user id, by which the simulator is told what to do with it."""

    def __new__(cls, text: str, unb: str) -> SimulatedCookie:
        cookie = super().__new__(cls, text)
        cookie.unb = unb
        return cookie

    def __reduce__(self) -> tuple[type[SimulatedCookie], tuple[str, str]]:
        return SimulatedCookie, (str(self), self.unb)


@dataclass(frozen=True)
class Send:
    """A message that a client sent, as the simulator heard it."""

    unb: str
    """The account."""
    chat_id: str
    """The chat, without ``@goofish``."""
    peer_id: str
    """The other person, without ``@goofish``."""
    text: str
    """The text, or a picture's address."""
    is_picture: bool
    """Whether it is a picture."""
    uuid: str
    """The send's uuid."""
    mid: str
    """The frame's mid."""
    message_id: Optional[str]
    """The id it was given; None if it was refused."""
    outcome: str
    """``"accepted"``, ``"swallowed"`` (never answered), ``"refused"`` or ``"duplicate"`` (its uuid had been used)."""
    reason: Optional[str]
    """Why it was refused."""
    at_ms: int
    """When it was heard, milliseconds since 1970."""
    in_reply_to: Optional[str]
    """The buyer's message that this answers: the oldest in the chat that was pushed and that no send has answered. What is still
    open when the buyer writes again after a send is no longer waited for. A client that answers several lines at once thus
    names the first of them, and its latency is the buyer's whole wait. None: nothing was open, or the send was a duplicate or
    for the wrong peer."""
    latency_ms: Optional[float]
    """From that message being pushed for the first time to this send being heard."""

    @classmethod
    def _read(cls, record: dict[str, Any]) -> Send:
        content, outcome, latency_us = record["content"], record["outcome"], record["latency_us"]
        is_picture = "picture" in content
        return cls(
            unb=record["unb"],
            chat_id=record["chat_id"],
            peer_id=record["peer_id"],
            text=content["picture"]["url"] if is_picture else content["text"],
            is_picture=is_picture,
            uuid=record["uuid"],
            mid=record["mid"],
            message_id=record["message_id"],
            outcome=outcome if isinstance(outcome, str) else "refused",
            reason=None if isinstance(outcome, str) else outcome["refused"],
            at_ms=record["at_ms"],
            in_reply_to=record["in_reply_to"],
            latency_ms=None if latency_us is None else latency_us / 1_000,
        )


@dataclass(frozen=True)
class Violation:
    """Something the real service would not have taken well."""

    at_ms: int
    """When, milliseconds since 1970."""
    unb: str
    """The account; empty where the request named none."""
    what: str
    """Which rule, in a few fixed words."""
    detail: str
    """The particulars, without cookie or token values."""


@dataclass(frozen=True)
class Ending:
    """How a WebSocket connection ended."""

    at_ms: int
    """When, milliseconds since 1970."""
    unb: str
    """The account."""
    by: str
    """``"client_with_frame"``, ``"client_without_frame"``, ``"server_with_frame"`` or ``"server_without_frame"``."""
    code: Optional[int]
    """The close frame's code (1005: it had none); None without a frame."""
    lived_ms: int
    """How long the connection lived."""
    registered: bool
    """Whether it was registered."""

    @classmethod
    def _read(cls, record: dict[str, Any]) -> Ending:
        by = record.pop("by")
        kind, code = (by, None) if isinstance(by, str) else next(iter(by.items()))
        return cls(by=kind, code=code, **record)


@dataclass(frozen=True)
class LogLine:
    """One line of the simulator's log. Never holds a cookie or a token."""

    at_ms: int
    """When, milliseconds since 1970."""
    unb: str
    """The account."""
    kind: str
    """What it is about, such as ``"registered"`` or ``"sent"``."""
    detail: str
    """The key facts."""
