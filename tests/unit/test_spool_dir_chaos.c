/*
 * test_spool_dir_chaos.c - spool/spool_dir.h: anything may fail, at any time
 *
 * What was stored and not removed must be there, also for the next process.
 */
#include "spool_dir_support.h"

enum { EVENTS = 40, RUNS = 40, ROUNDS = 50 };

static struct event {
    int64_t seq; /* 0: it is not in the spool */
    bool stored;
    bool removed;
} events[EVENTS];

static char event_values[EVENTS][16];

static int event_of(const struct spool_row *row)
{
    for (int i = 0; i < EVENTS; i++)
        if (slice_is(row->record.value, event_values[i]))
            return i;
    fail_msg("a value that nobody has written");
    return -1;
}

/* Before the process ends it is exact; after, it may be more, if marked. */
static void compare(bool exact)
{
    bool seen[EVENTS] = {false};
    const size_t count = read_all("t");

    for (size_t i = 0; i < count; i++) {
        const int event = event_of(&rows[i]);

        if (!events[event].stored || events[event].removed || seen[event])
            assert_true(!exact && rows[i].doubtful);
        seen[event] = true;
    }
    for (int i = 0; i < EVENTS; i++)
        if (events[i].stored && !events[i].removed && !seen[i])
            fail_msg("event %d is lost", i);
    if (exact)
        assert_int_equal(records(), count);
}

/* Appends one and removes one or two, as often as it takes. */
static void do_round(int round)
{
    const int event = round % EVENTS;
    const int first = (int)(random() % EVENTS);
    const int second = (int)(random() % EVENTS);
    const bool adds = events[event].seq == 0;

    for (int attempt = 0; attempt < 50; attempt++) {
        struct fault why = FAULT_INIT;
        int64_t seq = 0;

        if (!spool_dir_is_sound(sd) && spool_dir_renew(sd, &why) == -1) {
            nothing_fails();
            continue;
        }
        spool_dir_begin(sd);
        /* again, and then a failed file may have it, too */
        if ((!adds || try_append_as("t", event_values[event], attempt > 0, &seq,
                                    &why) == 0) &&
            (events[first].seq == 0 ||
             spool_dir_remove(sd, events[first].seq, &why) == 0) &&
            (events[second].seq == 0 ||
             spool_dir_put_aside(sd, events[second].seq, "x", &why) == 0) &&
            spool_dir_commit(sd, &why) == 0) {
            if (adds) {
                events[event].seq = seq;
                events[event].stored = true;
            }
            events[first].removed |= events[first].seq != 0 && first != event;
            events[second].removed |=
                events[second].seq != 0 && second != event;
            if (!adds && (first == event || second == event))
                events[event].removed = true;
            return;
        }
        assert_false(spool_dir_in_transaction(sd));
        if (why.kind == FAULT_FULL || attempt > 3)
            nothing_fails();
    }
    fail_msg("there is no end of it");
}

static void test_anything_may_fail(void **state)
{
    static const struct {
        enum call call;
        int rc;
    } ways[] = {
        {WRITES,    SQLITE_IOERR_WRITE   },
        {SYNCS,     SQLITE_IOERR_FSYNC   },
        {WRITES,    SQLITE_FULL          },
        {TRUNCATES, SQLITE_IOERR_TRUNCATE},
    };

    (void)state;
    srandom(7);
    for (int i = 0; i < EVENTS; i++)
        snprintf(event_values[i], sizeof(event_values[i]), "%d", i);
    for (int run = 0; run < RUNS; run++) {
        int64_t hits = 0;

        memset(events, 0, sizeof(events));
        teardown(NULL);
        setup(NULL);
        for (int round = 0; round < ROUNDS; round++) {
            const size_t way = (size_t)random() % COUNT(ways);

            if (random() % 3 == 0) {
                next_fails(ways[way].call, ways[way].rc, NULL);
                disk.nth = random() % 4;
                disk.for_good = random() % 2 == 0;
            }
            do_round(round);
            compare(true);
            if (random() % 4 == 0)
                spool_dir_tidy(sd, random() % 2 == 0, NULL);
            hits += disk.hit;
            nothing_fails();
            compare(true);
            if (random() % 16 == 0) {
                reopen();
                compare(false);
                break;
            }
        }
        print_message("  %d rounds met a fault\n", (int)hits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(test_anything_may_fail),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
