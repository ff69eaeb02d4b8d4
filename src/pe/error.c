/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "pe/internal.h"

const char *pe_error_kind_word(enum pe_error_kind kind)
{
    static const char *const words[] = {
#define PE_ERROR(name, word) [PE_ERROR_##name] = word,
#include "pe/errors.tbl.h"
#undef PE_ERROR
    };

    weir_assert((size_t)kind < ARRAY_LEN(words));
    return words[kind];
}

int pe_fail(struct pe_error *error, enum pe_error_kind kind, uint64_t file_offset,
            const char *format, ...)
{
    va_list arguments;

    error->kind = kind;
    error->file_offset = file_offset;
    va_start(arguments, format);
    vsnprintf(error->reason, sizeof(error->reason), format, arguments);
    va_end(arguments);
    for (char *at = error->reason; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7E)
            *at = '?';
    }
    return -ENOEXEC;
}
