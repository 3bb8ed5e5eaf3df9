/*
 * Functions of a host's that the library calls: a login that is over is renewed by one, another has no cookie, the last one is
 * still running when the manager is closed. The environment names the service, the cookie that is over, and a new one.
 */
#include "counting.h"
#include "expect.h"

/* A provider's data: what it does, and what became of it. */
struct provider {
    lk_manager *manager;
    enum { BRINGS, HAS_NONE, FAILS, REPLACES_ITSELF, BLOCKS } does;
    int calls;
    int ended;
    bool was_told;
};

static bool let_go;

static void end(void *data)
{
    count(&((struct provider *)data)->ended);
}

static void provide(void *data, const lk_cookie_request *request, lk_cookie_answer *answer)
{
    struct provider *provider = data;
    EXPECT(request->size == sizeof *request);
    EXPECT(strcmp(request->cookie_id.data, "shop") == 0);
    EXPECT(strcmp(request->unb.data, "2280551454090") == 0);
    EXPECT(request->reason == LK_REASON_CODE_SESSION_EXPIRED);
    EXPECT(lk_cookie_answer_is_wanted(answer));
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    EXPECT(lk_manager_status(provider->manager, request->cookie_id, &status, NULL) == LK_STATUS_OK);
    EXPECT(status.reason == LK_REASON_CODE_RENEWING_COOKIE);
    EXPECT(lk_manager_set_priority(provider->manager, request->cookie_id, 3) == LK_STATUS_OK);

    REFUSED(lk_cookie_answer_set(NULL, lk_str_of("x")), LK_STATUS_NULL_POINTER, "answer: is NULL");
    REFUSED(lk_cookie_answer_set(answer, lk_str_of(NULL)), LK_STATUS_NULL_POINTER, "cookie_value: is NULL");
    REFUSED(lk_cookie_answer_fail(answer, lk_str_of("\xff")), LK_STATUS_NOT_UTF8, "sentence: is no valid UTF-8");
    count(&provider->calls);
    switch (provider->does) {
    case HAS_NONE:
        return;
    case FAILS:
        EXPECT(lk_cookie_answer_set(answer, lk_str_of("unb=1")) == LK_STATUS_OK);
        EXPECT(lk_cookie_answer_fail(answer, lk_str_of("先登录")) == LK_STATUS_OK);
        return;
    case REPLACES_ITSELF:
        EXPECT(lk_manager_set_cookie_provider(provider->manager, NULL, NULL, NULL, 0) == LK_STATUS_OK);
        EXPECT(provider->ended == 0);
        /* fall through */
    case BRINGS:
        EXPECT(lk_cookie_answer_set(answer, lk_str_of(getenv("LIVEKEEPER_NEW_COOKIE"))) == LK_STATUS_OK);
        return;
    case BLOCKS:
        pthread_mutex_lock(&turn);
        while (!let_go)
            pthread_cond_wait(&changed, &turn);
        pthread_mutex_unlock(&turn);
        provider->was_told = !lk_cookie_answer_is_wanted(answer);
    }
}

static lk_status set(struct provider *provider, double timeout_s)
{
    return lk_manager_set_cookie_provider(provider->manager, provide, provider, end, timeout_s);
}

static lk_status add_expired(lk_manager *manager)
{
    return add(manager, "shop", getenv("LIVEKEEPER_COOKIE"));
}

/* Waits until the account is parked, and looks for a text in its reason. */
static void is_parked(lk_manager *manager, const char *why)
{
    lk_string *text = NULL;
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    EXPECT(lk_manager_wait_for(manager, lk_str_of("shop"), LK_TASK_STATE_PARKED, LK_ANY, 30, &status, NULL) == LK_STATUS_OK);
    EXPECT(lk_manager_status(manager, lk_str_of("shop"), &status, &text) == LK_STATUS_OK);
    EXPECT(strstr(lk_string_view(text).data, why) != NULL);
    lk_string_free(text);
}

