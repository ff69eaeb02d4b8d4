/* SPDX-License-Identifier: MIT */
/* The device mutex and the filter control mutex. Neither is recursive, and the order between
 * threads is device, filter control, processing; a driver that takes them otherwise gets a finding,
 * and then the wait it asked for. PASSIVE_LEVEL. Not here: the processing mutex (process.h), which
 * knows its loop. */
#ifndef WEIR_KS_MUTEX_H
#define WEIR_KS_MUTEX_H

#include <stdbool.h>

#include "wdk/wdm.h"

enum ks_mutex_level { KS_MUTEX_PIPES, KS_MUTEX_DEVICE, KS_MUTEX_CONTROL, KS_MUTEX_PROCESSING };

struct ks_mutex {
    enum ks_mutex_level level;
    PKTHREAD owner;
    KEVENT free;
    struct ks_mutex *next_held; /* in the room's list while owned */
};

void ks_mutex_init(struct ks_mutex *mutex, enum ks_mutex_level level);
void ks_mutex_acquire(struct ks_mutex *mutex);
void ks_mutex_release(struct ks_mutex *mutex);
bool ks_mutex_is_mine(const struct ks_mutex *mutex);
/* A finding when the current thread owns this mutex or one of a later level. */
void ks_mutex_check_order(const struct ks_mutex *mutex);
/* For a lock that waits by other means: books the owner in and out. */
void ks_mutex_note_acquired(struct ks_mutex *mutex);
void ks_mutex_note_released(struct ks_mutex *mutex);

#endif
