/*
 * fast_items.c - claims about the items of an array, on the fast path
 */
#include "schema/fast_parts.h"
#include "schema/peek.h"

bool fast_prefix(struct way way, const struct insn *insn, const json_t *value)
{
    const size_t at = insn->u.limit;

    if (at >= peek_array_size(value))
        return true;
    if (way.marks != NULL)
        marks_set_below(way.marks, at + 1);
    return fast_part(way, insn->schema->shortcut, peek_item(value, at));
}

bool fast_items(struct way way, const struct insn *insn, const json_t *value)
{
    const struct schema *schema = insn->schema->shortcut;
    const size_t size = peek_array_size(value);

    if (way.marks != NULL)
        marks_set_below(way.marks, size);
    for (size_t i = insn->u.limit; i < size; i++)
        if (!fast_part(way, schema, peek_item(value, i)))
            return false;
    return true;
}

bool fast_unevaluated_items(struct way way, const struct insn *insn,
                            const json_t *value)
{
    const size_t size = peek_array_size(value);

    for (size_t i = way.marks->below; i < size; i++)
        if (!marks_has(way.marks, i) &&
            !fast_part(way, insn->schema->shortcut, peek_item(value, i)))
            return false;
    marks_set_below(way.marks, size);
    return true;
}

/* Who asks what was evaluated wants to know of all. */
bool fast_contains(struct way way, const struct insn *insn, const json_t *value)
{
    const size_t min = insn[1].u.limit, max = insn[2].u.limit;
    const size_t enough = max == SIZE_MAX ? min : max + 1;
    const size_t size = peek_array_size(value);
    size_t found = 0;

    for (size_t i = 0; i < size && (found < enough || way.marks != NULL); i++) {
        if (!fast_part(way, insn->schema->shortcut, peek_item(value, i))) {
            if (way.run->exhausted)
                return false;
            continue;
        }
        found++;
        if (way.marks != NULL)
            marks_set(way.marks, i);
    }
    return found >= min && found <= max;
}
