"""Moments as people read them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Optional

_1970 = datetime(1970, 1, 1, tzinfo=timezone.utc)


def clock(moment: Optional[datetime]) -> str:
    """The time of day where this program runs, with the day where that is not today; empty for none."""
    if moment is None:
        return ""
    here = moment.astimezone()
    is_today = here.date() == datetime.now().astimezone().date()
    return here.strftime("%H:%M:%S" if is_today else "%Y-%m-%d %H:%M:%S")


def since(moment: datetime, now: datetime) -> str:
    """A moment that is over: ``14:02:05 (3 min ago)``."""
    return f"{clock(moment)} ({span((now - moment).total_seconds())} ago)"


def until(moment: datetime, now: datetime) -> str:
    """A moment to come: ``14:02:05 (in 3 min)``; one that is over by now: ``now``."""
    seconds = (moment - now).total_seconds()
    return f"{clock(moment)} (in {span(seconds)})" if seconds > 0 else "now"


def span(seconds: float) -> str:
    """A span in its largest unit: ``0.3 s``, ``12 s``, ``3 min``, ``5 h``, ``2 days``."""
    seconds = max(seconds, 0.0)
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7_200:
        return f"{seconds / 60:.0f} min"
    if seconds < 172_800:
        return f"{seconds / 3_600:.0f} h"
    return f"{seconds / 86_400:.0f} days"


def to_ms(moment: datetime) -> int:
    """Milliseconds since 1970 UTC."""
    return (moment - _1970) // timedelta(milliseconds=1)


def now() -> datetime:
    """This moment."""
    return datetime.now(timezone.utc)
