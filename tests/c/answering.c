/*
 * A function of a host's that answers buyers, and default replies. The environment names the service and a cookie; buyers write a word
 * each, in this order, and the function does what the word says.
 */
#include "counting.h"
#include "expect.h"

struct handler {
    lk_manager *manager;
    int calls;
    int ended;
    bool was_told;
};

static bool let_go;

static void end(void *data)
{
    count(&((struct handler *)data)->ended);
}

static void answer(void *data, const lk_chat_message *message, lk_reply *reply)
{
    struct handler *handler = data;
    const lk_str url = lk_str_of("https://img.alicdn.com/a.jpg");
    EXPECT(message->size == sizeof *message);
    EXPECT(strcmp(message->cookie_id.data, "shop") == 0);
    EXPECT(strcmp(message->chat_id.data, "40001") == 0 && strcmp(message->sender_id.data, "50001") == 0);
    EXPECT(message->message_id.length > 0 && message->sender_name.data != NULL && message->created_at_ms > 0);
    EXPECT(lk_reply_is_wanted(reply));
    /* It may call back. */
    lk_message_list *recorded = NULL;
    EXPECT(lk_manager_messages(handler->manager, message->cookie_id, message->chat_id, 10, &recorded) == LK_STATUS_OK);
    EXPECT(lk_message_list_count(recorded) > 0);
    lk_message_list_free(recorded);
    EXPECT(lk_manager_set_priority(handler->manager, message->cookie_id, 3) == LK_STATUS_OK);

    REFUSED(lk_reply_set_text(NULL, lk_str_of("x")), LK_STATUS_NULL_POINTER, "reply: is NULL");
    REFUSED(lk_reply_set_text(reply, lk_str_of(NULL)), LK_STATUS_NULL_POINTER, "text: is NULL");
    REFUSED(lk_reply_set_picture(reply, lk_str_of(NULL), 1, 1), LK_STATUS_NULL_POINTER, "url: is NULL");
    REFUSED(lk_reply_set_nothing(NULL), LK_STATUS_NULL_POINTER, "reply: is NULL");
    REFUSED(lk_reply_fail(reply, lk_str_of("\xff")), LK_STATUS_NOT_UTF8, "sentence: is no valid UTF-8");
    const char *text = message->text.data;
    if (strcmp(text, "text") == 0) {
        EXPECT(strcmp(message->item_id.data, "920001") == 0);
        EXPECT(lk_reply_set_text(reply, lk_str_of("三天 {item_id}")) == LK_STATUS_OK);
    } else if (strcmp(text, "picture") == 0) {
        EXPECT(message->item_id.data == NULL);
        EXPECT(lk_reply_set_picture(reply, url, 800, 600) == LK_STATUS_OK);
    } else if (strcmp(text, "both") == 0) {
        EXPECT(lk_reply_set_picture(reply, url, 800, 600) == LK_STATUS_OK);
        EXPECT(lk_reply_set_text(reply, lk_str_of("见图")) == LK_STATUS_OK);
    } else if (strcmp(text, "nothing") == 0) {
        EXPECT(lk_reply_set_text(reply, lk_str_of("x")) == LK_STATUS_OK);
        EXPECT(lk_reply_set_nothing(reply) == LK_STATUS_OK);
    } else if (strcmp(text, "fail") == 0) {
        EXPECT(lk_reply_set_text(reply, lk_str_of("x")) == LK_STATUS_OK);
        EXPECT(lk_reply_fail(reply, lk_str_of("the model is down")) == LK_STATUS_OK);
    } else if (strcmp(text, "unsendable") == 0) {
        EXPECT(lk_reply_set_picture(reply, url, 0, 0) == LK_STATUS_OK);
    } else if (strcmp(text, "block") == 0) {
        count(&handler->calls);
        pthread_mutex_lock(&turn);
        while (!let_go)
            pthread_cond_wait(&changed, &turn);
        pthread_mutex_unlock(&turn);
        handler->was_told = !lk_reply_is_wanted(reply);
        return;
    }
    count(&handler->calls);
}

static lk_status set(struct handler *handler, double timeout_s)
{
    return lk_manager_set_reply_handler(handler->manager, answer, handler, end, timeout_s);
}

static void what_is_wrong_is_refused_and_its_data_ended_at_once(lk_manager *manager)
{
    struct handler handler = {manager, 0, 0, false};
    REFUSED(set(&handler, 0), LK_STATUS_INVALID_ARGUMENT, "timeout_s: is 0, allowed is 0.05");
    EXPECT(handler.ended == 1);
    REFUSED(lk_manager_set_reply_handler(NULL, answer, &handler, end, 1), LK_STATUS_NULL_POINTER, "manager: is NULL");
    EXPECT(handler.ended == 2);
    EXPECT(lk_manager_set_reply_handler(manager, NULL, &handler, end, 0) == LK_STATUS_OK);
    EXPECT(handler.ended == 3);
    EXPECT(set(&handler, 1) == LK_STATUS_OK && set(&handler, 1) == LK_STATUS_OK);
    EXPECT(handler.ended == 4);
    EXPECT(lk_manager_set_reply_handler(manager, NULL, NULL, NULL, 0) == LK_STATUS_OK);
    EXPECT(handler.ended == 5);
    EXPECT(!lk_reply_is_wanted(NULL));
}

