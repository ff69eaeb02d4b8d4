/* SPDX-License-Identifier: MIT */
/* The printf family of the C runtime, as ntoskrnl exports it.
 * sprintf trusts its caller; _snprintf writes a terminator only when there is room for one and
 * returns -1 when the text is longer; the _s family always terminates. */
#include "rtl/crt.h"

#include "rtl/format.h"

#define TRUNCATE ((SIZE_T)-1)
#define UNBOUNDED ((SIZE_T)-1)

static struct rtl_sink narrow_of(char *to, SIZE_T room, const char *format, NT_VA_LIST *list)
{
    struct rtl_sink sink = {.narrow = to, .capacity = to != NULL ? room : 0};

    rtl_format_narrow(&sink, format, list);
    if (sink.length < sink.capacity)
        to[sink.length] = 0;
    return sink;
}

static struct rtl_sink wide_of(WCHAR *to, SIZE_T room, const WCHAR *format, NT_VA_LIST *list)
{
    struct rtl_sink sink = {.wide = to, .capacity = to != NULL ? room : 0};

    rtl_format_wide(&sink, format, list);
    if (sink.length < sink.capacity)
        to[sink.length] = 0;
    return sink;
}

/* Exactly room characters fit without a terminator; that is a success. */
static int bounded_result(const struct rtl_sink *sink, SIZE_T room)
{
    return sink->length > room ? -1 : (int)sink->length;
}

int NTCDECL nt_vsprintf(char *to, const char *format, NT_VA_LIST list)
{
    return (int)narrow_of(to, UNBOUNDED, format, &list).length;
}

int NTCDECL nt__vsnprintf(char *to, SIZE_T room, const char *format, NT_VA_LIST list)
{
    struct rtl_sink sink = narrow_of(to, room, format, &list);

    return bounded_result(&sink, room);
}

int NTCDECL nt__vscprintf(const char *format, NT_VA_LIST list)
{
    return (int)narrow_of(NULL, 0, format, &list).length;
}

int NTCDECL nt__vsnprintf_s(char *to, SIZE_T room, SIZE_T count, const char *format,
                            NT_VA_LIST list)
{
    struct rtl_sink sink;

    if (to == NULL || room == 0 || format == NULL)
        return -1;
    sink = narrow_of(to, count < room ? count : room, format, &list);
    if (sink.length <= sink.capacity && sink.length < room) {
        to[sink.length] = 0;
        return (int)sink.length;
    }
    /* Too long: cut where the caller said so, else refused. */
    if (count == TRUNCATE || count < room)
        to[count < room ? count : room - 1] = 0;
    else
        to[0] = 0;
    return -1;
}

int NTCDECL nt_vsprintf_s(char *to, SIZE_T room, const char *format, NT_VA_LIST list)
{
    return nt__vsnprintf_s(to, room, room, format, list);
}

int NTCDECL nt_vswprintf(WCHAR *to, const WCHAR *format, NT_VA_LIST list)
{
    return (int)wide_of(to, UNBOUNDED, format, &list).length;
}

int NTCDECL nt__vsnwprintf(WCHAR *to, SIZE_T room, const WCHAR *format, NT_VA_LIST list)
{
    struct rtl_sink sink = wide_of(to, room, format, &list);

    return bounded_result(&sink, room);
}

int NTCDECL nt__vscwprintf(const WCHAR *format, NT_VA_LIST list)
{
    return (int)wide_of(NULL, 0, format, &list).length;
}

int NTCDECL nt__vsnwprintf_s(WCHAR *to, SIZE_T room, SIZE_T count, const WCHAR *format,
                             NT_VA_LIST list)
{
    struct rtl_sink sink;

    if (to == NULL || room == 0 || format == NULL)
        return -1;
    sink = wide_of(to, count < room ? count : room, format, &list);
    if (sink.length <= sink.capacity && sink.length < room) {
        to[sink.length] = 0;
        return (int)sink.length;
    }
    if (count == TRUNCATE || count < room)
        to[count < room ? count : room - 1] = 0;
    else
        to[0] = 0;
    return -1;
}

int NTCDECL nt_vswprintf_s(WCHAR *to, SIZE_T room, const WCHAR *format, NT_VA_LIST list)
{
    return nt__vsnwprintf_s(to, room, room, format, list);
}

/* The variadic faces of the functions above. */
#define FORWARD(call)                                                                              \
    NT_VA_LIST list;                                                                               \
    int result;                                                                                    \
                                                                                                   \
    NT_VA_START(list, format);                                                                     \
    result = call;                                                                                 \
    NT_VA_END(list);                                                                               \
    return result

int NTCDECL nt_sprintf(char *to, const char *format, ...)
{
    FORWARD(nt_vsprintf(to, format, list));
}

int NTCDECL nt__snprintf(char *to, SIZE_T room, const char *format, ...)
{
    FORWARD(nt__vsnprintf(to, room, format, list));
}

int NTCDECL nt_sprintf_s(char *to, SIZE_T room, const char *format, ...)
{
    FORWARD(nt_vsprintf_s(to, room, format, list));
}

int NTCDECL nt__snprintf_s(char *to, SIZE_T room, SIZE_T count, const char *format, ...)
{
    FORWARD(nt__vsnprintf_s(to, room, count, format, list));
}

int NTCDECL nt_swprintf(WCHAR *to, const WCHAR *format, ...)
{
    FORWARD(nt_vswprintf(to, format, list));
}

int NTCDECL nt__snwprintf(WCHAR *to, SIZE_T room, const WCHAR *format, ...)
{
    FORWARD(nt__vsnwprintf(to, room, format, list));
}

int NTCDECL nt_swprintf_s(WCHAR *to, SIZE_T room, const WCHAR *format, ...)
{
    FORWARD(nt_vswprintf_s(to, room, format, list));
}

int NTCDECL nt__snwprintf_s(WCHAR *to, SIZE_T room, SIZE_T count, const WCHAR *format, ...)
{
    FORWARD(nt__vsnwprintf_s(to, room, count, format, list));
}
