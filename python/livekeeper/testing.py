"""A stand-in for the service, for tests of programs that use livekeeper. It is in the wheel and needs nothing else.

>>> import livekeeper
>>> from livekeeper.testing import Simulator
>>> with Simulator() as simulator, livekeeper.CookieManager(":memory:", simulator.config()) as manager:
...     cookie = simulator.cookie()
...     manager.add_cookie("shop 1", cookie, keywords=[("包邮", "全场包邮")])
...     message_id = simulator.buyer_says(cookie.unb, "请问包邮吗？")
...     [send.text for send in simulator.wait_sends(cookie.unb, 1, timeout_s=10)]
['全场包邮']

With pytest there is nothing to set up: the fixtures ``simulator``, ``manager`` (empty, pointing at it) and ``livekeeper_config`` (write
your own to have it otherwise) are there where livekeeper is installed.

    def test_my_answer_reaches_the_buyer(simulator, manager):
        unb = simulator.open_shop(manager, "shop 1")          # an account that is online
        manager.set_reply_handler(my_program.answer)          # what is to be tested
        buyer = simulator.buyer("小王", unb)
        buyer.says("能便宜点吗")
        buyer.hears("最低 90 元", within_s=5)
        simulator.assert_answered(unb, {"能便宜点吗": "最低 90 元"})

    def test_my_program_notices_when_a_login_is_over(simulator, manager):
        unb = simulator.open_shop(manager, "shop 1")
        simulator.fault("session_expired", unb)               # faults by name; ``FAULTS`` has them all
        simulator.fault("connection_dropped", unb)
        manager.wait_for("shop 1", state="parked", timeout_s=10)
"""

from __future__ import annotations

import json
import os
import tempfile
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Callable, Optional, Union

from ._livekeeper import Config, Entry, NativeSimulator
from ._simulator_faults import FAULTS, Fault
from ._simulator_people import Buyer, Said, check_answers
from .errors import Forked
from ._simulator_records import Ending, LogLine, Send, SimulatedCookie, Violation

if TYPE_CHECKING:
    from ._livekeeper import CookieManager

__all__ = ["FAULTS", "Buyer", "Ending", "Entry", "Fault", "LogLine", "Send", "SimulatedCookie", "Simulator", "Violation"]

BUYER_ID = "9687236998962"
"""Who writes where nobody else is named."""