static void what_is_wrong_is_refused_and_its_data_ended_at_once(lk_manager *manager)
{
    struct provider provider = {manager, BRINGS, 0, 0, false};
    REFUSED(set(&provider, 0), LK_STATUS_INVALID_ARGUMENT, "timeout_s: is 0, allowed is 0.05");
    EXPECT(provider.ended == 1);
    REFUSED(lk_manager_set_cookie_provider(NULL, provide, &provider, end, 1), LK_STATUS_NULL_POINTER, "manager: is NULL");
    EXPECT(provider.ended == 2);
    EXPECT(lk_manager_set_cookie_provider(manager, NULL, &provider, end, 0) == LK_STATUS_OK);
    EXPECT(provider.ended == 3);
    EXPECT(!lk_cookie_answer_is_wanted(NULL));
}

static void an_account_is_added_with_options(lk_manager *manager)
{
    lk_account_options options = LK_ACCOUNT_OPTIONS_INIT;
    const lk_str id = lk_str_of("proxied"), cookie = lk_str_of(COOKIE);
    options.proxy = lk_str_of("ftp://127.0.0.1:9");
    REFUSED(lk_manager_add_cookie_with(manager, id, cookie, &options), LK_STATUS_INVALID_ARGUMENT, "proxy: ");
    options.size = 3;
    REFUSED(lk_manager_add_cookie_with(manager, id, cookie, &options), LK_STATUS_WRONG_SIZE, "options: its size is 3");
    const lk_account_options good = {sizeof good, NULL, 0, lk_str_of("me"), lk_str_of("socks5://127.0.0.1:9")};
    lk_events *events = NULL;
    EXPECT(lk_manager_events(manager, &events) == LK_STATUS_OK);
    EXPECT(lk_manager_add_cookie_with(manager, id, cookie, &good) == LK_STATUS_OK);
    bool has_failed = false;
    while (!has_failed) {
        lk_event event = LK_EVENT_INIT;
        EXPECT(lk_events_next(events, 30000, &event) == LK_STATUS_OK);
        has_failed = event.new_reason == LK_REASON_CODE_PROXY_FAILED;
        lk_event_free(&event);
    }
    lk_events_free(events);
    EXPECT(lk_manager_remove_cookie(manager, id) == LK_STATUS_OK);
}

int main(void)
{
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL"));
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));
    config.stop_thread_s = 0.3;
    lk_manager *manager = NULL;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    what_is_wrong_is_refused_and_its_data_ended_at_once(manager);
    an_account_is_added_with_options(manager);

    struct provider none = {manager, HAS_NONE, 0, 0, false};
    EXPECT(set(&none, 30) == LK_STATUS_OK);
    EXPECT(add_expired(manager) == LK_STATUS_OK);
    is_parked(manager, "the cookie provider brought none");
    struct provider fails = {manager, FAILS, 0, 0, false};
    EXPECT(set(&fails, 30) == LK_STATUS_OK);
    EXPECT(none.ended == 1 && none.calls == 1);
    EXPECT(lk_manager_restart(manager, lk_str_of("shop")) == LK_STATUS_OK);
    is_parked(manager, "先登录");

    struct provider brings = {manager, REPLACES_ITSELF, 0, 0, false};
    EXPECT(set(&brings, 30) == LK_STATUS_OK);
    EXPECT(lk_manager_restart(manager, lk_str_of("shop")) == LK_STATUS_OK);
    EXPECT(lk_manager_wait_for(manager, lk_str_of("shop"), LK_ANY, LK_CONNECTION_STATE_CONNECTED, 30, NULL, NULL) == LK_STATUS_OK);
    wait_until(&brings.ended, 1);
    EXPECT(brings.calls == 1);

    struct provider blocks = {manager, BLOCKS, 0, 0, false};
    EXPECT(set(&blocks, 3600) == LK_STATUS_OK);
    EXPECT(add_expired(manager) == LK_STATUS_OK);
    wait_until(&blocks.calls, 1);
    lk_stop_report *report = NULL;
    EXPECT(lk_manager_close(manager, 10, &report) == LK_STATUS_OK);
    lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
    EXPECT(lk_stop_report_summary(report, &summary) == LK_STATUS_OK);
    EXPECT(!summary.is_clean && blocks.ended == 0);
    lk_stop_report_free(report);
    REFUSED(set(&none, 30), LK_STATUS_CLOSED, "this CookieManager is closed");

    pthread_mutex_lock(&turn);
    let_go = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&turn);
    wait_until(&blocks.ended, 1);
    EXPECT(blocks.was_told);
    lk_manager_free(manager);
    EXPECT(fails.ended == 1 && brings.ended == 1 && blocks.ended == 1);
    return 0;
}
