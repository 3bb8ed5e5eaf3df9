/*
 * The interface of C for steering and watching accounts, offline: pause, restart, priority, health, events, capacity, metrics.
 */
#include "expect.h"

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* For what takes milliseconds on an idle machine. */
#define LIMIT_S 60

static lk_events *read_events(const lk_manager *manager)
{
    lk_events *events = NULL;
    EXPECT(lk_manager_events(manager, &events) == LK_STATUS_OK);
    EXPECT(events != NULL);
    return events;
}

/* The next event of this kind; those of other kinds are passed over. Accounts that are offline try again and tell of it for ever. */
static lk_event next_of(const lk_events *events, lk_event_kind kind)
{
    const time_t until = time(NULL) + LIMIT_S;
    for (;;) {
        lk_event event = LK_EVENT_INIT;
        EXPECT(lk_events_next(events, LIMIT_S * 1000, &event) == LK_STATUS_OK);
        if (event.kind == kind)
            return event;
        lk_event_free(&event);
        EXPECT(time(NULL) < until);
    }
}

static void null_and_strangers_are_refused(lk_manager *manager)
{
    const lk_str id = lk_str_of("1");
    const lk_str nobody = lk_str_of("谁");
    lk_health health = LK_HEALTH_UNKNOWN;
    lk_health_reason_list *reasons = (lk_health_reason_list *)&reasons;
    lk_events *events = (lk_events *)&events;
    lk_capacity *capacity = (lk_capacity *)&capacity;
    lk_string *text = (lk_string *)&text;

    REFUSED(lk_manager_pause(NULL, id), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_resume(NULL, id), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_restart(NULL, id), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_set_priority(NULL, id, 1), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_set_proxy(NULL, id, lk_str_of(NULL)), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_pause(manager, lk_str_of(NULL)), LK_STATUS_NULL_POINTER, "cookie_id: is NULL");
    REFUSED(lk_manager_events(NULL, &events), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_events(manager, NULL), LK_STATUS_NULL_POINTER, "events: is NULL");
    REFUSED(lk_manager_capacity(NULL, &capacity), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_capacity(manager, NULL), LK_STATUS_NULL_POINTER, "capacity: is NULL");
    REFUSED(lk_manager_metrics_text(NULL, true, &text), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_metrics_text(manager, true, NULL), LK_STATUS_NULL_POINTER, "text: is NULL");
    REFUSED(lk_manager_health(manager, id, NULL, &reasons), LK_STATUS_NULL_POINTER, "health: is NULL");
    EXPECT(events == NULL && capacity == NULL && text == NULL && reasons == NULL);

    REFUSED_FOR(lk_manager_pause(manager, nobody), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_resume(manager, nobody), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_restart(manager, nobody), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_set_priority(manager, nobody, 1), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_set_proxy(manager, nobody, lk_str_of(NULL)), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_health(manager, nobody, &health, NULL), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
}

static void an_account_is_paused_ranked_and_restarted(lk_manager *manager)
{
    const lk_str id = lk_str_of("1");
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    lk_events *events = read_events(manager);
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);

    EXPECT(lk_manager_pause(manager, id) == LK_STATUS_OK);
    EXPECT(lk_manager_pause(manager, id) == LK_STATUS_OK);
    EXPECT(lk_manager_set_priority(manager, id, -100) == LK_STATUS_OK);
    EXPECT(lk_manager_status(manager, id, &status, NULL) == LK_STATUS_OK);
    EXPECT(status.paused && status.enabled && status.priority == -100 && status.health == LK_HEALTH_OK);
    REFUSED(lk_manager_set_priority(manager, id, 101), LK_STATUS_INVALID_ARGUMENT, "priority: is 101");
    REFUSED(lk_manager_set_proxy(manager, id, lk_str_of("ftp://u:p@h:1")), LK_STATUS_INVALID_ARGUMENT, "proxy: is of another kind");
    EXPECT(lk_manager_set_proxy(manager, id, lk_str_of("socks5://u:p@127.0.0.1:9")) == LK_STATUS_OK);
    EXPECT(lk_manager_set_proxy(manager, id, lk_str_of(NULL)) == LK_STATUS_OK);
    EXPECT(lk_manager_resume(manager, id) == LK_STATUS_OK);
    EXPECT(lk_manager_resume(manager, id) == LK_STATUS_OK);
    EXPECT(lk_manager_status(manager, id, &status, NULL) == LK_STATUS_OK);
    EXPECT(!status.paused && status.priority == -100);

    EXPECT(lk_manager_restart(manager, id) == LK_STATUS_OK);
    lk_reason_code reason = LK_REASON_CODE_UNKNOWN;
    while (reason != LK_REASON_CODE_RESTARTED) {
        lk_event event = next_of(events, LK_EVENT_KIND_STATE_CHANGED);
        reason = event.new_reason;
        lk_event_free(&event);
    }

    EXPECT(lk_manager_update_cookie_status(manager, id, false) == LK_STATUS_OK);
    REFUSED_FOR(lk_manager_restart(manager, id), LK_STATUS_ACCOUNT_DISABLED, "account \"1\" is disabled", "1");
    EXPECT(lk_manager_remove_cookie(manager, id) == LK_STATUS_OK);
    lk_events_free(events);
}

