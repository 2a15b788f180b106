/*
 * ready.h - is this process able to do its job?
 *
 * Modules register a named condition and keep it current; the admin server
 * answers /readyz from all of them. A condition starts as not met.
 *
 * Threads: registering is for the start; setting and reading for any thread.
 */
#ifndef BASE_READY_H
#define BASE_READY_H

#include "base/buf.h"
#include "base/fault.h"

#include <stdbool.h>

enum { READY_TEXT_MAX = 200 };

struct ready; /* one condition; lives as long as the process */

/* `name` is borrowed, for ever: "kafka", "running". Never NULL: exits on
 * more than a handful, which is our own bug. */
struct ready *ready_register(const char *name);

/* `text` is copied: what is missing and what to do, or what is fine. */
void ready_set(struct ready *ready, bool met, const char *text);

/* From now on it is enough if `instead` is met. */
void ready_excuse(struct ready *ready, const struct ready *instead);

/* Whether all conditions are met or excused; none registered means no. */
bool ready_all(void);

/* What was set last for the condition of that name; "" if there is none. */
void ready_text(const char *name, char out[READY_TEXT_MAX]);

/* {"status":"ready"|"not ready","checks":{"kafka":{"ok":true,"detail":"…"}}}
 */
int ready_render(struct buf *out, struct fault *why);

/* Forgets all conditions; for tests. */
void ready_reset(void);

#endif
