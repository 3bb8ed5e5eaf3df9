"""The script in the README, in both languages, as a reader runs it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Optional

import pytest
from conftest import UNB
from livekeeper.testing import Simulator

PROJECT = Path(__file__).parents[2]

# The script as it stands, but for the service that it talks to.
RUN = """
import functools, livekeeper, sys
_, script, store, websocket_url, api_url = sys.argv
config = livekeeper.Config(websocket_url=websocket_url, api_url=api_url)
livekeeper.CookieManager = functools.partial(livekeeper.CookieManager, config=config)
exec(compile(script.replace("shop.db", store), "README", "exec"))
"""


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
@pytest.mark.parametrize("end", ["q", "Ctrl-C"])
def test_the_script_has_ten_lines_shows_the_accounts_and_ends_cleanly(
    simulator: Simulator, tmp_path: Path, name: str, end: str
) -> None:
    block = re.search(r"```python\n(.*?)```", (PROJECT / name).read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    assert block[1].count("\n") == 10
    script = re.sub(r'"unb=.*?"', repr(str(simulator.cookie(UNB))), block[1])
    arguments = [script, str(tmp_path / "shop.db"), simulator.websocket_url, simulator.api_url]
    with subprocess.Popen(
        [sys.executable, "-u", "-X", "utf8", "-c", RUN, *arguments],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert "connected" in child.stdout.readline()
        child.stdin.write("\n")
        child.stdin.flush()
        assert "shop 1" in child.stdout.readline()
        last: Optional[str] = None
        if end == "q":
            last = "q\n"
        else:
            child.send_signal(signal.SIGINT)
        _, errors = child.communicate(last, timeout=30)
    assert (child.returncode, errors) == (0, "")
    assert [ending.by for ending in simulator.endings()] == ["client_with_frame"]
