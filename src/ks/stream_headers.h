/* SPDX-License-Identifier: MIT */
/* The stream headers of a READ_STREAM or WRITE_STREAM IRP: checked, captured into the IRP's system
 * buffer, and their buffers locked, one MDL a header, chained at the IRP. PASSIVE_LEVEL, in the
 * requester's thread; the IRP's completion frees what is captured. Not here: frames (request.h). */
#ifndef WEIR_KS_STREAM_HEADERS_H
#define WEIR_KS_STREAM_HEADERS_H

#include <stdbool.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

struct ks_stream_headers {
    UCHAR *first; /* the captured copy */
    ULONG bytes; /* of all */
    ULONG count;
    ULONG size; /* of one */
};

/* reads: data flows to the requester. wanted_size 0: any. An IRP that has a system buffer already
 * is not captured again. */
NTSTATUS ks_stream_headers_capture(PIRP irp, bool reads, ULONG wanted_size,
                                   struct ks_stream_headers *out);
PKSSTREAM_HEADER ks_stream_headers_at(const struct ks_stream_headers *headers, ULONG index);
/* Locks the header's buffer; *mdl stays NULL for a header without data. */
NTSTATUS ks_stream_headers_lock(PIRP irp, const KSSTREAM_HEADER *header, LOCK_OPERATION operation,
                                PMDL *mdl);
/* Undoes all locks of the IRP. */
void ks_stream_headers_unlock(PIRP irp);

#endif
