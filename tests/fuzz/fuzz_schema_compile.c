/*
 * fuzz_schema_compile.c - any bytes as schemas
 *
 * An input is one document or several. Whatever they are, they compile or are
 * refused with a reason; and what the strict way takes, the lenient one does.
 */
#include "fuzz.h"

static bool add_all(struct schema_set *set, struct slice rest,
                    struct fault *why)
{
    char uri[sizeof(FUZZ_URI) + 16] = FUZZ_URI;
    struct slice text;
    unsigned count = 0;

    while (fuzz_take(&rest, &text)) {
        if (count > 0)
            snprintf(uri, sizeof(uri), "%s%u", FUZZ_URI, count);
        count++;
        if (schema_set_add(set, uri, "schema", text, why) == -1)
            return false;
    }
    return true;
}

static bool compiles(struct slice documents,
                     const struct schema_options *options)
{
    struct fault why = FAULT_INIT;
    struct schema_set *set;
    bool ok;

    MUST(schema_set_new(&set, options, &why) == 0);
    ok = add_all(set, documents, &why) && schema_set_compile(set, &why) == 0;
    if (ok) {
        MUST(why.kind == FAULT_NONE);
        MUST(schema_set_find(set, FUZZ_URI) != NULL);
        MUST(schema_set_find(set, "https://test.example/none") == NULL);
    } else {
        MUST(why.kind == FAULT_CONFIG);
        MUST(why.text[0] != '\0');
    }
    schema_set_free(set);
    return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct schema_options strict = {.format = SCHEMA_FORMAT_ASSERT};
    const struct schema_options lenient = {.unknown = SCHEMA_UNKNOWN_ALLOW,
                                           .reveal_values = true};
    const struct slice documents = {(const char *)data, size};
    bool is_strict;

    if (size == 0)
        return 0;
    is_strict = compiles(documents, &strict);
    MUST(compiles(documents, &lenient) || !is_strict);
    return 0;
}
