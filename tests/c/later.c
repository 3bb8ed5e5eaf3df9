/*
 * A cookie provider and a reply handler that return at once and answer later, from threads of the host's: in time, before the function
 * has returned, twice, too late, and never. The environment names the service, a cookie that is over, and a new one.
 */
#include "expect.h"

#include <pthread.h>
#include <unistd.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int answered;
static lk_reply *never;

static void count(void)
{
    pthread_mutex_lock(&turn);
    answered++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&turn);
}

static void start(void *(*work)(void *), void *data)
{
    pthread_t thread;
    EXPECT(pthread_create(&thread, NULL, work, data) == 0);
    EXPECT(pthread_detach(thread) == 0);
}

static void *bring_cookie(void *answer)
{
    usleep(20000);
    EXPECT(lk_cookie_answer_is_wanted(answer));
    EXPECT(lk_cookie_answer_set(answer, lk_str_of(getenv("LIVEKEEPER_NEW_COOKIE"))) == LK_STATUS_OK);
    lk_cookie_answer_free(answer);
    REFUSED(lk_cookie_answer_set(answer, lk_str_of("unb=1")), LK_STATUS_INVALID_HANDLE, "answer: is no lk_cookie_answer");
    lk_cookie_answer_free(answer);
    return NULL;
}

static void provide(void *data, const lk_cookie_request *request, lk_cookie_answer *answer)
{
    (void)data;
    (void)request;
    EXPECT(lk_cookie_answer_keep(answer) == LK_STATUS_OK && lk_cookie_answer_keep(answer) == LK_STATUS_OK);
    start(bring_cookie, answer);
}

static void *reply_later(void *reply)
{
    usleep(20000);
    EXPECT(lk_reply_is_wanted(reply));
    EXPECT(lk_reply_set_text(reply, lk_str_of("later")) == LK_STATUS_OK);
    lk_reply_free(reply);
    REFUSED(lk_reply_set_text(reply, lk_str_of("twice")), LK_STATUS_INVALID_HANDLE, "reply: is no lk_reply");
    lk_reply_free(reply);
    count();
    return NULL;
}

static void answer(void *data, const lk_chat_message *message, lk_reply *reply)
{
    (void)data;
    const char *text = message->text.data;
    if (strcmp(text, "unkept") == 0) {
        /* It was never his to free: what was said until then is the answer. */
        EXPECT(lk_reply_set_text(reply, lk_str_of("unkept")) == LK_STATUS_OK);
        lk_reply_free(reply);
        EXPECT(lk_reply_set_text(reply, lk_str_of("x")) == LK_STATUS_INVALID_HANDLE);
        count();
        return;
    }
    EXPECT(lk_reply_keep(reply) == LK_STATUS_OK);
    if (strcmp(text, "early") == 0) {
        EXPECT(lk_reply_set_text(reply, lk_str_of("early")) == LK_STATUS_OK);
        lk_reply_free(reply);
        count();
    } else if (strcmp(text, "later") == 0) {
        start(reply_later, reply);
    } else {
        never = reply;
        count();
    }
}

int main(void)
{
    alarm(200);
    lk_config config = LK_CONFIG_INIT;
    config.websocket_url = lk_str_of(getenv("LIVEKEEPER_WEBSOCKET_URL"));
    config.api_url = lk_str_of(getenv("LIVEKEEPER_API_URL"));
    config.debounce_s = 0;
    config.chat_send_rate_per_s = config.send_rate_per_s = 1000;
    lk_manager *manager = NULL;
    EXPECT(lk_manager_open(MEMORY, &config, &manager) == LK_STATUS_OK);
    EXPECT(lk_manager_set_cookie_provider(manager, provide, NULL, NULL, 60) == LK_STATUS_OK);
    EXPECT(lk_manager_set_reply_handler(manager, answer, NULL, NULL, 3) == LK_STATUS_OK);
    EXPECT(add(manager, "shop", getenv("LIVEKEEPER_COOKIE")) == LK_STATUS_OK);
    const lk_default_reply plain = {sizeof plain, lk_str_of("default"), {NULL, 0}, 0, 0, 0};
    EXPECT(lk_manager_set_default_reply(manager, lk_str_of("shop"), lk_str_of(NULL), &plain) == LK_STATUS_OK);
    EXPECT(lk_manager_wait_for(manager, lk_str_of("shop"), LK_ANY, LK_CONNECTION_STATE_CONNECTED, 60, NULL, NULL) == LK_STATUS_OK);
    puts("> online");
    fflush(stdout);

    pthread_mutex_lock(&turn);
    while (answered < 4)
        pthread_cond_wait(&changed, &turn);
    pthread_mutex_unlock(&turn);
    /* Its time runs out, and the default reply is said. */
    lk_account_status status = LK_ACCOUNT_STATUS_INIT;
    while (status.delivered < 4) {
        EXPECT(lk_manager_status(manager, lk_str_of("shop"), &status, NULL) == LK_STATUS_OK);
        usleep(5000);
    }
    EXPECT(status.handler_failures == 1);
    EXPECT(!lk_reply_is_wanted(never));
    EXPECT(lk_reply_set_text(never, lk_str_of("too late")) == LK_STATUS_OK);
    EXPECT(lk_manager_close(manager, 10, NULL) == LK_STATUS_OK);
    lk_manager_free(manager);
    lk_reply_free(never);
    lk_reply_free(never);
    return 0;
}
