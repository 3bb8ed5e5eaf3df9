/*
 * The three ways to hear what happens, and the log. Offline.
 */
#include "counting.h"
#include "expect.h"

#include <poll.h>
#include <unistd.h>

#define CHANGES 300

static bool is_readable(int fd, int timeout_ms)
{
    struct pollfd polled = {fd, POLLIN, 0};
    const int count_of = poll(&polled, 1, timeout_ms);
    EXPECT(count_of >= 0);
    return count_of == 1 && (polled.revents & POLLIN);
}

static lk_manager *open_with_account(void)
{
    lk_manager *manager = open_in_memory();
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);
    return manager;
}

static void *switch_on_and_off(void *data)
{
    for (int i = 0; i < CHANGES; i++)
        EXPECT(lk_manager_update_cookie_status(data, lk_str_of("1"), i % 2) == LK_STATUS_OK);
    EXPECT(lk_manager_close(data, 10, NULL) == LK_STATUS_OK);
    return NULL;
}

/* Polls without a limit: a wake-up that is missed hangs here, and the test's time runs out. */
static void a_loop_that_polls_misses_nothing(bool one_at_a_time)
{
    lk_manager *manager = open_with_account();
    lk_events *all = NULL;
    int fd = -1, again = -1, heard = 0, expected = 0;
    EXPECT(lk_manager_event_fd(manager, &fd) == LK_STATUS_OK && lk_manager_event_fd(manager, &again) == LK_STATUS_OK);
    EXPECT(fd >= 0 && fd == again);
    EXPECT(lk_manager_events(manager, &all) == LK_STATUS_OK);
    /* What the own reader has heard before the other began is not counted. */
    lk_event event = LK_EVENT_INIT;
    while (lk_manager_next_event(manager, 0, &event) == LK_STATUS_OK)
        lk_event_free(&event);

    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, switch_on_and_off, manager) == 0);
    lk_status status = LK_STATUS_OK;
    while (status != LK_STATUS_CLOSED) {
        EXPECT(is_readable(fd, -1));
        do {
            status = lk_manager_next_event(manager, 0, &event);
            EXPECT(status == LK_STATUS_OK || status == LK_STATUS_TIMED_OUT || status == LK_STATUS_CLOSED);
            heard += status == LK_STATUS_OK;
            lk_event_free(&event);
        } while (!one_at_a_time && status == LK_STATUS_OK);
    }
    EXPECT(is_readable(fd, 0));
    EXPECT(pthread_join(thread, NULL) == 0);
    while (lk_events_next(all, 0, &event) == LK_STATUS_OK) {
        expected++;
        lk_event_free(&event);
    }
    EXPECT(heard >= CHANGES && heard - expected <= 2 && expected - heard <= 2);
    lk_events_free(all);
    lk_manager_free(manager);
}

static void a_descriptor_is_readable_while_something_is_left(void)
{
    lk_manager *manager = open_in_memory();
    lk_events *events = NULL;
    lk_event event = LK_EVENT_INIT;
    int fd = 7;
    REFUSED(lk_events_fd(NULL, &fd), LK_STATUS_NULL_POINTER, "events: is NULL");
    EXPECT(fd == -1);
    REFUSED(lk_manager_event_fd(manager, NULL), LK_STATUS_NULL_POINTER, "fd: is NULL");
    EXPECT(lk_manager_events(manager, &events) == LK_STATUS_OK);
    EXPECT(lk_events_fd(events, &fd) == LK_STATUS_OK);
    EXPECT(!is_readable(fd, 0));
    EXPECT(lk_events_next(events, 0, &event) == LK_STATUS_TIMED_OUT);
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);
    EXPECT(lk_manager_update_cookie_status(manager, lk_str_of("1"), false) == LK_STATUS_OK);
    /* The account is off now: what there is to tell of it was told. */
    EXPECT(is_readable(fd, 30000) && is_readable(fd, 0));
    int left = 0;
    while (lk_events_next(events, 0, &event) == LK_STATUS_OK) {
        left++;
        lk_event_free(&event);
    }
    EXPECT(left > 2);
    EXPECT(!is_readable(fd, 0));
    lk_events_free(events);
    EXPECT(lk_manager_close(manager, 10, NULL) == LK_STATUS_OK);
    REFUSED(lk_manager_event_fd(manager, &fd), LK_STATUS_CLOSED, "this CookieManager is closed");
    lk_manager_free(manager);
}

