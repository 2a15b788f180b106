/*
 * replay.c - runs a fuzzer over the files of a folder, without libFuzzer
 *
 *     fuzz_X DIR
 */
#include "fuzz.h"

#include "base/buf.h"
#include "base/limits.h"

#include <dirent.h>

static int replay(const char *dir, const char *name)
{
    struct buf text = BUF_INIT(LIMIT_SCHEMA_FILE);
    struct fault why = FAULT_INIT;
    char path[4096];
    int rc;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    rc = buf_add_file(&text, path, &why);
    if (rc == 0)
        LLVMFuzzerTestOneInput((const uint8_t *)text.data, text.len);
    else
        fprintf(stderr, "replay: %s\n", why.text);
    buf_release(&text);
    return rc;
}

int main(int argc, char **argv)
{
    struct dirent *entry;
    unsigned count = 0;
    DIR *dir;

    if (argc != 2) {
        fprintf(stderr, "usage: %s DIR\n", argv[0]);
        return EXIT_FAILURE;
    }
    dir = opendir(argv[1]);
    if (dir == NULL) {
        perror(argv[1]);
        return EXIT_FAILURE;
    }
    while ((entry = readdir(dir)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        if (replay(argv[1], entry->d_name) == -1)
            return EXIT_FAILURE;
        count++;
    }
    closedir(dir);
    printf("%u inputs\n", count);
    return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
