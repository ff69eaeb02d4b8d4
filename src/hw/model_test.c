/* SPDX-License-Identifier: MIT */
/* The back end "model" with a model of its own in place of the built-in ones: one register that can
 * be read back, and one register for each service of the host. */
#include "hw/conformance_test.h"

#include <stdio.h>

#include "hw/model.h"

enum {
    REG_WORD = 0x00,
    REG_LINE = 0x04,
    REG_MESSAGE = 0x08,
    REG_TIMER = 0x0c,
    REG_COPY = 0x10,
    REG_UNPLUG = 0x14,
    REG_RANDOM = 0x18,
    REG_FIRED = 0x1c,
    REG_LEVEL = 0x20,
    REG_POWER = 0x24,
    REG_CANCEL = 0x28,
    REG_OUTPUT = 0x2c
};

struct probe {
    const struct weir_device_host *host;
    struct weir_device_timer *timer;
    uint32_t word, fired, power;
};

static void probe_fire(void *ctx)
{
    struct probe *probe = ctx;

    probe->fired++;
    probe->host->line(probe->host, true);
}

static int probe_create(const struct weir_device_host *host, void **card, char *error,
                        size_t size_bytes)
{
    struct probe *probe;

    if (strcmp(host->text(host, "mood"), "bad") == 0) {
        snprintf(error, size_bytes, "in no mood");
        return -ENODEV;
    }
    probe = calloc(1, sizeof *probe);
    if (probe == NULL || host->timer_create(host, probe_fire, probe, &probe->timer) != 0) {
        free(probe);
        return -ENOMEM;
    }
    probe->host = host;
    *card = probe;
    return 0;
}

static void probe_destroy(void *card)
{
    free(card);
}

static void probe_reset(void *card)
{
    struct probe *probe = card;

    probe->word = 0;
}

static void probe_power(void *card, unsigned d_state)
{
    struct probe *probe = card;

    probe->power = probe->power << 4 | d_state;
}

static uint64_t probe_read(void *card, unsigned bar, uint64_t offset, unsigned size_bytes)
{
    struct probe *probe = card;

    assert_int_equal(bar, 0);
    assert_int_equal(size_bytes, 4);
    switch (offset) {
    case REG_WORD:
        return probe->word;
    case REG_RANDOM:
        return probe->host->random(probe->host);
    case REG_FIRED:
        return probe->fired;
    case REG_LEVEL:
        return probe->host->number(probe->host, "level");
    case REG_POWER:
        return probe->power;
    default:
        return 0;
    }
}

static void probe_write(void *card, unsigned bar, uint64_t offset, unsigned size_bytes,
                        uint64_t value)
{
    struct probe *probe = card;
    const struct weir_device_host *host = probe->host;

    assert_int_equal(bar, 0);
    assert_int_equal(size_bytes, 4);
    switch (offset) {
    case REG_WORD:
        probe->word = (uint32_t)value;
        break;
    case REG_LINE:
        host->line(host, value != 0);
        break;
    case REG_MESSAGE:
        host->message(host, (unsigned)value);
        break;
    case REG_TIMER:
        host->timer_arm(host, probe->timer, host->now_ns(host) + value);
        break;
    case REG_CANCEL:
        probe->word = host->timer_cancel(host, probe->timer);
        break;
    case REG_COPY:
        assert_int_equal(host->dma_read(host, value, &probe->word, 4), 0);
        assert_int_equal(host->dma_write(host, value + 4, &probe->word, 4), 0);
        break;
    case REG_OUTPUT: {
        const struct weir_output output = {.stream = 1, .flags = (uint32_t)value, .number = 9,
                                           .bytes = "picture", .size_bytes = 7};

        host->output(host, &output);
        break;
    }
    case REG_UNPLUG:
        host->event(host, WEIR_CARD_OWN, 1, 2, 3);
        host->log(host, "goodbye");
        host->unplug(host);
        break;
    default:
        break;
    }
}

static const struct weir_parameter probe_parameters[] = {
    {"mood", WEIR_PARAMETER_CHOICE, 0, "good", "good|bad", "whether it can be made"},
    {"level", WEIR_PARAMETER_NUMBER, 0, "5", NULL, "a number"},
    {NULL, 0, 0, NULL, NULL, NULL},
};

