/* SPDX-License-Identifier: MIT */
#include "client/inspect_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "rtl/rtl.h"
#include "wdk/guids.h"

/* ---- GUIDs ----------------------------------------------------------------------------------- */

struct named_guid {
    const char *name;
    const GUID *guid;
};

static const struct named_guid named_guids[] = {
#define GUID_ROW(name, l, w1, w2, b1, b2, b3, b4, b5, b6, b7, b8) {#name, &name},
#include "wdk/guids.tbl.h"
#undef GUID_ROW
};

const char *inspect_guid_name(const GUID *guid, const char *kind)
{
    const char *any = NULL;

    for (unsigned i = 0; i < ARRAY_LEN(named_guids); i++) {
        const struct named_guid *row = &named_guids[i];

        if (memcmp(row->guid, guid, sizeof *guid) != 0)
            continue;
        if (strncmp(row->name, kind, strlen(kind)) == 0)
            return row->name;
        if (any == NULL)
            any = row->name;
    }
    return any;
}

const char *inspect_spelt_guid_name(const char *spelt, const char *kind)
{
    for (unsigned i = 0; i < ARRAY_LEN(named_guids); i++) {
        char each[40];

        inspect_guid_spell(named_guids[i].guid, each);
        if (strcasecmp(each, spelt) == 0)
            return inspect_guid_name(named_guids[i].guid, kind);
    }
    return NULL;
}

void inspect_guid_spell(const GUID *guid, char out[40])
{
    rtl_guid_spell(guid, out);
}

json_t *inspect_guid(const GUID *guid, const char *kind)
{
    json_t *object;
    char spelt[40];

    if (guid == NULL)
        return json_null();
    object = json_object();
    inspect_guid_spell(guid, spelt);
    inspect_put_text(object, "guid", spelt);
    inspect_put_text(object, "name", inspect_guid_name(guid, kind));
    return object;
}

/* ---- Members --------------------------------------------------------------------------------- */

void inspect_put_int(json_t *object, const char *key, int64_t value)
{
    json_object_set_new(object, key, json_integer(value));
}

void inspect_put_bool(json_t *object, const char *key, bool value)
{
    json_object_set_new(object, key, json_boolean(value));
}

void inspect_put_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text != NULL ? json_string(text) : json_null());
}

void inspect_put_status(json_t *object, const char *key, NTSTATUS status)
{
    char text[16];

    snprintf(text, sizeof text, "0x%08x", (unsigned)status);
    inspect_put_text(object, key, text);
}

void inspect_problem(json_t *problems, const char *format, ...)
{
    va_list arguments;
    char text[300];

    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    json_array_append_new(problems, json_string(text));
}

/* ---- Strings --------------------------------------------------------------------------------- */

static void put_utf8(struct text *text, uint32_t code)
{
    if (code < 0x80) {
        text_char(text, (char)code);
    } else if (code < 0x800) {
        text_char(text, (char)(0xC0 | code >> 6));
        text_char(text, (char)(0x80 | (code & 0x3F)));
    } else if (code < 0x10000) {
        text_char(text, (char)(0xE0 | code >> 12));
        text_char(text, (char)(0x80 | (code >> 6 & 0x3F)));
        text_char(text, (char)(0x80 | (code & 0x3F)));
    } else {
        text_char(text, (char)(0xF0 | code >> 18));
        text_char(text, (char)(0x80 | (code >> 12 & 0x3F)));
        text_char(text, (char)(0x80 | (code >> 6 & 0x3F)));
        text_char(text, (char)(0x80 | (code & 0x3F)));
    }
}

static uint16_t word_at(const uint8_t *words, size_t index)
{
    uint16_t word;

    memcpy(&word, words + index * sizeof word, sizeof word);
    return word;
}

json_t *inspect_wide(const void *words, size_t bytes)
{
    size_t count = bytes / sizeof(uint16_t);
    struct text text;
    json_t *json;

    text_init(&text);
    for (size_t i = 0; i < count && word_at(words, i) != 0; i++) {
        uint32_t code = word_at(words, i);
        uint32_t low = i + 1 < count ? word_at(words, i + 1) : 0;

        if (code >= 0xD800 && code < 0xDC00 && low >= 0xDC00 && low < 0xE000) {
            code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            i++;
        } else if (code >= 0xD800 && code < 0xE000) {
            code = 0xFFFD;
        }
        put_utf8(&text, code);
    }
    json = json_string(text_get(&text));
    text_fini(&text);
    return json;
}
