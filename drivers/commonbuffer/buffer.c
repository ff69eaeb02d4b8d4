/* SPDX-License-Identifier: MIT */
/* Memory for pictures.
 *
 * AllocateCommonBuffer wants contiguous memory, for a 32-bit card below 4 GB, and a machine that
 * has run for a while has little of that in one piece. So a picture is asked for whole, and if
 * that fails in halves, quarters and so on: the card takes pieces anyway, and the copy does not
 * mind. What is too short even for that makes fewer buffers. */
#include "commonbuffer.h"

static VOID FreeBuffer(PCARD_DEVICE Device, PCOMMON_BUFFER Buffer)
{
    while (Buffer->PartCount > 0)
        CardFreeMemory(Device, &Buffer->Parts[--Buffer->PartCount]);
    ExFreePoolWithTag(Buffer, CARD_TAG);
}

/* One part of at most the wanted size; the size that worked is where the next one begins. */
static NTSTATUS AllocatePart(PCARD_DEVICE Device, ULONG Left, PULONG Wanted, PCARD_MEMORY Part)
{
    for (;;) {
        ULONG Bytes = Left < *Wanted ? Left : *Wanted;
        NTSTATUS Status = CardAllocateMemory(Device, Bytes, Part);

        if (NT_SUCCESS(Status) || *Wanted / 2 < COMMON_PART_MIN)
            return Status;
        *Wanted = BYTES_TO_PAGES(*Wanted / 2) * PAGE_SIZE;
    }
}

static NTSTATUS AllocateParts(PCARD_DEVICE Device, PCOMMON_BUFFER Buffer, ULONG FrameBytes)
{
    ULONG Left = FrameBytes, Wanted = BYTES_TO_PAGES(FrameBytes) * PAGE_SIZE;
    NTSTATUS Status = STATUS_SUCCESS;

    while (Left > 0 && NT_SUCCESS(Status)) {
        PCARD_MEMORY Part = &Buffer->Parts[Buffer->PartCount];

        Status = AllocatePart(Device, Left, &Wanted, Part);
        if (NT_SUCCESS(Status)) {
            Left -= Part->Bytes;
            Buffer->PartCount++;
        }
    }
    return Status;
}

/* The card's view: parts cut to what a descriptor holds. */
static VOID MakePieces(PCOMMON_BUFFER Buffer, ULONG Largest)
{
    ULONG i, Offset, Count = 0;

    for (i = 0; i < Buffer->PartCount; i++) {
        const CARD_MEMORY *Part = &Buffer->Parts[i];

        for (Offset = 0; Offset < Part->Bytes; Offset += Largest) {
            PCARD_PIECE Piece = &Buffer->Card.Pieces[Count++];
            ULONG Left = Part->Bytes - Offset;

            Piece->Mapping.PhysicalAddress.QuadPart = Part->La.QuadPart + Offset;
            Piece->Mapping.ByteCount = Left < Largest ? Left : Largest;
        }
    }
    Buffer->Card.PieceCount = Count;
}

/* No part but the last is smaller than COMMON_PART_MIN; each may end in a piece that is not the
 * largest. */
static NTSTATUS AllocateBuffer(PCARD_CHANNEL Channel, PCOMMON_BUFFER *Out)
{
    ULONG FrameBytes = Channel->Format.FrameBytes, Largest = Channel->Device->Card->LargestPiece;
    ULONG MostParts = FrameBytes / COMMON_PART_MIN + 1;
    ULONG MostPieces = FrameBytes / Largest + MostParts;
    SIZE_T Bytes = sizeof(COMMON_BUFFER) + MostParts * sizeof(CARD_MEMORY) +
                   MostPieces * sizeof(CARD_PIECE);
    PCOMMON_BUFFER Buffer = ExAllocatePoolWithTag(NonPagedPool, Bytes, CARD_TAG);
    NTSTATUS Status;

    if (Buffer == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    RtlZeroMemory(Buffer, Bytes);
    Buffer->Parts = (PCARD_MEMORY)(Buffer + 1);
    Buffer->Card.Pieces = (PCARD_PIECE)(Buffer->Parts + MostParts);
    Status = AllocateParts(Channel->Device, Buffer, FrameBytes);
    if (!NT_SUCCESS(Status)) {
        FreeBuffer(Channel->Device, Buffer);
        return Status;
    }
    MakePieces(Buffer, Largest);
    *Out = Buffer;
    return STATUS_SUCCESS;
}

NTSTATUS CommonAllocateBuffers(PCOMMON_CHANNEL Common)
{
    ULONG Wanted = Common->Card.Device->FramesInFlight;
    NTSTATUS Status = STATUS_SUCCESS;

    if (Wanted < COMMON_BUFFERS_MIN)
        Wanted = COMMON_BUFFERS_MIN;
    if (Wanted > COMMON_BUFFERS_MAX)
        Wanted = COMMON_BUFFERS_MAX;
    if (Common->Card.Device->Adapter == NULL)
        return STATUS_DEVICE_NOT_READY; /* the device is stopped, and the pin still open */
    while (Common->BufferCount < Wanted && NT_SUCCESS(Status)) {
        Status = AllocateBuffer(&Common->Card, &Common->Buffers[Common->BufferCount]);
        if (NT_SUCCESS(Status))
            Common->BufferCount++;
    }
    if (Common->BufferCount >= COMMON_BUFFERS_MIN)
        return STATUS_SUCCESS;
    CommonFreeBuffers(Common);
    return Status;
}

VOID CommonFreeBuffers(PCOMMON_CHANNEL Common)
{
    while (Common->BufferCount > 0)
        FreeBuffer(Common->Card.Device, Common->Buffers[--Common->BufferCount]);
}

VOID CommonCopyOut(const COMMON_BUFFER *Buffer, PVOID To, ULONG Bytes)
{
    PUCHAR Out = To;
    ULONG i, Count;

    for (i = 0; i < Buffer->PartCount && Bytes > 0; i++) {
        Count = Buffer->Parts[i].Bytes < Bytes ? Buffer->Parts[i].Bytes : Bytes;
        RtlCopyMemory(Out, Buffer->Parts[i].Va, Count);
        Out += Count;
        Bytes -= Count;
    }
}
