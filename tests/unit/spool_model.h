/*
 * spool_model.h - what a spool must have, to compare it with what it has
 *
 * The model is an array of bools, one a number.
 */
#ifndef TEST_SPOOL_MODEL_H
#define TEST_SPOOL_MODEL_H

#include "spool_shim.h"

#include "spool/spool.h"

enum { KB = 1024, MB = 1024 * KB, SEQ_MAX = 100, VALUE_MAX = 512 * KB };

static const struct spool_limits limits = {.max_bytes = 64 * MB};
static struct arena arena = ARENA_INIT(64 * KB, 64 * MB);

struct model {
    bool has[SEQ_MAX];    /* the queue, as it was committed */
    bool next[SEQ_MAX];   /* as it will be */
    bool unsure;          /* which of both it is */
    int64_t aside[2];     /* how many; as above */
    size_t size[SEQ_MAX]; /* of its value */
};

static char bytes[VALUE_MAX + SEQ_MAX];

/* Of each number another one. */
static inline struct slice value_of(int64_t seq, size_t size)
{
    return (struct slice){bytes + seq, size};
}

static inline int append(struct spool *sp, struct model *model, size_t size,
                         struct fault *why)
{
    int64_t last = 0;
    struct record record = {.topic = size > KB ? "large" : "small"};
    int64_t seq = 0;

    /* The value has to tell the number, which is not known yet: it is one
     * above the last, and a new file starts with one. */
    for (int64_t i = 1; i < SEQ_MAX; i++)
        if (model->size[i] > 0)
            last = i;
    record.value = value_of(last + 1, size);
    record_add_header(&record, "h", value_of(last + 1, 5));
    if (spool_append(sp, &record, false, &seq, why) == -1)
        return -1;
    assert_int_equal(seq, last + 1);
    assert_true(seq < SEQ_MAX);
    model->size[seq] = size;
    model->next[seq] = true;
    return 0;
}

static inline void settle(struct model *model, bool committed)
{
    if (committed) {
        memcpy(model->has, model->next, sizeof(model->has));
        model->aside[0] = model->aside[1];
    } else {
        memcpy(model->next, model->has, sizeof(model->has));
        model->aside[1] = model->aside[0];
    }
}

static inline bool read_topic(struct spool *sp, int64_t id,
                              const struct model *model, bool has[SEQ_MAX])
{
    static struct spool_row rows[SEQ_MAX];
    size_t count = 0;

    arena_reset(&arena);
    if (spool_read(sp, id, 0, rows, SEQ_MAX, SIZE_MAX, &arena, &count, NULL) ==
        -1)
        return false;
    for (size_t i = 0; i < count; i++) {
        const int64_t seq = rows[i].seq;
        struct slice value;

        assert_in_range(seq, 1, SEQ_MAX - 1);
        value = value_of(seq, model->size[seq]);
        assert_false(rows[i].damaged);
        assert_int_equal(rows[i].record.value.len, value.len);
        assert_memory_equal(rows[i].record.value.data, value.data, value.len);
        has[seq] = true;
    }
    return true;
}

/* What the file has must be what the model has. */
static inline void compare(const char *name, const struct model *model)
{
    struct fault why = FAULT_INIT;
    const struct spool_topic *topics;
    struct spool_totals totals;
    bool has[SEQ_MAX] = {false};
    struct spool *sp = NULL;
    size_t count;
    int64_t records = 0;
    bool is_next;

    if (spool_open(&sp, path_of(name, ""), &limits, &why) == -1)
        fail_msg("%s", why.text);
    assert_int_equal(spool_topics(sp, &topics, &count, &why), 0);
    for (size_t i = 0; i < count; i++)
        assert_true(read_topic(sp, topics[i].id, model, has));
    spool_totals(sp, &totals);
    spool_close(sp);

    is_next = model->unsure && memcmp(has, model->next, sizeof(has)) == 0 &&
              totals.aside == model->aside[1];
    for (int64_t seq = 1; seq < SEQ_MAX && !is_next; seq++)
        if (has[seq] != model->has[seq])
            fail_msg("%d %s", (int)seq, has[seq] ? "is there" : "is missing");
    if (!is_next)
        assert_int_equal(totals.aside, model->aside[0]);
    for (int64_t seq = 1; seq < SEQ_MAX; seq++)
        records += has[seq];
    assert_int_equal(totals.records, records);
    remove_files(name);
}

#endif
