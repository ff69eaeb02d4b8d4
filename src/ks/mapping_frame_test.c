/* SPDX-License-Identifier: MIT */
/* Whole frames that a seed makes up, from the client's buffer through queue and HAL to the card and
 * back: any length and offset, several headers in one IRP, direct, bounced and remapped, in and
 * out. The table is the model's, the driver's bytes in it stay, and every byte arrives. WEIR_CASES
 * and WEIR_FIRST_CASE as in mapping_property_test.c, a world being a case. */
#include <inttypes.h>

#include "ks/ks_world.h"

#include "ks/mapping_model.h"

enum { WORLDS = 40, REQUESTS = 8, HEADERS_MAX = 3, LENGTH_MAX = 60000 };

static struct model_frame frame;
static struct world_config config;
static struct sim_rng rng;

static uint32_t between(uint32_t least, uint32_t most)
{
    return least + (uint32_t)sim_rng_below(&rng, most - least + 1);
}

static bool one_in(uint32_t n)
{
    return sim_rng_below(&rng, n) == 0;
}

static uint32_t pick(const uint32_t *values, uint32_t count)
{
    return values[sim_rng_below(&rng, count)];
}

/* ---- What the frame must be ------------------------------------------------------------------ */

static uint64_t address_of_byte(uint64_t va)
{
    return (mm_pfn_of_va(world->mm, va) << MM_PAGE_SHIFT) + va % MM_PAGE_SIZE;
}

static bool is_direct(uint64_t pa)
{
    return !config.force_bounce && config.iommu == HAL_IOMMU_OFF &&
           (!config.address32 || pa < UINT64_C(1) << 32);
}

/* Where a byte lies that was bounced or remapped only the table knows; the model says how it must
 * hang together. */
static uint64_t la_by_table(const uint8_t *table, uint32_t stride, uint32_t at)
{
    for (uint32_t i = 0;; i++) {
        KSMAPPING mapping;

        memcpy(&mapping, table + (size_t)i * stride, sizeof mapping);
        if (at < mapping.ByteCount)
            return (uint64_t)mapping.PhysicalAddress.QuadPart + at;
        at -= mapping.ByteCount;
    }
}

static uint64_t sum_of(const uint8_t *table, uint32_t stride, uint32_t count)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < count; i++) {
        KSMAPPING mapping;

        memcpy(&mapping, table + (size_t)i * stride, sizeof mapping);
        sum += mapping.ByteCount;
    }
    return sum;
}

static void model_buffer(uint64_t va, uint32_t bytes, const uint8_t *table, uint32_t stride)
{
    frame.size_bytes = bytes;
    for (uint32_t i = 0; i < bytes; i++) {
        uint64_t pa = address_of_byte(va + i);
        uint64_t la = is_direct(pa) ? pa : la_by_table(table, stride, i);

        if (la % MM_PAGE_SIZE != pa % MM_PAGE_SIZE || (config.address32 && la >> 32 != 0))
            fail_msg("byte %u at %" PRIx64 " got %" PRIx64, i, pa, la);
        frame.bytes[i] = (struct model_byte){la, (uint32_t)la == 0};
    }
}

static void expect_drivers_bytes(const uint8_t *table, uint32_t stride, uint32_t count,
                                 uint8_t value)
{
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t byte = sizeof(KSMAPPING); byte < stride; byte++)
            assert_int_equal(table[(size_t)i * stride + byte], value);
    }
}

static void write_drivers_bytes(uint8_t *table, uint32_t stride, uint32_t count, uint8_t value)
{
    for (uint32_t i = 0; i < count; i++)
        memset(table + (size_t)i * stride + sizeof(KSMAPPING), value, stride - sizeof(KSMAPPING));
}

/* ---- Data ------------------------------------------------------------------------------------ */

static uint8_t pattern(uint32_t at)
{
    return (uint8_t)(at * 31 + at / 251 + config.seed);
}

static void fill_client(uint64_t va, uint32_t bytes)
{
    static uint8_t data[LENGTH_MAX];

    for (uint32_t i = 0; i < bytes; i++)
        data[i] = config.input ? pattern(i) : 0;
    assert_true(mm_copy_to_va(world->mm, va, data, bytes));
}

