"""What the tests share beside the fixtures of `livekeeper`'s own plugin: a shop, and programs run on the side."""

from __future__ import annotations

import signal
import subprocess
import sys

import livekeeper
import pytest
from livekeeper.testing import Simulator

WAIT_S = 20.0
"""How long a test waits for what must come; it comes in milliseconds."""

UNB = "2280551454090"
CANARY = "canary7c1f"
"""Stands in a cookie, and nowhere else."""

# What runs the tests in the background may have Ctrl-C ignored, and the programs that they start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def shop(simulator: Simulator, manager: livekeeper.CookieManager) -> str:
    """An account that is online: `UNB`, with one rule."""
    manager.add_cookie("shop", simulator.cookie(UNB), keywords=[("包邮", "全场包邮")])
    manager.wait_for("shop", connection="connected", timeout_s=WAIT_S)
    return "shop"


def run_python(program: str, *arguments: str, timeout_s: float = 50.0) -> subprocess.CompletedProcess[str]:
    """Runs a program in a Python of its own."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, encoding="utf-8", timeout=timeout_s
    )
