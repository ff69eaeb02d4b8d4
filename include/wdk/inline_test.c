/* SPDX-License-Identifier: MIT */
/* The code that these headers carry themselves: drivers have their own copies of it, so its
 * effects on lists, IRPs, MDLs and gates are part of the interface. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wdk/ks.h"
#include "wdk/wdm.h"

static void a_list_gives_back_what_was_inserted_in_order(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY entries[3];

    (void)state;
    InitializeListHead(&head);
    assert_true(IsListEmpty(&head));
    InsertTailList(&head, &entries[1]);
    InsertTailList(&head, &entries[2]);
    InsertHeadList(&head, &entries[0]);
    for (size_t i = 0; i < 3; i++) {
        assert_ptr_equal(RemoveHeadList(&head), &entries[i]);
    }
    assert_true(IsListEmpty(&head));
}

static void removing_the_last_entry_says_that_the_list_is_empty(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY entries[2];

    (void)state;
    InitializeListHead(&head);
    InsertTailList(&head, &entries[0]);
    InsertTailList(&head, &entries[1]);
    assert_false(RemoveEntryList(&entries[0]));
    assert_true(RemoveEntryList(&entries[1]));
}

static void removing_from_an_empty_list_gives_the_head(void **state)
{
    LIST_ENTRY head;

    (void)state;
    InitializeListHead(&head);
    assert_ptr_equal(RemoveHeadList(&head), &head);
    assert_ptr_equal(RemoveTailList(&head), &head);
    assert_true(IsListEmpty(&head));
}

static void appending_joins_a_ring_without_a_head(void **state)
{
    LIST_ENTRY head;
    LIST_ENTRY other;
    LIST_ENTRY entries[3];

    (void)state;
    InitializeListHead(&head);
    InsertTailList(&head, &entries[0]);
    InitializeListHead(&other);
    InsertTailList(&other, &entries[1]);
    InsertTailList(&other, &entries[2]);
    RemoveEntryList(&other);
    AppendTailList(&head, &entries[1]);
    for (size_t i = 0; i < 3; i++) {
        assert_ptr_equal(RemoveHeadList(&head), &entries[i]);
    }
    assert_true(IsListEmpty(&head));
}

static void a_buffer_spans_the_pages_that_it_touches(void **state)
{
    (void)state;
    assert_int_equal(ADDRESS_AND_SIZE_TO_SPAN_PAGES((PVOID)0x1000, 0), 0);
    assert_int_equal(ADDRESS_AND_SIZE_TO_SPAN_PAGES((PVOID)0x1000, 0x1000), 1);
    assert_int_equal(ADDRESS_AND_SIZE_TO_SPAN_PAGES((PVOID)0x1FFF, 2), 2);
    assert_int_equal(ADDRESS_AND_SIZE_TO_SPAN_PAGES((PVOID)0x1123, 0x100000), 0x101);
    assert_int_equal(BYTES_TO_PAGES(0), 0);
    assert_int_equal(BYTES_TO_PAGES(1), 1);
    assert_int_equal(BYTES_TO_PAGES(0xFFFFFFFF), 0x100000);
}

static void initializing_an_mdl_sizes_it_and_leaves_its_mapping_alone(void **state)
{
    MDL mdl = {.MappedSystemVa = &mdl, .MdlFlags = MDL_PAGES_LOCKED};

    (void)state;
    MmInitializeMdl(&mdl, (PVOID)0x7123, 0x1F00);
    assert_int_equal(mdl.Size, sizeof(MDL) + 3 * sizeof(PFN_NUMBER));
    assert_int_equal(mdl.MdlFlags, 0);
    assert_ptr_equal(mdl.StartVa, (PVOID)0x7000);
    assert_ptr_equal(MmGetMdlVirtualAddress(&mdl), (PVOID)0x7123);
    assert_int_equal(MmGetMdlByteOffset(&mdl), 0x123);
    assert_int_equal(MmGetMdlByteCount(&mdl), 0x1F00);
    assert_ptr_equal(mdl.MappedSystemVa, &mdl);
    assert_ptr_equal(MmGetMdlPfnArray(&mdl), &mdl + 1);
}

/* An IRP with two locations, the upper one current. */
struct two_locations {
    IRP irp;
    IO_STACK_LOCATION locations[2];
};

