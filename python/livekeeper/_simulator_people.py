"""Buyers that talk and listen, and what was answered to whom, for ``livekeeper.testing``."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from ._simulator_records import Send
    from .testing import Simulator


class Buyer:
    """Somebody who writes to an account and hears what it sends: ``simulator.buyer("小王")``.

    >>> import livekeeper
    >>> from livekeeper.testing import Simulator
    >>> with Simulator() as simulator, livekeeper.CookieManager(":memory:", simulator.config()) as manager:
    ...     unb = simulator.open_shop(manager, "shop 1", keywords=[("包邮", "全场包邮")])
    ...     buyer = simulator.buyer("小王", unb)
    ...     message_id = buyer.says("包邮吗")
    ...     buyer.hears("全场包邮", within_s=10).outcome
    'accepted'
    """

    def __init__(self, simulator: Simulator, name: str, unb: Optional[str], buyer_id: Optional[str]) -> None:
        self.name = name
        """The name that the account sees."""
        self.buyer_id: str = str(9_600_000_000_000 + zlib.crc32(name.encode())) if buyer_id is None else buyer_id
        """The person's user id."""
        self.chat_id: str = simulator.chat_of(self.buyer_id)
        """The chat with the account."""
        self.unb: str = only_account(simulator) if unb is None else unb
        """The account."""
        self._simulator = simulator
        self._heard = 0

    def __repr__(self) -> str:
        return f"<Buyer {self.name}: writes to {self.unb}>"

    def says(self, text: str, **more: Any) -> str:
        """Writes to the account; returned is the message's id. ``more`` is as for ``Entry.message``."""
        return self._simulator.buyer_says(self.unb, text, buyer_id=self.buyer_id, **{"name": self.name, **more})

    def hears(self, text: Optional[str] = None, *, within_s: float = 5.0) -> Send:
        """The next message of the account in this chat that this person has not heard yet; waits for it at most so long. Raises
        AssertionError where none comes, or where it is another than ``text`` (for a picture: its address)."""
        try:
            self._simulator.wait_until(lambda _: len(self.messages()) > self._heard, within_s)
        except TimeoutError:
            raise AssertionError(f"{self.name} heard nothing within {within_s} s; before that: {self.texts()}") from None
        send = self.messages()[self._heard]
        self._heard += 1
        if text is not None and send.text != text:
            raise AssertionError(f"{self.name} heard {send.text!r}, expected {text!r}; in all: {self.texts()}")
        return send

    def hears_nothing(self, for_s: float = 0.5) -> None:
        """That nothing new comes for so long. Raises AssertionError."""
        try:
            self._simulator.wait_until(lambda _: len(self.messages()) > self._heard, for_s)
        except TimeoutError:
            return
        raise AssertionError(f"{self.name} was to hear nothing, and heard {self.texts()[self._heard:]}")

    def messages(self) -> list[Send]:
        """What the account has sent into this chat and was accepted, oldest first."""
        return [send for send in self._simulator.sends(self.unb) if send.chat_id == self.chat_id and send.message_id is not None]

    def texts(self) -> list[str]:
        """The texts of ``messages``."""
        return [send.text for send in self.messages()]


def only_account(simulator: Simulator) -> str:
    accounts = simulator.accounts()
    if len(accounts) != 1:
        raise ValueError(f"the simulator knows {len(accounts)} accounts: say to which the buyer writes, with unb; they are {accounts[:10]}")
    return accounts[0]


class Said:
    """What buyers said."""

    def __init__(self) -> None:
        self._messages: dict[str, list[tuple[str, str]]] = {}

    def note(self, unb: str, message_id: str, text: str) -> None:
        self._messages.setdefault(unb, []).append((message_id, text))

    def of(self, unb: str) -> list[tuple[str, str]]:
        """Ids and texts, oldest first."""
        return list(self._messages.get(unb, ()))


def check_answers(
    simulator: Simulator, unb: str, said: list[tuple[str, str]], expected: dict[str, Optional[str]], within_s: float
) -> None:
    unsaid = [text for text in expected if text not in {one for _, one in said}]
    if unsaid:
        raise AssertionError(f"nobody said {unsaid} to {unb}; said was {[text for _, text in said]}")
    wanted = {message_id: expected[text] for message_id, text in said if text in expected}
    try:
        simulator.wait_until(lambda _: answers_of(simulator.sends(unb), wanted).keys() >= answered(wanted), within_s)
    except TimeoutError:
        pass
    found = answers_of(simulator.sends(unb), wanted)
    wrong = [(text, found.get(message_id)) for message_id, text in said if message_id in wanted and found.get(message_id) != wanted[message_id]]
    if wrong:
        lines = [f"  {text!r} was answered with {answer!r}, expected {expected[text]!r}" for text, answer in wrong]
        raise AssertionError("\n".join([f"not as expected within {within_s} s at {unb}:", *lines]))


def answered(wanted: dict[str, Optional[str]]) -> set[str]:
    return {message_id for message_id, text in wanted.items() if text is not None}


def answers_of(sends: Iterable[Send], wanted: dict[str, Optional[str]]) -> dict[str, str]:
    """The first answer to each of the messages."""
    answers: dict[str, str] = {}
    for send in sends:
        if send.in_reply_to in wanted and send.message_id is not None:
            answers.setdefault(send.in_reply_to, send.text)
    return answers
