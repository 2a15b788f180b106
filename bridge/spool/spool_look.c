/*
 * spool_look.c - finding the way through a file that is damaged
 *
 * A record is in the table and its number in an index. Either can be damaged
 * while the other is not, so there is a way along each of them.
 */
#include "spool/spool_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { STRETCH = 1 << 20 /* numbers that are tried one by one */ };

static int look(struct spool *sp, enum spool_query query, int64_t at,
                struct spool_glimpse *out, struct fault *why)
{
    const struct db_cell args[] = {db_number(at)};
    int64_t *const numbers[] = {&out->seq, &out->topic_id, &out->stored_ms,
                                &out->size};

    *out = (struct spool_glimpse){0};
    return db_ask_numbers(&sp->db, query, args, COUNT(args), numbers,
                          COUNT(numbers), why) == -1
               ? -1
               : 0;
}

int spool_look(struct spool *sp, int64_t after, struct spool_glimpse *out,
               struct fault *why)
{
    return look(sp, SPOOL_LOOK, after + 1, out, why);
}

int spool_look_back(struct spool *sp, int64_t before, struct spool_glimpse *out,
                    struct fault *why)
{
    return look(sp, SPOOL_LOOK_BACK, before, out, why);
}

int spool_next_of(struct spool *sp, int64_t topic_id, int64_t after,
                  int64_t *seq, struct fault *why)
{
    const struct db_cell args[] = {db_number(topic_id), db_number(after)};
    int64_t *const numbers[] = {seq};

    *seq = 0;
    return db_ask_numbers(&sp->db, SPOOL_NEXT_OF, args, COUNT(args), numbers,
                          COUNT(numbers), why) == -1
               ? -1
               : 0;
}

int spool_next_of_any(struct spool *sp, int64_t after, int64_t *seq,
                      struct fault *why)
{
    *seq = 0;
    for (size_t i = 0; i < sp->book.topic_count; i++) {
        int64_t next;

        if (spool_next_of(sp, sp->book.topics[i].id, after, &next, why) == -1)
            return -1;
        if (next > 0 && (*seq == 0 || next < *seq))
            *seq = next;
    }
    return 0;
}

/* ---- from one to the next ------------------------------------------------ */

/* The number before the first one that can be reached from the end; `end` if
 * nothing can. */
static int64_t far_side(struct spool *sp, int64_t end)
{
    struct spool_glimpse seen;

    while (spool_look_back(sp, end, &seen, NULL) == 0 && seen.seq > 0)
        end = seen.seq;
    return end - 1;
}

static void find_end(struct spool *sp, struct spool_walk *walk)
{
    struct spool_glimpse seen;

    walk->has_end = spool_look_back(sp, INT64_MAX, &seen, NULL) == 0;
    walk->end = walk->has_end ? seen.seq : INT64_MAX;
}

/*
 * Where a page is damaged, looking fails for all numbers that it may have, and
 * works again behind them; so numbers are tried one by one. Only where a very
 * long stretch fails is the other side looked for from the end. False: there
 * is none.
 */
static bool step_over(struct spool *sp, struct spool_walk *walk)
{
    walk->damaged = true;
    walk->at++;
    if (++walk->failed < STRETCH)
        return true;
    if (!walk->has_end)
        return false;
    walk->at = far_side(sp, walk->end + 1);
    walk->failed = 0;
    return true;
}

int spool_walk(struct spool *sp, struct spool_walk *walk, int64_t *seq,
               struct fault *why)
{
    if (walk->end == 0)
        find_end(sp, walk);
    while (walk->at < walk->end) {
        struct fault cause = FAULT_INIT;
        struct spool_glimpse seen;

        if (spool_look(sp, walk->at, &seen, &cause) == 0) {
            if (seen.seq == 0)
                return 0;
            walk->failed = 0;
            walk->at = *seq = seen.seq;
            return 1;
        }
        if (cause.kind == FAULT_NOMEM)
            return fault_set(why, cause.kind, "%s", cause.text);
        if (!step_over(sp, walk))
            return 0;
    }
    return 0;
}

/* ---- at the start -------------------------------------------------------- */

/* The largest number that the table, the index or a mark tells. */
static int64_t last_known(struct spool *sp)
{
    int64_t last = sp->book.now.used_to;
    struct spool_glimpse end;

    if (spool_look_back(sp, INT64_MAX, &end, NULL) == 0 && end.seq > last)
        last = end.seq;
    for (size_t i = 0; i < sp->book.topic_count; i++) {
        const struct db_cell args[] = {db_number(sp->book.topics[i].id)};
        int64_t first = 0;
        int64_t of_topic = 0;
        int64_t *const numbers[] = {&first, &of_topic};

        if (db_ask_numbers(&sp->db, SPOOL_ENDS, args, COUNT(args), numbers, 2,
                           NULL) == 1 &&
            of_topic > last)
            last = of_topic;
    }
    return last;
}

int spool_load_damaged(struct spool *sp, struct fault *why)
{
    static const enum spool_query ways[] = {SPOOL_TOPICS, SPOOL_TOPIC_NAMES};

    for (size_t i = 0; i < COUNT(ways); i++) {
        struct fault cause = FAULT_INIT;

        if (spool_load_topics(sp, ways[i], &cause) == -1 &&
            cause.kind == FAULT_NOMEM)
            return fault_set(why, cause.kind, "%s", cause.text);
    }
    sp->book.next_seq = last_known(sp);
    if (sp->book.next_seq < INT64_MAX)
        sp->book.next_seq++;
    return 0;
}

/* ---- how many there are -------------------------------------------------- */

static int count_by_index(struct spool *sp, int64_t *records, struct fault *why)
{
    *records = 0;
    for (size_t i = 0; i < sp->book.topic_count; i++) {
        int64_t seq = 0;

        do {
            if (spool_next_of(sp, sp->book.topics[i].id, seq, &seq, why) == -1)
                return -1;
            *records += seq > 0;
        } while (seq > 0);
    }
    return 0;
}

static int count_by_table(struct spool *sp, int64_t *records, struct fault *why)
{
    struct spool_walk walk = {0};
    struct spool_glimpse seen;
    int64_t seq;
    int rc;

    *records = 0;
    while ((rc = spool_walk(sp, &walk, &seq, why)) == 1)
        *records += spool_look(sp, seq - 1, &seen, NULL) == 0 &&
                    book_topic(&sp->book, seen.topic_id) != NULL;
    return rc;
}

int spool_count_damaged(struct spool *sp, bool *by_index, struct fault *why)
{
    int64_t *records = &sp->book.now.totals.records;
    struct fault cause = FAULT_INIT;

    *by_index = count_by_index(sp, records, &cause) == 0;
    if (!*by_index && cause.kind == FAULT_NOMEM)
        return fault_set(why, cause.kind, "%s", cause.text);
    if (!*by_index && count_by_table(sp, records, why) == -1)
        return -1;
    spool_find_oldest(sp);
    return 0;
}