/* The level says what the card is: its revision, the size of its BAR, its messages. */
static int probe_describe(const struct weir_device_host *host,
                          struct weir_device_description *description, char *error,
                          size_t size_bytes)
{
    uint64_t level = host->number(host, "level");

    assert_null(host->timer_create);
    assert_int_equal(description->pci.device, 2);
    assert_int_equal(description->bars[0].size_bytes, 4096);
    if (level > 255) {
        snprintf(error, size_bytes, "level=%llu: no such level", (unsigned long long)level);
        return -EINVAL;
    }
    description->pci.revision = (uint8_t)level;
    if (level == 7)
        description->bars[0] = (struct weir_bar){WEIR_BAR_PORT, 0, 32};
    if (level == 8)
        description->messages = 5;
    return 0;
}

static const struct weir_device_model probe_model = {
    .abi_version = WEIR_DEVICE_ABI,
    .struct_size = sizeof(struct weir_device_model),
    .name = "probe",
    .summary = "for the test",
    .parameters = probe_parameters,
    .pci = {.vendor = 0x5eed, .device = 2, .pcie = 1},
    .bars = {{WEIR_BAR_MEMORY64, 0, 4096}},
    .has_line = 1,
    .messages = 2,
    .dma_address_bits = 64,
    .create = probe_create,
    .destroy = probe_destroy,
    .reset = probe_reset,
    .power = probe_power,
    .read = probe_read,
    .write = probe_write,
    .describe = probe_describe,
};

const struct weir_device_model *const weir_builtin_models[] = {&probe_model, NULL};

static void probe_open(struct bench *bench)
{
    bench_open_model(bench, "probe", NULL);
}

static void a_model_conforms(void **state)
{
    (void)state;
    conformance_run(probe_open);
}

static void registers_and_services_reach_each_other(void **state)
{
    struct bench bench;
    uint32_t number = 0x11223344;

    (void)state;
    probe_open(&bench);
    bench_write(&bench, REG_WORD, 77);
    assert_int_equal(bench_read(&bench, REG_WORD), 77);
    bench_write(&bench, REG_LINE, 1);
    assert_true(bench.line);
    bench_write(&bench, REG_LINE, 0);
    assert_false(bench.line);
    memcpy(bench.memory + 0x100, &number, 4);
    bench_write(&bench, REG_COPY, BENCH_BASE + 0x100);
    assert_memory_equal(bench.memory + 0x104, &number, 4);
    bench_messages(&bench, 2);
    bench_write(&bench, REG_MESSAGE, 1);
    assert_int_equal(bench.messages[1], 1);
    assert_int_equal(bench_read(&bench, REG_LEVEL), 5);
    hw_power(bench.device, 3);
    hw_power(bench.device, 0);
    assert_int_equal(bench_read(&bench, REG_POWER), 0x30);
    bench_write(&bench, REG_WORD, 77);
    hw_reset(bench.device);
    assert_int_equal(hw_cfg_write(bench.device, 4, 2, 7), 0);
    assert_int_equal(bench_read(&bench, REG_WORD), 0);
    bench_close(&bench);
}

struct heard {
    unsigned count;
    struct hw_output last;
};

static void hear(void *ctx, const struct hw_output *output)
{
    struct heard *heard = ctx;

    heard->count++;
    heard->last = *output;
}

static void what_leaves_the_connector_is_heard_by_who_listens(void **state)
{
    struct bench bench;
    struct heard heard = {0};

    (void)state;
    probe_open(&bench);
    bench_write(&bench, REG_OUTPUT, 0); /* nobody listens */
    hw_listen(bench.device, hear, &heard);
    bench_write(&bench, REG_OUTPUT, 0);
    assert_int_equal(heard.count, 1);
    assert_int_equal(heard.last.stream, 1);
    assert_int_equal(heard.last.number, 9);
    assert_int_equal(heard.last.size_bytes, 7);
    assert_memory_equal(heard.last.bytes, "picture", 7);
    assert_false(heard.last.repeated);
    assert_false(heard.last.damaged);
    bench_write(&bench, REG_OUTPUT, WEIR_OUTPUT_REPEATED);
    assert_true(heard.last.repeated);
    bench_write(&bench, REG_OUTPUT, WEIR_OUTPUT_DAMAGED);
    assert_true(heard.last.damaged);
    hw_listen(bench.device, NULL, NULL);
    bench_write(&bench, REG_OUTPUT, 0);
    assert_int_equal(heard.count, 3);
    bench_close(&bench);
}

