#include "schema/value.h"

#include "schema/number.h"

static enum value_match compare(const json_t *a, const json_t *b,
                                unsigned depth);

static enum value_match compare_arrays(const json_t *a, const json_t *b,
                                       unsigned depth)
{
    size_t i, size = json_array_size(a);

    if (size != json_array_size(b))
        return VALUE_DIFFERENT;
    for (i = 0; i < size; i++) {
        enum value_match match =
            compare(json_array_get(a, i), json_array_get(b, i), depth);

        if (match != VALUE_EQUAL)
            return match;
    }
    return VALUE_EQUAL;
}

static enum value_match compare_objects(const json_t *a, const json_t *b,
                                        unsigned depth)
{
    void *iter;

    if (json_object_size(a) != json_object_size(b))
        return VALUE_DIFFERENT;
    iter = json_object_iter((json_t *)a);
    for (; iter != NULL; iter = json_object_iter_next((json_t *)a, iter)) {
        const json_t *other = json_object_getn(b, json_object_iter_key(iter),
                                               json_object_iter_key_len(iter));
        enum value_match match;

        if (other == NULL)
            return VALUE_DIFFERENT;
        match = compare(json_object_iter_value(iter), other, depth);
        if (match != VALUE_EQUAL)
            return match;
    }
    return VALUE_EQUAL;
}

static enum value_match compare(const json_t *a, const json_t *b,
                                unsigned depth)
{
    if (json_is_number(a) && json_is_number(b))
        return number_compare(a, b) == 0 ? VALUE_EQUAL : VALUE_DIFFERENT;
    if (json_typeof(a) != json_typeof(b))
        return VALUE_DIFFERENT;
    if (json_is_string(a))
        return slice_same(value_text(a), value_text(b)) ? VALUE_EQUAL
                                                        : VALUE_DIFFERENT;
    if (!json_is_array(a) && !json_is_object(a))
        return VALUE_EQUAL; /* true, false, null: the type is all there is */
    if (depth == 0)
        return VALUE_TOO_DEEP;
    return json_is_array(a) ? compare_arrays(a, b, depth - 1)
                            : compare_objects(a, b, depth - 1);
}

enum value_match value_compare(const json_t *a, const json_t *b)
{
    return compare(a, b, VALUE_DEPTH_MAX);
}

/* The finaliser of MurmurHash3: every bit of `x` reaches every bit. */
static uint64_t mix(uint64_t x)
{
    x ^= x >> 33;
    x *= 0xff51afd7ed558ccdULL;
    x ^= x >> 33;
    x *= 0xc4ceb9fe1a85ec53ULL;
    return x ^ (x >> 33);
}

static uint64_t hash_text(struct slice text, uint64_t seed)
{
    uint64_t hash = mix(seed ^ text.len);
    uint64_t word;
    size_t i;

    for (i = 0; i < text.len; i += sizeof(word)) {
        size_t left = text.len - i;

        word = 0;
        memcpy(&word, text.data + i, left < sizeof(word) ? left : sizeof(word));
        hash = mix(hash + seed) ^ word;
    }
    return mix(hash + seed);
}

uint64_t value_hash_text(struct slice text, uint64_t seed)
{
    return hash_text(text, mix(seed + JSON_STRING));
}

static bool hash(const json_t *value, uint64_t seed, unsigned depth,
                 uint64_t *out);

static bool hash_array(const json_t *array, uint64_t seed, unsigned depth,
                       uint64_t *out)
{
    size_t i, size = json_array_size(array);
    uint64_t sum = size, part;

    for (i = 0; i < size; i++) {
        if (!hash(json_array_get(array, i), seed, depth, &part))
            return false;
        sum = mix(sum + seed) ^ part;
    }
    *out = mix(sum + seed);
    return true;
}

/* A sum, because the order of members does not matter. */
static bool hash_object(const json_t *object, uint64_t seed, unsigned depth,
                        uint64_t *out)
{
    void *iter = json_object_iter((json_t *)object);
    uint64_t sum = json_object_size(object), part;

    for (; iter != NULL; iter = json_object_iter_next((json_t *)object, iter)) {
        struct slice key = {json_object_iter_key(iter),
                            json_object_iter_key_len(iter)};

        if (!hash(json_object_iter_value(iter), seed, depth, &part))
            return false;
        sum += mix(hash_text(key, seed) + 3 * part);
    }
    *out = mix(sum + seed);
    return true;
}

static bool hash(const json_t *value, uint64_t seed, unsigned depth,
                 uint64_t *out)
{
    json_type type = json_typeof(value);

    if (type == JSON_REAL)
        type = JSON_INTEGER; /* 1 and 1.0 are one value */
    if (type == JSON_STRING) {
        *out = value_hash_text(value_text(value), seed);
        return true;
    }
    seed = mix(seed + (uint64_t)type);
    switch (type) {
    case JSON_OBJECT:
        return depth > 0 && hash_object(value, seed, depth - 1, out);
    case JSON_ARRAY:
        return depth > 0 && hash_array(value, seed, depth - 1, out);
    case JSON_INTEGER:
        *out = mix(number_bits(value) + seed);
        return true;
    default:
        *out = seed;
        return true;
    }
}

bool value_hash(const json_t *value, uint64_t seed, uint64_t *out)
{
    return hash(value, seed, VALUE_DEPTH_MAX, out);
}
