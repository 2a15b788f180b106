/*
 * test_spool_dir_power.c - spool/spool_dir.h: the power goes, at any time
 *
 * A spool lives several lives, each of them a process: in one a file fails and
 * another is begun, in another one a damaged file is salvaged, files are
 * emptied, deleted, set aside. After each step of each life the power goes,
 * in every way that spool_power.h knows, and what is left must have what was
 * promised by then.
 */
#include "spool_power.h"

#include "base/log.h"

enum {
    EVENTS = 26, /* 'a' to 'z' */
    NEW = 25,    /* 'z' is stored after the power went */
    LARGE_VALUE = 3000,
    MARKS_MAX = 512
};

/* ---- what is promised ---------------------------------------------------- */

static struct event {
    int64_t tx;    /* that has appended it; 0: none has */
    bool stored;   /* that has ended */
    bool leaving;  /* it may be gone */
    bool removed;  /* it is: if it comes back it is marked, */
    bool erased;   /* and it cannot come back, from a sound file */
    bool doubtful; /* it must be marked */
    bool sure;     /* it must not */
    bool twice;    /* it may be there twice */
} events[EVENTS];

static struct event promises[MARKS_MAX][EVENTS];
static int64_t mark;
static int64_t tx;
static int64_t failed_to; /* the last file that has failed in this life */
static char looking[192]; /* at what; "": not */

/* What the power may meet from now on. */
static void promise(void)
{
    assert_true(++mark < MARKS_MAX);
    memcpy(promises[mark], events, sizeof(events));
    power_mark(mark);
}

static int64_t number_of(int64_t seq) { return seq >> 40; } /* of its file */

static const char *topic_of(int event) { return event % 3 == 2 ? "u" : "t"; }

/* "aaa...": every other one has a page alone. */
static const char *value_of(int event)
{
    static char value[LARGE_VALUE + 1];
    const size_t len = event % 2 == 0 ? LARGE_VALUE : 20;

    memset(value, 'a' + event, len);
    value[len] = '\0';
    return value;
}

static int event_of(const struct spool_row *row)
{
    int event;

    assert_false(row->damaged);
    assert_true(row->record.value.len > 0);
    event = row->record.value.data[0] - 'a';
    assert_in_range(event, 0, EVENTS - 1);
    if (!slice_is(row->record.value, value_of(event)))
        fail_msg("'%c' has another value", 'a' + event);
    return event;
}

static void compare_row(const struct event *event, char name, bool doubtful,
                        int64_t times)
{
    if (event->tx == 0 || event->erased)
        fail_msg("'%c' is there", name);
    if (times > 1 && !(event->twice && doubtful))
        fail_msg("'%c' is there again", name);
    if ((event->removed || event->doubtful) && !doubtful)
        fail_msg("'%c' is not marked", name);
    if (event->sure && doubtful)
        fail_msg("'%c' is marked", name);
}

static size_t compare_topic(const struct event *all, const char *topic,
                            int64_t seen[EVENTS])
{
    const size_t count = read_all(topic);
    int64_t last_tx = 0;

    for (size_t i = 0; i < count; i++) {
        const int event = event_of(&rows[i]);

        assert_string_equal(topic, topic_of(event));
        compare_row(&all[event], (char)('a' + event), rows[i].doubtful,
                    ++seen[event]);
        if (seen[event] == 1 && all[event].tx < last_tx)
            fail_msg("'%c' is behind what came later", 'a' + event);
        if (seen[event] == 1)
            last_tx = all[event].tx;
    }
    return count;
}

static void compare(const struct event *all)
{
    int64_t seen[EVENTS] = {0};
    size_t count = compare_topic(all, "t", seen);

    count += compare_topic(all, "u", seen);
    for (int i = 0; i < EVENTS; i++)
        if (all[i].stored && !all[i].leaving && seen[i] == 0)
            fail_msg("'%c' is lost", 'a' + i);
    assert_int_equal(records(), count);
}

/* The next process, and one after it. */
static void look(int64_t at, const char *text)
{
    struct event all[EVENTS];

    snprintf(looking, sizeof(looking), "%s", text);
    memcpy(all, promises[at], sizeof(all));
    open_it();
    compare(all);
    store(topic_of(NEW), value_of(NEW));
    all[NEW] = (struct event){.tx = INT64_MAX, .stored = true, .sure = true};
    reopen();
    compare(all);
    close_it();
    looking[0] = '\0';
}

/* ---- what is done -------------------------------------------------------- */

/* What is in the spool, before a transaction. */
static struct {
    int event;
    int64_t seq;
} there[2 * ROWS_MAX];
static size_t there_count;

