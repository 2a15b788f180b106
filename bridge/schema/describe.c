#include "schema/describe.h"

#include "format/format.h"
#include "schema/value.h"

enum {
    CONSTANT_MAX = 96,  /* bytes of a constant that are shown */
    ENUM_SHOWN_MAX = 8, /* constants */
    FOUND_MAX = 96,
    PATTERN_SHOWN_MAX = 160
};

static const char *type_name(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return "object";
    case JSON_ARRAY:
        return "array";
    case JSON_STRING:
        return "string";
    case JSON_INTEGER:
        return "integer";
    case JSON_REAL:
        return "number";
    case JSON_NULL:
        return "null";
    default:
        return "boolean";
    }
}

int describe_type(struct buf *out, const struct schema *schema,
                  const json_t *value, struct fault *why)
{
    static const struct {
        unsigned types;
        const char *name;
    } names[] = {
        {TYPES_OBJECT,     "object" },
        {TYPES_ARRAY,      "array"  },
        {TYPES_STRING,     "string" },
        {TYPES_REAL,       "number" },
        {TYPES_WHOLE_REAL, "integer"},
        {TYPES_BOOLEAN,    "boolean"},
        {TYPES_NULL,       "null"   },
    };
    const char *between = "must be ";
    size_t i;

    for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if ((schema->types & names[i].types) == 0)
            continue;
        if (buf_addf(out, why, "%s%s", between, names[i].name) == -1)
            return -1;
        between = " or ";
    }
    return buf_addf(out, why, ", is %s", type_name(value));
}

int describe_nothing(struct buf *out, const struct insn *via, struct fault *why)
{
    const char *text = "nothing is allowed here";

    if (via != NULL &&
        (via->op == OP_ADDITIONAL || via->op == OP_UNEVALUATED_PROPERTIES))
        text = "no further members are allowed";
    else if (via != NULL && via->op == OP_NAMES)
        text = "no members are allowed";
    else if (via != NULL && (via->op == OP_ITEMS || via->op == OP_PREFIX ||
                             via->op == OP_UNEVALUATED_ITEMS))
        text = "no further items are allowed";
    else if (via != NULL &&
             (via->op == OP_MEMBER || via->op == OP_PATTERN_MEMBERS))
        text = "must not be present";
    return buf_add_text(out, text, why);
}

int describe_choice(struct buf *out, const struct insn *insn, size_t found,
                    struct fault *why)
{
    if (insn->op == OP_ANY_OF)
        return buf_addf(out, why, "must match at least one of %u alternatives",
                        (unsigned)insn->count);
    return buf_addf(out, why,
                    "must match exactly one of %u alternatives, "
                    "matches %s",
                    (unsigned)insn->count, found == 0 ? "none" : "several");
}

/* Where to cut so that no character is broken. */
static size_t cut(struct slice text, size_t max)
{
    if (text.len <= max)
        return text.len;
    while (max > 0 && ((unsigned char)text.data[max] & 0xc0) == 0x80)
        max--;
    return max;
}

static int add_string(struct buf *out, struct slice text, size_t max,
                      struct fault *why)
{
    struct slice shown = {text.data, cut(text, max)};

    if (buf_add_json(out, shown, why) == -1)
        return -1;
    return shown.len == text.len ? 0 : buf_add_text(out, "...", why);
}

/* Without json_dumps(): objects can be long, and it allocates. */
static int add_value(struct buf *out, struct slice text, const json_t *value,
                     size_t max, struct fault *why)
{
    char digits[NUMBER_TEXT_MAX];

    switch (json_typeof(value)) {
    case JSON_STRING:
        return add_string(out, text, max, why);
    case JSON_INTEGER:
    case JSON_REAL:
        number_print(value, digits);
        return buf_add_text(out, digits, why);
    case JSON_TRUE:
        return buf_add_text(out, "true", why);
    case JSON_FALSE:
        return buf_add_text(out, "false", why);
    case JSON_NULL:
        return buf_add_text(out, "null", why);
    case JSON_ARRAY:
        return buf_addf(out, why, "an array of %zu items",
                        json_array_size(value));
    default:
        return buf_addf(out, why, "an object of %zu members",
                        json_object_size(value));
    }
}

static int add_constant(struct buf *out, const json_t *value, struct fault *why)
{
    return add_value(out, value_text(value), value, CONSTANT_MAX, why);
}

static int describe_value(struct buf *out, const char *before,
                          const json_t *value, struct fault *why)
{
    if (buf_add_text(out, before, why) == -1)
        return -1;
    return add_constant(out, value, why);
}

static int describe_const(struct buf *out, const json_t *value,
                          struct fault *why)
{
    if (json_is_object(value) || json_is_array(value))
        return buf_add_text(out, "must be the constant that the schema has",
                            why);
    return describe_value(out, "must be ", value, why);
}

