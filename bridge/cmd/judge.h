/*
 * judge.h - whether a document is valid, and if not, why
 *
 * Documents are either events, checked against the event schemas, or any
 * JSON values, checked against one schema.
 *
 * Threads: one.
 */
#ifndef CMD_JUDGE_H
#define CMD_JUDGE_H

#include "base/arena.h"
#include "base/fault.h"
#include "base/slice.h"
#include "cmd/schema_file.h"
#include "cmd/verdict.h"
#include "event/catalog.h"
#include "event/json_heap.h"

struct judge {
    struct catalog *catalog;   /* of events; or else */
    struct schema_file schema; /* of any documents */
    struct schema_scratch *scratch;
    struct json_heap *heap;
    struct arena arena;
};

/* Events. Faults are those of catalog_load(). In any case *jd is to be
 * released. */
int judge_init_events(struct judge *jd, const char *dir, struct fault *why);

/* Any documents. Faults are those of schema_file_load(). In any case *jd is
 * to be released. */
int judge_init_schema(struct judge *jd, const char *path,
                      enum schema_format format, const char *const *bases,
                      struct fault *why);
void judge_release(struct judge *jd);

/*
 * Fills *vd but for `file` and `line`, which say what the document is. Texts
 * in it last until the next call. A fault is what kept us from looking at the
 * document: FAULT_NOMEM.
 */
int judge_document(struct judge *jd, struct slice text, struct verdict *vd,
                   struct fault *why);

#endif