static void find_all(void)
{
    there_count = 0;
    for (int t = 0; t < 2; t++) {
        const size_t count = read_all(t == 0 ? "t" : "u");

        for (size_t i = 0; i < count; i++) {
            there[there_count].event = event_of(&rows[i]);
            there[there_count++].seq = rows[i].seq;
        }
    }
}

/* Events by their names: what is appended, what goes, and up to which one all
 * of its topic is given. */
struct change {
    const char *adds;
    const char *takes;
    const char *gives;
};

static bool is_one_of(int event, const char *list)
{
    return strchr(list, 'a' + event) != NULL;
}

static bool is_given(size_t at, const struct change *change)
{
    for (size_t i = 0; i < there_count; i++)
        if (is_one_of(there[i].event, change->gives) &&
            there[at].seq <= there[i].seq &&
            strcmp(topic_of(there[i].event), topic_of(there[at].event)) == 0)
            return true;
    return false;
}

static void before(const struct change *change)
{
    find_all();
    tx++;
    for (size_t i = 0; i < there_count; i++)
        if (is_given(i, change))
            events[there[i].event].sure = false;
    for (int i = 0; i < EVENTS; i++) {
        struct event *event = &events[i];

        if (is_one_of(i, change->takes))
            event->leaving = true;
        if (!is_one_of(i, change->adds))
            continue;
        event->tx = tx;
        event->sure = !event->twice;
    }
    promise();
}

/* All that was there of it was in files that are sound. */
static bool is_gone_for_good(int event)
{
    for (size_t i = 0; i < there_count; i++)
        if (there[i].event == event && number_of(there[i].seq) <= failed_to)
            return false;
    return failed_to == 0 || !events[event].twice;
}

static void after(const struct change *change)
{
    for (size_t i = 0; i < there_count; i++) {
        struct event *event = &events[there[i].event];

        if (is_given(i, change))
            event->doubtful = true;
        if (!is_one_of(there[i].event, change->takes))
            continue;
        event->removed = true;
        event->erased = is_gone_for_good(there[i].event);
    }
    for (int i = 0; i < EVENTS; i++)
        if (is_one_of(i, change->adds))
            events[i].stored = true;
    promise();
}

/* Returns the last number. */
static int64_t write_changes(const struct change *change)
{
    int64_t seq = 0;

    spool_dir_begin(sd);
    for (const char *c = change->adds; *c != '\0'; c++)
        OK(try_append_as(topic_of(*c - 'a'), value_of(*c - 'a'),
                         events[*c - 'a'].twice, &seq, &why));
    for (size_t i = 0; i < there_count; i++) {
        const int event = there[i].event;

        if (is_one_of(event, change->takes))
            OK(spool_dir_remove(sd, there[i].seq, &why));
        if (is_one_of(event, change->gives))
            OK(spool_dir_give(sd, topic_of(event), there[i].seq, &why));
    }
    return seq;
}

static void transact(const char *adds, const char *takes, const char *gives)
{
    const struct change change = {adds, takes, gives};

    before(&change);
    write_changes(&change);
    OK(spool_dir_commit(sd, &why));
    after(&change);
}

/* The commit fails, and with it the newest file: all of it is written again
 * to another one. */
static void transact_twice(const char *adds, const char *takes, enum call call,
                           int rc)
{
    const struct change change = {adds, takes, ""};

    before(&change);
    for (int i = 0; i < EVENTS; i++)
        events[i].sure = false;
    promise();
    failed_to = number_of(write_changes(&change));
    next_fails(call, rc, NULL);
    FAILS(spool_dir_commit(sd, &why), FAULT_IO);
    assert_true(disk.hit);
    nothing_fails();
    for (int i = 0; i < EVENTS; i++) {
        events[i].twice |= is_one_of(i, adds);
        events[i].doubtful |= events[i].tx > 0;
    }
    promise();
    renew();
    transact(adds, takes, "");
}

/* ---- lives --------------------------------------------------------------- */

static void lose_power(void)
{
    power_stop();
    close_it();
}

static void close_for_good(void)
{
    close_it();
    power_stop();
}

/* The newest file fails in a sync, when Linux drops what was written. */
static void first_life(void)
{
    transact("abc", "", "");
    transact("de", "a", "");
    transact("", "b", "");
    transact("f", "", "d");
    transact("", "d", "");
    tidy();
    transact("ghi", "", "");
    transact_twice("j", "e", SYNCS, SQLITE_IOERR_FSYNC);
    transact("k", "f", ""); /* from the failed one, in memory */
    transact("l", "k", "");
    tidy();
    transact("m", "", "");
    transact("n", "g", "");
    assert_string_equal(names(), "spool-00000001.db spool-00000001.db-wal "
                                 "spool-00000001.db.failed "
                                 "spool-00000002.db spool-00000002.db-wal");
    lose_power();
}