static void two_locations_init(struct two_locations *irp)
{
    *irp = (struct two_locations){.irp.StackCount = 2, .irp.CurrentLocation = 2};
    irp->irp.Tail.Overlay.CurrentStackLocation = &irp->locations[1];
}

static NTSTATUS NTAPI any_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context)
{
    (void)device;
    (void)irp;
    (void)context;
    return STATUS_SUCCESS;
}

static void NTAPI any_cancel(PDEVICE_OBJECT device, PIRP irp)
{
    (void)device;
    (void)irp;
}

static void copying_a_location_drops_its_control_and_completion(void **state)
{
    struct two_locations irp;

    (void)state;
    two_locations_init(&irp);
    irp.locations[1].MajorFunction = IRP_MJ_PNP;
    irp.locations[1].Parameters.Others.Argument4 = &irp;
    irp.locations[1].CompletionRoutine = any_completion;
    irp.locations[1].Context = &irp;
    irp.locations[1].Control = SL_PENDING_RETURNED;
    IoCopyCurrentIrpStackLocationToNext(&irp.irp);
    assert_int_equal(irp.locations[0].MajorFunction, IRP_MJ_PNP);
    assert_ptr_equal(irp.locations[0].Parameters.Others.Argument4, &irp);
    assert_int_equal(irp.locations[0].Control, 0);
    assert_null(irp.locations[0].CompletionRoutine);
    assert_null(irp.locations[0].Context);
}

static void a_completion_routine_is_set_in_the_next_location(void **state)
{
    struct two_locations irp;

    (void)state;
    two_locations_init(&irp);
    IoSetCompletionRoutine(&irp.irp, any_completion, &irp, TRUE, FALSE, TRUE);
    assert_ptr_equal(irp.locations[0].CompletionRoutine, any_completion);
    assert_ptr_equal(irp.locations[0].Context, &irp);
    assert_int_equal(irp.locations[0].Control, SL_INVOKE_ON_SUCCESS | SL_INVOKE_ON_CANCEL);
    assert_null(irp.locations[1].CompletionRoutine);
}

static void skipping_a_location_undoes_moving_to_the_next(void **state)
{
    struct two_locations irp;

    (void)state;
    two_locations_init(&irp);
    IoSetNextIrpStackLocation(&irp.irp);
    assert_int_equal(irp.irp.CurrentLocation, 1);
    assert_ptr_equal(IoGetCurrentIrpStackLocation(&irp.irp), &irp.locations[0]);
    IoSkipCurrentIrpStackLocation(&irp.irp);
    assert_int_equal(irp.irp.CurrentLocation, 2);
    assert_ptr_equal(IoGetCurrentIrpStackLocation(&irp.irp), &irp.locations[1]);
}

static void setting_a_cancel_routine_gives_the_one_before(void **state)
{
    IRP irp = {0};

    (void)state;
    assert_null(IoSetCancelRoutine(&irp, any_cancel));
    assert_ptr_equal(IoSetCancelRoutine(&irp, NULL), any_cancel);
    assert_null(irp.CancelRoutine);
}

static void an_and_gate_is_open_until_an_input_goes_off(void **state)
{
    KSGATE gate;

    (void)state;
    KsGateInitializeAnd(&gate, NULL);
    assert_true(KsGateGetStateUnsafe(&gate));
    KsGateAddOffInputToAnd(&gate);
    KsGateAddOffInputToAnd(&gate);
    assert_int_equal(gate.Count, -1);
    KsGateTurnInputOn(&gate);
    assert_false(KsGateGetStateUnsafe(&gate));
    KsGateTurnInputOn(&gate);
    assert_true(KsGateGetStateUnsafe(&gate));
}

