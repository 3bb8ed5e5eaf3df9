/*
 * Keeps one account alive: opens a store, adds an account with its rules, waits until it is connected, answers buyers until a
 * line comes on standard input, writes to a buyer itself, shows what was done, and closes.
 *
 *     cc -o keep_alive keep_alive.c -llivekeeper
 *     ./keep_alive my-shop.db < /dev/tty
 *
 * The environment names the service and the cookie; without the addresses it is the real service.
 */
#include <livekeeper.h>

#include <stdio.h>
#include <stdlib.h>

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

static void show_status(const lk_manager *manager, lk_str cookie_id)
{
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    lk_string *reason = NULL;
    check(lk_manager_status(manager, cookie_id, &status, &reason), "status");
    printf("%s, %s: %s; %llu received, %llu replied\n", lk_task_state_name(status.state),
           lk_connection_state_name(status.connection), lk_string_view(reason).data, (unsigned long long)status.received,
           (unsigned long long)status.replied);
    lk_string_free(reason);
}

static void show_accounts(const lk_manager *manager)
{
    lk_string_list *accounts = NULL;
    check(lk_manager_list(manager, &accounts), "list");
    for (size_t i = 0; i < lk_string_list_count(accounts); i++)
        printf("account %s\n", lk_string_list_get(accounts, i).data);
    lk_string_list_free(accounts);
}

static void write_to_buyer(const lk_manager *manager, lk_str cookie_id)
{
    lk_send_outcome outcome = LK_SEND_OUTCOME_INIT;
    lk_string *detail = NULL;
    check(lk_manager_send_text(manager, cookie_id, lk_str_of("20997167734"), lk_str_of("9687236998962"), lk_str_of("已发货"),
                               &outcome, &detail, NULL),
          "send");
    printf("sent: %s %s\n", outcome.result == LK_SEND_RESULT_DELIVERED ? "delivered" : "not delivered",
           lk_string_view(detail).data);
    lk_string_free(detail);
    expect(outcome.result == LK_SEND_RESULT_DELIVERED, "the message is delivered");

    lk_string *more_info = (lk_string *)&outcome;
    check(lk_manager_send_image(manager, cookie_id, lk_str_of("20997167734"), lk_str_of("9687236998962"),
                                lk_str_of("https://img.alicdn.com/parcel.jpg"), 800, 600, &outcome, NULL, &more_info),
          "send a picture");
    expect(outcome.result == LK_SEND_RESULT_DELIVERED && more_info == NULL, "the picture is delivered");
}

/* What came, the newest first, and what was done about it; how many messages were answered is returned. */
static size_t show_messages(const lk_manager *manager, lk_str cookie_id)
{
    size_t answered = 0;
    lk_message_list *messages = NULL;
    check(lk_manager_messages(manager, cookie_id, lk_str_of(NULL), 100, &messages), "messages");
    for (size_t i = 0; i < lk_message_list_count(messages); i++) {
        lk_message_trace message = LK_MESSAGE_TRACE_INIT;
        check(lk_message_list_get(messages, i, &message), "message");
        printf("%s: %s: %s", message.sender_id.data, message.text.data, lk_decision_name(message.decision));
        if (message.has_reply)
            printf(", by rule %u: %s", (unsigned)message.rule, message.reply_text.data);
        printf("\n");
        answered += message.decision == LK_DECISION_REPLY && message.has_reply && message.rule > 0;
    }
    lk_message_list_free(messages);
    return answered;
}

int main(int count, char **arguments)
{
    const lk_str cookie_id = lk_str_of("店铺 1");
    const char *cookie = getenv("LIVEKEEPER_COOKIE");
    const char *expected_replies = getenv("LIVEKEEPER_EXPECT_REPLIES");
    expect(cookie != NULL, "LIVEKEEPER_COOKIE holds a cookie");

    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL")); /* not set: NULL, the default */
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));
    config.debounce_s = 0; /* answer each message at once */

    lk_manager *manager = NULL;
    check(lk_manager_open(lk_str_of(count > 1 ? arguments[1] : ":memory:"), &config, &manager), "open");
    printf("livekeeper %s\n", lk_version());

    const lk_keyword rules[] = {
        {lk_str_of("包邮"), lk_str_of("全场包邮")},
        {lk_str_of("在吗"), lk_str_of("在的，请直接拍")},
    };
    check(lk_manager_add_cookie(manager, cookie_id, lk_str_of(cookie), rules, 2, lk_str_of(NULL)), "add");
    check(lk_manager_wait_for(manager, cookie_id, LK_TASK_STATE_RUNNING, LK_CONNECTION_STATE_CONNECTED, 30, NULL, NULL), "connect");
    show_accounts(manager);
    show_status(manager, cookie_id);

    /* Replies go out from threads of the library's own; this one has nothing to do. */
    printf("Press Enter to end.\n");
    fflush(stdout);
    char line[80];
    if (fgets(line, sizeof line, stdin) == NULL)
        printf("(standard input is closed)\n");

    write_to_buyer(manager, cookie_id);
    show_status(manager, cookie_id);
    const size_t answered = show_messages(manager, cookie_id);
    if (expected_replies != NULL) {
        lk_account_status status = LK_ACCOUNT_STATUS_INIT;
        check(lk_manager_status(manager, cookie_id, &status, NULL), "status");
        expect(status.replied == strtoull(expected_replies, NULL, 10), "as many replies as expected");
        expect(answered == status.replied, "as many messages answered as replies sent");
    }

    lk_stop_report *report = NULL;
    lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
    check(lk_manager_close(manager, 10, &report), "close");
    check(lk_stop_report_summary(report, &summary), "report");
    printf("closed %zu accounts in %.1f s, %s\n", summary.account_count, summary.took_s,
           summary.is_clean ? "nothing is left" : "something is left");
    lk_stop_report_free(report);
    lk_manager_free(manager);
    expect(summary.is_clean, "nothing is left");
    return 0;
}
