/*
 * sink.h - where a consumer puts events
 *
 * A sink is a table of functions over a state of its own. Taking a record
 * may buffer; flushing makes everything taken so far final, and only then
 * are offsets stored. A sink that fails keeps nothing half done: the loop
 * stops before the offset, and the records come again.
 *
 * Threads: the consumer's loop alone.
 */
#ifndef CONSUME_SINK_H
#define CONSUME_SINK_H

#include "base/fault.h"
#include "kafka/member.h"

#include <stdatomic.h>

struct sink; /* each sink's own */

struct sink_type {
    const char *name; /* as in [consume] sink */

    /* `stop` is the loop's, borrowed: once it is set, a sink that waits for
     * something outside soon gives up waiting, with FAULT_STOPPING. */
    int (*open)(struct sink **out, const atomic_bool *stop, struct fault *why);
    int (*take)(struct sink *sk, const struct member_record *record,
                struct fault *why);
    int (*flush)(struct sink *sk, struct fault *why);
    void (*close)(struct sink *sk); /* NULL is fine */
};

/* NULL for a name that is none. */
const struct sink_type *sink_find(const char *name);

/*
 * One JSON line per event on standard output:
 *
 *   {"event":…,"key":…,"topic":…,"partition":…,"offset":…,"ce_id":…}
 *
 *   event      the record's value, byte for byte, if it is one JSON text (RFC
 *              8259, any kind of value); line breaks, which JSON allows
 *              between its tokens, become spaces
 *   raw        in place of "event" where the value is something else: its
 *              bytes in base64 (RFC 4648, section 4), null for a null value
 *   omitted    in place of "event" where the line would be longer than
 *              LIMIT_SINK_LINE: the value's size in bytes
 *   key        a string; null for a null key
 *   key_raw    in place of "key" where it is not UTF-8: base64
 *   topic, partition, offset   where the record lies
 *   ce_id      the header of this name; null where there is none
 *
 * Lines are written whole, many at a time. FAULT_IO: standard output was
 * closed, or cannot be written. FAULT_STOPPING: nobody reads it, and the loop
 * is to stop; the last line may then be torn.
 */
extern const struct sink_type sink_stdout;

#endif
