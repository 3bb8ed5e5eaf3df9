/*
 * Every verb where it is least expected: in a child process after fork, and in every function of the host's that the library calls. Each
 * answers at once, or does what it does; none hangs. Where the environment names a service and a cookie that is over, also in a cookie
 * provider and a reply handler.
 */
#include "verbs.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

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
