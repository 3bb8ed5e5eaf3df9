/*
 * 64 threads add the same account at the same moment, begin to add it, switch it and remove it: one session, ever, and every call ends.
 * The environment names the service and the cookie.
 */
#include "expect.h"

#include <pthread.h>
#include <unistd.h>

#define THREADS 64

static pthread_barrier_t start;

static void *add_it(void *data)
{
    pthread_barrier_wait(&start);
    EXPECT(add(data, "shop", getenv("LIVEKEEPER_COOKIE")) == LK_STATUS_OK);
    return NULL;
}

static void *begin_to_add_it(void *data)
{
    lk_call *call = NULL;
    pthread_barrier_wait(&start);
    EXPECT(lk_manager_add_cookie_begin(data, lk_str_of("shop"), lk_str_of(getenv("LIVEKEEPER_COOKIE")), NULL, &call) == LK_STATUS_OK);
    EXPECT(lk_call_wait(call, LK_FOREVER) == LK_STATUS_OK);
    lk_call_free(call);
    return NULL;
}

static void *switch_it(void *data)
{
    pthread_barrier_wait(&start);
    EXPECT(lk_manager_update_cookie_status(data, lk_str_of("shop"), true) == LK_STATUS_OK);
    EXPECT(lk_manager_restart(data, lk_str_of("shop")) == LK_STATUS_OK);
    return NULL;
}

static void in_all_threads(void *(*work)(void *), lk_manager *manager)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_create(&threads[i], NULL, work, manager) == 0);
    for (int i = 0; i < THREADS; i++)
        EXPECT(pthread_join(threads[i], NULL) == 0);
}

static void is_online_once(lk_manager *manager)
{
    lk_capacity *capacity = NULL;
    EXPECT(lk_manager_wait_for(manager, lk_str_of("shop"), LK_ANY, LK_CONNECTION_STATE_CONNECTED, 60, NULL, NULL) == LK_STATUS_OK);
    EXPECT(lk_manager_capacity(manager, &capacity) == LK_STATUS_OK);
    for (size_t i = 0; i < lk_capacity_count(capacity); i++) {
        lk_capacity_item item = LK_CAPACITY_ITEM_INIT;
        EXPECT(lk_capacity_get(capacity, i, &item) == LK_STATUS_OK);
        if (item.kind == LK_CAPACITY_KIND_ACCOUNTS || item.kind == LK_CAPACITY_KIND_CONNECTIONS)
            EXPECT(item.used == 1);
    }
    lk_capacity_free(capacity);
}

int main(void)
{
    alarm(300);
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL"));
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));
    config.connect_rate_per_s = 10000;
    lk_manager *manager = NULL;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    EXPECT(pthread_barrier_init(&start, NULL, THREADS) == 0);

    in_all_threads(add_it, manager);
    is_online_once(manager);
    in_all_threads(begin_to_add_it, manager);
    is_online_once(manager);
    in_all_threads(switch_it, manager);
    is_online_once(manager);

    lk_stop_report *report = NULL;
    lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
    EXPECT(lk_manager_close(manager, 30, &report) == LK_STATUS_OK);
    EXPECT(lk_stop_report_summary(report, &summary) == LK_STATUS_OK && summary.is_clean && summary.account_count == 1);
    lk_stop_report_free(report);
    lk_manager_free(manager);
    EXPECT(pthread_barrier_destroy(&start) == 0);
    return 0;
}