/* A callback's data: what it does, and what became of it. */
struct listener {
    lk_manager *manager;
    enum { COUNTS, TAKES_ITSELF_AWAY, REPLACES_ITSELF, BLOCKS } does;
    struct listener *next;
    int calls;
    int returned;
    int ended;
    bool let_go;
};

static lk_status listen_with(struct listener *listener);

static void on_event(void *data, const lk_event *event)
{
    struct listener *listener = data;
    EXPECT(listener->ended == 0 && event->kind != LK_EVENT_KIND_UNKNOWN && event->cookie_id.data != NULL);
    count(&listener->calls);
    if (listener->does == TAKES_ITSELF_AWAY) {
        EXPECT(lk_manager_set_event_callback(listener->manager, NULL, NULL, NULL) == LK_STATUS_OK);
        EXPECT(lk_manager_set_event_callback(listener->manager, NULL, NULL, NULL) == LK_STATUS_OK);
    }
    if (listener->does == REPLACES_ITSELF)
        EXPECT(listen_with(listener->next) == LK_STATUS_OK);
    EXPECT(listener->ended == 0);
    if (listener->does == BLOCKS) {
        pthread_mutex_lock(&turn);
        while (!listener->let_go)
            pthread_cond_wait(&changed, &turn);
        pthread_mutex_unlock(&turn);
    }
    count(&listener->returned);
}

static void end(void *data)
{
    struct listener *listener = data;
    EXPECT(listener->returned == listener->calls);
    count(&listener->ended);
}

static lk_status listen_with(struct listener *listener)
{
    return lk_manager_set_event_callback(listener->manager, on_event, listener, end);
}

static void *let_go_soon(void *data)
{
    struct listener *listener = data;
    usleep(20000);
    pthread_mutex_lock(&turn);
    listener->let_go = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&turn);
    return NULL;
}

static void a_function_is_told_of_events_until_it_is_taken_away(void)
{
    lk_manager *manager = open_in_memory();
    struct listener first = {manager, COUNTS, NULL, 0, 0, 0, false};
    struct listener last = {manager, BLOCKS, NULL, 0, 0, 0, false};
    struct listener second = {manager, REPLACES_ITSELF, &last, 0, 0, 0, false};
    struct listener itself = {manager, TAKES_ITSELF_AWAY, NULL, 0, 0, 0, false};

    EXPECT(lk_manager_set_event_callback(manager, NULL, &first, end) == LK_STATUS_OK);
    EXPECT(first.ended == 1);
    REFUSED(lk_manager_set_event_callback(NULL, on_event, &first, end), LK_STATUS_NULL_POINTER, "manager: is NULL");
    EXPECT(first.ended == 2 && first.calls == 0);
    first.ended = 0;

    EXPECT(listen_with(&first) == LK_STATUS_OK);
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);
    wait_until(&first.calls, 3);
    EXPECT(listen_with(&itself) == LK_STATUS_OK);
    EXPECT(first.ended == 1);
    EXPECT(lk_manager_restart(manager, lk_str_of("1")) == LK_STATUS_OK);
    wait_until(&itself.ended, 1);
    EXPECT(itself.calls == 1);

    EXPECT(listen_with(&second) == LK_STATUS_OK);
    EXPECT(lk_manager_restart(manager, lk_str_of("1")) == LK_STATUS_OK);
    wait_until(&second.ended, 1);
    EXPECT(second.calls == 1);
    EXPECT(lk_manager_restart(manager, lk_str_of("1")) == LK_STATUS_OK);
    wait_until(&last.calls, 1);

    /* A call is under way: taking the function away waits for it. */
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, let_go_soon, &last) == 0);
    EXPECT(lk_manager_set_event_callback(manager, NULL, NULL, NULL) == LK_STATUS_OK);
    EXPECT(last.returned == 1 && last.ended == 1);
    EXPECT(pthread_join(thread, NULL) == 0);

    /* Closing tells the rest, and ends what the function was given. */
    first.ended = first.calls = first.returned = 0;
    EXPECT(listen_with(&first) == LK_STATUS_OK);
    EXPECT(lk_manager_close(manager, 10, NULL) == LK_STATUS_OK);
    wait_until(&first.ended, 1);
    EXPECT(first.calls > 0);
    itself.ended = 0;
    REFUSED(listen_with(&itself), LK_STATUS_CLOSED, "this CookieManager is closed");
    EXPECT(itself.ended == 1);
    EXPECT(lk_manager_set_event_callback(manager, NULL, NULL, NULL) == LK_STATUS_OK);
    lk_manager_free(manager);
    EXPECT(first.ended == 1);
}