/* The newest one is damaged, and the power goes when it has half its new
 * names. */
static void half_life(void)
{
    lose_power();
    power_end_at_renaming("spool-00000002.db");
}

/* That is mended, and the older one becomes empty. */
static void second_life(void)
{
    assert_true(has("spool-00000002.db.bad"));
    assert_true(has("spool-00000002.db.bad-wal"));
    transact("o", "", "");
    transact("", "c", "");
    transact("", "efghi", "");
    tidy();
    assert_false(has("spool-00000001.db"));
    transact("p", "j", "");
    tidy();
    transact("q", "", "");
    close_for_good();
}

/* The newest one fails in a write, and in the end all of it was removed. */
static void third_life(void)
{
    transact("r", "", "");
    transact_twice("s", "l", WRITES, SQLITE_IOERR_WRITE);
    transact("t", "mnopqr", "");
    tidy();
    assert_true(has("spool-00000002.db.bad.2"));
    assert_false(has("spool-00000002.db"));
    transact("u", "t", "s");
    tidy();
    transact("v", "", "");
    lose_power();
}

/* The newest one fails when it is empty. */
static void last_life(void)
{
    transact("w", "v", "");
    tidy();
    transact("", "suw", "");
    transact_twice("x", "", WRITES, SQLITE_IOERR_WRITE);
    assert_false(has("spool-00000003.db"));
    transact("y", "x", "");
    close_for_good();
    assert_true(has("spool-00000004.db"));
    assert_false(has("spool-00000004.db-wal"));
    assert_true(has("spool-00000002.db.bad.2-wal"));
    assert_false(has("spool-00000001.db.bad"));
}

/* The page that opening counts what is aside by: in all files the same. */
static int64_t find_page(void)
{
    sqlite3_stmt *stmt;
    sqlite3 *db;
    int64_t page;

    open_it();
    close_it();
    assert_int_equal(sqlite3_open_v2(in_folder("spool-00000001.db"), &db,
                                     SQLITE_OPEN_READWRITE, disk.real->zName),
                     SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT rootpage FROM sqlite_schema"
                                        " WHERE name = 'aside_size'",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    page = sqlite3_column_int64(stmt, 0);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    empty_folder();
    return page;
}

/* What it has is written to a new one, as doubtful. */
static void damage_second_file(int64_t page)
{
    ruin_page("spool-00000002.db", page);
    for (const char *c = "jlmn"; *c != '\0'; c++) {
        events[*c - 'a'].doubtful = true;
        events[*c - 'a'].sure = false;
    }
}

static void use_folder(const char *name)
{
    snprintf(folder, sizeof(folder), "%s/%s", dir, name);
}

static void remove_after(void)
{
    use_folder("after");
    empty_folder();
    rmdir(folder);
    use_folder("spool");
}

/* In a folder beside the other one. */
static int64_t replay(void)
{
    int64_t looks;

    use_folder("after");
    assert_int_equal(mkdir(folder, 0700), 0);
    looks = power_replay(look);
    remove_after();
    return looks;
}

static void test_the_power_goes(void **state)
{
    static void (*const lives[])(void) = {first_life, half_life, second_life,
                                          third_life, last_life};
    const int64_t page = find_page();

    (void)state;
    for (size_t i = 0; i < COUNT(lives); i++) {
        int64_t looks;

        if (lives[i] == half_life)
            damage_second_file(page);
        mark = failed_to = 0;
        power_record();
        promise();
        open_it();
        lives[i]();
        looks = replay();
        leave_in_folder(lives[i] == half_life ? ~0U : 0, KEPT_NOTHING);
        print_message("  life %zu: looked %d times\n", i + 1, (int)looks);
        power_forget();
    }
}

static int teardown_power(void **state)
{
    int rc;

    if (looking[0] != '\0')
        print_message("  the power went %s\n", looking);
    power_forget();
    rc = teardown(state);
    remove_after();
    return rc;
}

/* ---- main ---------------------------------------------------------------- */

/* Each look at a damaged file is a line in the log. */
static int start(void **state)
{
    const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (null == -1 || log_start(null, LOG_ERROR, LOG_FORMAT_LOGFMT, NULL) == -1)
        return -1;
    return make_dir(state);
}

static int end(void **state)
{
    log_stop(1000);
    return remove_dir(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_power_goes, setup_nothing,
                                        teardown_power),
    };

    return cmocka_run_group_tests(tests, start, end);
}
