/*
 * library.c - the documents of a set, and those that it can fetch
 */
#include "schema/library.h"

#include "base/buf.h"
#include "base/limits.h"
#include "format/pointer.h"
#include "schema/metaschemas.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static bool is(const char *text, struct slice wanted)
{
    return text != NULL && slice_is(wanted, text);
}

/* By its URI, or by its "$id" as it stands there: whether that is relative is
 * found out when it is indexed. */
static struct document *among_documents(const struct schema_set *set,
                                        struct slice uri)
{
    for (size_t i = 0; i < set->document_count; i++) {
        struct document *document = set->documents[i];

        if (is(document->uri, uri) ||
            is(json_string_value(json_object_get(document->root, "$id")), uri))
            return document;
    }
    return NULL;
}

static int add(struct schema_set *set, const char *uri, const char *name,
               struct slice text, bool bundled, struct document **out,
               struct fault *why)
{
    json_t *root = set_parse(name, text, why);

    if (root == NULL || set_add_document(set, uri, name, root, bundled, why))
        return -1;
    *out = set->documents[set->document_count - 1];
    return 0;
}

static int among_metaschemas(struct schema_set *set, struct slice uri,
                             struct document **out, struct fault *why)
{
    const struct embedded_file *file = metaschemas_find(uri);
    char name[METASCHEMAS_URI_MAX];

    if (file == NULL)
        return 0;
    metaschemas_uri(file, name);
    return add(set, name, name, (struct slice){file->text, file->len}, true,
               out, why);
}

/* The most special one. */
static const struct mapping *mapping_for(const struct schema_set *set,
                                         struct slice uri)
{
    const struct mapping *found = NULL;

    for (size_t i = 0; i < set->mapping_count; i++) {
        const struct mapping *mapping = &set->mappings[i];

        if (uri.len > mapping->base.len &&
            memcmp(uri.data, mapping->base.data, mapping->base.len) == 0 &&
            (found == NULL || mapping->base.len > found->base.len))
            found = mapping;
    }
    return found;
}

/* Nothing that leads out of the folder: no "..", and nothing hidden. */
static bool stays_inside(const char *path, size_t len)
{
    if (len == 0 || strlen(path) != len || *path == '/')
        return false;
    for (; *path != '\0'; path += strcspn(path, "/")) {
        path += strspn(path, "/");
        if (*path == '.')
            return false;
    }
    return true;
}

/* If it is there. */
static int read_mapped(struct schema_set *set, const char *uri,
                       const char *path, struct document **out,
                       struct fault *why)
{
    struct buf text = BUF_INIT(LIMIT_SCHEMA_FILE);
    struct stat st;
    int rc = -1;

    errno = 0;
    if (stat(path, &st) == -1 && (errno == ENOENT || errno == ENOTDIR))
        return 0;
    /* opening a pipe would wait for somebody to write */
    if (errno == 0 && !S_ISREG(st.st_mode))
        return fault_set(why, FAULT_IO, "'%s' is not a file", path);
    if (buf_add_file(&text, path, why) == 0)
        rc = add(set, uri, path, buf_slice(&text), false, out, why);
    buf_release(&text);
    return rc;
}

static int among_mapped(struct schema_set *set, struct slice uri,
                        struct document **out, struct fault *why)
{
    const struct mapping *mapping = mapping_for(set, uri);
    struct buf path = BUF_INIT(64 * KIB);
    struct buf name = BUF_INIT(64 * KIB);
    size_t before;
    int rc = -1;

    if (mapping == NULL)
        return 0;
    if (buf_add(&name, uri.data, uri.len, why) == -1 ||
        buf_addf(&path, why, "%s/", mapping->dir) == -1)
        goto done;
    before = path.len;
    uri.data += mapping->base.len;
    uri.len -= mapping->base.len;
    if (pointer_decode(&path, uri, why) == -1)
        goto done;
    rc = 0;
    if (stays_inside(path.data + before, path.len - before))
        rc = read_mapped(set, name.data, path.data, out, why);

done:
    buf_release(&name);
    buf_release(&path);
    return rc;
}

int library_find(struct schema_set *set, struct slice uri,
                 struct document **out, struct fault *why)
{
    *out = among_documents(set, uri);
    if (*out != NULL)
        return 0;
    if (among_metaschemas(set, uri, out, why) == -1)
        return -1;
    return *out != NULL ? 0 : among_mapped(set, uri, out, why);
}
