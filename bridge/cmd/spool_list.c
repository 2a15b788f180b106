/*
 * spool_list.c - what is in a spool, for a person
 *
 * All of it is read, so that what is damaged is found. No record is told.
 */
#include "cmd/spool.h"

#include "base/clock.h"
#include "cmd/terminal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of a topic. */
struct sum {
    char *topic; /* NULL: it cannot be told */
    int64_t records;
    int64_t bytes;
    int64_t first_ms;
    int64_t last_ms;
    int64_t doubtful;
    int64_t damaged; /* and not aside yet */
    int64_t aside;
    int64_t aside_damaged;
    int64_t aside_refused;
};

struct sums {
    struct sum *items;
    size_t count;
};

/* ---- adding up ----------------------------------------------------------- */

static bool is_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* NULL: FAULT_NOMEM. There are as many as the spool has topics. */
static struct sum *sum_of(struct sums *sums, const char *topic,
                          struct fault *why)
{
    struct sum *items;
    char *copy = NULL;

    for (size_t i = 0; i < sums->count; i++)
        if (is_same(sums->items[i].topic, topic))
            return &sums->items[i];
    items = realloc(sums->items, (sums->count + 1) * sizeof(*items));
    if (items != NULL)
        sums->items = items;
    if (topic != NULL)
        copy = strdup(topic);
    if (items == NULL || (topic != NULL && copy == NULL)) {
        free(copy);
        fault_set(why, FAULT_NOMEM, "cannot add up the topics");
        return NULL;
    }
    items[sums->count] = (struct sum){.topic = copy};
    return &items[sums->count++];
}

static void release(struct sums *sums)
{
    for (size_t i = 0; i < sums->count; i++)
        free(sums->items[i].topic);
    free(sums->items);
}

static void add_waiting(struct sum *sum, const struct spool_row *row)
{
    if (sum->records == 0 || row->stored_ms < sum->first_ms)
        sum->first_ms = row->stored_ms;
    if (sum->records == 0 || row->stored_ms > sum->last_ms)
        sum->last_ms = row->stored_ms;
    sum->records++;
    sum->bytes += row->size;
    sum->doubtful += row->doubtful;
    sum->damaged += row->damaged;
}

static void add_aside(struct sum *sum, const char *reason)
{
    sum->aside++;
    sum->aside_damaged += strcmp(reason, "damaged") == 0;
    sum->aside_refused += strcmp(reason, "refused") == 0;
}

static int add_up(struct sums *sums, struct spool_visit *vs, struct fault *why)
{
    struct spool_view_row row = {0};
    int rc;

    while ((rc = spool_visit_next(vs, row.row.seq, &row, why)) == 1) {
        struct sum *sum = sum_of(sums, row.row.record.topic, why);

        if (sum == NULL)
            return -1;
        if (row.reason == NULL)
            add_waiting(sum, &row.row);
        else
            add_aside(sum, row.reason);
    }
    return rc;
}

/* ---- telling ------------------------------------------------------------- */

static void tell_files(const struct spool_view *view)
{
    const struct spool_view_file *files;
    size_t count;

    files = spool_view_files(view, &count);
    for (size_t i = 0; i < count; i++) {
        terminal_text(stdout, files[i].name, 28);
        printf("  %s\n", spool_view_state_name(files[i].state));
    }
}

static void tell_sum(const struct sum *sum)
{
    char first[CLOCK_RFC3339_SIZE];
    char last[CLOCK_RFC3339_SIZE];

    putchar('\n');
    terminal_text(stdout, sum->topic == NULL ? "of no topic" : sum->topic, 0);
    printf("\n  %" PRId64 " wait, %" PRId64 " bytes", sum->records, sum->bytes);
    if (sum->doubtful > 0)
        printf(", %" PRId64 " doubtful", sum->doubtful);
    if (sum->damaged > 0)
        printf(", %" PRId64 " damaged", sum->damaged);
    putchar('\n');
    if (sum->records > 0) {
        clock_rfc3339(sum->first_ms, first);
        clock_rfc3339(sum->last_ms, last);
        printf("  stored from %s to %s\n", first, last);
    }
    if (sum->aside > 0)
        printf("  %" PRId64 " aside: %" PRId64 " damaged, %" PRId64
               " refused by Kafka\n",
               sum->aside, sum->aside_damaged, sum->aside_refused);
}

static void tell(const struct spool_visit *vs, const struct sums *sums)
{
    tell_files(vs->view);
    for (size_t i = 0; i < sums->count; i++)
        tell_sum(&sums->items[i]);
    if (sums->count == 0)
        puts("nothing waits, nothing is aside");
    else
        printf("\nin all %" PRId64 " wait, %" PRId64 " aside\n",
               vs->waiting_count, vs->aside_count);
}

int spool_cmd_list(struct cmd *cmd)
{
    struct spool_visit vs;
    struct sums sums = {0};
    struct fault why = FAULT_INIT;
    int status = CMD_OK;

    if (spool_visit_open(&vs, cmd, &why) == 0 &&
        add_up(&sums, &vs, &why) == 0) {
        tell(&vs, &sums);
        if (spool_cmd_written(&why) == 0 && !spool_visit_tell(&vs, cmd, &why))
            status = CMD_FAILED;
    }
    spool_visit_close(&vs);
    release(&sums);
    return why.kind == FAULT_NONE ? status : cmd_failed(cmd, &why);
}
