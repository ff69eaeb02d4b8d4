/* SPDX-License-Identifier: MIT */
/* The C runtime that ntoskrnl exports, under the names nt_<export>: nt_memcpy is what a driver's
 * import of memcpy reaches. Same results as the C library pages of the Windows documentation, where
 * they differ from ISO C too: _snprintf returns -1 and leaves no terminator when text does not fit,
 * the _s family empties its destination and returns EINVAL or ERANGE.
 * Callable at any IRQL on resident memory. Our own code uses the host's C library instead, except
 * where it needs the Microsoft dialect (nt_snprintf and kin). Not here: locales, files, heap. */
#ifndef WEIR_NT_RTL_CRT_H
#define WEIR_NT_RTL_CRT_H

#include "wdk/ntdef.h"

typedef int NTCDECL nt_compare_fn(const void *a, const void *b);

/* Memory. */
void *NTCDECL nt_memcpy(void *to, const void *from, SIZE_T count);
void *NTCDECL nt_memmove(void *to, const void *from, SIZE_T count);
void *NTCDECL nt_memset(void *to, int value, SIZE_T count);
int NTCDECL nt_memcmp(const void *a, const void *b, SIZE_T count);
void *NTCDECL nt_memchr(const void *memory, int value, SIZE_T count);
int NTCDECL nt_memcpy_s(void *to, SIZE_T room, const void *from, SIZE_T count);
int NTCDECL nt_memmove_s(void *to, SIZE_T room, const void *from, SIZE_T count);

/* Narrow strings. */
SIZE_T NTCDECL nt_strlen(const char *string);
SIZE_T NTCDECL nt_strnlen(const char *string, SIZE_T limit);
char *NTCDECL nt_strcpy(char *to, const char *from);
char *NTCDECL nt_strncpy(char *to, const char *from, SIZE_T count);
char *NTCDECL nt_strcat(char *to, const char *from);
char *NTCDECL nt_strncat(char *to, const char *from, SIZE_T count);
int NTCDECL nt_strcmp(const char *a, const char *b);
int NTCDECL nt_strncmp(const char *a, const char *b, SIZE_T count);
int NTCDECL nt__stricmp(const char *a, const char *b);
int NTCDECL nt__strnicmp(const char *a, const char *b, SIZE_T count);
char *NTCDECL nt_strchr(const char *string, int character);
char *NTCDECL nt_strrchr(const char *string, int character);
char *NTCDECL nt_strstr(const char *string, const char *part);
SIZE_T NTCDECL nt_strspn(const char *string, const char *set);
SIZE_T NTCDECL nt_strcspn(const char *string, const char *set);
char *NTCDECL nt_strpbrk(const char *string, const char *set);
char *NTCDECL nt_strtok_s(char *string, const char *set, char **context);
char *NTCDECL nt__strlwr(char *string);
char *NTCDECL nt__strupr(char *string);
char *NTCDECL nt__strrev(char *string);
char *NTCDECL nt__strset(char *string, int character);
char *NTCDECL nt__strnset(char *string, int character, SIZE_T count);
int NTCDECL nt_strcpy_s(char *to, SIZE_T room, const char *from);
int NTCDECL nt_strncpy_s(char *to, SIZE_T room, const char *from, SIZE_T count);
int NTCDECL nt_strcat_s(char *to, SIZE_T room, const char *from);
int NTCDECL nt_strncat_s(char *to, SIZE_T room, const char *from, SIZE_T count);

/* Wide strings. */
SIZE_T NTCDECL nt_wcslen(const WCHAR *string);
SIZE_T NTCDECL nt_wcsnlen(const WCHAR *string, SIZE_T limit);
WCHAR *NTCDECL nt_wcscpy(WCHAR *to, const WCHAR *from);
WCHAR *NTCDECL nt_wcsncpy(WCHAR *to, const WCHAR *from, SIZE_T count);
WCHAR *NTCDECL nt_wcscat(WCHAR *to, const WCHAR *from);
WCHAR *NTCDECL nt_wcsncat(WCHAR *to, const WCHAR *from, SIZE_T count);
int NTCDECL nt_wcscmp(const WCHAR *a, const WCHAR *b);
int NTCDECL nt_wcsncmp(const WCHAR *a, const WCHAR *b, SIZE_T count);
int NTCDECL nt__wcsicmp(const WCHAR *a, const WCHAR *b);
int NTCDECL nt__wcsnicmp(const WCHAR *a, const WCHAR *b, SIZE_T count);
WCHAR *NTCDECL nt_wcschr(const WCHAR *string, WCHAR character);
WCHAR *NTCDECL nt_wcsrchr(const WCHAR *string, WCHAR character);
WCHAR *NTCDECL nt_wcsstr(const WCHAR *string, const WCHAR *part);
SIZE_T NTCDECL nt_wcsspn(const WCHAR *string, const WCHAR *set);
SIZE_T NTCDECL nt_wcscspn(const WCHAR *string, const WCHAR *set);
WCHAR *NTCDECL nt_wcspbrk(const WCHAR *string, const WCHAR *set);
WCHAR *NTCDECL nt__wcslwr(WCHAR *string);
WCHAR *NTCDECL nt__wcsupr(WCHAR *string);
WCHAR *NTCDECL nt__wcsrev(WCHAR *string);
WCHAR *NTCDECL nt__wcsnset(WCHAR *string, WCHAR character, SIZE_T count);
int NTCDECL nt_wcscpy_s(WCHAR *to, SIZE_T room, const WCHAR *from);
int NTCDECL nt_wcsncpy_s(WCHAR *to, SIZE_T room, const WCHAR *from, SIZE_T count);
int NTCDECL nt_wcscat_s(WCHAR *to, SIZE_T room, const WCHAR *from);
int NTCDECL nt_wcsncat_s(WCHAR *to, SIZE_T room, const WCHAR *from, SIZE_T count);
SIZE_T NTCDECL nt_mbstowcs(WCHAR *to, const char *from, SIZE_T count);
SIZE_T NTCDECL nt_wcstombs(char *to, const WCHAR *from, SIZE_T count);
int NTCDECL nt_mbtowc(WCHAR *to, const char *from, SIZE_T count);
int NTCDECL nt_wctomb(char *to, WCHAR from);

