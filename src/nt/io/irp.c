/* SPDX-License-Identifier: MIT */
/* IRPs: allocation, life, reuse. An IRP is one block of nonpaged pool, its stack locations behind
 * it; the location below the first is where it stands before it is sent.
 * Blocks are kept by size when they are freed and used again, last in first out, as Windows'
 * lookaside lists do, so the steady state of a stream allocates nothing. A freed IRP has Type 0
 * until then, and its side state says so: using it is found.
 * IRPs that a driver makes itself (IoInitializeIrp) have no side state, and get fewer checks. */
#include <stdlib.h>
#include <string.h>

#include "io/state.h"
#include "ps/ps.h"
#include "trace/rules.h"

enum { DRIVER_VERIFIER_IOMANAGER_VIOLATION = 0xC9, NO_IRP = 0x01, BUSY_IRP = 0x20A };

struct io_irp *io_irp_of(struct io *io, PIRP irp)
{
    return map_get(&io->irps, KE_ARG(irp));
}

static void irp_init(PIRP irp, USHORT bytes, CCHAR stack_size)
{
    memset(irp, 0, bytes);
    irp->Type = IO_TYPE_IRP;
    irp->Size = bytes;
    irp->StackCount = stack_size;
    irp->CurrentLocation = (CHAR)(stack_size + 1);
    InitializeListHead(&irp->ThreadListEntry);
    irp->Tail.Overlay.CurrentStackLocation = (PIO_STACK_LOCATION)(irp + 1) + stack_size;
}

static struct io_irp *fresh(struct io *io, CCHAR stack_size)
{
    struct io_irp *state = calloc(1, sizeof *state);

    if (state == NULL)
        return NULL;
    state->irp = ExAllocatePoolWithTag(NonPagedPool, IoSizeOfIrp(stack_size), IO_TAG_IRP);
    if (state->irp == NULL || map_set(&io->irps, KE_ARG(state->irp), state) != 0) {
        if (state->irp != NULL)
            ExFreePoolWithTag(state->irp, IO_TAG_IRP);
        free(state);
        return NULL;
    }
    list_init(&state->link);
    return state;
}

PIRP io_irp_allocate(struct io *io, CCHAR stack_size, enum io_irp_kind kind,
                     struct io_irp **out_state)
{
    struct io_irp *state = NULL;

    if (stack_size < 1)
        return NULL;
    if (stack_size <= IO_STACK_MAX && io->free_irps[(int)stack_size] != NULL) {
        state = io->free_irps[(int)stack_size];
        io->free_irps[(int)stack_size] = state->next_free;
        io->free_irp_counts[(int)stack_size]--;
    } else {
        state = fresh(io, stack_size);
    }
    if (state == NULL)
        return NULL;
    state->kind = kind;
    state->allocated = true;
    state->in_flight = false;
    state->calls = NULL;
    state->file = NULL;
    state->iosb = NULL;
    state->event = NULL;
    irp_init(state->irp, IoSizeOfIrp(stack_size), stack_size);
    if (out_state != NULL)
        *out_state = state;
    return state->irp;
}

static void discard(struct io *io, struct io_irp *state)
{
    map_remove(&io->irps, KE_ARG(state->irp));
    ExFreePoolWithTag(state->irp, IO_TAG_IRP);
    free(state);
}

void io_irp_free(struct io *io, struct io_irp *state)
{
    int size = state->irp->StackCount;
    struct io_call *call;

    for (call = state->calls; call != NULL; call = call->next)
        call->irp = NULL;
    state->calls = NULL;
    state->allocated = false;
    state->in_flight = false;
    state->irp->Type = 0;
    if (size < 1 || size > IO_STACK_MAX || io->free_irp_counts[size] >= IO_IRPS_KEPT_MAX ||
        state->irp->Size != IoSizeOfIrp(size)) {
        discard(io, state);
        return;
    }
    state->next_free = io->free_irps[size];
    io->free_irps[size] = state;
    io->free_irp_counts[size]++;
}

void io_irps_flush(struct io *io)
{
    int size;

    for (size = 1; size <= IO_STACK_MAX; size++) {
        while (io->free_irps[size] != NULL) {
            struct io_irp *state = io->free_irps[size];

            io->free_irps[size] = state->next_free;
            discard(io, state);
        }
        io->free_irp_counts[size] = 0;
    }
}

/* The machine has stopped, and pool goes with mm; only side states are left, those of IRPs that
 * were still somewhere included, which are found nowhere but in the map. */
void io_irps_fini(struct io *io)
{
    size_t i;

    for (i = 0; i < io->irps.capacity; i++) {
        if (io->irps.slots[i].key != 0)
            free(io->irps.slots[i].value);
    }
    map_fini(&io->irps);
}

