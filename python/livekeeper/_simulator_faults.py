"""What can go wrong at the simulator, by name, for ``livekeeper.testing``."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, NamedTuple, Optional

if TYPE_CHECKING:
    from .testing import Simulator


class Kind(NamedTuple):
    what: str
    """What it does."""
    begin: Callable[..., Any]
    """Called with the simulator, the account and the particulars."""
    end: Optional[Callable[[Simulator, str], Any]] = None
    """How it is over; None: it happens once."""


KINDS: dict[str, Kind] = {
    "api_disconnects": Kind("API calls end without an answer; times=1", lambda s, unb, **more: s.api_error(unb, **more)),
    "api_http_error": Kind(
        "API calls are answered with an HTTP status; http_status=503, times=1",
        lambda s, unb, http_status=503, **more: s.api_error(unb, http_status=http_status, **more),
    ),
    "api_busy": Kind(
        "API calls are answered that there are too many of them; times=1",
        lambda s, unb, **more: s.api_error(unb, ret="FAIL_SYS_TRAFFIC_LIMIT::限流", **more),
    ),
    "answers_slow": Kind(
        "answers come late; delay_s=1.0",
        lambda s, unb, delay_s=1.0: s.slow_answers(unb, delay_s),
        lambda s, unb: s.slow_answers(unb, 0.0),
    ),
    "connection_closed": Kind(
        "the connection ends with a close frame; code=1000, reason=''", lambda s, unb, **more: s.close_connection(unb, **more)
    ),
    "connection_dropped": Kind("the connection ends without a frame", lambda s, unb: s.drop_connection(unb)),
    "history_fails": Kind(
        "the next request for a chat's history fails; fault='too_often', times=1", lambda s, unb, **more: s.fail_histories(unb, **more)
    ),
    "pushes_held": Kind(
        "pushes are held back, everything else goes on",
        lambda s, unb: s.hold_pushes(unb),
        lambda s, unb: s.hold_pushes(unb, False),
    ),
    "pushes_lost": Kind(
        "what buyers say stands in the chat's history and is never pushed",
        lambda s, unb: s.lose_pushes(unb),
        lambda s, unb: s.lose_pushes(unb, False),
    ),
    "send_refused": Kind(
        "the next send is refused; reason='CSI_FORBID', code=403", lambda s, unb, **more: s.refuse_next_send(unb, **more)
    ),
    "send_swallowed": Kind("the next send is never answered", lambda s, unb: s.swallow_next_send(unb)),
    "session_expired": Kind(
        "the login is over; ends with a new cookie, or with a call of renew_cookie", lambda s, unb: s.expire_session(unb)
    ),
    "signature_expired": Kind("the next API call is refused and brings a new _m_h5_tk", lambda s, unb: s.expire_signature(unb)),
    "silence": Kind(
        "the connection is answered nothing, not even heartbeats",
        lambda s, unb: s.silence(unb),
        lambda s, unb: s.silence(unb, False),
    ),
    "token_expired": Kind("the tokens so far are no good for a registration", lambda s, unb: s.expire_token(unb)),
    "verification_required": Kind(
        "the API wants a person to verify; url=None",
        lambda s, unb, **more: s.require_verification(unb, **more),
        lambda s, unb: s.clear_verification(unb),
    ),
}

FAULTS: dict[str, str] = {name: kind.what for name, kind in KINDS.items()}
"""The names for ``Simulator.fault``, and what each does. After the semicolon: particulars that may be given."""


class Fault:
    """Something that goes wrong, from ``Simulator.fault`` on."""

    def __init__(self, simulator: Simulator, name: str, unb: str, particulars: dict[str, Any]) -> None:
        kind = KINDS.get(name)
        if kind is None:
            raise ValueError(f"there is no fault {name!r}; there are {', '.join(FAULTS)}")
        self.name = name
        self.unb = unb
        self._simulator = simulator
        self._kind = kind
        kind.begin(simulator, unb, **particulars)

    def __repr__(self) -> str:
        return f"<Fault {self.name} of {self.unb}: {self._kind.what.partition(';')[0]}>"

    def end(self) -> None:
        """It is over, if it is of those that last."""
        if self._kind.end is not None:
            self._kind.end(self._simulator, self.unb)

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.end()
