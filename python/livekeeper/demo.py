"""The demo: accounts, buyers who write to them, and the replies, all on this machine."""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any, Optional

from . import AccountStatus, ConnectionState, CookieManager, LivekeeperError, StopReport
from ._demo_view import View, view_for
from .testing import Entry, Simulator

RULES = [
    ("包邮", "全场包邮，48 小时内发货～"),
    ("在吗", "在的，看中直接拍就可以 😊"),
    ("最低", "已经是最低价啦，诚心要送小礼物"),
    ("发货", "今天下午五点前拍下，当天发货"),
]
"""What the accounts answer: the first rule whose keyword is in the message."""

QUESTIONS = ["请问包邮吗？", "老板在吗", "最低多少钱", "什么时候发货呀", "能包邮吗，最低几块"]
"""What buyers write; each has a rule that answers it."""

BUYERS_PER_ACCOUNT = 4
CONNECT_TIMEOUT_S = 60.0
REPLY_TIMEOUT_S = 30.0


def run(accounts: int, seconds: float, as_json: bool) -> int:
    """Runs the demo and returns the exit code: 0, 1 if something was lost, 130 after Ctrl-C."""
    view = view_for(as_json)
    try:
        figures, report = _run(accounts, seconds, view)
    except KeyboardInterrupt:
        print("stopped by Ctrl-C; everything is closed", file=sys.stderr)
        return 130
    except (LivekeeperError, OSError) as error:
        print(f"the demo failed: {error}", file=sys.stderr)
        return 1
    problems = _problems(figures)
    if as_json:
        print(json.dumps(figures))
    else:
        view.show_end(report, figures)
    for problem in problems:
        print(f"the demo failed: {problem}", file=sys.stderr)
    return 1 if problems else 0


def _run(accounts: int, seconds: float, view: View) -> tuple[dict[str, Any], StopReport]:
    with tempfile.TemporaryDirectory(prefix="livekeeper-demo-") as directory, Simulator(
        tls=True, max_records=1_000_000
    ) as simulator, CookieManager(Path(directory) / "shops.db", simulator.config()) as manager, view:
        talk = Talk(simulator, accounts)
        started = time.monotonic()
        for cookie_id, unb in talk.shops.items():
            manager.add_cookie(cookie_id, simulator.cookie(unb), keywords=RULES)
        for cookie_id in talk.shops:
            manager.wait_for(cookie_id, connection=ConnectionState.CONNECTED, timeout_s=CONNECT_TIMEOUT_S)
        connected_after_s = time.monotonic() - started
        talk.go_on_for(seconds, lambda: view.show(manager.statuses(), talk))
        talk.wait_for_replies()
        statuses = manager.statuses()
        view.show(statuses, talk, is_last=True)
        # Whatever would still be answered is answered before this returns, so what was heard by then is all there is.
        report = manager.close()
        return _figures(talk, statuses, report, connected_after_s), report


