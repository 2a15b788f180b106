/*
 * intake.h - the way of an event, from its bytes to its answer
 *
 *   authenticate - parse - validate - route - deliver - 200
 *
 * The table of these steps is at the top of intake.c. An authentic event
 * that cannot be used goes to the dead letters before it is answered 400 or
 * 422; nothing unauthentic gets anywhere.
 *
 * Threads: shared by all workers; immutable but for its metrics.
 */
#ifndef INGEST_INTAKE_H
#define INGEST_INTAKE_H

#include "base/config.h"
#include "deliver/delivery.h"
#include "event/catalog.h"
#include "event/routes.h"
#include "ingest/hook.h"

struct intake {
    const struct config *config;
    const struct catalog *catalog;
    const struct routes *routes;
    struct delivery *dl;
};

/* Takes a request whose body was read all the way to its answer. */
void intake_run(struct intake *in, struct hook *hook);

#endif
