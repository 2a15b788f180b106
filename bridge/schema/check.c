#include "schema/check.h"

#include "format/format.h"
#include "schema/constants.h"
#include "schema/members.h"
#include "schema/number.h"
#include "schema/value.h"

/* What could not be found out does not hold, and the run knows. */
static bool equals(struct run *run, const json_t *constant, const json_t *value)
{
    enum value_match match;

    if (json_is_string(value))
        return json_is_string(constant) &&
               slice_same(value_text(constant), run->text);
    match = value_compare(constant, value);
    if (match == VALUE_TOO_DEEP)
        run->exhausted = true;
    return match == VALUE_EQUAL;
}

static bool check_const(struct run *run, const struct insn *insn,
                        const json_t *value)
{
    return equals(run, insn->u.value, value);
}

static bool check_enum(struct run *run, const struct insn *insn,
                       const json_t *value)
{
    size_t i, count = json_array_size(insn->u.value);

    if (insn->members != NULL)
        return json_is_string(value) &&
               members_find(insn->members, run->text, 0) != MEMBERS_NONE;
    for (i = 0; i < count && !run->exhausted; i++) {
        if (equals(run, json_array_get(insn->u.value, i), value))
            return true;
    }
    return false;
}

static bool check_enum_values(struct run *run, const struct insn *insn,
                              const json_t *value)
{
    enum value_match match = constants_find(insn->constants, value, run->text);

    if (match == VALUE_TOO_DEEP)
        run->exhausted = true;
    return match == VALUE_EQUAL;
}

static bool check_multiple_of(const struct insn *insn, const json_t *value)
{
    struct decimal number;

    decimal_of(value, &number);
    return decimal_divides(&insn->u.divisor->decimal, &number);
}

/* Characters, not bytes: those that continue a character do not count. */
static size_t code_points(struct slice text)
{
    size_t i, count = 0;

    for (i = 0; i < text.len; i++)
        count += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return count;
}

/* A character has one to four bytes, which often settles it. */
static bool check_min_length(struct slice text, size_t min)
{
    return text.len / 4 >= min || (text.len >= min && code_points(text) >= min);
}

static bool check_max_length(struct slice text, size_t max)
{
    return text.len <= max || code_points(text) <= max;
}

static bool check_unique_items(struct run *run, const json_t *value)
{
    enum value_match match = unique_check(&run->scratch->unique, value);

    if (match == VALUE_TOO_DEEP)
        run->exhausted = true;
    return match == VALUE_DIFFERENT;
}

static bool check_dependent_required(const struct insn *insn,
                                     const json_t *value)
{
    size_t i, count = json_array_size(insn->u.value);

    if (json_object_getn(value, insn->key.data, insn->key.len) == NULL)
        return true;
    for (i = 0; i < count; i++) {
        struct slice name = value_text(json_array_get(insn->u.value, i));

        if (json_object_getn(value, name.data, name.len) == NULL)
            return false;
    }
    return true;
}

bool check_claim(struct run *run, const struct insn *insn, const json_t *value)
{
    switch (insn->op) {
    case OP_CONST:
        return check_const(run, insn, value);
    case OP_ENUM:
        return check_enum(run, insn, value);
    case OP_ENUM_VALUES:
        return check_enum_values(run, insn, value);
    case OP_MINIMUM:
        return number_compare(value, insn->u.value) >= 0;
    case OP_MAXIMUM:
        return number_compare(value, insn->u.value) <= 0;
    case OP_EXCLUSIVE_MINIMUM:
        return number_compare(value, insn->u.value) > 0;
    case OP_EXCLUSIVE_MAXIMUM:
        return number_compare(value, insn->u.value) < 0;
    case OP_MULTIPLE_OF:
        return check_multiple_of(insn, value);
    case OP_MIN_LENGTH:
        return check_min_length(run->text, insn->u.limit);
    case OP_MAX_LENGTH:
        return check_max_length(run->text, insn->u.limit);
    case OP_FORMAT:
        return format_holds(insn->u.format, run->text, &run->exhausted);
    case OP_PATTERN:
        return evaluate_matches(run, insn->u.regex, run->text);
    case OP_MIN_ITEMS:
        return json_array_size(value) >= insn->u.limit;
    case OP_MAX_ITEMS:
        return json_array_size(value) <= insn->u.limit;
    case OP_UNIQUE_ITEMS:
        return check_unique_items(run, value);
    case OP_MIN_PROPERTIES:
        return json_object_size(value) >= insn->u.limit;
    case OP_MAX_PROPERTIES:
        return json_object_size(value) <= insn->u.limit;
    default:
        return check_dependent_required(insn, value);
    }
}
