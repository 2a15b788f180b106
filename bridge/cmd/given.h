/*
 * given.h - a signature as a person has copied it
 *
 * The bridge takes 64 lower-case hexadecimal digits, with or without
 * "sha256=" in front, and HTTP takes away white space around them. People
 * have more than that: the header's name, quotation marks, upper case, an
 * encoding that another sender uses. What is inside is found all the same,
 * so that it can be said that this was all that was wrong.
 *
 * Threads: any.
 */
#ifndef CMD_GIVEN_H
#define CMD_GIVEN_H

#include "base/digest.h"
#include "base/fault.h"

#include <stdbool.h>
#include <stdio.h>

/* What the bridge would not take it for. */
enum given_oddity {
    GIVEN_NAME = 1 << 0,   /* the header's name is in front */
    GIVEN_QUOTES = 1 << 1, /* it is in quotation marks */
    GIVEN_SPACES = 1 << 2, /* there is white space within */
    GIVEN_PREFIX = 1 << 3, /* something else than "sha256=" is in front */
    GIVEN_UPPER = 1 << 4,  /* it is in upper case */
    GIVEN_BASE64 = 1 << 5  /* it is base64, of the digest or of the digits */
};

struct given {
    char hex[DIGEST_HEX_SIZE]; /* lower case; fewer than 64 digits if some are
                                  missing */
    unsigned oddities;
    bool prefixed; /* "sha256=" was in front, which is tolerated */
};

/* FAULT_SIGNATURE: it cannot be an HMAC-SHA256; the text says why not, and
 * what it probably is. Digits that are too few are no fault yet. */
int given_parse(struct given *given, const char *text, struct fault *why);

/* "it is in upper case and in quotation marks"; nothing for no oddity. */
void given_tell(FILE *out, const struct given *given);

/* "; 40 are a SHA-1": what has so many digits, "" where nothing usual. */
const char *given_digits_hint(size_t digits);

#endif
