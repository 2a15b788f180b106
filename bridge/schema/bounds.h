/*
 * bounds.h - schemas whose evaluation needs no counting
 *
 * How deep an evaluation goes, and how many schemas it tries, is counted,
 * because schemas that lead back to themselves can make a document cost any
 * time and stack. Most do not, and what they lead to is little: these are
 * light, and need not be counted.
 */
#ifndef SCHEMA_BOUNDS_H
#define SCHEMA_BOUNDS_H

#include "schema/set.h"

/* Finds the light ones in a set of linked schemas. FAULT_NOMEM. */
int bounds_find(struct schema_set *set, struct fault *why);

#endif
