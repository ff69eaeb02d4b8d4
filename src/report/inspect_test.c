/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "report/inspect.h"

static const struct inspect_run run = {.version = "0", .driver = "x.sys", .card = "none",
                                       .card_parameters = "", .windows = "win10", .seed = 1};

typedef void writer(const struct inspect_document *document, const struct inspect_run *of,
                    struct text *out);
static writer *const writers[] = {inspect_text, inspect_dot, inspect_svg};

static struct inspect_document *parse(const char *json)
{
    return inspect_parse(json, strlen(json));
}

static char *written(const char *json, writer *write)
{
    struct inspect_document *document = parse(json);
    struct text text;
    char *result;

    assert_non_null(document);
    text_init(&text);
    write(document, &run, &text);
    result = text_take(&text);
    assert_non_null(result);
    text_fini(&text);
    inspect_destroy(document);
    return result;
}

static void what_is_no_object_is_refused(void **state)
{
    (void)state;
    assert_null(parse(""));
    assert_null(parse("[1]"));
    assert_null(parse("{\"filters\": ["));
    assert_null(parse("{} {}"));
    assert_null(inspect_parse("{\"a\": \"\xff\"}", 10));
}

/* Members of every wrong type, where each is looked for. */
static void a_document_gone_wild_is_written_all_the_same(void **state)
{
    static const char *const documents[] = {
        "{}",
        "{\"filters\": 7, \"interfaces\": {}, \"complete\": \"yes\"}",
        "{\"filters\": [1, null, \"x\", [], {}], \"interfaces\": [3, {\"class\": 1}]}",
        "{\"filters\": [{\"pins\": [null, 5, {\"id\": \"a\", \"data_ranges\": 4, \"instance\": "
        "{\"opened\": true, \"framing\": [], \"properties\": [{\"items\": [{\"value\": {\"value\": "
        "{}, \"capabilities\": {}}}, 3]}]}, \"problems\": [1]}], \"nodes\": {}, \"connections\": "
        "[{\"from_node\": 9, \"to_node\": 9}, {}, 1]}]}",
        "{\"filters\": [{\"nodes\": [{\"id\": 0}, {\"id\": 1}], \"connections\": [{\"from_node\": "
        "0, \"to_node\": 1}, {\"from_node\": 1, \"to_node\": 0}]}]}",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(documents); i++) {
        for (size_t k = 0; k < ARRAY_LEN(writers); k++)
            free(written(documents[i], writers[k]));
    }
}

static void nothing_a_driver_says_steers_the_terminal_or_ends_a_string(void **state)
{
    static const char document[] =
        "{\"filters\": [{\"reference\": \"\\u001b[2J\\\"<&\\\\\", \"pins\": [{\"id\": 0, \"name\": "
        "\"\\u001b]0;a\\u0007\\\"<b>\", \"data_flow\": \"\\u001b\", \"properties\": []}]}]}";

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(writers); i++) {
        char *text = written(document, writers[i]);

        assert_null(strchr(text, 0x1b));
        assert_null(strchr(text, 0x07));
        if (writers[i] == inspect_svg)
            assert_null(strstr(text, "<b>"));
        if (writers[i] == inspect_dot)
            assert_non_null(strstr(text, "]0;a \\\"<b>"));
        free(text);
    }
}

static void arrows_lead_from_boxes_to_boxes(void **state)
{
    char *dot = written("{\"filters\": [{\"pins\": [{\"id\": 0, \"data_flow\": \"in\"}, {\"id\": "
                        "1, \"data_flow\": \"out\"}], \"nodes\": [{\"id\": 0}], \"connections\": ["
                        "{\"from_node\": null, \"from_pin\": 0, \"to_node\": 0, \"to_pin\": 1}, "
                        "{\"from_node\": 0, \"from_pin\": 0, \"to_node\": null, \"to_pin\": 1}, "
                        "{\"from_node\": 0, \"from_pin\": 0, \"to_node\": null, \"to_pin\": 7}]}]}",
                        inspect_dot);

    (void)state;
    assert_non_null(strstr(dot, "f0_pin0 -> f0_node0 [headlabel=\"1\"];"));
    assert_non_null(strstr(dot, "f0_node0 -> f0_pin1 [taillabel=\"0\"];"));
    assert_null(strstr(dot, "pin7"));
    free(dot);
}

static void the_json_begins_with_its_version_and_has_its_lists_without_a_document(void **state)
{
    char *text = inspect_json(NULL, &run);
    json_t *json = json_loads(text, 0, NULL);

    (void)state;
    assert_non_null(json);
    assert_ptr_equal(strstr(text, "\"schema_version\": 1"), text + 3);
    assert_true(json_is_false(json_object_get(json, "complete")));
    assert_int_equal(json_array_size(json_object_get(json, "filters")), 0);
    json_decref(json);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_no_object_is_refused),
        cmocka_unit_test(a_document_gone_wild_is_written_all_the_same),
        cmocka_unit_test(nothing_a_driver_says_steers_the_terminal_or_ends_a_string),
        cmocka_unit_test(arrows_lead_from_boxes_to_boxes),
        cmocka_unit_test(the_json_begins_with_its_version_and_has_its_lists_without_a_document),
    };

    return cmocka_run_group_tests_name("inspect", tests, NULL, NULL);
}
