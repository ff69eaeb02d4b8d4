/* SPDX-License-Identifier: MIT */
/* What `weir inspect` found, for people and programs: one JSON document, made in the process that
 * the driver ran in, and pictures of it. That process may have gone wild: the document is parsed
 * anew and nothing in it is taken for granted; what is missing shows as nothing. The same document
 * gives the same bytes. */
#ifndef WEIR_REPORT_INSPECT_H
#define WEIR_REPORT_INSPECT_H

#include <stddef.h>
#include <stdint.h>

#include "base/base.h"

/* What is known beside the document. Strings are borrowed. */
struct inspect_run {
    const char *version; /* of weir */
    const char *driver, *card, *card_parameters, *windows;
    uint64_t seed;
    int exit_code;
    const char *message; /* NULL or one line */
};

struct inspect_document;
/* NULL when the text is no JSON object, or there is no memory. */
struct inspect_document *inspect_parse(const char *json, size_t bytes);
void inspect_destroy(struct inspect_document *document);

void inspect_text(const struct inspect_document *document, const struct inspect_run *run,
                  struct text *out);
/* docs/inspect.md describes it; schema_version first. The caller frees it; NULL: no memory. A NULL
 * document gives the head alone. */
char *inspect_json(const struct inspect_document *document, const struct inspect_run *run);
void inspect_dot(const struct inspect_document *document, const struct inspect_run *run,
                 struct text *out); /* for Graphviz */
void inspect_svg(const struct inspect_document *document, const struct inspect_run *run,
                 struct text *out); /* drawn here, without Graphviz */

#endif
