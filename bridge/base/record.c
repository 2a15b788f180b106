/*
 * record.c - one Kafka record, as plain data
 */
#include "base/record.h"

#include <assert.h>

void record_add_header(struct record *record, const char *name,
                       struct slice value)
{
    if (value.data == NULL)
        return;
    assert(record->header_count < RECORD_HEADERS_MAX);
    record->headers[record->header_count].name = name;
    record->headers[record->header_count].value = value;
    record->header_count++;
}

struct slice record_header(const struct record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++)
        if (strcmp(record->headers[i].name, name) == 0)
            return record->headers[i].value;
    return SLICE_ABSENT;
}
