/*
 * test_catalog.c - event/catalog.h: which schemas there are
 */
#include "event/catalog.h"

#include "base/buf.h"
#include "base/limits.h"
#include "event/builtin_schemas.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char envelope[] = "{\"required\":[\"event_type\"]}";

/* ---- a folder of schemas ------------------------------------------------ */

enum { FILES_MAX = 4 };

struct file {
    const char *name;
    const char *text;
};

static char folder[] = "/tmp/test_catalog.XXXXXX";

static const char *path_of(const char *name)
{
    static char path[sizeof(folder) + 300];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text)
{
    FILE *file = fopen(path_of(name), "w");

    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void write_files(const struct file *files)
{
    for (size_t i = 0; i < FILES_MAX && files[i].name != NULL; i++)
        write_file(files[i].name, files[i].text);
}

static void remove_files(const struct file *files)
{
    for (size_t i = 0; i < FILES_MAX && files[i].name != NULL; i++)
        assert_int_equal(unlink(path_of(files[i].name)), 0);
}

static struct catalog *load(const char *dir)
{
    struct catalog *catalog = NULL;
    struct fault why = FAULT_INIT;

    if (catalog_load(&catalog, dir, &why) == -1)
        fail_msg("%s", why.text);
    return catalog;
}

/* ---- loading ------------------------------------------------------------ */

static void assert_has_types(const struct catalog *catalog,
                             const char *const *types, size_t count)
{
    assert_int_equal(catalog_type_count(catalog), count);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(catalog_type(catalog, i), types[i]);
        assert_int_equal(catalog_find(catalog, slice_of(types[i])), i);
    }
}

static void built_in_is_what_the_folder_has(void **state)
{
    static const char *const types[] = {"lead.complete", "lead.correlated",
                                        "widget.click"};
    struct catalog *from_folder = load(SCHEMAS_DIR);
    struct catalog *built_in = load(NULL);

    (void)state;
    assert_has_types(from_folder, types, COUNT(types));
    assert_has_types(built_in, types, COUNT(types));
    assert_int_equal(builtin_schemas_count, COUNT(types) + 1);
    catalog_free(from_folder);
    catalog_free(built_in);
    catalog_free(NULL);
}

static void a_new_file_is_a_new_type(void **state)
{
    static const struct file files[FILES_MAX] = {
        {"envelope.json",        envelope                                        },
        {"a.json",               "{\"$ref\":\"a-b.json\"}"                       },
        {"a-b.json",             "{\"properties\":{\"x\":{\"type\":\"string\"}}}"},
        {"50% of \303\251.json", "{\"$ref\":\"a-b.json\"}"                       },
    };
    static const char *const types[] = {"50% of \303\251", "a", "a-b"};
    struct catalog *catalog;

    (void)state;
    write_files(files);
    catalog = load(folder);
    assert_has_types(catalog, types, COUNT(types));
    catalog_free(catalog);
    remove_files(files);
}

static void other_files_are_ignored(void **state)
{
    static const struct file files[FILES_MAX] = {
        {"envelope.json", envelope  },
        {"README.md",     "not JSON"},
        {".hidden.json",  "not JSON"},
        {"a.json.orig",   "not JSON"},
    };
    static const struct file more[FILES_MAX] = {
        {".json",  "not JSON"},
        {"json",   "not JSON"},
        {"a.JSON", "not JSON"},
    };
    struct catalog *catalog;

    (void)state;
    write_files(files);
    write_files(more);
    catalog = load(folder);
    assert_int_equal(catalog_type_count(catalog), 0);
    catalog_free(catalog);
    remove_files(files);
    remove_files(more);
}

static const struct refused_row {
    const char *claim;
    struct file files[FILES_MAX];
    const char *texts[2]; /* are in the fault's */
} refused_rows[] = {
    {"an empty folder",        {{NULL, NULL}},                           {"there is no 'envelope.json'", ""}},
    {"no envelope",
     {{"a.json", "{}"}},
     {"there is no 'envelope.json'", "/tmp/test_catalog."}                                                  },
    {"not JSON",
     {{"envelope.json", envelope}, {"a.json", "{\"type\":"}},
     {"a.json", "/tmp/test_catalog."}                                                                       },
    {"an empty file",
     {{"envelope.json", envelope}, {"a.json", ""}},
     {"a.json", ""}                                                                                         },
    {"not a schema",
     {{"envelope.json", envelope}, {"a.json", "[]"}},
     {"a.json", ""}                                                                                         },
    {"a misspelt keyword",
     {{"envelope.json", envelope}, {"a.json", "{\"requird\":[]}"}},
     {"a.json", "required"}                                                                                 },
    {"a keyword's value",
     {{"envelope.json", envelope},
      {"a.json", "{\"properties\":{\"x\":{\"minLength\":-1}}}"}},
     {"a.json", "/properties/x/minLength"}                                                                  },
    {"a reference to nothing",
     {{"envelope.json", envelope}, {"a.json", "{\"$ref\":\"b.json\"}"}},
     {"a.json", "b.json"}                                                                                   },
};

