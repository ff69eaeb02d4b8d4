/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

static void in_order(struct world *world)
{
    KDEVICE_QUEUE queue;
    KDEVICE_QUEUE_ENTRY a = {0};
    KDEVICE_QUEUE_ENTRY b = {0};

    (void)world;
    KeInitializeDeviceQueue(&queue);
    assert_false(KeInsertDeviceQueue(&queue, &a)); /* not busy: the caller goes on with it */
    assert_false(a.Inserted);
    assert_true(KeInsertDeviceQueue(&queue, &a));
    assert_true(KeInsertDeviceQueue(&queue, &b));
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &a);
    assert_true(KeRemoveEntryDeviceQueue(&queue, &b));
    assert_false(KeRemoveEntryDeviceQueue(&queue, &b));
    assert_true(queue.Busy);
    assert_null(KeRemoveDeviceQueue(&queue));
    assert_false(queue.Busy);
}

static void entries_come_back_in_order_and_the_empty_queue_is_idle(void **state)
{
    (void)state;
    RUN(1, 1, in_order);
}

static void by_key(struct world *world)
{
    KDEVICE_QUEUE queue;
    KDEVICE_QUEUE_ENTRY entries[5] = {0};
    static const ULONG keys[4] = {30, 10, 20, 20};

    (void)world;
    KeInitializeDeviceQueue(&queue);
    assert_null(KeRemoveByKeyDeviceQueueIfBusy(&queue, 0));
    assert_false(KeInsertByKeyDeviceQueue(&queue, &entries[4], 1));
    for (int i = 0; i < 4; i++)
        assert_true(KeInsertByKeyDeviceQueue(&queue, &entries[i], keys[i]));
    assert_ptr_equal(KeRemoveByKeyDeviceQueue(&queue, 15), &entries[2]);
    assert_ptr_equal(KeRemoveByKeyDeviceQueue(&queue, 40), &entries[1]); /* around to the first */
    assert_ptr_equal(KeRemoveByKeyDeviceQueueIfBusy(&queue, 20), &entries[3]);
    assert_ptr_equal(KeRemoveDeviceQueue(&queue), &entries[0]);
    assert_null(KeRemoveByKeyDeviceQueue(&queue, 0));
}

static void keys_order_entries_and_choose_among_them(void **state)
{
    (void)state;
    RUN(1, 1, by_key);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_come_back_in_order_and_the_empty_queue_is_idle),
        cmocka_unit_test(keys_order_entries_and_choose_among_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
