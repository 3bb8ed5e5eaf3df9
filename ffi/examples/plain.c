/*
 * A program without a loop: it keeps an account alive until you press Enter.
 *
 *     cc -o plain plain.c $(pkg-config --cflags --libs livekeeper)
 *     LIVEKEEPER_COOKIE='unb=...; cookie2=...; _m_h5_tk=...; ...' ./plain
 */
#include <livekeeper.h>

#include <stdio.h>
#include <stdlib.h>

static int failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, lk_last_error_message());
    return 1;
}

int main(void)
{
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL")); /* not set: the service's */
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));

    lk_manager *manager = NULL;
    if (lk_manager_open(lk_str_of("shop.db"), &config, &manager))
        return failed("open");

    const lk_keyword rules[] = {{lk_str_of("包邮"), lk_str_of("全场包邮")}, {lk_str_of("在吗"), lk_str_of("在的，请直接拍")}};
    const lk_str cookie = lk_str_of(getenv("LIVEKEEPER_COOKIE"));
    if (lk_manager_add_cookie(manager, lk_str_of("shop 1"), cookie, rules, 2, lk_str_of(NULL)))
        return failed("add");
    if (lk_manager_wait_for(manager, lk_str_of("shop 1"), LK_ANY, LK_CONNECTION_STATE_CONNECTED, 30, NULL, NULL))
        return failed("connect");

    /* Replies go out from threads of the library's own; this one has nothing to do. */
    puts("online; press Enter to end");
    fflush(stdout);
    getchar();

    if (lk_manager_close(manager, 10, NULL))
        return failed("close");
    lk_manager_free(manager);
    return 0;
}
