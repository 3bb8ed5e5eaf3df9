/*
 * Every verb where it is least expected: in a child process after fork, and in every function of the host's that the library calls. Each
 * answers at once, or does what it does; none hangs. Where the environment names a service and a cookie that is over, also in a cookie
 * provider and a reply handler.
 */
#include "expect.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

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

/* What a function of the host's does, and what became of it. */
struct place {
    const char *name;
    lk_manager *manager;
    bool ends_sessions;
    int calls;
    int done;
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static void wait_until_done(struct place *place)
{
    pthread_mutex_lock(&turn);
    while (!place->done)
        pthread_cond_wait(&changed, &turn);
    pthread_mutex_unlock(&turn);
}

/* All verbs, the first time that it is called; with those that end sessions, the manager is freed in the end, too. */
static void call_every_verb(struct place *place)
{
    pthread_mutex_lock(&turn);
    const bool is_first = place->calls++ == 0;
    pthread_mutex_unlock(&turn);
    if (!is_first)
        return;
    for (size_t i = 0; i < VERB_COUNT; i++) {
        if (VERBS[i].ends_sessions && !place->ends_sessions)
            continue;
        const lk_status status = VERBS[i].call(place->manager);
        if (status != LK_STATUS_OK && (status >= 100 || status == LK_STATUS_INTERNAL)) {
            fprintf(stderr, "%s in %s: %u %s\n", VERBS[i].name, place->name, (unsigned)status, lk_last_error_message());
            exit(1);
        }
    }
    if (place->ends_sessions)
        lk_manager_free(place->manager);
    pthread_mutex_lock(&turn);
    place->done = 1;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&turn);
}

static lk_manager *open_with(const char *websocket_url, const char *api_url)
{
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(websocket_url);
    config.api_url = lk_str_of(api_url);
    config.stop_socket_s = config.stop_process_s = config.stop_thread_s = 0.2;
    lk_manager *manager = NULL;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    return manager;
}

static lk_manager *open_offline(void)
{
    lk_manager *manager = open_with("ws://127.0.0.1:9/", "http://127.0.0.1:9/h5");
    EXPECT(call_add_cookie(manager) == LK_STATUS_OK);
    return manager;
}

static void in_event(void *data, const lk_event *event)
{
    (void)event;
    call_every_verb(data);
}

static void in_completion(void *data, lk_status status, const lk_call *call)
{
    (void)status;
    (void)call;
    call_every_verb(data);
}

static void in_log(void *data, lk_log_level level, lk_str target, lk_str message)
{
    (void)level;
    (void)target;
    (void)message;
    call_every_verb(data);
}

static void in_free(void *data)
{
    call_every_verb(data);
}

static void unused_event(void *data, const lk_event *event)
{
    (void)data;
    (void)event;
}

static void unused_provider(void *data, const lk_cookie_request *request, lk_cookie_answer *answer)
{
    (void)data;
    (void)request;
    (void)answer;
}

static void in_provider(void *data, const lk_cookie_request *request, lk_cookie_answer *answer)
{
    (void)request;
    call_every_verb(data);
    /* Of one that stays, the new cookie is what lets the account go on. */
    lk_cookie_answer_set(answer, lk_str_of(getenv("LIVEKEEPER_NEW_COOKIE")));
}

static void in_handler(void *data, const lk_chat_message *message, lk_reply *reply)
{
    (void)message;
    call_every_verb(data);
    EXPECT(lk_reply_set_nothing(reply) == LK_STATUS_OK);
}

static void in_functions_that_need_no_service(void)
{
    for (int ends = 0; ends < 2; ends++) {
        struct place event = {"an event callback", open_offline(), ends, 0, 0};
        EXPECT(lk_manager_set_event_callback(event.manager, in_event, &event, NULL) == LK_STATUS_OK);
        EXPECT(call_restart(event.manager) != LK_STATUS_PANICKED);
        wait_until_done(&event);

        struct place completion = {"a completion", open_offline(), ends, 0, 0};
        lk_call *call = NULL;
        EXPECT(lk_manager_restart_begin(completion.manager, ID, &call) == LK_STATUS_OK);
        EXPECT(lk_call_on_done(call, in_completion, &completion, NULL) == LK_STATUS_OK);
        wait_until_done(&completion);
        lk_call_free(call);

        struct place log = {"a log hook", open_offline(), ends, 0, 0};
        EXPECT(lk_set_log_hook(in_log, LK_LOG_LEVEL_TRACE, &log, NULL) == LK_STATUS_OK);
        EXPECT(call_restart(log.manager) != LK_STATUS_PANICKED);
        wait_until_done(&log);
        EXPECT(lk_set_log_hook(NULL, 0, NULL, NULL) == LK_STATUS_OK);

        /* Ended by who replaces it, by the manager's end, and by the thread that told of events. */
        struct place replaced = {"the end of a replaced function", open_offline(), ends, 0, 0};
        EXPECT(lk_manager_set_cookie_provider(replaced.manager, unused_provider, &replaced, in_free, 1) == LK_STATUS_OK);
        EXPECT(call_set_cookie_provider(replaced.manager) == LK_STATUS_OK);
        wait_until_done(&replaced);

        struct place closed = {"the end of a closed manager's function", open_offline(), ends, 0, 0};
        EXPECT(lk_manager_set_cookie_provider(closed.manager, unused_provider, &closed, in_free, 1) == LK_STATUS_OK);
        EXPECT(call_close(closed.manager) == LK_STATUS_OK);
        wait_until_done(&closed);

        struct place listening = {"the end of an event callback", open_offline(), ends, 0, 0};
        EXPECT(lk_manager_set_event_callback(listening.manager, unused_event, &listening, in_free) == LK_STATUS_OK);
        EXPECT(call_close(listening.manager) == LK_STATUS_OK);
        wait_until_done(&listening);
        if (!ends) {
            lk_manager *managers[] = {event.manager, completion.manager, log.manager, replaced.manager, closed.manager, listening.manager};
            for (size_t i = 0; i < sizeof managers / sizeof *managers; i++)
                lk_manager_free(managers[i]);
        }
    }
}

