/* SPDX-License-Identifier: MIT */
/* A running stream allocates nothing to lock, clone, advance and release a frame: neither pool nor
 * host memory, however many frames are outstanding. Linked with its own malloc and pool, which
 * count. */
#include "ks/ks_world.h"

/* Deleted clones are used again late, so that stale use shows: the first rounds allocate. */
enum { PAGES = 40, FRAME = PAGES * 4096, MANY = 48 };

static uint64_t allocations;
static bool counting;

static void count(void)
{
    if (counting)
        allocations++;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void *__real_mm_pool_allocate(struct mm *mm, const struct mm_pool_request *request);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void *__wrap_mm_pool_allocate(struct mm *mm, const struct mm_pool_request *request);

void *__wrap_malloc(size_t size)
{
    count();
    return __real_malloc(size);
}

void *__wrap_calloc(size_t items, size_t size)
{
    count();
    return __real_calloc(items, size);
}

void *__wrap_realloc(void *block, size_t size)
{
    count();
    return __real_realloc(block, size);
}

void *__wrap_mm_pool_allocate(struct mm *mm, const struct mm_pool_request *request)
{
    count();
    return __real_mm_pool_allocate(mm, request);
}

static PKSSTREAM_POINTER clones[MANY];

/* Locks and clones every frame in the queue, as a driver with a deep ring does. */
static void lock_all(unsigned frames)
{
    PKSSTREAM_POINTER lead =
        KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_LOCKED);

    assert_non_null(lead);
    for (unsigned i = 0; i < frames; i++) {
        assert_int_equal(KsStreamPointerClone(lead, NULL, 64, &clones[i]), STATUS_SUCCESS);
        assert_int_equal(KsStreamPointerAdvanceOffsets(lead, 0, lead->Offset->Remaining, FALSE),
                         i + 1 == frames ? STATUS_DEVICE_NOT_READY : STATUS_SUCCESS);
    }
}

static void release_all(unsigned frames)
{
    for (unsigned i = 0; i < frames; i++)
        KsStreamPointerDelete(clones[i]);
    for (unsigned i = 0; i < frames; i++)
        assert_int_equal(world_wait(&world->requests[i]), STATUS_SUCCESS);
    world_free_requests();
}

/* One round of a stream; the number of allocations from the first lock to the last release. */
static uint64_t round_of(unsigned frames)
{
    for (unsigned i = 0; i < frames; i++)
        world_queue(1, FRAME, 0);
    allocations = 0;
    counting = true;
    lock_all(frames);
    counting = false;
    release_all(frames);
    return allocations;
}

static void stream(void)
{
    static const unsigned depths[] = {1, 4, MANY};

    world_begin();
    assert_int_equal(world_state(KSSTATE_RUN), STATUS_SUCCESS);
    for (unsigned i = 0; i < ARRAY_LEN(depths); i++) {
        unsigned warm = 0;

        while (round_of(depths[i]) != 0 && warm < 20)
            warm++;
        assert_true(warm > 0); /* the counters work */
        for (unsigned again = 0; again < 5; again++)
            assert_int_equal(round_of(depths[i]), 0);
    }
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    world_end();
}

static void locking_a_frame_of_a_running_stream_allocates_nothing(void **state)
{
    static const struct world_config direct = {
        .windows = KE_WINDOWS_10,
        .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
        .limit_bytes = 4096,
        .stride_bytes = 48};
    static const struct world_config bounced = {
        .windows = KE_WINDOWS_10,
        .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
        .address32 = true,
        .force_bounce = true};

    (void)state;
    world_live(&direct, stream);
    world_live(&bounced, stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locking_a_frame_of_a_running_stream_allocates_nothing),
    };

    return cmocka_run_group_tests_name("steady", tests, NULL, NULL);
}
