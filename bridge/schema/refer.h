/*
 * refer.h - fetching what is referred to
 */
#ifndef SCHEMA_REFER_H
#define SCHEMA_REFER_H

#include "schema/set.h"

/*
 * Indexes all documents, then those that they refer to, and so on. A
 * reference to a document that is nowhere is left to the compiler, which
 * knows its place. FAULT_CONFIG, FAULT_IO, FAULT_NOMEM.
 */
int refer_all(struct schema_set *set, struct fault *why);

#endif