static void randomness_follows_from_the_seed(void **state)
{
    struct bench first, second;

    (void)state;
    probe_open(&first);
    probe_open(&second);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(bench_read(&first, REG_RANDOM), bench_read(&second, REG_RANDOM));
    bench_close(&first);
    bench_close(&second);
}

struct pass {
    struct bench *bench;
    uint64_t delay_ns;
};

static void pass_time(void *ctx)
{
    struct pass *pass = ctx;

    sim_stall(pass->bench->world.sim, pass->delay_ns);
    sim_stop(pass->bench->world.sim, 0);
}

static void let_pass(struct bench *bench, uint64_t delay_ns)
{
    struct pass pass = {bench, delay_ns};
    struct sim_fiber *fiber;

    assert_int_equal(sim_fiber_create(bench->world.sim, "test", pass_time, &pass, 0, 0, &fiber), 0);
    sim_cpu_run_fiber(bench->world.sim, 0, fiber);
    assert_int_equal(sim_run(bench->world.sim), 0);
    sim_fiber_destroy(bench->world.sim, fiber);
}

static void ignore(void *ctx, unsigned cpu)
{
    (void)ctx;
    (void)cpu;
}

static void timer_open(struct bench *bench)
{
    static const struct sim_hooks hooks = {ignore, ignore};

    probe_open(bench);
    sim_set_hooks(bench->world.sim, &hooks, NULL);
}

static void a_timer_fires_once_at_its_time(void **state)
{
    struct bench bench;

    (void)state;
    timer_open(&bench);
    bench_write(&bench, REG_TIMER, 5000);
    bench_write(&bench, REG_TIMER, 6000);
    assert_int_equal(bench_read(&bench, REG_FIRED), 0);
    let_pass(&bench, 20000);
    assert_int_equal(bench_read(&bench, REG_FIRED), 1);
    assert_true(bench.line);
    bench_close(&bench);
}

static void a_cancelled_timer_does_not_fire(void **state)
{
    struct bench bench;

    (void)state;
    timer_open(&bench);
    bench_write(&bench, REG_TIMER, 5000);
    bench_write(&bench, REG_CANCEL, 0);
    assert_int_equal(bench_read(&bench, REG_WORD), 1);
    let_pass(&bench, 20000);
    assert_int_equal(bench_read(&bench, REG_FIRED), 0);
    bench_close(&bench);
}

static void an_unplugged_card_is_gone_and_its_timers_with_it(void **state)
{
    struct bench bench;

    (void)state;
    timer_open(&bench);
    bench_write(&bench, REG_LINE, 1);
    bench_write(&bench, REG_TIMER, 5000);
    bench_write(&bench, REG_UNPLUG, 1);
    assert_int_equal(bench.removals, 1);
    assert_false(bench.line);
    assert_int_equal(bench_read(&bench, REG_WORD), UINT32_MAX);
    let_pass(&bench, 20000);
    assert_false(bench.line);
    bench_close(&bench);
}

static const char *refusal(const char *name, const char *parameters)
{
    static struct hw_model_error error;
    struct hw_device *device = NULL;
    struct bench bench;

    bench_open(&bench, 1);
    assert_int_not_equal(hw_model_create(bench.world.sim, name, parameters, &device, &error), 0);
    assert_null(device);
    bench_close(&bench);
    return error.text;
}

static void what_cannot_be_made_is_refused_with_a_reason(void **state)
{
    (void)state;
    assert_string_equal(refusal("prob", NULL),
                        "no card \"prob\"; there is probe, or the path of a .so");
    assert_string_equal(refusal("probe", "mood=bad"), "card probe: in no mood");
    assert_string_equal(refusal("probe", "x=1"),
                        "card probe: no parameter \"x\"; it has mood, level");
    assert_non_null(strstr(refusal("nowhere.so", NULL), "card cannot be loaded: ./nowhere.so"));
}