static void in_a_child_process(void)
{
    lk_manager *manager = open_offline();
    lk_call *call = NULL;
    lk_events *events = NULL;
    EXPECT(lk_manager_wait_for_begin(manager, ID, LK_TASK_STATE_FAILED, LK_ANY, 3600, &call) == LK_STATUS_OK);
    EXPECT(lk_manager_events(manager, &events) == LK_STATUS_OK);
    EXPECT(call_event_fd(manager) == LK_STATUS_OK);
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0) {
        alarm(20);
        lk_event event = LK_EVENT_INIT;
        bool told = lk_call_wait(call, LK_FOREVER) == LK_STATUS_FORKED && lk_call_cancel(call) == LK_STATUS_FORKED
            && lk_call_on_done(call, in_completion, NULL, NULL) == LK_STATUS_FORKED
            && lk_events_next(events, LK_FOREVER, &event) == LK_STATUS_FORKED;
        for (size_t i = 0; i < VERB_COUNT; i++) {
            const lk_status status = VERBS[i].call(manager);
            if (status == LK_STATUS_FORKED)
                continue;
            fprintf(stderr, "%s in a child process: %u %s\n", VERBS[i].name, (unsigned)status, lk_last_error_message());
            told = false;
        }
        lk_call_free(call);
        lk_events_free(events);
        lk_manager_free(manager);
        /* Not _exit: valgrind would look for leaks in the child, where the threads that hold things are missing. */
        execl(told ? "/bin/true" : "/bin/false", "child", (char *)NULL);
        _exit(1);
    }
    int status = -1;
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    lk_events_free(events);
    EXPECT(lk_manager_status(manager, ID, &(lk_account_status)LK_ACCOUNT_STATUS_INIT, NULL) == LK_STATUS_OK);
    lk_call_free(call);
    lk_manager_free(manager);
}

static void in_a_provider_and_a_handler(void)
{
    const char *websocket_url = getenv("LIVEKEEPER_WEBSOCKET_URL"), *api_url = getenv("LIVEKEEPER_API_URL");
    cookie = getenv("LIVEKEEPER_COOKIE");
    struct place all = {"a cookie provider", open_with(websocket_url, api_url), true, 0, 0};
    EXPECT(lk_manager_set_cookie_provider(all.manager, in_provider, &all, NULL, 60) == LK_STATUS_OK);
    EXPECT(call_add_cookie(all.manager) == LK_STATUS_OK);
    wait_until_done(&all);

    struct place provider = {"a cookie provider", open_with(websocket_url, api_url), false, 0, 0};
    struct place handler = {"a reply handler", provider.manager, true, 0, 0};
    EXPECT(lk_manager_set_cookie_provider(provider.manager, in_provider, &provider, NULL, 60) == LK_STATUS_OK);
    EXPECT(lk_manager_set_reply_handler(provider.manager, in_handler, &handler, NULL, 60) == LK_STATUS_OK);
    EXPECT(call_add_cookie(provider.manager) == LK_STATUS_OK);
    wait_until_done(&provider);
    EXPECT(lk_manager_wait_for(provider.manager, ID, LK_ANY, LK_CONNECTION_STATE_CONNECTED, 60, NULL, NULL) == LK_STATUS_OK);
    cookie = getenv("LIVEKEEPER_NEW_COOKIE");
    printf("> online\n");
    fflush(stdout);
    wait_until_done(&handler);
}

int main(void)
{
    alarm(300);
    if (getenv("LIVEKEEPER_WEBSOCKET_URL")) {
        in_a_provider_and_a_handler();
        return 0;
    }
    in_a_child_process();
    in_functions_that_need_no_service();
    return 0;
}
