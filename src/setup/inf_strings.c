/* SPDX-License-Identifier: MIT */
/* %tokens% ("INF Strings Section"). English is spoken here: [Strings.0409] comes before [Strings].
 * A number is a directory ("Using Dirids"); two percent signs in a row are one. What nobody knows
 * stays as it is: "%SystemRoot%" in a REG_EXPAND_SZ is meant so. A string may hold tokens itself.
 */
#include <string.h>
#include <strings.h>

#include "setup/internal.h"

enum { DEPTH_MAX = 16, EXPANDED_MAX = 65536 };

static const char *directory_of(const char *token, size_t length)
{
    static const struct {
        const char *id, *path;
    } rows[] = {
        {"10", "C:\\Windows"},
        {"11", "C:\\Windows\\system32"},
        {"12", "C:\\Windows\\system32\\drivers"},
        {"13", "C:\\Windows\\system32\\DriverStore\\FileRepository"},
        {"17", "C:\\Windows\\INF"},
        {"24", "C:"},
        {"30", "C:"},
        {"16422", "C:\\Program Files"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strlen(rows[i].id) == length && strncmp(rows[i].id, token, length) == 0)
            return rows[i].path;
    }
    return NULL;
}

static const char *find_string(const struct setup_inf *inf, const char *token, size_t length)
{
    static const char *const sections[] = {"Strings.0409", "Strings"};

    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        const struct inf_section *section = inf_find(inf, sections[i]);
        struct inf_line *line;

        if (section == NULL)
            continue;
        array_for_each(line, &section->lines) {
            if (line->key != NULL && strlen(line->key) == length &&
                strncasecmp(line->key, token, length) == 0)
                return inf_field(line, 0);
        }
    }
    return directory_of(token, length);
}

static void expand(const struct setup_inf *inf, const char *from, unsigned depth, struct text *out)
{
    const char *end;

    for (; *from != 0 && out->length < EXPANDED_MAX; from++) {
        const char *string;

        end = *from == '%' ? strchr(from + 1, '%') : NULL;
        if (end == NULL) {
            text_char(out, *from);
            continue;
        }
        if (end == from + 1) {
            text_char(out, '%');
            from = end;
            continue;
        }
        string = depth < DEPTH_MAX ? find_string(inf, from + 1, (size_t)(end - from - 1)) : NULL;
        if (string == NULL) {
            text_char(out, '%'); /* the next one may begin a token of its own */
            continue;
        }
        expand(inf, string, depth + 1, out);
        from = end;
    }
}

char *inf_expand(const struct setup_inf *inf, const char *from)
{
    struct text text;

    text_init(&text);
    expand(inf, from, 0, &text);
    return text_take(&text);
}
