/* SPDX-License-Identifier: MIT */
/* The printf engine behind DbgPrint and the C runtime names that ntoskrnl exports.
 * It speaks the Microsoft dialect: %wZ and %Z print counted strings, %S prints a string of the
 * other width, %I64x and %Ix size an integer, %p is sixteen upper-case digits. Text that the format
 * points at is read once and must be valid; a NULL string prints "(null)".
 * Callable at any IRQL: it allocates nothing. Not here: scanning, %n (which prints nothing),
 * locales; wide characters beyond Latin-1 become '?' in narrow output. */
#ifndef WEIR_NT_RTL_FORMAT_H
#define WEIR_NT_RTL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "wdk/ntdef.h"

/* Where characters go. Exactly one of narrow and wide is used, as the call says; characters past
 * capacity are counted and dropped. */
struct rtl_sink {
    char *narrow;
    WCHAR *wide;
    size_t capacity; /* in characters, all of them usable */
    size_t length; /* characters the whole text has, written or not */
};

/* list is consumed. The text gets no terminator. */
void rtl_format_narrow(struct rtl_sink *sink, const char *format, NT_VA_LIST *list);
void rtl_format_wide(struct rtl_sink *sink, const WCHAR *format, NT_VA_LIST *list);

#endif