static void what_cannot_be_used_is_named(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(refused_rows); i++) {
        const struct refused_row *row = &refused_rows[i];
        struct catalog *catalog = NULL;
        struct fault why = FAULT_INIT;

        write_files(row->files);
        if (catalog_load(&catalog, folder, &why) == 0)
            fail_msg("%s: loaded", row->claim);
        assert_null(catalog);
        if (why.kind != FAULT_CONFIG ||
            strstr(why.text, row->texts[0]) == NULL ||
            strstr(why.text, row->texts[1]) == NULL)
            fail_msg("%s: %s", row->claim, why.text);
        remove_files(row->files);
    }
}

/* Whatever order the file system has. */
static void the_first_name_is_told_first(void **state)
{
    struct catalog *catalog = NULL;
    struct fault why = FAULT_INIT;
    char name[] = "a.json";

    (void)state;
    write_file("envelope.json", envelope);
    for (name[0] = 'z'; name[0] >= 'a'; name[0]--)
        write_file(name, "5");
    assert_int_equal(catalog_load(&catalog, folder, &why), -1);
    assert_non_null(strstr(why.text, "a.json"));
    for (name[0] = 'z'; name[0] >= 'a'; name[0]--)
        assert_int_equal(unlink(path_of(name)), 0);
    assert_int_equal(unlink(path_of("envelope.json")), 0);
}

static void what_cannot_be_read_is_named(void **state)
{
    struct catalog *catalog = NULL;
    struct fault why = FAULT_INIT;

    (void)state;
    assert_int_equal(catalog_load(&catalog, "/nowhere/at/all", &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_non_null(strstr(why.text, "/nowhere/at/all"));

    fault_clear(&why);
    assert_int_equal(mkdir(path_of("a.json"), 0700), 0);
    assert_int_equal(catalog_load(&catalog, folder, &why), -1);
    assert_int_equal(why.kind, FAULT_IO);
    assert_non_null(strstr(why.text, "a.json"));
    assert_int_equal(rmdir(path_of("a.json")), 0);
    assert_null(catalog);
}

static void a_large_file_is_refused(void **state)
{
    static char text[LIMIT_SCHEMA_FILE + 2];
    const struct file files[FILES_MAX] = {
        {"envelope.json", text}
    };
    struct catalog *catalog = NULL;
    struct fault why = FAULT_INIT;

    (void)state;
    memset(text, ' ', sizeof(text) - 1);
    text[0] = '{';
    text[sizeof(text) - 2] = '}';
    write_files(files);
    assert_int_equal(catalog_load(&catalog, folder, &why), -1);
    assert_int_equal(why.kind, FAULT_CONFIG);
    assert_non_null(strstr(why.text, "envelope.json"));
    remove_files(files);
}

static void types_have_a_ceiling(void **state)
{
    struct catalog *catalog = NULL;
    struct fault why = FAULT_INIT;
    char name[32];

    (void)state;
    write_file("envelope.json", envelope);
    for (int i = 0; i < LIMIT_EVENT_TYPES; i++) {
        snprintf(name, sizeof(name), "%d.json", i);
        write_file(name, "true");
    }
    catalog = load(folder);
    assert_int_equal(catalog_type_count(catalog), LIMIT_EVENT_TYPES);
    catalog_free(catalog);

    catalog = NULL;
    write_file("one-more.json", "true");
    assert_int_equal(catalog_load(&catalog, folder, &why), -1);
    assert_int_equal(why.kind, FAULT_CONFIG);
    assert_null(catalog);

    for (int i = 0; i < LIMIT_EVENT_TYPES; i++) {
        snprintf(name, sizeof(name), "%d.json", i);
        assert_int_equal(unlink(path_of(name)), 0);
    }
    assert_int_equal(unlink(path_of("one-more.json")), 0);
    assert_int_equal(unlink(path_of("envelope.json")), 0);
}

static const struct find_row {
    const char *claim;
    struct slice type;
    bool found;
} find_rows[] = {
    {"a type",                  {"widget.click", 12},      true },
    {"in front of other bytes", {"widget.clicks", 12},     true },
    {"a part of it",            {"widget.click", 6},       false},
    {"more than it",            {"widget.clicks", 13},     false},
    {"case matters",            {"Widget.click", 12},      false},
    {"the envelope is none",    {"envelope", 8},           false},
    {"nor is a file",           {"widget.click.json", 17}, false},
    {"empty",                   {"", 0},                   false},
    {"absent",                  {NULL, 0},                 false},
};

static void a_type_is_found_by_its_name(void **state)
{
    struct catalog *catalog = load(NULL);

    (void)state;
    for (size_t i = 0; i < COUNT(find_rows); i++)
        if ((catalog_find(catalog, find_rows[i].type) != -1) !=
            find_rows[i].found)
            fail_msg("%s", find_rows[i].claim);
    catalog_free(catalog);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL ? -1 : 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_is_what_the_folder_has),
        cmocka_unit_test(a_new_file_is_a_new_type),
        cmocka_unit_test(other_files_are_ignored),
        cmocka_unit_test(what_cannot_be_used_is_named),
        cmocka_unit_test(the_first_name_is_told_first),
        cmocka_unit_test(what_cannot_be_read_is_named),
        cmocka_unit_test(a_large_file_is_refused),
        cmocka_unit_test(types_have_a_ceiling),
        cmocka_unit_test(a_type_is_found_by_its_name),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
