"""``top --once``: how the accounts stand, a single time."""

from __future__ import annotations

import argparse
import json
import time
from datetime import datetime
from typing import AbstractSet, Any, Optional

from .._livekeeper import AccountStatus, CookieManager, StopReport
from .._seeing.progress import close
from .._seeing.rows import Statuses
from .._seeing.text import aligned, visible
from .._seeing.top import by_urgency, looked_at, table
from ..states import ConnectionState, TaskState
from .advice import in_python
from .ending import DONE, NOT_ALL, progress_console


def show(manager: CookieManager, wanted: Optional[AbstractSet[str]], given: argparse.Namespace, is_terminal: bool) -> int:
    """Waits until they are settled, shows them, closes the manager, and answers the exit code."""
    settle(manager, wanted, given.wait)
    shown, summary = looked_at(manager, wanted)
    statuses = by_urgency(shown)
    if is_terminal:
        _draw(statuses, summary)
    elif not given.json:
        rows = [[visible(in_python(cell.text)) for cell in statuses._cells(status)] for status in statuses]
        print(*aligned([statuses._names, *rows]), summary, sep="\n", flush=True)
    report = close(manager, console=progress_console())
    if given.json:
        print(json.dumps(as_json(statuses, report), ensure_ascii=False))
    elif not report.is_clean:
        print(report)
    is_well = all(status.connection is ConnectionState.CONNECTED for status in statuses if status.enabled)
    return DONE if is_well and report.is_clean else NOT_ALL


def settle(manager: CookieManager, wanted: Optional[AbstractSet[str]], timeout_s: float) -> None:
    """Waits until each is connected, switched off, or not tried again by itself; for so long at most."""
    ends = time.monotonic() + timeout_s
    with manager.events(kinds=["state_changed"]) as events:
        pending = {status.cookie_id for status in manager.statuses() if not is_settled(status)}
        pending &= pending if wanted is None else wanted
        while pending:
            event = events.next(timeout_s=max(ends - time.monotonic(), 0.0))
            if event is None:
                return
            if event.kind == "lagged":
                pending = {cookie_id for cookie_id in pending if not is_settled(manager.status(cookie_id))}
            elif event.cookie_id in pending and is_settled(manager.status(event.cookie_id)):
                pending.discard(event.cookie_id)


def is_settled(status: AccountStatus) -> bool:
    """Whether it goes no further by itself."""
    is_stuck = status.state in (TaskState.PARKED, TaskState.FAILED)
    return not status.enabled or is_stuck or status.connection is ConnectionState.CONNECTED


def as_json(statuses: Statuses, report: StopReport) -> dict[str, Any]:
    """All of it as one object: the accounts with the columns that a data frame has."""
    accounts = [{column.name: _plain(column.value(status)) for column in statuses._columns} for status in statuses]
    closed = {"took_s": round(report.took_s, 3), "is_clean": report.is_clean}
    return {"accounts": accounts, "closed": closed}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _draw(statuses: Statuses, summary: str) -> None:
    from rich.console import Console

    console = Console()
    console.print(table(statuses, console, summary, room=len(statuses)))
