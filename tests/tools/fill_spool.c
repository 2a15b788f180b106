/*
 * fill_spool.c - a spool with many records, as a long outage leaves it
 *
 *     fill_spool DIR TOPIC KEYS COUNT
 *
 * Record n has the key "k<n modulo KEYS>" and the value "<n>", padded to the
 * size of an event.
 */
#include "spool/spool_dir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IN_A_TRANSACTION = 1000, VALUE_SIZE = 400 };

static int append(struct spool_dir *sd, const char *topic, long n, long keys,
                  struct fault *why)
{
    struct record record = {.topic = topic};
    char value[VALUE_SIZE + 1];
    char key[32];
    int64_t seq;

    snprintf(key, sizeof(key), "k%ld", n % keys);
    snprintf(value, sizeof(value), "%-*ld", VALUE_SIZE, n);
    record.key = slice_of(key);
    record.value = slice_of(value);
    record_add_header(&record, "ce_specversion", slice_of("1.0"));
    record_add_header(&record, "ce_type", slice_of("widget.click"));
    return spool_dir_append(sd, &record, false, &seq, why);
}

static int fill(struct spool_dir *sd, const char *topic, long keys, long count,
                struct fault *why)
{
    for (long n = 0; n < count; n++) {
        if (n % IN_A_TRANSACTION == 0)
            spool_dir_begin(sd);
        if (append(sd, topic, n, keys, why) == -1)
            return -1;
        if (((n + 1) % IN_A_TRANSACTION == 0 || n + 1 == count) &&
            (spool_dir_commit(sd, why) == -1 ||
             spool_dir_tidy(sd, false, why) == -1))
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const struct spool_limits limits = {.max_bytes = INT64_C(1) << 40};
    struct fault why = FAULT_INIT;
    struct spool_dir *sd = NULL;
    int rc;

    if (argc != 5) {
        fprintf(stderr, "usage: fill_spool DIR TOPIC KEYS COUNT\n");
        return 2;
    }
    rc = spool_dir_open(&sd, argv[1], &limits, &why);
    if (rc == 0)
        rc = fill(sd, argv[2], strtol(argv[3], NULL, 10),
                  strtol(argv[4], NULL, 10), &why);
    spool_dir_close(sd);
    if (rc == -1)
        fprintf(stderr, "fill_spool: %s\n", why.text);
    return rc == -1;
}