static void default_replies_are_set_looked_at_and_taken_away(lk_manager *manager)
{
    const lk_str shop = lk_str_of("shop"), none = lk_str_of(NULL), item = lk_str_of("920001");
    lk_stored_reply *stored = NULL;
    lk_default_reply given = LK_DEFAULT_REPLY_INIT, seen = LK_DEFAULT_REPLY_INIT;
    EXPECT(lk_manager_get_default_reply(manager, shop, none, &stored) == LK_STATUS_OK && stored == NULL);
    given.text = lk_str_of("见图");
    given.picture_url = lk_str_of("https://img.alicdn.com/b.jpg");
    given.picture_width = 8;
    given.picture_height = 6;
    given.once_per_chat = 1;
    EXPECT(lk_manager_set_default_reply(manager, shop, item, &given) == LK_STATUS_OK);
    EXPECT(lk_manager_get_default_reply(manager, shop, none, &stored) == LK_STATUS_OK && stored == NULL);
    EXPECT(lk_manager_get_default_reply(manager, shop, item, &stored) == LK_STATUS_OK && stored != NULL);
    EXPECT(lk_stored_reply_view(stored, &seen) == LK_STATUS_OK);
    EXPECT(strcmp(seen.text.data, "见图") == 0 && strcmp(seen.picture_url.data, given.picture_url.data) == 0);
    EXPECT(seen.picture_width == 8 && seen.picture_height == 6 && seen.once_per_chat == 1);
    seen.size = 3;
    REFUSED(lk_stored_reply_view(stored, &seen), LK_STATUS_WRONG_SIZE, "reply: its size is 3");
    lk_stored_reply_free(stored);
    lk_stored_reply_free(NULL);
    EXPECT(lk_manager_set_default_reply(manager, shop, item, NULL) == LK_STATUS_OK);
    EXPECT(lk_manager_get_default_reply(manager, shop, item, &stored) == LK_STATUS_OK && stored == NULL);

    given.once_per_chat = 2;
    REFUSED(lk_manager_set_default_reply(manager, shop, none, &given), LK_STATUS_INVALID_ARGUMENT, "once_per_chat: is 2");
    given.once_per_chat = 0;
    given.picture_width = 0;
    REFUSED(lk_manager_set_default_reply(manager, shop, none, &given), LK_STATUS_INVALID_ARGUMENT, "reply: its picture's ");
    given.size = 3;
    REFUSED(lk_manager_set_default_reply(manager, shop, none, &given), LK_STATUS_WRONG_SIZE, "reply: its size is 3");
    REFUSED(lk_manager_set_default_reply(manager, shop, lk_str_of(""), NULL), LK_STATUS_INVALID_ARGUMENT, "item_id: ");
    REFUSED_FOR(lk_manager_set_default_reply(manager, lk_str_of("x"), none, NULL), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "x");
    REFUSED(lk_manager_get_default_reply(manager, shop, none, NULL), LK_STATUS_NULL_POINTER, "reply: is NULL");

    const lk_default_reply plain = {sizeof plain, lk_str_of("稍后回复"), {NULL, 0}, 0, 0, 0};
    EXPECT(lk_manager_set_default_reply(manager, shop, none, &plain) == LK_STATUS_OK);
}

int main(void)
{
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL"));
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));
    config.stop_socket_s = config.stop_thread_s = 0.3;
    config.debounce_s = 0;
    config.chat_send_rate_per_s = config.send_rate_per_s = 1000;
    lk_manager *manager = NULL;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    what_is_wrong_is_refused_and_its_data_ended_at_once(manager);
    EXPECT(add(manager, "shop", getenv("LIVEKEEPER_COOKIE")) == LK_STATUS_OK);
    default_replies_are_set_looked_at_and_taken_away(manager);

    struct handler handler = {manager, 0, 0, false};
    EXPECT(set(&handler, 3600) == LK_STATUS_OK);
    EXPECT(lk_manager_wait_for(manager, lk_str_of("shop"), LK_ANY, LK_CONNECTION_STATE_CONNECTED, 30, NULL, NULL) == LK_STATUS_OK);
    puts("> online");
    fflush(stdout);
    wait_until(&handler.calls, 8);

    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    EXPECT(lk_manager_status(manager, lk_str_of("shop"), &status, NULL) == LK_STATUS_OK);
    EXPECT(status.handler_failures == 2);
    lk_stop_report *report = NULL;
    EXPECT(lk_manager_close(manager, 10, &report) == LK_STATUS_OK);
    lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
    EXPECT(lk_stop_report_summary(report, &summary) == LK_STATUS_OK);
    EXPECT(!summary.is_clean && handler.ended == 0);
    lk_stop_report_free(report);
    struct handler late = {manager, 0, 0, false};
    REFUSED(set(&late, 30), LK_STATUS_CLOSED, "this CookieManager is closed");

    pthread_mutex_lock(&turn);
    let_go = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&turn);
    wait_until(&handler.ended, 1);
    EXPECT(handler.was_told && late.ended == 1);
    lk_manager_free(manager);
    EXPECT(handler.ended == 1);
    return 0;
}
