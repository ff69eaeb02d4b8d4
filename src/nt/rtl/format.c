/* SPDX-License-Identifier: MIT */
/* "Format specification syntax: printf and wprintf functions" is the page followed; the kernel's
 * own additions (%wZ, %Z) are those of the DbgPrint page. */
#include "rtl/format.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"

enum width_kind { SIZE_NONE, SIZE_SHORT, SIZE_LONG, SIZE_LONGLONG, SIZE_WIDE };

struct spec {
    bool left, sign, blank, zero, alternate;
    int width; /* 0 = none */
    int precision; /* -1 = none */
    enum width_kind size;
    char type;
};

/* The format string, narrow or wide, read one character at a time. */
struct pattern {
    const char *narrow;
    const WCHAR *wide;
    bool is_wide;
};

static unsigned peek(const struct pattern *pattern)
{
    return pattern->is_wide ? *pattern->wide : (unsigned char)*pattern->narrow;
}

static void step(struct pattern *pattern)
{
    if (pattern->is_wide)
        pattern->wide++;
    else
        pattern->narrow++;
}

static bool accept(struct pattern *pattern, unsigned character)
{
    if (peek(pattern) != character)
        return false;
    step(pattern);
    return true;
}

static void put(struct rtl_sink *sink, unsigned character)
{
    if (sink->length < sink->capacity) {
        if (sink->wide != NULL)
            sink->wide[sink->length] = (WCHAR)character;
        else
            sink->narrow[sink->length] = character > 0xff ? '?' : (char)character;
    }
    sink->length++;
}

static void put_many(struct rtl_sink *sink, unsigned character, int count)
{
    while (count-- > 0)
        put(sink, character);
}

/* ---- Numbers --------------------------------------------------------------------------------- */

static uint64_t fetch_integer(const struct spec *spec, NT_VA_LIST *list, bool is_signed)
{
    if (spec->size == SIZE_LONGLONG)
        return __builtin_va_arg(*list, uint64_t);
    if (spec->size == SIZE_SHORT) {
        uint32_t value = __builtin_va_arg(*list, uint32_t);

        return is_signed ? (uint64_t)(int64_t)(int16_t)value : (uint16_t)value;
    }
    if (is_signed)
        return (uint64_t)(int64_t)__builtin_va_arg(*list, int32_t);
    return __builtin_va_arg(*list, uint32_t);
}

/* digits, most significant first, with prefix and padding as the specification asks. */
static void put_number(struct rtl_sink *sink, const struct spec *spec, const char *prefix,
                       const char *digits, int count)
{
    int zeros = spec->precision > count ? spec->precision - count : 0;
    int used = (int)strlen(prefix) + zeros + count;
    int pad = spec->width > used ? spec->width - used : 0;

    if (spec->zero && !spec->left && spec->precision < 0) {
        zeros += pad;
        pad = 0;
    }
    if (!spec->left)
        put_many(sink, ' ', pad);
    while (*prefix != 0)
        put(sink, (unsigned char)*prefix++);
    put_many(sink, '0', zeros);
    while (count-- > 0)
        put(sink, (unsigned char)*digits++);
    if (spec->left)
        put_many(sink, ' ', pad);
}

static int digits_of(uint64_t value, unsigned base, bool upper, char *out, int room)
{
    const char *alphabet = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    int at = room;

    while (value != 0) {
        out[--at] = alphabet[value % base];
        value /= base;
    }
    memmove(out, out + at, (size_t)(room - at));
    return room - at;
}

static void format_unsigned(struct rtl_sink *sink, struct spec *spec, uint64_t value,
                            unsigned base)
{
    const char *prefix = "";
    char digits[32];
    int count = digits_of(value, base, spec->type == 'X', digits, sizeof digits);

    if (spec->alternate && base == 16 && value != 0)
        prefix = spec->type == 'X' ? "0X" : "0x";
    if (spec->alternate && base == 8 && spec->precision <= count)
        spec->precision = count + 1;
    if (count == 0 && spec->precision != 0)
        digits[count++] = '0';
    put_number(sink, spec, prefix, digits, count);
}

