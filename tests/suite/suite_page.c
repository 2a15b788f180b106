/*
 * suite_page.c - the list of exceptions as docs/json-schema.md shows it
 *
 *   suite_page [--write] EXCEPTIONS PAGE
 *
 * The table stands between two comments of the page. It is compared with
 * what the list makes, or put there.
 */
#include "exceptions.h"

#include "base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char BEGIN[] =
    "<!-- begin of the exceptions, from make docs -->\n";
static const char END[] = "<!-- end of the exceptions -->\n";

/* Adds the page `old` with the table of the list in its place. */
static int make_page(const struct exceptions *list, const char *old,
                     struct buf *page, struct fault *why)
{
    const char *begin = strstr(old, BEGIN);
    const char *end = begin == NULL ? NULL : strstr(begin, END);

    if (end == NULL)
        return fault_set(why, FAULT_CONFIG,
                         "the page has no place for the exceptions");
    begin += sizeof(BEGIN) - 1;
    if (buf_add(page, old, (size_t)(begin - old), why) == -1 ||
        buf_add_text(page, "\n", why) == -1 ||
        exceptions_table(list, page, why) == -1 ||
        buf_add_text(page, "\n", why) == -1)
        return -1;
    return buf_add_text(page, end, why);
}

static int write_page(const struct buf *page, const char *path,
                      struct fault *why)
{
    FILE *file = fopen(path, "w");
    bool written;

    if (file == NULL)
        return fault_set_errno(why, FAULT_IO, errno, "cannot open '%s'", path);
    written = fwrite(page->data, 1, page->len, file) == page->len;
    if (fclose(file) != 0 || !written)
        return fault_set_errno(why, FAULT_IO, errno, "cannot write '%s'", path);
    return 0;
}

static int run(const char *list_path, const char *path, bool writes,
               struct fault *why)
{
    struct exceptions list = EXCEPTIONS_INIT;
    struct buf old = BUF_INIT(MIB);
    struct buf page = BUF_INIT(MIB);
    int rc = -1;

    if (exceptions_load(&list, list_path, why) == 0 &&
        buf_add_file(&old, path, why) == 0 &&
        make_page(&list, old.data == NULL ? "" : old.data, &page, why) == 0) {
        if (writes)
            rc = write_page(&page, path, why);
        else if (strcmp(page.data, old.data) == 0)
            rc = 0;
        else
            fault_set(why, FAULT_CONFIG,
                      "'%s' has not the exceptions of '%s': run `make docs`",
                      path, list_path);
    }
    exceptions_release(&list);
    buf_release(&old);
    buf_release(&page);
    return rc;
}

int main(int argc, char **argv)
{
    bool writes = argc > 1 && strcmp(argv[1], "--write") == 0;
    struct fault why = FAULT_INIT;

    if (argc != (writes ? 4 : 3)) {
        fprintf(stderr, "usage: suite_page [--write] EXCEPTIONS PAGE\n");
        return EXIT_FAILURE;
    }
    if (run(argv[argc - 2], argv[argc - 1], writes, &why) == -1) {
        fprintf(stderr, "suite_page: %s\n", why.text);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
