"""A program as it is written today for a manager that lives in the same process: calls from request threads and from inside a running
loop, by position and by name. Only the line that makes the manager is another."""

from __future__ import annotations

from conftest import run_python

PROGRAM = """
import asyncio, sys, threading
from concurrent.futures import ThreadPoolExecutor

from livekeeper import CookieManager
from livekeeper.testing import Simulator

service = Simulator()
manager = CookieManager(":memory:", service.config())   # was: CookieManager(loop)

# ---- what an admin page does, each request on a thread of its own ----

def add_account(cookie_id, value, user_id):
    if cookie_id in manager.list_cookies():
        return {"error": "已存在"}
    manager.add_cookie(cookie_id, value, [("包邮", "全场包邮")], user_id=user_id)
    return {"msg": "success"}

def edit_account(cookie_id, value):
    manager.update_cookie(cookie_id, value)
    return {"msg": "updated"}

def switch_account(cookie_id, enabled):
    manager.update_cookie_status(cookie_id, enabled)
    return {"enabled": manager.get_cookie_status(cookie_id)}

def edit_keywords(cookie_id, pairs):
    manager.update_keywords(cookie_id, [(keyword, reply) for keyword, reply in pairs])
    return dict(manager.get_keywords(cookie_id))

def edit_auto_confirm(cookie_id, value):
    manager.update_auto_confirm_setting(cookie_id, value)
    return manager.get_auto_confirm_setting(cookie_id)

def account_list():
    enabled = manager.get_enabled_cookies()
    return [{"id": cookie_id, "enabled": cookie_id in enabled} for cookie_id in manager.list_cookies()]

NAMES = [f"shop {number}" for number in range(8)]
COOKIES = {name: service.cookie() for name in NAMES}
with ThreadPoolExecutor(8) as requests:
    print(list(requests.map(lambda name: add_account(name, COOKIES[name], 1), NAMES)) == [{"msg": "success"}] * 8)
    print(add_account("shop 0", COOKIES["shop 0"], 1))
    print(set(map(str, requests.map(lambda name: edit_keywords(name, [("在吗", f"{name} 在的")]), NAMES))) == {str({"在吗": f"{name} 在的"}) for name in NAMES})
    print(list(requests.map(lambda name: edit_auto_confirm(name, False), NAMES)) == [False] * 8)
    print([switch_account("shop 7", False), switch_account("shop 7", True), switch_account("shop 6", False)])
    print(edit_account("shop 1", service.renew_cookie(COOKIES["shop 1"].unb)))

# ---- what runs in the program's own loop calls the same, without await ----

async def main():
    ticks = []
    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.001)
    ticking = asyncio.create_task(tick())
    cookie = service.cookie()
    manager.add_cookie("from a loop", cookie, kw_list := [("早", "早上好")])
    print(manager.get_keywords("from a loop") == kw_list, manager.get_cookie_status("from a loop"))
    manager.update_keywords("from a loop", [("早", "早")])
    manager.update_cookie("from a loop", service.renew_cookie(cookie.unb))
    manager.update_cookie_status("from a loop", False)
    manager.update_cookie_status("from a loop", True)
    await asyncio.get_running_loop().run_in_executor(None, service.wait_online, cookie.unb, 20)
    service.buyer_says(cookie.unb, "早")
    sends = await asyncio.get_running_loop().run_in_executor(None, lambda: service.wait_sends(cookie.unb, 1, 20))
    print(sends[0].text, len(ticks) > 0)
    manager.remove_cookie("from a loop")
    ticking.cancel()

asyncio.run(main())
print(account_list()[-3:])
manager.remove_cookie("shop 5")
print(len(manager.list_cookies()), service.violations())
"""


def test_a_program_of_today_runs_with_another_constructor() -> None:
    done = run_python(PROGRAM)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        "True",
        "{'error': '已存在'}",
        "True",
        "True",
        "[{'enabled': False}, {'enabled': True}, {'enabled': False}]",
        "{'msg': 'updated'}",
        "True True",
        "早 True",
        "[{'id': 'shop 5', 'enabled': True}, {'id': 'shop 6', 'enabled': False}, {'id': 'shop 7', 'enabled': True}]",
        "7 []",
    ]
