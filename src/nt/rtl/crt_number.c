/* SPDX-License-Identifier: MIT */
/* Numbers, characters, sorting and the random numbers of the C runtime, as ntoskrnl exports
 * them. */
#include "rtl/crt.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/base.h"
#include "ke/ke.h"
#include "rtl/chars.h"
#include "rtl/rtl.h"

enum { ERROR_INVALID = 22, ERROR_RANGE = 34 };

/* ---- Characters: ASCII for narrow, the scripts of chars.h for wide --------------------------- */

static bool within(int character, int first, int last)
{
    return character >= first && character <= last;
}

int NTCDECL nt_toupper(int character)
{
    return within(character, 'a', 'z') ? character - 32 : character;
}

int NTCDECL nt_tolower(int character)
{
    return within(character, 'A', 'Z') ? character + 32 : character;
}

WCHAR NTCDECL nt_towupper(WCHAR character)
{
    return rtl_upcase(character);
}

WCHAR NTCDECL nt_towlower(WCHAR character)
{
    return rtl_downcase(character);
}

int NTCDECL nt_islower(int character)
{
    return within(character, 'a', 'z');
}

int NTCDECL nt_isupper(int character)
{
    return within(character, 'A', 'Z');
}

int NTCDECL nt_isalpha(int character)
{
    return nt_islower(character) || nt_isupper(character);
}

int NTCDECL nt_isdigit(int character)
{
    return within(character, '0', '9');
}

int NTCDECL nt_isalnum(int character)
{
    return nt_isalpha(character) || nt_isdigit(character);
}

int NTCDECL nt_isxdigit(int character)
{
    return nt_isdigit(character) || within(character, 'a', 'f') || within(character, 'A', 'F');
}

int NTCDECL nt_isspace(int character)
{
    return character == ' ' || within(character, '\t', '\r');
}

int NTCDECL nt_isprint(int character)
{
    return within(character, ' ', '~');
}

int NTCDECL nt_iswalpha(WCHAR character)
{
    return nt_isalpha(character) || rtl_upcase(character) != rtl_downcase(character);
}

int NTCDECL nt_iswdigit(WCHAR character)
{
    return nt_isdigit(character);
}

int NTCDECL nt_iswalnum(WCHAR character)
{
    return nt_iswalpha(character) || nt_isdigit(character);
}

int NTCDECL nt_iswspace(WCHAR character)
{
    return nt_isspace(character) || character == 0xA0;
}

int NTCDECL nt_iswxdigit(WCHAR character)
{
    return nt_isxdigit(character);
}

/* ---- Text to numbers ------------------------------------------------------------------------- */

struct number {
    uint64_t magnitude;
    bool negative;
    bool overflow; /* beyond limit */
    size_t used; /* characters; 0 = no number there */
};

static unsigned char_at(const void *string, bool wide, size_t at)
{
    return wide ? ((const WCHAR *)string)[at] : ((const unsigned char *)string)[at];
}

static unsigned digit_value(unsigned character)
{
    if (within((int)character, '0', '9'))
        return character - '0';
    if (within((int)character, 'a', 'z'))
        return character - 'a' + 10;
    if (within((int)character, 'A', 'Z'))
        return character - 'A' + 10;
    return 99;
}

static bool has_hex_prefix(const void *string, bool wide, size_t at)
{
    return char_at(string, wide, at) == '0' && (char_at(string, wide, at + 1) | 0x20) == 'x' &&
           digit_value(char_at(string, wide, at + 2)) < 16;
}

static struct number parse(const void *string, bool wide, int base, uint64_t limit)
{
    struct number number = {0};
    size_t at = 0;

    while (nt_isspace((int)char_at(string, wide, at)))
        at++;
    if (char_at(string, wide, at) == '-' || char_at(string, wide, at) == '+')
        number.negative = char_at(string, wide, at++) == '-';
    if ((base == 0 || base == 16) && has_hex_prefix(string, wide, at)) {
        base = 16;
        at += 2;
    }
    if (base == 0)
        base = char_at(string, wide, at) == '0' ? 8 : 10;
    while (digit_value(char_at(string, wide, at)) < (unsigned)base) {
        unsigned digit = digit_value(char_at(string, wide, at));

        if (number.magnitude > (limit - digit) / (unsigned)base)
            number.overflow = true;
        number.magnitude = number.magnitude * (unsigned)base + digit;
        number.used = ++at;
    }
    return number;
}

static uint64_t apply_sign(const struct number *number)
{
    return number->negative ? 0 - number->magnitude : number->magnitude;
}

LONGLONG NTCDECL nt__atoi64(const char *string)
{
    struct number number = parse(string, false, 10, UINT64_MAX);

    return (LONGLONG)apply_sign(&number);
}

