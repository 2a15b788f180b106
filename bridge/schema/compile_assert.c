#include "schema/compile_assert.h"

#include "format/format.h"
#include "schema/constants.h"
#include "schema/dialect.h"
#include "schema/members.h"
#include "schema/number.h"
#include "schema/value.h"

/* The bits of a type's name; 0: there is no such type. */
static uint16_t type_named(const json_t *json)
{
    static const struct {
        const char *name;
        unsigned types;
    } names[] = {
        {"object",  TYPES_OBJECT                    },
        {"array",   TYPES_ARRAY                     },
        {"string",  TYPES_STRING                    },
        {"integer", TYPES_INTEGER | TYPES_WHOLE_REAL},
        {"number",  TYPES_NUMBER                    },
        {"boolean", TYPES_BOOLEAN                   },
        {"null",    TYPES_NULL                      },
    };
    size_t i;

    if (!json_is_string(json))
        return 0;
    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_is(value_text(json), names[i].name))
            return (uint16_t)names[i].types;
    }
    return 0;
}

int compile_type(struct compiler *c, const json_t *value, struct fault *why)
{
    uint16_t types = type_named(value);

    (void)why;
    for (size_t i = 0; i < json_array_size(value); i++)
        types |= type_named(json_array_get(value, i));
    c->schema->types = types;
    return 0;
}

static int emit_value(struct compiler *c, enum op op, unsigned applies,
                      const json_t *value, struct fault *why)
{
    struct insn *insn = compile_emit(c, op, applies, why);

    if (insn == NULL)
        return -1;
    insn->u.value = value;
    return 0;
}

int compile_const(struct compiler *c, const json_t *value, struct fault *why)
{
    return emit_value(c, OP_CONST, TYPES_ANY, value, why);
}

/* NULL: not all of them are texts; or there is no memory, as *why says. */
static struct members *names_in(struct compiler *c, const json_t *values,
                                struct fault *why)
{
    const size_t count = json_array_size(values);
    struct members *names;

    for (size_t i = 0; i < count; i++)
        if (!json_is_string(json_array_get(values, i)))
            return NULL;
    names = members_new(&c->set->arena, count);
    if (names == NULL)
        fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
    for (size_t i = 0; i < count && names != NULL; i++)
        members_add(names, value_text(json_array_get(values, i)));
    if (names != NULL)
        members_ready(names);
    return names;
}

int compile_enum(struct compiler *c, const json_t *value, struct fault *why)
{
    enum { MANY = 16 };
    struct fault cause = FAULT_INIT;
    struct members *names = names_in(c, value, &cause);
    const bool many = names == NULL && json_array_size(value) > MANY;
    struct insn *insn =
        compile_emit(c, many ? OP_ENUM_VALUES : OP_ENUM, TYPES_ANY, why);

    if (cause.kind != FAULT_NONE)
        return fault_set(why, cause.kind, "%s", cause.text);
    if (insn == NULL)
        return -1;
    insn->u.value = value;
    if (!many) {
        insn->members = names;
        return 0;
    }
    insn->constants = constants_new(&c->set->arena, value);
    return insn->constants != NULL
               ? 0
               : fault_set(why, FAULT_NOMEM, "cannot allocate the schemas");
}

int compile_minimum(struct compiler *c, const json_t *value, struct fault *why)
{
    return emit_value(c, OP_MINIMUM, TYPES_NUMBER, value, why);
}

int compile_maximum(struct compiler *c, const json_t *value, struct fault *why)
{
    return emit_value(c, OP_MAXIMUM, TYPES_NUMBER, value, why);
}

int compile_exclusive_minimum(struct compiler *c, const json_t *value,
                              struct fault *why)
{
    return emit_value(c, OP_EXCLUSIVE_MINIMUM, TYPES_NUMBER, value, why);
}

int compile_exclusive_maximum(struct compiler *c, const json_t *value,
                              struct fault *why)
{
    return emit_value(c, OP_EXCLUSIVE_MAXIMUM, TYPES_NUMBER, value, why);
}

