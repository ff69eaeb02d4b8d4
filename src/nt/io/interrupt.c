/* SPDX-License-Identifier: MIT */
/* Interrupt objects. A PKINTERRUPT is an address in pool that names a connection of ke's; several
 * vectors may be connected through one call (messages), each with an object of its own.
 * IoConnectInterruptEx finds a device's vectors in the resources that its PDO was started with. On
 * return Parameters->Version tells what was connected: a request for messages on a device that was
 * given a line falls back to the line ("Using IoConnectInterruptEx").
 * Messages are numbered from 0 in the order of the resources. One routine serves all of a
 * message-based connection, one message at a time, under one lock at the highest of their levels.
 */
#include "io/state.h"

#include <stdlib.h>
#include <string.h>

#include "trace/rules.h"

enum { MESSAGES_MAX = 64, INTERRUPT_BYTES = 0x100 };
#define MESSAGE_ADDRESS 0xFEE00000ull

/* In pool; opaque to drivers. */
struct _KINTERRUPT {
    ULONG Signature;
    ULONG Message;
};

struct vector {
    ULONG vector;
    KIRQL irql;
    bool level_triggered;
    bool shared;
    KAFFINITY affinity;
};

static NTSTATUS connect(const struct ke_interrupt_config *config, PKINTERRUPT *out)
{
    struct io *io = io_of(ke_current());
    struct ke_interrupt *connection;
    struct ke_interrupt_config full = *config;
    PKINTERRUPT object = ExAllocatePoolWithTag(NonPagedPool, INTERRUPT_BYTES, IO_TAG_INTERRUPT);
    NTSTATUS status;

    if (object == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    memset(object, 0, INTERRUPT_BYTES);
    object->Signature = IO_TAG_INTERRUPT;
    object->Message = config->message;
    full.kinterrupt = object;
    *out = object; /* the routine may run, and use it, before this returns */
    status = ke_interrupt_connect(&full, &connection);
    if (NT_SUCCESS(status) &&
        array_push(&io->interrupts, ((struct io_interrupt){object, connection,
                                                           KE_ARG(config->routine)})) != 0) {
        ke_interrupt_disconnect(connection);
        status = STATUS_INSUFFICIENT_RESOURCES;
    }
    if (!NT_SUCCESS(status)) {
        *out = NULL;
        ExFreePoolWithTag(object, IO_TAG_INTERRUPT);
    }
    return status;
}

static struct io_interrupt *find(struct io *io, PKINTERRUPT object)
{
    struct io_interrupt *interrupt;

    array_for_each(interrupt, &io->interrupts) {
        if (interrupt->object == object)
            return interrupt;
    }
    return NULL;
}

static void disconnect(PKINTERRUPT object)
{
    struct io *io = io_of(ke_current());
    struct io_interrupt *known = find(io, object);
    struct ke_interrupt *connection;

    if (known == NULL)
        return;
    connection = known->connection;
    array_remove_at(&io->interrupts, (size_t)(known - io->interrupts.items));
    ke_interrupt_disconnect(connection);
    ExFreePoolWithTag(object, IO_TAG_INTERRUPT);
}

void io_report_interrupts(struct io *io, uint64_t base_va, uint64_t end_va)
{
    struct io_interrupt *interrupt;

    array_for_each(interrupt, &io->interrupts) {
        if (interrupt->routine_va >= base_va && interrupt->routine_va < end_va)
            KE_FINDING(io->ke, VERIFY_interrupt_leftover, interrupt->routine_va);
    }
}

NTSTATUS NTAPI IoConnectInterrupt(PKINTERRUPT *object, PKSERVICE_ROUTINE routine, PVOID context,
                                  PKSPIN_LOCK lock, ULONG vector, KIRQL irql, KIRQL synchronize,
                                  KINTERRUPT_MODE mode, BOOLEAN share, KAFFINITY affinity,
                                  BOOLEAN floating_save)
{
    struct ke_interrupt_config config = {
        .vector = vector,
        .irql = irql,
        .synchronize_irql = synchronize,
        .level_triggered = mode == LevelSensitive,
        .shared = share,
        .routine = (const void *)routine,
        .context = context,
        .spin_lock = lock,
    };

    (void)floating_save;
    *object = NULL;
    if ((affinity & KeQueryActiveProcessors()) == 0 || synchronize < irql ||
        irql <= DISPATCH_LEVEL || routine == NULL)
        return STATUS_INVALID_PARAMETER;
    return connect(&config, object);
}

void NTAPI IoDisconnectInterrupt(PKINTERRUPT object)
{
    disconnect(object);
}

/* ---- A device's vectors ---------------------------------------------------------------------- */

static void add_vectors(const CM_PARTIAL_RESOURCE_DESCRIPTOR *raw,
                        const CM_PARTIAL_RESOURCE_DESCRIPTOR *translated, bool messages,
                        struct vector *out, unsigned *count)
{
    bool is_message = (translated->Flags & CM_RESOURCE_INTERRUPT_MESSAGE) != 0;
    unsigned wanted = is_message ? raw->u.MessageInterrupt.Raw.MessageCount : 1;
    unsigned i;

    if (is_message != messages)
        return;
    for (i = 0; i < wanted && *count < MESSAGES_MAX; i++) {
        out[(*count)++] = (struct vector){
            .vector = translated->u.Interrupt.Vector + i,
            .irql = (KIRQL)translated->u.Interrupt.Level,
            .level_triggered = !(translated->Flags & CM_RESOURCE_INTERRUPT_LATCHED),
            .shared = translated->ShareDisposition == CmResourceShareShared,
            .affinity = translated->u.Interrupt.Affinity,
        };
    }
}

/* Lines or messages of the device, from its lists, which run in parallel. */
static unsigned find_vectors(PDEVICE_OBJECT pdo, bool messages, struct vector out[MESSAGES_MAX])
{
    struct io_node *node = io_node_of(pdo);
    const CM_PARTIAL_RESOURCE_DESCRIPTOR *translated, *raw;
    unsigned count = 0;
    ULONG i;

    if (node == NULL || node->translated == NULL || node->raw == NULL)
        return 0;
    /* Through pointers: the arrays are declared with one element and hold Count. */
    translated = node->translated->List[0].PartialResourceList.PartialDescriptors;
    raw = node->raw->List[0].PartialResourceList.PartialDescriptors;
    for (i = 0; i < node->translated->List[0].PartialResourceList.Count; i++) {
        if (translated[i].Type == CmResourceTypeInterrupt)
            add_vectors(&raw[i], &translated[i], messages, out, &count);
    }
    return count;
}

static NTSTATUS connect_line(PDEVICE_OBJECT pdo, PKINTERRUPT *object, PKSERVICE_ROUTINE routine,
                             PVOID context, PKSPIN_LOCK lock, KIRQL synchronize)
{
    struct vector vectors[MESSAGES_MAX];

    if (find_vectors(pdo, false, vectors) == 0)
        return STATUS_NOT_FOUND;
    if (synchronize < vectors[0].irql)
        synchronize = vectors[0].irql;
    return IoConnectInterrupt(object, routine, context, lock, vectors[0].vector, vectors[0].irql,
                              synchronize,
                              vectors[0].level_triggered ? LevelSensitive : Latched,
                              vectors[0].shared, vectors[0].affinity, FALSE);
}

/* ---- Messages -------------------------------------------------------------------------------- */

static void disconnect_messages(PIO_INTERRUPT_MESSAGE_INFO table)
{
    ULONG i;

    for (i = 0; i < table->MessageCount; i++) {
        if (table->MessageInfo[i].InterruptObject != NULL)
            disconnect(table->MessageInfo[i].InterruptObject);
    }
    ExFreePoolWithTag(table, IO_TAG_INTERRUPT);
}

static PIO_INTERRUPT_MESSAGE_INFO make_table(const struct vector *vectors, unsigned count)
{
    size_t bytes = offsetof(IO_INTERRUPT_MESSAGE_INFO, MessageInfo) +
                   (count + 1) * sizeof(IO_INTERRUPT_MESSAGE_INFO_ENTRY);
    PIO_INTERRUPT_MESSAGE_INFO table = ExAllocatePoolWithTag(NonPagedPool, bytes, IO_TAG_INTERRUPT);
    unsigned i;

    if (table == NULL)
        return NULL;
    memset(table, 0, bytes);
    table->MessageCount = count;
    for (i = 0; i < count; i++) {
        PIO_INTERRUPT_MESSAGE_INFO_ENTRY entry = &table->MessageInfo[i];

        if (vectors[i].irql > table->UnifiedIrql)
            table->UnifiedIrql = vectors[i].irql;
        entry->MessageAddress.QuadPart = MESSAGE_ADDRESS;
        entry->MessageData = vectors[i].vector & 0xFF;
        entry->TargetProcessorSet = vectors[i].affinity;
        entry->Vector = vectors[i].vector;
        entry->Irql = vectors[i].irql;
        entry->Mode = Latched;
        entry->Polarity = InterruptActiveHigh;
    }
    return table;
}

/* The lock that all messages share lies behind the table's last entry, so it lives as long. */
static PKSPIN_LOCK table_lock(PIO_INTERRUPT_MESSAGE_INFO table)
{
    return (PKSPIN_LOCK)&table->MessageInfo[table->MessageCount];
}

static NTSTATUS connect_messages(PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS p,
                                 const struct vector *vectors, unsigned count)
{
    PIO_INTERRUPT_MESSAGE_INFO table = make_table(vectors, count);
    KIRQL synchronize;
    unsigned i;

    if (table == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    synchronize = p->SynchronizeIrql > table->UnifiedIrql ? p->SynchronizeIrql : table->UnifiedIrql;
    *p->ConnectionContext.InterruptMessageTable = table;
    for (i = 0; i < count; i++) {
        struct ke_interrupt_config config = {
            .vector = vectors[i].vector,
            .irql = vectors[i].irql,
            .synchronize_irql = synchronize,
            .routine = (const void *)p->MessageServiceRoutine,
            .message_routine = true,
            .context = p->ServiceContext,
            .message = i,
            .spin_lock = p->SpinLock != NULL ? p->SpinLock : table_lock(table),
        };
        NTSTATUS status = connect(&config, &table->MessageInfo[i].InterruptObject);

        if (!NT_SUCCESS(status)) {
            *p->ConnectionContext.InterruptMessageTable = NULL;
            disconnect_messages(table);
            return status;
        }
    }
    return STATUS_SUCCESS;
}

static NTSTATUS connect_message_based(PIO_CONNECT_INTERRUPT_PARAMETERS parameters)
{
    PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS p = &parameters->MessageBased;
    struct vector vectors[MESSAGES_MAX];
    unsigned count = find_vectors(p->PhysicalDeviceObject, true, vectors);
    NTSTATUS status;

    *p->ConnectionContext.Generic = NULL;
    if (count != 0)
        return connect_messages(p, vectors, count);
    if (p->FallBackServiceRoutine == NULL)
        return STATUS_NOT_FOUND;
    status = connect_line(p->PhysicalDeviceObject, p->ConnectionContext.InterruptObject,
                          p->FallBackServiceRoutine, p->ServiceContext, p->SpinLock,
                          p->SynchronizeIrql);
    if (NT_SUCCESS(status))
        parameters->Version = CONNECT_LINE_BASED;
    return status;
}

/* ---- The two doors --------------------------------------------------------------------------- */

NTSTATUS NTAPI IoConnectInterruptEx(PIO_CONNECT_INTERRUPT_PARAMETERS parameters)
{
    PIO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS full = &parameters->FullySpecified;
    PIO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS line = &parameters->LineBased;

    switch (parameters->Version) {
    case CONNECT_FULLY_SPECIFIED_GROUP:
        if (ke_windows(ke_current()) < KE_WINDOWS_7) {
            parameters->Version = CONNECT_FULLY_SPECIFIED; /* there were no groups */
            return STATUS_NOT_SUPPORTED;
        }
        if (full->Group != 0)
            return STATUS_INVALID_PARAMETER; /* all processors are in one */
        /* fall through */
    case CONNECT_FULLY_SPECIFIED:
        return IoConnectInterrupt(full->InterruptObject, full->ServiceRoutine, full->ServiceContext,
                                  full->SpinLock, full->Vector, full->Irql, full->SynchronizeIrql,
                                  full->InterruptMode, full->ShareVector,
                                  full->ProcessorEnableMask, full->FloatingSave);
    case CONNECT_LINE_BASED:
        *line->InterruptObject = NULL;
        return connect_line(line->PhysicalDeviceObject, line->InterruptObject,
                            line->ServiceRoutine, line->ServiceContext, line->SpinLock,
                            line->SynchronizeIrql);
    case CONNECT_MESSAGE_BASED:
        return connect_message_based(parameters);
    default:
        parameters->Version = CONNECT_FULLY_SPECIFIED;
        return STATUS_NOT_SUPPORTED;
    }
}

/* Version is the one that connecting returned. */
void NTAPI IoDisconnectInterruptEx(PIO_DISCONNECT_INTERRUPT_PARAMETERS parameters)
{
    if (parameters->Version == CONNECT_MESSAGE_BASED)
        disconnect_messages(parameters->ConnectionContext.InterruptMessageTable);
    else
        disconnect(parameters->ConnectionContext.InterruptObject);
}

/* ---- Active and inactive --------------------------------------------------------------------- */

static void set_active(PKINTERRUPT object, bool active)
{
    struct io_interrupt *known = find(io_of(ke_current()), object);

    if (known != NULL)
        ke_interrupt_set_active(known->connection, active);
}

/* The context is the one that connecting gave; what is active already stays so ("Making an ISR
 * Active or Inactive"). */
static void report(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters, bool active)
{
    PIO_INTERRUPT_MESSAGE_INFO table = parameters->ConnectionContext.InterruptMessageTable;

    if (parameters->Version != CONNECT_MESSAGE_BASED) {
        set_active(parameters->ConnectionContext.InterruptObject, active);
        return;
    }
    for (ULONG i = 0; i < table->MessageCount; i++)
        set_active(table->MessageInfo[i].InterruptObject, active);
}

void NTAPI IoReportInterruptActive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters)
{
    report(parameters, true);
}

void NTAPI IoReportInterruptInactive(PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS parameters)
{
    report(parameters, false);
}

NTSTATUS NTAPI IoGetAffinityInterrupt(PKINTERRUPT object, PGROUP_AFFINITY affinity)
{
    if (find(io_of(ke_current()), object) == NULL)
        return STATUS_INVALID_PARAMETER;
    *affinity = (GROUP_AFFINITY){.Mask = KeQueryActiveProcessors()};
    return STATUS_SUCCESS;
}