static void a_reader_refuses_what_is_wrong_and_times_out(lk_manager *manager)
{
    lk_events *events = read_events(manager);
    lk_event event = LK_EVENT_INIT;
    REFUSED(lk_events_next(events, 0, NULL), LK_STATUS_NULL_POINTER, "event: is NULL");
    REFUSED(lk_events_next(NULL, 0, &event), LK_STATUS_NULL_POINTER, "events: is NULL");
    event.size = 8;
    REFUSED(lk_events_next(events, 0, &event), LK_STATUS_WRONG_SIZE, "event: its size is 8");
    event.size = sizeof event;

    event.kind = LK_EVENT_KIND_LAGGED;
    REFUSED(lk_events_next(events, 0, &event), LK_STATUS_TIMED_OUT, "nothing happened within 0 ms");
    REFUSED(lk_events_next(events, 1, &event), LK_STATUS_TIMED_OUT, "nothing happened within 1 ms");
    EXPECT(event.kind == LK_EVENT_KIND_UNKNOWN && event.cookie_id.data == NULL && event.content == NULL);
    lk_event_free(&event); /* an empty one: fine */
    lk_events_free(events);
}

static void an_event_is_freed_once_however_often_it_is_asked_for(lk_manager *manager)
{
    lk_events *events = read_events(manager);
    EXPECT(add(manager, "2", COOKIE) == LK_STATUS_OK);
    lk_event event = next_of(events, LK_EVENT_KIND_STATE_CHANGED);
    EXPECT(strcmp(event.cookie_id.data, "2") == 0 && event.cookie_id.length == 1 && event.at_ms > 0 && event.missed == 0);
    EXPECT(event.old_state != event.new_state || event.old_connection != event.new_connection || event.old_reason != event.new_reason);
    EXPECT(event.reason_text.length > 0 && strlen(event.reason_text.data) == event.reason_text.length);
    EXPECT(event.reason_detail.data != NULL && event.reason_since_ms > 0);
    EXPECT(event.health_reasons == NULL && event.stop_report == NULL && event.new_health == LK_HEALTH_UNKNOWN);
    EXPECT(strcmp(lk_event_kind_name(event.kind), "state_changed") == 0);
    lk_event_free(&event);
    EXPECT(event.content == NULL && event.cookie_id.data == NULL && event.size == sizeof event);
    lk_event_free(&event);
    EXPECT(lk_manager_remove_cookie(manager, lk_str_of("2")) == LK_STATUS_OK);
    lk_events_free(events);
}

/* With bounds so near that they are reached at once. */
static void health_and_capacity_are_told_with_their_reasons(void)
{
    const lk_str id = lk_str_of("1");
    lk_config config = unreachable();
    config.health_interval_s = 0.05;
    config.degraded_after_s = 0.05;
    config.down_after_s = 0.1;
    config.max_accounts = 1;
    lk_manager *manager = NULL;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    lk_events *of_health = read_events(manager);
    lk_events *of_capacity = read_events(manager);
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);

    lk_health_reason reason = LK_HEALTH_REASON_INIT;
    lk_event event = next_of(of_health, LK_EVENT_KIND_HEALTH_CHANGED);
    while (event.new_health != LK_HEALTH_DOWN) {
        lk_event_free(&event);
        event = next_of(of_health, LK_EVENT_KIND_HEALTH_CHANGED);
    }
    EXPECT(event.old_health != LK_HEALTH_DOWN && event.old_health != LK_HEALTH_UNKNOWN);
    EXPECT(lk_health_reason_list_count(event.health_reasons) >= 1);
    EXPECT(lk_health_reason_list_get(event.health_reasons, 0, &reason) == LK_STATUS_OK);
    EXPECT(reason.code == LK_HEALTH_CODE_NOT_CONNECTED && strcmp(lk_health_code_name(reason.code), "not_connected") == 0);
    EXPECT(strncmp(reason.text.data, "not connected (for ", 19) == 0 && strncmp(reason.detail.data, "for ", 4) == 0);
    REFUSED(lk_health_reason_list_get(event.health_reasons, 99, &reason), LK_STATUS_INVALID_ARGUMENT, "index: is 99");
    reason.size = 0;
    REFUSED(lk_health_reason_list_get(event.health_reasons, 0, &reason), LK_STATUS_WRONG_SIZE, "reason: its size is 0");
    reason.size = sizeof reason;
    REFUSED(lk_health_reason_list_get(NULL, 0, &reason), LK_STATUS_NULL_POINTER, "list: is NULL");
    lk_event_free(&event);

    lk_health health = LK_HEALTH_UNKNOWN;
    lk_health_reason_list *reasons = NULL;
    EXPECT(lk_manager_health(manager, id, &health, &reasons) == LK_STATUS_OK);
    EXPECT(health == LK_HEALTH_DOWN && strcmp(lk_health_name(health), "down") == 0 && lk_health_reason_list_count(reasons) >= 1);
    lk_health_reason_list_free(reasons);

    event = next_of(of_capacity, LK_EVENT_KIND_CAPACITY_CHANGED);
    while (event.capacity_kind != LK_CAPACITY_KIND_ACCOUNTS) {
        lk_event_free(&event);
        event = next_of(of_capacity, LK_EVENT_KIND_CAPACITY_CHANGED);
    }
    EXPECT(event.cookie_id.data != NULL && event.cookie_id.length == 0);
    EXPECT(event.capacity_level == LK_CAPACITY_LEVEL_FULL && event.capacity_used == 1);
    EXPECT(event.capacity_has_bound && event.capacity_bound == 1);
    EXPECT(strcmp(lk_capacity_kind_name(event.capacity_kind), "accounts") == 0);
    EXPECT(strcmp(lk_capacity_level_name(event.capacity_level), "full") == 0);
    lk_event_free(&event);

    lk_events_free(of_health);
    lk_events_free(of_capacity);
    lk_manager_free(manager);
}

