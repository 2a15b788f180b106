/*
 * spool_book.c - what a spool knows of its file without reading it
 */
#include "spool/spool_book.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 8 };

/* ---- topics: few, so they are searched from end to end ------------------- */

static int make_room(struct spool_book *book, struct fault *why)
{
    const size_t capacity =
        book->capacity == 0 ? FIRST_CAPACITY : 2 * book->capacity;
    struct spool_topic *topics;
    int64_t *given;

    if (book->topic_count < book->capacity)
        return 0;
    topics = realloc(book->topics, capacity * sizeof(*topics));
    if (topics == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a topic");
    book->topics = topics;
    given = realloc(book->given_before, capacity * sizeof(*given));
    if (given == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a topic");
    book->given_before = given;
    book->capacity = capacity;
    return 0;
}

int book_add_topic(struct spool_book *book, int64_t id, const char *name,
                   int64_t given_to, struct fault *why)
{
    char *copy;

    if (make_room(book, why) == -1)
        return -1;
    copy = strdup(name);
    if (copy == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a topic");
    book->topics[book->topic_count++] = (struct spool_topic){
        .id = id, .name = copy, .given_to = given_to, .was_given_to = given_to};
    return 0;
}

struct spool_topic *book_topic(const struct spool_book *book, int64_t id)
{
    for (size_t i = 0; i < book->topic_count; i++)
        if (book->topics[i].id == id)
            return &book->topics[i];
    return NULL;
}

struct spool_topic *book_topic_named(const struct spool_book *book,
                                     const char *name)
{
    for (size_t i = 0; i < book->topic_count; i++)
        if (strcmp(book->topics[i].name, name) == 0)
            return &book->topics[i];
    return NULL;
}

static void forget_topics(struct spool_book *book, size_t keep)
{
    while (book->topic_count > keep)
        free((char *)book->topics[--book->topic_count].name);
}

/* ---- transactions -------------------------------------------------------- */

void book_begin(struct spool_book *book)
{
    for (size_t i = 0; i < book->topic_count; i++)
        book->given_before[i] = book->topics[i].given_to;
    book->topic_count_before = book->topic_count;
    book->before = book->now;
}

void book_undo(struct spool_book *book)
{
    forget_topics(book, book->topic_count_before);
    for (size_t i = 0; i < book->topic_count; i++)
        book->topics[i].given_to = book->given_before[i];
    book->now = book->before;
}

/* ---- counting ------------------------------------------------------------ */

void book_added(struct spool_book *book, int64_t seq, int64_t stored_ms,
                int64_t size)
{
    struct spool_counts *now = &book->now;

    if (now->totals.records == 0) {
        now->oldest_seq = seq;
        now->totals.oldest_ms = stored_ms;
    }
    now->totals.records++;
    now->totals.bytes += size;
}

static void one_less(struct spool_counts *now, int64_t seq)
{
    if (now->totals.records > 0)
        now->totals.records--;
    if (seq == now->oldest_seq || now->totals.records == 0)
        now->oldest_seq = 0;
    if (now->totals.records == 0)
        now->totals.oldest_ms = 0;
}

void book_removed(struct spool_book *book, int64_t seq, int64_t size)
{
    struct spool_totals *totals = &book->now.totals;

    one_less(&book->now, seq);
    /* the size is the file's word, and a file can be damaged */
    totals->bytes = size < totals->bytes ? totals->bytes - size : 0;
}

void book_put_aside(struct spool_book *book, int64_t seq)
{
    one_less(&book->now, seq);
    book->now.totals.aside++;
}

void book_release(struct spool_book *book)
{
    forget_topics(book, 0);
    free(book->topics);
    free(book->given_before);
    memset(book, 0, sizeof(*book));
}
