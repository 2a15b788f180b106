/*
 * burial.c - what Kafka refuses for good, after its 200
 */
#include "deliver/burial.h"

#include "base/limits.h"
#include "base/log.h"
#include "deliver/counts.h"

#include <stdlib.h>
#include <string.h>

enum { ARENA_MAX = 160 * MIB }; /* eight of the largest records there are */

void burials_init(struct burials *bs, struct spool_dir *dir,
                  struct channel *channel)
{
    *bs = (struct burials){
        .dir = dir,
        .channel = channel,
        .arena = ARENA_INIT(64 * KIB, ARENA_MAX),
    };
}

void burials_release(struct burials *bs)
{
    struct passage *pg;

    burials_forget(bs);
    while ((pg = bs->refused) != NULL) {
        bs->refused = pg->next;
        passage_free(pg);
    }
    arena_release(&bs->arena);
}

/* Dead letters keep what says whose the record is; see docs/records.md. */
static void make_dead_letter(struct record *record, const char *topic)
{
    struct record dead = {
        .topic = topic, .key = record->key, .value = record->value};

    for (size_t i = 0; i < record->header_count; i++) {
        const struct record_header *header = &record->headers[i];

        if (strncmp(header->name, "ce_", 3) == 0 ||
            strcmp(header->name, "content-type") == 0 ||
            strcmp(header->name, "x-hub-signature") == 0)
            record_add_header(&dead, header->name, header->value);
    }
    if (dead.header_count + 3 > RECORD_HEADERS_MAX)
        dead.header_count = RECORD_HEADERS_MAX - 3;
    record_add_header(&dead, "bridge-dead-topic", slice_of(record->topic));
    record_add_header(&dead, "bridge-dead-kind", slice_of("refused"));
    record_add_header(&dead, "bridge-dead-reason",
                      slice_of("Kafka refused the record for its own sake, "
                               "after it was accepted"));
    *record = dead;
}

void burials_read(struct burials *bs)
{
    arena_reset(&bs->arena);
    while (bs->refused != NULL && bs->count < BURIALS_MAX) {
        struct burial *bu = &bs->items[bs->count];
        struct passage *pg = bs->refused;
        bool found = false;

        *bu = (struct burial){.pg = pg};
        if (spool_dir_read_one(bs->dir, pg->seq, &bu->row, &found, &bs->arena,
                               NULL) == -1)
            return;
        bs->refused = pg->next;
        pg->next = NULL;
        bu->aside = !found || bu->row.damaged || bs->channel == NULL ||
                    pg->partition->channel == bs->channel;
        if (!bu->aside)
            make_dead_letter(&bu->row.record, bs->channel->topic);
        bs->count++;
    }
}

static int write_one(struct burials *bs, struct burial *bu, struct fault *why)
{
    const int64_t old = bu->pg->seq;
    struct fault cause = FAULT_INIT;

    bu->seq = 0;
    if (!bu->aside) {
        if (spool_dir_append(bs->dir, &bu->row.record, false, &bu->seq,
                             &cause) == 0)
            return spool_dir_remove(bs->dir, old, why);
        bu->seq = 0;
        if (!spool_dir_in_transaction(bs->dir))
            return fault_set(why, cause.kind, "%s", cause.text);
    }
    return spool_dir_put_aside(bs->dir, old, "refused", why);
}

int burials_write(struct burials *bs, struct fault *why)
{
    for (size_t i = 0; i < bs->count; i++)
        if (write_one(bs, &bs->items[i], why) == -1)
            return -1;
    return 0;
}

void burials_end(struct burials *bs, struct drain *dr)
{
    for (size_t i = 0; i < bs->count; i++) {
        struct burial *bu = &bs->items[i];

        /* a dead letter is in no event's order */
        if (bu->pg->partition->channel != bs->channel)
            count_disorder(DISORDER_REFUSED);
        log_line(LOG_ERROR, "deliver",
                 bu->seq > 0 ? "kafka refused an event that was accepted: it "
                               "is a dead letter now"
                             : "kafka refused an event that was accepted: it "
                               "is kept aside in the spool",
                 log_text("topic", bu->pg->partition->channel->topic),
                 log_int("seq", bu->pg->seq));
        if (bu->seq > 0) {
            struct stripe *stripe =
                channel_stripe(bs->channel, channel_hash(bu->row.record.key));

            stripe_lock(stripe);
            stripe_join(stripe);
            stripe_unlock(stripe);
            drain_add(dr, bs->channel, bu->seq);
        }
        passage_free(bu->pg);
    }
    bs->count = 0;
}

void burials_forget(struct burials *bs)
{
    for (size_t i = 0; i < bs->count; i++) {
        struct passage *pg = bs->items[i].pg;

        pg->next = bs->refused;
        bs->refused = pg;
    }
    bs->count = 0;
}
