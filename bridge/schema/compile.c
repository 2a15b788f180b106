#include "schema/compile.h"

#include "base/buf.h"
#include "base/limits.h"
#include "format/pointer.h"
#include "format/regex.h"
#include "schema/cycle.h"
#include "schema/keyword.h"
#include "schema/link.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int compile_refuse(const struct compiler *c, struct fault *why, const char *fmt,
                   ...)
{
    char what[FAULT_TEXT_MAX];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    return fault_set(why, FAULT_CONFIG, "%s#%s/%s: %s",
                     c->source->document->name, c->source->pointer, c->keyword,
                     what);
}

struct insn *compile_emit(struct compiler *c, enum op op, unsigned applies,
                          struct fault *why)
{
    struct schema_set *set = c->set;
    struct insn *insns = set_grow(set->insns, set->insn_count,
                                  &set->insn_capacity, sizeof(*insns), why);
    struct insn *insn;

    if (insns == NULL)
        return NULL;
    set->insns = insns;
    insn = &insns[set->insn_count++];
    memset(insn, 0, sizeof(*insn));
    insn->op = (uint8_t)op;
    insn->applies = (uint8_t)applies;
    insn->keyword = c->keyword;
    c->schema->count++;
    return insn;
}

static const struct schema *find_child(const struct compiler *c,
                                       const char *keyword,
                                       const struct slice *token,
                                       struct fault *why)
{
    const struct source *source = c->source;
    struct buf location = BUF_INIT(2 * MIB);
    const struct schema *found = NULL;
    long number;

    if (buf_addf(&location, why, "%s#%s", source->base,
                 source->pointer + source->offset) == -1 ||
        pointer_add(&location, slice_of(keyword), why) == -1 ||
        (token != NULL && pointer_add(&location, *token, why) == -1))
        goto done;
    number = set_number(c->set, buf_slice(&location));
    if (number == -1)
        compile_refuse(c, why, "there is no schema at '%s'", location.data);
    else
        found = &c->set->schemas[number];

done:
    buf_release(&location);
    return found;
}

const struct schema *compile_child(const struct compiler *c,
                                   const struct slice *token, struct fault *why)
{
    return find_child(c, c->keyword, token, why);
}

const struct schema *compile_child_at(const struct compiler *c, size_t index,
                                      struct fault *why)
{
    char digits[24];
    struct slice token = {digits, 0};

    token.len = (size_t)snprintf(digits, sizeof(digits), "%zu", index);
    return find_child(c, c->keyword, &token, why);
}

const struct schema *compile_sibling(const struct compiler *c,
                                     const char *keyword, struct fault *why)
{
    return find_child(c, keyword, NULL, why);
}

const struct regex *compile_regex(struct compiler *c, struct slice pattern,
                                  struct fault *why)
{
    struct fault cause = FAULT_INIT;
    struct schema_set *set = c->set;
    struct regex *regex;
    struct regex **regexes =
        set_grow(set->regexes, set->regex_count, &set->regex_capacity,
                 sizeof(*regexes), why);

    if (regexes == NULL)
        return NULL;
    set->regexes = regexes;
    if (regex_new(&regex, pattern, &cause) == -1) {
        if (cause.kind == FAULT_CONFIG)
            compile_refuse(c, why, "%s", cause.text);
        else
            fault_set(why, cause.kind, "%s", cause.text);
        return NULL;
    }
    set->regexes[set->regex_count++] = regex;
    return regex;
}

struct insn *compile_emit_schema(struct compiler *c, enum op op,
                                 unsigned applies, const struct schema *schema,
                                 struct fault *why)
{
    struct insn *insn =
        schema == NULL ? NULL : compile_emit(c, op, applies, why);

    if (insn != NULL)
        insn->schema = schema;
    return insn;
}

const json_t *compile_beside(const struct compiler *c, const char *keyword)
{
    if ((keyword_find(keyword)->vocabulary & c->source->dialect) == 0)
        return NULL;
    return json_object_get(c->source->json, keyword);
}

void *compile_alloc(const struct compiler *c, size_t size, struct fault *why)
{
    void *memory = arena_alloc(&c->set->arena, size);

    if (memory == NULL)
        fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    return memory;
}

static int compile_keywords(struct compiler *c, struct fault *why)
{
    const struct keyword *keyword;

    for (keyword = keywords; keyword->name != NULL; keyword++) {
        const json_t *value = json_object_get(c->source->json, keyword->name);

        if (value == NULL || keyword->compile == NULL ||
            (keyword->vocabulary & c->source->dialect) == 0)
            continue;
        c->keyword = keyword->name;
        if (keyword->compile(c, value, why) == -1)
            return -1;
    }
    return 0;
}

static int compile_schema(struct schema_set *set, size_t number,
                          struct fault *why)
{
    const struct source *source = &set->sources[number];
    struct compiler c = {set, source, &set->schemas[number], "", false};

    c.schema->set = set;
    c.schema->first = (uint32_t)set->insn_count;
    c.schema->resource = source->resource;
    c.schema->base = source->base;
    c.schema->pointer = source->pointer + source->offset;
    c.schema->types = TYPES_ANY;
    if (json_is_false(source->json))
        c.schema->types = TYPES_NONE;
    return compile_keywords(&c, why);
}

int compile_schemas(struct schema_set *set, struct fault *why)
{
    size_t i;

    /* Neither is ever NULL, so that an empty set is no special case. */
    set->insns =
        set_grow(set->insns, 0, &set->insn_capacity, sizeof(*set->insns), why);
    if (set->insns == NULL)
        return -1;
    set->schemas = calloc(set->source_count + 1, sizeof(*set->schemas));
    if (set->schemas == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    for (i = 0; i < set->source_count; i++) {
        if (compile_schema(set, i, why) == -1)
            return -1;
    }
    return cycle_check(set, why) == -1 ? -1 : link_schemas(set, why);
}
