/*
 * spool_book.h - what a spool knows of its file without reading it
 *
 * Topics, totals and the next number, kept along with the rows. Between
 * book_begin() and book_commit() they are those of the transaction, and
 * book_undo() brings back what was before it.
 *
 * Ownership: the spool embeds the struct; it starts zeroed.
 */
#ifndef SPOOL_SPOOL_BOOK_H
#define SPOOL_SPOOL_BOOK_H

#include "base/fault.h"
#include "spool/spool.h"

#include <stdint.h>

struct spool_counts {
    struct spool_totals totals;
    int64_t oldest_seq; /* whose time is oldest_ms; 0: not known */
    int64_t used_to;    /* numbers that the file remembers as used, whether
                           or not a row has them */
};

struct spool_book {
    struct spool_topic *topics; /* in the order of their ids */
    int64_t *given_before;      /* their given_to, before the transaction */
    size_t topic_count;
    size_t topic_count_before;
    size_t capacity;
    struct spool_counts now;
    struct spool_counts before;
    int64_t next_seq; /* not undone: it is never handed out twice */
};

/* Makes room for one more and a copy of its name. FAULT_NOMEM. */
int book_add_topic(struct spool_book *book, int64_t id, const char *name,
                   int64_t given_to, struct fault *why);

/* NULL: there is none. */
struct spool_topic *book_topic(const struct spool_book *book, int64_t id);
struct spool_topic *book_topic_named(const struct spool_book *book,
                                     const char *name);

void book_begin(struct spool_book *book);
void book_undo(struct spool_book *book);

/* A record came or went; it counts for `size` bytes. */
void book_added(struct spool_book *book, int64_t seq, int64_t stored_ms,
                int64_t size);
void book_removed(struct spool_book *book, int64_t seq, int64_t size);
void book_put_aside(struct spool_book *book, int64_t seq);

void book_release(struct spool_book *book);

#endif
