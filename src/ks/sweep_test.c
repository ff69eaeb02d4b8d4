/* SPDX-License-Identifier: MIT */
/* The first, second, third ... pool allocation, MDL, lock, mapping and scatter/gather list of a
 * whole life fails: opening, running and streaming may be refused, but nobody crashes, and what was
 * refused leaves nothing behind. */
#include "ks/ks_world.h"

enum { FRAME_BYTES = 3 * 4096 };

static const char *fault;
static uint64_t nth;
static unsigned refusals;

static NTSTATUS NTAPI process(PKSPIN pin)
{
    PKSSTREAM_POINTER lead =
        KsPinGetLeadingEdgeStreamPointer(pin, KSSTREAM_POINTER_STATE_LOCKED);
    PKSSTREAM_POINTER clone;

    if (lead == NULL)
        return STATUS_PENDING;
    if (NT_SUCCESS(KsStreamPointerClone(lead, NULL, 8, &clone)))
        KsStreamPointerDelete(clone);
    KsStreamPointerUnlock(lead, TRUE);
    return STATUS_SUCCESS;
}

static void stream_a_little(void)
{
    struct world_connection connection = world_default_connection();

    if (!NT_SUCCESS(world_try_pin(&connection, &world->pin_file))) {
        refusals++;
        return;
    }
    if (NT_SUCCESS(world_state(KSSTATE_RUN))) {
        for (unsigned i = 0; i < 3; i++)
            refusals += world_queue(1 + i % 2, FRAME_BYTES, 0)->sent != STATUS_PENDING;
        sleep_ms(30); /* a lock that failed is tried again */
    } else {
        refusals++;
    }
    world_close_pin();
    for (unsigned i = 0; i < world->request_count; i++) {
        if (world->requests[i].sent == STATUS_PENDING)
            assert_int_not_equal(world_wait(&world->requests[i]), STATUS_TIMEOUT);
    }
}

static void life(void)
{
    struct hal_figures figures;

    world_load();
    assert_int_equal(pnp_start(world->pnp, world->pdo), STATUS_SUCCESS);
    world_link();
    world->log[0] = 0;
    assert_int_equal(sim_fault_arm(world->sim, fault, nth), 0);
    if (NT_SUCCESS(io_file_open(world->io, NULL, world_link(), FILE_READ_DATA | FILE_WRITE_DATA,
                                &world->filter_file)))
        stream_a_little();
    assert_int_equal(sim_fault_arm(world->sim, fault, 0), 0);
    hal_figures(world->hal, &figures);
    assert_int_equal(figures.lists_live, 0);
    world->log[0] = 0;
    world_end();
}

static void sweep_with(const struct world_config *config, const char *name, uint64_t last)
{
    fault = name;
    refusals = 0;
    for (nth = 1; nth <= last; nth++)
        world_live(config, life);
}

static void sweep(const char *name, uint64_t last)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS,
                                               .process = process};

    sweep_with(&config, name, last);
}

static void one_failed_allocation_refuses_something_and_breaks_nothing(void **state)
{
    (void)state;
    sweep("pool", 60);
    assert_true(refusals > 5);
}

static NTSTATUS NTAPI filter_process(PKSFILTER filter, PKSPROCESSPIN_INDEXENTRY index)
{
    (void)filter;
    index[0].Pins[0]->Terminate = TRUE;
    return STATUS_SUCCESS;
}

static void one_failed_allocation_does_as_little_to_a_filter_that_processes(void **state)
{
    static const struct world_config config = {
        .windows = KE_WINDOWS_10,
        .pin_flags = KSPIN_FLAG_SOME_FRAMES_REQUIRED_FOR_PROCESSING,
        .filter_processes = true,
        .filter_process = filter_process};

    (void)state;
    sweep_with(&config, "pool", 40);
    assert_true(refusals > 5);
}

static void a_buffer_that_cannot_be_described_locked_or_mapped_is_a_refused_request(void **state)
{
    (void)state;
    sweep("mdl", 6);
    assert_true(refusals >= 4);
    sweep("lock", 6);
    assert_true(refusals >= 4);
    sweep("map", 6);
}

/* Nothing but a late answer: every frame comes, whichever list was refused. */
static void stream_all(void)
{
    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    assert_int_equal(sim_fault_arm(world->sim, fault, nth), 0);
    for (unsigned i = 0; i < 6; i++) {
        world_queue(1 + i % 3, FRAME_BYTES, 0);
        if (i % 2 == 1)
            sleep_ms(1);
    }
    for (unsigned i = 0; i < world->request_count; i++)
        assert_int_equal(world_wait(&world->requests[i]), STATUS_SUCCESS);
    world_end();
}

static void whichever_list_is_refused_every_frame_of_the_stream_comes(void **state)
{
    static const struct world_config config = {.windows = KE_WINDOWS_10,
                                               .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS,
                                               .address32 = true,
                                               .force_bounce = true,
                                               .map_registers = 4,
                                               .process = process};

    (void)state;
    fault = "sg_list";
    for (nth = 1; nth <= 14; nth++)
        world_live(&config, stream_all);
    fault = "map_registers";
    for (nth = 1; nth <= 14; nth++)
        world_live(&config, stream_all);
}

static void a_list_that_cannot_be_made_is_asked_for_again(void **state)
{
    (void)state;
    sweep("sg_list", 6);
    assert_int_equal(refusals, 0);
    sweep("map_registers", 6);
    assert_int_equal(refusals, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_failed_allocation_refuses_something_and_breaks_nothing),
        cmocka_unit_test(one_failed_allocation_does_as_little_to_a_filter_that_processes),
        cmocka_unit_test(a_buffer_that_cannot_be_described_locked_or_mapped_is_a_refused_request),
        cmocka_unit_test(a_list_that_cannot_be_made_is_asked_for_again),
        cmocka_unit_test(whichever_list_is_refused_every_frame_of_the_stream_comes),
    };

    return cmocka_run_group_tests_name("sweep", tests, NULL, NULL);
}
