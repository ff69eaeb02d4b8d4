/* SPDX-License-Identifier: MIT */
/* The requester of a connection from pin to pin: it has frames of its own, each with an IRP, and
 * sends them round. It belongs to the IRP source. In injection mode the frames are the driver's.
 * start, stop and end at PASSIVE_LEVEL, the rest up to DISPATCH_LEVEL. Not here: the way that
 * frames take (pipe.h), what happens to them in a queue (request.h). */
#ifndef WEIR_KS_REQUESTER_H
#define WEIR_KS_REQUESTER_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_pin;
struct ks_request;
struct ks_requester;

/* One frame and what it travels in. */
struct ks_carrier {
    LIST_ENTRY link; /* requester->carriers */
    struct ks_requester *requester;
    PIRP irp; /* never sent; what drivers are shown as the frame's IRP */
    PVOID data;
    ULONG bytes;
    PMDL mdl; /* NULL without data */
    PMDL given_mdl; /* KsPinSubmitFrameMdl */
    PVOID context; /* of an injected frame */
    KSSTREAM_HEADER header; /* last: it may be extended */
};

/* One more frame, which the caller owns; mdl NULL: one is made. NULL without memory. */
struct ks_carrier *ks_carrier_create(struct ks_requester *requester, PVOID data, ULONG bytes,
                                     PMDL mdl, ULONG header_bytes);
void ks_carrier_destroy(struct ks_carrier *carrier);
/* STATUS_PENDING: on its way. */
NTSTATUS ks_carrier_send(struct ks_carrier *carrier);

bool ks_requester_sends(const struct ks_requester *requester); /* NULL does not */
/* The pipe has reached ACQUIRE: frames are made and sent to the pin that fills them. */
NTSTATUS ks_requester_start(struct ks_pin *source);
/* Frames that come home stay there. */
void ks_requester_stop(struct ks_pin *source);
/* All are home: both queues have been flushed. */
void ks_requester_end(struct ks_pin *source);
/* The carrier has been everywhere; status is that of its IRP. No lock held. */
void ks_requester_take_home(struct ks_carrier *carrier, NTSTATUS status);

#endif
