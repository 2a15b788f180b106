/*
 * schema_file.c - a schema of somebody's own; see schema_file.h
 */
#include "cmd/schema_file.h"

#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_TEXT_MAX = 64 * KIB };

/* ---- where it is --------------------------------------------------------- */

/* RFC 3986: pchar, besides '/'. What may stand for itself does, so that
 * references that people write lead to the same URI. */
static bool stands_for_itself(unsigned char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
        (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("-._~!$&'()*+,;=:@/", c) != NULL;
}

int schema_file_uri(struct buf *out, const char *path, struct fault *why)
{
    if (buf_add_text(out, "file://", why) == -1)
        return -1;
    for (; *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;
        int rc = stands_for_itself(c) ? buf_add(out, path, 1, why)
                                      : buf_addf(out, why, "%%%02X", c);

        if (rc == -1)
            return -1;
    }
    return 0;
}

/*
 * Adds the absolute path of the folder that the file is in, with '/' behind.
 * Links to the folder are followed, so that ".." means what it does to the
 * system; one to the file is not: what is beside it is meant by whoever wrote
 * the link.
 */
static int add_folder(struct buf *out, const char *path, struct fault *why)
{
    const char *slash = strrchr(path, '/');
    struct buf given = BUF_INIT(PATH_TEXT_MAX);
    char *folder = NULL;
    int rc = -1;

    if (slash == NULL)
        rc = buf_add_text(&given, ".", why);
    else
        rc = buf_add(&given, path, (size_t)(slash - path) + 1, why);
    if (rc == 0 && (folder = realpath(given.data, NULL)) == NULL)
        rc = fault_set_errno(why, FAULT_IO, errno, "cannot open '%s'", path);
    if (rc == 0)
        rc = buf_addf(out, why, "%s%s", folder,
                      strcmp(folder, "/") == 0 ? "" : "/");
    free(folder);
    buf_release(&given);
    return rc;
}

/* ---- what it refers to --------------------------------------------------- */

static int check_folder(const char *dir, struct fault *why)
{
    struct stat st;

    if (stat(dir, &st) == -1)
        return fault_set_errno(why, FAULT_USAGE, errno, "cannot open '%s'",
                               dir);
    if (!S_ISDIR(st.st_mode))
        return fault_set(why, FAULT_USAGE, "'%s' is not a folder", dir);
    return 0;
}

/* `base` is the text's part in front of '=', which the folder follows. */
static int map(struct schema_set *set, struct slice base,
               const char *const *others, const char *const *end,
               struct fault *why)
{
    struct fault wrong = FAULT_INIT;
    char *uri;
    int rc = -1;

    for (; others < end; others++) {
        if (strncmp(*others, base.data, base.len + 1) == 0)
            return fault_set(why, FAULT_USAGE, "'%.*s' is given twice",
                             (int)base.len, base.data);
    }
    uri = strndup(base.data, base.len);
    if (uri == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot keep a base URI");
    if (check_folder(base.data + base.len + 1, why) == 0) {
        rc = schema_set_map(set, uri, base.data + base.len + 1, &wrong);
        /* What is not usable came with the command line. */
        if (rc == -1)
            fault_set(why,
                      wrong.kind == FAULT_CONFIG ? FAULT_USAGE : wrong.kind,
                      "%s", wrong.text);
    }
    free(uri);
    return rc;
}

static int map_bases(struct schema_set *set, const char *const *bases,
                     struct fault *why)
{
    for (const char *const *at = bases; *at != NULL; at++) {
        /* The URI can contain a '=' too, but ends in '/'. */
        const char *ending = strstr(*at, "/=");
        const char *equals = ending != NULL ? ending + 1 : strchr(*at, '=');
        int rc;

        if (equals == NULL)
            rc = fault_set(why, FAULT_USAGE, "expected URI=DIR, got '%s'", *at);
        else
            rc = map(set, (struct slice){*at, (size_t)(equals - *at)}, bases,
                     at, why);
        if (rc == -1) {
            fault_prefix(why, "option '--base'");
            return -1;
        }
    }
    return 0;
}

/* ---- loading ------------------------------------------------------------- */

static int add_file(struct schema_set *set, const char *path, const char *uri,
                    struct fault *why)
{
    struct buf text = BUF_INIT(LIMIT_SCHEMA_FILE);
    int rc = buf_add_file(&text, path, why);

    if (rc == 0)
        rc = schema_set_add(set, uri, path, buf_slice(&text), why);
    buf_release(&text);
    return rc;
}

int schema_file_load(struct schema_file *out, const char *path,
                     enum schema_format format, const char *const *bases,
                     struct fault *why)
{
    const struct schema_options options = {.format = format,
                                           .unknown = SCHEMA_UNKNOWN_ALLOW,
                                           .reveal_values = true,
                                           .deep = true};
    const char *slash = strrchr(path, '/');
    struct schema_file sf = {0};
    struct buf place = BUF_INIT(PATH_TEXT_MAX); /* folder, then file */
    struct buf base = BUF_INIT(3 * PATH_TEXT_MAX);
    struct buf uri = BUF_INIT(3 * PATH_TEXT_MAX);
    int rc = -1;

    if (add_folder(&place, path, why) == -1 ||
        schema_file_uri(&base, place.data, why) == -1 ||
        schema_set_new(&sf.set, &options, why) == -1)
        goto done;
    /* Of two bases that are the same the first counts: one that was given. */
    if (map_bases(sf.set, bases, why) == -1 ||
        schema_set_map(sf.set, base.data, place.data, why) == -1)
        goto done;
    if (buf_add_text(&place, slash == NULL ? path : slash + 1, why) == -1 ||
        schema_file_uri(&uri, place.data, why) == -1 ||
        add_file(sf.set, path, uri.data, why) == -1 ||
        schema_set_compile(sf.set, why) == -1)
        goto done;
    sf.root = schema_set_find(sf.set, uri.data);
    if (sf.root == NULL) {
        fault_set(why, FAULT_NOMEM, "cannot find the schema in '%s'", path);
        goto done;
    }
    *out = sf;
    sf.set = NULL; /* handed over */
    rc = 0;

done:
    schema_set_free(sf.set);
    buf_release(&uri);
    buf_release(&base);
    buf_release(&place);
    return rc;
}

void schema_file_release(struct schema_file *sf)
{
    schema_set_free(sf->set);
    *sf = (struct schema_file){0};
}
