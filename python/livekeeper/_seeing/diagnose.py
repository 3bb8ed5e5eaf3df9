"""What a report about an account needs, without what is nobody's business."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Optional, Union

from .._livekeeper import AccountStatus, Config, Metrics, MessageTrace, PausedChat, Rule, SendTrace, __version__
from . import html
from .aliases import Aliases, bare_url
from .asking import Asking, run
from .explain import explanation_of
from .facts import Facts, counts, gather

FORM = 1
"""The number of the form that the data has; another one when what is there is renamed or gone."""


@dataclass(frozen=True)
class Diagnosis:
    """What a report about an account needs: what ``manager.diagnose(cookie_id)`` returns. No cookie, token, password or proxy is in
    it; ids are names that mean nothing elsewhere. Look at it before you attach it: ``print(diagnosis.to_json())``.

    >>> import livekeeper
    >>> livekeeper.Diagnosis({"form": 1}).to_json(indent=None)
    '{"form": 1}'
    """

    data: dict[str, Any]
    """What it holds: names, with numbers, strings, lists and the like beneath."""

    def to_json(self, indent: Optional[int] = 2) -> str:
        """The same as JSON."""
        return json.dumps(self.data, ensure_ascii=False, indent=indent)

    def save(self, path: Union[str, os.PathLike[str]]) -> None:
        """Writes the JSON into a file that only you may read, in the place of one that is there. Raises ``OSError``."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        with open(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            # One that was there keeps its rights otherwise.
            os.fchmod(file.fileno(), 0o600)
            file.write(self.to_json() + "\n")

    def __str__(self) -> str:
        return self.to_json()

    def __repr__(self) -> str:
        return f"<Diagnosis of {self.data.get('account')}: {len(self.to_json()):,} characters of JSON>"

    def _repr_html_(self) -> str:
        told = self.data.get("explanation", [])
        hint = f"{self!r}: print it to look at it, and save(path) to attach it."
        return html.page(html.paragraph(hint, "faint"), *map(html.paragraph, told))


def diagnose(
    manager: Any, is_awaitable: bool, cookie_id: str, messages: int, has_handler: bool, config: Config, texts: bool
) -> Union[Diagnosis, Coroutine[Any, Any, Diagnosis]]:
    """The diagnosis, or a coroutine for it."""

    def work() -> Asking[Diagnosis]:
        facts = yield from gather(manager, cookie_id, messages, has_handler, config)
        metrics = yield manager.metrics()
        return Diagnosis(data_of(facts, metrics, texts))

    return run(work(), is_awaitable)


def data_of(facts: Facts, metrics: Metrics, texts: bool) -> dict[str, Any]:
    """What is told."""
    aliases = Aliases(facts.cookie_id)
    return {
        "form": FORM,
        "at": _time(facts.at),
        "account": aliases.account,
        "versions": _versions(),
        "config": _config(facts.config),
        "explanation": _explanation(facts, aliases),
        "status": _status(facts.status, aliases),
        "rules": _rules(facts),
        "reply_handler": facts.has_handler,
        "default_reply": _default_reply(facts),
        "items_with_a_default_reply": facts.items_with_a_reply,
        "paused_chats": [
            {"chat": aliases.of("chat", chat.chat_id), "until": _time(chat.paused_until)} for chat in facts.paused_chats
        ],
        "messages": [_message(trace, aliases, texts) for trace in facts.traces],
        "manager": _manager(metrics),
        "capacity": {
            str(item.kind): {"used": item.used, "bound": item.bound, "level": str(item.level)} for item in facts.capacity.items
        },
    }


def _versions() -> dict[str, Any]:
    return {
        "livekeeper": __version__,
        "python": sys.version.split()[0],
        "implementation": platform.python_implementation(),
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "cpus": os.cpu_count(),
    }


def _config(config: Config) -> dict[str, Any]:
    names = [name for name in dir(config) if not name.startswith("_") and name != "replace"]
    settings = {name: getattr(config, name) for name in names}
    for name, value in settings.items():
        # A setting that holds a text, whichever it is, says no more than what is shown here: a path has names of people in it, and
        # a command may have a password.
        if isinstance(value, str):
            settings[name] = bare_url(value) if "://" in value else "set"
        elif value is not None and not isinstance(value, (bool, int, float)):
            settings[name] = f"{len(value)} parts"
    return settings


