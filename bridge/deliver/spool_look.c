/*
 * spool_look.c - finding the way through a file that is damaged
 *
 * A record is in the table and its number in an index. Either can be damaged
 * while the other is not, so there is a way along each of them.
 */
#include "deliver/spool_parts.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static int look(struct spool *sp, enum spool_query query, int64_t at,
                struct spool_glimpse *out, struct fault *why)
{
    const struct spool_cell args[] = {spool_number(at)};
    int64_t *const numbers[] = {&out->seq, &out->topic_id, &out->stored_ms,
                                &out->size};

    *out = (struct spool_glimpse){0};
    return spool_ask_numbers(sp, query, args, COUNT(args), numbers,
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
    const struct spool_cell args[] = {spool_number(topic_id),
                                      spool_number(after)};
    int64_t *const numbers[] = {seq};

    *seq = 0;
    return spool_ask_numbers(sp, SPOOL_NEXT_OF, args, COUNT(args), numbers,
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

/* The largest number that the table, the index or a mark tells. */
static int64_t last_known(struct spool *sp)
{
    int64_t last = sp->book.now.used_to;
    struct spool_glimpse end;

    if (spool_look_back(sp, INT64_MAX, &end, NULL) == 0 && end.seq > last)
        last = end.seq;
    for (size_t i = 0; i < sp->book.topic_count; i++) {
        const struct spool_cell args[] = {spool_number(sp->book.topics[i].id)};
        int64_t first = 0;
        int64_t of_topic = 0;
        int64_t *const numbers[] = {&first, &of_topic};

        if (spool_ask_numbers(sp, SPOOL_ENDS, args, COUNT(args), numbers, 2,
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
