/*
 * lk_manager_status while another thread changes the account and waits for it: nanoseconds, the clock's own cost included, of a hundred
 * calls the slowest but one.
 */
#include "expect.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define CALLS 200000

static atomic_bool is_over;

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void *write_rules(void *manager)
{
    lk_keyword rules[10];
    for (int i = 0; i < 10; i++)
        rules[i] = (lk_keyword){lk_str_of("包邮"), lk_str_of("全场包邮")};
    while (!atomic_load(&is_over))
        EXPECT(lk_manager_update_keywords(manager, lk_str_of("shop"), rules, 10) == LK_STATUS_OK);
    return NULL;
}

static int by_size(const void *a, const void *b)
{
    const uint64_t one = *(const uint64_t *)a, other = *(const uint64_t *)b;
    return (one > other) - (one < other);
}

int main(void)
{
    static uint64_t took_ns[CALLS];
    lk_manager *manager = open_in_memory();
    EXPECT(add(manager, "shop", COOKIE) == LK_STATUS_OK);
    pthread_t writer;
    EXPECT(pthread_create(&writer, NULL, write_rules, manager) == 0);
    for (int i = 0; i < CALLS; i++) {
        lk_account_status status = LK_ACCOUNT_STATUS_INIT;
        const uint64_t before = now_ns();
        const lk_status answer = lk_manager_status(manager, lk_str_of("shop"), &status, NULL);
        took_ns[i] = now_ns() - before;
        EXPECT(answer == LK_STATUS_OK);
    }
    atomic_store(&is_over, true);
    pthread_join(writer, NULL);
    qsort(took_ns, CALLS, sizeof *took_ns, by_size);
    printf("%llu\n", (unsigned long long)took_ns[CALLS / 100 * 99 - 1]);
    lk_manager_free(manager);
    return 0;
}
