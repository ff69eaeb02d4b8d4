/* SPDX-License-Identifier: MIT */
/* Narrow strings of the C runtime, as ntoskrnl exports them. */
#include "rtl/crt.h"

#include <stddef.h>

enum { ERROR_INVALID = 22, ERROR_RANGE = 34, TRUNCATED = 80 };
#define TRUNCATE ((SIZE_T)-1)

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
}

SIZE_T NTCDECL nt_strlen(const char *string)
{
    SIZE_T length = 0;

    while (string[length] != 0)
        length++;
    return length;
}

SIZE_T NTCDECL nt_strnlen(const char *string, SIZE_T limit)
{
    SIZE_T length = 0;

    while (length < limit && string[length] != 0)
        length++;
    return length;
}

char *NTCDECL nt_strcpy(char *to, const char *from)
{
    SIZE_T i = 0;

    do {
        to[i] = from[i];
    } while (from[i++] != 0);
    return to;
}

/* Fills up with zeros, and leaves no terminator when there is no room for one. */
char *NTCDECL nt_strncpy(char *to, const char *from, SIZE_T count)
{
    SIZE_T i;

    for (i = 0; i < count && from[i] != 0; i++)
        to[i] = from[i];
    for (; i < count; i++)
        to[i] = 0;
    return to;
}

char *NTCDECL nt_strcat(char *to, const char *from)
{
    nt_strcpy(to + nt_strlen(to), from);
    return to;
}

char *NTCDECL nt_strncat(char *to, const char *from, SIZE_T count)
{
    char *end = to + nt_strlen(to);

    while (count-- > 0 && *from != 0)
        *end++ = *from++;
    *end = 0;
    return to;
}

int NTCDECL nt_strcmp(const char *a, const char *b)
{
    return nt_strncmp(a, b, (SIZE_T)-1);
}

int NTCDECL nt_strncmp(const char *a, const char *b, SIZE_T count)
{
    for (; count > 0; a++, b++, count--) {
        if (*a != *b)
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        if (*a == 0)
            return 0;
    }
    return 0;
}

int NTCDECL nt__stricmp(const char *a, const char *b)
{
    return nt__strnicmp(a, b, (SIZE_T)-1);
}

int NTCDECL nt__strnicmp(const char *a, const char *b, SIZE_T count)
{
    for (; count > 0; a++, b++, count--) {
        int difference = (unsigned char)lower(*a) - (unsigned char)lower(*b);

        if (difference != 0 || *a == 0)
            return difference;
    }
    return 0;
}

char *NTCDECL nt_strchr(const char *string, int character)
{
    for (;; string++) {
        if (*string == (char)character)
            return (char *)(ULONG_PTR)string;
        if (*string == 0)
            return NULL;
    }
}

char *NTCDECL nt_strrchr(const char *string, int character)
{
    const char *found = NULL;

    for (;; string++) {
        if (*string == (char)character)
            found = string;
        if (*string == 0)
            return (char *)(ULONG_PTR)found;
    }
}

char *NTCDECL nt_strstr(const char *string, const char *part)
{
    SIZE_T length = nt_strlen(part);

    for (;; string++) {
        if (nt_strncmp(string, part, length) == 0)
            return (char *)(ULONG_PTR)string;
        if (*string == 0)
            return NULL;
    }
}

static int is_in(const char *set, char character)
{
    return character != 0 && nt_strchr(set, character) != NULL;
}

SIZE_T NTCDECL nt_strspn(const char *string, const char *set)
{
    SIZE_T length = 0;

    while (is_in(set, string[length]))
        length++;
    return length;
}

SIZE_T NTCDECL nt_strcspn(const char *string, const char *set)
{
    SIZE_T length = 0;

    while (string[length] != 0 && !is_in(set, string[length]))
        length++;
    return length;
}

char *NTCDECL nt_strpbrk(const char *string, const char *set)
{
    string += nt_strcspn(string, set);
    return *string != 0 ? (char *)(ULONG_PTR)string : NULL;
}

char *NTCDECL nt__strlwr(char *string)
{
    for (SIZE_T i = 0; string[i] != 0; i++)
        string[i] = lower(string[i]);
    return string;
}

char *NTCDECL nt__strupr(char *string)
{
    for (SIZE_T i = 0; string[i] != 0; i++)
        string[i] = upper(string[i]);
    return string;
}

char *NTCDECL nt__strrev(char *string)
{
    SIZE_T length = nt_strlen(string);

    for (SIZE_T i = 0; i < length / 2; i++) {
        char kept = string[i];

        string[i] = string[length - 1 - i];
        string[length - 1 - i] = kept;
    }
    return string;
}

char *NTCDECL nt__strnset(char *string, int character, SIZE_T count)
{
    for (SIZE_T i = 0; i < count && string[i] != 0; i++)
        string[i] = (char)character;
    return string;
}

char *NTCDECL nt__strset(char *string, int character)
{
    return nt__strnset(string, character, (SIZE_T)-1);
}

char *NTCDECL nt_strtok_s(char *string, const char *set, char **context)
{
    char *start = string != NULL ? string : *context;
    char *end;

    start += nt_strspn(start, set);
    end = start + nt_strcspn(start, set);
    *context = *end != 0 ? end + 1 : end;
    *end = 0;
    return start != end ? start : NULL;
}

/* Security-enhanced versions. A bad argument or a text that does not fit empties the destination;
 * TRUNCATE as count asks for as much as fits. "Parameter validation" and the pages of the
 * functions. */
static int copy_into(char *start, SIZE_T room, SIZE_T at, const char *from, SIZE_T count)
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

int NTCDECL nt_strncpy_s(char *to, SIZE_T room, const char *from, SIZE_T count)
{
    if (to == NULL || room == 0)
        return to == NULL && room == 0 && count == 0 ? 0 : ERROR_INVALID;
    return copy_into(to, room, 0, from, count);
}

int NTCDECL nt_strncat_s(char *to, SIZE_T room, const char *from, SIZE_T count)
{
    SIZE_T length;

    if (to == NULL || room == 0)
        return to == NULL && room == 0 && count == 0 ? 0 : ERROR_INVALID;
    length = nt_strnlen(to, room);
    if (length == room) {
        to[0] = 0;
        return ERROR_INVALID;
    }
    return copy_into(to, room, length, from, count);
}

/* One less than TRUNCATE: as much as there is, and it has to fit. */
int NTCDECL nt_strcpy_s(char *to, SIZE_T room, const char *from)
{
    return nt_strncpy_s(to, room, from, TRUNCATE - 1);
}

int NTCDECL nt_strcat_s(char *to, SIZE_T room, const char *from)
{
    return nt_strncat_s(to, room, from, TRUNCATE - 1);
}
