/*
 * spool_patience.c - how long reading has failed, and where
 */
#include "spool/spool_patience.h"

enum {
    STEP_US = 1000 * 1000, /* what a pause between attempts counts for */
    REST_US = 500 * 1000
};

bool trouble_lasts(struct spool_trouble *trouble, int64_t now_us)
{
    const int64_t since_us = now_us - trouble->tried_us;

    if (trouble->tried_us != 0)
        trouble->waited_us += since_us < STEP_US ? since_us : STEP_US;
    trouble->tried_us = now_us;
    return trouble->waited_us >= PATIENCE_US;
}

bool trouble_rests(const struct spool_trouble *trouble, int64_t now_us)
{
    return trouble->tried_us != 0 && trouble->waited_us < PATIENCE_US &&
           now_us - trouble->tried_us < REST_US;
}

/* The place's own, or the one that was tried least recently: nobody comes
 * back to that. */
static struct spool_place *place_of(struct spool_patience *patience,
                                    int64_t line, int64_t at)
{
    struct spool_place *oldest = &patience->places[0];

    for (int i = 0; i < PATIENCE_PLACES; i++) {
        struct spool_place *place = &patience->places[i];

        if (place->trouble.tried_us != 0 && place->line == line &&
            place->at == at)
            return place;
        if (place->trouble.tried_us < oldest->trouble.tried_us)
            oldest = place;
    }
    *oldest = (struct spool_place){.line = line, .at = at};
    return oldest;
}

bool patience_ends(struct spool_patience *patience, int64_t line, int64_t at,
                   int64_t now_us)
{
    struct spool_place *place = place_of(patience, line, at);
    const bool here = trouble_lasts(&place->trouble, now_us);
    const bool all_over = trouble_lasts(&patience->all, now_us);

    if (!here && !all_over)
        return false;
    *place = (struct spool_place){0};
    return true;
}

void patience_renew(struct spool_patience *patience, int64_t line, int64_t at)
{
    patience->all = (struct spool_trouble){0};
    for (int i = 0; i < PATIENCE_PLACES; i++)
        if (patience->places[i].line == line && patience->places[i].at == at)
            patience->places[i] = (struct spool_place){0};
}
