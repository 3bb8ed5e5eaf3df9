/*
 * What the programs that test the interface share: what must hold, what a refusal says, and a manager that is offline, whose
 * accounts point at an address where nobody listens.
 */
#ifndef EXPECT_H
#define EXPECT_H

#include <livekeeper.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where a function cannot be called, a text is made by hand. */
static const lk_str MEMORY = {":memory:", LK_NUL_TERMINATED};

#define COOKIE "unb=2280551454090; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x"

static inline void expect_at(int line, bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "line %d: not so: %s\n  last error: %u '%s' account '%s'\n", line, what, (unsigned)lk_last_error_code(),
            lk_last_error_message(), lk_last_error_cookie_id());
    exit(1);
}
#define EXPECT(condition) expect_at(__LINE__, (condition), #condition)

/* The call failed with this code, its message begins so, and the thread's last error agrees. */
static inline void refused_at(int line, lk_status status, lk_status expected, const char *beginning, const char *cookie_id)
{
    expect_at(line, status == expected, beginning);
    expect_at(line, lk_last_error_code() == expected, "the last error's code is that of the call");
    expect_at(line, strncmp(lk_last_error_message(), beginning, strlen(beginning)) == 0, beginning);
    expect_at(line, strcmp(lk_last_error_cookie_id(), cookie_id) == 0, "the last error names the account");
}
#define REFUSED(call, code, beginning) refused_at(__LINE__, (call), (code), (beginning), "")
#define REFUSED_FOR(call, code, beginning, account) refused_at(__LINE__, (call), (code), (beginning), (account))

static inline lk_config unreachable(void)
{
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of("ws://127.0.0.1:9/");
    config.api_url = lk_str_of("http://127.0.0.1:9/h5");
    return config;
}

static inline lk_manager *open_in_memory(void)
{
    const lk_config config = unreachable();
    lk_manager *manager = NULL;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    EXPECT(manager != NULL);
    return manager;
}

static inline lk_status add(lk_manager *manager, const char *cookie_id, const char *cookie)
{
    return lk_manager_add_cookie(manager, lk_str_of(cookie_id), lk_str_of(cookie), NULL, 0, lk_str_of(NULL));
}

#endif
