/* SPDX-License-Identifier: MIT */
/* Lines of AddReg and DelReg sections ("INF AddReg Directive", "INF DelReg Directive"):
 *   root, [subkey], [value], [flags], [data ...]
 * The upper half of flags with bit 0 is the value's type; the lower half says how it is written. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "setup/internal.h"

enum {
    FLAG_BINARY = 0x0001,
    FLAG_KEEP = 0x0002, /* FLG_ADDREG_NOCLOBBER */
    FLAG_DELETE = 0x0004, /* FLG_ADDREG_DELVAL */
    FLAG_APPEND = 0x0008,
    FLAG_KEY_ONLY = 0x0010,
    FLAG_OVERWRITE_ONLY = 0x0020,
    FLAG_KEY_ONLY_COMMON = 0x2000,
    FLAG_DELETE_STRING = 0x8000, /* in DelReg, with the type of a REG_MULTI_SZ */
};

static uint32_t type_of(uint32_t flags)
{
    switch (flags & 0xFFFF0001) {
    case 0x00000000: return SETUP_SZ;
    case 0x00010000: return SETUP_MULTI_SZ;
    case 0x00020000: return SETUP_EXPAND_SZ;
    case 0x00000001: return SETUP_BINARY;
    case 0x00010001: return SETUP_DWORD;
    case 0x00020001: return SETUP_NONE;
    case 0x000B0001: return SETUP_QWORD;
    default: return flags >> 16; /* a type of the driver's own */
    }
}

static bool take_number(const char *text, int base, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, base); /* -1 is all ones */
    return errno == 0 && end != text && *end == 0;
}

/* ---- Data ------------------------------------------------------------------------------------ */

static int put_bytes(const struct inf_line *line, struct text *data, struct setup_error *error)
{
    uint64_t byte;

    for (size_t i = 4; i < line->fields.count; i++) {
        const char *field = inf_field(line, i);

        if (*field == 0)
            continue;
        if (!take_number(field, 16, &byte) || byte > 0xFF)
            return setup_refuse(error, line->number, "%s is no byte in hexadecimal", field);
        text_char(data, (char)byte);
    }
    return 0;
}

/* One number, or its bytes one by one as old INFs have them. */
static int put_number(const struct inf_line *line, size_t size_bytes, struct text *data,
                      struct setup_error *error)
{
    uint64_t number = 0;

    if (line->fields.count > 5) {
        int result = put_bytes(line, data, error);

        if (result == 0 && data->length != size_bytes)
            return setup_refuse(error, line->number, "wants one number or %zu bytes", size_bytes);
        return result;
    }
    if (inf_field(line, 4)[0] != 0 && !take_number(inf_field(line, 4), 0, &number))
        return setup_refuse(error, line->number, "%s is no number", inf_field(line, 4));
    text_bytes(data, &number, size_bytes);
    return 0;
}

static int put_string(const char *string, struct text *data)
{
    size_t count;
    uint16_t *wide = setup_text_wide(string, &count);

    if (wide == NULL)
        return -ENOMEM;
    text_bytes(data, wide, (count + 1) * sizeof *wide);
    free(wide);
    return 0;
}

/* appended: as many strings as there are, without the empty one that ends a list. */
static int put_strings(const struct inf_line *line, bool appended, struct text *data)
{
    int result = 0;

    for (size_t i = 4; i < line->fields.count && result == 0; i++)
        result = put_string(inf_field(line, i), data);
    if (!appended)
        text_bytes(data, "\0", 2);
    return result;
}

static int put_data(const struct inf_line *line, uint32_t flags, uint32_t type, struct text *data,
                    struct setup_error *error)
{
    if (type == SETUP_MULTI_SZ && !(flags & FLAG_BINARY))
        return put_strings(line, (flags & FLAG_APPEND) != 0, data);
    if (!(flags & FLAG_BINARY))
        return put_string(inf_field(line, 4), data);
    if (type == SETUP_DWORD)
        return put_number(line, 4, data, error);
    if (type == SETUP_QWORD)
        return put_number(line, 8, data, error);
    return put_bytes(line, data, error);
}

/* ---- Lines ----------------------------------------------------------------------------------- */

struct place {
    enum setup_root root;
    unsigned index;
    char *key;
};

