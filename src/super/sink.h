/* SPDX-License-Identifier: MIT */
/* What file sinks share: an output file, the format, a copy of a short frame padded to its full
 * size. Not a door. */
#ifndef WEIR_SUPER_SINK_H
#define WEIR_SUPER_SINK_H

#include "host/host.h"
#include "super/super.h"

struct sink_file {
    struct host_file file;
    struct super_format format;
    uint64_t frames;
    uint8_t *whole; /* frame_bytes, for frames that are shorter */
    uint8_t *packed; /* what the file gets */
    uint64_t packed_bytes;
    uint64_t wanted; /* the one frame a snapshot wants */
    super_frame_fn *take; /* of a stream, once it is known what flows in it */
    super_end_fn *finish;
    uint64_t data_bytes; /* of sound */
    const char *why; /* words for a failure that errno has none for */
    int write_error; /* of a write below a library that only knows success and failure */
    char name[256];
};

/* A file to be must have the ending (NULL: any name will do); what is written in place need not. */
int sink_open(const char *path, const char *ending, struct sink_file **out,
              struct super_error *error);
void sink_release(void *ctx);
int sink_end(void *ctx, bool ok); /* commit when a frame was written, else remove */
const char *sink_why(void *ctx);
bool sink_wants_wanted(void *ctx, uint64_t number);
/* The two kinds of a stream. */
super_format_fn sink_y4m_format, sink_wav_format;
super_frame_fn sink_y4m_frame, sink_wav_frame;
super_end_fn sink_wav_end;
/* The frame's bytes padded with zeros to frame_bytes where it is short. */
const uint8_t *sink_whole(struct sink_file *sink, const struct super_frame *frame);

#endif
