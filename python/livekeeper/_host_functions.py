"""Functions of yours that the library calls. Each call has a thread of Python's own: at the interpreter's exit such a thread is
left alone, where one of Rust's that runs Python code would take the process down."""

from __future__ import annotations

import inspect
import logging
import os
import sys
import threading
from _queue import SimpleQueue
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Callable, Optional, Protocol, Union

from . import _at_exit, _threads
from .states import ReasonCode

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Task

    from ._livekeeper import ChatMessage


logger = logging.getLogger("livekeeper")


class Answer(Protocol):
    """Where a call's answer goes; the first one counts."""

    def give(self, value: object) -> Optional[str]:
        """What is wrong with it, if anything is."""

    def fail(self, sentence: str) -> None: ...
    def is_over(self) -> bool:
        """Whether nobody waits any more."""
        ...

    def on_over(self, then: Callable[[], object]) -> None:
        """Has it called on a thread of its own when nobody waits any more."""


class HostFunction:
    """A function with the event loop that ran in the thread which gave it, if one did: what it awaits may belong to that loop."""

    __slots__ = ("function", "kind", "loop", "view")

    def __init__(self, function: Callable[..., Any], kind: str) -> None:
        self.function = function
        self.kind = kind
        self.view = VIEWS[kind]
        self.loop = running_loop()
        if _threads.SPARE and self.loop is None and inspect.iscoroutinefunction(function):
            begin_early()

    def call(self, answer: Answer, *arguments: Any) -> None:
        """The whole life of a call's thread."""
        if answer.is_over():
            # It has waited for one of the threads that are left: see `_threads.SPARE`.
            self.fail(answer, "it was not called any more")
            return
        try:
            value = self.function(*self.view(*arguments))
            if isinstance(value, Awaitable):
                self.submit(value, answer)
                return
        except BaseException as error:
            self.fail(answer, sentence(error))
        else:
            self.give(answer, value)

    def submit(self, awaitable: Awaitable[object], answer: Answer) -> None:
        if self.loop is not None:
            Awaiting(awaitable, self.loop, answer, self).submit()
            return
        loop, is_refused = shared_loop()
        Awaiting(awaitable, loop, answer, self).submit()
        if is_refused:
            run(loop)

    def give(self, answer: Answer, value: object) -> None:
        problem = answer.give(value)
        if problem is not None:
            self.tell(answer, problem)

    def fail(self, answer: Answer, problem: str) -> None:
        answer.fail(problem)
        self.tell(answer, problem)

    def tell(self, answer: Answer, problem: str) -> None:
        """Tells whoever wrote the function how a call ended for which nobody waited any more. Else the library's own log tells why
        a handler gave no answer, and its account's status why a provider did not."""
        if self.kind == "reply_handler" and answer.is_over() and not _at_exit.is_ending:
            logger.warning("the reply handler took too long, or its account was stopped; then %s", problem)


def cookie_provider(cookie_id: str, reason: str) -> tuple[Any, ...]:
    return cookie_id, ReasonCode(reason)


def reply_handler(message: ChatMessage) -> tuple[Any, ...]:
    return (message,)


VIEWS: dict[str, Callable[..., tuple[Any, ...]]] = {"cookie_provider": cookie_provider, "reply_handler": reply_handler}
"""From what Rust hands over to what the function sees, by the kind of function."""


class Awaiting:
    """Something awaited on an event loop for a call."""

    def __init__(self, awaitable: Awaitable[object], loop: AbstractEventLoop, answer: Answer, function: HostFunction) -> None:
        self.awaitable = awaitable
        self.loop = loop
        self.answer = answer
        self.function = function
        self.task: Optional[Task[None]] = None

    def submit(self) -> None:
        self.answer.on_over(self.cancel)
        try:
            self.loop.call_soon_threadsafe(self.start)
        except RuntimeError:
            self.give_up("its event loop is closed")

    def start(self) -> None:
        """In the loop."""
        if self.answer.is_over():
            self.give_up("its event loop did not run in time")
            return
        self.task = self.loop.create_task(self.run())

    async def run(self) -> None:
        try:
            value = await self.awaitable
        # Its end is the call's end, whatever it is.
        except BaseException as error:
            self.function.fail(self.answer, sentence(error))
        else:
            self.function.give(self.answer, value)

    def cancel(self) -> None:
        """When nobody waits any more, on a thread of its own. One that will not be cancelled is waited for on."""
        if self.task is None:
            self.give_up("its event loop did not run in time")
            return
        try:
            self.loop.call_soon_threadsafe(self.task.cancel)
        except RuntimeError:
            self.function.fail(self.answer, "its event loop is closed")

    def give_up(self, why: str) -> None:
        close = getattr(self.awaitable, "close", None)
        if close is not None:
            # Else Python warns of a coroutine that was never awaited.
            close()
        self.function.fail(self.answer, why)


def running_loop() -> Optional[AbstractEventLoop]:
    # Where nobody has imported it, none of its loops runs.
    asyncio = sys.modules.get("asyncio")
    if asyncio is None:
        return None
    try:
        loop: AbstractEventLoop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    return loop


_own_loop: Optional[AbstractEventLoop] = None
_making = _threads.allocate_lock()


def shared_loop() -> tuple[AbstractEventLoop, bool]:
    """The library's own event loop, on one thread, for functions that were given where no loop ran; made on first use. And whether
    it was refused a thread: then the caller's has to run it from now on. It is made on the thread that runs it, as under gevent what
    it waits with is its thread's own."""
    global _own_loop
    with _making:
        if _own_loop is not None:
            return _own_loop, False
        made: SimpleQueue[Union[AbstractEventLoop, BaseException]] = SimpleQueue()
        try:
            _threads.start_new_thread(make_and_run, (made,))
        except RuntimeError as error:
            # Nor can one of the spare ones be waited for: they may all wait for this lock.
            if "interpreter shutdown" not in str(error):
                raise
            _own_loop = new_loop()
            return _own_loop, True
        loop = made.get()
        if isinstance(loop, BaseException):
            raise loop
        _own_loop = loop
        return loop, False


def make_and_run(made: SimpleQueue[Union[AbstractEventLoop, BaseException]]) -> None:
    try:
        loop = new_loop()
    except BaseException as error:
        made.put(error)
        return
    made.put(loop)
    run(loop)


def new_loop() -> AbstractEventLoop:
    import asyncio

    return asyncio.new_event_loop()


def run(loop: AbstractEventLoop) -> None:
    """To the end of its thread."""
    threading.current_thread().name = "livekeeper-async"
    loop.run_forever()


def begin_early() -> None:
    """Where threads are refused later: so the loop takes none of the spare ones. The caller waits for none of it."""
    try:
        _threads.start_new_thread(make_early, ())
    except RuntimeError:
        # It is late already.
        pass


def make_early() -> None:
    loop, is_refused = shared_loop()
    if is_refused:
        run(loop)


def forget_loop() -> None:
    """In a fork: its thread is the parent's, and so is whoever held the lock."""
    global _own_loop, _making
    _own_loop, _making = None, _threads.allocate_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=forget_loop)


def sentence(error: BaseException) -> str:
    """What is told of an error: its type and the function's line. Its text may hold the cookie that the function handled."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"it raised {name}{place(error)}; the error's text may hold a credential and is not shown"


def place(error: BaseException) -> str:
    """The last line of the function's own file that the error came through."""
    file, line = "", 0
    trace = error.__traceback__
    while trace is not None:
        of = trace.tb_frame.f_code.co_filename
        if not file and of != __file__:
            file = of
        if of == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" at {os.path.basename(file)}:{line}" if file else ""
