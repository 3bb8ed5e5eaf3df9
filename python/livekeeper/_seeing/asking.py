"""Several verbs of a manager, one after the other, written once for both of its faces: a generator yields what a verb has returned
and gets its answer back."""

from __future__ import annotations

from collections.abc import Coroutine, Generator
from typing import Any, TypeVar, Union

T = TypeVar("T")
Asking = Generator[Any, Any, T]


def run(work: Asking[T], is_awaitable: bool) -> Union[T, Coroutine[Any, Any, T]]:
    """What ``work`` comes to, or a coroutine for it."""
    return _awaiting(work) if is_awaitable else _blocking(work)


def _blocking(work: Asking[T]) -> T:
    try:
        answer = next(work)
        while True:
            answer = work.send(answer)
    except StopIteration as end:
        value: T = end.value
        return value


async def _awaiting(work: Asking[T]) -> T:
    try:
        answer = await next(work)
        while True:
            answer = await work.send(answer)
    except StopIteration as end:
        value: T = end.value
        return value
    finally:
        work.close()
