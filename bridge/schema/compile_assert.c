#include "schema/compile_assert.h"

#include "schema/format.h"
#include "schema/number.h"
#include "schema/value.h"

int compile_dialect(struct compiler *c, const json_t *value, struct fault *why)
{
    static const char dialect[] =
        "https://json-schema.org/draft/2020-12/schema";
    const char *uri = json_string_value(value);

    if (uri == NULL || strncmp(uri, dialect, strlen(dialect)) != 0 ||
        (uri[strlen(dialect)] != '\0' &&
         strcmp(uri + strlen(dialect), "#") != 0))
        return compile_refuse(c, why, "must be '%s'", dialect);
    return 0;
}

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
    uint16_t types = 0, each;
    size_t i;

    if (json_is_string(value))
        types = type_named(value);
    for (i = 0; i < json_array_size(value); i++) {
        each = type_named(json_array_get(value, i));
        if (each == 0 || (types & each) == each)
            return compile_refuse(c, why, "must list different types");
        types |= each;
    }
    if (types == 0)
        return compile_refuse(
            c, why,
            "must be object, array, string, integer, number, boolean or null, "
            "or an array of these");
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

int compile_enum(struct compiler *c, const json_t *value, struct fault *why)
{
    if (!json_is_array(value))
        return compile_refuse(c, why, "must be an array");
    return emit_value(c, OP_ENUM, TYPES_ANY, value, why);
}

static int emit_bound(struct compiler *c, enum op op, const json_t *value,
                      struct fault *why)
{
    if (!json_is_number(value))
        return compile_refuse(c, why, "must be a number");
    return emit_value(c, op, TYPES_NUMBER, value, why);
}

int compile_minimum(struct compiler *c, const json_t *value, struct fault *why)
{
    return emit_bound(c, OP_MINIMUM, value, why);
}

int compile_maximum(struct compiler *c, const json_t *value, struct fault *why)
{
    return emit_bound(c, OP_MAXIMUM, value, why);
}

int compile_exclusive_minimum(struct compiler *c, const json_t *value,
                              struct fault *why)
{
    return emit_bound(c, OP_EXCLUSIVE_MINIMUM, value, why);
}

int compile_exclusive_maximum(struct compiler *c, const json_t *value,
                              struct fault *why)
{
    return emit_bound(c, OP_EXCLUSIVE_MAXIMUM, value, why);
}

int compile_multiple_of(struct compiler *c, const json_t *value,
                        struct fault *why)
{
    struct divisor *divisor;
    struct insn *insn;

    if (!json_is_number(value) || json_number_value(value) <= 0)
        return compile_refuse(c, why, "must be a number above zero");
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
    struct insn *insn;
    size_t count;

    if (number_count(value, &count) == -1)
        return compile_refuse(c, why, "must be an integer from zero up");
    insn = compile_emit(c, op, applies, why);
    if (insn == NULL)
        return -1;
    insn->u.limit = count;
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

/* An array of names, none of them twice. */
static int check_names(const struct compiler *c, const json_t *names,
                       struct fault *why)
{
    size_t i, j;

    if (!json_is_array(names))
        return compile_refuse(c, why, "must be an array of names");
    for (i = 0; i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i);

        if (!json_is_string(name))
            return compile_refuse(c, why, "must be an array of names");
        for (j = 0; j < i; j++) {
            if (value_compare(name, json_array_get(names, j)) == VALUE_EQUAL)
                return compile_refuse(c, why, "has '%s' twice",
                                      json_string_value(name));
        }
    }
    return 0;
}

/* What "properties" looks up anyway is left to its instructions. */
int compile_required(struct compiler *c, const json_t *value, struct fault *why)
{
    const json_t *properties = compile_beside(c, "properties");
    size_t i;

    if (check_names(c, value, why) == -1)
        return -1;
    for (i = 0; i < json_array_size(value); i++) {
        struct slice name = value_text(json_array_get(value, i));
        struct insn *insn;

        if (json_object_getn(properties, name.data, name.len) != NULL)
            continue;
        insn = compile_emit(c, OP_REQUIRED, TYPES_OBJECT, why);
        if (insn == NULL)
            return -1;
        insn->key = name;
    }
    return 0;
}

int compile_dependent_required(struct compiler *c, const json_t *value,
                               struct fault *why)
{
    void *iter = json_object_iter((json_t *)value);

    if (!json_is_object(value))
        return compile_refuse(c, why, "must be an object of arrays of names");
    for (; iter != NULL; iter = json_object_iter_next((json_t *)value, iter)) {
        struct insn *insn;

        if (check_names(c, json_object_iter_value(iter), why) == -1)
            return -1;
        insn = compile_emit(c, OP_DEPENDENT_REQUIRED, TYPES_OBJECT, why);
        if (insn == NULL)
            return -1;
        insn->key = (struct slice){json_object_iter_key(iter),
                                   json_object_iter_key_len(iter)};
        insn->u.value = json_object_iter_value(iter);
    }
    return 0;
}

int compile_format(struct compiler *c, const json_t *value, struct fault *why)
{
    const struct format *format;
    struct insn *insn;

    if (!json_is_string(value))
        return compile_refuse(c, why, "must be a string");
    if (c->set->options.format == SCHEMA_FORMAT_ANNOTATE)
        return 0;
    format = format_find(value_text(value));
    if (format == NULL) {
        const char *meant = format_meant(json_string_value(value));

        return compile_refuse(
            c, why, "format '%s' is not implemented%s%s%s",
            json_string_value(value), meant == NULL ? "" : ", did you mean '",
            meant == NULL ? "" : meant, meant == NULL ? "" : "'?");
    }
    insn = compile_emit(c, OP_FORMAT, TYPES_STRING, why);
    if (insn == NULL)
        return -1;
    insn->u.format = format;
    return 0;
}

int compile_pattern(struct compiler *c, const json_t *value, struct fault *why)
{
    const struct regex *regex;
    struct insn *insn;

    if (!json_is_string(value))
        return compile_refuse(c, why, "must be a regular expression");
    regex = compile_regex(c, value_text(value), why);
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
    if (!json_is_boolean(value))
        return compile_refuse(c, why, "must be true or false");
    if (json_is_false(value))
        return 0;
    return compile_emit(c, OP_UNIQUE_ITEMS, TYPES_ARRAY, why) == NULL ? -1 : 0;
}

int compile_count_only(struct compiler *c, const json_t *value,
                       struct fault *why)
{
    size_t count;

    if (number_count(value, &count) == -1)
        return compile_refuse(c, why, "must be an integer from zero up");
    return 0;
}

int compile_text_only(struct compiler *c, const json_t *value,
                      struct fault *why)
{
    return json_is_string(value) ? 0
                                 : compile_refuse(c, why, "must be a string");
}

int compile_array_only(struct compiler *c, const json_t *value,
                       struct fault *why)
{
    return json_is_array(value) ? 0
                                : compile_refuse(c, why, "must be an array");
}

int compile_boolean_only(struct compiler *c, const json_t *value,
                         struct fault *why)
{
    return json_is_boolean(value)
               ? 0
               : compile_refuse(c, why, "must be true or false");
}
