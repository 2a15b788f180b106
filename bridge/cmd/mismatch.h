/*
 * mismatch.h - why does this signature not belong to this body?
 *
 * Bodies and secrets change on their way through editors, shells, logs and
 * settings. The usual changes are tried, on the body, on the secret, and on
 * both: it costs nothing, and saves an afternoon. What is found is told in
 * words; neither a secret nor anything of a body is in them.
 *
 * Threads: any; it takes no locks and keeps nothing.
 */
#ifndef CMD_MISMATCH_H
#define CMD_MISMATCH_H

#include "base/config.h"
#include "base/digest.h"
#include "base/fault.h"
#include "base/slice.h"

/* A secret of the configuration. */
struct mismatch_place {
    const struct config_source *source;
    size_t index;
};

/*
 * Which secret makes this signature of this body; those of the source `first`
 * are tried first, if it is not NULL. `hex` is lower case; of one with fewer
 * than 64 digits they are the first or the last ones. 1: *place says so; 0:
 * none does. FAULT_NOMEM.
 */
int mismatch_find_secret(struct mismatch_place *place,
                         const struct config *config,
                         const struct config_source *first, const char *hex,
                         struct slice body, struct fault *why);

/* How it would match. */
struct mismatch {
    struct mismatch_place place; /* .source NULL: no secret is in it */
    const char *body_how;        /* "without ...", NULL: as it is */
    const char *body_because;    /* what may have happened */
    const char *secret_how;
    const char *secret_because;
};

/*
 * Looks for a way in which all 64 digits of `hex` would match. 1: *found is
 * the likeliest one; 0: there is none. FAULT_NOMEM.
 */
int mismatch_explain(struct mismatch *found, const struct config *config,
                     const char *hex, struct slice body, struct fault *why);

#endif
