/* SPDX-License-Identifier: MIT */
#include "rtl/rtl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

int rtl_create(struct ke *ke, struct rtl **out)
{
    struct rtl *rtl = calloc(1, sizeof *rtl);

    if (rtl == NULL)
        return -ENOMEM;
    rtl->ke = ke;
    rtl->random = 1;
    ke_set_room(ke, KE_ROOM_RTL, rtl);
    *out = rtl;
    return 0;
}

void rtl_destroy(struct rtl *rtl)
{
    if (rtl == NULL)
        return;
    ke_set_room(rtl->ke, KE_ROOM_RTL, NULL);
    free(rtl);
}

struct rtl *rtl_of(struct ke *ke)
{
    return ke_room(ke, KE_ROOM_RTL);
}

WCHAR *rtl_wide_copy(const WCHAR *text, size_t count)
{
    WCHAR *copy = malloc((count + 1) * sizeof *copy);

    if (copy == NULL)
        return NULL;
    if (count != 0)
        memcpy(copy, text, count * sizeof *copy);
    copy[count] = 0;
    return copy;
}

WCHAR *rtl_wide_of_ascii(const char *text)
{
    size_t count = strlen(text);
    WCHAR *wide = malloc((count + 1) * sizeof *wide);
    size_t i;

    if (wide == NULL)
        return NULL;
    for (i = 0; i <= count; i++)
        wide[i] = (unsigned char)text[i];
    return wide;
}

NTSTATUS rtl_string_create(const WCHAR *text, size_t count, ULONG tag, UNICODE_STRING *out)
{
    size_t bytes = count * sizeof(WCHAR);
    WCHAR *buffer;

    if (bytes + sizeof(WCHAR) > UNICODE_STRING_MAX_BYTES)
        return STATUS_NAME_TOO_LONG;
    buffer = ExAllocatePoolWithTag(PagedPool, bytes + sizeof(WCHAR), tag);
    if (buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    if (count != 0)
        memcpy(buffer, text, bytes);
    buffer[count] = 0;
    *out = (UNICODE_STRING){(USHORT)bytes, (USHORT)(bytes + sizeof(WCHAR)), buffer};
    return STATUS_SUCCESS;
}
