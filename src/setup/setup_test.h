/* SPDX-License-Identifier: MIT */
/* What the tests of this room share. */
#ifndef WEIR_SETUP_TEST_H
#define WEIR_SETUP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "setup/internal.h"

/* A registry string is this text. */
static inline void assert_wide(const void *wide, const char *text)
{
    const uint16_t *at = wide;

    for (size_t i = 0; i <= strlen(text); i++)
        assert_int_equal(at[i], (unsigned char)text[i]);
}

static inline bool is_wide(const uint16_t *wide, const char *text)
{
    while (*text != 0 && *wide == (unsigned char)*text) {
        wide++;
        text++;
    }
    return *text == 0 && *wide == 0;
}

/* The last change of that value, which must be there. */
static inline const struct setup_change *change_of(const struct setup_changes *changes,
                                                   enum setup_root root, const char *key,
                                                   const char *name)
{
    const struct setup_change *found = NULL, *change;

    array_for_each(change, &changes->list) {
        if (change->root == root && is_wide(change->key, key) && is_wide(change->name, name))
            found = change;
    }
    assert_non_null(found);
    return found;
}

#endif
