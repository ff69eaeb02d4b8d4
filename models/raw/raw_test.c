/* SPDX-License-Identifier: MIT */
/* docs/cards/raw.md, sentence by sentence. */
#include "../common/host_test.h"

extern const struct weir_device_model raw_model;

static struct weir_device_description described(const char *given)
{
    struct weir_device_description card = {.pci = raw_model.pci};
    struct host host = {.services = host_services, .model = &raw_model, .given = given};
    char error[128] = "";

    assert_int_equal(raw_model.describe(&host.services, &card, error, sizeof error), 0);
    return card;
}

static const char *refusal(const char *given)
{
    static char error[192];
    struct weir_device_description card = {.pci = raw_model.pci};
    struct host host = {.services = host_services, .model = &raw_model, .given = given};

    error[0] = 0;
    assert_int_equal(raw_model.describe(&host.services, &card, error, sizeof error), -EINVAL);
    return error;
}

static void it_has_the_identity_that_is_given(void **state)
{
    struct weir_device_description card =
        described("vendor=0x1234,device=0xabcd,subvendor=1,subdevice=2,class=0x048000,revision=3,"
                  "pcie=0");

    (void)state;
    assert_int_equal(card.pci.vendor, 0x1234);
    assert_int_equal(card.pci.device, 0xabcd);
    assert_int_equal(card.pci.subsystem_vendor, 1);
    assert_int_equal(card.pci.subsystem, 2);
    assert_int_equal(card.pci.class_code, 0x048000);
    assert_int_equal(card.pci.revision, 3);
    assert_int_equal(card.pci.pcie, 0);
}

static void it_has_the_bars_that_are_given(void **state)
{
    struct weir_device_description card =
        described("bar0=4K,bar1=16:port,bar2=256M:64,bar4=none,bar5=0x20");

    (void)state;
    assert_int_equal(card.bars[0].kind, WEIR_BAR_MEMORY32);
    assert_int_equal(card.bars[0].size_bytes, 4096);
    assert_int_equal(card.bars[1].kind, WEIR_BAR_PORT);
    assert_int_equal(card.bars[1].size_bytes, 16);
    assert_int_equal(card.bars[2].kind, WEIR_BAR_MEMORY64);
    assert_int_equal(card.bars[2].size_bytes, 256 << 20);
    assert_int_equal(card.bars[3].kind, WEIR_BAR_NONE);
    assert_int_equal(card.bars[4].kind, WEIR_BAR_NONE);
    assert_int_equal(card.bars[5].size_bytes, 32);
}

static void it_has_the_interrupts_and_the_reach_that_are_given(void **state)
{
    struct weir_device_description card = described("line=0,messages=8,dma=32");

    (void)state;
    assert_int_equal(card.has_line, 0);
    assert_int_equal(card.messages, 8);
    assert_int_equal(card.dma_address_bits, 32);
}

static void without_parameters_it_is_what_the_model_says(void **state)
{
    struct weir_device_description card = described(NULL);

    (void)state;
    assert_memory_equal(&card.pci, &raw_model.pci, sizeof card.pci);
    assert_memory_equal(card.bars, raw_model.bars, sizeof card.bars);
    assert_int_equal(card.has_line, raw_model.has_line);
    assert_int_equal(card.messages, raw_model.messages);
    assert_int_equal(card.dma_address_bits, raw_model.dma_address_bits);
}

static void impossible_identities_are_refused_by_name(void **state)
{
    (void)state;
    assert_string_equal(refusal("vendor=0x10000"), "vendor=0x10000: expected at most 0xffff");
    assert_string_equal(refusal("vendor=0xffff"),
                        "vendor=0xffff: 0 and 0xffff stand for an empty slot");
    assert_string_equal(refusal("vendor=0"), "vendor=0: 0 and 0xffff stand for an empty slot");
    assert_string_equal(refusal("subdevice=65536"), "subdevice=65536: expected at most 0xffff");
    assert_string_equal(refusal("class=0x1000000"), "class=0x1000000: expected at most 0xffffff");
    assert_string_equal(refusal("revision=256"), "revision=256: expected at most 0xff");
    assert_string_equal(refusal("messages=3"),
                        "messages=3: expected 0, 1, 2, 4, 8, 16 or 32");
    assert_string_equal(refusal("messages=64"),
                        "messages=64: expected 0, 1, 2, 4, 8, 16 or 32");
    assert_string_equal(refusal("dma=65"), "dma=65: expected 24 to 64 bits");
    assert_string_equal(refusal("fill=0x100000000"),
                        "fill=0x100000000: expected at most 0xffffffff");
}

