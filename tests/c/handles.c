/*
 * Handles that were freed, are of another type or were never given out; and frees and closes that race with calls. Offline.
 */
#include "expect.h"

#include <pthread.h>

#define THREADS 8

static void what_was_freed_or_never_given_out_is_refused(void)
{
    lk_manager *manager = open_in_memory();
    lk_events *events = NULL;
    lk_string_list *list = NULL;
    lk_event event = LK_EVENT_INIT;
    EXPECT(lk_manager_events(manager, &events) == LK_STATUS_OK);
    EXPECT(lk_manager_list(manager, &list) == LK_STATUS_OK);

    REFUSED(lk_events_next((lk_events *)manager, 0, &event), LK_STATUS_INVALID_HANDLE, "events: is no lk_events that this library");
    REFUSED(lk_manager_pause((lk_manager *)events, lk_str_of("1")), LK_STATUS_INVALID_HANDLE, "manager: is no lk_manager");
    REFUSED(lk_manager_pause((lk_manager *)&event, lk_str_of("1")), LK_STATUS_INVALID_HANDLE, "manager: is no lk_manager");
    lk_events_free((lk_events *)list);
    EXPECT(lk_last_error_code() == LK_STATUS_INVALID_HANDLE);
    EXPECT(lk_string_list_count(list) == 0);

    lk_string_list_free(list);
    lk_string_list_free(list);
    EXPECT(lk_string_list_count(list) == 0 && lk_string_list_get(list, 0).data == NULL);
    lk_events_free(events);
    REFUSED(lk_events_next(events, 0, &event), LK_STATUS_INVALID_HANDLE, "events: is no lk_events");
    lk_manager_free(manager);
    lk_manager_free(manager);
    REFUSED(lk_manager_list(manager, &list), LK_STATUS_INVALID_HANDLE, "manager: is no lk_manager");
    REFUSED(lk_manager_close(manager, 0, NULL), LK_STATUS_INVALID_HANDLE, "manager: is no lk_manager");
}

static void what_belongs_to_an_event_cannot_be_freed_twice(void)
{
    lk_config config = unreachable();
    config.health_interval_s = 0.05;
    config.degraded_after_s = 0.05;
    lk_manager *manager = NULL;
    lk_event event = LK_EVENT_INIT;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    EXPECT(lk_manager_next_event(manager, 0, &event) == LK_STATUS_TIMED_OUT);
    EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);
    do {
        lk_event_free(&event);
        EXPECT(lk_manager_next_event(manager, 30000, &event) == LK_STATUS_OK);
    } while (event.kind != LK_EVENT_KIND_HEALTH_CHANGED);
    lk_event copy = event;
    const lk_health_reason_list *reasons = event.health_reasons;
    EXPECT(lk_health_reason_list_count(reasons) >= 1);
    lk_event_free(&event);
    lk_event_free(&copy);
    lk_health_reason reason = LK_HEALTH_REASON_INIT;
    REFUSED(lk_health_reason_list_get(reasons, 0, &reason), LK_STATUS_INVALID_HANDLE, "list: is no lk_health_reason_list");
    lk_manager_free(manager);
}

static bool is_fine(lk_status status)
{
    return status == LK_STATUS_OK || status == LK_STATUS_CLOSED || status == LK_STATUS_INVALID_HANDLE || status == LK_STATUS_TIMED_OUT
        || status == LK_STATUS_ACCOUNT_NOT_FOUND;
}

/* Calls all kinds of things until they are refused because the manager is gone. */
static void *call_until_it_is_gone(void *data)
{
    lk_manager *manager = data;
    lk_status status = LK_STATUS_OK;
    while (status != LK_STATUS_INVALID_HANDLE) {
        lk_account_status account = LK_ACCOUNT_STATUS_INIT;
        lk_event event = LK_EVENT_INIT;
        lk_string_list *list = NULL;
        lk_call *call = NULL;
        EXPECT(is_fine(lk_manager_status(manager, lk_str_of("1"), &account, NULL)));
        EXPECT(is_fine(lk_manager_set_priority(manager, lk_str_of("1"), 1)));
        EXPECT(is_fine(lk_manager_next_event(manager, 0, &event)));
        lk_event_free(&event);
        EXPECT(is_fine(lk_manager_restart_begin(manager, lk_str_of("1"), &call)));
        lk_call_free(call);
        status = lk_manager_list(manager, &list);
        EXPECT(is_fine(status));
        lk_string_list_free(list);
    }
    return NULL;
}

static void frees_and_closes_race_with_calls(void)
{
    for (int round = 0; round < 10; round++) {
        pthread_t threads[THREADS];
        lk_manager *manager = open_in_memory();
        EXPECT(add(manager, "1", COOKIE) == LK_STATUS_OK);
        for (int i = 0; i < THREADS; i++)
            EXPECT(pthread_create(&threads[i], NULL, call_until_it_is_gone, manager) == 0);
        for (int i = 0; i < 50; i++)
            EXPECT(is_fine(lk_manager_set_priority(manager, lk_str_of("1"), i)));
        if (round % 2)
            EXPECT(lk_manager_close(manager, 10, NULL) == LK_STATUS_OK);
        lk_manager_free(manager);
        for (int i = 0; i < THREADS; i++)
            EXPECT(pthread_join(threads[i], NULL) == 0);
    }
}

int main(void)
{
    what_was_freed_or_never_given_out_is_refused();
    what_belongs_to_an_event_cannot_be_freed_twice();
    frees_and_closes_race_with_calls();
    return 0;
}