static void expect_client(uint64_t va, uint32_t bytes)
{
    static uint8_t data[LENGTH_MAX];
    bool same = true;

    assert_true(mm_copy_from_va(world->mm, data, va, bytes));
    for (uint32_t i = 0; i < bytes; i++)
        same = same && data[i] == pattern(i);
    assert_true(same);
}

/* The card follows the mappings from where the pointer stands; at is its place in the frame. */
static uint32_t card_moves(const uint8_t *entries, uint32_t stride, uint32_t count, uint32_t at)
{
    static uint8_t data[LENGTH_MAX];

    for (uint32_t i = 0; i < count; i++) {
        KSMAPPING mapping;
        uint64_t la;
        bool same = true;

        memcpy(&mapping, entries + (size_t)i * stride, sizeof mapping);
        la = (uint64_t)mapping.PhysicalAddress.QuadPart;
        for (uint32_t byte = 0; byte < mapping.ByteCount; byte++)
            data[byte] = config.input ? 0 : pattern(at + byte);
        assert_int_equal(config.input ? hw_dma_read(world->card, la, data, mapping.ByteCount)
                                      : hw_dma_write(world->card, la, data, mapping.ByteCount),
                         0);
        for (uint32_t byte = 0; byte < mapping.ByteCount; byte++)
            same = same && data[byte] == pattern(at + byte);
        assert_true(same);
        at += mapping.ByteCount;
    }
    return at;
}

/* ---- One frame ------------------------------------------------------------------------------- */

static void check_table(PKSSTREAM_POINTER lead, uint64_t va, uint32_t bytes)
{
    uint8_t *table = (uint8_t *)lead->Offset->Mappings;
    uint32_t count = lead->Offset->Count;
    uint32_t stride = config.stride_bytes;

    assert_int_equal(lead->Offset->Remaining, count);
    assert_int_equal(sum_of(table, stride, count), bytes);
    model_buffer(va, bytes, table, stride);
    assert_int_equal(model_expect_table(&frame, config.limit_bytes, table, stride), count);
    expect_drivers_bytes(table, stride, count, 0);
    write_drivers_bytes(table, stride, count, 0xd5);
}

/* Clone and edge move on their own; what the driver wrote is still there after an unlock. */
static void walk_in_steps(PKSSTREAM_POINTER lead, uint32_t bytes)
{
    PKSSTREAM_POINTER clone;
    uint32_t count = lead->Offset->Count;
    uint32_t stride = config.stride_bytes;
    uint32_t at = 0;

    KsStreamPointerUnlock(lead, FALSE);
    assert_int_equal(KsStreamPointerLock(lead), STATUS_SUCCESS);
    assert_int_equal(KsStreamPointerClone(lead, NULL, 0, &clone), STATUS_SUCCESS);
    while (clone->Offset->Remaining > 1) {
        uint32_t step = between(1, clone->Offset->Remaining - 1);

        at = card_moves((uint8_t *)clone->Offset->Mappings, stride, step, at);
        assert_int_equal(KsStreamPointerAdvanceOffsets(clone, step, step, FALSE), STATUS_SUCCESS);
        assert_int_equal(clone->Offset->Count, count);
    }
    at = card_moves((uint8_t *)clone->Offset->Mappings, stride, clone->Offset->Remaining, at);
    assert_int_equal(at, bytes);
    assert_int_equal(lead->Offset->Remaining, count);
    expect_drivers_bytes((uint8_t *)lead->Offset->Mappings, stride, count, 0xd5);
    KsStreamPointerDelete(clone);
}

static void stream_frame(uint64_t va, uint32_t bytes)
{
    PKSSTREAM_POINTER lead =
        KsPinGetLeadingEdgeStreamPointer(world->pin, KSSTREAM_POINTER_STATE_LOCKED);

    assert_non_null(lead);
    if (bytes == 0) {
        assert_int_equal(lead->Offset->Count, 0);
    } else {
        check_table(lead, va, bytes);
        walk_in_steps(lead, bytes);
    }
    KsStreamPointerUnlock(lead, TRUE);
}

