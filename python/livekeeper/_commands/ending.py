"""How a command ends: with an exit code, and one sentence on standard error where something is wrong."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable

from ..errors import LivekeeperError

DONE = 0
NOT_ALL = 1
UNUSABLE = 2
INTERRUPTED = 130


class Unusable(Exception):
    """What was given on the command line cannot be used."""


def exit_code(name: str, work: Callable[[], int]) -> int:
    """Does the work of the command ``name``, and answers its exit code."""
    try:
        code = work()
        sys.stdout.flush()
        return code
    except Unusable as error:
        return _told(name, error, UNUSABLE)
    except BrokenPipeError:
        # Whoever read it, such as `head`, has seen enough; what is left in the buffer goes nowhere.
        sys.stdout = open(os.devnull, "w")
        return DONE
    except (LivekeeperError, ImportError, OSError) as error:
        return _told(name, error, NOT_ALL)
    except KeyboardInterrupt:
        return INTERRUPTED


def progress_console() -> Any:
    """Where progress is shown: beside the output, which may go elsewhere. ``None`` without rich."""
    from .._seeing.extras import optional

    rich = optional("rich.console")
    return rich and rich.Console(stderr=True)


def said(error: Exception) -> str:
    """It in words; of the system's, without its number."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
    return str(error)


def _told(name: str, error: Exception, code: int) -> int:
    print(f"livekeeper {name}: {said(error)}", file=sys.stderr)
    return code
