"""How the demo is shown: a live table on a terminal, lines elsewhere, nothing with ``--json``."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Optional

from . import AccountStatus, StopReport
from ._seeing.keys import unseen

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from .demo import Talk

RECENT = 50
"""Replies that the live table's latency is taken from, for each account."""


class View:
    """Shows nothing."""

    every_s = 3_600.0
    """The least time between two looks."""

    def __init__(self) -> None:
        self._shown_at: Optional[float] = None

    def __enter__(self) -> View:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        pass

    def show(self, statuses: list[AccountStatus], talk: Talk, is_last: bool = False) -> None:
        """Shows how things stand, unless it has just done so."""
        now = time.monotonic()
        if not is_last and self._shown_at is not None and now - self._shown_at < self.every_s:
            return
        self._shown_at = now
        talk.listen()
        self.draw(statuses, talk)

    def draw(self, statuses: list[AccountStatus], talk: Talk) -> None:
        """Shows how things stand."""

    def show_end(self, report: StopReport, figures: dict[str, Any]) -> None:
        """Shows what it came to."""


class Lines(View):
    """A line a second, for pipes and logs."""

    every_s = 1.0

    def __init__(self, hint: str = "") -> None:
        super().__init__()
        if hint:
            print(hint)

    def draw(self, statuses: list[AccountStatus], talk: Talk) -> None:
        print(_line(statuses, talk), flush=True)

    def show_end(self, report: StopReport, figures: dict[str, Any]) -> None:
        for account in report.accounts:
            stages = ", ".join(f"{stage.stage} {stage.outcome}" for stage in account.stages) or "nothing ran"
            print(f"  {account.cookie_id}: closed in {account.took_s * 1_000:.1f} ms ({stages})", *account.left)
        print(report)
        print(_summary(figures))


class LiveTable(View):
    """A table that stays in its place, drawn anew four times a second at most."""

    every_s = 0.25

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live

        self._console = Console()
        self._live = Live(console=self._console, auto_refresh=False)
        self._keys = unseen()

    def __enter__(self) -> View:
        self._keys.__enter__()
        self._live.start()
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._live.stop()
        self._keys.__exit__(kind, error, trace)

    def draw(self, statuses: list[AccountStatus], talk: Talk) -> None:
        self._live.update(status_table(statuses, talk, self._console), refresh=True)

    def show_end(self, report: StopReport, figures: dict[str, Any]) -> None:
        self._console.print(stop_table(report, self._console))
        self._console.print(_summary(figures), highlight=False)


def view_for(as_json: bool) -> View:
    """The view that fits where the output goes."""
    if as_json:
        return View()
    if not sys.stdout.isatty():
        return Lines()
    try:
        return LiveTable()
    except ImportError:
        return Lines(hint="(for a live table: pip install 'livekeeper[cli]')")


def status_table(statuses: list[AccountStatus], talk: Talk, console: Console) -> Table:
    """The accounts, and how fast they have answered."""
    from ._seeing.top import FIGURES, table

    def latency(status: AccountStatus) -> str:
        return _milliseconds(_median(talk.latencies_ms[talk.shops[status.cookie_id]][-RECENT:]))

    return table(statuses, console, _line(statuses, talk), (*FIGURES, ("reply p50", latency)))


def stop_table(report: StopReport, console: Console) -> Table:
    """What closing came to, account by account."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    room = max(console.height - 10, 1)
    more = f"… and {len(report.accounts) - room} more\n" if len(report.accounts) > room else ""
    table = Table(box=box.ROUNDED, header_style="bold", caption=f"{more}{report}", caption_justify="left")
    table.add_column("account", no_wrap=True)
    table.add_column("closed in", justify="right", no_wrap=True)
    table.add_column("stages")
    table.add_column("left")
    for account in report.accounts[:room]:
        stages = ", ".join(f"{stage.stage} {stage.outcome}" for stage in account.stages) or "nothing ran"
        left = Text(", ".join(account.left), style="red") if account.left else Text("nothing", style="green")
        table.add_row(Text(account.cookie_id), _milliseconds(account.took_s * 1_000), stages, left)
    return table


def _line(statuses: list[AccountStatus], talk: Talk) -> str:
    connected = sum(status.connection == "connected" for status in statuses)
    latencies_ms = [latency for latencies in talk.latencies_ms.values() for latency in latencies[-RECENT:]]
    return (
        f"{talk.seconds:5.1f} s  {connected}/{len(statuses)} connected, {talk.messages} messages, "
        f"{sum(talk.heard.values())} replies, p50 {_milliseconds(_median(latencies_ms))}"
    )


def _summary(figures: dict[str, Any]) -> str:
    latency = figures["reply_latency_ms"]
    return (
        f"{figures['messages']} messages of buyers: "
        f"{figures['replies']} replies, {figures['replies_missing']} missing, {figures['duplicates']} duplicates, "
        f"with {figures['messages_replayed']} message pushed a second time. "
        f"Reply latency p50 {_milliseconds(latency['p50'])}, p99 {_milliseconds(latency['p99'])}."
    )


def _median(values: list[float]) -> Optional[float]:
    return sorted(values)[len(values) // 2] if values else None


def _milliseconds(value: Optional[float]) -> str:
    return "–" if value is None else f"{value:.1f} ms"
