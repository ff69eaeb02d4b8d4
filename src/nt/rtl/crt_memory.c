/* SPDX-License-Identifier: MIT */
/* Memory functions of the C runtime, as ntoskrnl exports them. Drivers copy whole frames through
 * these, so they hand the work to the host's library, which picks the CPU's best instructions. */
#include "rtl/crt.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { ERROR_INVALID = 22, ERROR_RANGE = 34 };

/* What a driver passes is not weir's mistake, as the library's functions would have it when they
 * are watched. */
#if defined(__SANITIZE_ADDRESS__)
static WEIR_NO_SANITIZE void *move(void *to, const void *from, SIZE_T count)
{
    const volatile UCHAR *source = from;
    volatile UCHAR *target = to;

    if ((ULONG_PTR)to <= (ULONG_PTR)from) {
        for (SIZE_T i = 0; i < count; i++)
            target[i] = source[i];
    } else {
        for (SIZE_T i = count; i > 0; i--)
            target[i - 1] = source[i - 1];
    }
    return to;
}

static WEIR_NO_SANITIZE void *fill(void *to, int value, SIZE_T count)
{
    volatile UCHAR *target = to;

    for (SIZE_T i = 0; i < count; i++)
        target[i] = (UCHAR)value;
    return to;
}
#else
static void *move(void *to, const void *from, SIZE_T count)
{
    return memmove(to, from, count);
}

static void *fill(void *to, int value, SIZE_T count)
{
    return memset(to, value, count);
}
#endif

void *NTCDECL nt_memcpy(void *to, const void *from, SIZE_T count)
{
    return move(to, from, count); /* memcpy is memmove on Windows */
}

void *NTCDECL nt_memmove(void *to, const void *from, SIZE_T count)
{
    return move(to, from, count);
}

void *NTCDECL nt_memset(void *to, int value, SIZE_T count)
{
    return fill(to, value, count);
}

WEIR_NO_SANITIZE int NTCDECL nt_memcmp(const void *a, const void *b, SIZE_T count)
{
    int result = memcmp(a, b, count);

    return (result > 0) - (result < 0);
}

WEIR_NO_SANITIZE void *NTCDECL nt_memchr(const void *memory, int value, SIZE_T count)
{
    return memchr((void *)(ULONG_PTR)memory, value, count);
}

/* What does not fit empties the destination. */
int NTCDECL nt_memcpy_s(void *to, SIZE_T room, const void *from, SIZE_T count)
{
    if (count == 0)
        return 0;
    if (to == NULL)
        return ERROR_INVALID;
    if (from == NULL || room < count) {
        fill(to, 0, room);
        return from == NULL ? ERROR_INVALID : ERROR_RANGE;
    }
    move(to, from, count);
    return 0;
}

/* Unlike memcpy_s it leaves the destination alone when it refuses. */
int NTCDECL nt_memmove_s(void *to, SIZE_T room, const void *from, SIZE_T count)
{
    if (count == 0)
        return 0;
    if (to == NULL || from == NULL)
        return ERROR_INVALID;
    if (room < count)
        return ERROR_RANGE;
    move(to, from, count);
    return 0;
}
