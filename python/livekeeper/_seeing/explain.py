"""Why an account answers, or why it does not: sentences, and the evidence that they were made from."""

from __future__ import annotations

from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any, Union

from .._livekeeper import Config, Reason
from ..states import CapacityKind, ConnectionState, ReasonCode, TaskState
from . import html
from .asking import Asking, run
from .facts import Facts, counts, gather
from .html import Cell
from .talk import sentences_of_talk, talk_of
from .times import since, until


@dataclass(frozen=True)
class Explanation:
    """Why an account answers, or why it does not: what ``manager.explain(cookie_id)`` returns. ``str(explanation)`` has the
    sentences, and the evidence beneath.

    >>> import livekeeper
    >>> explanation = livekeeper.Explanation("shop 1", False, ("shop 1 does not answer: it is switched off.",), {"enabled": False})
    >>> print(explanation)
    shop 1 does not answer: it is switched off.
      enabled = False
    """

    cookie_id: str
    """The account."""
    is_answering: bool
    """Whether a message that comes in now has somebody to answer it, as far as can be told."""
    sentences: tuple[str, ...]
    """What is so, why, and what to do; the most important first."""
    evidence: dict[str, Any] = field(default_factory=dict, hash=False)
    """What that was made from: names and values, times in UTC."""

    def __str__(self) -> str:
        evidence = (f"  {name} = {value}" for name, value in self.evidence.items())
        return "\n".join((*self.sentences, *evidence))

    def _repr_html_(self) -> str:
        first, *more = self.sentences or ("",)
        rows = [(Cell(name, "faint"), Cell(str(value))) for name, value in self.evidence.items()]
        return html.page(
            html.paragraph(first, "good" if self.is_answering else "bad"),
            *map(html.paragraph, more),
            html.table(("evidence", "value"), rows, len(rows)),
        )


def explain(
    manager: Any, is_awaitable: bool, cookie_id: str, messages: int, has_handler: bool, config: Config
) -> Union[Explanation, Coroutine[Any, Any, Explanation]]:
    """The explanation, or a coroutine for it."""

    def work() -> Asking[Explanation]:
        facts = yield from gather(manager, cookie_id, messages, has_handler, config)
        return explanation_of(facts)

    return run(work(), is_awaitable)


def explanation_of(facts: Facts) -> Explanation:
    """What these facts come to."""
    talk = talk_of(facts.traces)
    is_answering, first = _headline(facts, talk.asked, talk.answered)
    sentences = (
        first,
        *_what_to_do(facts),
        *_nothing_to_say(facts),
        *sentences_of_talk(facts, talk),
        *_paused_chats(facts),
        *_health(facts),
        *_capacity(facts),
    )
    return Explanation(facts.cookie_id, is_answering, sentences, _evidence(facts, talk.decisions))


def _headline(facts: Facts, asked: int, answered: int) -> tuple[bool, str]:
    status, name = facts.status, facts.cookie_id
    reason, then = status.reason, since(status.since, facts.at)
    if not status.enabled:
        return False, f"{name} does not answer: it has been switched off since {then}."
    if status.state is TaskState.PARKED:
        return False, f"{name} does not answer: it has been parked since {then} and does not go on by itself: {_why(reason)}."
    if status.state is TaskState.FAILED:
        return False, f"{name} does not answer: it has failed, {then}: {_why(reason)}.{_next_try(facts)}"
    if status.state in (TaskState.STOPPING, TaskState.STOPPED):
        return False, f"{name} does not answer: it has been {status.state} since {then}: {_why(reason)}."
    if reason.code is ReasonCode.WAITING_FOR_TURN:
        return False, f"{name} does not answer yet: it has waited for its turn to connect since {then}.{_queue(facts)}"
    if status.connection is ConnectionState.RECONNECTING:
        lost = since(reason.since, facts.at)
        return False, f"{name} does not answer: it has had no connection since {lost}: {_why(reason)}.{_next_try(facts)}"
    if status.connection is not ConnectionState.CONNECTED:
        way = f"it has been on its way to the service since {then}"
        return False, f"{name} does not answer yet: {way}: {_why(reason)}.{_next_try(facts)}"
    if status.paused:
        return False, f"{name} does not answer: you have paused it, {then}. It is connected, receives and records."
    if not _has_words(facts):
        return False, f"{name} does not answer: it is connected, and has nothing to answer with."
    if asked and not answered:
        last = "not answered the last message of a buyer" if asked == 1 else f"answered none of the last {asked} messages of buyers"
        return False, f"{name} has been connected since {then}, and has {last}."
    return True, f"{name} answers: it has been connected since {then}."


