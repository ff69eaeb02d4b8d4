/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static KQUEUE queue;
static unsigned served;
static unsigned busy;
static unsigned most;
static bool ended[3];

static void serve(void *ctx)
{
    bool *end = ctx;

    for (;;) {
        PLIST_ENTRY entry = KeRemoveQueue(&queue, KernelMode, NULL);

        if ((ULONG_PTR)entry == (ULONG_PTR)STATUS_ABANDONED)
            break;
        most = ++busy > most ? busy : most;
        for (int i = 0; i < 50; i++)
            ke_yield();
        busy--;
        served++;
    }
    *end = true;
}

static void work(struct world *world)
{
    struct ke_thread *threads[3];
    LIST_ENTRY entries[12];

    served = busy = most = 0;
    KeInitializeQueue(&queue, 2);
    for (int i = 0; i < 3; i++)
        assert_int_equal(ke_thread_start(world->ke, "server", serve, &ended[i], &threads[i]), 0);
    sleep_ms(1);
    for (int i = 0; i < 12; i++)
        KeInsertQueue(&queue, &entries[i]);
    while (served < 12)
        sleep_ms(1);
    assert_in_range(most, 1, 2);
    assert_int_equal(KeReadStateQueue(&queue), 0);
    assert_null(KeRundownQueue(&queue));
    for (int i = 0; i < 3; i++) {
        ke_thread_join(threads[i]);
        assert_true(ended[i]);
    }
}

static void no_more_threads_serve_a_queue_than_it_allows(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 10; seed++)
        RUN(seed, 1 + seed % 4, work);
}

static void single(struct world *world)
{
    LIST_ENTRY a;
    LIST_ENTRY b;
    LARGE_INTEGER now = in_ms(0);
    LARGE_INTEGER soon = in_ms(2);

    (void)world;
    KeInitializeQueue(&queue, 0);
    assert_int_equal((ULONG_PTR)KeRemoveQueue(&queue, KernelMode, &now), STATUS_TIMEOUT);
    assert_int_equal((ULONG_PTR)KeRemoveQueue(&queue, KernelMode, &soon), STATUS_TIMEOUT);
    assert_int_equal(KeInsertQueue(&queue, &a), 0);
    assert_int_equal(KeInsertHeadQueue(&queue, &b), 1);
    assert_int_equal(KeReadStateQueue(&queue), 2);
    assert_ptr_equal(KeRemoveQueue(&queue, KernelMode, NULL), &b);
    assert_ptr_equal(KeRundownQueue(&queue), &a);
    assert_int_equal(KeReadStateQueue(&queue), 0);
}

static void entries_wait_for_threads_and_a_rundown_returns_what_is_left(void **state)
{
    (void)state;
    RUN(1, 1, single);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_more_threads_serve_a_queue_than_it_allows),
        cmocka_unit_test(entries_wait_for_threads_and_a_rundown_returns_what_is_left),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
