/*
 * mock.h - librdkafka's embedded broker, for the demo and injected errors
 *
 * It speaks Kafka's protocol on a loopback port and keeps everything in
 * memory. It does not check what idempotence and order rest on, so it proves
 * nothing about either.
 */
#ifndef KAFKA_MOCK_H
#define KAFKA_MOCK_H

#include "base/fault.h"

struct mock;

/* FAULT_KAFKA: librdkafka could not set it up. */
int mock_start(struct mock **out, int brokers, struct fault *why);

/* "127.0.0.1:port,…", lives as long as the mock. */
const char *mock_brokers(const struct mock *mk);

int mock_topic(struct mock *mk, const char *name, int partitions,
               struct fault *why);

void mock_stop(struct mock *mk); /* NULL is fine */

#endif
