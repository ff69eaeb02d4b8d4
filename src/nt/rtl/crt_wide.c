/* SPDX-License-Identifier: MIT */
/* Wide strings of the C runtime, as ntoskrnl exports them. */
#include "rtl/crt.h"

#include <stddef.h>

#include "rtl/chars.h"

enum { ERROR_INVALID = 22, ERROR_RANGE = 34, TRUNCATED = 80 };
#define TRUNCATE ((SIZE_T)-1)

static WCHAR lower(WCHAR c)
{
    return rtl_downcase(c);
}

static WCHAR upper(WCHAR c)
{
    return rtl_upcase(c);
}

SIZE_T NTCDECL nt_wcslen(const WCHAR *string)
{
    SIZE_T length = 0;

    while (string[length] != 0)
        length++;
    return length;
}

SIZE_T NTCDECL nt_wcsnlen(const WCHAR *string, SIZE_T limit)
{
    SIZE_T length = 0;

    while (length < limit && string[length] != 0)
        length++;
    return length;
}

WCHAR *NTCDECL nt_wcscpy(WCHAR *to, const WCHAR *from)
{
    SIZE_T i = 0;

    do {
        to[i] = from[i];
    } while (from[i++] != 0);
    return to;
}

/* Fills up with zeros, and leaves no terminator when there is no room for one. */
WCHAR *NTCDECL nt_wcsncpy(WCHAR *to, const WCHAR *from, SIZE_T count)
{
    SIZE_T i;

    for (i = 0; i < count && from[i] != 0; i++)
        to[i] = from[i];
    for (; i < count; i++)
        to[i] = 0;
    return to;
}

WCHAR *NTCDECL nt_wcscat(WCHAR *to, const WCHAR *from)
{
    nt_wcscpy(to + nt_wcslen(to), from);
    return to;
}

WCHAR *NTCDECL nt_wcsncat(WCHAR *to, const WCHAR *from, SIZE_T count)
{
    WCHAR *end = to + nt_wcslen(to);

    while (count-- > 0 && *from != 0)
        *end++ = *from++;
    *end = 0;
    return to;
}

int NTCDECL nt_wcscmp(const WCHAR *a, const WCHAR *b)
{
    return nt_wcsncmp(a, b, (SIZE_T)-1);
}

int NTCDECL nt_wcsncmp(const WCHAR *a, const WCHAR *b, SIZE_T count)
{
    for (; count > 0; a++, b++, count--) {
        if (*a != *b)
            return (WCHAR)*a < (WCHAR)*b ? -1 : 1;
        if (*a == 0)
            return 0;
    }
    return 0;
}

int NTCDECL nt__wcsicmp(const WCHAR *a, const WCHAR *b)
{
    return nt__wcsnicmp(a, b, (SIZE_T)-1);
}

int NTCDECL nt__wcsnicmp(const WCHAR *a, const WCHAR *b, SIZE_T count)
{
    for (; count > 0; a++, b++, count--) {
        int difference = (WCHAR)lower(*a) - (WCHAR)lower(*b);

        if (difference != 0 || *a == 0)
            return difference;
    }
    return 0;
}

WCHAR *NTCDECL nt_wcschr(const WCHAR *string, WCHAR character)
{
    for (;; string++) {
        if (*string == (WCHAR)character)
            return (WCHAR *)(ULONG_PTR)string;
        if (*string == 0)
            return NULL;
    }
}

WCHAR *NTCDECL nt_wcsrchr(const WCHAR *string, WCHAR character)
{
    const WCHAR *found = NULL;

    for (;; string++) {
        if (*string == (WCHAR)character)
            found = string;
        if (*string == 0)
            return (WCHAR *)(ULONG_PTR)found;
    }
}

WCHAR *NTCDECL nt_wcsstr(const WCHAR *string, const WCHAR *part)
{
    SIZE_T length = nt_wcslen(part);

    for (;; string++) {
        if (nt_wcsncmp(string, part, length) == 0)
            return (WCHAR *)(ULONG_PTR)string;
        if (*string == 0)
            return NULL;
    }
}

static int is_in(const WCHAR *set, WCHAR character)
{
    return character != 0 && nt_wcschr(set, character) != NULL;
}

SIZE_T NTCDECL nt_wcsspn(const WCHAR *string, const WCHAR *set)
{
    SIZE_T length = 0;

    while (is_in(set, string[length]))
        length++;
    return length;
}

SIZE_T NTCDECL nt_wcscspn(const WCHAR *string, const WCHAR *set)
{
    SIZE_T length = 0;

    while (string[length] != 0 && !is_in(set, string[length]))
        length++;
    return length;
}

