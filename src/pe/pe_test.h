/* SPDX-License-Identifier: MIT */
/* What the tests of pe share: a built driver, parsed, or refused for the expected reason at the
 * expected place. */
#ifndef WEIR_PE_PE_TEST_H
#define WEIR_PE_PE_TEST_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "pe/internal.h"
#include "support/pe_builder.h"

static inline void must_parse_bytes(const void *bytes, size_t count, struct pe_image *image)
{
    struct pe_error error = { 0 };

    if (pe_parse(bytes, count, image, &error) != 0)
        fail_msg("refused at 0x%llx: %s", (unsigned long long)error.file_offset, error.reason);
}

static inline void must_parse(const struct pe_build *build, struct pe_image *image)
{
    must_parse_bytes(build->bytes, sizeof(build->bytes), image);
}

static inline void must_refuse_bytes(const void *bytes, size_t count, enum pe_error_kind kind,
                                     uint64_t file_offset, const char *part_of_reason)
{
    struct pe_image image = { .entry_rva = 0x5A5A5A5A };
    struct pe_error error = { 0 };

    assert_int_equal(pe_parse(bytes, count, &image, &error), -ENOEXEC);
    if (error.kind != kind || strstr(error.reason, part_of_reason) == NULL)
        fail_msg("%s at 0x%llx: %s", pe_error_kind_word(error.kind),
                 (unsigned long long)error.file_offset, error.reason);
    assert_int_equal(error.file_offset, file_offset);
    assert_int_equal(image.entry_rva, 0x5A5A5A5A);
}

static inline void must_refuse(const struct pe_build *build, enum pe_error_kind kind,
                               uint64_t file_offset, const char *part_of_reason)
{
    must_refuse_bytes(build->bytes, sizeof(build->bytes), kind, file_offset, part_of_reason);
}

#endif
