/*
 * reader.h - reads a topic from its first record to its present end
 *
 * No group, no commits: for looking, not for consuming.
 *
 * Threads: one reader, one thread.
 */
#ifndef KAFKA_READER_H
#define KAFKA_READER_H

#include "base/config.h"
#include "base/fault.h"
#include "kafka/member.h"

struct reader;

/* `kafka` is borrowed for the reader's life.
 * FAULT_CONFIG, FAULT_UNAVAILABLE (no broker, no such topic). */
int reader_open(struct reader **out, const struct config_pairs *kafka,
                const char *topic, int timeout_ms, struct fault *why);

/* 1: *out is filled, release it with member_release(). 0: the end, as it was
 * when the reader was opened. -1: FAULT_KAFKA, FAULT_UNAVAILABLE. */
int reader_next(struct reader *rd, int timeout_ms, struct member_record *out,
                struct fault *why);

void reader_close(struct reader *rd); /* NULL is fine */

#endif
