/*
 * Calls the functions of the header in any order, from several threads, with any handles: live, freed, of another type, made up, NULL. What
 * must hold: it does not crash, nothing hangs, and the data of each function that was handed over is ended once.
 *
 *     fuzz SECONDS SEED THREADS
 *
 * fuzz_calls.h is made from the header (ffi/tests/fuzz.rs): for each function one that draws its arguments and calls it. Offline.
 */
#include <livekeeper.h>

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SLOTS 96
#define MANAGERS 3
#define COUNT(array) (sizeof(array) / sizeof *(array))

/* A thread's own chance. */
struct draw {
    uint64_t state;
    unsigned long calls;
};

/* What was handed out, also what was freed since: all threads use the same. */
struct slot {
    void *handle;
    int type;
};
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static struct slot slots[SLOTS];
static long given, ended;

static uint32_t below(struct draw *draw, uint32_t bound)
{
    draw->state ^= draw->state << 13;
    draw->state ^= draw->state >> 7;
    draw->state ^= draw->state << 17;
    return (uint32_t)((draw->state >> 16) % bound);
}

static bool one_in(struct draw *draw, uint32_t bound)
{
    return below(draw, bound) == 0;
}

static lk_str text(struct draw *draw)
{
    static const char *const texts[] = {"a", "b", "c", "a", "b", "包邮", "", "40001", "no\xffutf8", "https://img.alicdn.com/a.jpg", "{x"};
    if (one_in(draw, 12))
        return lk_str_of(NULL);
    if (one_in(draw, 12))
        return (lk_str){"abc", below(draw, 4)};
    return (lk_str){texts[below(draw, COUNT(texts))], LK_NUL_TERMINATED};
}

static lk_str cookie(struct draw *draw)
{
    static const char *const cookies[] = {
        "unb=1; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x", "unb=2; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x"};
    return one_in(draw, 6) ? text(draw) : lk_str_of(cookies[below(draw, COUNT(cookies))]);
}

static lk_str path(struct draw *draw)
{
    return one_in(draw, 6) ? lk_str_of("/nowhere/a.db") : lk_str_of(":memory:");
}

static lk_str nowhere(struct draw *draw)
{
    return one_in(draw, 6) ? lk_str_of(NULL) : lk_str_of("/nowhere/a");
}

/* A key made of words takes its time, so they are rare. */
static lk_str passphrase(struct draw *draw)
{
    return one_in(draw, 8) ? text(draw) : lk_str_of(NULL);
}

static const uint8_t key[32] = {7};

static lk_str proxy(struct draw *draw)
{
    return one_in(draw, 2) ? text(draw) : lk_str_of("socks5://127.0.0.1:9");
}

static uint32_t number(struct draw *draw)
{
    static const uint32_t numbers[] = {0, 1, 2, 3, 5, 7, 100, 20000, UINT32_MAX};
    return numbers[below(draw, COUNT(numbers))];
}

/* Waits are short, so that there is much to call. */
static uint32_t milliseconds(struct draw *draw)
{
    return below(draw, 3);
}

static double seconds(struct draw *draw)
{
    static const double spans[] = {0, 0.01, 0.05, 1, -1, 1e300};
    return one_in(draw, 12) ? NAN : spans[below(draw, COUNT(spans))];
}

/* How many of a row of four are given. */
static size_t some(struct draw *draw)
{
    return below(draw, 5);
}

/* A handle: mostly of the type that is wanted. */
static void *handle(struct draw *draw, int type)
{
    static char foreign[64];
    const uint32_t kind = below(draw, 16);
    if (kind == 0)
        return NULL;
    if (kind == 1)
        return foreign + below(draw, sizeof foreign);
    if (kind == 2)
        return (void *)(uintptr_t)draw->state;
    pthread_mutex_lock(&turn);
    struct slot found = slots[below(draw, SLOTS)];
    for (int tries = 0; tries < 200 && found.type != type && kind != 3; tries++)
        found = slots[below(draw, SLOTS)];
    pthread_mutex_unlock(&turn);
    return found.handle;
}

static void end(struct slot slot);

/* Keeps what was handed out, in the place of something else, which is freed. */
static void keep(struct draw *draw, int type, void *handed_out, int managers)
{
    if (handed_out == NULL)
        return;
    pthread_mutex_lock(&turn);
    /* Managers have threads; few of them live at the same time, in places of their own. */
    const uint32_t place = type == managers ? below(draw, MANAGERS) : MANAGERS + below(draw, SLOTS - MANAGERS);
    const struct slot before = slots[place];
    slots[place] = (struct slot){handed_out, type};
    pthread_mutex_unlock(&turn);
    end(before);
}

/* Shortens the size that a struct says, never beyond what there is; or there is none. */
static void *sized(struct draw *draw, void *value, size_t *size)
{
    if (one_in(draw, 12))
        return NULL;
    if (one_in(draw, 6))
        *size = below(draw, (uint32_t)*size + 1);
    return value;
}

static void *token(void)
{
    pthread_mutex_lock(&turn);
    given++;
    pthread_mutex_unlock(&turn);
    return malloc(1);
}

static void end_token(void *data)
{
    free(data); /* twice would be seen */
    pthread_mutex_lock(&turn);
    ended++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&turn);
}