static void an_or_gate_opens_with_its_first_input_and_tells_the_next_gate(void **state)
{
    KSGATE next;
    KSGATE gate;

    (void)state;
    KsGateInitializeAnd(&next, NULL);
    KsGateInitializeOr(&gate, &next);
    assert_false(KsGateGetStateUnsafe(&next));
    KsGateAddOnInputToOr(&gate);
    KsGateAddOnInputToOr(&gate);
    assert_int_equal(next.Count, 1);
    KsGateTurnInputOff(&gate);
    assert_true(KsGateGetStateUnsafe(&next));
    KsGateTurnInputOff(&gate);
    assert_false(KsGateGetStateUnsafe(&next));
}

static void capturing_takes_an_open_gate_once(void **state)
{
    KSGATE gate;

    (void)state;
    KsGateInitializeAnd(&gate, NULL);
    assert_true(KsGateCaptureThreshold(&gate));
    assert_false(KsGateCaptureThreshold(&gate));
    KsGateTurnInputOn(&gate);
    assert_true(KsGateCaptureThreshold(&gate));
}

static void terminating_an_or_gate_takes_its_output_out_of_the_next(void **state)
{
    KSGATE next;
    KSGATE gate;

    (void)state;
    KsGateInitializeAnd(&next, NULL);
    KsGateInitializeOr(&gate, &next);
    KsGateTerminateOr(&gate);
    assert_int_equal(next.Count, 1);
}

static void io_control_codes_have_their_documented_numbers(void **state)
{
    (void)state;
    assert_int_equal(IOCTL_KS_PROPERTY, 0x2F0003);
    assert_int_equal(IOCTL_KS_WRITE_STREAM, 0x2F8013);
    assert_int_equal(IOCTL_KS_READ_STREAM, 0x2F4017);
    assert_int_equal(IOCTL_KS_HANDSHAKE, 0x2F001F);
    assert_int_equal(METHOD_FROM_CTL_CODE(IOCTL_KS_PROPERTY), METHOD_NEITHER);
}

static void guids_compare_by_all_their_bytes(void **state)
{
    GUID other = KSPROPSETID_Pin;

    (void)state;
    assert_true(IsEqualGUID(&other, &KSPROPSETID_Pin));
    other.Data4[7] ^= 1;
    assert_false(IsEqualGUID(&other, &KSPROPSETID_Pin));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_gives_back_what_was_inserted_in_order),
        cmocka_unit_test(removing_the_last_entry_says_that_the_list_is_empty),
        cmocka_unit_test(removing_from_an_empty_list_gives_the_head),
        cmocka_unit_test(appending_joins_a_ring_without_a_head),
        cmocka_unit_test(a_buffer_spans_the_pages_that_it_touches),
        cmocka_unit_test(initializing_an_mdl_sizes_it_and_leaves_its_mapping_alone),
        cmocka_unit_test(copying_a_location_drops_its_control_and_completion),
        cmocka_unit_test(a_completion_routine_is_set_in_the_next_location),
        cmocka_unit_test(skipping_a_location_undoes_moving_to_the_next),
        cmocka_unit_test(setting_a_cancel_routine_gives_the_one_before),
        cmocka_unit_test(an_and_gate_is_open_until_an_input_goes_off),
        cmocka_unit_test(an_or_gate_opens_with_its_first_input_and_tells_the_next_gate),
        cmocka_unit_test(capturing_takes_an_open_gate_once),
        cmocka_unit_test(terminating_an_or_gate_takes_its_output_out_of_the_next),
        cmocka_unit_test(io_control_codes_have_their_documented_numbers),
        cmocka_unit_test(guids_compare_by_all_their_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