static void a_slow_reader_hears_how_much_it_lost(void)
{
    lk_config config = unreachable();
    config.event_queue = 16;
    lk_manager *manager = NULL;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);
    lk_events *events = read_events(manager);
    for (int i = 0; i < 40; i++)
        EXPECT(lk_manager_update_cookie_status(manager, lk_str_of("1"), i % 2) == LK_STATUS_OK);
    lk_event event = LK_EVENT_INIT;
    EXPECT(lk_events_next(events, 0, &event) == LK_STATUS_OK);
    EXPECT(event.kind == LK_EVENT_KIND_LAGGED && event.missed > 0 && event.cookie_id.length == 0 && event.cookie_id.data != NULL);
    EXPECT(strcmp(lk_event_kind_name(event.kind), "lagged") == 0);
    lk_event_free(&event);
    EXPECT(lk_events_next(events, 0, &event) == LK_STATUS_OK && event.kind != LK_EVENT_KIND_LAGGED);
    lk_event_free(&event);
    lk_events_free(events);
    lk_manager_free(manager);
}

static void capacity_and_metrics_are_there(lk_manager *manager)
{
    lk_capacity *capacity = NULL;
    lk_capacity_item item = LK_CAPACITY_ITEM_INIT;
    EXPECT(add(manager, "店铺", COOKIE) == LK_STATUS_OK);
    EXPECT(lk_manager_capacity(manager, &capacity) == LK_STATUS_OK);
    EXPECT(lk_capacity_at_ms(capacity) > 0);
    const size_t count = lk_capacity_count(capacity);
    EXPECT(count == 12);
    for (size_t i = 0; i < count; i++) {
        EXPECT(lk_capacity_get(capacity, i, &item) == LK_STATUS_OK);
        EXPECT(item.kind == i + 1 && item.level != LK_CAPACITY_LEVEL_UNKNOWN && item.has_bound == (item.bound != 0));
    }
    EXPECT(lk_capacity_get(capacity, 0, &item) == LK_STATUS_OK);
    EXPECT(item.kind == LK_CAPACITY_KIND_ACCOUNTS && item.used == 1 && item.bound == 20000 && item.level == LK_CAPACITY_LEVEL_OK);
    REFUSED(lk_capacity_get(capacity, count, &item), LK_STATUS_INVALID_ARGUMENT, "index: is 12");
    REFUSED(lk_capacity_get(NULL, 0, &item), LK_STATUS_NULL_POINTER, "capacity: is NULL");
    item.size = 3;
    REFUSED(lk_capacity_get(capacity, 0, &item), LK_STATUS_WRONG_SIZE, "item: its size is 3");
    lk_capacity_free(capacity);

    lk_string *text = NULL;
    EXPECT(lk_manager_metrics_text(manager, false, &text) == LK_STATUS_OK);
    EXPECT(strstr(lk_string_view(text).data, "# EOF") != NULL && strstr(lk_string_view(text).data, "店铺") == NULL);
    lk_string_free(text);
    EXPECT(lk_manager_metrics_text(manager, true, &text) == LK_STATUS_OK);
    EXPECT(strstr(lk_string_view(text).data, "店铺") != NULL);
    lk_string_free(text);
}

