"""Lists that a manager answers with: lists like any other, which a notebook shows as a table and which go into a data frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, List, TypeVar

from .._livekeeper import AccountStatus, CookieManager, MessageTrace, Order, SendTrace
from ..errors import LivekeeperError
from ..states import ConnectionState, Health, TaskState
from . import html
from .frames import Column
from .html import Cell
from .times import clock

T = TypeVar("T")


class Rows(List[T]):
    """A list that is a table in a notebook and goes into a data frame."""

    _columns: ClassVar[Sequence[Column]] = ()
    _names: ClassVar[Sequence[str]] = ()

    def to_pandas(self) -> Any:
        """A pandas ``DataFrame``, a row for each: times are in UTC, what is missing is NA. Raises ``ImportError`` without pandas."""
        from . import frames

        return frames.to_pandas(self._columns, self)

    def to_polars(self) -> Any:
        """A polars ``DataFrame``, a row for each: times are in UTC, what is missing is null. Raises ``ImportError`` without polars."""
        from . import frames

        return frames.to_polars(self._columns, self)

    def to_arrow(self) -> Any:
        """An Arrow table, as nanoarrow has it, for whatever takes Arrow's C interface: DuckDB, ``pyarrow.table(…)``,
        ``polars.DataFrame(…)``, ``pandas.DataFrame.from_arrow(…)``. Times are in UTC, what is missing is null. Raises ``ImportError``
        without nanoarrow."""
        from . import frames

        return frames.to_arrow(self._columns, self)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        # Most take a list for a list before they ask whether it has this: they want to_arrow(). The types are ours, whatever is
        # requested: the interface leaves the rest to the reader.
        return self.to_arrow().__arrow_c_stream__()

    def _repr_html_(self) -> str:
        return html.page(self._table())

    def _table(self, caption: str = "") -> str:
        # Only those that are shown are made into cells.
        return html.table(self._names, map(self._cells, self), len(self), caption)

    def _cells(self, row: T) -> Sequence[Cell]:
        raise NotImplementedError


class Statuses(Rows[AccountStatus]):
    """What ``manager.statuses()`` returns: a list of ``AccountStatus``, a table in a notebook.

    >>> import livekeeper
    >>> with livekeeper.CookieManager(":memory:") as manager:
    ...     manager.statuses()
    []
    """

    _names = ("account", "state", "connection", "health", "received", "replied", "since", "reason")
    _columns = (
        Column("cookie_id", "text", lambda status: status.cookie_id),
        Column("enabled", "bool", lambda status: status.enabled),
        Column("paused", "bool", lambda status: status.paused),
        Column("state", "text", lambda status: str(status.state)),
        Column("connection", "text", lambda status: str(status.connection)),
        Column("health", "text", lambda status: str(status.health)),
        Column("reason", "text", lambda status: str(status.reason.code)),
        Column("detail", "text", lambda status: status.reason.detail),
        Column("since", "time", lambda status: status.since),
        Column("next_try", "time", lambda status: status.reason.next_try),
        Column("priority", "int", lambda status: status.priority),
        Column("received", "int", lambda status: status.counters.received),
        Column("duplicates", "int", lambda status: status.counters.duplicates),
        Column("backfilled", "int", lambda status: status.counters.backfilled),
        Column("replied", "int", lambda status: status.counters.replied),
        Column("delivered", "int", lambda status: status.counters.delivered),
        Column("rejected", "int", lambda status: status.counters.rejected),
        Column("unknown", "int", lambda status: status.counters.unknown),
        Column("handler_failures", "int", lambda status: status.counters.handler_failures),
        Column("broken", "int", lambda status: status.counters.broken),
        Column("connects", "int", lambda status: status.counters.connects),
        Column("failures", "int", lambda status: status.counters.failures),
    )

    def _cells(self, row: AccountStatus) -> Sequence[Cell]:
        return (
            Cell(row.cookie_id),
            Cell(str(row.state), look_of_state(row)),
            Cell(str(row.connection), look_of_connection(row)),
            Cell(str(row.health), LOOK_OF_HEALTH[row.health]),
            Cell(f"{row.counters.received:,}", "number"),
            Cell(f"{row.counters.replied:,}", "number"),
            Cell(clock(row.since)),
            Cell(str(row.reason)),
        )

    def summary(self) -> str:
        """All accounts in a line: ``3 accounts: 2 connected, 1 parked``.

        >>> import livekeeper
        >>> livekeeper.Statuses().summary()
        '0 accounts'
        """
        connected = sum(status.connection is ConnectionState.CONNECTED for status in self)
        parts = [f"{connected:,} connected"] if self else []
        off = sum(not status.enabled for status in self)
        for name, count in (
            ("parked", sum(status.state is TaskState.PARKED for status in self)),
            ("paused", sum(status.paused and status.enabled for status in self)),
            ("switched off", off),
        ):
            if count:
                parts.append(f"{count:,} {name}")
        return f"{len(self):,} account{'' if len(self) == 1 else 's'}" + (": " + ", ".join(parts) if parts else "")


class Messages(Rows[MessageTrace]):
    """What ``manager.messages(…)`` returns: a list of ``MessageTrace``, a table in a notebook.

    >>> import livekeeper
    >>> livekeeper.Messages([livekeeper.MessageTrace("1", "41", "chat", "9687", "小王", "在吗")])[0].text
    '在吗'
    """

    _names = ("received", "chat", "from", "text", "decision", "sent", "outcome")
    _columns = (
        Column("message_id", "text", lambda trace: trace.message_id),
        Column("chat_id", "text", lambda trace: trace.chat_id),
        Column("kind", "text", lambda trace: trace.kind),
        Column("sender_id", "text", lambda trace: trace.sender_id),
        Column("sender_name", "text", lambda trace: trace.sender_name),
        Column("text", "text", lambda trace: trace.text),
        Column("item_id", "text", lambda trace: trace.item_id),
        Column("created_at", "time", lambda trace: trace.created_at),
        Column("received_at", "time", lambda trace: trace.received_at),
        Column("decision", "text", lambda trace: trace.decision and str(trace.decision)),
        Column("rule", "int", lambda trace: trace.rule),
        Column("folded_into", "text", lambda trace: trace.folded_into),
        Column("reply", "text", lambda trace: trace.reply and trace.reply.text),
        Column("reply_outcome", "text", lambda trace: _outcome(trace.reply)),
        Column("reply_created_at", "time", lambda trace: trace.reply and trace.reply.created_at),
        Column("reply_closed_at", "time", lambda trace: trace.reply and trace.reply.closed_at),
        Column("picture_outcome", "text", lambda trace: _outcome(trace.picture)),
    )

    def _cells(self, row: MessageTrace) -> Sequence[Cell]:
        sends = [send for send in (row.reply, row.picture) if send is not None]
        outcomes = [_outcome(send) or "under way" for send in sends]
        decision = row.decision_text or "nothing is decided yet"
        if row.rule is not None:
            decision += f" (rule {row.rule})"
        return (
            Cell(clock(row.received_at)),
            Cell(row.chat_id),
            Cell(row.sender_name or row.sender_id),
            Cell(row.text),
            Cell(decision),
            Cell("\n".join(send.text for send in sends)),
            Cell("\n".join(outcomes), _look_of_outcomes(outcomes)),
        )


class Orders(Rows[Order]):
    """What ``manager.orders(…)`` returns: a list of ``Order``, a table in a notebook.

    >>> import livekeeper
    >>> livekeeper.Orders([livekeeper.Order("628", "41", "closed")])[0].status.value
    'closed'
    """

    _names = ("updated", "order", "chat", "item", "status", "confirmation")
    _columns = (
        Column("order_id", "text", lambda order: order.order_id),
        Column("chat_id", "text", lambda order: order.chat_id),
        Column("status", "text", lambda order: str(order.status)),
        Column("item_id", "text", lambda order: order.item_id),
        Column("buyer_id", "text", lambda order: order.buyer_id),
        Column("confirmation", "text", lambda order: order.confirmation and str(order.confirmation.state)),
        Column("created_at", "time", lambda order: order.created_at),
        Column("updated_at", "time", lambda order: order.updated_at),
    )

    def _cells(self, row: Order) -> Sequence[Cell]:
        return (
            Cell(clock(row.updated_at)),
            Cell(row.order_id),
            Cell(row.chat_id),
            Cell(row.item_id or ""),
            Cell(str(row.status)),
            Cell("" if row.confirmation is None else str(row.confirmation)),
        )


def manager_html(manager: CookieManager, name: str) -> str:
    """A manager in a notebook: its name as it is written out, and its accounts."""
    try:
        statuses = manager.statuses()
    except LivekeeperError as error:
        return html.page(html.paragraph(name), html.paragraph(str(error), "faint"))
    return statuses_html(statuses, name)


def statuses_html(statuses: Statuses, name: str) -> str:
    """Accounts under a caption."""
    return html.page(statuses._table(f"{name.rpartition(': ')[0].lstrip('<')} — {statuses.summary()}"))


LOOK_OF_HEALTH = {Health.OK: "good", Health.DEGRADED: "wait", Health.DOWN: "bad"}


def look_of_state(status: AccountStatus) -> str:
    """``good``, ``wait`` or ``bad``; ``faint`` for what the host has switched off."""
    if not status.enabled:
        return "faint"
    if status.state in (TaskState.PARKED, TaskState.FAILED):
        return "bad"
    return "wait" if status.state is not TaskState.RUNNING else look_of_connection(status)


def look_of_connection(status: AccountStatus) -> str:
    """The same of its connection."""
    if not status.enabled:
        return "faint"
    if status.connection is ConnectionState.CONNECTED:
        return "good"
    return "bad" if status.connection is ConnectionState.FAILED else "wait"


def _outcome(send: Any) -> Any:
    if not isinstance(send, SendTrace) or send.outcome is None:
        return None
    return send.outcome.outcome


def _look_of_outcomes(outcomes: Sequence[str]) -> str:
    if "rejected" in outcomes:
        return "bad"
    return "good" if outcomes and all(outcome == "delivered" for outcome in outcomes) else "wait"
