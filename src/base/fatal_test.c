/* SPDX-License-Identifier: MIT */
#include "base/fatal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct caught {
    jmp_buf     back;
    const char *kind;
    char        text[256];
};

static void catch_fatal(void *ctx, const char *kind, const char *text)
{
    struct caught *caught = ctx;

    caught->kind = kind;
    snprintf(caught->text, sizeof(caught->text), "%s", text);
    longjmp(caught->back, 1);
}

static void a_failed_assert_reaches_the_hook_with_file_line_and_text(void **state)
{
    struct caught caught = { 0 };
    struct base_fatal_ops ops = { .fatal = catch_fatal, .ctx = &caught };
    volatile int two = 2;

    (void)state;
    base_fatal_set(&ops);
    if (setjmp(caught.back) == 0)
        weir_assert(two == 3);
    base_fatal_set(NULL);
    assert_string_equal(caught.kind, "assert");
    assert_non_null(strstr(caught.text, "fatal_test.c:"));
    assert_non_null(strstr(caught.text, "two == 3"));
}

static void an_assert_that_holds_does_nothing(void **state)
{
    struct caught caught = { 0 };
    struct base_fatal_ops ops = { .fatal = catch_fatal, .ctx = &caught };

    (void)state;
    base_fatal_set(&ops);
    if (setjmp(caught.back) == 0)
        weir_assert(ops.ctx == &caught);
    base_fatal_set(NULL);
    assert_null(caught.kind);
}

static void what_is_not_implemented_names_the_function(void **state)
{
    struct caught caught = { 0 };
    struct base_fatal_ops ops = { .fatal = catch_fatal, .ctx = &caught };

    (void)state;
    base_fatal_set(&ops);
    if (setjmp(caught.back) == 0)
        weir_not_implemented("KeFoo");
    base_fatal_set(NULL);
    assert_string_equal(caught.kind, "not implemented");
    assert_string_equal(caught.text, "KeFoo");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_assert_reaches_the_hook_with_file_line_and_text),
        cmocka_unit_test(an_assert_that_holds_does_nothing),
        cmocka_unit_test(what_is_not_implemented_names_the_function),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
