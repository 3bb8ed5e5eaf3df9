"""All accounts as a table in a terminal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, AbstractSet, Any, Callable, NamedTuple, Optional, Tuple

from .._livekeeper import AccountStatus, CookieManager, StopReport
from ..errors import ManagerClosed
from .extras import needed
from .keys import unseen
from .progress import close as closing
from .rows import LOOK_OF_HEALTH, Statuses, look_of_connection, look_of_state
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


def top(
    manager: CookieManager,
    timeout_s: Optional[float] = None,
    *,
    accounts: Optional[Iterable[str]] = None,
    close: bool = False,
    console: Optional[Console] = None,
) -> Optional[StopReport]:
    """Shows the accounts of ``manager`` in the terminal, all of them or those with the ids ``accounts``, and keeps the table up to
    date, twice a second, until Ctrl-C, for ``timeout_s`` seconds, or until the manager is closed. Those that need somebody are shown
    first. With ``close`` it then closes the manager, with a bar, and returns the report: a script needs no more to run until it is
    told to end. Needs rich: ``pip install 'livekeeper[cli]'``.

    Raises ``ImportError``, ``Forked``.

    >>> import livekeeper
    >>> with livekeeper.CookieManager(":memory:") as manager:
    ...     livekeeper.top(manager, timeout_s=0)   # doctest: +SKIP
    """
    needs_rich()
    from rich.live import Live

    wanted = None if accounts is None else frozenset(accounts)
    shown_on: Console = console or _console()
    ends = None if timeout_s is None else time.monotonic() + timeout_s
    try:
        # Few events are of this kind: it is the manager's end that is waited for, in the place of sleeping.
        with unseen(), manager.events(kinds=["capacity_changed"]) as events, Live(console=shown_on, auto_refresh=False) as live:
            while True:
                statuses, summary = looked_at(manager, wanted)
                live.update(table(statuses, shown_on, summary), refresh=True)
                rest = EVERY_S if ends is None else min(EVERY_S, ends - time.monotonic())
                if rest <= 0:
                    break
                events.next(timeout_s=rest)
    except (KeyboardInterrupt, ManagerClosed):
        pass
    return closing(manager, console=shown_on) if close else None


def looked_at(manager: CookieManager, wanted: Optional[AbstractSet[str]]) -> tuple[Statuses, str]:
    """The accounts with these ids, or all; and a line that sums them up."""
    every = manager.statuses()
    if wanted is None:
        return every, every.summary()
    shown = Statuses(status for status in every if status.cookie_id in wanted)
    return shown, f"{shown.summary()} (of {len(every):,} in the store)"


def by_urgency(statuses: Iterable[AccountStatus]) -> Statuses:
    """Those first that need somebody."""
    return Statuses(sorted(statuses, key=lambda status: _URGENCY[look_of_state(status)]))


def table(
    statuses: Sequence[AccountStatus],
    console: Console,
    caption: str,
    figures: Sequence[Figure] = FIGURES,
    room: Optional[int] = None,
) -> Table:
    """The accounts, ``room`` of them or as many as fit into the height. Where the width is short there are fewer columns, and it is
    the reason that gives way."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    # Borders, header and caption take six lines, what is not shown one.
    room = max(console.height - 7, 1) if room is None else room
    more = f"… and {len(statuses) - room:,} more\n" if len(statuses) > room else ""
    drawn = Table(box=box.ROUNDED, header_style="bold", caption=more + caption, caption_justify="left", expand=True)
    drawn.add_column("account", no_wrap=True, max_width=24)
    columns = [column for column in _COLUMNS if console.width >= column.from_width]
    for column in columns:
        drawn.add_column(column.name, no_wrap=True)
    figures = figures if console.width >= FIGURES_FROM else ()
    for name, _ in figures:
        drawn.add_column(name, justify="right", no_wrap=True)
    drawn.add_column("reason", overflow="ellipsis", no_wrap=True, ratio=1)
    for status in by_urgency(statuses)[:room]:
        drawn.add_row(
            Text(visible(status.cookie_id)),
            *(Text(column.text(status), style=COLORS[column.look(status)]) for column in columns),
            *(figure(status) for _, figure in figures),
            Text(visible(str(status.reason))),
        )
    return drawn


class _Column(NamedTuple):
    name: str
    from_width: int
    """Characters of a line from which on it is shown."""
    text: Callable[[AccountStatus], str]
    look: Callable[[AccountStatus], str] = lambda status: ""


# A reason says more than the one word for the health, and most of what there is to say of a connection.
_COLUMNS = (
    _Column("state", 0, lambda status: str(status.state), look_of_state),
    _Column("connection", 96, lambda status: str(status.connection), look_of_connection),
    _Column("health", 120, lambda status: str(status.health), lambda status: LOOK_OF_HEALTH[status.health]),
    _Column("since", 120, lambda status: clock(status.since)),
)
FIGURES_FROM = 76
_URGENCY = {"bad": 0, "wait": 1, "good": 2, "faint": 3}


def _console() -> Any:
    from rich.console import Console

    return Console()


def needs_rich() -> None:
    """An ``ImportError`` that says how it is installed, where it is not."""
    needed("rich", "the table in a terminal", "'livekeeper[cli]'")