PIRP NTAPI IoAllocateIrp(CCHAR stack_size, BOOLEAN charge_quota)
{
    (void)charge_quota;
    return io_irp_allocate(io_of(ke_current()), stack_size, IO_IRP_PLAIN, NULL);
}

void NTAPI IoFreeIrp(PIRP irp)
{
    struct io *io = io_of(ke_current());
    struct io_irp *state = io_irp_of(io, irp);

    if (state == NULL || !state->allocated) {
        KE_FINDING(io->ke, VERIFY_irp_bad, KE_ARG(irp));
        ke_bug_check(DRIVER_VERIFIER_IOMANAGER_VIOLATION, NO_IRP, KE_ARG(irp), 0, 0);
    }
    if (state->in_flight) {
        KE_FINDING(io->ke, VERIFY_irp_free_busy, KE_ARG(irp));
        ke_bug_check(DRIVER_VERIFIER_IOMANAGER_VIOLATION, BUSY_IRP, KE_ARG(irp), 0, 0);
    }
    io_irp_free(io, state);
}

void NTAPI IoInitializeIrp(PIRP irp, USHORT bytes, CCHAR stack_size)
{
    struct io *io = io_of(ke_current());
    struct io_irp *state = io_irp_of(io, irp);

    if (state != NULL && state->allocated) /* "IoReuseIrp is what allocated IRPs want" */
        KE_FINDING(io->ke, VERIFY_irp_bad, KE_ARG(irp));
    irp_init(irp, bytes, stack_size);
}

/* Back to how it came from IoAllocateIrp, with another status. */
void NTAPI IoReuseIrp(PIRP irp, NTSTATUS status)
{
    struct io_irp *state = io_irp_of(io_of(ke_current()), irp);
    UCHAR flags = irp->AllocationFlags;

    irp_init(irp, irp->Size, irp->StackCount);
    irp->AllocationFlags = flags;
    irp->IoStatus.Status = status;
    if (state != NULL)
        state->in_flight = false;
}

/* Completing the last of its associates completes the master; the caller counts them in
 * AssociatedIrp.IrpCount. */
PIRP NTAPI IoMakeAssociatedIrp(PIRP master, CCHAR stack_size)
{
    PIRP irp = io_irp_allocate(io_of(ke_current()), stack_size, IO_IRP_THREADED, NULL);

    if (irp == NULL)
        return NULL;
    irp->Flags = IRP_ASSOCIATED_IRP;
    irp->AssociatedIrp.MasterIrp = master;
    irp->Tail.Overlay.Thread = master->Tail.Overlay.Thread;
    return irp;
}

/* ---- Who asked ------------------------------------------------------------------------------- */

PEPROCESS NTAPI IoGetRequestorProcess(PIRP irp)
{
    if (irp->Tail.Overlay.Thread == NULL)
        return NULL;
    return irp->RequestorMode == UserMode ? ps_client_process(ps_of(ke_current()))
                                          : ps_system_process(ps_of(ke_current()));
}

ULONG NTAPI IoGetRequestorProcessId(PIRP irp)
{
    return (ULONG)KE_ARG(PsGetProcessId(IoGetRequestorProcess(irp)));
}

/* The one application is a 64-bit one. */
BOOLEAN NTAPI IoIs32bitProcess(PIRP irp)
{
    (void)irp;
    return FALSE;
}

static bool is_buffered_control(const IO_STACK_LOCATION *location)
{
    UCHAR major = location->MajorFunction;

    return (major == IRP_MJ_DEVICE_CONTROL || major == IRP_MJ_FILE_SYSTEM_CONTROL) &&
           METHOD_FROM_CTL_CODE(location->Parameters.DeviceIoControl.IoControlCode) ==
               METHOD_BUFFERED;
}

/* Of paging I/O a bit says whether it is synchronous, and no other IRP's says so: there the bit is
 * IRP_INPUT_OPERATION. IoIsOperationSynchronous, Remarks. Test: "requests are synchronous for the
 * reasons the page names". */
BOOLEAN NTAPI IoIsOperationSynchronous(PIRP irp)
{
    PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    PFILE_OBJECT file = location->FileObject;

    if (irp->Flags & IRP_PAGING_IO)
        return (irp->Flags & IRP_SYNCHRONOUS_PAGING_IO) != 0;
    if ((irp->Flags & IRP_SYNCHRONOUS_API) || is_buffered_control(location))
        return TRUE;
    return file != NULL && (file->Flags & FO_SYNCHRONOUS_IO) != 0;
}

IO_PRIORITY_HINT NTAPI IoGetIoPriorityHint(PIRP irp)
{
    (void)irp;
    return IoPriorityNormal;
}

NTSTATUS NTAPI IoSetIoPriorityHint(PIRP irp, IO_PRIORITY_HINT hint)
{
    (void)irp;
    return hint < MaxIoPriorityTypes ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
