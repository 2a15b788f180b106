/*
 * embedded.h - files that are compiled in
 *
 * So that the bare binary works anywhere. Definitions are generated at build
 * time, by cmake/embedded_files.cmake.
 */
#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H

#include <stddef.h>

struct embedded_file {
    const char *name; /* the file's: "widget.click.json" */
    const char *text; /* terminated; the NUL does not count */
    size_t len;
};

#endif
