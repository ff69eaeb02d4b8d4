/* SPDX-License-Identifier: MIT */
/* What the two kinds of sources share. Not a door. */
#ifndef WEIR_SUPER_SOURCE_H
#define WEIR_SUPER_SOURCE_H

#include "base/base.h"
#include "host/host.h"
#include "super/super.h"

struct super_source {
    struct host_input input;
    struct super_contents contents;
    char name[256]; /* for messages */
    char why[256];
    uint64_t number; /* of the next picture */
    uint8_t *planes; /* one picture as the file has it */
    uint64_t picture_bytes;
    const char *chroma; /* "4:2:2" */
    uint64_t left_bytes; /* of sound; UINT64_MAX: up to the end */
    uint32_t block_bytes;
};

/* -EINVAL, with words. */
int source_damaged(struct super_source *source, const char *format, ...) WEIR_PRINTF(2, 3);
/* Not damaged, but it cannot be read; with words. */
int source_unreadable(struct super_source *source, int error);
/* All of count bytes, or it is cut off. */
int source_read_all(struct super_source *source, void *to, size_t count);

/* first are the 12 bytes the file begins with, which have been read. */
enum { SOURCE_FIRST_BYTES = 12 };
int source_y4m_open(struct super_source *source, const uint8_t *first);
int source_y4m_next(struct super_source *source, const struct super_format *format, uint8_t *to,
                    uint64_t *got);
int source_wav_open(struct super_source *source, const uint8_t *first);
int source_wav_next(struct super_source *source, const struct super_format *format, uint8_t *to,
                    uint64_t *got);

#endif
