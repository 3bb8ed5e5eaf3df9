/*
 * A process whose accounts are at work forks again and again, from two threads. Each child hears that its parent's manager is not its own,
 * opens a store for itself and works with it; the parent goes on as if nothing had been. The directory for the stores is the first
 * argument, how often each thread forks the second. Offline.
 */
#include "expect.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#define ACCOUNTS 4

static const char *directory;
static lk_manager *manager;
static int is_enough, children;

static lk_manager *open_file(const char *name, int number)
{
    char path[4096];
    const lk_config config = unreachable();
    lk_manager *opened = NULL;
    snprintf(path, sizeof path, "%s/%s-%d.db", directory, name, number);
    EXPECT(lk_manager_open(lk_str_of(path), &config, &opened) == LK_STATUS_OK);
    return opened;
}

/* Stores a remark, and reads it back. */
static void remark(lk_manager *of, const char *cookie_id, int number)
{
    char text[32];
    lk_string *read = NULL;
    snprintf(text, sizeof text, "%d", number);
    EXPECT(lk_manager_set_remark(of, lk_str_of(cookie_id), lk_str_of(text)) == LK_STATUS_OK);
    EXPECT(lk_manager_get_remark(of, lk_str_of(cookie_id), &read) == LK_STATUS_OK);
    EXPECT(strcmp(lk_string_view(read).data, text) == 0);
    lk_string_free(read);
}

static void *work(void *data)
{
    for (int i = 0; !__atomic_load_n(&is_enough, __ATOMIC_SEQ_CST); i++)
        remark(manager, data, i);
    return NULL;
}

/* The child of a child: it knows of two managers that are not its own. */
static void in_a_grandchild(lk_manager *of_its_parent, int number)
{
    lk_manager *own = open_file("grandchild", number);
    REFUSED(lk_manager_pause(manager, lk_str_of("0")), LK_STATUS_FORKED, "this CookieManager was opened in process");
    REFUSED(lk_manager_pause(of_its_parent, lk_str_of("0")), LK_STATUS_FORKED, "this CookieManager was opened in process");
    EXPECT(add(own, "own", COOKIE) == LK_STATUS_OK);
    EXPECT(lk_manager_close(own, 10, NULL) == LK_STATUS_OK);
}

static pid_t forked(void)
{
    const pid_t child = fork();
    EXPECT(child >= 0);
    if (child == 0)
        alarm(60);
    return child;
}

static void ends_well(pid_t child)
{
    int status = -1;
    EXPECT(waitpid(child, &status, 0) == child);
    EXPECT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* Not _exit: valgrind would look for leaks in the child, where the threads that hold things are missing. */
static void end_child(void)
{
    execl("/bin/true", "child", (char *)NULL);
    _exit(1);
}

static void in_a_child(int number)
{
    lk_string_list *list = NULL;
    REFUSED(lk_manager_list(manager, &list), LK_STATUS_FORKED, "this CookieManager was opened in process");
    lk_manager *own = open_file("child", number);
    EXPECT(add(own, "own", COOKIE) == LK_STATUS_OK);
    for (int i = 0; i < 3; i++)
        remark(own, "own", i);
    if (number % 10 == 0) {
        const pid_t child = forked();
        if (child == 0) {
            in_a_grandchild(own, number);
            end_child();
        }
        ends_well(child);
        remark(own, "own", 3);
    }
    lk_manager_free(manager);
    EXPECT(lk_manager_close(own, 10, NULL) == LK_STATUS_OK);
    lk_manager_free(own);
    end_child();
}

static void *fork_again_and_again(void *data)
{
    for (int i = 0; i < children; i++) {
        const pid_t child = forked();
        if (child == 0)
            in_a_child(i + *(const int *)data);
        ends_well(child);
    }
    return NULL;
}

int main(int arguments, char **argument)
{
    static char ids[ACCOUNTS][2] = {"0", "1", "2", "3"};
    int first[2] = {0, 0};
    pthread_t workers[ACCOUNTS], forking;
    lk_stop_report *report = NULL;
    lk_stop_summary summary = LK_STOP_SUMMARY_INIT;
    EXPECT(arguments == 3);
    alarm(500);
    directory = argument[1];
    first[1] = children = atoi(argument[2]);
    manager = open_file("parent", 0);
    for (int i = 0; i < ACCOUNTS; i++) {
        char cookie[128];
        snprintf(cookie, sizeof cookie, "unb=%d; _m_h5_tk=0123456789abcdef0123456789abcdef_1; cookie2=x", i + 1);
        EXPECT(add(manager, ids[i], cookie) == LK_STATUS_OK);
        EXPECT(pthread_create(&workers[i], NULL, work, ids[i]) == 0);
    }
    EXPECT(pthread_create(&forking, NULL, fork_again_and_again, &first[0]) == 0);
    fork_again_and_again(&first[1]);
    EXPECT(pthread_join(forking, NULL) == 0);
    __atomic_store_n(&is_enough, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < ACCOUNTS; i++)
        EXPECT(pthread_join(workers[i], NULL) == 0);
    EXPECT(lk_manager_close(manager, 10, &report) == LK_STATUS_OK);
    EXPECT(lk_stop_report_summary(report, &summary) == LK_STATUS_OK && summary.is_clean);
    lk_stop_report_free(report);
    lk_manager_free(manager);
    return 0;
}
