/* SPDX-License-Identifier: MIT */
/* Cancelling stream IRPs, by the client or by a stop. The unit is the IRP.
 * Lock of the queue held unless a comment says otherwise. */
#ifndef WEIR_KS_CANCEL_H
#define WEIR_KS_CANCEL_H

#include <stdbool.h>

#include "wdk/wdm.h"

struct ks_queue;
struct ks_frame;
struct ks_request;

/* Makes the request's IRP cancellable; true when it has been cancelled already. */
bool ks_cancel_arm(struct ks_request *request);
/* Before completion: false when the cancel routine is on its way and will complete the IRP. */
bool ks_cancel_disarm(struct ks_request *request);
/* Cancels now, or as soon as no pointer locks a frame of the request any more. */
void ks_cancel_request(struct ks_request *request);
/* A pointer on the frame was unlocked: carries out what waited for it. */
void ks_cancel_after_unlock(struct ks_frame *frame);

#endif