static int describe_enum(struct buf *out, const json_t *values,
                         struct fault *why)
{
    size_t i, count = json_array_size(values);

    if (count > ENUM_SHOWN_MAX)
        return buf_addf(out, why, "must be one of the schema's %zu values",
                        count);
    for (i = 0; i < count; i++) {
        if (describe_value(out, i == 0 ? "must be one of " : ", ",
                           json_array_get(values, i), why) == -1)
            return -1;
    }
    return count > 0 ? 0 : buf_add_text(out, "no value is allowed", why);
}

static int describe_count(struct buf *out, const char *how, size_t count,
                          const char *of_what, struct fault *why)
{
    return buf_addf(out, why, "must have at %s %zu %s%s", how, count, of_what,
                    count == 1 ? "" : "s");
}

static int describe_pattern(struct buf *out, struct slice pattern,
                            struct fault *why)
{
    size_t shown = cut(pattern, PATTERN_SHOWN_MAX);

    return buf_addf(out, why, "must match the pattern %.*s%s", (int)shown,
                    pattern.data, shown == pattern.len ? "" : "...");
}

int describe_missing(struct buf *out, struct slice name, struct fault *why)
{
    if (buf_add_text(out, "must have a member ", why) == -1)
        return -1;
    return add_string(out, name, CONSTANT_MAX, why);
}

static int describe_dependency(struct buf *out, const struct insn *insn,
                               struct fault *why)
{
    size_t i, count = json_array_size(insn->u.value);

    for (i = 0; i < count; i++) {
        if (describe_value(out, i == 0 ? "must have the members " : ", ",
                           json_array_get(insn->u.value, i), why) == -1)
            return -1;
    }
    if (buf_add_text(out, " where it has ", why) == -1)
        return -1;
    return add_string(out, insn->key, CONSTANT_MAX, why);
}

static int describe_number(struct buf *out, const struct insn *insn,
                           struct fault *why)
{
    switch (insn->op) {
    case OP_MINIMUM:
        return describe_value(out, "must be at least ", insn->u.value, why);
    case OP_MAXIMUM:
        return describe_value(out, "must be at most ", insn->u.value, why);
    case OP_EXCLUSIVE_MINIMUM:
        return describe_value(out, "must be more than ", insn->u.value, why);
    case OP_EXCLUSIVE_MAXIMUM:
        return describe_value(out, "must be less than ", insn->u.value, why);
    default:
        return describe_value(out, "must be a multiple of ",
                              insn->u.divisor->written, why);
    }
}

static int describe_size(struct buf *out, const struct insn *insn,
                         struct fault *why)
{
    size_t limit = insn->u.limit;

    switch (insn->op) {
    case OP_MIN_LENGTH:
        return describe_count(out, "least", limit, "character", why);
    case OP_MAX_LENGTH:
        return describe_count(out, "most", limit, "character", why);
    case OP_MIN_ITEMS:
        return describe_count(out, "least", limit, "item", why);
    case OP_MAX_ITEMS:
        return describe_count(out, "most", limit, "item", why);
    case OP_MIN_PROPERTIES:
        return describe_count(out, "least", limit, "member", why);
    case OP_MAX_PROPERTIES:
        return describe_count(out, "most", limit, "member", why);
    case OP_MIN_CONTAINS:
        return describe_count(out, "least", limit, "matching item", why);
    default:
        return describe_count(out, "most", limit, "matching item", why);
    }
}

int describe(struct buf *out, const struct insn *insn, struct fault *why)
{
    switch (insn->op) {
    case OP_CONST:
        return describe_const(out, insn->u.value, why);
    case OP_ENUM:
    case OP_ENUM_VALUES:
        return describe_enum(out, insn->u.value, why);
    case OP_MINIMUM:
    case OP_MAXIMUM:
    case OP_EXCLUSIVE_MINIMUM:
    case OP_EXCLUSIVE_MAXIMUM:
    case OP_MULTIPLE_OF:
        return describe_number(out, insn, why);
    case OP_FORMAT:
        return buf_addf(out, why, "must be a valid %s",
                        insn->u.format->expected);
    case OP_PATTERN:
        return describe_pattern(out, insn->key, why);
    case OP_UNIQUE_ITEMS:
        return buf_add_text(out, "must not have the same item twice", why);
    case OP_DEPENDENT_REQUIRED:
        return describe_dependency(out, insn, why);
    case OP_NOT:
        return buf_add_text(out, "must not match the schema under \"not\"",
                            why);
    default:
        return describe_size(out, insn, why);
    }
}

int describe_found(struct buf *out, struct slice text, const json_t *value,
                   struct fault *why)
{
    if (buf_add_text(out, ", found ", why) == -1)
        return -1;
    return add_value(out, text, value, FOUND_MAX, why);
}
