/* SPDX-License-Identifier: MIT */
/* The room's own beginning and end. Everything else starts when a driver calls KsInitializeDriver.
 */
#include "ks/room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t room_magic = 0x6b73726f6f6d2121u;

enum { ROOM_TAG = 0x6c41734b }; /* "KsAl" */

int ks_create(struct ke *ke, struct ks **out)
{
    struct ks *ks = calloc(1, sizeof *ks);

    if (ks == NULL)
        return -ENOMEM;
    ks->magic = room_magic;
    ks->ke = ke;
    ke_set_room(ke, KE_ROOM_KS, ks);
    *out = ks;
    return 0;
}

void ks_destroy(struct ks *ks)
{
    if (ks == NULL)
        return;
    weir_assert(ks->magic == room_magic);
    for (unsigned i = 0; i < KS_VTABLE_COUNT; i++)
        ks_free(ks->vtables[i]);
    ks_free(ks->pipes);
    ke_set_room(ks->ke, KE_ROOM_KS, NULL);
    ks->magic = 0;
    free(ks);
}

struct ks *ks_room(void)
{
    struct ks *ks = ke_room(ke_current(), KE_ROOM_KS);

    weir_assert(ks != NULL);
    weir_assert(ks->magic == room_magic);
    return ks;
}

void *ks_allocate(SIZE_T bytes)
{
    void *block = ExAllocatePoolWithTag(NonPagedPool, bytes, ROOM_TAG);

    if (block != NULL)
        memset(block, 0, bytes);
    return block;
}

void ks_free(void *block)
{
    if (block != NULL)
        ExFreePoolWithTag(block, ROOM_TAG);
}

struct ks_answer *ks_answer_create(void)
{
    struct ks_answer *answer = ks_allocate(sizeof *answer);

    if (answer != NULL)
        KeInitializeEvent(&answer->done, NotificationEvent, FALSE);
    return answer;
}

NTSTATUS ks_answer_wait(struct ks_answer *answer, PDEVICE_OBJECT device, PIRP irp, PULONG bytes)
{
    NTSTATUS status = IofCallDriver(device, irp);

    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&answer->done, Executive, KernelMode, FALSE, NULL);
        status = answer->iosb.Status;
    }
    if (bytes != NULL)
        *bytes = (ULONG)answer->iosb.Information;
    return status;
}

WEIR_NORETURN void ks_not_an_object(const void *object)
{
    enum { PAGE_FAULT_IN_NONPAGED_AREA = 0x50 };

    ke_bug_check(PAGE_FAULT_IN_NONPAGED_AREA, KE_ARG(object), 0, ke_caller_va(), 0);
}
