/*
 * spool.h - the durable queue between acceptance and Kafka: one file
 *
 * Once spool_commit() has returned 0, what was appended since spool_begin()
 * survives a crash of the process or of the host, and spool_remove() or
 * spool_put_aside() in a later transaction is the only way it leaves.
 *
 * A record that Kafka may have already is doubtful: if it is published once
 * more, that is marked. A record becomes doubtful by being appended so, or
 * because spool_give() said that it would be given to Kafka.
 *
 * After FAULT_IO the file has failed: what the last transaction did is not
 * known to be on disk, nothing can be written any more (FAULT_IO), and
 * reading goes on as far as it does. No fsync is tried a second time (Linux
 * drops the pages that one has failed for). FAULT_CORRUPT, which any call can
 * meet, fails the file in the same way: writing to it could make it worse.
 * After FAULT_FULL the file is sound, and removing works.
 *
 * A writing call that fails may undo the transaction, and where the file is
 * the reason it always does: spool_in_transaction() tells.
 *
 * Threads: one at a time; the same one need not be.
 */
#ifndef SPOOL_SPOOL_H
#define SPOOL_SPOOL_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/record.h"

#include <stdbool.h>
#include <stdint.h>

struct spool;

struct spool_limits {
    int64_t max_bytes;      /* of records, those aside too; an append past it
                               is refused */
    int64_t min_free_bytes; /* of the file system, left to others */
};

/* A topic that has, or had, records in the file. */
struct spool_topic {
    int64_t id;
    const char *name;  /* as long as the spool is open */
    int64_t first_seq; /* of its records now; 0: it has none */
    int64_t last_seq;
    int64_t given_to;     /* records up to here are doubtful */
    int64_t was_given_to; /* likewise, when the file was opened */
};

struct spool_row {
    int64_t seq;       /* 1 or more, growing, never used twice */
    int64_t stored_ms; /* of the real-time clock */
    bool doubtful;
    bool was_doubtful; /* when the file was opened, or it was appended: not
                          because it was given since */
    bool damaged;      /* its checksum is wrong: `record` is empty, or has what
                          can be told, see spool_open_to_look() */
    int64_t size;      /* that it counts for, if it is not damaged */
    struct record record;
};

struct spool_totals {
    int64_t records;
    int64_t bytes;     /* as max_bytes counts them, so with those aside */
    int64_t oldest_ms; /* of the real-time clock; 0: there is none */
    int64_t aside;     /* damaged or refused records that are kept aside */
};

/*
 * Opens the file, or makes it: its folder must be there. On success the
 * caller owns *out. Nobody else may have it open: FAULT_BUSY. FAULT_NEWER: a
 * newer program made it. FAULT_CORRUPT: it is not a spool, or a damaged one;
 * it is left as it is. FAULT_FULL: no room to make it. FAULT_IO, FAULT_NOMEM.
 * However many records it has, it opens at once: nothing is scanned but an
 * index.
 */
int spool_open(struct spool **out, const char *path,
               const struct spool_limits *limits, struct fault *why);

/*
 * Opens a damaged file, or what may be one, to read what can be read of it:
 * nothing is written to it, and no call but those for reading works. What it
 * counts is nothing, and its last number is what it still tells. FAULT_BUSY as
 * above; FAULT_CORRUPT: nothing can be read; FAULT_IO, FAULT_NOMEM.
 */
int spool_open_damaged(struct spool **out, const char *path, struct fault *why);

/*
 * Counts the records of a file that was opened so, of topics that it still
 * tells; not their bytes. It takes as long as reading their numbers does.
 * *by_index is false: the index is damaged, too, and they were looked for along
 * the table. FAULT_NOMEM.
 */
int spool_count_damaged(struct spool *sp, bool *by_index, struct fault *why);

/*
 * Opens a file to look at it: no call but those for reading works, and nothing
 * is written, neither to it nor beside it. What its -wal has is read, too.
 * Nobody may write to it meanwhile; that is the caller's care. A damaged file
 * is read as by spool_open_damaged(), and `damage` is why; FAULT_NONE: it is
 * sound. A damaged row has what can be told of its record: topic, key and
 * value may be absent. FAULT_NEWER, FAULT_CORRUPT: nothing can be read;
 * FAULT_IO, FAULT_NOMEM.
 */
int spool_open_to_look(struct spool **out, const char *path,
                       struct fault *damage, struct fault *why);

/* Neither commits nor loses anything; a failed file is not written to. NULL
 * is fine. */
void spool_close(struct spool *sp);

/* Nothing shall be written to it any more, as after FAULT_IO. Outside of
 * transactions. */
void spool_fail(struct spool *sp);

/* ---- writing: all between begin and commit or undo ----------------------- */

/* FAULT_IO as everywhere below. */
int spool_begin(struct spool *sp, struct fault *why);

/*
 * Adds a record, borrowed for the call; *seq is where. FAULT_FULL: past a
 * limit, and the transaction goes on without it; or the disk is full, and the
 * transaction is undone. FAULT_TOO_LARGE: no spool takes it (16 MiB).
 */
