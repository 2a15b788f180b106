/*
 * program.h - what a compiled schema is
 *
 * Every subschema of every document becomes one struct schema: the types it
 * allows, and a run of instructions in the one flat array of its set. An
 * instruction is one claim about a value; a schema holds if the type is
 * allowed and each of its instructions that looks at such a type agrees.
 *
 * Nothing in here changes after compilation, so threads share it freely.
 * What instructions point at (constants, names, expressions) lives in the
 * set and goes with it.
 */
#ifndef SCHEMA_PROGRAM_H
#define SCHEMA_PROGRAM_H

#include "base/slice.h"
#include "schema/number.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct choice;
struct constants;
struct format;
struct members;
struct regex;
struct schema_set;
struct way; /* fast_parts.h */

/*
 * Values are sorted by jansson's type, one bit each. A ninth bit is for the
 * draft's "integer", which 1.0 is too.
 */
#define TYPE_BIT(type) (1u << (type))
enum {
    TYPES_OBJECT = TYPE_BIT(JSON_OBJECT),
    TYPES_ARRAY = TYPE_BIT(JSON_ARRAY),
    TYPES_STRING = TYPE_BIT(JSON_STRING),
    TYPES_INTEGER = TYPE_BIT(JSON_INTEGER),
    TYPES_REAL = TYPE_BIT(JSON_REAL),
    TYPES_NUMBER = TYPES_INTEGER | TYPES_REAL,
    TYPES_BOOLEAN = TYPE_BIT(JSON_TRUE) | TYPE_BIT(JSON_FALSE),
    TYPES_NULL = TYPE_BIT(JSON_NULL),
    TYPES_WHOLE_REAL = 1u << 8,
    TYPES_ANY = 0xff,
    TYPES_NONE = 0
};

enum op {
    /* claims about the value itself */
    OP_CONST,
    OP_ENUM,
    OP_ENUM_VALUES, /* the same of many, which are not all texts */
    OP_MINIMUM,
    OP_MAXIMUM,
    OP_EXCLUSIVE_MINIMUM,
    OP_EXCLUSIVE_MAXIMUM,
    OP_MULTIPLE_OF,
    OP_MIN_LENGTH,
    OP_MAX_LENGTH,
    OP_FORMAT,
    OP_PATTERN,
    OP_MIN_ITEMS,
    OP_MAX_ITEMS,
    OP_UNIQUE_ITEMS,
    OP_MIN_PROPERTIES,
    OP_MAX_PROPERTIES,
    OP_DEPENDENT_REQUIRED,

    /* claims about its parts */
    OP_MEMBERS,
    OP_NAMES,
    OP_PREFIX,
    OP_ITEMS,
    OP_CONTAINS,

    /* other schemas for the same value */
    OP_REF,
    OP_DYNAMIC_REF,
    OP_ALL_OF,
    OP_ANY_OF,
    OP_ONE_OF,
    OP_NOT,
    OP_IF,
    OP_DEPENDENT_SCHEMA,

    /* about the parts that none of the above has looked at: the last ones */
    OP_UNEVALUATED_ITEMS,
    OP_UNEVALUATED_PROPERTIES,

    /* not run for themselves: they belong to the instruction before */
    OP_MEMBER,
    OP_PATTERN_MEMBERS,
    OP_ADDITIONAL,
    OP_THEN,
    OP_ELSE,
    OP_MIN_CONTAINS,
    OP_MAX_CONTAINS,

    OP_COUNT
};

struct schema {
    /* what evaluation needs */
    uint16_t types;  /* allowed ones; none: the schema `false` */
    uint16_t tracks; /* types of which it must know what was evaluated */
    bool light;      /* its evaluation needs no counting: bounds.h */
    uint32_t count;  /* of claims, and what belongs to them */
    const struct insn *insns; /* once linked */
    /* What it comes to: where it is nothing but a "$ref", what that leads to.
     * Once linked. */
    const struct schema *shortcut;

    const struct schema_set *set;
    uint32_t first;      /* in the set's instructions */
    uint32_t resource;   /* the number of its resource */
    const char *base;    /* URI of its resource, without fragment */
    const char *pointer; /* JSON Pointer from there; unescaped for URIs */
};

/* What "$dynamicRef" leads to once evaluation has come by that resource. */
struct dynamic_target {
    uint32_t resource;
    const struct schema *schema;
};

/* Of "multipleOf": to compute with, and as the schema has it, to show. */
struct divisor {
    struct decimal decimal;
    const json_t *written;
};

struct insn {
    uint8_t op;      /* enum op */
    uint8_t applies; /* TYPES_…; others satisfy the claim; 0: never run */
    uint8_t fast_applies; /* the same on the fast path */
    uint32_t count;       /* of what `u` lists */
    bool (*holds)(struct way way, const struct insn *insn, const json_t *value);
    const char *keyword;
    union {
        struct slice key;   /* a member's name, a pattern, a constant text */
        json_int_t integer; /* a bound */
    };
    const struct schema *schema;
    union {
        struct members *members; /* OP_MEMBERS; OP_ENUM: if all are texts */
        const struct constants *constants; /* OP_ENUM_VALUES */
        const struct choice *choice; /* OP_ANY_OF, OP_ONE_OF; may be NULL */
    };
    union {
        size_t limit; /* a length, a count; a position, for arrays */
        const json_t *value;
        const struct divisor *divisor;
        const struct regex *regex;
        const struct format *format;
        const struct schema *const *schemas;
        const struct dynamic_target *targets;
    } u;
};

#endif
