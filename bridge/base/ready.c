/*
 * ready.c - is this process able to do its job?
 *
 * One lock guards everything: conditions change seldom and are read seldom.
 */
#include "base/ready.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CONDITIONS_MAX = 16 };

struct ready {
    const char *name;
    bool met;
    const struct ready *instead; /* NULL: nothing is */
    char text[READY_TEXT_MAX];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct ready conditions[CONDITIONS_MAX];
static size_t count;

/* Needs the lock. A text that is too long is cut between characters. */
static void set(struct ready *ready, bool met, const char *text)
{
    size_t len = strlen(text);

    if (len >= READY_TEXT_MAX) {
        len = READY_TEXT_MAX - 1;
        while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    ready->met = met;
    memcpy(ready->text, text, len);
    ready->text[len] = '\0';
}

struct ready *ready_register(const char *name)
{
    struct ready *ready = conditions;

    pthread_mutex_lock(&lock);
    while (ready < conditions + count && strcmp(ready->name, name) != 0)
        ready++;
    if (ready == conditions + CONDITIONS_MAX)
        abort();
    if (ready == conditions + count)
        count++;
    ready->name = name;
    ready->instead = NULL;
    set(ready, false, "not known yet");
    pthread_mutex_unlock(&lock);
    return ready;
}

void ready_set(struct ready *ready, bool met, const char *text)
{
    pthread_mutex_lock(&lock);
    set(ready, met, text);
    pthread_mutex_unlock(&lock);
}

void ready_excuse(struct ready *ready, const struct ready *instead)
{
    pthread_mutex_lock(&lock);
    ready->instead = instead;
    pthread_mutex_unlock(&lock);
}

/* Needs the lock. */
static bool is_excused(const struct ready *ready)
{
    return ready->instead != NULL && ready->instead->met;
}

/* Needs the lock. */
static bool all_met(void)
{
    for (size_t i = 0; i < count; i++)
        if (!conditions[i].met && !is_excused(&conditions[i]))
            return false;
    return count > 0;
}

bool ready_all(void)
{
    bool met;

    pthread_mutex_lock(&lock);
    met = all_met();
    pthread_mutex_unlock(&lock);
    return met;
}

void ready_text(const char *name, char out[READY_TEXT_MAX])
{
    out[0] = '\0';
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        if (strcmp(conditions[i].name, name) == 0)
            memcpy(out, conditions[i].text, READY_TEXT_MAX);
    pthread_mutex_unlock(&lock);
}

static int render_condition(struct buf *out, const struct ready *ready,
                            struct fault *why)
{
    if (buf_add_json(out, slice_of(ready->name), why) == -1 ||
        buf_addf(out, why, ":{\"ok\":%s,\"detail\":",
                 ready->met ? "true" : "false") == -1 ||
        buf_add_json(out, slice_of(ready->text), why) == -1)
        return -1;
    return buf_add_text(out, "}", why);
}

/* Needs the lock. */
static int render(struct buf *out, struct fault *why)
{
    if (buf_addf(out, why, "{\"status\":\"%s\",\"checks\":{",
                 all_met() ? "ready" : "not ready") == -1)
        return -1;
    for (size_t i = 0; i < count; i++)
        if ((i > 0 && buf_add_text(out, ",", why) == -1) ||
            render_condition(out, &conditions[i], why) == -1)
            return -1;
    return buf_add_text(out, "}}", why);
}

int ready_render(struct buf *out, struct fault *why)
{
    int rc;

    pthread_mutex_lock(&lock);
    rc = render(out, why);
    pthread_mutex_unlock(&lock);
    return rc;
}

void ready_reset(void)
{
    pthread_mutex_lock(&lock);
    count = 0;
    pthread_mutex_unlock(&lock);
}
