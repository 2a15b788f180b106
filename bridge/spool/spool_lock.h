/*
 * spool_lock.h - whose a spool's folder is
 *
 * The file "lock" in it is locked by the process that has the folder; its pid
 * and its host's name are in it, for people.
 */
#ifndef SPOOL_SPOOL_LOCK_H
#define SPOOL_SPOOL_LOCK_H

#include "base/fault.h"

/* *fd holds the lock until it is closed. Waits two seconds for those who only
 * look at it. FAULT_BUSY, FAULT_IO. */
int spool_lock_take(const char *folder, int *fd, struct fault *why);

/* The same for looking at what is in it: several may, as long as nobody has
 * the folder. Writes nothing. *fd is -1 where there is no lock. */
int spool_lock_to_look(const char *folder, int *fd, struct fault *why);

#endif
