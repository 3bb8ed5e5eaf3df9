"""``status`` while another thread changes the account and waits for it: nanoseconds, the clock's own cost included, of a hundred calls
the slowest but one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import livekeeper

CALLS = 200_000
COOKIE = "unb=2280551454090; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x"


def write_rules(manager: livekeeper.CookieManager, is_over: threading.Event) -> None:
    while not is_over.is_set():
        manager.update_keywords("shop", [("包邮", "全场包邮")] * 10)


def main() -> None:
    config = livekeeper.Config(websocket_url="ws://127.0.0.1:9/", api_url="http://127.0.0.1:9/h5")
    with livekeeper.CookieManager(":memory:", config) as manager:
        manager.add_cookie("shop", COOKIE)
        is_over = threading.Event()
        took_ns = []
        with ThreadPoolExecutor(max_workers=1) as threads:
            writer = threads.submit(write_rules, manager, is_over)
            try:
                for _ in range(CALLS):
                    before = time.perf_counter_ns()
                    manager.status("shop")
                    took_ns.append(time.perf_counter_ns() - before)
            finally:
                is_over.set()
            # A writer that failed wrote nothing for a while: then the figure is of something else.
            writer.result()
    print(sorted(took_ns)[CALLS // 100 * 99 - 1])


if __name__ == "__main__":
    main()
