/*
 * Calls that are begun: waited for, told of to a function exactly once, given up, let go of, and caught by the manager's end. Offline.
 */
#include "counting.h"
#include "expect.h"

#include <unistd.h>

#define CALLS 200

struct told {
    int calls;
    int ended;
    lk_status status;
    lk_manager *manager;
};

static void on_done(void *data, lk_status status, const lk_call *call)
{
    struct told *told = data;
    EXPECT(told->ended == told->calls);
    EXPECT(status == lk_call_wait(call, 0));
    EXPECT(status == LK_STATUS_OK || lk_last_error_code() == status);
    told->status = status;
    /* It may call back, also with what blocks. */
    if (told->manager)
        EXPECT(lk_manager_set_priority(told->manager, lk_str_of("1"), 5) == LK_STATUS_OK);
    count(&told->calls);
}

static void end(void *data)
{
    count(&((struct told *)data)->ended);
}

static lk_call *begin_to_wait(lk_manager *manager)
{
    lk_call *call = NULL;
    EXPECT(lk_manager_wait_for_begin(manager, lk_str_of("1"), LK_ANY, LK_CONNECTION_STATE_CONNECTED, 3600, &call) == LK_STATUS_OK);
    return call;
}

static void what_is_wrong_is_refused(lk_manager *manager)
{
    struct told told = {0, 0, LK_STATUS_OK, NULL};
    lk_call *call = (lk_call *)&call;
    REFUSED(lk_manager_remove_cookie_begin(NULL, lk_str_of("1"), &call), LK_STATUS_NULL_POINTER, "manager: is NULL");
    EXPECT(call == NULL);
    REFUSED(lk_manager_remove_cookie_begin(manager, lk_str_of("1"), NULL), LK_STATUS_NULL_POINTER, "call: is NULL");
    REFUSED(lk_manager_wait_for_begin(manager, lk_str_of("1"), 99, LK_ANY, 1, &call), LK_STATUS_INVALID_ARGUMENT, "state: ");
    REFUSED(lk_call_wait(NULL, 0), LK_STATUS_NULL_POINTER, "call: is NULL");
    REFUSED(lk_call_on_done(NULL, on_done, &told, end), LK_STATUS_NULL_POINTER, "call: is NULL");
    EXPECT(told.ended == 1 && told.calls == 0);

    /* What the verb itself refuses is the call's end. */
    EXPECT(lk_manager_remove_cookie_begin(manager, lk_str_of("谁"), &call) == LK_STATUS_OK);
    REFUSED_FOR(lk_call_wait(call, LK_FOREVER), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED(lk_call_on_done(call, NULL, &told, end), LK_STATUS_NULL_POINTER, "function: is NULL");
    EXPECT(told.ended == 2);
    lk_stop_report *report = NULL;
    REFUSED_FOR(lk_call_stop_report(call, &report), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    lk_call_free(call);
    REFUSED(lk_call_wait(call, 0), LK_STATUS_INVALID_HANDLE, "call: is no lk_call");
    lk_call_free(call);
    lk_call_free(NULL);
}

static void a_call_is_told_of_once_and_can_be_looked_at_as_often_as_one_likes(lk_manager *manager)
{
    struct told told = {0, 0, LK_STATUS_INTERNAL, manager}, later = {0, 0, LK_STATUS_INTERNAL, NULL};
    lk_call *call = NULL;
    EXPECT(lk_manager_add_cookie_begin(manager, lk_str_of("1"), lk_str_of(COOKIE), NULL, &call) == LK_STATUS_OK);
    EXPECT(lk_call_on_done(call, on_done, &told, end) == LK_STATUS_OK);
    EXPECT(lk_call_wait(call, LK_FOREVER) == LK_STATUS_OK);
    EXPECT(lk_call_wait(call, 0) == LK_STATUS_OK);
    wait_until(&told.ended, 1);
    EXPECT(told.calls == 1 && told.status == LK_STATUS_OK);
    EXPECT(lk_call_on_done(call, on_done, &later, end) == LK_STATUS_OK);
    wait_until(&later.ended, 1);
    EXPECT(later.calls == 1 && told.calls == 1);
    lk_send_outcome outcome = LK_SEND_OUTCOME_INIT;
    REFUSED(lk_call_send_outcome(call, &outcome, NULL, NULL), LK_STATUS_INVALID_ARGUMENT, "call: was begun by a verb that");
    lk_call_free(call);
}

static void a_call_that_is_given_up_is_told_of_once(lk_manager *manager)
{
    struct told told = {0, 0, LK_STATUS_OK, NULL};
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    lk_call *call = begin_to_wait(manager);
    REFUSED(lk_call_wait(call, 5), LK_STATUS_NOT_OVER, "the call is not over yet");
    REFUSED(lk_call_account_status(call, &status, NULL), LK_STATUS_NOT_OVER, "the call is not over yet");
    EXPECT(lk_call_on_done(call, on_done, &told, end) == LK_STATUS_OK);
    EXPECT(lk_call_cancel(call) == LK_STATUS_OK && lk_call_cancel(call) == LK_STATUS_OK);
    REFUSED(lk_call_wait(call, LK_FOREVER), LK_STATUS_CANCELLED, "the call was given up");
    wait_until(&told.ended, 1);
    EXPECT(told.calls == 1 && told.status == LK_STATUS_CANCELLED);
    lk_call_free(call);
}

/* Half of them are given up, half of the handles freed; then the manager ends under all of them. */
static void whatever_comes_each_is_told_of_once(bool is_closed_first)
{
    static struct told told[CALLS];
    static lk_call *calls[CALLS];
    lk_manager *manager = open_in_memory();
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);
    memset(told, 0, sizeof told);
    for (int i = 0; i < CALLS; i++) {
        calls[i] = begin_to_wait(manager);
        EXPECT(lk_call_on_done(calls[i], on_done, &told[i], end) == LK_STATUS_OK);
        if (i % 4 == 1)
            EXPECT(lk_call_cancel(calls[i]) == LK_STATUS_OK);
        if (i % 2 == 0)
            lk_call_free(calls[i]);
    }
    if (is_closed_first) {
        lk_call *close = NULL;
        lk_stop_report *report = NULL;
        EXPECT(lk_manager_close_begin(manager, 10, &close) == LK_STATUS_OK);
        EXPECT(lk_call_wait(close, LK_FOREVER) == LK_STATUS_OK);
        EXPECT(lk_call_stop_report(close, &report) == LK_STATUS_OK);
        lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
        EXPECT(lk_stop_report_summary(report, &summary) == LK_STATUS_OK && summary.account_count == 1);
        lk_stop_report_free(report);
        lk_call_free(close);
    }
    lk_manager_free(manager);
    for (int i = 0; i < CALLS; i++) {
        wait_until(&told[i].ended, 1);
        EXPECT(told[i].calls == 1 && told[i].ended == 1);
        EXPECT(told[i].status == (i % 4 == 1 ? LK_STATUS_CANCELLED : LK_STATUS_CLOSED)
               || told[i].status == LK_STATUS_ACCOUNT_NOT_FOUND);
        if (i % 2)
            lk_call_free(calls[i]);
    }
}

int main(void)
{
    lk_manager *manager = open_in_memory();
    what_is_wrong_is_refused(manager);
    a_call_is_told_of_once_and_can_be_looked_at_as_often_as_one_likes(manager);
    a_call_that_is_given_up_is_told_of_once(manager);
    lk_manager_free(manager);
    whatever_comes_each_is_told_of_once(true);
    whatever_comes_each_is_told_of_once(false);

    lk_string_list *missing = NULL;
    EXPECT(lk_validate_cookie(lk_str_of("unb=1; t=1; cna=1; cookie2=1"), &missing) == LK_STATUS_OK);
    EXPECT(lk_string_list_count(missing) == 3 && strcmp(lk_string_list_get(missing, 0).data, "sgcookie") == 0);
    lk_string_list_free(missing);
    REFUSED(lk_validate_cookie(lk_str_of("t=1"), &missing), LK_STATUS_INVALID_ARGUMENT, "cookie_value: the cookie has no `unb`");
    EXPECT(missing == NULL);
    return 0;
}
