/*
 * document.h - any JSON value, from bytes
 *
 * Unlike an event it need not be an object, may be large and may have
 * "\u0000" in its strings; it is as strict otherwise. The texts of what is
 * wrong say where, and quote nothing.
 *
 * Source: RFC 8259.
 */
#ifndef CMD_DOCUMENT_H
#define CMD_DOCUMENT_H

#include "base/fault.h"
#include "base/slice.h"

#include <jansson.h>
#include <stdbool.h>

/*
 * Parses in the heap (json_heap.h) that this thread has entered, where *out
 * stays. `is_line`: it is one of many lines, and a place in it needs a column
 * only. FAULT_PARSE: it is no JSON, or what jansson or the heap cannot hold.
 * FAULT_NOMEM.
 */
int document_parse(json_t **out, struct slice text, bool is_line,
                   struct fault *why);

#endif
