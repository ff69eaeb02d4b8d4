/* SPDX-License-Identifier: MIT */
/* What drivers import, and what is here of it, as text and JSON: of one driver line by line, of
 * many as a count. Whoever knows the tables says of each import which state it has; here it is
 * copied, counted and shown. Order: imports_create, for each driver imports_begin and then either
 * imports_refuse or imports_add for each import, then one of the texts. Adding returns 0 or
 * -ENOMEM. docs/imports.md is the schema. */
#ifndef WEIR_REPORT_IMPORTS_H
#define WEIR_REPORT_IMPORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

enum imports_state {
    IMPORTS_FULL,
    IMPORTS_PARTIAL,
    IMPORTS_DATA,
    IMPORTS_LOADED, /* another driver has it */
    IMPORTS_STUB,
    IMPORTS_ABSENT,
    IMPORTS_NEWER, /* the profile does not have it: the driver does not load */
};
const char *imports_state_word(enum imports_state state);

struct imports_line { /* one import; strings are copied */
    const char *module, *name; /* "ntoskrnl.exe", "KeFoo"; by ordinal "#7" */
    enum imports_state state;
    const char *since; /* first Windows; NULL: not known */
    const char *lacks; /* of IMPORTS_PARTIAL: what is missing, in words; else NULL */
};

struct imports_counts {
    size_t drivers; /* files looked at */
    size_t broken; /* no image that weir takes */
    size_t too_new; /* with an import that the profile does not have */
    size_t complete; /* everything they import is here */
    size_t imports, missing, newer; /* of all drivers; missing: stub or absent */
};

struct imports;
struct imports *imports_create(const char *windows_label); /* borrowed; NULL: no memory */
void imports_destroy(struct imports *imports);
int imports_begin(struct imports *imports, const char *path);
/* The driver begun last is none. */
int imports_refuse(struct imports *imports, uint64_t file_offset, const char *reason);
int imports_add(struct imports *imports, const struct imports_line *line);

void imports_count(const struct imports *imports, struct imports_counts *out);
/* Each import of the one driver. */
void imports_list_text(const struct imports *imports, struct text *out);
/* Counts over all drivers: what is missing most often first, then the broken images. -ENOMEM. */
int imports_summary_text(const struct imports *imports, struct text *out);
/* The caller frees it; NULL: no memory. */
char *imports_list_json(const struct imports *imports, const char *windows);
char *imports_summary_json(const struct imports *imports, const char *windows);

/* A function that some driver lacks. */
struct imports_lack {
    const char *module, *name; /* of the first driver that was seen to import it */
    enum imports_state state;
    size_t drivers; /* that import it */
};
/* Those that most drivers lack first, equal ones by name. The caller frees *out; 0 or -ENOMEM. */
int imports_lacks(const struct imports *imports, struct imports_lack **out, size_t *count);

#endif
