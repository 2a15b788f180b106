/*
 * spool_sql.h - the tables of a spool's file, and the queries on them
 */
#ifndef SPOOL_SPOOL_SQL_H
#define SPOOL_SPOOL_SQL_H

enum spool_query {
    SPOOL_BEGIN,
    SPOOL_COMMIT,
    SPOOL_ROLLBACK,
    SPOOL_TOPICS,
    SPOOL_COUNT,
    SPOOL_COUNT_ASIDE,
    SPOOL_LAST,
    SPOOL_OLDEST,
    SPOOL_ADD_TOPIC,
    SPOOL_GIVE,
    SPOOL_REMOVED_TO,
    SPOOL_ADD,
    SPOOL_FIND,
    SPOOL_REMOVE,
    SPOOL_KEEP,
    SPOOL_ENDS,
    SPOOL_READ,
    SPOOL_READ_ONE,
    SPOOL_SELF,
    SPOOL_NOTE,
    SPOOL_READ_NOTE,
    SPOOL_NEXT_ASIDE,
    SPOOL_LOOK,
    SPOOL_LOOK_BACK,
    SPOOL_NEXT_OF,
    SPOOL_TOPIC_NAMES,
    SPOOL_QUERIES
};

enum { SPOOL_ROW_COLUMNS = 9, SPOOL_ASIDE_COLUMNS = SPOOL_ROW_COLUMNS + 2 };

extern const char spool_schema[];
extern const char *const spool_queries[SPOOL_QUERIES];

#endif
