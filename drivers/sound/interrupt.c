/* SPDX-License-Identifier: MIT */
/* From the card's interrupt to the streams' work. The ISR makes the card let go of the line and
 * leaves the causes to a DPC: AVStream cannot be called above DISPATCH_LEVEL. */
#include "sound.h"

static BOOLEAN NTAPI Isr(PKINTERRUPT Interrupt, PVOID Context)
{
    PSOUND Sound = Context;
    ULONG Causes = SoundRead(Sound, A32_CAUSE);

    UNREFERENCED_PARAMETER(Interrupt);
    if (Causes == 0 || Causes == 0xffffffff) /* another card on the line, or ours is gone */
        return FALSE;
    SoundWrite(Sound, A32_CAUSE, Causes);
    InterlockedOr(&Sound->Causes, Causes);
    KeInsertQueueDpc(&Sound->Dpc, NULL, NULL);
    return TRUE;
}

VOID NTAPI SoundDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2)
{
    PSOUND Sound = Context;
    ULONG Causes = InterlockedExchange(&Sound->Causes, 0);
    ULONG i;

    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    for (i = 0; i < AUDIO_STREAMS; i++) {
        if ((Causes & (ULONG)A32_CAUSE_ERROR << i) != 0)
            DbgPrint("audio32: stream %u halted; it starts again with the next RUN\n", i);
        if ((Causes & (ULONG)A32_CAUSE_PERIOD << i) != 0)
            RingService(&Sound->Audio.Streams[i]);
    }
}

/* The card's interrupts are off; Resource is the translated one. */
NTSTATUS SoundConnectInterrupt(PSOUND Sound, PCM_PARTIAL_RESOURCE_DESCRIPTOR Resource)
{
    KINTERRUPT_MODE Mode =
        (Resource->Flags & CM_RESOURCE_INTERRUPT_LATCHED) != 0 ? Latched : LevelSensitive;

    return IoConnectInterrupt(&Sound->Interrupt, Isr, Sound, NULL, Resource->u.Interrupt.Vector,
                              (KIRQL)Resource->u.Interrupt.Level,
                              (KIRQL)Resource->u.Interrupt.Level, Mode,
                              Resource->ShareDisposition == CmResourceShareShared,
                              Resource->u.Interrupt.Affinity, FALSE);
}

/* After this no ISR runs, and no DPC of it either. */
VOID SoundDisconnectInterrupt(PSOUND Sound)
{
    if (Sound->Interrupt == NULL)
        return;
    IoDisconnectInterrupt(Sound->Interrupt);
    Sound->Interrupt = NULL;
    KeFlushQueuedDpcs();
}
