/* SPDX-License-Identifier: MIT */
/* The run-time library: strings, numbers, versions, bitmaps, debug output, the C runtime. Windows
 * functions (RtlInitUnicodeString, DbgPrint ...) stand in wdk/wdm.h and are implemented here under
 * their own names; the C runtime that ntoskrnl exports is in rtl/crt.h. This door holds what other
 * rooms need beside them. Functions without a machine are pure and callable anywhere. Order:
 * rtl_create right after ke_create, rtl_destroy right before ke_destroy. */
#ifndef WEIR_NT_RTL_H
#define WEIR_NT_RTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ke/ke.h"
#include "rtl/chars.h"
#include "rtl/crt.h"
#include "wdk/wdm.h"

struct rtl {
    struct ke *ke;
    uint32_t random; /* of rand */
};
int rtl_create(struct ke *ke, struct rtl **out);
void rtl_destroy(struct rtl *rtl);
struct rtl *rtl_of(struct ke *ke);

/* Compares without case; the same order as RtlCompareUnicodeString. */
int rtl_compare(const WCHAR *a, size_t a_count, const WCHAR *b, size_t b_count, bool ignore_case);
static inline bool rtl_equal(const UNICODE_STRING *a, const UNICODE_STRING *b)
{
    return rtl_compare(a->Buffer, a->Length / sizeof(WCHAR), b->Buffer,
                       b->Length / sizeof(WCHAR), true) == 0;
}

/* Terminated copies of a counted string and of plain ASCII in host memory, freed with free();
 * NULL without memory. */
WCHAR *rtl_wide_copy(const WCHAR *text, size_t count);
WCHAR *rtl_wide_of_ascii(const char *text);

/* A counted, terminated copy in paged pool, as a driver may own it. */
NTSTATUS rtl_string_create(const WCHAR *text, size_t count, ULONG tag, UNICODE_STRING *out);

/* "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}": 38 characters and a terminator. */
enum { RTL_GUID_CHARS = 38 };
void rtl_guid_spell(const GUID *guid, char out[RTL_GUID_CHARS + 1]);

#endif
