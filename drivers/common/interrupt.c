/* SPDX-License-Identifier: MIT */
/* From the card's interrupt to the channel's work.
 *
 * The ISR asks the card what happened, makes it let go of the line, and leaves the causes to a
 * DPC: AVStream cannot be called above DISPATCH_LEVEL. Causes that come while the DPC is queued
 * are added to it. */
#include "card.h"
#include "museum.h"

/* ---- Running --------------------------------------------------------------------------------- */

static BOOLEAN NTAPI MessageIsr(PKINTERRUPT Interrupt, PVOID Context, ULONG Message)
{
    PCARD_DEVICE Device = Context;
    ULONG Causes = Device->Card->Interrupt(Device, Message);

    UNREFERENCED_PARAMETER(Interrupt);
    if (Causes == 0)
        return FALSE;
    MuseumInIsr();
    InterlockedOr(&Device->Causes, Causes);
    KeInsertQueueDpc(&Device->Dpc, NULL, NULL);
    return TRUE;
}

static BOOLEAN NTAPI LineIsr(PKINTERRUPT Interrupt, PVOID Context)
{
    return MessageIsr(Interrupt, Context, 0);
}

VOID NTAPI CardDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PCARD_DEVICE Device = Context;
    ULONG Causes = InterlockedExchange(&Device->Causes, 0);
    ULONG i;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    MuseumInDpc();
    if ((Causes & CARD_CAUSE_ERROR) != 0)
        DbgPrint("%s halted; it starts again with the next RUN\n", Device->Card->Name);
    for (i = 0; i < Device->Card->ChannelCount; i++)
        if ((Causes & 1u << i) != 0)
            CardDriver.Service(Device->Channels[i]);
}

/* ---- Connecting ------------------------------------------------------------------------------ */

typedef NTSTATUS(NTAPI *CONNECT_EX)(PIO_CONNECT_INTERRUPT_PARAMETERS Parameters);
typedef VOID(NTAPI *DISCONNECT_EX)(PIO_DISCONNECT_INTERRUPT_PARAMETERS Parameters);

/* Windows Vista and later. Looked up rather than imported: an import that is missing would keep the
 * driver from being loaded on an older system, where the line interrupt is all we need. */
static PVOID FindRoutine(PCWSTR Name)
{
    UNICODE_STRING String;

    RtlInitUnicodeString(&String, Name);
    return MmGetSystemRoutineAddress(&String);
}

/* Messages if the card was given some, with the line as the second choice of the system. */
static NTSTATUS ConnectEx(PCARD_DEVICE Device, CONNECT_EX Connect)
{
    IO_CONNECT_INTERRUPT_PARAMETERS Parameters;
    PIO_INTERRUPT_MESSAGE_INFO Table;
    NTSTATUS Status;

    RtlZeroMemory(&Parameters, sizeof(Parameters));
    Parameters.Version = CONNECT_MESSAGE_BASED;
    Parameters.MessageBased.PhysicalDeviceObject = Device->KsDevice->PhysicalDeviceObject;
    Parameters.MessageBased.ConnectionContext.Generic = &Device->InterruptContext;
    Parameters.MessageBased.MessageServiceRoutine = MessageIsr;
    Parameters.MessageBased.ServiceContext = Device;
    Parameters.MessageBased.FallBackServiceRoutine = LineIsr;
    Status = Connect(&Parameters);
    if (!NT_SUCCESS(Status))
        return Status;
    Device->InterruptVersion = Parameters.Version; /* as it was connected; disconnecting wants it */
    if (Parameters.Version == CONNECT_MESSAGE_BASED) {
        Table = Device->InterruptContext;
        Device->Messages = Table->MessageCount;
    }
    return STATUS_SUCCESS;
}

static NTSTATUS ConnectLine(PCARD_DEVICE Device, PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource)
{
    KINTERRUPT_MODE Mode =
        (Resource->Flags & CM_RESOURCE_INTERRUPT_LATCHED) != 0 ? Latched : LevelSensitive;
    NTSTATUS Status;

    Status = IoConnectInterrupt((PKINTERRUPT *)&Device->InterruptContext, LineIsr, Device, NULL,
                                Resource->u.Interrupt.Vector, (KIRQL)Resource->u.Interrupt.Level,
                                (KIRQL)Resource->u.Interrupt.Level, Mode,
                                Resource->ShareDisposition == CmResourceShareShared,
                                Resource->u.Interrupt.Affinity, FALSE);
    if (NT_SUCCESS(Status))
        Device->InterruptVersion = CONNECT_FULLY_SPECIFIED;
    return Status;
}

/* The card's interrupts are off; Resource is the translated one. */
NTSTATUS CardConnectInterrupt(PCARD_DEVICE Device, PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource)
{
    CONNECT_EX Connect = (CONNECT_EX)FindRoutine(L"IoConnectInterruptEx");

    Device->Messages = 0;
    if (Connect != NULL)
        return ConnectEx(Device, Connect);
    return ConnectLine(Device, Resource);
}

/* After this no ISR runs, and no DPC of it either. */
VOID CardDisconnectInterrupt(PCARD_DEVICE Device)
{
    IO_DISCONNECT_INTERRUPT_PARAMETERS Parameters;
    DISCONNECT_EX Disconnect;

    if (Device->InterruptVersion == 0)
        return;
    Disconnect = (DISCONNECT_EX)FindRoutine(L"IoDisconnectInterruptEx");
    if (Disconnect != NULL) {
        Parameters.Version = Device->InterruptVersion;
        Parameters.ConnectionContext.Generic = Device->InterruptContext;
        Disconnect(&Parameters);
    } else {
        IoDisconnectInterrupt(Device->InterruptContext);
    }
    Device->InterruptVersion = 0;
    Device->InterruptContext = NULL;
    KeFlushQueuedDpcs();
}
