/*
 * property.h - names of Unicode properties in regular expressions
 */
#ifndef FORMAT_PROPERTY_H
#define FORMAT_PROPERTY_H

#include "base/slice.h"

/*
 * How PCRE2 calls what stands between the braces of "\p{…}" in ECMA-262.
 * Absent: not a name that ECMA-262 could mean. A script, or a property of
 * the form "Alphabetic", is passed on for PCRE2 to judge.
 */
struct slice property_for_pcre2(struct slice name);

#endif
