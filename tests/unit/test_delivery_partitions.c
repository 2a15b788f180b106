/*
 * test_delivery_partitions.c - deliver/delivery.h, and partitions that nobody
 * leads
 *
 * A partition without a leader, of a topic whose others have one, is an outage
 * of that partition alone. Whatever is tried here, in the end everything is in
 * Kafka, and the events of a key follow each other as they were sent.
 */
#include "delivery_streams.h"

enum {
    NOBODY = -1, /* who may lead a partition */
    BROKER = 1,
    DEADLINE_OF_SEND_MS = 1000, /* nothing that Kafka takes may miss it */
    FAST_DEADLINE_MS = 300,
    IN_A_ROW = 50, /* so that the next of a key comes soon after the last */
    BUSY = 2000,   /* events of a few keys */
    MANY = CROWD_SIZE + BUSY, /* more than the 4,000 that the drain may have
                                 with the producer */
    FLOOD = 25000,            /* more than the queues of the two lanes take */
    FEW = 320
};

#define APPENDED "aurix_bridge_spool_appended_total "
#define DRAINED "aurix_bridge_spool_drained_total "
#define NOT_QUEUED DELIVERIES("not_queued")

/* ---- the stage ----------------------------------------------------------- */

static int setup_partitions(void **state)
{
    const int rc = setup_dir(state);

    make_streams();
    mock.deadline_ms = DEADLINE_OF_SEND_MS;
    return rc;
}

static int teardown_partitions(void **state)
{
    load_stop();
    return teardown_dir(state);
}

static void lead(int partition, int32_t leader)
{
    assert_int_equal(rd_kafka_mock_partition_set_leader(mock.cluster, "events",
                                                        partition, leader),
                     RD_KAFKA_RESP_ERR_NO_ERROR);
}

/* Of a set, without those of partition 0. */
static struct group of_others(int set)
{
    return group_of(set + EACH, SET - EACH);
}

static void open_with_all_confirmed(void)
{
    long before;

    open_delivery_with(dir, DEADLINE_MS);
    before = metric_value(APPENDED);
    send_each(group_of(OLD, SET));
    assert_int_equal(metric_value(APPENDED), before);
}

/* Partition 0 is away, with more events in the spool than the drain may have
 * with the producer, and behind them some of the other partitions. Kafka is
 * down. */
static void fill_spool(void)
{
    long before;

    open_with_all_confirmed();
    before = metric_value(APPENDED);
    lead(0, NOBODY);
    send_many(group_of(CROWD, CROWD_SIZE), 1, CROWD_SIZE);
    send_many(group_of(OLD, EACH), IN_A_ROW, BUSY);
    assert_int_equal(metric_value(APPENDED), before + MANY);
    rd_kafka_mock_broker_set_down(mock.cluster, BROKER);
    send_many(of_others(OLD), IN_A_ROW, FEW);
    assert_int_equal(metric_value(APPENDED), before + MANY + FEW);
}

static void end_process(void)
{
    delivery_close(mock.dl, 0);
    mock.dl = NULL;
    metrics_reset();
    ready_reset();
}

static void heal(void)
{
    for (int partition = 0; partition < PARTITIONS; partition++)
        lead(partition, BROKER);
    wait_drained();
    check_topic("events");
    check_topic("dead");
}

/* While more is sent, which has to stay behind what is in the spool: of the
 * last of the crowd, and of the old ones. */
static void heal_under_load(void)
{
    const long drained = metric_value(DRAINED);

    load_start(group_of(OLD - EACH, EACH + SET), THREADS, IN_A_ROW, INT32_MAX);
    lead(0, BROKER);
    wait_metric(DRAINED, drained + MANY / 2);
    load_stop();
    assert_int_equal(atomic_load(&load.unsafe), 0);
    heal();
}

/* ---- claims -------------------------------------------------------------- */

/* After one of them has missed its deadline, those of a partition are kept at
 * once, whatever Kafka confirms of others meanwhile. */
static void test_kept_at_once(void **state)
{
    enum { EVENTS = 40, MISSED_MAX = 1 + 2 }; /* some may be sent as probes */
    long appended;
    long missed;
    int sent = 0;

    (void)state;
    open_with_all_confirmed();
    appended = metric_value(APPENDED);
    missed = metric_value(DELIVERIES("deadline"));
    rd_kafka_mock_broker_set_rtt(mock.cluster, BROKER, 5);
    lead(0, NOBODY);
    load_start(of_others(OLD), 2, 1, INT32_MAX);
    while (sent < EVENTS &&
           metric_value(DELIVERIES("deadline")) <= missed + MISSED_MAX &&
           send_next(&streams[CROWD + sent]))
        sent++;
    load_stop();
    assert_int_equal(atomic_load(&load.unsafe), 0);
    assert_in_range(metric_value(DELIVERIES("deadline")), missed,
                    missed + MISSED_MAX);
    assert_int_equal(sent, EVENTS);
    assert_int_equal(metric_value(APPENDED), appended + EVENTS);
    rd_kafka_mock_broker_set_rtt(mock.cluster, BROKER, 0);
    heal();
}

/* What is in the spool for other partitions goes past those of the one that
 * is away, however many these are. */
static void test_spooled_ones_go_past(void **state)
{
    (void)state;
    fill_spool();
    rd_kafka_mock_broker_set_up(mock.cluster, BROKER);
    wait_spooled(MANY);
    assert_int_equal(metric_value(SPOOL_RECORDS), MANY);
    heal_under_load();
}