static void a_manager_that_is_freed_in_the_function_itself_is_no_harm(void);

static void free_manager(void *data, const lk_event *event)
{
    (void)event;
    struct listener *listener = data;
    lk_manager_free(listener->manager);
    count(&listener->calls);
    count(&listener->returned);
}

static void a_manager_that_is_freed_in_the_function_itself_is_no_harm(void)
{
    struct listener listener = {open_in_memory(), COUNTS, NULL, 0, 0, 0, false};
    EXPECT(lk_manager_set_event_callback(listener.manager, free_manager, &listener, end) == LK_STATUS_OK);
    const lk_status status = add(listener.manager, "1", COOKIE);
    EXPECT(status == LK_STATUS_OK || status == LK_STATUS_CLOSED || status == LK_STATUS_INVALID_HANDLE);
    wait_until(&listener.ended, 1);
    EXPECT(lk_manager_pause(listener.manager, lk_str_of("1")) == LK_STATUS_INVALID_HANDLE);
}

struct log {
    int lines;
    int ended;
};

static void on_line(void *data, lk_log_level level, lk_str target, lk_str message)
{
    struct log *log = data;
    EXPECT(log->ended == 0 && level >= LK_LOG_LEVEL_ERROR && level <= LK_LOG_LEVEL_TRACE);
    EXPECT(strncmp(target.data, "livekeeper", 10) == 0 && strlen(message.data) == message.length && message.length > 0);
    EXPECT(strstr(message.data, "0123456789abcdef") == NULL);
    count(&log->lines);
}

static void end_log(void *data)
{
    count(&((struct log *)data)->ended);
}

static void the_log_goes_to_a_function(void)
{
    struct log log = {0, 0}, other = {0, 0};
    REFUSED(lk_set_log_hook(on_line, 6, &log, end_log), LK_STATUS_INVALID_ARGUMENT, "level: is 6");
    EXPECT(log.ended == 1);
    log.ended = 0;
    EXPECT(lk_set_log_hook(on_line, LK_LOG_LEVEL_TRACE, &log, end_log) == LK_STATUS_OK);
    lk_manager *manager = open_with_account();
    /* Nobody listens there: that is said. */
    wait_until(&log.lines, 1);
    EXPECT(lk_set_log_hook(on_line, LK_LOG_LEVEL_TRACE, &other, end_log) == LK_STATUS_OK);
    EXPECT(log.ended == 1);
    EXPECT(lk_manager_restart(manager, lk_str_of("1")) == LK_STATUS_OK);
    wait_until(&other.lines, 1);
    lk_manager_free(manager);
    EXPECT(lk_set_log_hook(NULL, 0, NULL, NULL) == LK_STATUS_OK);
    EXPECT(other.ended == 1);
}

int main(void)
{
    a_descriptor_is_readable_while_something_is_left();
    for (int i = 0; i < 5; i++) {
        a_loop_that_polls_misses_nothing(true);
        a_loop_that_polls_misses_nothing(false);
    }
    a_function_is_told_of_events_until_it_is_taken_away();
    a_manager_that_is_freed_in_the_function_itself_is_no_harm();
    the_log_goes_to_a_function();
    return 0;
}
