/*
 * fast_claims.c - claims about the value itself, on the fast path
 *
 * Those that look at texts have functions of their own, which ask jansson for
 * no more than they need. The rest is check.c's.
 */
#include "schema/check.h"
#include "schema/fast_parts.h"
#include "schema/members.h"
#include "schema/peek.h"

static inline size_t length_of(const struct run *run, const json_t *string)
{
    return string == &EVALUATE_NAME ? run->name.len : peek_text(string).len;
}

static inline struct slice text_of(const struct run *run, const json_t *string)
{
    return string == &EVALUATE_NAME ? run->name : peek_text(string);
}

/* A constant that is a text. */
bool fast_text(struct way way, const struct insn *insn, const json_t *value)
{
    return json_is_string(value) &&
           length_of(way.run, value) == insn->key.len &&
           slice_same(text_of(way.run, value), insn->key);
}

/* One of several. */
bool fast_texts(struct way way, const struct insn *insn, const json_t *value)
{
    return json_is_string(value) &&
           members_find(insn->members, text_of(way.run, value), 0) !=
               MEMBERS_NONE;
}

/* Does the number, which is that much below or above the bound, keep it? */
static inline bool keeps(enum op op, bool below, bool above)
{
    switch (op) {
    case OP_MINIMUM:
        return !below;
    case OP_MAXIMUM:
        return !above;
    case OP_EXCLUSIVE_MINIMUM:
        return above;
    default:
        return below;
    }
}

/* A bound that is an integer, and one that a double can be, too. */
bool fast_integer(struct way way, const struct insn *insn, const json_t *value)
{
    (void)way;
    if (json_is_integer(value)) {
        const json_int_t number = json_integer_value(value);

        return keeps(insn->op, number<insn->integer, number> insn->integer);
    } else {
        const double number = json_real_value(value);
        const double bound = (double)insn->integer;

        return keeps(insn->op, number<bound, number> bound);
    }
}

/* What needs all of the text. */
static NOINLINE bool count(struct run *run, const struct insn *insn,
                           const json_t *value)
{
    run->text = text_of(run, value);
    return check_claim(run, insn, value);
}

/* A character has up to four bytes. */
static inline bool is_long_enough(size_t bytes, size_t min)
{
    return bytes / 4 >= min;
}

bool fast_length(struct way way, const struct insn *insn, const json_t *value)
{
    const size_t bytes = length_of(way.run, value);

    if (insn->op == OP_MIN_LENGTH ? is_long_enough(bytes, insn->u.limit)
                                  : bytes <= insn->u.limit)
        return true;
    return count(way.run, insn, value);
}

/* The maximum is the next instruction. */
bool fast_lengths(struct way way, const struct insn *insn, const json_t *value)
{
    const size_t bytes = length_of(way.run, value);

    return (is_long_enough(bytes, insn->u.limit) ||
            count(way.run, insn, value)) &&
           (bytes <= insn[1].u.limit || count(way.run, insn + 1, value));
}

bool fast_pattern(struct way way, const struct insn *insn, const json_t *value)
{
    return evaluate_matches(way.run, insn->u.regex, text_of(way.run, value));
}

bool fast_claim(struct way way, const struct insn *insn, const json_t *value)
{
    if (json_is_string(value))
        way.run->text = text_of(way.run, value);
    return check_claim(way.run, insn, value);
}
