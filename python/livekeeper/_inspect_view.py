"""How a look into a store is shown: tables where rich is there, lines where it is not, JSON as it comes."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Optional, Sequence

from . import InspectedAccount, Inspection, MessageTrace, Rule, SendTrace, inspect
from ._livekeeper import look_into_store
from ._seeing.text import aligned

CELL = 60
"""Characters of a text of somebody else's that are shown, at most."""

WIDE = 110
"""Characters of a line from which on a table has its further columns."""

WIDTH_WITHOUT_TERMINAL = 120

ACCOUNT_WIDTH = 16
"""Columns that an account's id takes in a table at most."""

FREE = {"message": 1, "remark": 1, "keywords": 1, "reply": 2}
"""The table's columns that share the width which the others leave, and how."""

NUMBERS = ("#", "rules", "messages", "priority")

Row = tuple[str, ...]


def run(path: str, limit: int, as_json: bool) -> int:
    """Shows a store and returns the exit code: 0; 1 where it is damaged. Raises what ``inspect`` raises."""
    if as_json:
        text, _ = look_into_store(path, limit)
        print(text)
        return 0
    seen = inspect(path, limit)
    show(seen)
    return 1 if seen.is_sound is False or seen.problems else 0


def show(seen: Inspection) -> None:
    """Writes all of it to standard output."""
    try:
        tables = _rich_tables()
    except ImportError:
        tables = _Lines()
    tables.line(f"{_plain(seen.path, 200)}: schema {_schema(seen)}, {_holder(seen)}, {_soundness(seen)}")
    for problem in seen.damages + seen.problems:
        tables.line(f"  {_plain(problem, 300)}")
    is_wide = tables.width >= WIDE
    tables.table("accounts", _account_header(is_wide), [_account_row(account, is_wide) for account in seen.accounts])
    rules = [_rule_row(account.cookie_id, place, rule) for account in seen.accounts for place, rule in enumerate(account.rules, 1)]
    tables.table("rules", ("account", "#", "keywords", "item", "reply"), rules)
    hidden = sum(account.rule_count - len(account.rules) for account in seen.accounts)
    if hidden:
        tables.line(f"… and {hidden} more rules (--limit)")
    sender = ("from",) if is_wide else ()
    messages = [_message_row(one.cookie_id, one.message, is_wide) for one in seen.messages]
    tables.table("latest messages", ("recorded", "account", *sender, "message", "decision"), messages)
    chats = [
        (_plain(account.cookie_id), _plain(chat.chat_id), _time(chat.paused_until_ms))
        for account in seen.accounts
        for chat in account.paused_chats
    ]
    if chats:
        tables.table("paused chats", ("account", "chat", "until"), chats)


class _Lines:
    """Columns in plain text."""

    width = WIDTH_WITHOUT_TERMINAL

    def line(self, text: str) -> None:
        print(text)

    def table(self, title: str, header: Row, rows: Sequence[Row]) -> None:
        print(f"\n{title}: {'none' if not rows else len(rows)}")
        for line in aligned((header, *rows)) if rows else ():
            print(f"  {line}")


def _rich_tables() -> _Lines:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console() if sys.stdout.isatty() else Console(width=WIDTH_WITHOUT_TERMINAL)

    class Tables(_Lines):
        width = console.width

        def line(self, text: str) -> None:
            console.print(Text(text))

        def table(self, title: str, header: Row, rows: Sequence[Row]) -> None:
            if not rows:
                return console.print(Text(f"{title}: none"))
            is_free = [name in FREE for name in header]
            table = Table(title=title, title_justify="left", box=box.ROUNDED, header_style="bold", expand=any(is_free))
            for name, free in zip(header, is_free):
                # A row is a line: what is free gives way where the width is short.
                table.add_column(
                    name,
                    no_wrap=True,
                    overflow="ellipsis",
                    ratio=FREE[name] if free else None,
                    max_width=ACCOUNT_WIDTH if name == "account" else None,
                    justify="right" if name in NUMBERS else "left",
                )
            for row in rows:
                table.add_row(*(Text(cell) for cell in row))
            console.print(table)

    return Tables()


def _account_header(is_wide: bool) -> Row:
    more = ("owner", "priority", "remark", "token until", "proxy") if is_wide else ()
    return ("account", "wanted", "rules", "messages", "last message", *more)


def _account_row(account: InspectedAccount, is_wide: bool) -> Row:
    wanted = "off" if not account.enabled else "paused" if account.paused else "on"
    waiting = f" ({account.undecided_count} undecided)" if account.undecided_count else ""
    row = (
        _plain(account.cookie_id),
        wanted,
        str(account.rule_count) + (f"+{account.default_reply_count}" if account.default_reply_count else ""),
        f"{account.message_count}{waiting}",
        _time(account.last_message_at_ms),
    )
    if not is_wide:
        return row
    proxy = "yes" if account.has_proxy else "no"
    return (*row, _plain(account.owner or "–"), str(account.priority), _plain(account.remark), _time(account.token_expires_at_ms), proxy)


def _rule_row(cookie_id: str, place: int, rule: Rule) -> Row:
    way = "" if rule.matching == "contains" else f" ({rule.matching})"
    reply = _plain(rule.reply) + (" + picture" if rule.reply and rule.picture else "picture" if rule.picture else "")
    keywords = _plain(" | ".join(rule.keywords)) + way
    return (_plain(cookie_id), str(place), keywords, _plain(rule.item_id or "all"), reply or "nothing")


def _message_row(cookie_id: str, message: MessageTrace, is_wide: bool) -> Row:
    decision = "undecided" if message.decision is None else str(message.decision)
    if message.rule is not None:
        decision += f" (rule {message.rule})"
    # A text and a picture usually end alike.
    sent = dict.fromkeys(_sent(one) for one in (message.reply, message.picture) if one is not None)
    if sent:
        decision += f": {', '.join(sent)}"
    sender = (_plain(message.sender_name or message.sender_id, 16),) if is_wide else ()
    return (_time(message.received_at_ms), _plain(cookie_id), *sender, _plain(message.text), decision)


def _sent(sent: SendTrace) -> str:
    if sent.outcome is None:
        return "under way"
    reason = sent.outcome.reason
    return f"{sent.outcome.outcome} ({_plain(reason, 20)})" if reason else sent.outcome.outcome


def _schema(seen: Inspection) -> str:
    if seen.schema == seen.newest_schema:
        return str(seen.schema)
    return f"{seen.schema} (this livekeeper has {seen.newest_schema}, and a manager brings it up to that)"


def _holder(seen: Inspection) -> str:
    return "not open" if seen.held_by is None else f"open in process {seen.held_by}"


def _soundness(seen: Inspection) -> str:
    if seen.is_sound is None:
        return "not checked to its end within 30 s"
    return "sound" if seen.is_sound else "DAMAGED: copy it, then go back to your newest snapshot"


def _time(since_1970_ms: Optional[int]) -> str:
    """In the time of this machine."""
    if since_1970_ms is None:
        return "–"
    try:
        return datetime.fromtimestamp(since_1970_ms / 1_000).strftime("%m-%d %H:%M:%S")
    except (OverflowError, OSError, ValueError):
        return "?"


def _plain(text: str, longest: int = CELL) -> str:
    """A text of somebody else's on one line, short, and without what a terminal would obey."""
    shown = "".join(c if c.isprintable() else " " if c in "\n\r\t" else "\ufffd" for c in text[: longest + 1])
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"
