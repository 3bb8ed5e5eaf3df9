/*
 * Panics below the interface, in the library as it is shipped: the system's clock fails, which Rust takes for impossible. The clock that
 * the library asks is this program's: it fails where a test says so, and is the system's own else.
 */
#define _GNU_SOURCE
#include "counting.h"
#include "verbs.h"

#include <errno.h>
#include <limits.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* How many of this thread's next looks at the clock fail. */
static __thread int looks_that_fail;
/* How many of the next looks at the date fail that the library's runtime takes, which is where sessions are. */
static int dates_that_fail;

static bool is_on_runtime(void)
{
    char name[16];
    return pthread_getname_np(pthread_self(), name, sizeof name) == 0 && strcmp(name, "livekeeper") == 0;
}

/* Whether there was one left: two threads may both see the last one, and one of them has it. */
static bool take_one(int *left)
{
    int seen = __atomic_load_n(left, __ATOMIC_SEQ_CST);
    while (seen > 0)
        if (__atomic_compare_exchange_n(left, &seen, seen - 1, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return true;
    return false;
}

static bool fails(clockid_t clock)
{
    if (looks_that_fail > 0)
        return looks_that_fail--;
    if (clock != CLOCK_REALTIME || !is_on_runtime())
        return false;
    return take_one(&dates_that_fail);
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    if (fails(clock)) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_clock_gettime, clock, now);
}

static void panicked_at(int line, lk_status status)
{
    expect_at(line, status == LK_STATUS_PANICKED && lk_last_error_code() == LK_STATUS_PANICKED, "it panicked, and says so");
    expect_at(line, strncmp(lk_last_error_message(), "internal fault: ", 16) == 0, lk_last_error_message());
    expect_at(line, strstr(lk_last_error_message(), "Invalid argument") != NULL, "the message is that of the panic");
}
#define PANICKED(call) panicked_at(__LINE__, (call))

static uint64_t connects_of(lk_manager *manager, const char *cookie_id)
{
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    EXPECT(lk_manager_status(manager, lk_str_of(cookie_id), &status, NULL) == LK_STATUS_OK);
    return status.connects;
}

/* A call that panics, on whichever thread: wait_for looks at the clock for its limit. */
static lk_status call_that_panics(lk_manager *manager)
{
    looks_that_fail = INT_MAX;
    const lk_status status = call_wait_for(manager);
    looks_that_fail = 0;
    return status;
}

static lk_manager *open_with_two_accounts(void)
{
    lk_manager *manager = open_in_memory();
    EXPECT(add(manager, "shop", COOKIE) == LK_STATUS_OK);
    EXPECT(add(manager, "other", "unb=2; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x") == LK_STATUS_OK);
    return manager;
}

static bool is_answered(lk_status status)
{
    return status < 100 && status != LK_STATUS_INTERNAL;
}

static void a_verb_that_panics_answers_so_and_leaves_nothing_locked(void)
{
    lk_manager *manager = open_with_two_accounts();
    int panics = 0;
    for (size_t i = 0; i < VERB_COUNT; i++) {
        const bool is_closing = strncmp(VERBS[i].name, "close", 5) == 0;
        looks_that_fail = INT_MAX;
        const lk_status status = VERBS[i].call(manager);
        looks_that_fail = 0;
        if (status == LK_STATUS_PANICKED) {
            PANICKED(status);
            panics++;
        }
        expect_at(__LINE__, is_answered(VERBS[i].call(manager)), VERBS[i].name);
        if (!is_closing)
            expect_at(__LINE__, lk_manager_set_remark(manager, lk_str_of("other"), TEXT) == LK_STATUS_OK, VERBS[i].name);
    }
    /* Most look at the clock, to say how long a call has waited. */
    EXPECT(panics > 20);
    EXPECT(lk_manager_list(manager, &(lk_string_list *){NULL}) == LK_STATUS_CLOSED);
    lk_manager_free(manager);
}

/* Both make the thread that has called them panic once, when it has come back from them. */
static void hear_event(void *data, const lk_event *event)
{
    (void)event;
    looks_that_fail = 1;
    count(data);
}

static void hear_line(void *data, lk_log_level level, lk_str target, lk_str message)
{
    (void)level;
    (void)target;
    (void)message;
    looks_that_fail = 1;
    count(data);
}

static int ended;

static void end(void *data)
{
    (void)data;
    count(&ended);
}

static void threads_that_call_functions_go_on_after_a_panic(void)
{
    lk_manager *manager = open_with_two_accounts();
    int events = 0, lines = 0;
    EXPECT(lk_set_log_hook(hear_line, LK_LOG_LEVEL_TRACE, &lines, end) == LK_STATUS_OK);
    EXPECT(lk_manager_set_event_callback(manager, hear_event, &events, end) == LK_STATUS_OK);
    for (int i = 1; i <= 5; i++) {
        EXPECT(lk_manager_restart(manager, ID) == LK_STATUS_OK);
        wait_until(&events, i);
        wait_until(&lines, i);
    }
    /* Both are waited for, and nothing of theirs is used afterwards. */
    EXPECT(lk_manager_set_event_callback(manager, NULL, NULL, NULL) == LK_STATUS_OK);
    EXPECT(ended == 1);
    EXPECT(lk_set_log_hook(NULL, 0, NULL, NULL) == LK_STATUS_OK);
    EXPECT(ended == 2);
    lk_manager_free(manager);
}

static void call_in_completion(void *data, lk_status status, const lk_call *call)
{
    (void)call;
    EXPECT(status == LK_STATUS_OK);
    PANICKED(call_that_panics(data));
}

static void calls_that_were_begun_are_told_of_also_by_functions_in_which_a_call_panics(void)
{
    lk_manager *manager = open_with_two_accounts();
    ended = 0;
    for (int i = 1; i <= 5; i++) {
        lk_call *call = NULL;
        EXPECT(lk_manager_restart_begin(manager, ID, &call) == LK_STATUS_OK);
        EXPECT(lk_call_on_done(call, call_in_completion, manager, end) == LK_STATUS_OK);
        looks_that_fail = INT_MAX;
        const lk_status status = lk_call_wait(call, LK_FOREVER);
        looks_that_fail = 0;
        PANICKED(status);
        EXPECT(lk_call_wait(call, LK_FOREVER) == LK_STATUS_OK);
        wait_until(&ended, i);
        lk_call_free(call);
    }
    lk_manager_free(manager);
}

static void answer(void *data, const lk_chat_message *message, lk_reply *reply)
{
    (void)message;
    PANICKED(call_that_panics(data));
    EXPECT(lk_reply_set_text(reply, lk_str_of("在的")) == LK_STATUS_OK);
}

static void wait_until_online(lk_manager *manager, const char *cookie_id)
{
    EXPECT(lk_manager_wait_for(manager, lk_str_of(cookie_id), LK_ANY, LK_CONNECTION_STATE_CONNECTED, 60, NULL, NULL) == LK_STATUS_OK);
}

/* Whether it was the account "shop". */
static bool wait_until_one_has_panicked(lk_events *events)
{
    lk_event event = LK_EVENT_INIT;
    bool is_it = false, is_shop = false;
    while (!is_it) {
        EXPECT(lk_events_next(events, 60000, &event) == LK_STATUS_OK);
        is_it = event.kind == LK_EVENT_KIND_STATE_CHANGED && event.new_reason == LK_REASON_CODE_PANICKED;
        EXPECT(!is_it || event.new_state == LK_TASK_STATE_FAILED);
        is_shop = strcmp(event.cookie_id.data, "shop") == 0;
        lk_event_free(&event);
    }
    return is_shop;
}

/* One session takes a look at a date that fails: that of "shop" when its buyer writes, if it is not the other before. */
static void one_account_panics_and_the_others_live(void)
{
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL"));
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));
    config.debounce_s = 0;
    /* The looks at everyone's health and at the process, which are on the runtime too, come after all of this. */
    config.health_interval_s = 3600;
    lk_manager *manager = NULL;
    lk_events *events = NULL;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    EXPECT(lk_manager_set_reply_handler(manager, answer, manager, NULL, 60) == LK_STATUS_OK);
    EXPECT(add(manager, "shop", getenv("LIVEKEEPER_COOKIE")) == LK_STATUS_OK);
    EXPECT(add(manager, "other", getenv("LIVEKEEPER_OTHER_COOKIE")) == LK_STATUS_OK);
    wait_until_online(manager, "shop");
    wait_until_online(manager, "other");
    EXPECT(lk_manager_events(manager, &events) == LK_STATUS_OK);
    __atomic_store_n(&dates_that_fail, 1, __ATOMIC_SEQ_CST);
    printf("> online\n");
    fflush(stdout);
    const bool is_shop = wait_until_one_has_panicked(events);
    const char *failed = is_shop ? "shop" : "other", *lives = is_shop ? "other" : "shop";
    EXPECT(__atomic_load_n(&dates_that_fail, __ATOMIC_SEQ_CST) == 0);
    wait_until_online(manager, failed);
    printf("> back\n");
    fflush(stdout);
    (void)getchar();
    EXPECT(connects_of(manager, failed) == 2 && connects_of(manager, lives) == 1);
    lk_stop_report *report = NULL;
    lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
    EXPECT(lk_manager_close(manager, 10, &report) == LK_STATUS_OK);
    EXPECT(lk_stop_report_summary(report, &summary) == LK_STATUS_OK && summary.is_clean);
    lk_stop_report_free(report);
    lk_events_free(events);
    lk_manager_free(manager);
}

int main(void)
{
    alarm(300);
    if (getenv("LIVEKEEPER_WEBSOCKET_URL")) {
        one_account_panics_and_the_others_live();
        return 0;
    }
    a_verb_that_panics_answers_so_and_leaves_nothing_locked();
    threads_that_call_functions_go_on_after_a_panic();
    calls_that_were_begun_are_told_of_also_by_functions_in_which_a_call_panics();
    return 0;
}
