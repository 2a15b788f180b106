/*
 * template.h - URI templates
 *
 * Source: RFC 6570, section 2, with its erratum 6937 (an apostrophe is a
 * literal). Operators that it reserves for extensions are part of its grammar,
 * so they are valid.
 */
#ifndef FORMAT_TEMPLATE_H
#define FORMAT_TEMPLATE_H

#include "base/slice.h"

#include <stdbool.h>

bool template_is_valid(struct slice text);

#endif