int compile_multiple_of(struct compiler *c, const json_t *value,
                        struct fault *why)
{
    struct divisor *divisor;
    struct insn *insn;

    divisor = compile_alloc(c, sizeof(*divisor), why);
    if (divisor == NULL)
        return -1;
    divisor->written = value;
    decimal_of(value, &divisor->decimal);
    insn = compile_emit(c, OP_MULTIPLE_OF, TYPES_NUMBER, why);
    if (insn == NULL)
        return -1;
    insn->u.divisor = divisor;
    return 0;
}

static int emit_count(struct compiler *c, enum op op, unsigned applies,
                      const json_t *value, struct fault *why)
{
    struct insn *insn = compile_emit(c, op, applies, why);

    if (insn == NULL)
        return -1;
    /* more than can be counted: no value has so many */
    if (number_count(value, &insn->u.limit) == -1)
        insn->u.limit = SIZE_MAX;
    return 0;
}

int compile_min_length(struct compiler *c, const json_t *value,
                       struct fault *why)
{
    return emit_count(c, OP_MIN_LENGTH, TYPES_STRING, value, why);
}

int compile_max_length(struct compiler *c, const json_t *value,
                       struct fault *why)
{
    return emit_count(c, OP_MAX_LENGTH, TYPES_STRING, value, why);
}

int compile_min_items(struct compiler *c, const json_t *value,
                      struct fault *why)
{
    return emit_count(c, OP_MIN_ITEMS, TYPES_ARRAY, value, why);
}

int compile_max_items(struct compiler *c, const json_t *value,
                      struct fault *why)
{
    return emit_count(c, OP_MAX_ITEMS, TYPES_ARRAY, value, why);
}

int compile_min_properties(struct compiler *c, const json_t *value,
                           struct fault *why)
{
    return emit_count(c, OP_MIN_PROPERTIES, TYPES_OBJECT, value, why);
}

int compile_max_properties(struct compiler *c, const json_t *value,
                           struct fault *why)
{
    return emit_count(c, OP_MAX_PROPERTIES, TYPES_OBJECT, value, why);
}

static int refuse_format(const struct compiler *c, const char *name,
                         struct fault *why)
{
    const char *meant = format_meant(name);

    if (meant == NULL && c->set->options.unknown == SCHEMA_UNKNOWN_ALLOW)
        return 0;
    return compile_refuse(c, why, "unknown format '%s'%s%s%s", name,
                          meant == NULL ? "" : ", did you mean '",
                          meant == NULL ? "" : meant,
                          meant == NULL ? "" : "'?");
}

int compile_format(struct compiler *c, const json_t *value, struct fault *why)
{
    const struct format *format = format_find(value_text(value));
    struct insn *insn;

    if (c->set->options.format == SCHEMA_FORMAT_ANNOTATE &&
        (c->source->dialect & VOCABULARY_FORMAT_ASSERTION) == 0)
        return 0;
    if (format == NULL)
        return refuse_format(c, json_string_value(value), why);
    insn = compile_emit(c, OP_FORMAT, TYPES_STRING, why);
    if (insn == NULL)
        return -1;
    insn->u.format = format;
    return 0;
}

int compile_pattern(struct compiler *c, const json_t *value, struct fault *why)
{
    const struct regex *regex = compile_regex(c, value_text(value), why);
    struct insn *insn;

    if (regex == NULL)
        return -1;
    insn = compile_emit(c, OP_PATTERN, TYPES_STRING, why);
    if (insn == NULL)
        return -1;
    insn->key = value_text(value);
    insn->u.regex = regex;
    return 0;
}

int compile_unique_items(struct compiler *c, const json_t *value,
                         struct fault *why)
{
    if (json_is_false(value))
        return 0;
    return compile_emit(c, OP_UNIQUE_ITEMS, TYPES_ARRAY, why) == NULL ? -1 : 0;
}
