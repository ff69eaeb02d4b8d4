/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "setup/internal.h"

void setup_changes_fini(struct setup_changes *changes)
{
    struct setup_change *change;

    array_for_each(change, &changes->list) {
        free(change->key);
        free(change->name);
        free(change->data);
    }
    array_fini(&changes->list);
}

int setup_changes_add(struct setup_changes *changes, const struct setup_change *model,
                      const char *key, const char *name, const void *data, size_t size_bytes)
{
    struct setup_change change = *model;

    change.key = setup_text_wide(key, NULL);
    change.name = setup_text_wide(name, NULL);
    change.data = malloc(size_bytes + 1);
    change.size_bytes = (uint32_t)size_bytes;
    if (change.key != NULL && change.name != NULL && change.data != NULL) {
        if (size_bytes != 0)
            memcpy(change.data, data, size_bytes);
        if (array_push(&changes->list, change) == 0)
            return 0;
    }
    free(change.key);
    free(change.name);
    free(change.data);
    return -ENOMEM;
}

int setup_changes_add_string(struct setup_changes *changes, const struct setup_change *model,
                             const char *key, const char *name, const char *text)
{
    size_t count;
    uint16_t *wide = setup_text_wide(text, &count);
    int result = -ENOMEM;

    if (wide != NULL)
        result = setup_changes_add(changes, model, key, name, wide, (count + 1) * sizeof *wide);
    free(wide);
    return result;
}

bool setup_root_parse(const char *word, size_t length, enum setup_root *root, const char **prefix)
{
    static const struct {
        const char *word;
        enum setup_root root;
        const char *prefix;
    } rows[] = {
        {"HKLM", SETUP_MACHINE, ""},
        {"HKEY_LOCAL_MACHINE", SETUP_MACHINE, ""},
        {"HKCR", SETUP_MACHINE, "Software\\Classes\\"},
        {"HKEY_CLASSES_ROOT", SETUP_MACHINE, "Software\\Classes\\"},
        {"HKEY_CURRENT_CONFIG", SETUP_MACHINE,
         "System\\CurrentControlSet\\Hardware Profiles\\Current\\"},
        {"HKU", SETUP_USERS, ""},
        {"HKEY_USERS", SETUP_USERS, ""},
        {"HKCU", SETUP_USERS, ".Default\\"},
        {"HKEY_CURRENT_USER", SETUP_USERS, ".Default\\"},
    };

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (strlen(rows[i].word) != length || strncasecmp(rows[i].word, word, length) != 0)
            continue;
        *root = rows[i].root;
        *prefix = rows[i].prefix;
        return true;
    }
    return false;
}
