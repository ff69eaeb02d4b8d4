/* SPDX-License-Identifier: MIT */
#include "io/nt_test.h"

#define ROOT "\\Registry\\Machine\\Software\\Vendor"

static HANDLE open_key(struct nt *nt)
{
    UNICODE_STRING name = nt_string(u"\\Registry\\Machine\\Software\\Vendor");
    HANDLE key;

    assert_int_equal(cm_open(nt->cm, &name, true, KEY_ALL_ACCESS, &key), STATUS_SUCCESS);
    return key;
}

static HANDLE make_event(void)
{
    OBJECT_ATTRIBUTES attributes;
    HANDLE event;

    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    assert_int_equal(ZwCreateEvent(&event, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE),
                     STATUS_SUCCESS);
    return event;
}

static bool is_set(HANDLE event)
{
    LARGE_INTEGER now = {.QuadPart = 0};

    return ZwWaitForSingleObject(event, FALSE, &now) == STATUS_SUCCESS;
}

static NTSTATUS watch(HANDLE key, HANDLE event, PIO_STATUS_BLOCK iosb, ULONG filter, BOOLEAN tree)
{
    return ZwNotifyChangeKey(key, event, NULL, NULL, iosb, filter, tree, NULL, 0, TRUE);
}

static void a_changed_value_is_told_once(struct nt *nt)
{
    HANDLE key = open_key(nt), event = make_event();
    IO_STATUS_BLOCK iosb = {0};

    assert_int_equal(cm_set_number(nt->cm, ROOT, "N", 1), 0);
    assert_int_equal(watch(key, event, &iosb, REG_NOTIFY_CHANGE_LAST_SET, FALSE), STATUS_PENDING);
    assert_int_equal(cm_set_number(nt->cm, ROOT, "N", 1), 0); /* what it was */
    assert_int_equal(cm_make_key(nt->cm, ROOT "\\Sub"), 0); /* not asked for */
    assert_int_equal(cm_set_number(nt->cm, ROOT "\\Sub", "N", 1), 0); /* nor that */
    assert_false(is_set(event));
    assert_int_equal(cm_set_number(nt->cm, ROOT, "n", 2), 0);
    assert_true(is_set(event));
    assert_int_equal(iosb.Status, STATUS_NOTIFY_ENUM_DIR);
    ZwClearEvent(event);
    assert_int_equal(cm_set_number(nt->cm, ROOT, "n", 3), 0);
    assert_false(is_set(event));
    ZwClose(event);
    ZwClose(key);
}

static void a_tree_and_its_names_are_watched(struct nt *nt)
{
    HANDLE key = open_key(nt), event = make_event();
    IO_STATUS_BLOCK iosb = {0};

    assert_int_equal(cm_make_key(nt->cm, ROOT "\\Sub"), 0);
    assert_int_equal(watch(key, event, &iosb, REG_NOTIFY_CHANGE_LAST_SET, TRUE), STATUS_PENDING);
    assert_int_equal(cm_set_number(nt->cm, ROOT "\\Sub", "N", 1), 0);
    assert_true(is_set(event));
    assert_int_equal(watch(key, event, &iosb, REG_NOTIFY_CHANGE_NAME, TRUE), STATUS_PENDING);
    assert_false(is_set(event)); /* asking clears it */
    assert_int_equal(cm_make_key(nt->cm, ROOT "\\Sub\\Below"), 0);
    assert_true(is_set(event));
    ZwClose(event);
    ZwClose(key);
}

static void closing_the_handle_ends_the_wait(struct nt *nt)
{
    HANDLE key = open_key(nt), event = make_event();
    IO_STATUS_BLOCK iosb = {0};

    assert_int_equal(watch(key, event, &iosb, REG_NOTIFY_CHANGE_NAME, FALSE), STATUS_PENDING);
    ZwClose(key);
    assert_true(is_set(event));
    assert_int_equal(iosb.Status, STATUS_NOTIFY_CLEANUP);
    ZwClose(event);
}

static unsigned worked;

static void NTAPI work(PVOID context)
{
    assert_ptr_equal(context, &worked);
    worked++;
}

static void a_work_item_runs_and_a_caller_waits(struct nt *nt)
{
    WORK_QUEUE_ITEM item;
    HANDLE key = open_key(nt);
    IO_STATUS_BLOCK iosb = {0}, second = {0};

    worked = 0;
    ExInitializeWorkItem(&item, work, &worked);
    assert_int_equal(ZwNotifyChangeKey(key, NULL, &item, (PVOID)(ULONG_PTR)DelayedWorkQueue, &iosb,
                                       REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE),
                     STATUS_PENDING);
    assert_int_equal(cm_set_number(nt->cm, ROOT, "N", 5), 0);
    sleep_ms(1);
    assert_int_equal(worked, 1);
    assert_int_equal(ZwNotifyChangeKey(key, NULL, &item, (PVOID)(ULONG_PTR)77, &second,
                                       REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, TRUE),
                     STATUS_INVALID_PARAMETER);
    ZwClose(key);
}

static HANDLE waited_for;
static struct nt *world_of_writer;

static void write_later(void *ctx)
{
    (void)ctx;
    sleep_ms(5);
    assert_int_equal(cm_set_number(world_of_writer->cm, ROOT, "Late", 1), 0);
}

static void a_synchronous_call_returns_with_the_change(struct nt *nt)
{
    struct ke_thread *thread;
    IO_STATUS_BLOCK iosb = {0};

    waited_for = open_key(nt);
    world_of_writer = nt;
    assert_int_equal(ke_thread_start(nt->world.ke, "writer", write_later, NULL, &thread), 0);
    assert_int_equal(ZwNotifyChangeKey(waited_for, NULL, NULL, NULL, &iosb,
                                       REG_NOTIFY_CHANGE_LAST_SET, FALSE, NULL, 0, FALSE),
                     STATUS_SUCCESS);
    assert_int_equal(iosb.Status, STATUS_NOTIFY_ENUM_DIR);
    ZwClose(waited_for);
}

static void waits_that_cannot_be_are_refused(struct nt *nt)
{
    HANDLE key = open_key(nt);
    IO_STATUS_BLOCK iosb = {0};

    assert_int_equal(watch(key, NULL, &iosb, 0, FALSE), STATUS_INVALID_PARAMETER);
    assert_int_equal(watch(key, NULL, &iosb, 0x100, FALSE), STATUS_INVALID_PARAMETER);
    assert_int_equal(watch((HANDLE)(ULONG_PTR)0x7770, NULL, &iosb, 1, FALSE),
                     STATUS_INVALID_HANDLE);
    assert_false(NT_SUCCESS(watch(key, key, &iosb, 1, FALSE))); /* no event */
    ZwClose(key);
}

NT_TEST(a_changed_value_is_told_once)
NT_TEST(a_tree_and_its_names_are_watched)
NT_TEST(closing_the_handle_ends_the_wait)
NT_TEST(a_work_item_runs_and_a_caller_waits)
NT_TEST(a_synchronous_call_returns_with_the_change)
NT_TEST(waits_that_cannot_be_are_refused)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_changed_value_is_told_once),
        cmocka_unit_test(test_a_tree_and_its_names_are_watched),
        cmocka_unit_test(test_closing_the_handle_ends_the_wait),
        cmocka_unit_test(test_a_work_item_runs_and_a_caller_waits),
        cmocka_unit_test(test_a_synchronous_call_returns_with_the_change),
        cmocka_unit_test(test_waits_that_cannot_be_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
