/* SPDX-License-Identifier: MIT */
#include "base/cursor.h"

#include <string.h>

void cursor_init(struct cursor *cursor, const void *base, size_t size)
{
    cursor->base = base;
    cursor->size = base != NULL ? size : 0;
    cursor->offset = 0;
}

bool cursor_seek(struct cursor *cursor, uint64_t offset)
{
    if (offset > cursor->size)
        return false;
    cursor->offset = (size_t)offset;
    return true;
}

bool cursor_skip(struct cursor *cursor, uint64_t count)
{
    if (count > cursor_remaining(cursor))
        return false;
    cursor->offset += (size_t)count;
    return true;
}

static bool read_little_endian(struct cursor *cursor, size_t bytes, uint64_t *out)
{
    const uint8_t *from;
    uint64_t value = 0;

    if (!cursor_bytes(cursor, bytes, &from))
        return false;
    for (size_t i = 0; i < bytes; i++)
        value |= (uint64_t)from[i] << (8 * i);
    *out = value;
    return true;
}

bool cursor_u8(struct cursor *cursor, uint8_t *out)
{
    uint64_t value;

    if (!read_little_endian(cursor, sizeof(*out), &value))
        return false;
    *out = (uint8_t)value;
    return true;
}

bool cursor_u16(struct cursor *cursor, uint16_t *out)
{
    uint64_t value;

    if (!read_little_endian(cursor, sizeof(*out), &value))
        return false;
    *out = (uint16_t)value;
    return true;
}

bool cursor_u32(struct cursor *cursor, uint32_t *out)
{
    uint64_t value;

    if (!read_little_endian(cursor, sizeof(*out), &value))
        return false;
    *out = (uint32_t)value;
    return true;
}

bool cursor_u64(struct cursor *cursor, uint64_t *out)
{
    return read_little_endian(cursor, sizeof(*out), out);
}

bool cursor_bytes(struct cursor *cursor, uint64_t count, const uint8_t **out)
{
    if (cursor->base == NULL || count > cursor_remaining(cursor))
        return false;
    *out = cursor->base + cursor->offset;
    cursor->offset += (size_t)count;
    return true;
}

bool cursor_string(struct cursor *cursor, size_t max, const char **out)
{
    size_t limit = cursor_remaining(cursor) < max ? cursor_remaining(cursor) : max;
    const uint8_t *from;
    const uint8_t *end;

    if (limit == 0)
        return false;
    from = cursor->base + cursor->offset;
    end = memchr(from, 0, limit);
    if (end == NULL)
        return false;
    *out = (const char *)from;
    cursor->offset += (size_t)(end - from) + 1;
    return true;
}

bool cursor_sub(const struct cursor *cursor, uint64_t offset, uint64_t size, struct cursor *out)
{
    if (offset > cursor->size || size > cursor->size - offset)
        return false;
    cursor_init(out, cursor->base + offset, (size_t)size);
    return true;
}