/* Whether Kafka confirms one of each, so that none goes to the spool. */
static bool are_confirmed(struct group group)
{
    const long before = metric_value(APPENDED);

    send_each(group);
    return metric_value(APPENDED) == before;
}

static void wait_confirmed(struct group group)
{
    const int64_t until = deadline_us();

    while (!are_confirmed(group))
        assert_true(clock_now_us() < until);
}

/* So they do after a restart, and then nothing queues behind what is left. */
static void test_after_a_restart(void **state)
{
    (void)state;
    fill_spool();
    end_process();
    rd_kafka_mock_broker_set_up(mock.cluster, BROKER);
    open_delivery_with(dir, DEADLINE_MS);
    wait_spooled(MANY);
    assert_int_equal(metric_value(SPOOL_RECORDS), MANY);
    wait_confirmed(of_others(FRESH));
    wait_confirmed(of_others(OLD));
    send_many(group_of(OLD, EACH), 1, FEW);
    for (int i = 0; i < 3; i++) {
        assert_true(are_confirmed(of_others(FRESH)));
        assert_true(are_confirmed(of_others(OLD)));
    }
    wait_spooled(MANY + FEW);
    heal_under_load();
}

/* One after the other, of all keys that are to be confirmed. How many. */
static int send_across(int count)
{
    const struct group groups[] = {of_others(OLD), group_of(ELSEWHERE, SET)};

    for (int i = 0; i < count; i++) {
        const struct group *group = &groups[i % 2];

        assert_true(send_next(&group->first[(size_t)(i / 2) % group->count]));
        nap();
    }
    return count;
}

/* However many events of a partition cannot be sent, those of others and of
 * other topics are confirmed as ever: there is room for them in the client. */
static void test_a_flood_for_one_partition(void **state)
{
    long appended;
    long confirmed;
    long not_queued;
    int sent;
    int others = 0;

    (void)state;
    open_with_all_confirmed();
    appended = metric_value(APPENDED);
    confirmed = metric_value(DELIVERIES("delivered"));
    not_queued = metric_value(NOT_QUEUED);
    lead(0, NOBODY);
    load_start(group_of(CROWD, CROWD_SIZE), THREADS, 1, FLOOD);
    while (atomic_load(&load.running) > 0)
        others += send_across(2);
    sent = load_end();
    others += send_across(FEW);
    assert_int_equal(metric_value(NOT_QUEUED), not_queued);
    assert_int_equal(metric_value(APPENDED), appended + sent);
    assert_int_equal(metric_value(DELIVERIES("delivered")), confirmed + others);
    assert_int_equal(sent, FLOOD);

    /* the next process knows nothing of Kafka yet, and begins to send */
    end_process();
    open_delivery_with(dir, DEADLINE_MS);
    wait_confirmed(of_others(OLD));
    appended = metric_value(APPENDED);
    send_across(FEW);
    assert_int_equal(metric_value(NOT_QUEUED), not_queued);
    assert_int_equal(metric_value(APPENDED), appended);
    heal_under_load();
}

/* Large events, and the client's queues end at a number of bytes, too. */
static void test_large_ones_for_one_partition(void **state)
{
    enum { LARGE = 32 * 1024, ROWS = 2500 }; /* 80 MB, for two lanes of 24 */
    static char value[LARGE];
    const int64_t room = 256 * 1024 * 1024;
    long appended;

    (void)state;
    memset(value, 'x', sizeof(value) - 1);
    open_delivery_limited(dir, DEADLINE_MS, room);
    lead(0, NOBODY);
    for (int i = 0; i < ROWS; i++)
        assert_int_equal(send_value("events", streams[CROWD + i].key, value),
                         FAULT_NONE);
    end_process();
    open_delivery_limited(dir, DEADLINE_MS, room);
    wait_confirmed(of_others(OLD));
    appended = metric_value(APPENDED);
    for (int i = 0; i < FEW; i++) {
        const struct stream *sm =
            &streams[i % 2 == 0 ? OLD + EACH + i / 2 % EACH
                                : ELSEWHERE + i / 2 % SET];

        assert_int_equal(send_value(sm->topic, sm->key, value), FAULT_NONE);
    }
    assert_int_equal(metric_value(APPENDED), appended);
    lead(0, BROKER);
    wait_drained(); /* the mock keeps 5 MB of a partition: nothing to check */
}

/* Partitions lose their leader and get it back, one while the other's events
 * go to Kafka from the spool. */
static void test_leaders_that_come_and_go(void **state)
{
    enum { LOADS = 4, TURNS = 3, KEPT = 1000 };

    (void)state;
    mock.deadline_ms = FAST_DEADLINE_MS;
    open_with_all_confirmed();
    for (int i = 0; i < LOADS; i++) {
        load_start(group_of(OLD, SET), THREADS, IN_A_ROW, INT32_MAX);
        for (int turn = i; turn < i + TURNS; turn++) {
            const long appended = metric_value(APPENDED);

            lead(turn % 2, NOBODY);
            wait_metric(APPENDED, appended + KEPT);
            lead(turn % 2, BROKER);
        }
        load_stop();
        assert_int_equal(atomic_load(&load.unsafe), 0);
        wait_drained();
    }
    heal();
}

#define STAGED(test)                                                           \
    cmocka_unit_test_setup_teardown(test, setup_partitions, teardown_partitions)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAGED(test_kept_at_once),
        STAGED(test_spooled_ones_go_past),
        STAGED(test_after_a_restart),
        STAGED(test_a_flood_for_one_partition),
        STAGED(test_large_ones_for_one_partition),
        STAGED(test_leaders_that_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
