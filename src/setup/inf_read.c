/* SPDX-License-Identifier: MIT */
/* An INF as sections of lines ("General Syntax Rules for INF Files"): names without case, a section
 * may stand in several pieces, ';' starts a comment and '\' at the end of a line goes on with the
 * next, both outside of quotes only. A key is what stands before the first '=' that comes before
 * any comma, so that an '=' in a value is a character like any other. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "setup/internal.h"

enum { SECTIONS_MAX = 20000, LINES_MAX = 200000 };

struct reader {
    struct setup_inf *inf;
    struct setup_error *error;
    const char *at;
    unsigned line; /* the one at *at */
    unsigned lines; /* kept */
    size_t section; /* the open one, SIZE_MAX: none */
};

/* ---- Freeing --------------------------------------------------------------------------------- */

static void line_fini(struct inf_line *line)
{
    char **field;

    free(line->key);
    array_for_each(field, &line->fields)
        free(*field);
    array_fini(&line->fields);
}

void setup_inf_destroy(struct setup_inf *inf)
{
    struct inf_section *section;
    struct inf_line *line;

    if (inf == NULL)
        return;
    array_for_each(section, &inf->sections) {
        array_for_each(line, &section->lines)
            line_fini(line);
        array_fini(&section->lines);
        free(section->name);
    }
    array_fini(&inf->sections);
    free(inf);
}

/* ---- Looking up ------------------------------------------------------------------------------ */

const struct inf_section *inf_find(const struct setup_inf *inf, const char *name)
{
    struct inf_section *section;

    array_for_each(section, &inf->sections) {
        if (strcasecmp(section->name, name) == 0)
            return section;
    }
    return NULL;
}

const char *inf_field(const struct inf_line *line, size_t index)
{
    return index < line->fields.count ? line->fields.items[index] : "";
}

const char *inf_value(const struct inf_section *section, const char *key)
{
    struct inf_line *line;

    if (section == NULL)
        return NULL;
    array_for_each(line, &section->lines) {
        if (line->key != NULL && strcasecmp(line->key, key) == 0)
            return inf_field(line, 0);
    }
    return NULL;
}

/* ---- Logical lines --------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static void trim_end(struct text *text)
{
    while (text->length > 0 && is_blank(text->data[text->length - 1]))
        text->data[--text->length] = 0;
}

/* One physical line without its comment; true: it goes on in the next. */
static bool take_physical(struct reader *reader, struct text *line)
{
    bool quoted = false, comment = false, open = false;

    while (*reader->at != 0 && *reader->at != '\n') {
        char c = *reader->at++;

        if (c == '"' && !comment)
            quoted = !quoted;
        comment |= c == ';' && !quoted;
        if (!comment)
            text_char(line, c);
    }
    if (*reader->at == '\n')
        reader->at++;
    reader->line++;
    trim_end(line);
    open = !quoted && line->length > 0 && line->data[line->length - 1] == '\\';
    if (open) {
        line->data[--line->length] = 0;
        trim_end(line);
    }
    return open;
}

static bool take_logical(struct reader *reader, struct text *line, unsigned *number)
{
    text_clear(line);
    if (*reader->at == 0)
        return false;
    *number = reader->line;
    while (take_physical(reader, line) && *reader->at != 0)
        ;
    return true;
}

/* ---- Lines into fields ----------------------------------------------------------------------- */

/* Up to a comma, or to '=' when a key may stand here; quotes come off, two in a row are one. */
static int take_piece(const char **at, bool key_allowed, char **out)
{
    struct text text;
    bool quoted = false;
    const char *p = *at;
    size_t kept = 0;

    text_init(&text);
    while (is_blank(*p))
        p++;
    for (; *p != 0; p++) {
        if (*p == '"' && quoted && p[1] == '"') {
            p++;
        } else if (*p == '"') {
            quoted = !quoted;
            kept = text.length;
            continue;
        } else if (!quoted && (*p == ',' || (key_allowed && *p == '='))) {
            break;
        }
        text_char(&text, *p);
        if (quoted || !is_blank(*p))
            kept = text.length;
    }
    *at = p;
    if (text_error(&text) == 0 && text.length > kept) {
        text.data[kept] = 0;
        text.length = kept;
    }
    *out = text_take(&text);
    return *out != NULL ? 0 : -ENOMEM;
}

static int take_fields(const char *at, struct inf_line *line)
{
    bool first = true;

    for (;;) {
        char *piece;

        if (take_piece(&at, first, &piece) != 0)
            return -ENOMEM;
        if (first && *at == '=') {
            line->key = piece;
            first = false;
            at++;
            continue;
        }
        first = false;
        if (array_push(&line->fields, piece) != 0) {
            free(piece);
            return -ENOMEM;
        }
        if (*at != ',')
            return 0;
        at++;
    }
}

