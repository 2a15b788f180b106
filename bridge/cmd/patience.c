/*
 * patience.c - is there anybody at all? See patience.h
 */
#include "cmd/patience.h"

#define PATIENCE_US ((int64_t)PATIENCE_SECONDS * 1000000)

void patience_answered(struct patience *pt)
{
    pt->answered = true;
    pt->alone = false;
}

bool patience_unanswered(struct patience *pt, int64_t now_us)
{
    if (!pt->alone) {
        pt->alone = true;
        pt->since_us = now_us;
    }
    return !pt->answered || now_us - pt->since_us >= PATIENCE_US;
}
