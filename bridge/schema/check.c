#include "schema/check.h"

#include "schema/format.h"
#include "schema/members.h"
#include "schema/number.h"
#include "schema/regex.h"
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

bool check_const(struct run *run, const struct insn *insn, const json_t *value)
{
    return equals(run, insn->u.value, value);
}

bool check_enum(struct run *run, const struct insn *insn, const json_t *value)
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

bool check_minimum(struct run *run, const struct insn *insn,
                   const json_t *value)
{
    (void)run;
    return number_compare(value, insn->u.value) >= 0;
}

bool check_maximum(struct run *run, const struct insn *insn,
                   const json_t *value)
{
    (void)run;
    return number_compare(value, insn->u.value) <= 0;
}

bool check_exclusive_minimum(struct run *run, const struct insn *insn,
                             const json_t *value)
{
    (void)run;
    return number_compare(value, insn->u.value) > 0;
}

bool check_exclusive_maximum(struct run *run, const struct insn *insn,
                             const json_t *value)
{
    (void)run;
    return number_compare(value, insn->u.value) < 0;
}

bool check_multiple_of(struct run *run, const struct insn *insn,
                       const json_t *value)
{
    struct decimal number;

    (void)run;
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
bool check_min_length(struct run *run, const struct insn *insn,
                      const json_t *value)
{
    const struct slice text = run->text;

    (void)value;
    if (text.len < insn->u.limit)
        return false;
    return text.len / 4 >= insn->u.limit || code_points(text) >= insn->u.limit;
}

bool check_max_length(struct run *run, const struct insn *insn,
                      const json_t *value)
{
    const struct slice text = run->text;

    (void)value;
    return text.len <= insn->u.limit || code_points(text) <= insn->u.limit;
}

bool check_format(struct run *run, const struct insn *insn, const json_t *value)
{
    (void)value;
    return format_holds(insn->u.format, run->text, &run->exhausted);
}

bool check_pattern(struct run *run, const struct insn *insn,
                   const json_t *value)
{
    enum regex_answer answer =
        regex_search(insn->u.regex, run->text, run->scratch->regex);

    (void)value;
    if (answer == REGEX_EXHAUSTED)
        run->exhausted = true;
    return answer == REGEX_MATCH;
}

bool check_min_items(struct run *run, const struct insn *insn,
                     const json_t *value)
{
    (void)run;
    return json_array_size(value) >= insn->u.limit;
}

bool check_max_items(struct run *run, const struct insn *insn,
                     const json_t *value)
{
    (void)run;
    return json_array_size(value) <= insn->u.limit;
}

bool check_unique_items(struct run *run, const struct insn *insn,
                        const json_t *value)
{
    enum value_match match = unique_check(&run->scratch->unique, value);

    (void)insn;
    if (match == VALUE_TOO_DEEP)
        run->exhausted = true;
    return match == VALUE_DIFFERENT;
}

bool check_min_properties(struct run *run, const struct insn *insn,
                          const json_t *value)
{
    (void)run;
    return json_object_size(value) >= insn->u.limit;
}

bool check_max_properties(struct run *run, const struct insn *insn,
                          const json_t *value)
{
    (void)run;
    return json_object_size(value) <= insn->u.limit;
}

bool check_dependent_required(struct run *run, const struct insn *insn,
                              const json_t *value)
{
    size_t i, count = json_array_size(insn->u.value);

    (void)run;
    if (json_object_getn(value, insn->key.data, insn->key.len) == NULL)
        return true;
    for (i = 0; i < count; i++) {
        struct slice name = value_text(json_array_get(insn->u.value, i));

        if (json_object_getn(value, name.data, name.len) == NULL)
            return false;
    }
    return true;
}
