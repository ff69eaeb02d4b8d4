/* SPDX-License-Identifier: MIT */
/* What collects and what shows imports share. Not a door. */
#ifndef WEIR_REPORT_IMPORTS_INTERNAL_H
#define WEIR_REPORT_IMPORTS_INTERNAL_H

#include "report/imports.h"

struct imports_item { /* a line with strings of its own */
    char *module, *name;
    enum imports_state state;
    char *since, *lacks; /* NULL where there is none */
    size_t driver; /* its index */
};
struct imports_driver {
    char *path;
    char *refusal; /* NULL: it is an image */
    uint64_t file_offset; /* of what is wrong */
    size_t imports, missing, newer;
};
struct imports {
    const char *windows_label;
    ARRAY(struct imports_driver) drivers;
    ARRAY(struct imports_item) items;
};

#endif
