/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "report/imports.h"

static void add(struct imports *imports, const char *module, const char *name,
                enum imports_state state)
{
    const struct imports_line line = {.module = module, .name = name, .state = state,
                                      .since = state == IMPORTS_ABSENT ? NULL : "vista",
                                      .lacks = state == IMPORTS_PARTIAL ? "half of it" : NULL};

    assert_int_equal(imports_add(imports, &line), 0);
}

/* Four drivers: one complete, two that lack something, one broken. */
static struct imports *folder(void)
{
    struct imports *imports = imports_create("Windows 10");

    assert_non_null(imports);
    assert_int_equal(imports_begin(imports, "d/good.sys"), 0);
    add(imports, "ntoskrnl.exe", "KeGood", IMPORTS_FULL);
    add(imports, "ntoskrnl.exe", "KeHalf", IMPORTS_PARTIAL);
    add(imports, "other.sys", "Other", IMPORTS_LOADED);
    assert_int_equal(imports_begin(imports, "d/lacks.sys"), 0);
    add(imports, "ndis.sys", "NdisRare", IMPORTS_ABSENT);
    add(imports, "ntoskrnl.exe", "KeOften", IMPORTS_STUB);
    add(imports, "NTOSKRNL.exe", "KeOften", IMPORTS_STUB); /* twice in one driver */
    assert_int_equal(imports_begin(imports, "d/new.sys"), 0);
    add(imports, "ntoskrnl.exe", "KeOften", IMPORTS_STUB);
    add(imports, "ntoskrnl.exe", "KeNewer", IMPORTS_NEWER);
    assert_int_equal(imports_begin(imports, "d/broken.sys"), 0);
    assert_int_equal(imports_refuse(imports, 0x3c, "no PE header"), 0);
    return imports;
}

static void drivers_are_counted_by_what_becomes_of_them(void **state)
{
    struct imports *imports = folder();
    struct imports_counts counts;

    (void)state;
    imports_count(imports, &counts);
    assert_int_equal(counts.drivers, 4);
    assert_int_equal(counts.broken, 1);
    assert_int_equal(counts.too_new, 1);
    assert_int_equal(counts.complete, 1);
    assert_int_equal(counts.imports, 8);
    assert_int_equal(counts.missing, 4);
    assert_int_equal(counts.newer, 1);
    imports_destroy(imports);
}

static void what_most_drivers_lack_comes_first_and_each_driver_counts_once(void **state)
{
    struct imports *imports = folder();
    struct imports_lack *lacks;
    size_t count;

    (void)state;
    assert_int_equal(imports_lacks(imports, &lacks, &count), 0);
    assert_int_equal(count, 3);
    assert_string_equal(lacks[0].name, "KeOften");
    assert_int_equal(lacks[0].drivers, 2);
    assert_string_equal(lacks[1].name, "NdisRare");
    assert_int_equal(lacks[1].drivers, 1);
    assert_int_equal(lacks[1].state, IMPORTS_ABSENT);
    assert_string_equal(lacks[2].name, "KeNewer");
    free(lacks);
    imports_destroy(imports);
}

static void the_summary_names_what_is_missing_and_what_is_broken(void **state)
{
    struct imports *imports = folder();
    struct text text;

    (void)state;
    text_init(&text);
    assert_int_equal(imports_summary_text(imports, &text), 0);
    assert_string_equal(text_get(&text),
                        "drivers             4\n"
                        "load                2; 1 import what is newer than Windows 10, 1 are "
                        "broken\n"
                        "lack nothing        1\n"
                        "imports             8, 4 missing, 1 newer\n"
                        "functions missing   3, by the drivers that import them\n"
                        "     2 stub   ntoskrnl.exe!KeOften\n"
                        "     1 absent ndis.sys!NdisRare\n"
                        "     1 newer  ntoskrnl.exe!KeNewer\n"
                        "broken\n"
                        "  d/broken.sys: at file offset 0x3c: no PE header\n");
    text_fini(&text);
    imports_destroy(imports);
}

static void a_list_says_what_is_missing_of_a_partial_function(void **state)
{
    struct imports *imports = imports_create("Windows 10");
    struct text text;

    (void)state;
    assert_int_equal(imports_begin(imports, "x.sys"), 0);
    add(imports, "ntoskrnl.exe", "KeHalf", IMPORTS_PARTIAL);
    add(imports, "ndis.sys", "Ndis\033Rare", IMPORTS_ABSENT);
    text_init(&text);
    imports_list_text(imports, &text);
    assert_string_equal(text_get(&text),
                        "partial  ntoskrnl.exe   KeHalf                                     "
                        "  vista\n"
                        "         lacks: half of it\n"
                        "absent   ndis.sys       Ndis Rare\n"
                        "2 imports, 1 missing, 0 newer than Windows 10\n");
    text_fini(&text);
    imports_destroy(imports);
}

static json_t *parsed(char *text)
{
    json_t *root;

    assert_non_null(text);
    root = json_loads(text, 0, NULL);
    assert_non_null(root);
    free(text);
    return root;
}

static void programs_get_the_same(void **state)
{
    struct imports *imports = folder();
    json_t *root = parsed(imports_summary_json(imports, "win10")), *item;

    (void)state;
    assert_int_equal(json_integer_value(json_object_get(root, "schema_version")), 1);
    assert_int_equal(json_integer_value(json_object_get(root, "broken")), 1);
    item = json_array_get(json_object_get(root, "functions"), 0);
    assert_string_equal(json_string_value(json_object_get(item, "name")), "KeOften");
    assert_int_equal(json_integer_value(json_object_get(item, "drivers")), 2);
    item = json_array_get(json_object_get(root, "files"), 3);
    assert_string_equal(json_string_value(json_object_get(item, "refusal")), "no PE header");
    json_decref(root);
    root = parsed(imports_list_json(imports, "win10"));
    item = json_array_get(json_object_get(root, "list"), 1);
    assert_string_equal(json_string_value(json_object_get(item, "state")), "partial");
    assert_string_equal(json_string_value(json_object_get(item, "lacks")), "half of it");
    item = json_array_get(json_object_get(root, "list"), 3);
    assert_true(json_is_null(json_object_get(item, "since")));
    json_decref(root);
    imports_destroy(imports);
}

static void without_drivers_everything_is_nought(void **state)
{
    struct imports *imports = imports_create("Windows 10");
    struct imports_lack *lacks;
    size_t count = 1;

    (void)state;
    assert_int_equal(imports_lacks(imports, &lacks, &count), 0);
    assert_int_equal(count, 0);
    free(lacks);
    imports_destroy(imports);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(drivers_are_counted_by_what_becomes_of_them),
        cmocka_unit_test(what_most_drivers_lack_comes_first_and_each_driver_counts_once),
        cmocka_unit_test(the_summary_names_what_is_missing_and_what_is_broken),
        cmocka_unit_test(a_list_says_what_is_missing_of_a_partial_function),
        cmocka_unit_test(programs_get_the_same),
        cmocka_unit_test(without_drivers_everything_is_nought),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
