"""The first steps, against the simulator. For your own shop: CookieManager("shop.db"), and the cookie of your browser."""

import livekeeper
from livekeeper.testing import Simulator

with Simulator() as service, livekeeper.CookieManager(":memory:", service.config()) as manager:
    cookie = service.cookie()
    manager.add_cookie("shop 1", cookie, keywords=[("包邮", "全场包邮"), ("在吗", "在的")])
    print(manager.wait_for("shop 1", connection="connected", timeout_s=30))
    service.buyer_says(cookie.unb, "老板，包邮吗？")
    print("the buyer got:", service.wait_sends(cookie.unb, 1, timeout_s=10)[0].text)
    print(manager.close())
