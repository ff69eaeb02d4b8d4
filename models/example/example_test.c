/* SPDX-License-Identifier: MIT */
/* What a test of a card looks like: a host of arrays and counters, and the card's registers. */
#include "../common/host_test.h"

enum { REG_ID = 0, REG_CONTROL = 4, REG_STATUS = 8, REG_PERIOD = 0xc, REG_BUFFER = 0x10 };

static uint64_t record_number(struct host *host)
{
    uint64_t number;

    memcpy(&number, host->memory + 64, sizeof number);
    return number;
}

static void open_and_run(struct host *host, const char *parameters)
{
    host_open(host, &weir_device_model, parameters);
    host->model->write(host->card, 0, REG_BUFFER, 8, host_la(64));
    host_write(host, REG_CONTROL, 1);
}

static void ticks_come_at_the_period(void **state)
{
    struct host host;

    (void)state;
    open_and_run(&host, "period=5000");
    host_run(&host, 4999);
    assert_false(host.line);
    host_run(&host, 1);
    assert_true(host.line);
    assert_int_equal(record_number(&host), 0);
    host_run(&host, 50000);
    assert_int_equal(record_number(&host), 10);
    host_close(&host);
}

static void the_line_falls_when_the_status_is_cleared(void **state)
{
    struct host host;

    (void)state;
    open_and_run(&host, NULL);
    host_run(&host, 1000000);
    assert_int_equal(host_read(&host, REG_STATUS), 1);
    host_write(&host, REG_STATUS, 1);
    assert_false(host.line);
    assert_int_equal(host_read(&host, REG_STATUS), 0);
    host_close(&host);
}

static void with_msi_on_each_tick_is_a_message(void **state)
{
    struct host host;

    (void)state;
    open_and_run(&host, NULL);
    host.messages_on = 1;
    host_run(&host, 3000000);
    assert_int_equal(host.messages[0], 3);
    assert_false(host.line);
    host_close(&host);
}

static void memory_that_is_not_there_stops_the_clock(void **state)
{
    struct host host;

    (void)state;
    open_and_run(&host, NULL);
    host.model->write(host.card, 0, REG_BUFFER, 8, 0x1000);
    host_run(&host, 3000000);
    assert_int_equal(host_read(&host, REG_STATUS), 2);
    assert_int_equal(host_read(&host, REG_CONTROL), 0);
    assert_int_equal(host.events[WEIR_CARD_DMA_ERROR], 1);
    host_close(&host);
}

static void a_period_out_of_range_is_refused(void **state)
{
    struct host host;
    char error[128];

    (void)state;
    memset(&host, 0, sizeof host);
    host.services = host_services;
    host.model = &weir_device_model;
    host.given = "period=10";
    assert_int_equal(host.model->create(&host.services, &host.card, error, sizeof error), -EINVAL);
    assert_string_equal(error, "period must be between 1000 and 4294967295 ns");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ticks_come_at_the_period),
        cmocka_unit_test(the_line_falls_when_the_status_is_cleared),
        cmocka_unit_test(with_msi_on_each_tick_is_a_message),
        cmocka_unit_test(memory_that_is_not_there_stops_the_clock),
        cmocka_unit_test(a_period_out_of_range_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
