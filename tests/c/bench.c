/*
 * What a call costs through the interface: nanoseconds for a status, without and with its reason, the best of a thousand short rounds,
 * which a busy machine does not disturb. Offline.
 */
#include "expect.h"

#include <time.h>

#define CALLS 1000

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double one_round(const lk_manager *manager, bool with_reason)
{
    const lk_str id = lk_str_of("shop");
    const double before = now_ns();
    for (int i = 0; i < CALLS; i++) {
        lk_account_status status = LK_ACCOUNT_STATUS_INIT;
        lk_string *reason = NULL;
        if (lk_manager_status(manager, id, &status, with_reason ? &reason : NULL))
            EXPECT(false);
        lk_string_free(reason);
    }
    return (now_ns() - before) / CALLS;
}

static double best(const lk_manager *manager, bool with_reason)
{
    double best = 1e18;
    for (int round = 0; round < 1000; round++) {
        const double took = one_round(manager, with_reason);
        best = took < best ? took : best;
    }
    return best;
}

int main(void)
{
    lk_manager *manager = open_in_memory();
    EXPECT(add(manager, "shop", COOKIE) == LK_STATUS_OK);
    EXPECT(lk_manager_update_cookie_status(manager, lk_str_of("shop"), false) == LK_STATUS_OK);
    EXPECT(lk_manager_wait_for(manager, lk_str_of("shop"), LK_TASK_STATE_STOPPED, LK_ANY, 30, NULL, NULL) == LK_STATUS_OK);
    printf("%.0f %.0f\n", best(manager, false), best(manager, true));
    lk_manager_free(manager);
    return 0;
}
