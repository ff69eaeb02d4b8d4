/* SPDX-License-Identifier: MIT */
/* Growable string writer: reports, traces and JSON are put together here and written out by
 * somebody else. The writer owns its buffer, which always ends in NUL. Writing never fails at the
 * call: the first failure is kept (text_error), later writes do nothing, and one check at the end
 * is enough. Not here: files and terminals (host, super), JSON structure beyond strings. */
#ifndef WEIR_BASE_TEXT_H
#define WEIR_BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

#include "base/compiler.h"

struct text {
    char  *data;
    size_t length; /* without the NUL */
    size_t capacity;
    int    error; /* 0 or the first -errno */
};

void text_init(struct text *text);
void text_fini(struct text *text);

/* Empties the text, keeps the buffer and forgets an error. */
void text_clear(struct text *text);

int text_error(const struct text *text);

/* Never NULL; valid until the next write. */
const char *text_get(const struct text *text);

/* The caller owns the result and frees it with free(); NULL after an error. The text is empty
 * afterwards. */
char *text_take(struct text *text);

void text_bytes(struct text *text, const void *bytes, size_t count);
void text_string(struct text *text, const char *string);
void text_char(struct text *text, char character);
void text_repeat(struct text *text, char character, size_t count);
void text_printf(struct text *text, const char *format, ...) WEIR_PRINTF(2, 3);
void text_vprintf(struct text *text, const char *format, va_list arguments) WEIR_PRINTF(2, 0);

/* For people's eyes: control characters become blanks, and what is not valid UTF-8 a question
 * mark each byte. */
void text_shown(struct text *text, const char *string);

/* A quoted JSON string. What is not valid UTF-8 becomes U+FFFD, so the result always is. */
void text_json_string(struct text *text, const char *string);
void text_json_bytes(struct text *text, const void *bytes, size_t count);

#endif
