/* SPDX-License-Identifier: MIT */
/* .reg files: a first line that names the format, keys in brackets (with a minus: deleted, with all
 * below), values as "name"=data, @ for the default one. Data: "text", dword:hex, hex:bytes and
 * hex(type):bytes, where '\' at the end of a line goes on, or a minus, which deletes the value. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "setup/internal.h"

struct reader {
    struct setup_changes *out;
    struct setup_error *error;
    const char *at;
    unsigned line;
    bool old; /* REGEDIT4: strings in hex are of bytes */
    bool open; /* inside a key that is not being deleted */
    struct setup_change place; /* root of the open key */
    char *key;
};

/* ---- Lines ----------------------------------------------------------------------------------- */

/* The next line that says something, joined with those it goes on in. */
static bool take_line(struct reader *reader, struct text *line, unsigned *number)
{
    text_clear(line);
    while (*reader->at != 0) {
        size_t length = strcspn(reader->at, "\n");
        const char *from = reader->at;

        reader->at += length + (from[length] == '\n');
        reader->line++;
        if (line->length == 0)
            *number = reader->line;
        while (length > 0 && strchr(" \t\r", from[length - 1]) != NULL)
            length--;
        while (length > 0 && (*from == ' ' || *from == '\t')) {
            from++;
            length--;
        }
        if (length == 0 || (*from == ';' && line->length == 0))
            continue;
        text_bytes(line, from, length);
        if (from[length - 1] != '\\' || *text_get(line) == '[')
            return true;
        line->data[--line->length] = 0;
    }
    return line->length != 0;
}

/* A quoted string with \\ and \"; *at moves behind it. NULL: it does not end, or no memory. */
static char *take_quoted(const char **at)
{
    struct text text;
    const char *p = *at + 1;

    text_init(&text);
    for (; *p != 0 && *p != '"'; p++) {
        if (*p == '\\' && p[1] != 0)
            p++;
        text_char(&text, *p);
    }
    if (*p != '"') {
        text_fini(&text);
        return NULL;
    }
    *at = p + 1;
    return text_take(&text);
}

/* ---- Keys ------------------------------------------------------------------------------------ */

static bool own_root(const char *word, size_t length, enum setup_root *root)
{
    static const struct {
        const char *word;
        enum setup_root root;
    } rows[] = {{"HKR", SETUP_SOFTWARE}, {"HKR.HW", SETUP_HARDWARE},
                {"HKR.Services", SETUP_SERVICE}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strlen(rows[i].word) == length && strncasecmp(rows[i].word, word, length) == 0) {
            *root = rows[i].root;
            return true;
        }
    }
    return false;
}

static int take_key(struct reader *reader, const char *text, unsigned number)
{
    size_t length = strlen(text);
    bool deleted = text[1] == '-';
    const char *path = text + 1 + deleted, *prefix = "";
    size_t root_length = strcspn(path, "\\]");
    struct setup_change place = {0};
    char *key;

    if (text[length - 1] != ']')
        return setup_refuse(reader->error, number, "a key ends in ]");
    if (!own_root(path, root_length, &place.root) &&
        !setup_root_parse(path, root_length, &place.root, &prefix))
        return setup_refuse(reader->error, number, "%.*s is no registry root; "
                            "HKEY_LOCAL_MACHINE is one, HKR the key of the device",
                            (int)root_length, path);
    path += root_length + (path[root_length] == '\\');
    if (asprintf(&key, "%s%.*s", prefix, (int)(text + length - 1 - path), path) < 0)
        return -ENOMEM;
    free(reader->key);
    reader->key = key;
    reader->place = place;
    reader->open = !deleted;
    place.verb = deleted ? SETUP_DELETE_KEY : SETUP_MAKE_KEY;
    return setup_changes_add(reader->out, &place, key, "", NULL, 0);
}

/* ---- Values ---------------------------------------------------------------------------------- */

static int take_bytes(struct reader *reader, const char *from, unsigned number, struct text *data)
{
    while (*from != 0) {
        char *end;
        unsigned long byte = strtoul(from, &end, 16);

        if (end == from || byte > 0xFF)
            return setup_refuse(reader->error, number, "\"%.20s\" is no byte in hexadecimal", from);
        text_char(data, (char)byte);
        from = end + strspn(end, " \t");
        if (*from != 0 && *from != ',')
            return setup_refuse(reader->error, number, "bytes are separated by commas");
        from += *from == ',';
        from += strspn(from, " \t");
    }
    return 0;
}

/* In REGEDIT4, strings in hex are of characters of one byte. */
static void widen(struct text *data)
{
    size_t count = data->length;
    struct text wide;

    text_init(&wide);
    for (size_t i = 0; i < count; i++) {
        text_char(&wide, data->data[i]);
        text_char(&wide, 0);
    }
    text_fini(data);
    *data = wide;
}

