/* SPDX-License-Identifier: MIT */
/* Bounded little-endian reader over bytes that somebody else owns.
 * Each read returns true and moves on, or returns false and leaves cursor and output as they were:
 * a parser can report the offset at which the bytes ran out. No read ever leaves [base, base +
 * size). No alignment is needed. */
#ifndef WEIR_BASE_CURSOR_H
#define WEIR_BASE_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const uint8_t *base;
    size_t         size;
    size_t         offset; /* never above size */
};

void cursor_init(struct cursor *cursor, const void *base, size_t size);

static inline size_t cursor_remaining(const struct cursor *cursor)
{
    return cursor->size - cursor->offset;
}

bool cursor_seek(struct cursor *cursor, uint64_t offset);
bool cursor_skip(struct cursor *cursor, uint64_t count);

bool cursor_u8(struct cursor *cursor, uint8_t *out);
bool cursor_u16(struct cursor *cursor, uint16_t *out);
bool cursor_u32(struct cursor *cursor, uint32_t *out);
bool cursor_u64(struct cursor *cursor, uint64_t *out);

/* Borrows count bytes in place. */
bool cursor_bytes(struct cursor *cursor, uint64_t count, const uint8_t **out);

/* Borrows a string up to its NUL, which must come within max bytes; moves behind the NUL. */
bool cursor_string(struct cursor *cursor, size_t max, const char **out);

/* A second reader over [offset, offset + size) of this one; this one does not move. */
bool cursor_sub(const struct cursor *cursor, uint64_t offset, uint64_t size, struct cursor *out);

#endif