static int find_place(const struct inf_line *line, enum setup_root own, unsigned index,
                      struct place *out, struct setup_error *error)
{
    const char *word = inf_field(line, 0), *prefix = "";

    out->root = own;
    out->index = index;
    if (strcasecmp(word, "HKR") != 0 &&
        !setup_root_parse(word, strlen(word), &out->root, &prefix))
        return setup_refuse(error, line->number,
                            "%s is no registry root; HKR, HKLM, HKCR, HKCU and HKU are", word);
    return asprintf(&out->key, "%s%s", prefix, inf_field(line, 1)) < 0 ? -ENOMEM : 0;
}

static int add_value(const struct inf_line *line, const struct place *place, uint32_t flags,
                     struct setup_changes *changes, struct setup_error *error)
{
    uint32_t type = type_of(flags);
    struct setup_change model = {.root = place->root, .index = place->index, .type = type,
                                 .verb = flags & FLAG_APPEND ? SETUP_APPEND : SETUP_SET,
                                 .keep = (flags & FLAG_KEEP) != 0,
                                 .overwrite_only = (flags & FLAG_OVERWRITE_ONLY) != 0};
    struct text data;
    int result;

    if ((flags & FLAG_APPEND) && type != SETUP_MULTI_SZ)
        return setup_refuse(error, line->number, "only strings can be appended to (0x00010008)");
    text_init(&data);
    result = put_data(line, flags, type, &data, error);
    if (result == 0)
        result = text_error(&data);
    if (result == 0)
        result = setup_changes_add(changes, &model, place->key, inf_field(line, 2),
                                   text_get(&data), data.length);
    text_fini(&data);
    return result;
}

static int add_line(const struct inf_line *line, const struct place *place, uint32_t flags,
                    struct setup_changes *changes, struct setup_error *error)
{
    struct setup_change model = {.root = place->root, .index = place->index};

    if (flags & FLAG_DELETE) {
        model.verb = inf_field(line, 2)[0] != 0 ? SETUP_DELETE_VALUE : SETUP_DELETE_KEY;
        return setup_changes_add(changes, &model, place->key, inf_field(line, 2), NULL, 0);
    }
    model.verb = SETUP_MAKE_KEY;
    /* "HKR,Sub" alone makes the key, too. */
    if ((flags & (FLAG_KEY_ONLY | FLAG_KEY_ONLY_COMMON)) || line->fields.count <= 2)
        return setup_changes_add(changes, &model, place->key, "", NULL, 0);
    return add_value(line, place, flags, changes, error);
}

static int delete_line(const struct inf_line *line, const struct place *place, uint32_t flags,
                       struct setup_changes *changes)
{
    struct setup_change model = {.root = place->root, .index = place->index};

    if (flags & FLAG_DELETE_STRING) {
        model.verb = SETUP_DELETE_STRING;
        return setup_changes_add_string(changes, &model, place->key, inf_field(line, 2),
                                        inf_field(line, 4));
    }
    model.verb = line->fields.count > 2 ? SETUP_DELETE_VALUE : SETUP_DELETE_KEY;
    return setup_changes_add(changes, &model, place->key, inf_field(line, 2), NULL, 0);
}

int inf_add_registry(const struct setup_inf *inf, const char *name, bool deletes,
                     enum setup_root root, unsigned index, struct setup_changes *changes,
                     struct setup_error *error)
{
    const struct inf_section *section = inf_find(inf, name);
    struct inf_line *line;
    int result = 0;

    if (section == NULL)
        return setup_refuse(error, 0, "there is no section [%s], which %s names", name,
                            deletes ? "DelReg" : "AddReg");
    array_for_each(line, &section->lines) {
        const char *text = inf_field(line, 3);
        struct place place = {0};
        uint64_t flags = 0;

        if (result != 0)
            break;
        /* UNDOC: a token that nobody defined is no flag. INFs that ship have such. */
        if (*text != 0 && *text != '%' && !take_number(text, 0, &flags))
            return setup_refuse(error, line->number, "flags %s are no number", text);
        result = find_place(line, root, index, &place, error);
        if (result == 0)
            result = deletes ? delete_line(line, &place, (uint32_t)flags, changes)
                             : add_line(line, &place, (uint32_t)flags, changes, error);
        free(place.key);
    }
    return result;
}
