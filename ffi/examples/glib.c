/*
 * A program with GLib's main loop, as GTK has it: what happens is one more source, and slow calls are begun and told of in the loop. It
 * ends when a line comes on standard input.
 *
 *     cc -o glib glib.c $(pkg-config --cflags --libs livekeeper glib-2.0)
 *     LIVEKEEPER_COOKIE='unb=...; cookie2=...; _m_h5_tk=...; ...' ./glib
 */
#include <livekeeper.h>

#include <glib-unix.h>
#include <glib.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct host {
    GMainLoop *loop;
    lk_manager *manager;
    int status;
};

static int failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, lk_last_error_message());
    return 1;
}

/* The loop's thread is not held up: this only reads what is there. */
static gboolean show_news(gint descriptor, GIOCondition condition, gpointer data)
{
    (void)descriptor;
    (void)condition;
    struct host *host = data;
    lk_event event = LK_EVENT_INIT;
    lk_status status = LK_STATUS_OK;
    while ((status = lk_manager_next_event(host->manager, 0, &event)) == LK_STATUS_OK) {
        printf("%s %s", event.cookie_id.data, lk_event_kind_name(event.kind));
        if (event.kind == LK_EVENT_KIND_STATE_CHANGED)
            printf(": %s, %s", lk_connection_state_name(event.new_connection), event.reason_text.data);
        printf("\n");
        lk_event_free(&event);
    }
    fflush(stdout);
    return status == LK_STATUS_CLOSED ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static gboolean quit(gpointer data)
{
    g_main_loop_quit(((struct host *)data)->loop);
    return G_SOURCE_REMOVE;
}

/* On a thread of the library's: what touches the program's own things is handed to the loop. */
static void closed(void *data, lk_status status, const lk_call *call)
{
    (void)call;
    struct host *host = data;
    host->status = status == LK_STATUS_OK ? 0 : failed("close");
    g_idle_add(quit, host);
}

/* Closing takes a moment; the loop goes on meanwhile. */
static gboolean begin_to_close(gint descriptor, GIOCondition condition, gpointer data)
{
    (void)descriptor;
    (void)condition;
    struct host *host = data;
    lk_call *call = NULL;
    if (lk_manager_close_begin(host->manager, 10, &call) || lk_call_on_done(call, closed, host, NULL)) {
        host->status = failed("close");
        g_main_loop_quit(host->loop);
    }
    lk_call_free(call);
    return G_SOURCE_REMOVE;
}

int main(void)
{
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL")); /* not set: the service's */
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));
    struct host host = {g_main_loop_new(NULL, FALSE), NULL, 0};
    if (lk_manager_open(lk_str_of("shop.db"), &config, &host.manager))
        return failed("open");

    int news = -1;
    if (lk_manager_event_fd(host.manager, &news))
        return failed("descriptor");
    g_unix_fd_add(news, G_IO_IN, show_news, &host);
    g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, begin_to_close, &host);

    const lk_keyword rule = {lk_str_of("包邮"), lk_str_of("全场包邮")};
    if (lk_manager_add_cookie(host.manager, lk_str_of("shop 1"), lk_str_of(getenv("LIVEKEEPER_COOKIE")), &rule, 1, lk_str_of(NULL)))
        return failed("add");
    g_main_loop_run(host.loop);

    lk_manager_free(host.manager);
    g_main_loop_unref(host.loop);
    return host.status;
}
