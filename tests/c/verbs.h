/*
 * Every verb, with arguments of its own: for programs that call them all.
 */
#ifndef VERBS_H
#define VERBS_H

#include "expect.h"

#define ID lk_str_of("shop")
#define OTHER lk_str_of("40001")
#define TEXT lk_str_of("x")
#define NOWHERE lk_str_of("/nowhere/livekeeper.json")
static const uint8_t KEY[32] = {7};

static const char *cookie = COOKIE;

/* A verb: its call, and what it has brought is ended. Those that end sessions come last. */
struct verb {
    const char *name;
    lk_status (*call)(lk_manager *manager);
    bool ends_sessions;
};

#define VERB(name, arguments)                                                                                                  \
    static lk_status call_##name(lk_manager *manager) { return lk_manager_##name arguments; }
#define BRINGS(name, type, end, arguments)                                                                                     \
    static lk_status call_##name(lk_manager *manager)                                                                                 \
    {                                                                                                                          \
        type *brought = NULL;                                                                                                  \
        const lk_status status = lk_manager_##name arguments;                                                                  \
        end(brought);                                                                                                          \
        return status;                                                                                                         \
    }
#define FILLS(name, type, init, arguments)                                                                                     \
    static lk_status call_##name(lk_manager *manager)                                                                                 \
    {                                                                                                                          \
        type filled = init;                                                                                                    \
        return lk_manager_##name arguments;                                                                                    \
    }
#define BEGINS(name, arguments)                                                                                                \
    static lk_status call_##name(lk_manager *manager)                                                                                 \
    {                                                                                                                          \
        lk_call *brought = NULL;                                                                                               \
        lk_status status = lk_manager_##name arguments;                                                                        \
        if (status == LK_STATUS_OK)                                                                                            \
            status = lk_call_wait(brought, LK_FOREVER);                                                                        \
        lk_call_free(brought);                                                                                                 \
        return status;                                                                                                         \
    }

BRINGS(capacity, lk_capacity, lk_capacity_free, (manager, &brought))
FILLS(confirm_shipment, lk_confirmation, LK_CONFIRMATION_INIT, (manager, ID, OTHER, &filled, NULL))
BEGINS(confirm_shipment_begin, (manager, ID, OTHER, &brought))
FILLS(event_fd, int, -1, (manager, &filled))
BRINGS(events, lk_events, lk_events_free, (manager, &brought))
FILLS(get_auto_confirm_setting, bool, false, (manager, ID, &filled))
FILLS(get_cookie_status, bool, false, (manager, ID, &filled))
BRINGS(get_default_reply, lk_stored_reply, lk_stored_reply_free, (manager, ID, lk_str_of(NULL), &brought))
BRINGS(get_enabled_cookies, lk_string_list, lk_string_list_free, (manager, &brought))
BRINGS(get_keywords, lk_keyword_list, lk_keyword_list_free, (manager, ID, &brought))
BRINGS(get_remark, lk_string, lk_string_free, (manager, ID, &brought))
BRINGS(get_rules, lk_rule_list, lk_rule_list_free, (manager, ID, &brought))
FILLS(health, lk_health, LK_HEALTH_UNKNOWN, (manager, ID, &filled, NULL))
BRINGS(list, lk_string_list, lk_string_list_free, (manager, &brought))
BRINGS(messages, lk_message_list, lk_message_list_free, (manager, ID, lk_str_of(NULL), 10, &brought))
BRINGS(metrics_text, lk_string, lk_string_free, (manager, false, &brought))
BRINGS(order, lk_order_list, lk_order_list_free, (manager, ID, OTHER, &brought))
BRINGS(orders, lk_order_list, lk_order_list_free, (manager, ID, 10, &brought))
FILLS(export_accounts, size_t, 0, (manager, NOWHERE, lk_str_of(NULL), &filled))
BRINGS(import_accounts, lk_import_report, lk_import_report_free, (manager, NOWHERE, lk_str_of(NULL), &brought))
BRINGS(import_xianyu_db, lk_import_report, lk_import_report_free, (manager, NOWHERE, &brought))
VERB(snapshot, (manager, NOWHERE))
VERB(rekey, (manager, KEY, sizeof KEY, lk_str_of(NULL), lk_str_of(NULL), lk_str_of(NULL)))
VERB(pause, (manager, ID))
VERB(resume, (manager, ID))
VERB(pause_chat, (manager, ID, lk_str_of("5"), 1))
VERB(resume_chat, (manager, ID, lk_str_of("5")))
BRINGS(paused_chats, lk_paused_chat_list, lk_paused_chat_list_free, (manager, ID, &brought))
FILLS(send_image, lk_send_outcome, LK_SEND_OUTCOME_INIT,
      (manager, ID, OTHER, OTHER, lk_str_of("https://img.alicdn.com/a.jpg"), 1, 1, &filled, NULL, NULL))
