"""What accounts do, as lines: for pipes and logs."""

from __future__ import annotations

from typing import AbstractSet, Optional

from .._livekeeper import CookieManager, Event
from .._seeing.text import visible
from .._seeing.times import clock
from .._seeing.top import looked_at


def follow(manager: CookieManager, wanted: Optional[AbstractSet[str]]) -> None:
    """Writes how many there are, then what changes, until Ctrl-C or until the manager is closed."""
    try:
        with manager.events(kinds=["state_changed", "health_changed"]) as events:
            print(looked_at(manager, wanted)[1], flush=True)
            for event in events:
                if wanted is None or event.cookie_id is None or event.cookie_id in wanted:
                    print(_line(event), flush=True)
    except KeyboardInterrupt:
        pass


def _line(event: Event) -> str:
    return f"{clock(event.at)}  {visible(str(event))}"
