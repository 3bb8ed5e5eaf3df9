"""Plots of what came in and what became of it, with matplotlib."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Optional

from .._livekeeper import CookieManager, Event, MessageTrace, Standing
from ..states import ConnectionState
from .extras import needed
from .talk import BY, OF_NOBODY
from .times import now

MAX_CHATS = 30
"""Chats that a timeline has a line for: those in which something has happened last."""

GOOD, WAIT, BAD, FAINT = "#2e9e4f", "#d29922", "#d1443c", "#8b949e"
COLORS = {
    ConnectionState.CONNECTED: GOOD,
    ConnectionState.CONNECTING: WAIT,
    ConnectionState.RECONNECTING: WAIT,
    ConnectionState.DISCONNECTED: FAINT,
    ConnectionState.CLOSED: FAINT,
    ConnectionState.FAILED: BAD,
}
CHINESE = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC", "SimHei")
"""Fonts that have Chinese, the first of which that is there is used beside the usual one."""


def plot_timeline(
    manager: CookieManager, cookie_id: str, limit: int, log: Optional[Iterable[Event]], ax: Optional[Any]
) -> Any:
    """See ``CookieManager.plot_timeline``."""
    traces = [trace for trace in manager.messages(cookie_id, limit=limit) if _is_shown(trace)]
    axes = _axes(ax)
    chats = list(dict.fromkeys(trace.chat_id for trace in traces))[:MAX_CHATS]
    lines = {chat: place for place, chat in enumerate(reversed(chats))}
    for trace in traces:
        if trace.chat_id in lines:
            _draw_message(axes, trace, lines[trace.chat_id])
    if log is not None:
        _draw_connection(axes, [event for event in log if event.kind == "state_changed" and event.cookie_id == cookie_id])
    axes.set_yticks(*_ticks(lines, log is not None))
    _label_times(axes)
    axes.set_title(f"{cookie_id}: messages and replies" if traces else f"{cookie_id}: no messages", fontfamily=_fonts())
    _legend(axes)
    return axes


def plot_latency(manager: CookieManager, cookie_id: str, limit: int, ax: Optional[Any]) -> Any:
    """See ``CookieManager.plot_latency``."""
    pairs = latencies(manager.messages(cookie_id, limit=limit))
    axes = _axes(ax)
    seconds = [latency for _, latency in pairs]
    title = f"{cookie_id}: no replies"
    if pairs:
        axes.scatter([at for at, _ in pairs], seconds, s=14, color=GOOD, zorder=3)
        axes.set_yscale("log")
        for share, style in ((0.5, "-"), (0.99, ":")):
            value = quantile(seconds, share)
            axes.axhline(value, color=FAINT, linestyle=style, linewidth=1, label=f"{share:.0%}: {value:.3g} s")
        beside = axes.inset_axes((1.01, 0, 0.15, 1), sharey=axes)
        beside.hist(seconds, bins=_bins(seconds), orientation="horizontal", color=GOOD, alpha=0.6)
        beside.tick_params(labelleft=False, which="both")
        beside.set_xlabel("replies")
        axes.legend(loc="upper left")
        title = f"{cookie_id}: {len(pairs)} replies"
    _label_times(axes)
    axes.set_ylabel("seconds from arrival to delivery")
    axes.set_title(title, fontfamily=_fonts())
    return axes


def latencies(traces: Iterable[MessageTrace]) -> list[tuple[datetime, float]]:
    """When each delivered reply's message came in, and after how many seconds the service had taken the reply; the oldest first."""
    found = [
        (trace.received_at, (trace.reply.closed_at_ms - trace.received_at_ms) / 1_000)
        for trace in traces
        if trace.reply is not None
        and trace.reply.closed_at_ms is not None
        and trace.reply.outcome is not None
        and trace.reply.outcome.outcome == "delivered"
    ]
    # On a logarithmic axis there is no zero.
    return sorted((at, max(seconds, 0.0005)) for at, seconds in found)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which that share of them lies."""
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


def spells(events: Sequence[Event], end: datetime) -> list[tuple[datetime, datetime, ConnectionState]]:
    """From when to when the connection stood how."""
    moves = [(event.at, event.new.connection) for event in events if isinstance(event.new, Standing)]
    ends = [at for at, _ in moves[1:]] + [end]
    return [(at, until, connection) for (at, connection), until in zip(moves, ends)]


def _is_shown(trace: MessageTrace) -> bool:
    return trace.kind == "chat" and trace.decision not in OF_NOBODY


def _draw_message(ax: Any, trace: MessageTrace, line: int) -> None:
    if trace.reply is not None and trace.reply.closed_at is not None:
        ax.plot([trace.received_at, trace.reply.closed_at], [line, line], color=FAINT, linewidth=1, zorder=1)
    color, label = _fate(trace)
    ax.scatter([trace.received_at], [line], s=18, color=color, label=label, zorder=3)


def _fate(trace: MessageTrace) -> tuple[str, str]:
    if trace.decision is None:
        return WAIT, "not decided yet"
    if trace.decision not in BY:
        return FAINT, "not answered"
    outcome = trace.reply and trace.reply.outcome
    if outcome is None:
        return WAIT, "reply under way"
    return {"delivered": (GOOD, "answered"), "rejected": (BAD, "reply refused")}.get(outcome.outcome, (WAIT, "reply unknown"))


def _draw_connection(ax: Any, events: Sequence[Event]) -> None:
    for begin, end, connection in spells(events, now()):
        ax.plot([begin, end], [-1, -1], color=COLORS[connection], linewidth=6, solid_capstyle="butt", label=str(connection))


def _ticks(lines: dict[str, int], has_log: bool) -> tuple[list[int], list[str]]:
    names = [f"chat …{chat[-6:]}" if len(chat) > 7 else f"chat {chat}" for chat in lines]
    return [*lines.values(), *([-1] if has_log else [])], [*names, *(["connection"] if has_log else [])]


def _legend(ax: Any) -> None:
    handles, labels = ax.get_legend_handles_labels()
    once = dict(zip(labels, handles))
    if once:
        ax.legend(once.values(), once.keys(), loc="upper left", bbox_to_anchor=(1.01, 1), borderaxespad=0, frameon=False)


def _label_times(ax: Any) -> None:
    dates = needed("matplotlib.dates", "a plot", "'livekeeper[plot]'")
    here = datetime.now().astimezone().tzinfo
    locator = dates.AutoDateLocator(tz=here)
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=here))


def _bins(seconds: Sequence[float], count: int = 20) -> list[float]:
    least, most = min(seconds), max(seconds) * 1.01
    return [float(least * (most / least) ** (place / count)) for place in range(count + 1)]


def _axes(ax: Optional[Any]) -> Any:
    pyplot = needed("matplotlib.pyplot", "a plot", "'livekeeper[plot]'")
    return pyplot.subplots(figsize=(9, 4), layout="constrained")[1] if ax is None else ax


def _fonts() -> list[str]:
    settings = needed("matplotlib", "a plot", "'livekeeper[plot]'").rcParams
    fonts = needed("matplotlib.font_manager", "a plot", "'livekeeper[plot]'").fontManager
    there = {font.name for font in fonts.ttflist}
    return [*settings["font.family"], *[font for font in CHINESE if font in there][:1]]