def _what_to_do(facts: Facts) -> Iterator[str]:
    status, name = facts.status, facts.cookie_id
    if not status.enabled:
        yield f"Switch it on with update_cookie_status({name!r}, True)."
    elif status.paused and status.connection is ConnectionState.CONNECTED:
        yield f"Let it answer again with resume({name!r})."
    elif status.state is TaskState.PARKED and status.reason.code is ReasonCode.TOO_MANY_FAILURES:
        yield f"Try again with restart({name!r})."
    if status.paused and status.connection is not ConnectionState.CONNECTED:
        yield f"It is paused too: also when it is connected it answers nothing until resume({name!r})."


def _nothing_to_say(facts: Facts) -> Iterator[str]:
    if _has_words(facts):
        return
    yield (
        "It has no rules, there is no reply handler, and it has no default reply: give it one of these with update_keywords, "
        "set_reply_handler or set_default_reply."
    )


def _why(reason: Reason) -> str:
    # In brackets: a full stop after a URL would be copied along.
    return f"{reason.text} ({reason.detail})" if reason.detail else reason.text


def _has_words(facts: Facts) -> bool:
    return bool(facts.rules) or facts.has_handler or facts.default_reply is not None or facts.items_with_a_reply > 0


def _next_try(facts: Facts) -> str:
    next_try = facts.status.reason.next_try
    return "" if next_try is None else f" The next try: {until(next_try, facts.at)}."


def _queue(facts: Facts) -> str:
    if facts.config.max_connecting == 0:
        return " Nobody connects: the manager was opened with max_connecting=0."
    connecting, waiting = facts.capacity.get(CapacityKind.CONNECTING), facts.capacity.get(CapacityKind.WAITING_TO_CONNECT)
    if connecting is None or waiting is None:
        return ""
    return (
        f" {connecting.used} of at most {facts.config.max_connecting} accounts connect now, {waiting.used} wait, and "
        f"{facts.config.connect_rate_per_s:g} a second may begin; its priority is {facts.status.priority}."
    )


def _paused_chats(facts: Facts) -> Iterator[str]:
    chats = facts.paused_chats
    if not chats:
        return
    named = ", ".join(f"{chat.chat_id} until {until(chat.paused_until, facts.at)}" for chat in chats[:3])
    more = f", and {len(chats) - 3} more" if len(chats) > 3 else ""
    chat = "1 chat is" if len(chats) == 1 else f"{len(chats)} chats are"
    yield f"{chat} left to a person: {named}{more}. Have one answered again with resume_chat({facts.cookie_id!r}, chat_id)."


def _health(facts: Facts) -> Iterator[str]:
    reasons = facts.status.health_reasons
    if reasons:
        yield f"Its health is {facts.status.health}: {'; '.join(map(str, reasons))}."


def _capacity(facts: Facts) -> Iterator[str]:
    warnings = facts.capacity.warnings
    if warnings:
        yield f"This process comes near its bounds: {'; '.join(map(str, warnings))}."


def _evidence(facts: Facts, decisions: dict[str, int]) -> dict[str, Any]:
    status = facts.status
    evidence: dict[str, Any] = {
        "enabled": status.enabled,
        "paused": status.paused,
        "state": str(status.state),
        "connection": str(status.connection),
        "since": status.since.isoformat(timespec="seconds"),
        "reason": f"{status.reason.code} ({status.reason.number})",
        "reason.detail": status.reason.detail,
        "reason.next_try": status.reason.next_try and status.reason.next_try.isoformat(timespec="milliseconds"),
        "health": str(status.health),
        "priority": status.priority,
        "rules": len(facts.rules),
        "reply handler": facts.has_handler,
        "default reply": facts.default_reply is not None,
        "items with a default reply": facts.items_with_a_reply or None,
        "paused chats": len(facts.paused_chats),
        "messages looked at": len(facts.traces),
        **{f"decision {name}": count for name, count in decisions.items()},
        "counters": ", ".join(f"{name}={count}" for name, count in counts(status.counters).items() if count),
    }
    return {name: value for name, value in evidence.items() if value not in ("", None)}