static void stream_request(void)
{
    uint32_t bytes = one_in(8) ? 0 : between(1, one_in(2) ? LENGTH_MAX : 9000);
    unsigned headers = between(1, HEADERS_MAX);
    struct world_request *request =
        world_queue(headers, bytes, one_in(3) ? 0 : between(0, MM_PAGE_SIZE - 1));

    assert_int_equal(request->sent, STATUS_PENDING);
    for (unsigned i = 0; i < headers && bytes != 0; i++)
        fill_client(request->buffer_va[i], bytes);
    for (unsigned i = 0; i < headers; i++) {
        assert_false(world_is_done(request));
        stream_frame(request->buffer_va[i], bytes);
    }
    assert_int_equal(world_wait(request), STATUS_SUCCESS);
    for (unsigned i = 0; i < headers && bytes != 0; i++)
        expect_client(request->buffer_va[i], bytes);
}

/* ---- Worlds ---------------------------------------------------------------------------------- */

static void stream_requests(void)
{
    struct hal_figures figures;

    world_begin();
    assert_int_equal(world_state(KSSTATE_PAUSE), STATUS_SUCCESS);
    for (unsigned i = 0; i < REQUESTS; i++)
        stream_request();
    hal_figures(world->hal, &figures);
    assert_int_equal(figures.lists_live, 0);
    assert_int_equal(figures.registers_in_use, 0);
    assert_int_equal(world_state(KSSTATE_STOP), STATUS_SUCCESS);
    world_end();
}

static void make_up_world(uint64_t seed)
{
    static const uint32_t limits[] = {0, 4096, 1 << 20, MAXULONG, 4095, 777, 65536};
    static const uint32_t strides[] = {16, 16, 17, 24, 48, 96};
    static const uint32_t iommus[] = {HAL_IOMMU_OFF, HAL_IOMMU_OFF, HAL_IOMMU_REMAP,
                                      HAL_IOMMU_STRICT};
    static const uint32_t policies[] = {MM_SCATTERED, MM_RUNS, MM_CONTIGUOUS, MM_HIGH, MM_LOW};

    sim_rng_init(&rng, seed, "mapping_frame");
    config = (struct world_config){
        .windows = one_in(4) ? KE_WINDOWS_WS2003 : KE_WINDOWS_10,
        .seed = seed,
        .pin_flags = KSPIN_FLAG_GENERATE_MAPPINGS | KSPIN_FLAG_DO_NOT_INITIATE_PROCESSING,
        .policy = (enum mm_policy)pick(policies, ARRAY_LEN(policies)),
        .run_pages = 5,
        .ram_bytes = UINT64_C(6) << 30,
        .input = one_in(2),
        .address32 = one_in(2),
        .force_bounce = one_in(4),
        .iommu = (enum hal_iommu)pick(iommus, ARRAY_LEN(iommus)),
        .limit_bytes = pick(limits, ARRAY_LEN(limits)),
        .stride_bytes = pick(strides, ARRAY_LEN(strides)),
        .description_version = between(0, 2),
    };
    config.old_registration = config.windows == KE_WINDOWS_WS2003;
}

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text != NULL ? strtoull(text, NULL, 10) : otherwise;
}

static void frames_of_any_shape_are_mapped_as_the_model_says_and_arrive(void **state)
{
    uint64_t first = setting("WEIR_FIRST_CASE", 1);
    uint64_t end = first + setting("WEIR_CASES", WORLDS);

    (void)state;
    for (uint64_t seed = first; seed != end; seed++) {
        make_up_world(seed);
        world_live(&config, stream_requests);
    }
    config.seed = 0;
}

static int tell_case(void **state)
{
    (void)state;
    if (config.seed != 0)
        fprintf(stderr, "failed in case %" PRIu64 "\n", config.seed);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(frames_of_any_shape_are_mapped_as_the_model_says_and_arrive,
                                  tell_case),
    };

    return cmocka_run_group_tests_name("mapping_frame", tests, NULL, NULL);
}