BEGINS(send_image_begin, (manager, ID, OTHER, OTHER, lk_str_of("https://img.alicdn.com/a.jpg"), 1, 1, &brought))
FILLS(send_text, lk_send_outcome, LK_SEND_OUTCOME_INIT, (manager, ID, OTHER, OTHER, TEXT, &filled, NULL, NULL))
BEGINS(send_text_begin, (manager, ID, OTHER, OTHER, TEXT, &brought))
VERB(set_cookie_provider, (manager, NULL, NULL, NULL, 0))
VERB(set_default_reply, (manager, ID, lk_str_of(NULL), NULL))
VERB(set_event_callback, (manager, NULL, NULL, NULL))
VERB(set_pause_duration, (manager, ID, 10))
VERB(set_priority, (manager, ID, 1))
VERB(set_remark, (manager, ID, TEXT))
VERB(set_reply_handler, (manager, NULL, NULL, NULL, 0))
FILLS(status, lk_account_status, LK_ACCOUNT_STATUS_INIT, (manager, ID, &filled, NULL))
BRINGS(statuses, lk_status_list, lk_status_list_free, (manager, &brought))
VERB(update_auto_confirm_setting, (manager, ID, false))
VERB(update_keywords, (manager, ID, NULL, 0))
VERB(update_rules, (manager, ID, NULL, 0))
VERB(wait_for, (manager, ID, LK_TASK_STATE_FAILED, LK_ANY, 0.01, NULL, NULL))
BEGINS(wait_for_begin, (manager, ID, LK_TASK_STATE_FAILED, LK_ANY, 0.01, &brought))
VERB(update_cookie, (manager, ID, lk_str_of(cookie)))
BEGINS(update_cookie_begin, (manager, ID, lk_str_of(cookie), &brought))
VERB(update_cookie_status, (manager, ID, true))
BEGINS(update_cookie_status_begin, (manager, ID, true, &brought))
VERB(restart, (manager, ID))
BEGINS(restart_begin, (manager, ID, &brought))
VERB(set_proxy, (manager, ID, lk_str_of("socks5://127.0.0.1:9")))
BEGINS(set_proxy_begin, (manager, ID, lk_str_of(NULL), &brought))
VERB(remove_cookie, (manager, ID))
VERB(add_cookie, (manager, ID, lk_str_of(cookie), NULL, 0, lk_str_of(NULL)))
BEGINS(add_cookie_begin, (manager, ID, lk_str_of(cookie), NULL, &brought))
VERB(add_cookie_with, (manager, ID, lk_str_of(cookie), NULL))
VERB(add_cookie_with_rules, (manager, ID, lk_str_of(cookie), NULL, 0, lk_str_of(NULL)))
BEGINS(remove_cookie_begin, (manager, ID, &brought))
BEGINS(close_begin, (manager, 1, &brought))
BRINGS(close, lk_stop_report, lk_stop_report_free, (manager, 1, &brought))

static lk_status call_next_event(lk_manager *manager)
{
    lk_event event = LK_EVENT_INIT;
    const lk_status status = lk_manager_next_event(manager, 0, &event);
    lk_event_free(&event);
    return status;
}

#define STAYS(name) {#name, call_##name, false}
#define ENDS(name) {#name, call_##name, true}
static const struct verb VERBS[] = {
    STAYS(capacity), STAYS(confirm_shipment), STAYS(confirm_shipment_begin), STAYS(event_fd), STAYS(events), STAYS(next_event),
    STAYS(get_auto_confirm_setting), STAYS(get_cookie_status), STAYS(get_default_reply), STAYS(get_enabled_cookies),
    STAYS(get_keywords), STAYS(get_remark), STAYS(get_rules), STAYS(health), STAYS(list), STAYS(messages), STAYS(metrics_text),
    STAYS(order), STAYS(orders), STAYS(pause), STAYS(resume), STAYS(pause_chat), STAYS(resume_chat), STAYS(paused_chats),
    STAYS(send_image), STAYS(send_image_begin), STAYS(send_text), STAYS(send_text_begin), STAYS(set_default_reply),
    STAYS(set_pause_duration), STAYS(set_priority), STAYS(set_remark), STAYS(status), STAYS(statuses),
    STAYS(export_accounts), STAYS(import_accounts), STAYS(import_xianyu_db), STAYS(snapshot), STAYS(rekey),
    STAYS(update_auto_confirm_setting), STAYS(update_keywords), STAYS(update_rules), STAYS(wait_for), STAYS(wait_for_begin),
    ENDS(set_cookie_provider), ENDS(set_reply_handler), ENDS(set_event_callback), ENDS(update_cookie), ENDS(update_cookie_begin),
    ENDS(update_cookie_status), ENDS(update_cookie_status_begin), ENDS(restart), ENDS(restart_begin), ENDS(set_proxy),
    ENDS(set_proxy_begin), ENDS(remove_cookie), ENDS(add_cookie), ENDS(add_cookie_begin), ENDS(add_cookie_with),
    ENDS(add_cookie_with_rules), ENDS(remove_cookie_begin), ENDS(close_begin), ENDS(close),
};
#define VERB_COUNT (sizeof VERBS / sizeof *VERBS)

#endif