LONG NTCDECL nt_atol(const char *string)
{
    return (LONG)nt__atoi64(string);
}

int NTCDECL nt_atoi(const char *string)
{
    return (int)nt__atoi64(string);
}

LONGLONG NTCDECL nt__wtoi64(const WCHAR *string)
{
    struct number number = parse(string, true, 10, UINT64_MAX);

    return (LONGLONG)apply_sign(&number);
}

LONG NTCDECL nt__wtol(const WCHAR *string)
{
    return (LONG)nt__wtoi64(string);
}

int NTCDECL nt__wtoi(const WCHAR *string)
{
    return (int)nt__wtoi64(string);
}

static LONG to_signed(const struct number *number)
{
    uint64_t limit = number->negative ? 0x80000000u : 0x7fffffffu;

    if (number->overflow || number->magnitude > limit)
        return number->negative ? INT32_MIN : INT32_MAX;
    return (LONG)apply_sign(number);
}

static ULONG to_unsigned(const struct number *number)
{
    return number->overflow ? UINT32_MAX : (ULONG)apply_sign(number);
}

static ULONGLONG to_unsigned64(const struct number *number)
{
    return number->overflow ? UINT64_MAX : apply_sign(number);
}

#define PARSE(wide, char_type, limit)                                                              \
    struct number number = parse(string, wide, base, limit);                                       \
                                                                                                   \
    if (end != NULL)                                                                               \
        *end = (char_type *)(ULONG_PTR)(string + number.used)

LONG NTCDECL nt_strtol(const char *string, char **end, int base)
{
    PARSE(false, char, UINT32_MAX);
    return to_signed(&number);
}

ULONG NTCDECL nt_strtoul(const char *string, char **end, int base)
{
    PARSE(false, char, UINT32_MAX);
    return to_unsigned(&number);
}

ULONGLONG NTCDECL nt__strtoui64(const char *string, char **end, int base)
{
    PARSE(false, char, UINT64_MAX);
    return to_unsigned64(&number);
}

LONG NTCDECL nt_wcstol(const WCHAR *string, WCHAR **end, int base)
{
    PARSE(true, WCHAR, UINT32_MAX);
    return to_signed(&number);
}

ULONG NTCDECL nt_wcstoul(const WCHAR *string, WCHAR **end, int base)
{
    PARSE(true, WCHAR, UINT32_MAX);
    return to_unsigned(&number);
}

ULONGLONG NTCDECL nt__wcstoui64(const WCHAR *string, WCHAR **end, int base)
{
    PARSE(true, WCHAR, UINT64_MAX);
    return to_unsigned64(&number);
}

/* ---- Numbers to text ------------------------------------------------------------------------- */

enum { NUMBER_TEXT_MAX = 66 }; /* 64 binary digits, a sign, a terminator */

/* Returns the length without the terminator, 0 for a base that does not exist. */
static size_t spell(uint64_t magnitude, bool negative, int base, char out[NUMBER_TEXT_MAX])
{
    char reversed[NUMBER_TEXT_MAX];
    size_t count = 0;
    size_t i;

    if (base < 2 || base > 36)
        return 0;
    do {
        unsigned digit = (unsigned)(magnitude % (unsigned)base);

        reversed[count++] = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
        magnitude /= (unsigned)base;
    } while (magnitude != 0);
    if (negative)
        reversed[count++] = '-';
    for (i = 0; i < count; i++)
        out[i] = reversed[count - 1 - i];
    out[count] = 0;
    return count;
}

/* Only base ten knows a sign; the others show the bits. */
static size_t spell_signed(int64_t value, uint64_t mask, int base, char out[NUMBER_TEXT_MAX])
{
    if (base == 10 && value < 0)
        return spell(0 - (uint64_t)value, true, base, out);
    return spell((uint64_t)value & mask, false, base, out);
}

static int store(const char *text, size_t length, char *to, WCHAR *wide, SIZE_T room)
{
    SIZE_T i;

    if ((to == NULL && wide == NULL) || room == 0)
        return ERROR_INVALID;
    if (length == 0 || length >= room) {
        if (to != NULL)
            to[0] = 0;
        else
            wide[0] = 0;
        return length == 0 ? ERROR_INVALID : ERROR_RANGE;
    }
    for (i = 0; i <= length; i++) {
        if (to != NULL)
            to[i] = text[i];
        else
            wide[i] = (unsigned char)text[i];
    }
    return 0;
}

int NTCDECL nt__i64toa_s(LONGLONG value, char *to, SIZE_T room, int base)
{
    char text[NUMBER_TEXT_MAX];

    return store(text, spell_signed(value, UINT64_MAX, base, text), to, NULL, room);
}