static void impossible_bars_are_refused_by_name(void **state)
{
    static const char expected[] =
        "expected SIZE, SIZE:port, SIZE:64 (at most 256M, as 64K) or none";

    (void)state;
    assert_non_null(strstr(refusal("bar0=64Q"), expected));
    assert_non_null(strstr(refusal("bar0=64K:32"), expected));
    assert_non_null(strstr(refusal("bar0=64K:"), expected));
    assert_non_null(strstr(refusal("bar0=-4"), expected));
    assert_non_null(strstr(refusal("bar0=99999999999999999999"), expected));
    assert_string_equal(refusal("bar1=5000"), "bar1=5000: the size of a BAR is a power of two");
    assert_string_equal(refusal("bar1=0"), "bar1=0: BARs in memory have 0x10 to 0x10000000 bytes "
                                           "here");
    assert_string_equal(refusal("bar1=512M"), "bar1=512M: BARs in memory have 0x10 to 0x10000000 "
                                              "bytes here");
    assert_string_equal(refusal("bar2=512:port"), "bar2=512:port: ports have 0x4 to 0x100 bytes "
                                                  "here");
    assert_string_equal(refusal("bar0=4K:64,bar1=4K"),
                        "bar1=4K: the upper half of bar0 is in its place");
    assert_string_equal(refusal("bar5=4K:64"),
                        "bar5=4K:64: a 64-bit BAR takes two places, and this is the last");
}

static void its_bars_keep_what_is_written(void **state)
{
    struct host host;

    (void)state;
    host_open(&host, &raw_model, "bar0=64K,bar1=64:port");
    raw_model.write(host.card, 0, 0xfff8, 8, 0x1122334455667788);
    raw_model.write(host.card, 1, 0, 2, 0xbeef);
    assert_true(raw_model.read(host.card, 0, 0xfff8, 8) == 0x1122334455667788);
    assert_int_equal(raw_model.read(host.card, 0, 0xfffc, 1), 0x44);
    assert_int_equal(raw_model.read(host.card, 0, 0, 4), 0);
    assert_int_equal(raw_model.read(host.card, 1, 0, 4), 0xbeef);
    host_close(&host);
}

static void after_a_reset_they_hold_the_fill_value(void **state)
{
    struct host host;

    (void)state;
    host_open(&host, &raw_model, "fill=0x80000001");
    assert_int_equal(raw_model.read(host.card, 0, 0x100, 4), 0x80000001);
    assert_int_equal(raw_model.read(host.card, 0, 0x103, 1), 0x80);
    assert_true(raw_model.read(host.card, 0, 0x108, 8) == 0x8000000180000001);
    raw_model.write(host.card, 0, 0x100, 4, 7);
    raw_model.write(host.card, 0, 0xff00, 1, 9);
    assert_int_equal(raw_model.read(host.card, 0, 0x100, 4), 7);
    raw_model.reset(host.card);
    assert_int_equal(raw_model.read(host.card, 0, 0x100, 4), 0x80000001);
    assert_int_equal(raw_model.read(host.card, 0, 0xff00, 4), 0x80000001);
    host_close(&host);
}

static void it_neither_interrupts_nor_reaches_for_memory(void **state)
{
    struct host host;

    (void)state;
    host_open(&host, &raw_model, "fill=0xffffffff,messages=4");
    host.messages_on = 4;
    for (unsigned offset = 0; offset < 256; offset += 4)
        host_write(&host, offset, UINT32_MAX);
    host_run(&host, 1000000000);
    assert_int_equal(host.timers_count, 0);
    assert_int_equal(host.line_rises + host.messages[0], 0);
    assert_int_equal(host.dma_reads + host.dma_writes, 0);
    host_close(&host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_has_the_identity_that_is_given),
        cmocka_unit_test(it_has_the_bars_that_are_given),
        cmocka_unit_test(it_has_the_interrupts_and_the_reach_that_are_given),
        cmocka_unit_test(without_parameters_it_is_what_the_model_says),
        cmocka_unit_test(impossible_identities_are_refused_by_name),
        cmocka_unit_test(impossible_bars_are_refused_by_name),
        cmocka_unit_test(its_bars_keep_what_is_written),
        cmocka_unit_test(after_a_reset_they_hold_the_fill_value),
        cmocka_unit_test(it_neither_interrupts_nor_reaches_for_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
