/*
 * Watches one account and steers it: adds it, follows what happens until it is connected, pauses it and lets it go on while a
 * buyer writes, restarts it, looks at capacity and figures, closes, and reads to the end of the events.
 *
 *     cc -o watch watch.c -llivekeeper
 *
 * The environment names the service and the cookie. "> ..." on standard output says that the buyer's turn has come, a line on
 * standard input that it is over.
 */
#include <livekeeper.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 30000

/* Ends the program when a call fails. */
static void check(lk_status status, const char *what)
{
    if (status == LK_STATUS_OK)
        return;
    fprintf(stderr, "%s: %s (%u, account '%s')\n", what, lk_last_error_message(), (unsigned)status, lk_last_error_cookie_id());
    exit(1);
}

static void expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "not so: %s\n", what);
    exit(1);
}

static void show(const lk_event *event)
{
    printf("%s %s", event->cookie_id.data, lk_event_kind_name(event->kind));
    if (event->kind == LK_EVENT_KIND_STATE_CHANGED)
        printf(": %s -> %s, %s -> %s: %s", lk_task_state_name(event->old_state), lk_task_state_name(event->new_state),
               lk_connection_state_name(event->old_connection), lk_connection_state_name(event->new_connection),
               event->reason_text.data);
    if (event->kind == LK_EVENT_KIND_HEALTH_CHANGED)
        printf(": %s -> %s", lk_health_name(event->old_health), lk_health_name(event->new_health));
    if (event->kind == LK_EVENT_KIND_LAGGED)
        printf(": %llu were lost", (unsigned long long)event->missed);
    printf("\n");
}

/* Follows what happens until the account's state and connection are these. */
static void follow_until(const lk_events *events, lk_task_state state, lk_connection_state connection)
{
    bool is_there = false;
    while (!is_there) {
        lk_event event = LK_EVENT_INIT;
        check(lk_events_next(events, LIMIT_MS, &event), "next event");
        show(&event);
        is_there = event.new_state == state && event.new_connection == connection;
        lk_event_free(&event);
    }
}

/* Follows what happens until the account was stopped, and looks at how that went. */
static void follow_until_stopped(const lk_events *events)
{
    lk_event event = LK_EVENT_INIT;
    while (event.kind != LK_EVENT_KIND_STOPPED) {
        lk_event_free(&event);
        check(lk_events_next(events, LIMIT_MS, &event), "next event");
        show(&event);
    }
    lk_account_stop stop = LK_ACCOUNT_STOP_INIT;
    check(lk_stop_report_account(event.stop_report, 0, &stop), "report of a stop");
    expect(stop.is_clean && stop.socket == LK_STAGE_OUTCOME_DONE, "the session ended with a close frame, and nothing is left");
    lk_event_free(&event);
}

static void let_the_buyer_write(const char *now)
{
    char line[80];
    printf("> %s\n", now);
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        printf("(standard input is closed)\n");
}

static void show_capacity(const lk_manager *manager)
{
    lk_capacity *capacity = NULL;
    check(lk_manager_capacity(manager, &capacity), "capacity");
    for (size_t i = 0; i < lk_capacity_count(capacity); i++) {
        lk_capacity_item item = LK_CAPACITY_ITEM_INIT;
        check(lk_capacity_get(capacity, i, &item), "capacity item");
        printf("%s: %llu", lk_capacity_kind_name(item.kind), (unsigned long long)item.used);
        if (item.has_bound)
            printf(" of %llu", (unsigned long long)item.bound);
        printf(" (%s)\n", lk_capacity_level_name(item.level));
        if (item.kind == LK_CAPACITY_KIND_CONNECTIONS)
            expect(item.used == 1, "one account is connected");
    }
    lk_capacity_free(capacity);
}

static void show_figures(const lk_manager *manager, const char *account)
{
    lk_string *text = NULL;
    check(lk_manager_metrics_text(manager, true, &text), "metrics");
    const lk_str figures = lk_string_view(text);
    printf("%s", figures.data);
    expect(strstr(figures.data, account) != NULL, "the account has figures of its own");
    expect(figures.length > 6 && strcmp(figures.data + figures.length - 6, "# EOF\n") == 0, "the figures end as they should");
    lk_string_free(text);
}

int main(void)
{
    const char *const account = "店铺 1";
    const lk_str cookie_id = lk_str_of(account);
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL")); /* not set: NULL, the default */
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));
    config.debounce_s = 0; /* answer each message at once */
    lk_manager *manager = NULL;
    check(lk_manager_open(lk_str_of(":memory:"), &config, &manager), "open");

    lk_events *events = NULL;
    check(lk_manager_events(manager, &events), "events");
    const lk_keyword rule = {lk_str_of("包邮"), lk_str_of("全场包邮")};
    check(lk_manager_add_cookie(manager, cookie_id, lk_str_of(getenv("LIVEKEEPER_COOKIE")), &rule, 1, lk_str_of(NULL)), "add");
    follow_until(events, LK_TASK_STATE_RUNNING, LK_CONNECTION_STATE_CONNECTED);

    check(lk_manager_pause(manager, cookie_id), "pause");
    follow_until(events, LK_TASK_STATE_PAUSED, LK_CONNECTION_STATE_CONNECTED);
    let_the_buyer_write("paused");
    check(lk_manager_status(manager, cookie_id, &status, NULL), "status");
    expect(status.paused && status.received == 1 && status.replied == 0, "what came in while it was paused is not answered");

    check(lk_manager_resume(manager, cookie_id), "resume");
    follow_until(events, LK_TASK_STATE_RUNNING, LK_CONNECTION_STATE_CONNECTED);
    let_the_buyer_write("resumed");
    check(lk_manager_set_priority(manager, cookie_id, 10), "priority");
    check(lk_manager_restart(manager, cookie_id), "restart");
    follow_until_stopped(events);
    follow_until(events, LK_TASK_STATE_RUNNING, LK_CONNECTION_STATE_CONNECTED);
    check(lk_manager_status(manager, cookie_id, &status, NULL), "status");
    expect(status.priority == 10 && status.received == 2 && status.replied == 1, "one message was answered, and one was not");
    expect(status.health == LK_HEALTH_OK, "it is well");

    show_capacity(manager);
    show_figures(manager, account);

    check(lk_manager_close(manager, 10, NULL), "close");
    lk_manager_free(manager);
    follow_until_stopped(events); /* a reader hears the rest also after the manager is gone */
    lk_event event = LK_EVENT_INIT;
    lk_status last = LK_STATUS_OK;
    while ((last = lk_events_next(events, LK_FOREVER, &event)) == LK_STATUS_OK) {
        show(&event);
        lk_event_free(&event);
    }
    expect(last == LK_STATUS_CLOSED, "the events end when the manager is closed");
    lk_events_free(events);
    return 0;
}