class Talk:
    """The buyers: what they said, which replies are due, and which were heard."""

    def __init__(self, simulator: Simulator, accounts: int) -> None:
        width = len(str(accounts))
        self.simulator = simulator
        self.shops: dict[str, str] = {f"小店 {number:0{width}}": str(2_200_000_000_000 + number) for number in range(1, accounts + 1)}
        self.messages: int = 0
        self.due: Counter[tuple[str, str, str]] = Counter()
        self.heard: Counter[tuple[str, str, str]] = Counter()
        self.latencies_ms: dict[str, list[float]] = {unb: [] for unb in self.shops.values()}
        self.replays: int = 0
        self.seconds: float = 0.0
        self._sends_seen = 0
        self._first_question: Optional[tuple[str, str]] = None
        # The same talk every time: what is shown does not depend on luck.
        self._random = random.Random(7)

    def go_on_for(self, seconds: float, show: Any) -> None:
        """Buyers write for this long, several messages a second; `show` is called often in between."""
        rate = min(4.0 * len(self.shops), 40.0)
        started = time.monotonic()
        plan = [(number / rate, self._say_something) for number in range(int(seconds * rate))]
        plan += [(seconds * 0.3, self._say_several_in_one_push), (seconds * 0.6, self._say_one_again)]
        for due_s, say in sorted(plan, key=lambda item: item[0]):
            while (left := started + due_s - time.monotonic()) > 0:
                show()
                time.sleep(min(left, 0.1))
            self.seconds = time.monotonic() - started
            say()
        show()

    def wait_for_replies(self) -> None:
        """Waits until every reply that is due was heard, and every push acknowledged."""
        try:
            self.simulator.wait_sends(None, sum(self.due.values()), timeout_s=REPLY_TIMEOUT_S)
            self.simulator.wait_until(_all_acknowledged, timeout_s=REPLY_TIMEOUT_S)
        except TimeoutError:
            # What is missing is said by the figures.
            pass

    def listen(self) -> None:
        """Takes up what was heard since the last time."""
        for send in self.simulator.sends(skip=self._sends_seen):
            self._sends_seen += 1
            self.heard[send.unb, send.chat_id, send.text] += 1
            if send.latency_ms is not None:
                self.latencies_ms[send.unb].append(send.latency_ms)

    def _say_something(self) -> None:
        unb = self._random.choice(list(self.shops.values()))
        text, buyer_id = self._random.choice(QUESTIONS), self._buyer(unb)
        message_id = self.simulator.buyer_says(unb, text, buyer_id=buyer_id)
        self._note(unb, buyer_id, text)
        if self._first_question is None:
            self._first_question = unb, message_id

    def _say_several_in_one_push(self) -> None:
        unb = next(iter(self.shops.values()))
        said = [(self._buyer(unb, number), text) for number, text in enumerate(QUESTIONS[:3])]
        entries = [self.simulator.message(text, buyer_id=buyer_id) for buyer_id, text in said]
        self.simulator.push(unb, [Entry.typing(said[0][0]), *entries, Entry.system_tip("平台提示：请当面验货")])
        for buyer_id, text in said:
            self._note(unb, buyer_id, text)

    def _say_one_again(self) -> None:
        if self._first_question is not None and self.simulator.replay(*self._first_question):
            self.replays += 1

    def _buyer(self, unb: str, number: Optional[int] = None) -> str:
        number = self._random.randrange(BUYERS_PER_ACCOUNT) if number is None else number
        return f"96{unb[-6:]}{number}"

    def _note(self, unb: str, buyer_id: str, text: str) -> None:
        self.messages += 1
        reply = next(reply for keyword, reply in RULES if keyword in text)
        self.due[unb, self.simulator.chat_of(buyer_id), reply] += 1


def _all_acknowledged(simulator: Simulator) -> bool:
    counters = simulator.counters()
    return counters["acks"] >= counters["pushes"]


def _figures(talk: Talk, statuses: list[AccountStatus], report: StopReport, connected_after_s: float) -> dict[str, Any]:
    talk.listen()
    missing = talk.due - talk.heard
    latencies_ms = sorted(latency for latencies in talk.latencies_ms.values() for latency in latencies)
    return {
        "accounts": len(talk.shops),
        "accounts_connected": sum(status.connection == ConnectionState.CONNECTED for status in statuses),
        "messages": talk.messages,
        "messages_replayed": talk.replays,
        "replies": sum(talk.heard.values()),
        "replies_missing": sum(missing.values()),
        "duplicates": sum((talk.heard - talk.due).values()),
        "reply_latency_ms": {"p50": percentile(latencies_ms, 0.50), "p99": percentile(latencies_ms, 0.99)},
        "seconds_to_connect": round(connected_after_s, 3),
        "seconds_to_close": round(report.took_s, 3),
        "violations": len(talk.simulator.violations()),
        "clean": report.is_clean,
    }


def _problems(figures: dict[str, Any]) -> list[str]:
    found = {
        f"{figures['accounts'] - figures['accounts_connected']} accounts were not connected": (
            figures["accounts"] != figures["accounts_connected"]
        ),
        f"{figures['replies_missing']} of {figures['messages']} replies were lost": figures["replies_missing"],
        f"{figures['duplicates']} replies were sent twice": figures["duplicates"],
        f"the service found fault {figures['violations']} times": figures["violations"],
        "something was left after closing": not figures["clean"],
    }
    return [problem for problem, is_so in found.items() if is_so]


def percentile(ordered: list[float], part: float) -> Optional[float]:
    """The value that this part of the ordered values does not exceed; None of nothing."""
    if not ordered:
        return None
    return round(ordered[min(len(ordered) - 1, int(part * len(ordered)))], 2)
