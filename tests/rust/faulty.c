/* A disk that fails when it is told to: preloaded, it stands between a program and the files of its store.
 *
 * FAULTY_KIND   eio, enospc: that error; kill: the process is killed instead; torn: half of a write is done, then it is killed;
 *               log: nothing fails, and each operation is told on stdout as "disk OPERATION ENDING-OF-THE-PATH"
 * FAULTY_FIRST  the first operation that fails, counted from 1
 * FAULTY_COUNT  how many fail from there on
 * FAULTY_NAME   the name of the store's file; the operations on it, and on the files whose names begin with it, are counted
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

static atomic_long done;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

static const char *stores(const char *path) {
    const char *store = getenv("FAULTY_NAME");
    const char *name = strrchr(path, '/');
    name = name ? name + 1 : path;
    return store && strncmp(name, store, strlen(store)) == 0 ? name : NULL;
}

/* Whether this operation is to fail; with errno set then. */
static int fails(const char *operation, const char *path, int *torn) {
    const char *kind = getenv("FAULTY_KIND");
    const char *name = stores(path);
    if (!kind || !name) return 0;
    long number_of_this = atomic_fetch_add(&done, 1) + 1;
    if (strcmp(kind, "log") == 0) {
        char line[256];
        int length = snprintf(line, sizeof line, "disk %s %s\n", operation, name + strlen(getenv("FAULTY_NAME")));
        ssize_t (*really)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
        (void)!really(STDOUT_FILENO, line, (size_t)length);
        return 0;
    }
    long first = number("FAULTY_FIRST");
    if (number_of_this < first || number_of_this >= first + number("FAULTY_COUNT")) return 0;
    if (strcmp(kind, "torn") == 0 && torn) {
        *torn = 1;
        return 0;
    }
    if (strcmp(kind, "kill") == 0 || strcmp(kind, "torn") == 0) kill(getpid(), SIGKILL);
    errno = strcmp(kind, "enospc") == 0 ? ENOSPC : EIO;
    return 1;
}

static int fails_on(int fd, const char *operation, int *torn) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return fails(operation, path, torn);
}

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t (*really)(int, const void *, size_t) = dlsym(RTLD_NEXT, "write");
    int torn = 0;
    if (fails_on(fd, "write", &torn)) return -1;
    if (torn) {
        (void)!really(fd, bytes, count / 2);
        kill(getpid(), SIGKILL);
    }
    return really(fd, bytes, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t place) {
    ssize_t (*really)(int, const void *, size_t, off64_t) = dlsym(RTLD_NEXT, "pwrite64");
    int torn = 0;
    if (fails_on(fd, "write", &torn)) return -1;
    if (torn) {
        (void)!really(fd, bytes, count / 2, place);
        kill(getpid(), SIGKILL);
    }
    return really(fd, bytes, count, place);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t place) { return pwrite64(fd, bytes, count, place); }

int fsync(int fd) {
    int (*really)(int) = dlsym(RTLD_NEXT, "fsync");
    return fails_on(fd, "sync", NULL) ? -1 : really(fd);
}

int fdatasync(int fd) {
    int (*really)(int) = dlsym(RTLD_NEXT, "fdatasync");
    return fails_on(fd, "sync", NULL) ? -1 : really(fd);
}

int ftruncate64(int fd, off64_t length) {
    int (*really)(int, off64_t) = dlsym(RTLD_NEXT, "ftruncate64");
    return fails_on(fd, "truncate", NULL) ? -1 : really(fd, length);
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int unlink(const char *path) {
    int (*really)(const char *) = dlsym(RTLD_NEXT, "unlink");
    return fails("unlink", path, NULL) ? -1 : really(path);
}

int rename(const char *from, const char *to) {
    int (*really)(const char *, const char *) = dlsym(RTLD_NEXT, "rename");
    return fails("rename", to, NULL) ? -1 : really(from, to);
}
