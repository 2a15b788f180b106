/*
 * spool_sql.c - the text of all that is said to SQLite about rows
 *
 *     topic    id            growing in the order of first use
 *              name
 *              given_to      records up to this seq may be in Kafka
 *              removed_to    the last seq that was removed without being given
 *
 *     record   seq           the order of acceptance, over all topics
 *              topic         topic.id
 *              stored_ms     real time
 *              doubtful      0 or 1
 *              size          what it counts for, see spool_row_size()
 *              checksum      8 bytes, see spool_row.c
 *              key           NULL: a null key
 *              headers       see spool_row.c
 *              value         last, so that nothing else is behind it on
 *                            overflow pages
 *     record_by_topic        (topic, seq, size): all that opening scans
 *
 *     aside    as record, with `reason` and `aside_ms`
 *     aside_size             (size)
 *
 *     self     id            random: no other file has it, whatever its name
 *
 *     gone     file          the number in its name of an older file that has
 *                            failed: what left it could not be written there,
 *                            and is written here when a process ends
 *              id            its self.id
 *              records,
 *              bytes         what has left it counted for that
 *              full          1: it has failed for want of room alone
 *              numbers       which they are, see spool_gone.c
 *              checksum      see spool_note.c
 *
 * A row is valid if its checksum is right; a row that is not is told as
 * damaged, and the others go on.
 */
#include "spool/spool_sql.h"

/* SPOOL_ROW_COLUMNS of them */
#define ROW                                                                    \
    "seq, topic, stored_ms, doubtful, size, checksum, key, headers, value"
#define ROW_TYPES                                                              \
    "seq INTEGER PRIMARY KEY CHECK (seq > 0), topic INTEGER NOT NULL,"         \
    " stored_ms INTEGER NOT NULL, doubtful INTEGER NOT NULL,"                  \
    " size INTEGER NOT NULL, checksum BLOB NOT NULL, key BLOB,"                \
    " headers BLOB NOT NULL, value BLOB NOT NULL"

const char spool_schema[] =
    "CREATE TABLE topic (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " given_to INTEGER NOT NULL, removed_to INTEGER NOT NULL);"
    "CREATE TABLE record (" ROW_TYPES ");"
    "CREATE INDEX record_by_topic ON record (topic, seq, size);"
    "CREATE TABLE aside (" ROW_TYPES ","
    " reason TEXT NOT NULL, aside_ms INTEGER NOT NULL);"
    "CREATE INDEX aside_size ON aside (size);"
    "CREATE TABLE self (id INTEGER PRIMARY KEY);"
    "INSERT INTO self VALUES (random() >> 2);"
    "CREATE TABLE gone (file INTEGER PRIMARY KEY, id INTEGER NOT NULL,"
    " records INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " full INTEGER NOT NULL,"
    " numbers BLOB NOT NULL, checksum BLOB NOT NULL);";

/* INDEXED BY: preparing fails rather than that a scan of the table goes
 * unnoticed. */
const char *const spool_queries[SPOOL_QUERIES] = {
    [SPOOL_BEGIN] = "BEGIN IMMEDIATE",
    [SPOOL_COMMIT] = "COMMIT",
    [SPOOL_ROLLBACK] = "ROLLBACK",

    [SPOOL_TOPICS] = "SELECT id, given_to, removed_to, name"
                     " FROM topic ORDER BY id",
    [SPOOL_COUNT] = "SELECT count(*), coalesce(sum(size), 0)"
                    " FROM record INDEXED BY record_by_topic",
    [SPOOL_COUNT_ASIDE] = "SELECT count(*), coalesce(sum(size), 0)"
                          " FROM aside INDEXED BY aside_size",
    [SPOOL_LAST] = "SELECT (SELECT max(seq) FROM record),"
                   " (SELECT max(seq) FROM aside)",
    [SPOOL_OLDEST] = "SELECT seq, stored_ms FROM record ORDER BY seq LIMIT 1",

    [SPOOL_ADD_TOPIC] = "INSERT INTO topic (name, given_to, removed_to)"
                        " VALUES (?1, 0, 0)",
    [SPOOL_GIVE] = "UPDATE topic SET given_to = ?2 WHERE id = ?1",
    [SPOOL_REMOVED_TO] = "UPDATE topic SET removed_to = ?2 WHERE id = ?1",
    [SPOOL_ADD] = "INSERT INTO record (" ROW ")"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    [SPOOL_FIND] = "SELECT topic, size FROM record WHERE seq = ?1",
    [SPOOL_REMOVE] = "DELETE FROM record WHERE seq = ?1",
    [SPOOL_KEEP] = "INSERT INTO aside (" ROW ", reason, aside_ms)"
                   " SELECT " ROW ", ?2, ?3 FROM record WHERE seq = ?1",

    [SPOOL_ENDS] = "SELECT (SELECT seq FROM record INDEXED BY record_by_topic"
                   " WHERE topic = ?1 ORDER BY seq LIMIT 1),"
                   " (SELECT seq FROM record INDEXED BY record_by_topic"
                   " WHERE topic = ?1 ORDER BY seq DESC LIMIT 1)",
    [SPOOL_READ] = "SELECT " ROW " FROM record INDEXED BY record_by_topic"
                   " WHERE topic = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3",
    [SPOOL_READ_ONE] = "SELECT " ROW " FROM record WHERE seq = ?1",

    [SPOOL_SELF] = "SELECT id FROM self",
    [SPOOL_NOTE] = "INSERT OR REPLACE INTO gone"
                   " (file, id, records, bytes, full, numbers, checksum)"
                   " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    [SPOOL_READ_NOTE] = "SELECT id, records, bytes, full, numbers, checksum"
                        " FROM gone WHERE file = ?1",

    [SPOOL_NEXT_ASIDE] = "SELECT " ROW ", reason, aside_ms FROM aside"
                         " WHERE seq > ?1 ORDER BY seq LIMIT 1",

    /* by the number that is wanted: looking for what is behind another one
     * would touch the page of that */
    [SPOOL_LOOK] = "SELECT seq, topic, stored_ms, size FROM record NOT INDEXED"
                   " WHERE seq >= ?1 ORDER BY seq LIMIT 1",
    [SPOOL_LOOK_BACK] = "SELECT seq, topic, stored_ms, size FROM record"
                        " NOT INDEXED WHERE seq < ?1 ORDER BY seq DESC LIMIT 1",
    [SPOOL_NEXT_OF] = "SELECT seq FROM record INDEXED BY record_by_topic"
                      " WHERE topic = ?1 AND seq > ?2 ORDER BY seq LIMIT 1",
    [SPOOL_TOPIC_NAMES] = "SELECT id, 0, 0, name FROM topic"
                          " INDEXED BY sqlite_autoindex_topic_1",
};
