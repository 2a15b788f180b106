/*
 * spool_row.c - a record as the cells of one row
 *
 * Headers are one cell:
 *
 *     count      1 byte, at most RECORD_HEADERS_MAX
 *     count times
 *         name       its bytes, and a NUL
 *         length     of the value, plus one; 0: the value is absent
 *         value      its bytes
 *
 * and nothing behind. A length is in groups of seven bits, the lowest first,
 * each but the last with bit 7 set. Names end in a NUL so that one copy of
 * the cell serves all of a record's headers.
 *
 * The checksum is the first 8 bytes of SHA-256 over
 *
 *     seq, stored_ms     8 bytes each, the lowest first
 *     doubtful           1 byte, 0 or 1
 *     topic's name       its length (4 bytes), its bytes
 *     key                1 byte: is there one; its length, its bytes
 *     headers            their length, their bytes
 *     SHA-256 of value   32 bytes
 *
 * The name of the topic rather than its number: rows that point to another
 * topic than they did are damaged. The value has a digest of its own so that
 * it need not be copied to lie next to the rest.
 *
 * Valid is a row whose checksum is right and whose headers end where the cell
 * does. It guards against disks, not against people.
 */
#include "spool/spool_row.h"

#include "base/digest.h"

#include <string.h>

enum {
    ROW_OVERHEAD = 64, /* numbers, checksum, the entry in the index */
    LENGTH_MAX = 5     /* bytes of a length */
};

int64_t spool_row_size(const struct spool_cells *cells)
{
    return ROW_OVERHEAD +
           (int64_t)(cells->key.len + cells->value.len + cells->headers.len);
}

/* ---- packing ------------------------------------------------------------- */

static int add_length(struct buf *out, uint64_t length, struct fault *why)
{
    unsigned char bytes[LENGTH_MAX];
    size_t len = 0;

    do {
        bytes[len] = (unsigned char)(length & 127);
        length >>= 7;
        if (length > 0)
            bytes[len] |= 128;
        len++;
    } while (length > 0 && len < LENGTH_MAX);
    if (length > 0)
        return fault_set(why, FAULT_TOO_LARGE, "a header is too large");
    return buf_add(out, bytes, len, why);
}

int spool_row_headers(struct buf *out, const struct record *record,
                      struct fault *why)
{
    const unsigned char count = (unsigned char)record->header_count;

    if (buf_add(out, &count, 1, why) == -1)
        return -1;
    for (size_t i = 0; i < record->header_count; i++) {
        const struct record_header *header = &record->headers[i];
        const struct slice value = header->value;
        const uint64_t length = value.data == NULL ? 0 : value.len + 1;

        if (buf_add(out, header->name, strlen(header->name) + 1, why) == -1 ||
            add_length(out, length, why) == -1)
            return -1;
        if (length > 1 && buf_add(out, value.data, value.len, why) == -1)
            return -1;
    }
    return 0;
}

/* ---- the checksum -------------------------------------------------------- */

static int add_number(struct buf *out, uint64_t number, size_t size,
                      struct fault *why)
{
    unsigned char bytes[8];

    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(number >> (8 * i));
    return buf_add(out, bytes, size, why);
}

static int add_slice(struct buf *out, struct slice slice, struct fault *why)
{
    if (add_number(out, slice.len, 4, why) == -1)
        return -1;
    return buf_add(out, slice.data, slice.len, why);
}

int spool_row_checksum(const struct spool_cells *cells, struct buf *scratch,
                       unsigned char out[SPOOL_CHECKSUM_SIZE],
                       struct fault *why)
{
    unsigned char digest[DIGEST_SIZE];

    buf_clear(scratch);
    if (add_number(scratch, (uint64_t)cells->seq, 8, why) == -1 ||
        add_number(scratch, (uint64_t)cells->stored_ms, 8, why) == -1 ||
        add_number(scratch, cells->doubtful, 1, why) == -1 ||
        add_slice(scratch, slice_of(cells->topic), why) == -1 ||
        add_number(scratch, cells->key.data != NULL, 1, why) == -1 ||
        add_slice(scratch, cells->key, why) == -1 ||
        add_slice(scratch, cells->headers, why) == -1 ||
        digest_sha256(cells->value, digest, why) == -1 ||
        buf_add(scratch, digest, sizeof(digest), why) == -1 ||
        digest_sha256(buf_slice(scratch), digest, why) == -1)
        return -1;
    memcpy(out, digest, SPOOL_CHECKSUM_SIZE);
    return 0;
}