def _explanation(facts: Facts, aliases: Aliases) -> list[str]:
    # Named before the sentences are made: in them a short id could not be found again.
    chats = tuple(PausedChat(aliases.of("chat", chat.chat_id), chat.paused_until_ms) for chat in facts.paused_chats)
    named = replace(facts, cookie_id=aliases.account, paused_chats=chats)
    return [aliases.text(sentence) for sentence in explanation_of(named).sentences]


def _status(status: AccountStatus, aliases: Aliases) -> dict[str, Any]:
    reason = status.reason
    return {
        "enabled": status.enabled,
        "paused": status.paused,
        "priority": status.priority,
        "state": str(status.state),
        "connection": str(status.connection),
        "since": _time(status.since),
        "reason": {
            "code": str(reason.code),
            "number": reason.number,
            "detail": aliases.text(reason.detail),
            "since": _time(reason.since),
            "next_try": _time(reason.next_try),
        },
        "health": str(status.health),
        "health_reasons": [{"code": str(one.code), "detail": aliases.text(one.detail)} for one in status.health_reasons],
        "counters": counts(status.counters),
    }


def _rules(facts: Facts) -> dict[str, Any]:
    rules = [rule if isinstance(rule, Rule) else Rule(*rule) for rule in facts.rules]
    lengths = [len(keyword) for rule in rules for keyword in rule.keywords]
    return {
        "count": len(rules),
        "keywords": len(lengths),
        "longest_keyword": max(lengths, default=0),
        "matching": dict(Counter(rule.matching for rule in rules)),
        "for_an_item": sum(rule.item_id is not None for rule in rules),
        "with_a_picture": sum(rule.picture is not None for rule in rules),
        "say_nothing": sum(not rule.reply and rule.picture is None for rule in rules),
        "longest_reply": max((len(rule.reply) for rule in rules), default=0),
    }


def _default_reply(facts: Facts) -> Optional[dict[str, Any]]:
    reply = facts.default_reply
    if reply is None:
        return None
    return {
        "length": len(reply.content.text),
        "picture": reply.content.picture is not None,
        "once_per_chat": reply.once_per_chat,
    }


def _message(trace: MessageTrace, aliases: Aliases, texts: bool) -> dict[str, Any]:
    created_at_ms = trace.created_at_ms or None
    told = {
        "message": aliases.of("message", trace.message_id),
        "chat": aliases.of("chat", trace.chat_id),
        "sender": aliases.of("user", trace.sender_id),
        "item": aliases.optional("item", trace.item_id),
        "kind": trace.kind,
        "received": _time(trace.received_at),
        "age_ms": created_at_ms and trace.received_at_ms - created_at_ms,
        "length": len(trace.text),
        "decision": trace.decision and str(trace.decision),
        "rule": trace.rule,
        "folded_into": aliases.optional("message", trace.folded_into),
        "reply": _send(trace.reply, aliases, texts),
        "picture": _send(trace.picture, aliases, texts),
    }
    if texts:
        told["text"] = trace.text
    return told


def _send(send: Optional[SendTrace], aliases: Aliases, texts: bool) -> Optional[dict[str, Any]]:
    if send is None:
        return None
    outcome = send.outcome
    told = {
        "at": _time(send.created_at),
        "took_ms": None if send.closed_at_ms is None else send.closed_at_ms - send.created_at_ms,
        "length": len(send.text),
        "outcome": outcome and outcome.outcome,
        "reason": outcome and outcome.reason and aliases.text(outcome.reason),
        "code": outcome and outcome.code,
    }
    if texts:
        told["text"] = send.text
    return told


def _manager(metrics: Metrics) -> dict[str, Any]:
    return {
        "uptime_s": round(metrics.uptime_s, 1),
        "accounts": metrics.accounts,
        "states": metrics.states,
        "connections": metrics.connections,
        "health": metrics.health,
        "counters": counts(metrics.counters),
    }


def _time(moment: Optional[datetime]) -> Optional[str]:
    return None if moment is None else moment.isoformat(timespec="milliseconds")
