"""What accounts do, as lines: for pipes and logs."""

from __future__ import annotations

from typing import AbstractSet, Optional

from .._livekeeper import CookieManager, Event, Standing
from .._seeing.text import visible
from .._seeing.times import clock
from .._seeing.top import looked_at
from ..states import ConnectionState
from .advice import in_python


def follow(manager: CookieManager, wanted: Optional[AbstractSet[str]]) -> None:
    """Writes how many there are, then what changes, until Ctrl-C or until the manager is closed."""
    try:
        with manager.events(kinds=["state_changed", "health_changed"]) as events:
            print(looked_at(manager, wanted)[1], flush=True)
            for event in events:
                is_wanted = wanted is None or event.cookie_id is None or event.cookie_id in wanted
                if is_wanted and not _is_a_step(event):
                    print(f"{clock(event.at)}  {visible(in_python(str(event)))}", flush=True)
    except KeyboardInterrupt:
        pass


def _is_a_step(event: Event) -> bool:
    """Whether it is one of the steps on the way to a connection: what they lead to is told."""
    old, new = event.old, event.new
    if not isinstance(old, Standing) or not isinstance(new, Standing):
        return False
    is_on_its_way = new.connection in (ConnectionState.DISCONNECTED, ConnectionState.CONNECTING)
    return is_on_its_way or (old.state, old.connection) == (new.state, new.connection)