static void format_signed(struct rtl_sink *sink, const struct spec *spec, int64_t value)
{
    const char *prefix = value < 0 ? "-" : spec->sign ? "+" : spec->blank ? " " : "";
    uint64_t magnitude = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char digits[32];
    int count = digits_of(magnitude, 10, false, digits, sizeof digits);

    if (count == 0 && spec->precision != 0)
        digits[count++] = '0';
    put_number(sink, spec, prefix, digits, count);
}

/* %p pads to the pointer's full width, in capitals and without a prefix. */
static void format_pointer(struct rtl_sink *sink, struct spec *spec, uint64_t value)
{
    spec->type = 'X';
    spec->precision = 2 * (int)sizeof(void *);
    format_unsigned(sink, spec, value, 16);
}

static void format_double(struct rtl_sink *sink, const struct spec *spec, double value)
{
    char flags[16];
    char text[400];
    char *out = flags;
    int length;

    *out++ = '%';
    if (spec->left)
        *out++ = '-';
    if (spec->sign)
        *out++ = '+';
    if (spec->blank)
        *out++ = ' ';
    if (spec->zero)
        *out++ = '0';
    if (spec->alternate)
        *out++ = '#';
    memcpy(out, "*.*", 3);
    out[3] = spec->type;
    out[4] = 0;
    length = snprintf(text, sizeof text, flags, spec->width,
                      spec->precision < 0 ? 6 : spec->precision, value);
    for (int i = 0; i < length && i < (int)sizeof text - 1; i++)
        put(sink, (unsigned char)text[i]);
}

/* ---- Text ------------------------------------------------------------------------------------ */

/* count -1: up to the terminator. The precision caps both. */
static void put_text(struct rtl_sink *sink, const struct spec *spec, const void *text,
                     bool text_is_wide, int count)
{
    const char *narrow = text;
    const WCHAR *wide = text;
    int length = 0;
    int i;

    while ((spec->precision < 0 || length < spec->precision) && (count < 0 || length < count)) {
        if (count < 0 && (text_is_wide ? wide[length] == 0 : narrow[length] == 0))
            break;
        length++;
    }
    if (!spec->left)
        put_many(sink, spec->zero ? '0' : ' ', spec->width - length);
    for (i = 0; i < length; i++)
        put(sink, text_is_wide ? wide[i] : (unsigned char)narrow[i]);
    if (spec->left)
        put_many(sink, ' ', spec->width - length);
}

static bool is_wide_text(const struct spec *spec, const struct pattern *pattern)
{
    if (spec->size == SIZE_SHORT)
        return false;
    if (spec->size == SIZE_LONG || spec->size == SIZE_WIDE)
        return true;
    return pattern->is_wide == (spec->type == 's' || spec->type == 'c');
}

static void format_string(struct rtl_sink *sink, struct spec *spec, bool wide, const void *text)
{
    if (text == NULL)
        put_text(sink, spec, "(null)", false, -1);
    else
        put_text(sink, spec, text, wide, -1);
}

static void format_counted(struct rtl_sink *sink, struct spec *spec, const void *string)
{
    const STRING *narrow = string;
    const UNICODE_STRING *wide = string;
    bool is_wide = spec->size == SIZE_LONG || spec->size == SIZE_WIDE;

    if (narrow == NULL || narrow->Buffer == NULL)
        put_text(sink, spec, "(null)", false, -1);
    else if (is_wide)
        put_text(sink, spec, wide->Buffer, true, wide->Length / (int)sizeof(WCHAR));
    else
        put_text(sink, spec, narrow->Buffer, false, narrow->Length);
}

static void format_character(struct rtl_sink *sink, struct spec *spec, bool wide, uint32_t value)
{
    WCHAR character = (WCHAR)(wide ? value : value & 0xff);

    spec->precision = -1;
    put_text(sink, spec, &character, true, 1);
}

/* ---- Specifications -------------------------------------------------------------------------- */

static int parse_number(struct pattern *pattern, NT_VA_LIST *list)
{
    int value = 0;

    if (accept(pattern, '*'))
        return __builtin_va_arg(*list, int32_t);
    while (peek(pattern) >= '0' && peek(pattern) <= '9' && value < 100000) {
        value = value * 10 + (int)(peek(pattern) - '0');
        step(pattern);
    }
    return value;
}