static void a_child_process_is_told(lk_manager *manager)
{
    lk_events *events = read_events(manager);
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        lk_event event = LK_EVENT_INIT;
        bool told = lk_events_next(events, LK_FOREVER, &event) == LK_STATUS_FORKED;
        told = told && lk_manager_pause(manager, lk_str_of("1")) == LK_STATUS_FORKED;
        lk_events_free(events);
        /* Not _exit: valgrind would look for leaks in the child, where the threads that hold things are missing. */
        execl(told ? "/bin/true" : "/bin/false", "child", (char *)NULL);
        _exit(1);
    }
    int status = -1;
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    lk_events_free(events);
}

static void a_closed_manager_says_so_and_its_readers_end(lk_manager *manager)
{
    const lk_str id = lk_str_of("店铺");
    lk_events *events = read_events(manager);
    EXPECT(lk_manager_close(manager, 10, NULL) == LK_STATUS_OK);

    lk_health health = LK_HEALTH_UNKNOWN;
    lk_events *other = NULL;
    lk_capacity *capacity = NULL;
    lk_string *text = NULL;
    REFUSED(lk_manager_pause(manager, id), LK_STATUS_CLOSED, "this CookieManager is closed");
    REFUSED(lk_manager_resume(manager, id), LK_STATUS_CLOSED, "this CookieManager is closed");
    REFUSED(lk_manager_restart(manager, id), LK_STATUS_CLOSED, "this CookieManager is closed");
    REFUSED(lk_manager_set_priority(manager, id, 1), LK_STATUS_CLOSED, "this CookieManager is closed");
    REFUSED(lk_manager_set_proxy(manager, id, lk_str_of(NULL)), LK_STATUS_CLOSED, "this CookieManager is closed");
    REFUSED(lk_manager_health(manager, id, &health, NULL), LK_STATUS_CLOSED, "this CookieManager is closed");
    REFUSED(lk_manager_events(manager, &other), LK_STATUS_CLOSED, "this CookieManager is closed");
    REFUSED(lk_manager_capacity(manager, &capacity), LK_STATUS_CLOSED, "this CookieManager is closed");
    REFUSED(lk_manager_metrics_text(manager, false, &text), LK_STATUS_CLOSED, "this CookieManager is closed");
    lk_manager_free(manager);

    /* A reader outlives its manager: it hears the rest, then the end, and that again. */
    lk_event event = LK_EVENT_INIT;
    lk_status status = lk_events_next(events, LK_FOREVER, &event);
    bool is_stopped = false;
    while (status == LK_STATUS_OK) {
        if (event.new_state == LK_TASK_STATE_STOPPED && event.new_reason == LK_REASON_CODE_MANAGER_CLOSED)
            is_stopped = strcmp(event.cookie_id.data, "店铺") == 0;
        lk_event_free(&event);
        status = lk_events_next(events, LK_FOREVER, &event);
    }
    EXPECT(is_stopped);
    REFUSED(status, LK_STATUS_CLOSED, "this CookieManager is closed");
    REFUSED(lk_events_next(events, LK_FOREVER, &event), LK_STATUS_CLOSED, "this CookieManager is closed");
    lk_events_free(events);
}

static void null_is_fine_where_something_is_ended_or_counted(void)
{
    lk_events_free(NULL);
    lk_event_free(NULL);
    lk_capacity_free(NULL);
    lk_health_reason_list_free(NULL);
    EXPECT(lk_capacity_count(NULL) == 0 && lk_capacity_at_ms(NULL) == 0 && lk_health_reason_list_count(NULL) == 0);
    EXPECT(strcmp(lk_health_name(99), "unknown") == 0 && strcmp(lk_health_code_name(99), "unknown") == 0);
    EXPECT(strcmp(lk_event_kind_name(99), "unknown") == 0 && strcmp(lk_capacity_kind_name(99), "unknown") == 0);
    EXPECT(strcmp(lk_capacity_level_name(99), "unknown") == 0);
}

int main(void)
{
    lk_manager *manager = open_in_memory();
    null_and_strangers_are_refused(manager);
    an_account_is_paused_ranked_and_restarted(manager);
    a_reader_refuses_what_is_wrong_and_times_out(manager);
    an_event_is_freed_once_however_often_it_is_asked_for(manager);
    health_and_capacity_are_told_with_their_reasons();
    a_slow_reader_hears_how_much_it_lost();
    capacity_and_metrics_are_there(manager);
    a_child_process_is_told(manager);
    a_closed_manager_says_so_and_its_readers_end(manager);
    null_is_fine_where_something_is_ended_or_counted();
    return 0;
}
