/*
 * tsan_threads.c - C11 threads over POSIX threads, for ThreadSanitizer
 *
 * librdkafka as Debian builds it uses mtx_*, cnd_* and thrd_* of the C
 * library. ThreadSanitizer intercepts their POSIX counterparts only: it does
 * not see the locks, nor that a thread was started, and the program crashes.
 * Linked into sanitized programs with -rdynamic, these definitions take the
 * place of the C library's, whose types have the same layout.
 *
 * Nor does it see the atomics of a library that was built without it. Where
 * librdkafka frees what the last of several references let go of, nothing
 * seems to come between the others' accesses and that free(). So accesses
 * that librdkafka makes through the C library are not looked at, nor is the
 * end of its locks. Our own accesses are, also in its callbacks; and its
 * locks, taken here, still order what is done under them.
 */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <threads.h>

_Static_assert(sizeof(mtx_t) == sizeof(pthread_mutex_t), "layout of mtx_t");
_Static_assert(sizeof(cnd_t) == sizeof(pthread_cond_t), "layout of cnd_t");
_Static_assert(sizeof(thrd_t) == sizeof(pthread_t), "layout of thrd_t");
_Static_assert(sizeof(once_flag) == sizeof(pthread_once_t),
               "layout of once_flag");

/* ThreadSanitizer's own. */
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
int __interceptor_pthread_rwlock_rdlock(pthread_rwlock_t *lock);
int __interceptor_pthread_rwlock_wrlock(pthread_rwlock_t *lock);
int __interceptor_pthread_rwlock_unlock(pthread_rwlock_t *lock);
const char *__tsan_default_suppressions(void);

const char *__tsan_default_suppressions(void)
{
    /* libcrypto writes for librdkafka, whose closing is not seen */
    return "called_from_lib:librdkafka.so\n"
           "called_from_lib:libcrypto.so\n";
}

static pthread_mutex_t *mutex_of(mtx_t *mtx)
{
    return (pthread_mutex_t *)(void *)mtx;
}

static pthread_cond_t *cond_of(cnd_t *cnd)
{
    return (pthread_cond_t *)(void *)cnd;
}

static int outcome(int err)
{
    switch (err) {
    case 0:
        return thrd_success;
    case EBUSY:
        return thrd_busy;
    case ETIMEDOUT:
        return thrd_timedout;
    case ENOMEM:
    case EAGAIN:
        return thrd_nomem;
    default:
        return thrd_error;
    }
}

int mtx_init(mtx_t *mtx, int type)
{
    pthread_mutexattr_t attr;
    int err = pthread_mutexattr_init(&attr);

    if (err != 0)
        return outcome(err);
    if (type & mtx_recursive)
        pthread_mutexattr_settype(&attr, PTHREAD_MUTEX_RECURSIVE);
    err = pthread_mutex_init(mutex_of(mtx), &attr);
    pthread_mutexattr_destroy(&attr);
    return outcome(err);
}

int mtx_lock(mtx_t *mtx) { return outcome(pthread_mutex_lock(mutex_of(mtx))); }

int mtx_timedlock(mtx_t *restrict mtx, const struct timespec *restrict until)
{
    return outcome(pthread_mutex_timedlock(mutex_of(mtx), until));
}

int mtx_trylock(mtx_t *mtx)
{
    return outcome(pthread_mutex_trylock(mutex_of(mtx)));
}

int mtx_unlock(mtx_t *mtx)
{
    return outcome(pthread_mutex_unlock(mutex_of(mtx)));
}

void mtx_destroy(mtx_t *mtx)
{
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    pthread_mutex_destroy(mutex_of(mtx));
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
}

int cnd_init(cnd_t *cnd)
{
    return outcome(pthread_cond_init(cond_of(cnd), NULL));
}

int cnd_signal(cnd_t *cnd)
{
    return outcome(pthread_cond_signal(cond_of(cnd)));
}

int cnd_broadcast(cnd_t *cnd)
{
    return outcome(pthread_cond_broadcast(cond_of(cnd)));
}

int cnd_wait(cnd_t *cnd, mtx_t *mtx)
{
    return outcome(pthread_cond_wait(cond_of(cnd), mutex_of(mtx)));
}

int cnd_timedwait(cnd_t *restrict cnd, mtx_t *restrict mtx,
                  const struct timespec *restrict until)
{
    return outcome(pthread_cond_timedwait(cond_of(cnd), mutex_of(mtx), until));
}

void cnd_destroy(cnd_t *cnd)
{
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
    pthread_cond_destroy(cond_of(cnd));
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
}

struct start {
    thrd_start_t run;
    void *arg;
};

static void *run_start(void *opaque)
{
    struct start start = *(struct start *)opaque;

    free(opaque);
    return (void *)(intptr_t)start.run(start.arg);
}

int thrd_create(thrd_t *thread, thrd_start_t run, void *arg)
{
    struct start *start = malloc(sizeof(*start));
    int err;

    if (start == NULL)
        return thrd_nomem;
    start->run = run;
    start->arg = arg;
    err = pthread_create(thread, NULL, run_start, start);
    if (err != 0)
        free(start);
    return outcome(err);
}

int thrd_join(thrd_t thread, int *result)
{
    void *value = NULL;
    int err = pthread_join(thread, &value);

    if (err == 0 && result != NULL)
        *result = (int)(intptr_t)value;
    return outcome(err);
}

int thrd_detach(thrd_t thread) { return outcome(pthread_detach(thread)); }

_Noreturn void thrd_exit(int result) { pthread_exit((void *)(intptr_t)result); }

void call_once(once_flag *flag, void (*run)(void))
{
    pthread_once((pthread_once_t *)(void *)flag, run);
}

/* librdkafka's read-write locks, called from here rather than from it. */

int pthread_rwlock_rdlock(pthread_rwlock_t *lock)
{
    return __interceptor_pthread_rwlock_rdlock(lock);
}

int pthread_rwlock_wrlock(pthread_rwlock_t *lock)
{
    return __interceptor_pthread_rwlock_wrlock(lock);
}

int pthread_rwlock_unlock(pthread_rwlock_t *lock)
{
    return __interceptor_pthread_rwlock_unlock(lock);
}