int NTCDECL nt__ui64toa_s(ULONGLONG value, char *to, SIZE_T room, int base)
{
    char text[NUMBER_TEXT_MAX];

    return store(text, spell(value, false, base, text), to, NULL, room);
}

int NTCDECL nt__itoa_s(int value, char *to, SIZE_T room, int base)
{
    char text[NUMBER_TEXT_MAX];

    return store(text, spell_signed(value, UINT32_MAX, base, text), to, NULL, room);
}

int NTCDECL nt__itow_s(int value, WCHAR *to, SIZE_T room, int base)
{
    char text[NUMBER_TEXT_MAX];

    return store(text, spell_signed(value, UINT32_MAX, base, text), NULL, to, room);
}

int NTCDECL nt__ui64tow_s(ULONGLONG value, WCHAR *to, SIZE_T room, int base)
{
    char text[NUMBER_TEXT_MAX];

    return store(text, spell(value, false, base, text), NULL, to, room);
}

char *NTCDECL nt__itoa(int value, char *to, int base)
{
    nt__itoa_s(value, to, NUMBER_TEXT_MAX, base);
    return to;
}

char *NTCDECL nt__ultoa(ULONG value, char *to, int base)
{
    nt__ui64toa_s(value, to, NUMBER_TEXT_MAX, base);
    return to;
}

char *NTCDECL nt__i64toa(LONGLONG value, char *to, int base)
{
    nt__i64toa_s(value, to, NUMBER_TEXT_MAX, base);
    return to;
}

char *NTCDECL nt__ui64toa(ULONGLONG value, char *to, int base)
{
    nt__ui64toa_s(value, to, NUMBER_TEXT_MAX, base);
    return to;
}

WCHAR *NTCDECL nt__itow(int value, WCHAR *to, int base)
{
    nt__itow_s(value, to, NUMBER_TEXT_MAX, base);
    return to;
}

/* ---- The rest -------------------------------------------------------------------------------- */

int NTCDECL nt_abs(int value)
{
    return value < 0 ? (int)(0u - (unsigned)value) : value;
}

LONG NTCDECL nt_labs(LONG value)
{
    return nt_abs(value);
}

/* The documented range is 0 to 32767; the generator is a linear congruential one of 32 bits. Its
 * state belongs to the machine, so a run's numbers follow from its calls. */
int NTCDECL nt_rand(void)
{
    struct rtl *rtl = rtl_of(ke_current());

    rtl->random = rtl->random * 1103515245u + 12345u;
    return (int)(rtl->random >> 16 & 0x7fff);
}

void NTCDECL nt_srand(unsigned seed)
{
    rtl_of(ke_current())->random = seed;
}

static void swap_items(char *a, char *b, SIZE_T item_bytes)
{
    for (SIZE_T i = 0; i < item_bytes; i++) {
        char kept = a[i];

        a[i] = b[i];
        b[i] = kept;
    }
}

static int compare_items(nt_compare_fn *compare, const void *a, const void *b)
{
    return (int)KE_CALL(compare, KE_ARG(a), KE_ARG(b));
}

/* Moves the item at root down until no child is larger. */
static void sift_down(char *items, SIZE_T root, SIZE_T count, SIZE_T item_bytes,
                      nt_compare_fn *compare)
{
    while (root * 2 + 1 < count) {
        SIZE_T child = root * 2 + 1;

        if (child + 1 < count && compare_items(compare, items + child * item_bytes,
                                               items + (child + 1) * item_bytes) < 0)
            child++;
        if (compare_items(compare, items + root * item_bytes, items + child * item_bytes) >= 0)
            return;
        swap_items(items + root * item_bytes, items + child * item_bytes, item_bytes);
        root = child;
    }
}

/* Heap sort: in place and of one cost whatever the order, since the compare routine is the
 * driver's and every call of it is a passage into guest code. */
void NTCDECL nt_qsort(void *items, SIZE_T count, SIZE_T item_bytes, nt_compare_fn *compare)
{
    SIZE_T i;

    for (i = count / 2; i-- > 0;)
        sift_down(items, i, count, item_bytes, compare);
    for (i = count; i-- > 1;) {
        swap_items(items, (char *)items + i * item_bytes, item_bytes);
        sift_down(items, 0, i, item_bytes, compare);
    }
}

void *NTCDECL nt_bsearch(const void *key, const void *items, SIZE_T count, SIZE_T item_bytes,
                         nt_compare_fn *compare)
{
    SIZE_T low = 0;

    while (low < count) {
        SIZE_T middle = low + (count - low) / 2;
        const char *item = (const char *)items + middle * item_bytes;
        int result = compare_items(compare, key, item);

        if (result == 0)
            return (void *)(ULONG_PTR)item;
        if (result > 0)
            low = middle + 1;
        else
            count = middle;
    }
    return NULL;
}
