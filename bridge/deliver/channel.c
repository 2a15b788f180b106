/*
 * channel.c - a topic, its partitions and its stripes
 */
#include "deliver/channel.h"

#include "kafka/producer.h"

#include <stdlib.h>
#include <string.h>

static int add(struct channels *chs, const char *name, struct fault *why)
{
    struct channel *ch = &chs->items[chs->count];

    if (channels_find(chs, name) != NULL)
        return 0;
    chs->count++;
    ch->topic = strdup(name);
    if (ch->topic == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate a topic");
    for (int i = 0; i < PARTITION_SLOTS; i++) {
        ch->partitions[i].channel = ch;
        ch->partitions[i].number = i - 1;
    }
    return stripes_new(&ch->stripes, why);
}

int channels_init(struct channels *chs, const char *const *names, size_t count,
                  const char *const *more, size_t more_count, struct fault *why)
{
    *chs = (struct channels){
        0, calloc(count + more_count + 1, sizeof(*chs->items))};
    if (chs->items == NULL)
        return fault_set(why, FAULT_NOMEM, "cannot allocate the topics");
    for (size_t i = 0; i < count; i++)
        if (add(chs, names[i], why) == -1)
            return -1;
    for (size_t i = 0; i < more_count; i++)
        if (add(chs, more[i], why) == -1)
            return -1;
    return 0;
}

void channels_release(struct channels *chs)
{
    for (size_t i = 0; i < chs->count; i++) {
        stripes_free(chs->items[i].stripes);
        free(chs->items[i].topic);
    }
    free(chs->items);
    *chs = (struct channels){0, NULL};
}

struct channel *channels_find(const struct channels *chs, const char *topic)
{
    for (size_t i = 0; i < chs->count; i++)
        if (strcmp(chs->items[i].topic, topic) == 0)
            return &chs->items[i];
    return NULL;
}

int64_t channel_hash(struct slice key)
{
    return key.data == NULL ? -1 : (int64_t)producer_place(key, INT32_MAX);
}

struct partition *channel_partition_among(struct channel *ch, int64_t hash,
                                          int count)
{
    if (hash == -1)
        return &ch->partitions[0];
    if (count == 0)
        count = 1;
    return &ch->partitions[1 + hash % count % PARTITIONS_MAX];
}

struct partition *channel_partition(struct channel *ch, int64_t hash)
{
    return channel_partition_among(ch, hash, atomic_load(&ch->partition_count));
}

struct stripe *channel_stripe(struct channel *ch, int64_t hash)
{
    return hash == -1 ? NULL : stripes_at(ch->stripes, (size_t)hash % STRIPES);
}

/* In this order: what comes back is in the drain's rows before it is expected
 * no more. */
bool channel_waits(struct channel *ch)
{
    return atomic_load(&ch->expected) > 0 || atomic_load(&ch->has_rows);
}
