/*
 * The library is loaded by hand, used, and unloaded again: a fork afterwards calls nothing of it. The library is the first argument.
 * Ends with 8 where the system keeps the library loaded, and there is nothing to see.
 */
#include <livekeeper.h>

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A function of the library; through memory, as POSIX has it: C knows no way from a pointer to a function. */
static void find(void *library, const char *name, void *function)
{
    void *found = dlsym(library, name);
    memcpy(function, &found, sizeof found);
    if (!found)
        exit(2);
}

static void *use(void *path)
{
    lk_config config = LK_CONFIG_INIT;
    lk_manager *manager = NULL;
    lk_status (*open)(lk_str, const lk_config *, lk_manager **);
    lk_status (*close)(const lk_manager *, double, lk_stop_report **);
    void (*end)(lk_manager *);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        exit(3);
    find(library, "lk_manager_open", &open);
    find(library, "lk_manager_close", &close);
    find(library, "lk_manager_free", &end);
    config.websocket_url = (lk_str){"ws://127.0.0.1:9/", LK_NUL_TERMINATED};
    config.api_url = (lk_str){"http://127.0.0.1:9/h5", LK_NUL_TERMINATED};
    if (open((lk_str){":memory:", LK_NUL_TERMINATED}, &config, &manager) != LK_STATUS_OK || close(manager, 10, NULL) != LK_STATUS_OK)
        exit(4);
    end(manager);
    dlclose(library);
    return NULL;
}

/* The library stays as long as a thread of its own has not quite ended. */
static bool is_gone(const char *path)
{
    for (int i = 0; i < 1000; i++) {
        void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
        if (!library)
            return true;
        dlclose(library);
        nanosleep(&(struct timespec){0, 10 * 1000 * 1000}, NULL);
    }
    return false;
}

/* Not a return: what a library's statics held is lost when it is unloaded, and those who look for leaks would find it. */
static void finish(void)
{
    execl("/bin/true", "unloaded", (char *)NULL);
    _exit(7);
}

int main(int arguments, char **argument)
{
    pthread_t thread;
    int status = -1;
    if (arguments != 2 || pthread_create(&thread, NULL, use, argument[1]) != 0 || pthread_join(thread, NULL) != 0)
        return 5;
    if (!is_gone(argument[1]))
        return 8;
    const pid_t child = fork();
    if (child == 0)
        finish();
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return 6;
    finish();
}
