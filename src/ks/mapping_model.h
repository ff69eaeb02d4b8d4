/* SPDX-License-Identifier: MIT */
/* For ks's tests: what a mapping table must be, said byte by byte. A frame is an array of bytes,
 * each with its logical address; a mapping is as many bytes in a row as lie behind one another on
 * the bus, no more than the limit. Slow, and with nothing in common with mapping_split.c. */
#ifndef WEIR_KS_MAPPING_MODEL_H
#define WEIR_KS_MAPPING_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MODEL_BYTES_MAX = 96 * 1024 };

struct model_byte {
    uint64_t la;
    bool begins; /* an element of the list begins here, though it may join the one before */
};

struct model_frame {
    struct model_byte bytes[MODEL_BYTES_MAX];
    uint32_t size_bytes;
};

static inline bool model_begins_mapping(const struct model_frame *frame, uint32_t at,
                                        uint32_t mapped_bytes, uint32_t limit_bytes)
{
    if (at == 0 || frame->bytes[at].begins)
        return true;
    if (frame->bytes[at].la != frame->bytes[at - 1].la + 1)
        return true;
    return limit_bytes != 0 && mapped_bytes == limit_bytes;
}

static inline void model_expect_entry(const uint8_t *entry, uint64_t la, uint32_t size_bytes)
{
    KSMAPPING mapping;

    memcpy(&mapping, entry, sizeof mapping);
    assert_int_equal(mapping.PhysicalAddress.QuadPart, la);
    assert_int_equal(mapping.ByteCount, size_bytes);
    assert_int_equal(mapping.Alignment, 0);
}

/* The table is the one the frame must have; returns its number of entries. */
static inline uint32_t model_expect_table(const struct model_frame *frame, uint32_t limit_bytes,
                                          const uint8_t *table, uint32_t stride_bytes)
{
    uint32_t count = 0;
    uint32_t mapped_bytes = 0;
    uint64_t first_la = 0;

    for (uint32_t at = 0; at < frame->size_bytes; at++) {
        if (model_begins_mapping(frame, at, mapped_bytes, limit_bytes)) {
            if (mapped_bytes != 0)
                model_expect_entry(table + (size_t)count++ * stride_bytes, first_la, mapped_bytes);
            first_la = frame->bytes[at].la;
            mapped_bytes = 0;
        }
        mapped_bytes++;
    }
    if (mapped_bytes != 0)
        model_expect_entry(table + (size_t)count++ * stride_bytes, first_la, mapped_bytes);
    return count;
}

#endif
