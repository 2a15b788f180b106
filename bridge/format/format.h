/*
 * format.h - the formats that can be asserted: all that the draft defines
 *
 * Source: JSON Schema Validation, draft 2020-12, section 7.3. What each format
 * means, and by which RFC, is in the header that judges it: timestamp.h,
 * mailbox.h, hostname.h, address.h, uri.h, template.h, pointer.h, regex.h;
 * RFC 4122, section 3, for uuid.
 */
#ifndef FORMAT_FORMAT_H
#define FORMAT_FORMAT_H

#include "base/slice.h"

#include <stdbool.h>

struct format {
    const char *name;
    const char *expected; /* "must be a valid …" */

    /* One of the two is there. The second may need memory, and sets
     * *exhausted to true if that is why the answer is no. */
    bool (*holds)(struct slice text);
    bool (*tries)(struct slice text, bool *exhausted);
};

/* NULL: the draft has no such format. */
const struct format *format_find(struct slice name);

/* The nearest name of those that there are, or NULL. */
const char *format_meant(const char *name);

/*
 * Takes time in proportion to the text's length, or to the length up to which
 * the format has texts at all. *exhausted becomes true, and the answer is no,
 * if memory or a limit kept it from being found out.
 */
bool format_holds(const struct format *format, struct slice text,
                  bool *exhausted);

#endif
