/*
 * compile_ref.c - keywords that refer to schemas elsewhere
 */
#include "schema/compile_ref.h"

#include "base/buf.h"
#include "base/limits.h"
#include "format/uri.h"
#include "schema/names.h"
#include "schema/value.h"

/* The number of the schema that is referred to; -1: there is none. `location`
 * gets the name that it has in the index. */
static long resolve(const struct compiler *c, const json_t *value,
                    struct buf *location, struct fault *why)
{
    long number;
    char *uri;

    if (!uri_is_reference(value_text(value)))
        return compile_refuse(c, why, "must be a URI reference");
    uri = uri_resolve(&c->set->arena, slice_of(c->source->base),
                      value_text(value));
    if (uri == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    if (names_locate(location, slice_of(uri), why) == -1)
        return -1;
    number = set_number(c->set, buf_slice(location));
    if (number == -1)
        compile_refuse(c, why, "there is no schema at '%s'", uri);
    return number;
}

static int emit_ref(struct compiler *c, size_t number, struct fault *why)
{
    const struct schema *schema = &c->set->schemas[number];

    return compile_emit_schema(c, OP_REF, TYPES_ANY, schema, why) == NULL ? -1
                                                                          : 0;
}

int compile_ref(struct compiler *c, const json_t *value, struct fault *why)
{
    struct buf location = BUF_INIT(2 * MIB);
    const long number = resolve(c, value, &location, why);

    buf_release(&location);
    return number == -1 ? -1 : emit_ref(c, (size_t)number, why);
}

/* The dynamic anchor by whose name the schema was found, or NULL. */
static const struct dynamic_anchor *
anchor_of(const struct schema_set *set, size_t number, struct slice location)
{
    const char *fragment = memchr(location.data, '#', location.len);

    for (size_t i = 0; i < set->anchor_count && fragment != NULL; i++) {
        if (set->anchors[i].number == number &&
            strcmp(set->anchors[i].name, fragment + 1) == 0)
            return &set->anchors[i];
    }
    return NULL;
}

/* All schemas that it can lead to. With one of them it is a plain "$ref". */
static int emit_dynamic_ref(struct compiler *c,
                            const struct dynamic_anchor *anchor,
                            struct fault *why)
{
    const struct schema_set *set = c->set;
    struct dynamic_target *targets =
        compile_alloc(c, set->anchor_count * sizeof(*targets), why);
    struct insn *insn;
    uint32_t count = 0;

    if (targets == NULL)
        return -1;
    for (size_t i = 0; i < set->anchor_count; i++) {
        const struct dynamic_anchor *each = &set->anchors[i];

        if (strcmp(each->name, anchor->name) == 0)
            targets[count++] = (struct dynamic_target){
                each->resource, &set->schemas[each->number]};
    }
    if (count == 1)
        return emit_ref(c, anchor->number, why);
    insn = compile_emit_schema(c, OP_DYNAMIC_REF, TYPES_ANY,
                               &set->schemas[anchor->number], why);
    if (insn == NULL)
        return -1;
    insn->u.targets = targets;
    c->set->dynamic = true;
    insn->count = count;
    return 0;
}

int compile_dynamic_ref(struct compiler *c, const json_t *value,
                        struct fault *why)
{
    struct buf location = BUF_INIT(2 * MIB);
    const long number = resolve(c, value, &location, why);
    const struct dynamic_anchor *anchor;
    int rc = -1;

    if (number != -1) {
        anchor = anchor_of(c->set, (size_t)number, buf_slice(&location));
        rc = anchor == NULL ? emit_ref(c, (size_t)number, why)
                            : emit_dynamic_ref(c, anchor, why);
    }
    buf_release(&location);
    return rc;
}
