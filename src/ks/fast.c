/* SPDX-License-Identifier: MIT */
/* Properties and methods by fast I/O: a set may list handlers that need no IRP. What they do not
 * handle is asked again with one. The handler gets the caller's own data pointer and an aligned
 * copy of the request. KsFastPropertyHandler; KsFastMethodHandler; KSFASTPROPERTY_ITEM.
 * UNDOC: verbs. GET, SET and methods as such have fast handlers; support queries go by IRP.
 * UNDOC: a request shorter than a KSIDENTIFIER, or one that cannot be read. It is not handled. */
#include "ks/room.h"
#include "ks/user.h"

static PKSIDENTIFIER capture(const void *request, ULONG bytes)
{
    PKSIDENTIFIER copy;

    if (bytes < sizeof *copy || bytes > MAXLONG)
        return NULL;
    copy = ks_allocate(bytes);
    if (copy == NULL || NT_SUCCESS(ks_user_read(ExGetPreviousMode(), copy, request, bytes)))
        return copy;
    ks_free(copy);
    return NULL;
}

static BOOLEAN call(PFNKSFASTHANDLER handler, PFILE_OBJECT file, PKSIDENTIFIER request, ULONG bytes,
                    PVOID data, ULONG data_bytes, PIO_STATUS_BLOCK iosb)
{
    if (KE_ARG(handler) <= TRUE) /* the union's BOOLEAN is no handler */
        return FALSE;
    iosb->Information = 0;
    return (BOOLEAN)KE_CALL(handler, KE_ARG(file), KE_ARG(request), bytes, KE_ARG(data), data_bytes,
                            KE_ARG(iosb));
}

static PFNKSFASTHANDLER property_handler(ULONG count, const KSPROPERTY_SET *sets,
                                         const KSIDENTIFIER *request)
{
    ULONG verb = request->Flags & ~(ULONG)KSPROPERTY_TYPE_TOPOLOGY;

    for (ULONG s = 0; s < count; s++) {
        for (ULONG i = 0; i < sets[s].FastIoCount; i++) {
            const KSFASTPROPERTY_ITEM *item = &sets[s].FastIoTable[i];

            if (!IsEqualGUID(sets[s].Set, &request->Set) || item->PropertyId != request->Id)
                continue;
            if (verb == KSPROPERTY_TYPE_GET)
                return item->GetPropertyHandler;
            return verb == KSPROPERTY_TYPE_SET ? item->SetPropertyHandler : NULL;
        }
    }
    return NULL;
}

BOOLEAN NTAPI KsFastPropertyHandler(PFILE_OBJECT FileObject, PKSPROPERTY Property,
                                    ULONG PropertyLength, PVOID Data, ULONG DataLength,
                                    PIO_STATUS_BLOCK IoStatus, ULONG PropertySetsCount,
                                    const KSPROPERTY_SET *PropertySet)
{
    PKSIDENTIFIER request = capture(Property, PropertyLength);
    BOOLEAN handled;

    if (request == NULL)
        return FALSE;
    handled = call(property_handler(PropertySetsCount, PropertySet, request), FileObject, request,
                   PropertyLength, Data, DataLength, IoStatus);
    ks_free(request);
    return handled;
}

static PFNKSFASTHANDLER method_handler(ULONG count, const KSMETHOD_SET *sets,
                                       const KSIDENTIFIER *request)
{
    if ((request->Flags & (KSMETHOD_TYPE_SETSUPPORT | KSMETHOD_TYPE_BASICSUPPORT)) != 0)
        return NULL;
    for (ULONG s = 0; s < count; s++) {
        for (ULONG i = 0; i < sets[s].FastIoCount; i++) {
            if (IsEqualGUID(sets[s].Set, &request->Set) &&
                sets[s].FastIoTable[i].MethodId == request->Id)
                return sets[s].FastIoTable[i].MethodHandler;
        }
    }
    return NULL;
}

BOOLEAN NTAPI KsFastMethodHandler(PFILE_OBJECT FileObject, PKSMETHOD Method, ULONG MethodLength,
                                  PVOID Data, ULONG DataLength, PIO_STATUS_BLOCK IoStatus,
                                  ULONG MethodSetsCount, const KSMETHOD_SET *MethodSet)
{
    PKSIDENTIFIER request = capture(Method, MethodLength);
    BOOLEAN handled;

    if (request == NULL)
        return FALSE;
    handled = call(method_handler(MethodSetsCount, MethodSet, request), FileObject, request,
                   MethodLength, Data, DataLength, IoStatus);
    ks_free(request);
    return handled;
}