static void hear_event(void *data, const lk_event *event)
{
    *(char *)data = (char)event->kind;
}

static void hear_done(void *data, lk_status status, const lk_call *call)
{
    (void)call;
    *(char *)data = (char)status;
}

static void hear_log(void *data, lk_log_level level, lk_str target, lk_str message)
{
    (void)target;
    (void)message;
    *(char *)data = (char)level;
}

static void provide(void *data, const lk_cookie_request *request, lk_cookie_answer *answer)
{
    (void)data;
    (void)request;
    lk_cookie_answer_free(answer);
}

static void answer(void *data, const lk_chat_message *message, lk_reply *reply)
{
    (void)data;
    (void)message;
    lk_reply_free(reply);
}

static lk_config config(struct draw *draw)
{
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of("ws://127.0.0.1:9/");
    config.api_url = lk_str_of("http://127.0.0.1:9/h5");
    config.stop_process_s = config.stop_thread_s = config.stop_socket_s = 0.05;
    config.worker_threads = 1;
    config.health_interval_s = 0.05;
    if (one_in(draw, 4))
        config.event_queue = 16;
    if (one_in(draw, 4)) {
        config.key = key;
        config.key_length = sizeof key;
    }
    return config;
}

static const lk_keyword *keywords(struct draw *draw)
{
    static const lk_keyword good[4] = {{{"x", 1}, {"y", 1}}, {{"包邮", LK_NUL_TERMINATED}, {"", 0}}, {{"z", 1}, {"y", 1}}, {{"w", 1}, {NULL, 0}}};
    return one_in(draw, 6) ? NULL : good;
}

static const lk_rule *rules(struct draw *draw)
{
    static const lk_str words[2] = {{"x", 1}, {"y+", 2}};
    static const lk_rule good[4] = {
        {sizeof(lk_rule), words, 2, LK_MATCHING_REGEX, {NULL, 0}, {"a", 1}, {NULL, 0}, 0, 0},
        {sizeof(lk_rule), words, 1, LK_MATCHING_EXACT, {"1", 1}, {NULL, 0}, {NULL, 0}, 0, 0},
        {sizeof(lk_rule), words, 0, LK_MATCHING_EXACT, {NULL, 0}, {NULL, 0}, {NULL, 0}, 0, 0},
        {sizeof(lk_rule), NULL, 3, 99, {NULL, 0}, {NULL, 0}, {"http://x/", LK_NUL_TERMINATED}, 0, 1},
    };
    return one_in(draw, 6) ? NULL : good;
}

static lk_account_options account_options(struct draw *draw)
{
    lk_account_options options = LK_ACCOUNT_OPTIONS_INIT;
    options.keywords = keywords(draw);
    options.keyword_count = options.keywords == NULL ? 0 : some(draw);
    options.proxy = one_in(draw, 2) ? lk_str_of(NULL) : proxy(draw);
    return options;
}

static lk_default_reply default_reply(struct draw *draw)
{
    lk_default_reply reply = LK_DEFAULT_REPLY_INIT;
    reply.text = text(draw);
    reply.once_per_chat = below(draw, 3);
    return reply;
}

#include "fuzz_calls.h"

static void end(struct slot slot)
{
    if (slot.handle != NULL)
        free_of_type(slot.type, slot.handle);
}

static time_t until;

static void *call_anything(void *data)
{
    struct draw *draw = data;
    while (time(NULL) < until) {
        const uint32_t index = below(draw, COUNT(calls));
        calls[index](draw);
        draw->calls++;
    }
    return NULL;
}

static void everything_was_ended_once(void)
{
    for (int i = SLOTS - 1; i >= 0; i--)
        end(slots[i]);
    lk_set_log_hook(NULL, 0, NULL, NULL);
    pthread_mutex_lock(&turn);
    while (ended < given) /* the alarm ends a wait that is too long */
        pthread_cond_wait(&changed, &turn);
    pthread_mutex_unlock(&turn);
    usleep(100000); /* for one that would be ended too often */
    if (ended != given) {
        fprintf(stderr, "%ld functions' data were given, and ended %ld times\n", given, ended);
        exit(1);
    }
}

int main(int count, char **arguments)
{
    if (count != 4)
        return fprintf(stderr, "usage: fuzz SECONDS SEED THREADS\n"), 2;
    const int length = atoi(arguments[1]), threads = atoi(arguments[3]);
    const uint64_t seed = strtoull(arguments[2], NULL, 10);
    alarm((unsigned)length + 120);
    until = time(NULL) + length;
    pthread_t running[64];
    struct draw draws[64] = {{0, 0}};
    unsigned long total = 0;
    for (int i = 0; i < threads && i < 64; i++) {
        draws[i].state = (seed + 1) * 0x9E3779B97F4A7C15u + (uint64_t)i * 0xD1B54A32D192ED03u + 1;
        if (pthread_create(&running[i], NULL, call_anything, &draws[i]))
            return perror("pthread_create"), 1;
    }
    for (int i = 0; i < threads && i < 64; i++) {
        pthread_join(running[i], NULL);
        total += draws[i].calls;
    }
    everything_was_ended_once();
    printf("%lu calls of %zu functions, %ld functions' data given and ended, seed %llu\n", total, COUNT(calls), given, (unsigned long long)seed);
    return 0;
}
