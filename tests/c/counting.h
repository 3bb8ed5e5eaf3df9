/* What the functions of a program have counted, for those who wait for it. */
#ifndef COUNTING_H
#define COUNTING_H

#include <pthread.h>

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static inline void count(int *counter)
{
    pthread_mutex_lock(&turn);
    ++*counter;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&turn);
}

static inline void wait_until(const int *counter, int number)
{
    pthread_mutex_lock(&turn);
    while (*counter < number)
        pthread_cond_wait(&changed, &turn);
    pthread_mutex_unlock(&turn);
}

#endif