static void models_of_another_interface_are_refused_by_name(void **state)
{
    struct weir_device_model model = probe_model;
    struct hw_model_error error;

    (void)state;
    assert_int_equal(model_check(&model, "x.so", &error), 0);
    model.abi_version = 7;
    assert_int_equal(model_check(&model, "x.so", &error), -EINVAL);
    assert_non_null(strstr(error.text, "x.so: made for card interface version 7, this weir has "));
    model = probe_model;
    model.struct_size = 8;
    assert_int_equal(model_check(&model, "x.so", &error), -EINVAL);
    assert_non_null(strstr(error.text, "x.so: its struct weir_device_model has 8 bytes"));
}

static void what_a_card_is_may_follow_from_its_parameters(void **state)
{
    struct bench bench;
    uint32_t value = 0;

    (void)state;
    bench_open_model(&bench, "probe", "level=7");
    assert_int_equal(hw_cfg_read(bench.device, 0, 4, &value), 0);
    assert_int_equal(value, 0x00025eed);
    assert_int_equal(hw_cfg_read(bench.device, 8, 1, &value), 0);
    assert_int_equal(value, 7);
    assert_int_equal(bench.device->bar[0].kind, HW_BAR_PORT);
    assert_int_equal(bench.device->bar[0].size_bytes, 32);
    bench_close(&bench);
}

static void a_card_that_cannot_be_is_refused_with_a_reason(void **state)
{
    (void)state;
    assert_string_equal(refusal("probe", "level=256"), "card probe: level=256: no such level");
    assert_string_equal(refusal("probe", "level=8"),
                        "card probe: messages is not 0, 1, 2, 4, 8, 16 or 32");
}

static void a_model_from_before_a_member_is_played_without_it(void **state)
{
    struct weir_device_model model = probe_model;
    struct hw_model_error error;

    (void)state;
    assert_true(model_describe(&model) == probe_describe);
    model.struct_size = offsetof(struct weir_device_model, describe);
    assert_int_equal(model_check(&model, "x.so", &error), 0);
    assert_null(model_describe(&model));
    model.struct_size = sizeof model + 8;
    assert_int_equal(model_check(&model, "x.so", &error), -EINVAL);
}

static void impossible_models_are_refused(void **state)
{
    struct weir_device_model model;
    struct hw_model_error error;

    (void)state;
    model = probe_model;
    model.name = "a card";
    assert_int_equal(model_check(&model, "x.so", &error), -EINVAL);
    model = probe_model;
    model.write = NULL;
    assert_int_equal(model_check(&model, "x.so", &error), -EINVAL);
    model = probe_model;
    model.bars[0].size_bytes = 5000;
    assert_int_equal(model_check(&model, "x.so", &error), -EINVAL);
    model = probe_model;
    model.bars[1].kind = WEIR_BAR_PORT; /* where the upper half of BAR 0 is */
    model.bars[1].size_bytes = 16;
    assert_int_equal(model_check(&model, "x.so", &error), -EINVAL);
    model = probe_model;
    model.messages = 3;
    assert_int_equal(model_check(&model, "x.so", &error), -EINVAL);
    model = probe_model;
    model.dma_address_bits = 65;
    assert_int_equal(model_check(&model, "x.so", &error), -EINVAL);
}

static void the_built_in_models_can_be_listed(void **state)
{
    (void)state;
    assert_string_equal(hw_model_at(0)->name, "probe");
    assert_null(hw_model_at(1));
    assert_null(hw_model_at(9));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_conforms),
        cmocka_unit_test(registers_and_services_reach_each_other),
        cmocka_unit_test(what_leaves_the_connector_is_heard_by_who_listens),
        cmocka_unit_test(randomness_follows_from_the_seed),
        cmocka_unit_test(a_timer_fires_once_at_its_time),
        cmocka_unit_test(a_cancelled_timer_does_not_fire),
        cmocka_unit_test(an_unplugged_card_is_gone_and_its_timers_with_it),
        cmocka_unit_test(what_cannot_be_made_is_refused_with_a_reason),
        cmocka_unit_test(models_of_another_interface_are_refused_by_name),
        cmocka_unit_test(what_a_card_is_may_follow_from_its_parameters),
        cmocka_unit_test(a_card_that_cannot_be_is_refused_with_a_reason),
        cmocka_unit_test(a_model_from_before_a_member_is_played_without_it),
        cmocka_unit_test(impossible_models_are_refused),
        cmocka_unit_test(the_built_in_models_can_be_listed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
