/*
 * A program with an epoll loop of its own: what happens comes as one more descriptor. It ends when a line comes on standard input.
 *
 *     cc -o epoll epoll.c $(pkg-config --cflags --libs livekeeper)
 *     LIVEKEEPER_COOKIE='unb=...; cookie2=...; _m_h5_tk=...; ...' ./epoll
 */
#include <livekeeper.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static int failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, lk_last_error_message());
    return 1;
}

static void watch(int loop, int descriptor)
{
    struct epoll_event interest = {.events = EPOLLIN, .data.fd = descriptor};
    if (epoll_ctl(loop, EPOLL_CTL_ADD, descriptor, &interest))
        perror("epoll_ctl");
}

/* Reads all that there is: then the descriptor is not readable any more. */
static void show_news(lk_manager *manager)
{
    lk_event event = LK_EVENT_INIT;
    while (lk_manager_next_event(manager, 0, &event) == LK_STATUS_OK) {
        printf("%s %s", event.cookie_id.data, lk_event_kind_name(event.kind));
        if (event.kind == LK_EVENT_KIND_STATE_CHANGED)
            printf(": %s, %s", lk_connection_state_name(event.new_connection), event.reason_text.data);
        printf("\n");
        lk_event_free(&event);
    }
    fflush(stdout);
}

static void run(int loop, lk_manager *manager, int news)
{
    for (;;) {
        struct epoll_event ready[4];
        const int count = epoll_wait(loop, ready, 4, -1);
        for (int i = 0; i < count; i++) {
            if (ready[i].data.fd != news)
                return;
            show_news(manager);
        }
    }
}

int main(void)
{
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL")); /* not set: the service's */
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));
    lk_manager *manager = NULL;
    if (lk_manager_open(lk_str_of("shop.db"), &config, &manager))
        return failed("open");

    int news = -1;
    if (lk_manager_event_fd(manager, &news))
        return failed("descriptor");
    const int loop = epoll_create1(EPOLL_CLOEXEC);
    watch(loop, news);
    watch(loop, STDIN_FILENO);

    const lk_keyword rule = {lk_str_of("包邮"), lk_str_of("全场包邮")};
    if (lk_manager_add_cookie(manager, lk_str_of("shop 1"), lk_str_of(getenv("LIVEKEEPER_COOKIE")), &rule, 1, lk_str_of(NULL)))
        return failed("add");
    run(loop, manager, news);

    if (lk_manager_close(manager, 10, NULL))
        return failed("close");
    show_news(manager);
    close(loop);
    lk_manager_free(manager);
    return 0;
}
