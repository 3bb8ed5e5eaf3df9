/*
 * The interface of C itself, offline: what is refused and how it is told, what belongs to whom, what NULL does.
 * The accounts point at an address where nobody listens.
 */
#include "expect.h"

#include <sys/wait.h>
#include <unistd.h>

static void before_the_first_failure_there_is_no_error(void)
{
    EXPECT(lk_last_error_code() == LK_STATUS_OK);
    EXPECT(strcmp(lk_last_error_message(), "") == 0);
    EXPECT(strcmp(lk_last_error_cookie_id(), "") == 0);
}

static void init_macro_and_function_agree(void)
{
    lk_config by_macro;
    lk_config by_function;
    const lk_config filled = LK_CONFIG_INIT;
    memset(&by_macro, 0, sizeof by_macro);
    memset(&by_function, 0xff, sizeof by_function);
    memcpy(&by_macro, &filled, sizeof filled);
    EXPECT(lk_config_init(&by_function, sizeof by_function) == LK_STATUS_OK);
    /* What lies between a bool and the next number is nobody's. */
    const size_t before = offsetof(lk_config, join_messages) + sizeof by_macro.join_messages;
    const size_t after = offsetof(lk_config, stale_after_s);
    EXPECT(memcmp(&by_macro, &by_function, before) == 0);
    EXPECT(memcmp((const char *)&by_macro + after, (const char *)&by_function + after, sizeof by_macro - after) == 0);
    REFUSED(lk_config_init(NULL, sizeof by_function), LK_STATUS_NULL_POINTER, "config: is NULL");
    REFUSED(lk_config_init(&by_function, 4), LK_STATUS_WRONG_SIZE, "config: its size is 4");
}

static void opening_refuses_what_cannot_be(void)
{
    lk_manager *manager = (lk_manager *)&manager;
    lk_config config = unreachable();

    REFUSED(lk_manager_open(lk_str_of(":memory:"), &config, NULL), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_open(lk_str_of("/nonexistent/shop.db"), &config, &manager), LK_STATUS_STORE_UNAVAILABLE,
            "cannot open the store \"/nonexistent/shop.db\"");
    EXPECT(manager == NULL);
    REFUSED(lk_manager_open(lk_str_of(NULL), &config, &manager), LK_STATUS_NULL_POINTER, "path: is NULL");
    REFUSED(lk_manager_open(lk_str_of("shop\xff.db"), &config, &manager), LK_STATUS_NOT_UTF8,
            "path: is no valid UTF-8, from byte 4 on");

    config.debounce_s = -1;
    REFUSED(lk_manager_open(lk_str_of(":memory:"), &config, &manager), LK_STATUS_INVALID_ARGUMENT, "debounce_s: is -1");
    config = unreachable();
    config.api_url = lk_str_of("http://example.com/");
    REFUSED(lk_manager_open(lk_str_of(":memory:"), &config, &manager), LK_STATUS_INVALID_ARGUMENT, "api_url: ");
    config = unreachable();
    const lk_str command[] = {lk_str_of("node"), lk_str_of(NULL)};
    config.cookie_helper_count = 1;
    REFUSED(lk_manager_open(lk_str_of(":memory:"), &config, &manager), LK_STATUS_NULL_POINTER, "cookie_helper: is NULL");
    config.cookie_helper = command;
    config.cookie_helper_count = 2;
    REFUSED(lk_manager_open(lk_str_of(":memory:"), &config, &manager), LK_STATUS_NULL_POINTER, "cookie_helper: is NULL");
    config.cookie_helper_count = 0;
    REFUSED(lk_manager_open(lk_str_of(":memory:"), &config, &manager), LK_STATUS_INVALID_ARGUMENT, "cookie_helper: is empty");
    config = unreachable();
    config.size = 0;
    REFUSED(lk_manager_open(lk_str_of(":memory:"), &config, &manager), LK_STATUS_WRONG_SIZE, "config: its size is 0");
    config.size = sizeof config + 8;
    REFUSED(lk_manager_open(lk_str_of(":memory:"), &config, &manager), LK_STATUS_WRONG_SIZE, "config: its size is ");
}