/* Formatting. */
int NTCDECL nt_sprintf(char *to, const char *format, ...);
int NTCDECL nt_vsprintf(char *to, const char *format, NT_VA_LIST list);
int NTCDECL nt__snprintf(char *to, SIZE_T room, const char *format, ...);
int NTCDECL nt__vsnprintf(char *to, SIZE_T room, const char *format, NT_VA_LIST list);
int NTCDECL nt_sprintf_s(char *to, SIZE_T room, const char *format, ...);
int NTCDECL nt_vsprintf_s(char *to, SIZE_T room, const char *format, NT_VA_LIST list);
int NTCDECL nt__snprintf_s(char *to, SIZE_T room, SIZE_T count, const char *format, ...);
int NTCDECL nt__vsnprintf_s(char *to, SIZE_T room, SIZE_T count, const char *format,
                            NT_VA_LIST list);
int NTCDECL nt__vscprintf(const char *format, NT_VA_LIST list);
int NTCDECL nt_swprintf(WCHAR *to, const WCHAR *format, ...);
int NTCDECL nt_vswprintf(WCHAR *to, const WCHAR *format, NT_VA_LIST list);
int NTCDECL nt__snwprintf(WCHAR *to, SIZE_T room, const WCHAR *format, ...);
int NTCDECL nt__vsnwprintf(WCHAR *to, SIZE_T room, const WCHAR *format, NT_VA_LIST list);
int NTCDECL nt_swprintf_s(WCHAR *to, SIZE_T room, const WCHAR *format, ...);
int NTCDECL nt_vswprintf_s(WCHAR *to, SIZE_T room, const WCHAR *format, NT_VA_LIST list);
int NTCDECL nt__snwprintf_s(WCHAR *to, SIZE_T room, SIZE_T count, const WCHAR *format, ...);
int NTCDECL nt__vsnwprintf_s(WCHAR *to, SIZE_T room, SIZE_T count, const WCHAR *format,
                             NT_VA_LIST list);
int NTCDECL nt__vscwprintf(const WCHAR *format, NT_VA_LIST list);

/* Numbers and characters. */
int NTCDECL nt_toupper(int character);
int NTCDECL nt_tolower(int character);
WCHAR NTCDECL nt_towupper(WCHAR character);
WCHAR NTCDECL nt_towlower(WCHAR character);
int NTCDECL nt_isalpha(int character);
int NTCDECL nt_isalnum(int character);
int NTCDECL nt_isdigit(int character);
int NTCDECL nt_isxdigit(int character);
int NTCDECL nt_isspace(int character);
int NTCDECL nt_islower(int character);
int NTCDECL nt_isupper(int character);
int NTCDECL nt_isprint(int character);
int NTCDECL nt_iswalnum(WCHAR character);
int NTCDECL nt_iswalpha(WCHAR character);
int NTCDECL nt_iswdigit(WCHAR character);
int NTCDECL nt_iswspace(WCHAR character);
int NTCDECL nt_iswxdigit(WCHAR character);
int NTCDECL nt_atoi(const char *string);
LONG NTCDECL nt_atol(const char *string);
LONGLONG NTCDECL nt__atoi64(const char *string);
int NTCDECL nt__wtoi(const WCHAR *string);
LONG NTCDECL nt__wtol(const WCHAR *string);
LONGLONG NTCDECL nt__wtoi64(const WCHAR *string);
LONG NTCDECL nt_strtol(const char *string, char **end, int base);
ULONG NTCDECL nt_strtoul(const char *string, char **end, int base);
ULONGLONG NTCDECL nt__strtoui64(const char *string, char **end, int base);
LONG NTCDECL nt_wcstol(const WCHAR *string, WCHAR **end, int base);
ULONG NTCDECL nt_wcstoul(const WCHAR *string, WCHAR **end, int base);
ULONGLONG NTCDECL nt__wcstoui64(const WCHAR *string, WCHAR **end, int base);
char *NTCDECL nt__itoa(int value, char *to, int base);
char *NTCDECL nt__ultoa(ULONG value, char *to, int base);
char *NTCDECL nt__i64toa(LONGLONG value, char *to, int base);
char *NTCDECL nt__ui64toa(ULONGLONG value, char *to, int base);
WCHAR *NTCDECL nt__itow(int value, WCHAR *to, int base);
int NTCDECL nt__itoa_s(int value, char *to, SIZE_T room, int base);
int NTCDECL nt__i64toa_s(LONGLONG value, char *to, SIZE_T room, int base);
int NTCDECL nt__ui64toa_s(ULONGLONG value, char *to, SIZE_T room, int base);
int NTCDECL nt__itow_s(int value, WCHAR *to, SIZE_T room, int base);
int NTCDECL nt__ui64tow_s(ULONGLONG value, WCHAR *to, SIZE_T room, int base);
int NTCDECL nt_abs(int value);
LONG NTCDECL nt_labs(LONG value);
int NTCDECL nt_rand(void);
void NTCDECL nt_srand(unsigned seed);
void NTCDECL nt_qsort(void *items, SIZE_T count, SIZE_T item_bytes, nt_compare_fn *compare);
void *NTCDECL nt_bsearch(const void *key, const void *items, SIZE_T count, SIZE_T item_bytes,
                         nt_compare_fn *compare);

#endif
