/* SPDX-License-Identifier: MIT */
#include "hw/hw_test.h"
#include "hw/parameters.h"

static const struct weir_parameter table[] = {
    {"payload", WEIR_PARAMETER_CHOICE, 0, "full", "full|stamps|none", "what is drawn"},
    {"at", WEIR_PARAMETER_NUMBER, 0, "0", NULL, "frame"},
    {"memory", WEIR_PARAMETER_SIZE, 0, "1M", NULL, "bytes"},
    {"title", WEIR_PARAMETER_TEXT, 0, "", NULL, "anything"},
    {NULL, 0, 0, NULL, NULL, NULL},
};

static void what_is_not_given_has_its_default(void **state)
{
    struct parameters parameters;
    struct hw_model_error error;

    (void)state;
    assert_int_equal(parameters_init(&parameters, "card", table, NULL, &error), 0);
    assert_int_equal(parameters_find(&parameters, "payload")->number, 0);
    assert_int_equal(parameters_find(&parameters, "memory")->number, 1 << 20);
    assert_string_equal(parameters_find(&parameters, "title")->text, "");
    assert_null(parameters_find(&parameters, "pay"));
    parameters_fini(&parameters);
}

static void what_is_given_is_parsed_by_type(void **state)
{
    struct parameters parameters;
    struct hw_model_error error;

    (void)state;
    assert_int_equal(parameters_init(&parameters, "card", table,
                                     "title=a b,at=0x10,payload=none,memory=64K,at=17", &error),
                     0);
    assert_int_equal(parameters_find(&parameters, "payload")->number, 2);
    assert_int_equal(parameters_find(&parameters, "at")->number, 17);
    assert_int_equal(parameters_find(&parameters, "memory")->number, 65536);
    assert_string_equal(parameters_find(&parameters, "title")->text, "a b");
    parameters_fini(&parameters);
}

static void mistakes_are_named(void **state)
{
    static const struct {
        const char *given, *says;
    } rows[] = {
        {"colour=1", "card card: no parameter \"colour\"; it has payload, at, memory, title"},
        {"at", "card card: at needs a value: at=a number"},
        {"at=", "card card: at=: expected a number"},
        {"at=-1", "card card: at=-1: expected a number"},
        {"payload=pages", "card card: payload=pages: expected full|stamps|none"},
        {"payload=ful", "card card: payload=ful: expected full|stamps|none"},
        {"at=1,,at=2", "card card: no parameter \"\"; it has payload, at, memory, title"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct parameters parameters;
        struct hw_model_error error = {""};

        assert_int_equal(parameters_init(&parameters, "card", table, rows[i].given, &error),
                         -EINVAL);
        assert_string_equal(error.text, rows[i].says);
    }
}

static void a_card_without_parameters_takes_none(void **state)
{
    struct parameters parameters;
    struct hw_model_error error;

    (void)state;
    assert_int_equal(parameters_init(&parameters, "card", NULL, "", &error), 0);
    parameters_fini(&parameters);
    assert_int_equal(parameters_init(&parameters, "card", NULL, "a=b", &error), -EINVAL);
    assert_string_equal(error.text, "card card: no parameter \"a\"; it has none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_has_its_default),
        cmocka_unit_test(what_is_given_is_parsed_by_type),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(a_card_without_parameters_takes_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