static void parse_flags(struct pattern *pattern, struct spec *spec)
{
    for (;;) {
        if (accept(pattern, '-'))
            spec->left = true;
        else if (accept(pattern, '+'))
            spec->sign = true;
        else if (accept(pattern, ' '))
            spec->blank = true;
        else if (accept(pattern, '0'))
            spec->zero = true;
        else if (accept(pattern, '#'))
            spec->alternate = true;
        else
            return;
    }
}

/* I64 and ll have 64 bits, I and z those of a pointer, l has 32 as long has on Windows. */
static enum width_kind parse_size(struct pattern *pattern)
{
    if (accept(pattern, 'h')) {
        accept(pattern, 'h');
        return SIZE_SHORT;
    }
    if (accept(pattern, 'l'))
        return accept(pattern, 'l') ? SIZE_LONGLONG : SIZE_LONG;
    if (accept(pattern, 'w'))
        return SIZE_WIDE;
    if (accept(pattern, 'j'))
        return SIZE_LONGLONG;
    if (accept(pattern, 'z') || accept(pattern, 't'))
        return sizeof(void *) == 8 ? SIZE_LONGLONG : SIZE_NONE;
    if (accept(pattern, 'I')) {
        if (accept(pattern, '6'))
            return accept(pattern, '4') ? SIZE_LONGLONG : SIZE_NONE;
        if (accept(pattern, '3')) {
            accept(pattern, '2');
            return SIZE_NONE;
        }
        return sizeof(void *) == 8 ? SIZE_LONGLONG : SIZE_NONE;
    }
    return SIZE_NONE;
}

static void parse_spec(struct pattern *pattern, struct spec *spec, NT_VA_LIST *list)
{
    *spec = (struct spec){.precision = -1};
    parse_flags(pattern, spec);
    spec->width = parse_number(pattern, list);
    if (spec->width < 0) {
        spec->left = true;
        spec->width = -spec->width;
    }
    if (accept(pattern, '.'))
        spec->precision = parse_number(pattern, list);
    spec->size = parse_size(pattern);
    spec->type = (char)peek(pattern);
    if (spec->type != 0)
        step(pattern);
}

static void format_one(struct rtl_sink *sink, struct spec *spec, const struct pattern *pattern,
                       NT_VA_LIST *list)
{
    switch (spec->type) {
    case 'd':
    case 'i':
        format_signed(sink, spec, (int64_t)fetch_integer(spec, list, true));
        break;
    case 'u':
        format_unsigned(sink, spec, fetch_integer(spec, list, false), 10);
        break;
    case 'x':
    case 'X':
        format_unsigned(sink, spec, fetch_integer(spec, list, false), 16);
        break;
    case 'o':
        format_unsigned(sink, spec, fetch_integer(spec, list, false), 8);
        break;
    case 'p':
        format_pointer(sink, spec, (uint64_t)(uintptr_t)__builtin_va_arg(*list, void *));
        break;
    case 's':
    case 'S':
        format_string(sink, spec, is_wide_text(spec, pattern), __builtin_va_arg(*list, void *));
        break;
    case 'Z':
        format_counted(sink, spec, __builtin_va_arg(*list, void *));
        break;
    case 'c':
    case 'C':
        format_character(sink, spec, is_wide_text(spec, pattern),
                         __builtin_va_arg(*list, uint32_t));
        break;
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case 'a': case 'A':
        format_double(sink, spec, __builtin_va_arg(*list, double));
        break;
    case 'n':
        (void)__builtin_va_arg(*list, void *);
        break;
    case 0:
        break;
    default: /* "%%", and what is no conversion prints as itself */
        put(sink, (unsigned char)spec->type);
        break;
    }
}

static void format_all(struct rtl_sink *sink, struct pattern *pattern, NT_VA_LIST *list)
{
    struct spec spec;

    while (peek(pattern) != 0) {
        if (!accept(pattern, '%')) {
            put(sink, peek(pattern));
            step(pattern);
            continue;
        }
        parse_spec(pattern, &spec, list);
        format_one(sink, &spec, pattern, list);
    }
}

void rtl_format_narrow(struct rtl_sink *sink, const char *format, NT_VA_LIST *list)
{
    struct pattern pattern = {.narrow = format};

    format_all(sink, &pattern, list);
}

void rtl_format_wide(struct rtl_sink *sink, const WCHAR *format, NT_VA_LIST *list)
{
    struct pattern pattern = {.wide = format, .is_wide = true};

    format_all(sink, &pattern, list);
}
