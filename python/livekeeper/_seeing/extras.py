"""Packages that are asked for by what needs them, and by nothing else."""

from __future__ import annotations

import importlib
from typing import Any, Optional


def needed(module: str, what: str, install: str) -> Any:
    """That module; without it an ``ImportError`` that says what needs it, and how it is installed."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"{what} needs {module.partition('.')[0]}: pip install {install}") from error


def optional(module: str) -> Optional[Any]:
    """That module, or ``None`` where it is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        return None