static int take_hex(struct reader *reader, const char *name, const char *from, unsigned number)
{
    struct setup_change model = reader->place;
    struct text data;
    int result;

    model.type = SETUP_BINARY;
    if (*from == '(') {
        char *end;

        model.type = (uint32_t)strtoul(from + 1, &end, 16);
        if (end == from + 1 || *end != ')')
            return setup_refuse(reader->error, number, "hex(TYPE): wants a number and )");
        from = end + 1;
    }
    if (*from != ':')
        return setup_refuse(reader->error, number, "hex wants a colon before its bytes");
    text_init(&data);
    result = take_bytes(reader, from + 1, number, &data);
    if (reader->old && (model.type == SETUP_EXPAND_SZ || model.type == SETUP_MULTI_SZ ||
                        model.type == SETUP_SZ))
        widen(&data);
    if (result == 0)
        result = text_error(&data);
    if (result == 0)
        result = setup_changes_add(reader->out, &model, reader->key, name, text_get(&data),
                                   data.length);
    text_fini(&data);
    return result;
}

static int take_dword(struct reader *reader, const char *name, const char *from, unsigned number)
{
    struct setup_change model = reader->place;
    unsigned long value;
    uint32_t dword;
    char *end;

    model.type = SETUP_DWORD;
    value = strtoul(from, &end, 16);
    if (end == from || *end != 0 || value > UINT32_MAX)
        return setup_refuse(reader->error, number, "dword:%s is no number of 8 hexadecimal digits",
                            from);
    dword = (uint32_t)value;
    return setup_changes_add(reader->out, &model, reader->key, name, &dword, sizeof dword);
}

static int take_string(struct reader *reader, const char *name, const char *from, unsigned number)
{
    struct setup_change model = reader->place;
    char *string = take_quoted(&from);
    int result;

    if (string == NULL || *from != 0) {
        free(string);
        return setup_refuse(reader->error, number, "a string ends in one quotation mark");
    }
    model.type = SETUP_SZ;
    result = setup_changes_add_string(reader->out, &model, reader->key, name, string);
    free(string);
    return result;
}

static int take_data(struct reader *reader, const char *name, const char *from, unsigned number)
{
    struct setup_change model = reader->place;

    if (*from == '"')
        return take_string(reader, name, from, number);
    if (strncasecmp(from, "dword:", 6) == 0)
        return take_dword(reader, name, from + 6, number);
    if (strncasecmp(from, "hex", 3) == 0)
        return take_hex(reader, name, from + 3, number);
    if (strcmp(from, "-") != 0)
        return setup_refuse(reader->error, number,
                            "data is \"text\", dword:, hex:, hex(TYPE): or - alone");
    model.verb = SETUP_DELETE_VALUE;
    return setup_changes_add(reader->out, &model, reader->key, name, NULL, 0);
}

static int take_value(struct reader *reader, const char *text, unsigned number)
{
    char *name;
    int result;

    if (!reader->open)
        return setup_refuse(reader->error, number, "a value stands below a key in brackets");
    if (*text != '"' && *text != '@')
        return setup_refuse(reader->error, number, "wants \"name\"=data, @=data or [key]");
    name = *text == '"' ? take_quoted(&text) : strdup("");
    if (text[0] == '@')
        text++;
    if (name == NULL)
        return setup_refuse(reader->error, number, "a name ends in a quotation mark");
    text += strspn(text, " \t");
    if (*text != '=')
        result = setup_refuse(reader->error, number, "= follows the name of a value");
    else
        result = take_data(reader, name, text + 1 + strspn(text + 1, " \t"), number);
    free(name);
    return result;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static int read_all(struct reader *reader)
{
    struct text line;
    unsigned number = 0;
    int result = 0;

    text_init(&line);
    if (!take_line(reader, &line, &number) ||
        (strcmp(text_get(&line), "Windows Registry Editor Version 5.00") != 0 &&
         strcmp(text_get(&line), "REGEDIT4") != 0))
        result = setup_refuse(reader->error, number,
                              "begins with \"Windows Registry Editor Version 5.00\"");
    reader->old = strcmp(text_get(&line), "REGEDIT4") == 0;
    while (result == 0 && take_line(reader, &line, &number)) {
        const char *text = text_get(&line);

        if (text_error(&line) != 0)
            result = -ENOMEM;
        else
            result = *text == '[' ? take_key(reader, text, number)
                                  : take_value(reader, text, number);
    }
    text_fini(&line);
    return result;
}

int setup_registry_parse(const void *bytes, size_t size_bytes, struct setup_changes *out,
                         struct setup_error *error)
{
    char *text = setup_text_decode(bytes, size_bytes);
    struct reader reader = {.out = out, .error = error, .at = text};
    int result;

    memset(error, 0, sizeof *error);
    memset(out, 0, sizeof *out);
    if (text == NULL)
        return -ENOMEM;
    result = read_all(&reader);
    free(reader.key);
    free(text);
    if (result != 0)
        setup_changes_fini(out);
    return result;
}