/* ---- Sections -------------------------------------------------------------------------------- */

static int open_section(struct reader *reader, const char *text, unsigned number)
{
    const char *end = strchr(text, ']');
    struct inf_section section = {0};
    const struct inf_section *there;

    if (end == NULL)
        return setup_refuse(reader->error, number, "a section's name ends in ]");
    section.name = strndup(text + 1, (size_t)(end - text - 1));
    if (section.name == NULL)
        return -ENOMEM;
    there = inf_find(reader->inf, section.name);
    if (there != NULL) {
        free(section.name);
        reader->section = (size_t)(there - reader->inf->sections.items);
        return 0;
    }
    if (reader->inf->sections.count == SECTIONS_MAX) {
        free(section.name);
        return setup_refuse(reader->error, number, "more than %d sections", SECTIONS_MAX);
    }
    if (array_push(&reader->inf->sections, section) != 0) {
        free(section.name);
        return -ENOMEM;
    }
    reader->section = reader->inf->sections.count - 1;
    return 0;
}

static int add_line(struct reader *reader, const char *text, unsigned number)
{
    struct inf_line line = {.number = number};
    struct inf_section *section;
    int result;

    if (reader->section == SIZE_MAX)
        return 0; /* what stands before the first section means nothing */
    if (reader->lines++ == LINES_MAX)
        return setup_refuse(reader->error, number, "more than %d lines", LINES_MAX);
    section = &reader->inf->sections.items[reader->section];
    result = take_fields(text, &line);
    if (result == 0)
        result = array_push(&section->lines, line);
    if (result != 0)
        line_fini(&line);
    return result;
}

static int read_all(struct reader *reader)
{
    struct text line;
    unsigned number;
    int result = 0;

    text_init(&line);
    while (result == 0 && take_logical(reader, &line, &number)) {
        const char *text = text_get(&line);

        while (is_blank(*text))
            text++;
        if (text_error(&line) != 0)
            result = -ENOMEM;
        else if (*text == '[')
            result = open_section(reader, text, number);
        else if (*text != 0)
            result = add_line(reader, text, number);
    }
    text_fini(&line);
    return result;
}

/* ---- The whole ------------------------------------------------------------------------------- */

static int expand_piece(const struct setup_inf *inf, char **piece)
{
    char *expanded;

    if (*piece == NULL || strchr(*piece, '%') == NULL)
        return 0;
    expanded = inf_expand(inf, *piece);
    if (expanded == NULL)
        return -ENOMEM;
    free(*piece);
    *piece = expanded;
    return 0;
}

static int expand_all(struct setup_inf *inf)
{
    struct inf_section *section;
    struct inf_line *line;
    char **field;
    int result = 0;

    array_for_each(section, &inf->sections) {
        if (strncasecmp(section->name, "Strings", 7) == 0)
            continue;
        array_for_each(line, &section->lines) {
            if (result == 0)
                result = expand_piece(inf, &line->key);
            array_for_each(field, &line->fields) {
                if (result == 0)
                    result = expand_piece(inf, field);
            }
        }
    }
    return result;
}

/* In a template (.inx) the architecture is a word that the build fills in. */
static void fill_in_architecture(char *text)
{
    static const char word[] = "$ARCH$", ours[] = "amd64";
    char *at;

    while ((at = strcasestr(text, word)) != NULL) {
        memcpy(at, ours, sizeof ours - 1);
        memmove(at + sizeof ours - 1, at + sizeof word - 1, strlen(at + sizeof word - 1) + 1);
    }
}

static int check_version(const struct setup_inf *inf, struct setup_error *error)
{
    static const char *const signatures[] = {"$Windows NT$", "$Chicago$", "$Windows 95$"};
    const char *signature = inf_value(inf_find(inf, "Version"), "Signature");

    for (size_t i = 0; signature != NULL && i < ARRAY_LEN(signatures); i++) {
        if (strcasecmp(signature, signatures[i]) == 0)
            return 0;
    }
    return setup_refuse(error, 0, "no [Version] section with Signature=\"$Windows NT$\"; this is "
                                  "no INF");
}

int setup_inf_parse(const void *bytes, size_t size_bytes, struct setup_inf **out,
                    struct setup_error *error)
{
    char *text = setup_text_decode(bytes, size_bytes);
    struct setup_inf *inf = calloc(1, sizeof *inf);
    struct reader reader = {inf, error, text, 1, 0, SIZE_MAX};
    int result = -ENOMEM;

    memset(error, 0, sizeof *error);
    if (text != NULL && inf != NULL) {
        fill_in_architecture(text);
        result = read_all(&reader);
    }
    if (result == 0)
        result = expand_all(inf);
    if (result == 0)
        result = check_version(inf, error);
    free(text);
    if (result != 0) {
        setup_inf_destroy(inf);
        return result;
    }
    *out = inf;
    return 0;
}
