/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/array.h"

void text_init(struct text *text)
{
    *text = (struct text){ 0 };
}

void text_fini(struct text *text)
{
    free(text->data);
    text_init(text);
}

void text_clear(struct text *text)
{
    text->length = 0;
    text->error = 0;
    if (text->data != NULL)
        text->data[0] = '\0';
}

int text_error(const struct text *text)
{
    return text->error;
}

const char *text_get(const struct text *text)
{
    return text->data != NULL ? text->data : "";
}

/* Makes room for count more characters and the NUL. */
static bool make_room(struct text *text, size_t count)
{
    size_t wanted;

    if (text->error != 0)
        return false;
    if (weir_add_overflows(text->length, count, &wanted) ||
        weir_add_overflows(wanted, (size_t)1, &wanted)) {
        text->error = -ENOMEM;
        return false;
    }
    text->error = array_reserve_raw(&text->data, &text->capacity, sizeof(char), wanted);
    return text->error == 0;
}

char *text_take(struct text *text)
{
    char *data = NULL;

    if (make_room(text, 0)) {
        data = text->data;
        data[text->length] = '\0';
        text->data = NULL;
    }
    text_fini(text);
    return data;
}

void text_bytes(struct text *text, const void *bytes, size_t count)
{
    if (!make_room(text, count))
        return;
    if (count != 0)
        memcpy(text->data + text->length, bytes, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void text_string(struct text *text, const char *string)
{
    text_bytes(text, string, strlen(string));
}

void text_char(struct text *text, char character)
{
    text_bytes(text, &character, 1);
}

void text_repeat(struct text *text, char character, size_t count)
{
    if (!make_room(text, count))
        return;
    memset(text->data + text->length, character, count);
    text->length += count;
    text->data[text->length] = '\0';
}

void text_printf(struct text *text, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_vprintf(text, format, arguments);
    va_end(arguments);
}

void text_vprintf(struct text *text, const char *format, va_list arguments)
{
    va_list again;
    int length;

    va_copy(again, arguments);
    length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0) {
        text->error = text->error != 0 ? text->error : -EINVAL;
    } else if (make_room(text, (size_t)length)) {
        vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
        text->length += (size_t)length;
    }
    va_end(again);
}

void text_json_string(struct text *text, const char *string)
{
    text_json_bytes(text, string, strlen(string));
}

/* Length of the UTF-8 sequence at the start of bytes, 0 when it is not a valid one.
 * Overlong forms, surrogates and values above U+10FFFF are told by the range of the second byte. */
static size_t utf8_length(const uint8_t *bytes, size_t count)
{
    uint8_t lead = bytes[0];
    uint8_t low = 0x80;
    uint8_t high = 0xBF;
    size_t length;

    if (lead < 0x80)
        return 1;
    if (lead < 0xC2 || lead > 0xF4)
        return 0;
    length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (length > count)
        return 0;
    if (lead == 0xE0)
        low = 0xA0;
    else if (lead == 0xED)
        high = 0x9F;
    else if (lead == 0xF0)
        low = 0x90;
    else if (lead == 0xF4)
        high = 0x8F;
    if (bytes[1] < low || bytes[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((bytes[i] & 0xC0) != 0x80)
            return 0;
    }
    return length;
}

void text_shown(struct text *text, const char *string)
{
    const uint8_t *from = (const uint8_t *)string;
    size_t count = strlen(string);

    for (size_t i = 0; i < count;) {
        size_t length = utf8_length(from + i, count - i);

        if (length == 0)
            text_char(text, '?');
        else if (from[i] < 0x20 || from[i] == 0x7F)
            text_char(text, ' ');
        else
            text_bytes(text, from + i, length);
        i += length == 0 ? 1 : length;
    }
}

static void json_ascii(struct text *text, char character)
{
    switch (character) {
    case '"':
        text_string(text, "\\\"");
        return;
    case '\\':
        text_string(text, "\\\\");
        return;
    case '\n':
        text_string(text, "\\n");
        return;
    case '\r':
        text_string(text, "\\r");
        return;
    case '\t':
        text_string(text, "\\t");
        return;
    default:
        break;
    }
    if ((uint8_t)character < 0x20 || character == 0x7F)
        text_printf(text, "\\u%04x", (unsigned)(uint8_t)character);
    else
        text_char(text, character);
}

void text_json_bytes(struct text *text, const void *bytes, size_t count)
{
    const uint8_t *from = bytes;

    text_char(text, '"');
    for (size_t i = 0; i < count;) {
        size_t length = utf8_length(from + i, count - i);

        if (length == 0) {
            text_string(text, "\\ufffd");
            i++;
        } else if (length == 1) {
            json_ascii(text, (char)from[i]);
            i++;
        } else {
            text_bytes(text, from + i, length);
            i += length;
        }
    }
    text_char(text, '"');
}
