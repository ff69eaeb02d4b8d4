/* SPDX-License-Identifier: MIT */
/* What the files of this room share. Not a door. */
#ifndef WEIR_SETUP_INTERNAL_H
#define WEIR_SETUP_INTERNAL_H

#include "setup/setup.h"

/* A line of a section: [key =] field, field ... Quotes are taken off, tokens are filled in. */
struct inf_line {
    unsigned number;
    char *key; /* NULL: the line has none */
    ARRAY(char *) fields;
};
struct inf_section {
    char *name;
    ARRAY(struct inf_line) lines;
};
struct setup_inf {
    ARRAY(struct inf_section) sections;
};

/* text.c. UTF-16 (by its mark), UTF-8, or else Windows-1252, as UTF-8 that ends in zero. The caller
 * frees. NULL: no memory. */
char *setup_text_decode(const void *bytes, size_t size_bytes);
/* As UTF-16; the caller frees. *count, without the zero, may be NULL. */
uint16_t *setup_text_wide(const char *text, size_t *count);
int setup_refuse(struct setup_error *error, unsigned line, const char *format, ...)
    WEIR_PRINTF(3, 4); /* -EINVAL */

/* inf_strings.c. The text with each %token% replaced by what [Strings] says; a token nobody knows
 * stays as it is. The caller frees. */
char *inf_expand(const struct setup_inf *inf, const char *text);

/* inf_read.c. NULL: there is none of that name. */
const struct inf_section *inf_find(const struct setup_inf *inf, const char *name);
/* The first field of the first line with that key in the section; NULL: none. */
const char *inf_value(const struct inf_section *section, const char *key);
const char *inf_field(const struct inf_line *line, size_t index); /* "" beyond the last */

/* inf_models.c */
struct inf_model {
    const char *manufacturer;
    const struct inf_line *line; /* description = section, id, id ... */
};
/* False after the last one. */
bool inf_model_at(const struct setup_inf *inf, const struct setup_target *target, unsigned index,
                  struct inf_model *out);
/* The best fit; *id is the device's. False: none fits. */
bool inf_model_choose(const struct setup_inf *inf, const struct setup_target *target,
                      const char *hardware_ids, const char *compatible_ids, struct inf_model *out,
                      const char **id);

/* inf_registry.c. The changes that a section of AddReg (or DelReg) lines makes; HKR is root. */
int inf_add_registry(const struct setup_inf *inf, const char *section, bool deletes,
                     enum setup_root root, unsigned index, struct setup_changes *changes,
                     struct setup_error *error);

/* changes.c */
/* The rows of HKLM, HKEY_LOCAL_MACHINE and the like: false when it is none of them. *prefix goes
 * before the key, "" or ending in a backslash. */
bool setup_root_parse(const char *word, size_t length, enum setup_root *root, const char **prefix);

#endif
