"""Arguments that are numbers of a range."""

from __future__ import annotations

import argparse
from typing import Callable


def whole(least: int, most: int) -> Callable[[str], int]:
    """A whole number of this range."""
    return lambda text: int(_within(text, least, most, int))


def number(least: float, most: float) -> Callable[[str], float]:
    """A number of this range."""
    return lambda text: _within(text, least, most, float)


def _within(text: str, least: float, most: float, kind: type[float]) -> float:
    try:
        value = kind(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text} is out of range, allowed is {least} … {most}")
    return value
