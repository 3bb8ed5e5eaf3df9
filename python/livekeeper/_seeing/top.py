"""All accounts as a table in a terminal."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Callable, Optional, Tuple

from .._livekeeper import AccountStatus, CookieManager, StopReport
from ..errors import ManagerClosed
from .extras import needed
from .progress import close as closing
from .rows import LOOK_OF_HEALTH, look_of_connection, look_of_state
from .text import visible
from .times import clock

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

EVERY_S = 0.5
"""The time between two drawings."""
COLORS = {"good": "green", "wait": "yellow", "bad": "red", "faint": "dim", "": ""}
Figure = Tuple[str, Callable[[AccountStatus], str]]
"""A column of numbers: its name, and what it has for an account."""
FIGURES: Sequence[Figure] = (
    ("received", lambda status: f"{status.counters.received:,}"),
    ("replied", lambda status: f"{status.counters.replied:,}"),
)
WIDE = 110
"""Characters of a line from which on everything is shown."""


def top(
    manager: CookieManager, timeout_s: Optional[float] = None, *, close: bool = False, console: Optional[Console] = None
) -> Optional[StopReport]:
    """Shows all accounts of ``manager`` in the terminal and keeps the table up to date, twice a second, until Ctrl-C, for
    ``timeout_s`` seconds, or until the manager is closed. Those that need somebody are shown first. With ``close`` it then closes
    the manager, with a bar, and returns the report: a script needs no more to run until it is told to end. Needs rich: ``pip
    install 'livekeeper[cli]'``.

    Raises ``ImportError``, ``Forked``.

    >>> import livekeeper
    >>> with livekeeper.CookieManager(":memory:") as manager:
    ...     livekeeper.top(manager, timeout_s=0)   # doctest: +SKIP
    """
    _needed()
    from rich.live import Live

    console = console or _console()
    ends = None if timeout_s is None else time.monotonic() + timeout_s
    try:
        # Few events are of this kind: it is the manager's end that is waited for, in the place of sleeping.
        with manager.events(kinds=["capacity_changed"]) as events, Live(console=console, auto_refresh=False) as live:
            while True:
                statuses = manager.statuses()
                live.update(table(statuses, console, statuses.summary()), refresh=True)
                rest = EVERY_S if ends is None else min(EVERY_S, ends - time.monotonic())
                if rest <= 0:
                    break
                events.next(timeout_s=rest)
    except (KeyboardInterrupt, ManagerClosed):
        pass
    return closing(manager, console=console) if close else None


def table(
    statuses: Sequence[AccountStatus], console: Console, caption: str, figures: Sequence[Figure] = FIGURES
) -> Table:
    """The accounts, as many as fit into the height; where the width is short it is the reason that gives way."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # Borders, header and caption take six lines, what is not shown one.
    room = max(console.height - 7, 1)
    more = f"… and {len(statuses) - room:,} more\n" if len(statuses) > room else ""
    # A reason says more than the one word for the health.
    is_wide = console.width >= WIDE
    drawn = Table(box=box.ROUNDED, header_style="bold", caption=more + caption, caption_justify="left", expand=True)
    drawn.add_column("account", no_wrap=True, max_width=24)
    for name in ("state", "connection", *(("health", "since") if is_wide else ())):
        drawn.add_column(name, no_wrap=True)
    for name, _ in figures:
        drawn.add_column(name, justify="right", no_wrap=True)
    drawn.add_column("reason", overflow="ellipsis", no_wrap=True, ratio=1)
    for status in sorted(statuses, key=lambda status: _URGENCY[look_of_state(status)])[:room]:
        wide = (Text(str(status.health), style=COLORS[LOOK_OF_HEALTH[status.health]]), Text(clock(status.since)))
        drawn.add_row(
            Text(visible(status.cookie_id)),
            Text(str(status.state), style=COLORS[look_of_state(status)]),
            Text(str(status.connection), style=COLORS[look_of_connection(status)]),
            *(wide if is_wide else ()),
            *(figure(status) for _, figure in figures),
            Text(visible(str(status.reason))),
        )
    return drawn


_URGENCY = {"bad": 0, "wait": 1, "good": 2, "faint": 3}


def _console() -> Any:
    from rich.console import Console

    return Console()


def _needed() -> None:
    needed("rich", "the table in a terminal", "'livekeeper[cli]'")
