/*
 * judge.c - whether a document is valid; see judge.h
 */
#include "cmd/judge.h"

#include "base/limits.h"
#include "cmd/document.h"
#include "event/event.h"

enum { ARENA_BLOCK = 64 * KIB, ARENA_MAX = 256 * MIB };

static void start(struct judge *jd)
{
    *jd = (struct judge){.arena = ARENA_INIT(ARENA_BLOCK, ARENA_MAX)};
}

int judge_init_events(struct judge *jd, const char *dir, struct fault *why)
{
    start(jd);
    if (catalog_load(&jd->catalog, dir, why) == -1 ||
        catalog_scratch_new(&jd->scratch, jd->catalog, why) == -1)
        return -1;
    return json_heap_new(&jd->heap, why);
}

int judge_init_schema(struct judge *jd, const char *path,
                      enum schema_format format, const char *const *bases,
                      struct fault *why)
{
    start(jd);
    if (schema_file_load(&jd->schema, path, format, bases, why) == -1 ||
        schema_scratch_new(&jd->scratch, jd->schema.set, why) == -1)
        return -1;
    return json_heap_new_alone(&jd->heap, LIMIT_DOCUMENT_HEAP, why);
}

void judge_release(struct judge *jd)
{
    json_heap_free(jd->heap);
    schema_scratch_free(jd->scratch);
    schema_file_release(&jd->schema);
    catalog_free(jd->catalog);
    arena_release(&jd->arena);
}

static int invalid(struct judge *jd, struct verdict *vd, const char *reason,
                   struct fault *why)
{
    vd->valid = false;
    vd->reason = arena_copy(&jd->arena, reason, strlen(reason));
    return vd->reason != NULL
               ? 0
               : fault_set(why, FAULT_NOMEM, "cannot keep what is wrong");
}

/* ---- events -------------------------------------------------------------- */

static int keep_type(struct judge *jd, const struct event *event,
                     struct verdict *vd, struct fault *why)
{
    vd->valid = true;
    vd->unknown = catalog_find(jd->catalog, event->type) == -1;
    vd->type = arena_copy(&jd->arena, event->type.data, event->type.len);
    return vd->type != NULL
               ? 0
               : fault_set(why, FAULT_NOMEM, "cannot keep an event's type");
}

static int judge_event(struct judge *jd, struct slice text, struct verdict *vd,
                       struct fault *why)
{
    struct fault wrong = FAULT_INIT;
    struct event event;
    json_t *json = NULL;

    if (event_parse(&json, text, &wrong) == -1) {
        if (wrong.kind == FAULT_PARSE)
            return invalid(jd, vd, wrong.text, why);
        return fault_set(why, wrong.kind, "%s", wrong.text);
    }
    if (event_describe(&event, json, text, &jd->arena, why) == -1)
        return -1;
    if (catalog_check(jd->catalog, &event, jd->scratch, &jd->arena, &vd->report,
                      &wrong) == 0)
        return keep_type(jd, &event, vd, why);
    if (wrong.kind != FAULT_SCHEMA && wrong.kind != FAULT_UNDECIDED)
        return fault_set(why, wrong.kind, "%s", wrong.text);
    return vd->report.count > 0 ? 0 : invalid(jd, vd, wrong.text, why);
}

/* ---- any documents ------------------------------------------------------- */

/* It is invalid already; where its names are too long to be told, it still
 * is. */
static int explain(struct judge *jd, const json_t *json,
                   enum schema_verdict found, struct verdict *vd,
                   struct fault *why)
{
    int rc = schema_explain(jd->schema.root, json, jd->scratch, &jd->arena,
                            LIMIT_SCHEMA_ERRORS, &vd->report, NULL);

    if (rc == 0 && vd->report.count > 0)
        return 0;
    vd->report = (struct schema_report){.verdict = found};
    return invalid(jd, vd,
                   found == SCHEMA_EXHAUSTED
                       ? "checking it takes more than is allowed"
                       : "it does not match, and what is wrong is too long to "
                         "be told",
                   why);
}

static int judge_value(struct judge *jd, struct slice text, struct verdict *vd,
                       struct fault *why)
{
    struct fault wrong = FAULT_INIT;
    enum schema_verdict found;
    json_t *json = NULL;

    if (document_parse(&json, text, vd->file == NULL, &wrong) == -1) {
        if (wrong.kind == FAULT_PARSE)
            return invalid(jd, vd, wrong.text, why);
        return fault_set(why, wrong.kind, "%s", wrong.text);
    }
    found = schema_check(jd->schema.root, json, jd->scratch);
    vd->valid = found == SCHEMA_VALID;
    return vd->valid ? 0 : explain(jd, json, found, vd, why);
}

int judge_document(struct judge *jd, struct slice text, struct verdict *vd,
                   struct fault *why)
{
    int rc;

    *vd = (struct verdict){.file = vd->file, .line = vd->line};
    arena_reset(&jd->arena);
    json_heap_enter(jd->heap);
    rc = jd->catalog != NULL ? judge_event(jd, text, vd, why)
                             : judge_value(jd, text, vd, why);
    json_heap_leave(jd->heap);
    return rc;
}