static void adding_refuses_bad_input_and_stores_nothing(lk_manager *manager)
{
    char long_id[257];
    memset(long_id, 'a', 256);
    long_id[256] = '\0';
    const lk_str beyond_memory = {"x", (size_t)1 << (8 * sizeof(size_t) - 1)};
    const lk_str with_nul = {"a\0b", 3};
    const lk_keyword blank = {lk_str_of(" "), lk_str_of("x")};
    const lk_keyword not_utf8 = {lk_str_of("\xc0"), lk_str_of("x")};
    const lk_keyword no_reply = {lk_str_of("x"), lk_str_of(NULL)};
    const lk_str none = lk_str_of(NULL);

    REFUSED(add(NULL, "1", COOKIE), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(add(manager, NULL, COOKIE), LK_STATUS_NULL_POINTER, "cookie_id: is NULL");
    REFUSED(add(manager, "", COOKIE), LK_STATUS_INVALID_ARGUMENT, "cookie_id: is empty");
    REFUSED(add(manager, long_id, COOKIE), LK_STATUS_INVALID_ARGUMENT, "cookie_id: has 256 bytes");
    REFUSED(add(manager, "\xe5\xba", COOKIE), LK_STATUS_NOT_UTF8, "cookie_id: is no valid UTF-8, from byte 0 on");
    REFUSED(lk_manager_add_cookie(manager, with_nul, lk_str_of(COOKIE), NULL, 0, none), LK_STATUS_INVALID_ARGUMENT,
            "cookie_id: holds a NUL");
    REFUSED(lk_manager_add_cookie(manager, beyond_memory, lk_str_of(COOKIE), NULL, 0, none), LK_STATUS_INVALID_ARGUMENT,
            "cookie_id: a length of ");

    REFUSED(add(manager, "1", NULL), LK_STATUS_NULL_POINTER, "cookie_value: is NULL");
    REFUSED(add(manager, "1", ""), LK_STATUS_INVALID_ARGUMENT, "cookie_value: ");
    REFUSED(add(manager, "1", "cookie2=x"), LK_STATUS_INVALID_ARGUMENT, "cookie_value: ");
    REFUSED(add(manager, "1", "unb=1\r\n; cookie2=x"), LK_STATUS_INVALID_ARGUMENT, "cookie_value: ");

    REFUSED(lk_manager_add_cookie(manager, lk_str_of("1"), lk_str_of(COOKIE), &blank, 1, none), LK_STATUS_INVALID_ARGUMENT,
            "keywords: rule 1: its keyword is empty");
    REFUSED(lk_manager_add_cookie(manager, lk_str_of("1"), lk_str_of(COOKIE), &not_utf8, 1, none), LK_STATUS_NOT_UTF8, "keyword: ");
    REFUSED(lk_manager_add_cookie(manager, lk_str_of("1"), lk_str_of(COOKIE), &no_reply, 1, none), LK_STATUS_NULL_POINTER, "reply: ");
    REFUSED(lk_manager_add_cookie(manager, lk_str_of("1"), lk_str_of(COOKIE), NULL, 1, none), LK_STATUS_NULL_POINTER, "keywords: ");
    REFUSED(lk_manager_add_cookie(manager, lk_str_of("1"), lk_str_of(COOKIE), &blank, SIZE_MAX, none), LK_STATUS_INVALID_ARGUMENT,
            "keywords: a count of ");

    lk_string_list *list = NULL;
    EXPECT(lk_manager_list(manager, &list) == LK_STATUS_OK);
    EXPECT(lk_string_list_count(list) == 0);
    lk_string_list_free(list);
}

static void an_unknown_account_is_named(lk_manager *manager)
{
    const lk_str nobody = lk_str_of("谁");
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    lk_send_outcome outcome = LK_SEND_OUTCOME_INIT;
    lk_keyword_list *rules = (lk_keyword_list *)&rules;
    lk_string *reason = (lk_string *)&reason;
    bool enabled = false;

    REFUSED_FOR(lk_manager_status(manager, nobody, &status, &reason), LK_STATUS_ACCOUNT_NOT_FOUND,
                "no account has the cookie_id \"谁\"", "谁");
    EXPECT(reason == NULL);
    REFUSED_FOR(lk_manager_remove_cookie(manager, nobody), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_update_cookie(manager, nobody, lk_str_of(COOKIE)), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_update_cookie_status(manager, nobody, true), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_get_cookie_status(manager, nobody, &enabled), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_update_keywords(manager, nobody, NULL, 0), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_get_keywords(manager, nobody, &rules), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    EXPECT(rules == NULL);
    REFUSED_FOR(lk_manager_wait_for(manager, nobody, LK_ANY, LK_ANY, 0, NULL, NULL), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_send_text(manager, nobody, lk_str_of("1"), lk_str_of("2"), lk_str_of("x"), &outcome, NULL, NULL),
                LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
}

static void an_account_is_added_changed_and_removed(lk_manager *manager)
{
    const lk_str id = lk_str_of("1");
    const lk_keyword rules[] = {{lk_str_of("包邮"), lk_str_of("全场包邮")}, {{"a\0b", 3}, lk_str_of("")}};
    EXPECT(lk_manager_add_cookie(manager, id, lk_str_of(COOKIE), rules, 2, lk_str_of("user")) == LK_STATUS_OK);

    lk_keyword_list *kept = NULL;
    EXPECT(lk_manager_get_keywords(manager, id, &kept) == LK_STATUS_OK);
    EXPECT(lk_keyword_list_count(kept) == 2);
    EXPECT(strcmp(lk_keyword_list_get(kept, 0).reply.data, "全场包邮") == 0);
    EXPECT(lk_keyword_list_get(kept, 1).keyword.length == 3);
    EXPECT(lk_keyword_list_get(kept, 1).reply.length == 0 && lk_keyword_list_get(kept, 1).reply.data != NULL);
    EXPECT(lk_keyword_list_get(kept, 2).keyword.data == NULL);
    lk_keyword_list_free(kept);

    EXPECT(lk_manager_update_keywords(manager, id, rules, 1) == LK_STATUS_OK);
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK); /* no rules given: they stay */
    EXPECT(lk_manager_get_keywords(manager, id, &kept) == LK_STATUS_OK);
    EXPECT(lk_keyword_list_count(kept) == 1);
    lk_keyword_list_free(kept);

    const lk_str words[] = {lk_str_of("尺码"), lk_str_of("多大")};
    lk_rule full[] = {LK_RULE_INIT, LK_RULE_INIT};
    full[0].keywords = words;
    full[0].keyword_count = 2;
    full[0].item_id = lk_str_of("920001");
    full[0].picture_url = lk_str_of("https://img.alicdn.com/size.jpg");
    full[0].picture_width = 800;
    full[0].picture_height = 600;
    full[1].keywords = words + 1;
    full[1].keyword_count = 1;
    full[1].matching = LK_MATCHING_REGEX;
    full[1].reply = lk_str_of("{send_user_name}，见图");
    EXPECT(lk_manager_update_rules(manager, id, full, 2) == LK_STATUS_OK);
    lk_rule_list *all = NULL;
    EXPECT(lk_manager_get_rules(manager, id, &all) == LK_STATUS_OK);
    EXPECT(lk_rule_list_count(all) == 2);
    lk_rule rule = LK_RULE_INIT;
    EXPECT(lk_rule_list_get(all, 0, &rule) == LK_STATUS_OK);
    EXPECT(rule.keyword_count == 2 && strcmp(rule.keywords[1].data, "多大") == 0 && rule.matching == LK_MATCHING_CONTAINS);
    EXPECT(strcmp(rule.item_id.data, "920001") == 0 && rule.reply.length == 0);
    EXPECT(strcmp(rule.picture_url.data, "https://img.alicdn.com/size.jpg") == 0);
    EXPECT(rule.picture_width == 800 && rule.picture_height == 600);
    EXPECT(lk_rule_list_get(all, 1, &rule) == LK_STATUS_OK);
    EXPECT(rule.matching == LK_MATCHING_REGEX && rule.item_id.data == NULL && rule.picture_url.data == NULL);
    REFUSED(lk_rule_list_get(all, 2, &rule), LK_STATUS_INVALID_ARGUMENT, "index: is 2");
    lk_rule_list_free(all);
    REFUSED(lk_manager_get_keywords(manager, id, &kept), LK_STATUS_INVALID_ARGUMENT, "keywords: rule 1 is more than");
    full[1].matching = 7;
    REFUSED(lk_manager_update_rules(manager, id, full, 2), LK_STATUS_INVALID_ARGUMENT, "matching: is 7");
    full[1].size = 1;
    REFUSED(lk_manager_update_rules(manager, id, full, 2), LK_STATUS_WRONG_SIZE, "rules");
    REFUSED(lk_manager_update_rules(manager, id, NULL, 1), LK_STATUS_NULL_POINTER, "rules: is NULL");
    REFUSED(lk_manager_add_cookie_with_rules(manager, id, lk_str_of(COOKIE), full + 1, 1, lk_str_of(NULL)), LK_STATUS_WRONG_SIZE, "rules");
    full[0].picture_width = 0;
    REFUSED(lk_manager_update_rules(manager, id, full, 1), LK_STATUS_INVALID_ARGUMENT, "keywords: rule 1: its picture's width is 0");
    full[0].picture_width = 800;
    EXPECT(lk_manager_add_cookie_with_rules(manager, id, lk_str_of(COOKIE), full, 1, lk_str_of(NULL)) == LK_STATUS_OK);
    EXPECT(lk_manager_get_rules(manager, id, &all) == LK_STATUS_OK && lk_rule_list_count(all) == 1);
    lk_rule_list_free(all);
    EXPECT(lk_manager_update_rules(manager, id, NULL, 0) == LK_STATUS_OK);

    bool enabled = false;
    EXPECT(lk_manager_get_cookie_status(manager, id, &enabled) == LK_STATUS_OK && enabled);
    REFUSED(lk_manager_get_cookie_status(manager, id, NULL), LK_STATUS_NULL_POINTER, "enabled: is NULL");
    REFUSED_FOR(lk_manager_update_cookie(manager, id, lk_str_of("unb=7; cookie2=x")), LK_STATUS_WRONG_OWNER, "account \"1\" belongs to", "1");

    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    lk_string *reason = NULL;
    lk_send_outcome outcome = LK_SEND_OUTCOME_INIT;
    REFUSED_FOR(lk_manager_send_text(manager, id, lk_str_of("1"), lk_str_of("2"), lk_str_of("x"), &outcome, NULL, NULL),
                LK_STATUS_NOT_CONNECTED, "account \"1\" is not connected", "1");
    lk_string *more_info = (lk_string *)&more_info;
    const lk_str url = lk_str_of("https://img.alicdn.com/a.jpg");
    REFUSED_FOR(lk_manager_send_image(manager, id, lk_str_of("1"), lk_str_of("2"), url, 8, 6, &outcome, NULL, &more_info),
                LK_STATUS_NOT_CONNECTED, "account \"1\" is not connected", "1");
    EXPECT(more_info == NULL);
    REFUSED(lk_manager_send_image(manager, id, lk_str_of("1"), lk_str_of("2"), url, 0, 6, &outcome, NULL, NULL),
            LK_STATUS_INVALID_ARGUMENT, "width: is 0; allowed is 1");
    REFUSED(lk_manager_send_image(manager, id, lk_str_of("1"), lk_str_of("2"), lk_str_of("a.jpg"), 8, 6, &outcome, NULL, NULL),
            LK_STATUS_INVALID_ARGUMENT, "url: is none");
    REFUSED_FOR(lk_manager_wait_for(manager, id, LK_ANY, LK_CONNECTION_STATE_CONNECTED, 0, NULL, NULL), LK_STATUS_TIMED_OUT,
                "connection=connected did not happen within 0 s", "1");
    REFUSED(lk_manager_wait_for(manager, id, 99, LK_ANY, 0, NULL, NULL), LK_STATUS_INVALID_ARGUMENT, "state: is 99");
    REFUSED(lk_manager_wait_for(manager, id, LK_ANY, 99, 0, NULL, NULL), LK_STATUS_INVALID_ARGUMENT, "connection: is 99");
    REFUSED(lk_manager_wait_for(manager, id, LK_ANY, LK_ANY, -1, NULL, NULL), LK_STATUS_INVALID_ARGUMENT, "timeout_s: is -1");
    REFUSED(lk_manager_status(manager, id, NULL, NULL), LK_STATUS_NULL_POINTER, "status: is NULL");
    status.size = 1;
    REFUSED(lk_manager_status(manager, id, &status, NULL), LK_STATUS_WRONG_SIZE, "status: its size is 1");
    status.size = sizeof status;

    EXPECT(lk_manager_update_cookie_status(manager, id, false) == LK_STATUS_OK);
    EXPECT(lk_manager_wait_for(manager, id, LK_TASK_STATE_STOPPED, LK_ANY, 30, &status, &reason) == LK_STATUS_OK);
    EXPECT(status.state == LK_TASK_STATE_STOPPED && status.reason == LK_REASON_CODE_DISABLED && !status.enabled);
    EXPECT(status.size == sizeof status && status.since_ms > 0 && status.next_try_ms == 0 && status.replied == 0);
    EXPECT(lk_string_view(reason).length == strlen(lk_string_view(reason).data));
    EXPECT(strcmp(lk_string_view(reason).data, "disabled by the host") == 0);
    lk_string_free(reason);
    EXPECT(strcmp(lk_reason_code_name(status.reason), "disabled") == 0);
    EXPECT(strcmp(lk_task_state_name(status.state), "stopped") == 0);
    EXPECT(strcmp(lk_connection_state_name(99), "unknown") == 0);

    lk_string_list *list = NULL;
    EXPECT(lk_manager_get_enabled_cookies(manager, &list) == LK_STATUS_OK);
    EXPECT(lk_string_list_count(list) == 0);
    lk_string_list_free(list);
    EXPECT(lk_manager_list(manager, &list) == LK_STATUS_OK);
    EXPECT(lk_string_list_count(list) == 1);
    EXPECT(strcmp(lk_string_list_get(list, 0).data, "1") == 0);
    EXPECT(lk_string_list_get(list, 1).data == NULL);
    lk_string_list_free(list);
    EXPECT(lk_manager_remove_cookie(manager, id) == LK_STATUS_OK);
}

static void chats_are_paused_and_the_trail_is_asked_for(lk_manager *manager)
{
    const lk_str id = lk_str_of("1");
    const lk_str nobody = lk_str_of("谁");
    const lk_str chat = lk_str_of("41");
    const lk_str none = lk_str_of(NULL);
    lk_message_list *messages = (lk_message_list *)&messages;
    lk_message_trace message = LK_MESSAGE_TRACE_INIT;
    lk_paused_chat_list *chats = (lk_paused_chat_list *)&chats;
    lk_paused_chat paused = LK_PAUSED_CHAT_INIT;
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);

    REFUSED(lk_manager_pause_chat(NULL, id, chat, 1), LK_STATUS_NULL_POINTER, "manager: is NULL");
    REFUSED(lk_manager_pause_chat(manager, id, none, 1), LK_STATUS_NULL_POINTER, "chat_id: is NULL");
    REFUSED(lk_manager_pause_chat(manager, id, lk_str_of(""), 1), LK_STATUS_INVALID_ARGUMENT, "chat_id: ");
    REFUSED(lk_manager_pause_chat(manager, id, chat, 0), LK_STATUS_INVALID_ARGUMENT, "minutes: is 0");
    REFUSED(lk_manager_pause_chat(manager, id, chat, 525601), LK_STATUS_INVALID_ARGUMENT, "minutes: is 525601");
    REFUSED_FOR(lk_manager_pause_chat(manager, nobody, chat, 1), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED(lk_manager_resume_chat(manager, id, none), LK_STATUS_NULL_POINTER, "chat_id: is NULL");
    REFUSED_FOR(lk_manager_resume_chat(manager, nobody, chat), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED(lk_manager_set_pause_duration(manager, id, 525601), LK_STATUS_INVALID_ARGUMENT, "minutes: is 525601");
    REFUSED_FOR(lk_manager_set_pause_duration(manager, nobody, 0), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED(lk_manager_messages(manager, id, none, 0, &messages), LK_STATUS_INVALID_ARGUMENT, "limit: is 0");
    EXPECT(messages == NULL);
    REFUSED(lk_manager_messages(manager, id, none, 10001, &messages), LK_STATUS_INVALID_ARGUMENT, "limit: is 10001");
    REFUSED(lk_manager_messages(manager, id, none, 1, NULL), LK_STATUS_NULL_POINTER, "list: is NULL");
    REFUSED(lk_manager_messages(manager, id, lk_str_of("\xff"), 1, &messages), LK_STATUS_NOT_UTF8, "chat_id: ");
    REFUSED_FOR(lk_manager_messages(manager, nobody, none, 1, &messages), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED_FOR(lk_manager_paused_chats(manager, nobody, &chats), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    EXPECT(chats == NULL);

    EXPECT(lk_manager_set_pause_duration(manager, id, 0) == LK_STATUS_OK);
    EXPECT(lk_manager_pause_chat(manager, id, chat, 525600) == LK_STATUS_OK);
    EXPECT(lk_manager_paused_chats(manager, id, &chats) == LK_STATUS_OK);
    EXPECT(lk_paused_chat_list_count(chats) == 1);
    EXPECT(lk_paused_chat_list_get(chats, 0, &paused) == LK_STATUS_OK);
    EXPECT(strcmp(paused.chat_id.data, "41") == 0 && paused.paused_until_ms > 0 && paused.size == sizeof paused);
    REFUSED(lk_paused_chat_list_get(chats, 1, &paused), LK_STATUS_INVALID_ARGUMENT, "index: is 1, the list has 1");
    paused.size = 1;
    REFUSED(lk_paused_chat_list_get(chats, 0, &paused), LK_STATUS_WRONG_SIZE, "chat: its size is 1");
    lk_paused_chat_list_free(chats);
    EXPECT(lk_manager_resume_chat(manager, id, chat) == LK_STATUS_OK);
    EXPECT(lk_manager_resume_chat(manager, id, chat) == LK_STATUS_OK);
    EXPECT(lk_manager_paused_chats(manager, id, &chats) == LK_STATUS_OK);
    EXPECT(chats != NULL && lk_paused_chat_list_count(chats) == 0);
    lk_paused_chat_list_free(chats);

    EXPECT(lk_manager_messages(manager, id, chat, 10000, &messages) == LK_STATUS_OK);
    EXPECT(messages != NULL && lk_message_list_count(messages) == 0);
    REFUSED(lk_message_list_get(messages, 0, &message), LK_STATUS_INVALID_ARGUMENT, "index: is 0, the list has 0");
    REFUSED(lk_message_list_get(messages, 0, NULL), LK_STATUS_NULL_POINTER, "message: is NULL");
    REFUSED(lk_message_list_get(NULL, 0, &message), LK_STATUS_NULL_POINTER, "list: is NULL");
    lk_message_list_free(messages);
    EXPECT(strcmp(lk_decision_name(LK_DECISION_CHAT_PAUSED), "chat_paused") == 0);
    EXPECT(strcmp(lk_decision_name(LK_DECISION_UNKNOWN), "unknown") == 0);
    EXPECT(lk_manager_remove_cookie(manager, id) == LK_STATUS_OK);
}

static void orders_are_asked_for_and_what_is_no_order_is_refused(lk_manager *manager)
{
    const lk_str id = lk_str_of("1");
    const lk_str nobody = lk_str_of("谁");
    const lk_str none = lk_str_of(NULL);
    lk_order_list *orders = (lk_order_list *)&orders;
    lk_order order = LK_ORDER_INIT;
    lk_order_step step = LK_ORDER_STEP_INIT;
    lk_confirmation confirmation = LK_CONFIRMATION_INIT;
    lk_string *text = (lk_string *)&text;
    bool on = true;
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);

    REFUSED(lk_manager_orders(manager, id, 0, &orders), LK_STATUS_INVALID_ARGUMENT, "limit: is 0");
    EXPECT(orders == NULL);
    REFUSED(lk_manager_orders(manager, id, 1, NULL), LK_STATUS_NULL_POINTER, "list: is NULL");
    REFUSED_FOR(lk_manager_orders(manager, nobody, 1, &orders), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED(lk_manager_order(manager, id, none, &orders), LK_STATUS_NULL_POINTER, "order_id: is NULL");
    EXPECT(lk_manager_order(manager, id, lk_str_of("7"), &orders) == LK_STATUS_OK);
    EXPECT(orders != NULL && lk_order_list_count(orders) == 0);
    REFUSED(lk_order_list_get(orders, 0, &order), LK_STATUS_INVALID_ARGUMENT, "index: is 0, the list has 0");
    REFUSED(lk_order_list_step(orders, 0, 0, &step), LK_STATUS_INVALID_ARGUMENT, "index: is 0, the list has 0");
    REFUSED(lk_order_list_get(NULL, 0, &order), LK_STATUS_NULL_POINTER, "list: is NULL");
    lk_order_list_free(orders);

    EXPECT(lk_manager_get_auto_confirm_setting(manager, id, &on) == LK_STATUS_OK && !on);
    EXPECT(lk_manager_update_auto_confirm_setting(manager, id, true) == LK_STATUS_OK);
    EXPECT(lk_manager_get_auto_confirm_setting(manager, id, &on) == LK_STATUS_OK && on);
    REFUSED(lk_manager_get_auto_confirm_setting(manager, id, NULL), LK_STATUS_NULL_POINTER, "on: is NULL");
    REFUSED_FOR(lk_manager_update_auto_confirm_setting(manager, nobody, true), LK_STATUS_ACCOUNT_NOT_FOUND, "no account", "谁");
    REFUSED(lk_manager_confirm_shipment(manager, id, lk_str_of("7"), &confirmation, &text), LK_STATUS_INVALID_ARGUMENT, "order_id: ");
    EXPECT(text == NULL);
    confirmation.size = 1;
    REFUSED(lk_manager_confirm_shipment(manager, id, lk_str_of("7"), &confirmation, NULL), LK_STATUS_WRONG_SIZE, "confirmation: ");

    EXPECT(lk_manager_set_remark(manager, id, lk_str_of("老王的店")) == LK_STATUS_OK);
    EXPECT(lk_manager_get_remark(manager, id, &text) == LK_STATUS_OK);
    EXPECT(strcmp(lk_string_view(text).data, "老王的店") == 0);
    lk_string_free(text);
    REFUSED(lk_manager_set_remark(manager, id, none), LK_STATUS_NULL_POINTER, "remark: is NULL");
    EXPECT(strcmp(lk_order_status_name(LK_ORDER_STATUS_AWAITING_SHIPMENT), "awaiting_shipment") == 0);
    EXPECT(strcmp(lk_confirmation_state_name(LK_CONFIRMATION_STATE_CONFIRMED), "confirmed") == 0);
    EXPECT(strcmp(lk_confirmation_state_name(LK_CONFIRMATION_STATE_NONE), "none") == 0);
    EXPECT(lk_manager_remove_cookie(manager, id) == LK_STATUS_OK);
}

static void a_child_process_is_told(lk_manager *manager)
{
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        lk_string_list *list = NULL;
        const bool told = lk_manager_list(manager, &list) == LK_STATUS_FORKED && list == NULL;
        /* Not _exit: valgrind would look for leaks in the child, where the threads that hold things are missing. */
        execl(told ? "/bin/true" : "/bin/false", "child", (char *)NULL);
        _exit(1);
    }
    int status = -1;
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void closing_reports_and_a_closed_manager_says_so(lk_manager *manager)
{
    lk_stop_report *report = NULL;
    lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
    lk_account_stop account = LK_ACCOUNT_STOP_INIT;
    lk_string_list *list = NULL;

    EXPECT(add(manager, "2", COOKIE) == LK_STATUS_OK);
    REFUSED(lk_manager_close(manager, -1, &report), LK_STATUS_INVALID_ARGUMENT, "timeout_s: is -1");
    EXPECT(report == NULL);
    EXPECT(lk_manager_close(manager, 10, &report) == LK_STATUS_OK);
    EXPECT(lk_stop_report_summary(report, &summary) == LK_STATUS_OK);
    EXPECT(summary.is_clean && summary.account_count == 1 && summary.took_s >= 0);
    EXPECT(lk_stop_report_account(report, 0, &account) == LK_STATUS_OK);
    EXPECT(strcmp(account.cookie_id.data, "2") == 0 && account.is_clean && account.left.length == 0);
    EXPECT(account.process == LK_STAGE_OUTCOME_NOT_NEEDED && account.thread == LK_STAGE_OUTCOME_NOT_NEEDED);
    REFUSED(lk_stop_report_account(report, 1, &account), LK_STATUS_INVALID_ARGUMENT, "index: is 1");
    REFUSED(lk_stop_report_summary(NULL, &summary), LK_STATUS_NULL_POINTER, "report: is NULL");
    lk_stop_report_free(report);

    REFUSED(lk_manager_list(manager, &list), LK_STATUS_CLOSED, "this CookieManager is closed");
    EXPECT(lk_manager_close(manager, 10, NULL) == LK_STATUS_OK); /* a second time: the first one's report */
}

static void freeing_null_is_fine(void)
{
    lk_manager_free(NULL);
    lk_string_free(NULL);
    lk_string_list_free(NULL);
    lk_keyword_list_free(NULL);
    lk_rule_list_free(NULL);
    lk_stop_report_free(NULL);
    lk_message_list_free(NULL);
    lk_paused_chat_list_free(NULL);
    lk_order_list_free(NULL);
    EXPECT(lk_order_list_count(NULL) == 0);
    EXPECT(lk_message_list_count(NULL) == 0 && lk_paused_chat_list_count(NULL) == 0);
    EXPECT(lk_string_view(NULL).data == NULL);
    EXPECT(lk_string_list_count(NULL) == 0 && lk_keyword_list_count(NULL) == 0);
    EXPECT(lk_string_list_get(NULL, 0).data == NULL && lk_keyword_list_get(NULL, 0).keyword.data == NULL);
}

int main(void)
{
    before_the_first_failure_there_is_no_error();
    init_macro_and_function_agree();
    opening_refuses_what_cannot_be();
    lk_manager_free(open_in_memory()); /* not closed: it closes itself, and nobody waits */
    lk_manager *manager = open_in_memory();
    adding_refuses_bad_input_and_stores_nothing(manager);
    an_unknown_account_is_named(manager);
    an_account_is_added_changed_and_removed(manager);
    chats_are_paused_and_the_trail_is_asked_for(manager);
    orders_are_asked_for_and_what_is_no_order_is_refused(manager);
    a_child_process_is_told(manager);
    closing_reports_and_a_closed_manager_says_so(manager);
    lk_manager_free(manager);
    freeing_null_is_fine();
    return 0;
}