WCHAR *NTCDECL nt_wcspbrk(const WCHAR *string, const WCHAR *set)
{
    string += nt_wcscspn(string, set);
    return *string != 0 ? (WCHAR *)(ULONG_PTR)string : NULL;
}

WCHAR *NTCDECL nt__wcslwr(WCHAR *string)
{
    for (SIZE_T i = 0; string[i] != 0; i++)
        string[i] = lower(string[i]);
    return string;
}

WCHAR *NTCDECL nt__wcsupr(WCHAR *string)
{
    for (SIZE_T i = 0; string[i] != 0; i++)
        string[i] = upper(string[i]);
    return string;
}

WCHAR *NTCDECL nt__wcsrev(WCHAR *string)
{
    SIZE_T length = nt_wcslen(string);

    for (SIZE_T i = 0; i < length / 2; i++) {
        WCHAR kept = string[i];

        string[i] = string[length - 1 - i];
        string[length - 1 - i] = kept;
    }
    return string;
}

WCHAR *NTCDECL nt__wcsnset(WCHAR *string, WCHAR character, SIZE_T count)
{
    for (SIZE_T i = 0; i < count && string[i] != 0; i++)
        string[i] = (WCHAR)character;
    return string;
}

/* Code page 1252 has one byte a character, so counts of both sides agree. A NULL destination asks
 * how many there would be. */
SIZE_T NTCDECL nt_mbstowcs(WCHAR *to, const char *from, SIZE_T count)
{
    SIZE_T i;

    for (i = 0; to == NULL || i < count; i++) {
        if (to != NULL)
            to[i] = rtl_wide_of_ansi((unsigned char)from[i]);
        if (from[i] == 0)
            break;
    }
    return i;
}

SIZE_T NTCDECL nt_wcstombs(char *to, const WCHAR *from, SIZE_T count)
{
    SIZE_T i;

    for (i = 0; to == NULL || i < count; i++) {
        if (to != NULL)
            to[i] = (char)rtl_ansi_of_wide(from[i]);
        if (from[i] == 0)
            break;
    }
    return i;
}

int NTCDECL nt_mbtowc(WCHAR *to, const char *from, SIZE_T count)
{
    if (from == NULL || count == 0)
        return 0;
    if (to != NULL)
        *to = rtl_wide_of_ansi((unsigned char)*from);
    return *from != 0;
}

int NTCDECL nt_wctomb(char *to, WCHAR from)
{
    if (to == NULL)
        return 0;
    *to = (char)rtl_ansi_of_wide(from);
    return 1;
}

/* Security-enhanced versions. A bad argument or a text that does not fit empties the destination;
 * TRUNCATE as count asks for as much as fits. "Parameter validation" and the pages of the
 * functions. */
static int copy_into(WCHAR *start, SIZE_T room, SIZE_T at, const WCHAR *from, SIZE_T count)
{
    SIZE_T i;

    if (from == NULL && count != 0) {
        start[0] = 0;
        return ERROR_INVALID;
    }
    for (i = 0; i < count && from[i] != 0; i++) {
        if (at + i + 1 >= room) {
            if (count == TRUNCATE) {
                start[at + i] = 0;
                return TRUNCATED;
            }
            start[0] = 0;
            return ERROR_RANGE;
        }
        start[at + i] = from[i];
    }
    start[at + i] = 0;
    return 0;
}

int NTCDECL nt_wcsncpy_s(WCHAR *to, SIZE_T room, const WCHAR *from, SIZE_T count)
{
    if (to == NULL || room == 0)
        return to == NULL && room == 0 && count == 0 ? 0 : ERROR_INVALID;
    return copy_into(to, room, 0, from, count);
}

int NTCDECL nt_wcsncat_s(WCHAR *to, SIZE_T room, const WCHAR *from, SIZE_T count)
{
    SIZE_T length;

    if (to == NULL || room == 0)
        return to == NULL && room == 0 && count == 0 ? 0 : ERROR_INVALID;
    length = nt_wcsnlen(to, room);
    if (length == room) {
        to[0] = 0;
        return ERROR_INVALID;
    }
    return copy_into(to, room, length, from, count);
}

/* One less than TRUNCATE: as much as there is, and it has to fit. */
int NTCDECL nt_wcscpy_s(WCHAR *to, SIZE_T room, const WCHAR *from)
{
    return nt_wcsncpy_s(to, room, from, TRUNCATE - 1);
}

int NTCDECL nt_wcscat_s(WCHAR *to, SIZE_T room, const WCHAR *from)
{
    return nt_wcsncat_s(to, room, from, TRUNCATE - 1);
}
