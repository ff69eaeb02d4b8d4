/* SPDX-License-Identifier: MIT */
/* Pins connected to each other: an IRP source is opened with the handle of the IRP sink it feeds or
 * is fed by. Frames go round by themselves then, from the pin whose data flow out to the pin whose
 * data flow in and back (requester.h), and the two change their states together. PASSIVE_LEVEL,
 * except ks_pipe_next and ks_pipe_previous. Not here: what crosses the connection. */
#ifndef WEIR_KS_PIPE_H
#define WEIR_KS_PIPE_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_pin;
struct ks_requester;

/* A pin's part. */
struct ks_pipe_end {
    struct ks_pin *peer; /* the other end, while connected */
    struct ks_pin *in_place; /* the other pin of an in-place transform, out of STOP */
    PFILE_OBJECT file; /* of the IRP sink, referenced by the IRP source */
    struct ks_requester *requester; /* of the IRP source, out of STOP */
    PFNKSPINFRAMERETURN frame_return; /* the pin injects frames */
};

/* The sink that a source's PinToHandle means. On success the caller owns a reference to *file. */
NTSTATUS ks_pipe_find(const KSPIN_CONNECT *connect, KSPIN_DATAFLOW flow, KPROCESSOR_MODE mode,
                      PFILE_OBJECT *file);
/* Joins a new source to the sink of this file, and asks the sink's driver (Connect). Control mutex
 * of the source held. */
NTSTATUS ks_pipe_join(struct ks_pin *source, PFILE_OBJECT file);
/* Undoes it; nothing when the pin is no connected source. Control mutex of the source held. The
 * reference to the file stays, for the caller to give back without the mutex. */
void ks_pipe_leave(struct ks_pin *source);

/* The pin behind this one in its pipe, and the one before it; NULL at the ends. */
struct ks_pin *ks_pipe_next(const struct ks_pin *pin);
struct ks_pin *ks_pipe_previous(const struct ks_pin *pin);

/* KSPROPERTY_CONNECTION_STATE, whether the pin is connected or not. No mutex held. */
NTSTATUS ks_pipe_set_state(struct ks_pin *pin, KSSTATE target);
/* The pin's last handle is gone: down to STOP. No mutex held. */
void ks_pipe_force_stop(struct ks_pin *pin);

#endif