int spool_append(struct spool *sp, const struct record *record, bool doubtful,
                 int64_t *seq, struct fault *why);

/* As appending it as doubtful, but it was stored when it was. The row is one
 * that was read, and is not damaged. */
int spool_restore(struct spool *sp, const struct spool_row *row,
                  struct fault *why);

/* From the next append on. */
void spool_set_max_bytes(struct spool *sp, int64_t max_bytes);

/* It is in Kafka. Nothing happens if it is not there. */
int spool_remove(struct spool *sp, int64_t seq, struct fault *why);

/* All of the topic's records up to `seq` may be in Kafka soon. What is
 * appended later is not meant, whatever `seq` is. */
int spool_give(struct spool *sp, int64_t topic_id, int64_t seq,
               struct fault *why);

/* Out of the queue, and kept: damaged, or refused by Kafka for good.
 * `reason`: a word, kept with it. Nothing happens if it is not there. */
int spool_put_aside(struct spool *sp, int64_t seq, const char *reason,
                    struct fault *why);

/* Returns once it is on disk. FAULT_FULL: the disk is; all is undone.
 * FAULT_IO: whether it is on disk is not known. */
int spool_commit(struct spool *sp, struct fault *why);
void spool_undo(struct spool *sp);
bool spool_in_transaction(const struct spool *sp);

/* ---- reading: what is committed, and outside of transactions ------------- */

/*
 * The topics in the file, in the order of their first use. The array is the
 * spool's, until the next append or give. If it fails they are told all the
 * same, and the ends are not those of now.
 */
int spool_topics(struct spool *sp, const struct spool_topic **out,
                 size_t *count, struct fault *why);

/*
 * Reads records of a topic behind `after`, oldest first, into `rows`, at most
 * `max` and about `max_bytes` of them (one is always read if there is any);
 * what they point to is in `arena`. *count is how many. Where it fails behind
 * a record, it returns those before, and fails when it is called again.
 * FAULT_NOMEM: the arena has no room for a single one.
 */
int spool_read(struct spool *sp, int64_t topic_id, int64_t after,
               struct spool_row *rows, size_t max, size_t max_bytes,
               struct arena *arena, size_t *count, struct fault *why);

/* One record. *found is false if it is not there. */
int spool_read_one(struct spool *sp, int64_t seq, struct spool_row *row,
                   bool *found, struct arena *arena, struct fault *why);

/* The first record behind `after` of those that are aside. What points is in
 * the arena. */
struct spool_aside {
    struct spool_row row;
    const char *reason;
    int64_t aside_ms;
};

int spool_read_aside(struct spool *sp, int64_t after, struct spool_aside *out,
                     bool *found, struct arena *arena, struct fault *why);

/* What a record's row tells at a glance: its key, headers and value are not
 * read. */
struct spool_glimpse {
    int64_t seq; /* 0: there is none */
    int64_t topic_id;
    int64_t stored_ms;
    int64_t size; /* that it counts for, if it is not damaged */
};

/*
 * The first record behind `after`, and the last one before `before`, of
 * whatever topic. They go along the table, and the others, whose *seq is 0 at
 * the end, along the index: where the one is damaged the other may not be.
 */
int spool_look(struct spool *sp, int64_t after, struct spool_glimpse *out,
               struct fault *why);
int spool_look_back(struct spool *sp, int64_t before, struct spool_glimpse *out,
                    struct fault *why);
int spool_next_of(struct spool *sp, int64_t topic_id, int64_t after,
                  int64_t *seq, struct fault *why);
int spool_next_of_any(struct spool *sp, int64_t after, int64_t *seq,
                      struct fault *why);

/*
 * Goes along the table by number, past what is damaged: 1: *seq is the number
 * of a record, though perhaps one that cannot be read; 0: there are no more;
 * -1: FAULT_NOMEM. {0} is how it begins, or {after}.
 */
struct spool_walk {
    int64_t at;     /* the last number that it was at */
    int64_t end;    /* the last one that can be reached; 0: not known yet */
    int64_t failed; /* numbers in a row that could not be looked for */
    bool has_end;
    bool damaged; /* it has met damage */
};

int spool_walk(struct spool *sp, struct spool_walk *walk, int64_t *seq,
               struct fault *why);

/* ---- what is known without reading the disk ------------------------------ */

/* NULL: the file does not know it. The ends are those of the last
 * spool_topics(). */
const struct spool_topic *spool_topic_named(const struct spool *sp,
                                            const char *name);

/* The last number that was used; 0: none was. */
int64_t spool_last_seq(const struct spool *sp);

/* False: it has failed. */
bool spool_is_sound(const struct spool *sp);

void spool_totals(const struct spool *sp, struct spool_totals *out);

/* ---- in quiet times ------------------------------------------------------ */

/* Folds the log of changes into the file: when it is large, or when there is
 * time; then an empty file is made small, too. Outside of transactions.
 * FAULT_FULL: the disk is, and nothing is lost. */
int spool_tidy(struct spool *sp, bool idle, struct fault *why);

/* "SQLite 3.40.1"; as long as the thread lives. */
const char *spool_library_version(void);

#endif
