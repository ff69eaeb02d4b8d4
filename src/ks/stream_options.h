/* SPDX-License-Identifier: MIT */
/* What the options in stream headers ask of a queue: the end of the stream, a changed format,
 * frames that a pause makes stale. Not here: what they tell a driver, which sees the headers. */
#ifndef WEIR_KS_STREAM_OPTIONS_H
#define WEIR_KS_STREAM_OPTIONS_H

#include <stdbool.h>

#include "wdk/wdm.h"

struct ks_queue;
struct ks_request;
struct ks_stream_headers;

/* Headers that are going to be queued. */
NTSTATUS ks_options_check(const struct ks_queue *queue, const struct ks_stream_headers *headers);
/* One of the request's headers has the option. */
bool ks_options_include(const struct ks_request *request, ULONG option);
/* The request is about to be completed. No lock held, up to DISPATCH_LEVEL. */
void ks_options_completing(const struct ks_request *request);
/* An IRP that ended the stream has been completed, and somebody stays with the queue. */
void ks_options_stream_ended(struct ks_queue *queue);
/* The pin has left RUN for PAUSE. PASSIVE_LEVEL. */
void ks_options_paused(struct ks_queue *queue);

#endif
