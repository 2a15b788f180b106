/*
 * terminal.h - how to say something to a person
 *
 * Colours only where they are wanted: on a terminal, and NO_COLOR is not set
 * (no-color.org). Signs beyond ASCII only where the locale is UTF-8.
 */
#ifndef CMD_TERMINAL_H
#define CMD_TERMINAL_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdio.h>

enum terminal_style {
    STYLE_NONE,
    STYLE_GOOD, /* green */
    STYLE_WARN, /* yellow */
    STYLE_BAD,  /* red */
    STYLE_DIM,
    STYLE_BOLD
};

struct terminal {
    FILE *out;
    bool live; /* a terminal that can write a line anew */
    bool colour;
    bool utf8;
};

void terminal_init(struct terminal *term, FILE *out);

/* The sequence that begins a style; STYLE_NONE ends any. "" without
 * colours. */
const char *terminal_style(const struct terminal *term,
                           enum terminal_style style);

/* The text in a style. */
void terminal_write(const struct terminal *term, enum terminal_style style,
                    const char *text);

/* Text from elsewhere, padded to a width: control characters, which a
 * terminal could obey, become '?'. */
void terminal_text(FILE *out, const char *text, int width);

/* Bytes from elsewhere: control characters, and what is no UTF-8, become
 * "\x1b". With `lines`, newlines and tabs stay. */
void terminal_bytes(FILE *out, struct slice bytes, bool lines);

/* A check mark or a cross, coloured. */
void terminal_mark(const struct terminal *term, bool good);

/* `utf8` where it can be shown, `ascii` elsewhere. */
const char *terminal_sign(const struct terminal *term, const char *utf8,
                          const char *ascii);

#endif