/* ---- taking a row -------------------------------------------------------- */

/* Moves `rest` on. False: there is none, or none that makes sense. */
static bool take_length(struct slice *rest, uint64_t *length)
{
    *length = 0;
    for (size_t i = 0; i < LENGTH_MAX && i < rest->len; i++) {
        const unsigned char byte = (unsigned char)rest->data[i];

        *length |= (uint64_t)(byte & 127) << (7 * i);
        if (byte < 128) {
            *rest = (struct slice){rest->data + i + 1, rest->len - i - 1};
            return true;
        }
    }
    return false;
}

static bool take_header(struct slice *rest, struct record_header *header)
{
    const char *nul = memchr(rest->data, '\0', rest->len);
    uint64_t length;

    if (nul == NULL)
        return false;
    header->name = rest->data;
    rest->len -= (size_t)(nul + 1 - rest->data);
    rest->data = nul + 1;
    if (!take_length(rest, &length))
        return false;
    if (length == 0) {
        header->value = SLICE_ABSENT;
        return true;
    }
    if (length - 1 > rest->len)
        return false;
    header->value = (struct slice){rest->data, (size_t)(length - 1)};
    rest->data += length - 1;
    rest->len -= (size_t)(length - 1);
    return true;
}

/* They point into `packed`. */
static bool take_headers(struct record *record, struct slice packed)
{
    struct slice rest;
    size_t count;

    if (packed.len == 0)
        return false;
    count = (unsigned char)packed.data[0];
    if (count > RECORD_HEADERS_MAX)
        return false;
    rest = (struct slice){packed.data + 1, packed.len - 1};
    for (size_t i = 0; i < count; i++)
        if (!take_header(&rest, &record->headers[i]))
            return false;
    record->header_count = count;
    return rest.len == 0;
}

/* Never absent, unless the arena is full. */
static struct slice copy(struct arena *arena, struct slice slice)
{
    return (struct slice){arena_copy(arena, slice.data, slice.len), slice.len};
}

/* Cells that are absent stay so; headers are taken apart in their copy. */
static int copy_cells(struct record *record, const struct spool_cells *cells,
                      struct arena *arena, struct slice *packed,
                      struct fault *why)
{
    bool full = false;

    *packed = SLICE_ABSENT;
    memset(record, 0, sizeof(*record));
    if (cells->headers.data != NULL) {
        *packed = copy(arena, cells->headers);
        full |= packed->data == NULL;
    }
    if (cells->topic != NULL) {
        record->topic = copy(arena, slice_of(cells->topic)).data;
        full |= record->topic == NULL;
    }
    if (cells->value.data != NULL) {
        record->value = copy(arena, cells->value);
        full |= record->value.data == NULL;
    }
    if (cells->key.data != NULL) {
        record->key = copy(arena, cells->key);
        full |= record->key.data == NULL;
    }
    if (!full)
        return 0;
    memset(record, 0, sizeof(*record));
    return fault_set(why, FAULT_NOMEM, "no room for a record that is read");
}

int spool_row_take(struct spool_row *row, const struct spool_cells *cells,
                   struct buf *scratch, struct arena *arena, struct fault *why)
{
    unsigned char checksum[SPOOL_CHECKSUM_SIZE];
    struct record *record = &row->record;
    struct slice packed;

    memset(row, 0, sizeof(*row));
    row->seq = cells->seq;
    row->stored_ms = cells->stored_ms;
    row->doubtful = row->was_doubtful = cells->doubtful;
    row->damaged = true;
    if (cells->topic == NULL || cells->value.data == NULL ||
        cells->headers.data == NULL || cells->checksum.data == NULL ||
        cells->checksum.len != SPOOL_CHECKSUM_SIZE)
        return 0;
    if (spool_row_checksum(cells, scratch, checksum, why) == -1)
        return -1;
    if (memcmp(checksum, cells->checksum.data, SPOOL_CHECKSUM_SIZE) != 0)
        return 0;
    if (copy_cells(record, cells, arena, &packed, why) == -1)
        return -1;
    if (take_headers(record, packed))
        row->damaged = false;
    else
        memset(record, 0, sizeof(*record));
    return 0;
}

int spool_row_guess(struct spool_row *row, const struct spool_cells *cells,
                    struct arena *arena, struct fault *why)
{
    struct slice packed;

    if (copy_cells(&row->record, cells, arena, &packed, why) == -1)
        return -1;
    if (packed.data == NULL || !take_headers(&row->record, packed))
        row->record.header_count = 0;
    return 0;
}