class Simulator:
    """The IM WebSocket and the signed API of the service on a free port of this machine, on a thread of its own.

    It checks what a client does (signatures, tokens, cookies, acknowledgements; see ``violations``), writes down what it saw,
    and does what it is told: people who write, logins that end, sends that are refused, connections that break. Accounts are
    named by their user id, ``unb``; one that is not known yet is made.

    It runs from here until ``stop`` or the end of the ``with`` block. ``tls=True`` serves wss:// and https:// with a
    certificate of its own authority, see ``ca_file``. Spans are in seconds.

    >>> from livekeeper.testing import Simulator
    >>> with Simulator(tls=True) as simulator:
    ...     simulator.websocket_url.startswith("wss://localhost:")
    True
    """

    def __init__(
        self,
        tls: bool = False,
        *,
        port: int = 0,
        strict_accounts: bool = False,
        refuse_dead_login_at_handshake: bool = False,
        ack_timeout_s: float = 5.0,
        register_timeout_s: float = 30.0,
        grace_after_refusal_s: float = 1.0,
        access_token_lifetime_s: float = 86_400.0,
        expiry_form: str = "lifetime_ms",
        signature_lifetime_s: float = 604_800.0,
        clock_tolerance_s: Optional[float] = 600.0,
        echo_sends: bool = True,
        push_again: bool = True,
        pushes_follow_newest_token: bool = False,
        push_path: str = "/s/vulcan",
        backlog_entries_per_push: int = 10,
        max_connections: int = 20_000,
        max_accounts: int = 100_000,
        max_records: int = 100_000,
        max_log_per_account: int = 200,
        max_entries_per_account: int = 10_000,
        max_messages_per_chat: int = 1_000,
    ) -> None:
        self._ca_file: Optional[str] = None
        self._last_unb = 2_200_000_000_000
        self._said = Said()
        self._pid = os.getpid()
        self._own = NativeSimulator(
            tls=tls,
            port=port,
            strict_accounts=strict_accounts,
            refuse_dead_login_at_handshake=refuse_dead_login_at_handshake,
            ack_timeout_s=ack_timeout_s,
            register_timeout_s=register_timeout_s,
            grace_after_refusal_s=grace_after_refusal_s,
            access_token_lifetime_s=access_token_lifetime_s,
            expiry_form=expiry_form,
            signature_lifetime_s=signature_lifetime_s,
            clock_tolerance_s=clock_tolerance_s,
            echo_sends=echo_sends,
            push_again=push_again,
            pushes_follow_newest_token=pushes_follow_newest_token,
            push_path=push_path,
            backlog_entries_per_push=backlog_entries_per_push,
            max_connections=max_connections,
            max_accounts=max_accounts,
            max_records=max_records,
            max_log_per_account=max_log_per_account,
            max_entries_per_account=max_entries_per_account,
            max_messages_per_chat=max_messages_per_chat,
        )

    def __enter__(self) -> Simulator:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<Simulator {self._own.websocket_url()}>"

    def stop(self) -> bool:
        """Ends every connection and the thread, within 3 seconds; False: it still runs after that. What it saw can still be
        asked. A second call does nothing; in a fork everything else raises Forked."""
        is_over = self._own.stop()
        if self._pid != os.getpid():
            return is_over
        ca_file, self._ca_file = self._ca_file, None
        if ca_file is not None:
            os.unlink(ca_file)
        return is_over

    @property
    def _native(self) -> NativeSimulator:
        # In a fork its locks may be held for ever.
        if self._pid != os.getpid():
            raise Forked(f"the simulator runs in process {self._pid}, and this is a fork of it: make another one here")
        return self._own

    # ---- where it is ----

    @property
    def websocket_url(self) -> str:
        """Where the IM service is."""
        return self._native.websocket_url()

    @property
    def api_url(self) -> str:
        """Where the signed API is."""
        return self._native.api_url()

    @property
    def login_check_url(self) -> str:
        """Where the login check is."""
        return self._native.login_check_url()

    @property
    def port(self) -> int:
        """The port."""
        return self._native.port()

    @property
    def ca_pem(self) -> Optional[str]:
        """The certificate authority to trust, as PEM; None without TLS."""
        return self._native.ca_pem()

    @property
    def ca_file(self) -> Optional[str]:
        """A file with ``ca_pem``, made when it is first asked for and removed by ``stop``; None without TLS."""
        pem = self.ca_pem
        if pem is None:
            return None
        if self._ca_file is None:
            file, self._ca_file = tempfile.mkstemp(prefix="livekeeper-simulator-", suffix=".pem")
            with open(file, "w", encoding="ascii") as stream:
                stream.write(pem)
        return self._ca_file

    def config(self, **overrides: Any) -> Config:
        """A Config that points here, with the speeds of a test: no debounce, quick connects and sends, short backoff."""
        settings: dict[str, Any] = {
            "websocket_url": self.websocket_url,
            "api_url": self.api_url,
            "ca_file": self.ca_file,
            "debounce_s": 0.0,
            "send_rate_per_s": 10_000.0,
            "chat_send_rate_per_s": 10_000.0,
            "connect_rate_per_s": 1_000.0,
            "max_connecting": 64,
            "backoff_initial_s": 0.05,
            "backoff_max_s": 0.5,
        }
        settings.update(overrides)
        return Config(**settings)

    # ---- shops and people ----

    def open_shop(self, manager: CookieManager, cookie_id: str, *, timeout_s: float = 20.0, **more: Any) -> str:
        """Adds an account to the manager, as ``add_cookie`` does with ``more``, and waits until it is online. Returned is its user id,
        by which the simulator is told what to do with it. Raises TimedOut."""
        cookie = self.cookie()
        manager.add_cookie(cookie_id, cookie, **more)
        manager.wait_for(cookie_id, connection="connected", timeout_s=timeout_s)
        self.wait_online(cookie.unb, timeout_s)
        return cookie.unb

    def buyer(self, name: str, unb: Optional[str] = None, *, buyer_id: Optional[str] = None) -> Buyer:
        """Somebody who writes to the account and listens (None: to the only one that the simulator knows). The same name is the same
        person, unless ``buyer_id`` is given."""
        return Buyer(self, name, unb, buyer_id)

    def buyer_says(
        self,
        unb: str,
        text: str,
        *,
        buyer_id: str = BUYER_ID,
        chat_id: Optional[str] = None,
        **more: Any,
    ) -> str:
        """A buyer writes to the account; returned is the message's id. While the account is away it waits for it.

        ``chat_id`` None is the buyer's own chat, ``Simulator.chat_of(buyer_id)``. ``more`` is as for ``Entry.message``.
        """
        message_id = self.push(unb, [self.message(text, buyer_id=buyer_id, chat_id=chat_id, **more)])[0] or ""
        self._said.note(unb, message_id, text)
        return message_id

    def message(self, text: str, *, buyer_id: str = BUYER_ID, chat_id: Optional[str] = None, **more: Any) -> Entry:
        """What ``buyer_says`` says, as an entry for ``push``."""
        return Entry.message(self.chat_of(buyer_id) if chat_id is None else chat_id, buyer_id, text, **more)

    def seller_says(self, unb: str, text: str, *, buyer_id: str = BUYER_ID, chat_id: Optional[str] = None) -> str:
        """The seller writes on a phone: the account gets it as a message of its own. Returned is its id."""
        chat_id = self.chat_of(buyer_id) if chat_id is None else chat_id
        return self.push(unb, [Entry.own_message(chat_id, buyer_id, text)])[0] or ""

    def push(self, unb: str, entries: list[Entry], path: Optional[str] = None) -> list[Optional[str]]:
        """Several entries in one push, under another ``lwp`` than usual with ``path``; returned is each one's message id."""
        return self._native.push(unb, entries, path)

    def replay(self, unb: str, message_id: str) -> bool:
        """Pushes that message again. False: there is no such message any more."""
        return self._native.replay(unb, message_id)

    @staticmethod
    def chat_of(buyer_id: str) -> str:
        """The id of a buyer's chat where no other is given."""
        return f"4{buyer_id}"

    # ---- the login ----

    def cookie(self, unb: Optional[str] = None) -> SimulatedCookie:
        """The account's cookie; None: of a new account, whose id is the cookie's ``unb``. Renews a login that is over."""
        if unb is None:
            self._last_unb += 1
            unb = str(self._last_unb)
        return SimulatedCookie(self._native.cookie(unb), unb)

    def renew_cookie(self, unb: str) -> SimulatedCookie:
        """A new login for the account: the cookies it had are no good from here."""
        return SimulatedCookie(self._native.renew_cookie(unb), unb)

    def expire_session(self, unb: str) -> None:
        """The login is over until there is a new cookie. Connections that are open stay."""
        self._native.expire_session(unb)

    def expire_signature(self, unb: str) -> None:
        """The next API call is refused and brings a new ``_m_h5_tk``."""
        self._native.expire_signature(unb)

    def expire_token(self, unb: str) -> None:
        """The access tokens issued so far are no good for a registration. Connections that are open stay."""
        self._native.expire_token(unb)

    def set_cookie_on_next_answer(self, unb: str, set_cookie: str) -> None:
        """The next API answer has this ``Set-Cookie``."""
        self._native.set_cookie_on_next_answer(unb, set_cookie)

    def require_verification(self, unb: str, url: Optional[str] = None) -> None:
        """API calls answer that a person must verify, until ``clear_verification``."""
        self._native.require_verification(unb, url)

    def clear_verification(self, unb: str) -> None:
        """A person has verified."""
        self._native.clear_verification(unb)

    # ---- faults ----

    def fault(self, name: str, unb: str, **particulars: Any) -> Fault:
        """Lets something go wrong for the account, by name: see ``FAULTS``, which has them all with what they do. One that lasts is over
        with ``end()`` of what is returned, or with the end of its ``with`` block. ``particulars`` are those of the method that it is
        short for. Raises ValueError, naming the faults that there are.

        >>> from livekeeper.testing import Simulator
        >>> with Simulator() as simulator, simulator.fault("answers_slow", "2280551454090", delay_s=0.5) as fault:
        ...     fault
        <Fault answers_slow of 2280551454090: answers come late>
        """
        return Fault(self, name, unb, particulars)

    def refuse_next_send(
        self, unb: str, reason: str = "CSI_FORBID", code: int = 403, more_info: Optional[str] = None
    ) -> None:
        """The account's next send is refused."""
        self._native.refuse_next_send(unb, reason, code, more_info)

    def swallow_next_send(self, unb: str) -> None:
        """The account's next send is taken and never answered."""
        self._native.swallow_next_send(unb)

    def api_error(
        self,
        unb: str,
        *,
        times: int = 1,
        http_status: Optional[int] = None,
        ret: Optional[str] = None,
    ) -> None:
        """The next API calls are answered with an HTTP status, or with this ``ret``; with neither, the connection ends."""
        if http_status is not None:
            self._native.api_http_errors(unb, times, http_status)
        elif ret is not None:
            self._native.api_rets(unb, times, ret)
        else:
            self._native.api_disconnects(unb, times)

    def refuse_next_consign(self, unb: str, ret: str) -> None:
        """The next confirmation of a shipment is answered with this ``ret``."""
        self._native.refuse_next_consign(unb, ret)

    def lists_too_often(self, unb: str, times: int = 1) -> None:
        """The next lists of chats are answered that they are asked for too often."""
        self._native.lists_too_often(unb, times)

    def fail_histories(self, unb: str, fault: str = "too_often", *, times: int = 1, code: int = 500) -> None:
        """What becomes of the next requests for a chat's history: ``"too_often"`` (they are answered that they are made too
        often), ``"code"`` (with this code, and nothing in it), ``"swallow"`` (not at all) or ``"no_list"`` (with no messages)."""
        self._native.fail_histories(unb, times, fault, code)

    def lose_pushes(self, unb: str, lost: bool = True) -> None:
        """What is said stands in its chat's history and is never pushed, unless it is replayed."""
        self._native.lose_pushes(unb, lost)

    def silence(self, unb: str, silent: bool = True) -> None:
        """The account's connections are read and answered nothing, not even heartbeats."""
        self._native.silence(unb, silent)

    def hold_pushes(self, unb: str, held: bool = True) -> None:
        """Pushes are held back, everything else goes on."""
        self._native.hold_pushes(unb, held)

    def slow_answers(self, unb: str, delay_s: float) -> None:
        """Answers come this late; 0 ends it."""
        self._native.slow_answers(unb, delay_s)

    def close_connection(self, unb: str, code: int = 1000, reason: str = "") -> None:
        """Closes the account's connections with a close frame."""
        self._native.close_connection(unb, code, reason)

    def drop_connection(self, unb: Optional[str] = None) -> None:
        """Ends the account's connections (None: all accounts') without a frame."""
        if unb is None:
            self._native.drop_all()
        else:
            self._native.drop_connection(unb)

    # ---- what it saw ----

    def is_online(self, unb: str) -> bool:
        """Whether pushes flow to the account."""
        return self._native.online(unb)

    def accounts(self) -> list[str]:
        """The accounts known."""
        return self._native.accounts()

    def connections(self) -> int:
        """WebSocket connections open."""
        return self._native.connections()

    def waiting(self, unb: str) -> int:
        """Entries that wait for the account to come online."""
        return self._native.waiting(unb)

    def max_live_sessions(self, unb: str) -> int:
        """The most registered connections the account ever had at one instant."""
        return self._native.max_live_sessions(unb)

    def connect_times_ms(self) -> list[int]:
        """When connections were opened, milliseconds since 1970."""
        return self._native.connect_times_ms()

    def consigned_orders(self, unb: str) -> list[str]:
        """The orders the account confirmed as shipped."""
        return self._native.consigned_orders(unb)

    def cookie_last_sent(self, unb: str, name: str) -> Optional[str]:
        """The value of a cookie in the account's latest API call."""
        return self._native.cookie_last_sent(unb, name)

    def sends(self, unb: Optional[str] = None, *, skip: int = 0) -> list[Send]:
        """The account's sends (None: all accounts'), oldest first, those that were refused too; without the first ``skip``."""
        return [Send._read(record) for record in json.loads(self._native.sends_json(unb, skip))]

    def latencies_ms(self, unb: Optional[str] = None) -> list[float]:
        """From a buyer's message being pushed to the reply being heard, for each send, oldest first."""
        return [send.latency_ms for send in self.sends(unb) if send.latency_ms is not None]

    def violations(self) -> list[Violation]:
        """What was found wrong with clients, oldest first."""
        return [Violation(**record) for record in json.loads(self._native.violations_json())]

    def endings(self) -> list[Ending]:
        """How connections ended, oldest first."""
        return [Ending._read(record) for record in json.loads(self._native.endings_json())]

    def counters(self, unb: Optional[str] = None) -> dict[str, int]:
        """The account's counters (None: of all together): ``connects``, ``pushes``, ``acks``, ``sends``, …"""
        counters: dict[str, int] = json.loads(self._native.counters_json(unb))
        return counters

    def log(self, unb: Optional[str] = None) -> list[LogLine]:
        """The account's log (None: everybody's), oldest first."""
        return [LogLine(**record) for record in json.loads(self._native.log_json(unb))]

    def assert_answered(self, unb: str, expected: dict[str, Optional[str]], *, within_s: float = 10.0) -> None:
        """That each of these messages, which ``buyer_says`` or a ``Buyer`` said to the account, was answered with this text within so
        many seconds from now; None: with nothing at all, until the others were. Of a text that was said more than once, each. Raises
        AssertionError, showing what was answered instead."""
        check_answers(self, unb, self._said.of(unb), expected, within_s)

    # ---- waiting ----

    def wait_online(self, unb: str, timeout_s: float) -> None:
        """Waits until pushes flow to the account. Raises TimeoutError, saying what was seen instead."""
        self._native.wait_online(unb, timeout_s)

    def wait_sends(self, unb: Optional[str], count: int, timeout_s: float) -> list[Send]:
        """Waits until the account (None: all together) has made ``count`` sends since the start, and returns them. Raises
        TimeoutError, saying what was seen instead."""
        self._native.wait_sends(unb, count, timeout_s)
        return self.sends(unb)

    def wait_until(self, condition: Callable[[Simulator], Union[bool, int]], timeout_s: float) -> None:
        """Waits until ``condition(simulator)`` holds; it is looked at after every change. Raises TimeoutError.

        >>> from livekeeper.testing import Simulator
        >>> with Simulator() as simulator:
        ...     simulator.wait_until(lambda seen: seen.connections() == 0, timeout_s=1)
        """
        until = time.monotonic() + timeout_s
        while not condition(self):
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"the condition did not come within {timeout_s} s; seen: {self.counters()}")
            # A change between the look and the wait is seen a step later.
            self._native.wait_change(min(left, _STEP_S))


_STEP_S = 0.05
