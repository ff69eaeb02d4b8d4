/* SPDX-License-Identifier: MIT */
/* Process, and the pins' formats, which must be the same. A byte's complement is the negative in
 * RGB and near enough in YUV, so no format needs code of its own. */
#include "transform.h"

/* ---- Process --------------------------------------------------------------------------------- */

static VOID Invert(PUCHAR To, const UCHAR *From, ULONG Bytes)
{
    ULONG i;

    for (i = 0; i < Bytes; i++)
        To[i] = (UCHAR)~From[i];
}

/* The picture keeps its time and what is said about it. DataUsed follows from BytesUsed. */
static VOID CopyStamp(PKSSTREAM_HEADER To, const KSSTREAM_HEADER *From)
{
    To->PresentationTime = From->PresentationTime;
    To->Duration = From->Duration;
    To->OptionsFlags = From->OptionsFlags;
}

/* PASSIVE_LEVEL, never concurrent. What is too short for a picture is let go as it is: on the
 * output's side a buffer, on the input's side what somebody took for a picture. */
NTSTATUS TransformProcess(PKSFILTER Filter, PKSPROCESSPIN_INDEXENTRY Index)
{
    PTRANSFORM Transform = Filter->Context;
    PKSPROCESSPIN In = Index[TRANSFORM_IN].Pins[0]; /* both are necessary, so both are there */
    PKSPROCESSPIN Out = Index[TRANSFORM_OUT].Pins[0];
    ULONG Bytes = Transform->Format[TRANSFORM_IN].FrameBytes;

    In->Terminate = In->BytesAvailable < Bytes;
    Out->Terminate = Out->BytesAvailable < Bytes;
    if (In->Terminate || Out->Terminate)
        return STATUS_SUCCESS;
    Invert(Out->Data, In->Data, Bytes);
    CopyStamp(Out->StreamPointer->StreamHeader, In->StreamPointer->StreamHeader);
    In->BytesUsed = Bytes;
    Out->BytesUsed = Bytes;
    In->Terminate = TRUE;
    Out->Terminate = TRUE;
    return STATUS_SUCCESS;
}

/* ---- Formats --------------------------------------------------------------------------------- */

static BOOLEAN IsSamePicture(const VIDEO_FORMAT *A, const VIDEO_FORMAT *B)
{
    return A->Code == B->Code && A->Width == B->Width && A->Height == B->Height &&
           A->BottomUp == B->BottomUp;
}

/* The pin that comes second has no choice. */
static NTSTATUS SetDataFormat(PKSPIN Pin, PKSDATAFORMAT OldFormat, PKSMULTIPLE_ITEM OldAttributes,
                              const KSDATARANGE *Range, const KSATTRIBUTE_LIST *AttributeRange)
{
    PTRANSFORM Transform = Pin->Context;
    ULONG Other = TRANSFORM_OUT - Pin->Id;
    VIDEO_FORMAT Format;
    NTSTATUS Status = VideoParseFormat(Pin->ConnectionFormat, Range, &Format);

    UNREFERENCED_PARAMETER(OldAttributes);
    UNREFERENCED_PARAMETER(AttributeRange);
    if (!NT_SUCCESS(Status))
        return Status;
    if (OldFormat != NULL && Pin->DeviceState != KSSTATE_STOP)
        return STATUS_INVALID_DEVICE_STATE;
    if (Transform->Open[Other] && !IsSamePicture(&Format, &Transform->Format[Other]))
        return STATUS_NO_MATCH;
    Transform->Format[Pin->Id] = Format;
    return STATUS_SUCCESS;
}

static NTSTATUS Create(PKSPIN Pin, PIRP Irp)
{
    PTRANSFORM Transform = Pin->Context;
    NTSTATUS Status = VideoSetFraming(Pin, Transform->Format[Pin->Id].FrameBytes);

    UNREFERENCED_PARAMETER(Irp);
    Transform->Open[Pin->Id] = NT_SUCCESS(Status);
    return Status;
}

static NTSTATUS Close(PKSPIN Pin, PIRP Irp)
{
    PTRANSFORM Transform = Pin->Context;

    UNREFERENCED_PARAMETER(Irp);
    Transform->Open[Pin->Id] = FALSE;
    return STATUS_SUCCESS;
}

/* No Process: the filter's does it. */
const KSPIN_DISPATCH TransformPinDispatch = {
    .Create = Create,
    .Close = Close,
    .SetDataFormat = SetDataFormat,
};
