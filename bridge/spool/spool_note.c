/*
 * spool_note.c - what is gone from a file that has failed, noted in another
 *
 * The checksum is the first 8 bytes of SHA-256 over
 *
 *     file, id, records, bytes, full    8 bytes each, the lowest first
 *     SHA-256 of numbers                32 bytes
 *
 * for a bit that has flipped there would be a record that is never sent.
 */
#include "spool/spool_note.h"

#include "base/digest.h"
#include "spool/spool_parts.h"
#include "spool/spool_row.h"

#include <assert.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum {
    COLUMNS = 6,
    NUMBERS = 5,          /* but for those of records */
    PACKED_MAX = 64 * MIB /* a bit each: of 500 million records */
};

static int checksum_of(const int64_t numbers[NUMBERS], struct slice packed,
                       unsigned char out[DIGEST_SIZE], struct fault *why)
{
    unsigned char data[NUMBERS * 8 + DIGEST_SIZE];

    for (size_t i = 0; i < NUMBERS; i++)
        for (size_t k = 0; k < 8; k++)
            data[8 * i + k] = (unsigned char)((uint64_t)numbers[i] >> (8 * k));
    if (digest_sha256(packed, data + NUMBERS * 8, why) == -1)
        return -1;
    return digest_sha256((struct slice){(const char *)data, sizeof(data)}, out,
                         why);
}

int spool_note_write(struct spool *sp, int64_t number, const struct spool *file,
                     const struct spool_note *note, struct fault *why)
{
    const int64_t numbers[NUMBERS] = {number, file->id, note->records,
                                      note->bytes, note->full};
    struct buf packed = BUF_INIT(PACKED_MAX);
    unsigned char checksum[DIGEST_SIZE];
    int rc = -1;

    assert(sp->in_transaction);
    if (gone_pack(&note->numbers, &packed, why) == -1 ||
        checksum_of(numbers, buf_slice(&packed), checksum, why) == -1)
        goto done;

    const struct db_cell args[] = {
        db_number(numbers[0]),
        db_number(numbers[1]),
        db_number(numbers[2]),
        db_number(numbers[3]),
        db_number(numbers[4]),
        db_bytes(buf_slice(&packed)),
        db_bytes((struct slice){(const char *)checksum, SPOOL_CHECKSUM_SIZE}),
    };
    rc = spool_run(sp, SPOOL_NOTE, args, COUNT(args), why);

done:
    buf_release(&packed);
    return rc;
}

static int take(const struct spool *sp, int64_t number,
                const struct db_cell columns[COLUMNS], struct spool_note *out,
                struct fault *why)
{
    const int64_t numbers[NUMBERS] = {number, columns[0].number,
                                      columns[1].number, columns[2].number,
                                      columns[3].number};
    const struct slice packed = columns[4].bytes;
    const struct slice was = columns[5].bytes;
    unsigned char checksum[DIGEST_SIZE];

    if (checksum_of(numbers, packed, checksum, why) == -1)
        return -1;
    if (packed.data == NULL || was.len != SPOOL_CHECKSUM_SIZE ||
        memcmp(was.data, checksum, SPOOL_CHECKSUM_SIZE) != 0)
        return fault_set(why, FAULT_CORRUPT,
                         "what '%s' tells of another file is damaged",
                         sp->path);
    if (gone_unpack(&out->numbers, packed, why) == -1)
        return -1;
    out->records = numbers[2];
    out->bytes = numbers[3];
    out->full = numbers[4] != 0;
    return 0;
}

int spool_note_read(struct spool *sp, int64_t number, const struct spool *file,
                    struct spool_note *out, bool *found, struct fault *why)
{
    const struct db_cell args[] = {db_number(number)};
    struct db_cell columns[COLUMNS];
    int rc;

    assert(!sp->in_transaction);
    *out = (struct spool_note){0};
    db_ask(&sp->db, SPOOL_READ_NOTE, args, COUNT(args));
    rc = db_next(&sp->db, SPOOL_READ_NOTE, columns, COUNT(columns), why);
    *found = rc == 1 && file->id != 0 && columns[0].number == file->id;
    if (*found)
        rc = take(sp, number, columns, out, why);
    db_leave(&sp->db, SPOOL_READ_NOTE);
    return rc == -1 ? -1 : 0;
}
