/* SPDX-License-Identifier: MIT */
/* AVStream's functions, and the wrappers that drivers carry inline. Which mutex must be held and
 * at which IRQL each may be called is in its export row; the words are in the fact sheet behind
 * src/ks. Not here: the older half of ks.sys (ks_ks1.h). */
#ifndef WEIR_WDK_KS_AVFN_H
#define WEIR_WDK_KS_AVFN_H

#include "wdk/ks_av.h"

/* Driver, device, factory. */
NTSTATUS NTAPI KsInitializeDriver(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName,
    const KSDEVICE_DESCRIPTOR *Descriptor);
NTSTATUS NTAPI KsAddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject);
NTSTATUS NTAPI KsCreateDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject,
    const KSDEVICE_DESCRIPTOR *Descriptor, ULONG ExtensionSize, PKSDEVICE *Device);
NTSTATUS NTAPI KsInitializeDevice(PDEVICE_OBJECT FunctionalDeviceObject,
    PDEVICE_OBJECT PhysicalDeviceObject, PDEVICE_OBJECT NextDeviceObject,
    const KSDEVICE_DESCRIPTOR *Descriptor);
void NTAPI KsTerminateDevice(PDEVICE_OBJECT DeviceObject);
PKSDEVICE NTAPI KsGetDeviceForDeviceObject(PDEVICE_OBJECT FunctionalDeviceObject);
void NTAPI KsAcquireDevice(PKSDEVICE Device);
void NTAPI KsReleaseDevice(PKSDEVICE Device);
void NTAPI KsDeviceRegisterAdapterObject(PKSDEVICE Device, PDMA_ADAPTER AdapterObject,
    ULONG MaxMappingsByteCount, ULONG MappingTableStride);
ULONG NTAPI KsDeviceGetBusData(PKSDEVICE Device, ULONG DataType, PVOID Buffer, ULONG Offset,
    ULONG Length);
ULONG NTAPI KsDeviceSetBusData(PKSDEVICE Device, ULONG DataType, PVOID Buffer, ULONG Offset,
    ULONG Length);
NTSTATUS NTAPI KsCreateFilterFactory(PDEVICE_OBJECT DeviceObject,
    const KSFILTER_DESCRIPTOR *Descriptor, PWSTR RefString, PSECURITY_DESCRIPTOR SecurityDescriptor,
    ULONG CreateItemFlags, PFNKSFILTERFACTORYPOWER SleepCallback,
    PFNKSFILTERFACTORYPOWER WakeCallback, PKSFILTERFACTORY *FilterFactory);
NTSTATUS NTAPI KsFilterFactoryUpdateCacheData(PKSFILTERFACTORY FilterFactory,
    const KSFILTER_DESCRIPTOR *FilterDescriptor);
NTSTATUS NTAPI KsFilterFactoryAddCreateItem(PKSFILTERFACTORY FilterFactory, PWSTR RefString,
    PSECURITY_DESCRIPTOR SecurityDescriptor, ULONG CreateItemFlags);
NTSTATUS NTAPI KsFilterFactorySetDeviceClassesState(PKSFILTERFACTORY FilterFactory,
    BOOLEAN NewState);
PUNICODE_STRING NTAPI KsFilterFactoryGetSymbolicLink(PKSFILTERFACTORY FilterFactory);
NTSTATUS NTAPI KsRegisterFilterWithNoKSPins(PDEVICE_OBJECT DeviceObject,
    const GUID *InterfaceClassGUID, ULONG PinCount, BOOL *PinDirection, KSPIN_MEDIUM *MediumList,
    GUID *CategoryList);

/* Thermal callbacks and camera profiles of later systems. */
typedef struct _KSDEVICE_THERMAL_DISPATCH KSDEVICE_THERMAL_DISPATCH, *PKSDEVICE_THERMAL_DISPATCH;
typedef struct _KSDEVICE_PROFILE_INFO KSDEVICE_PROFILE_INFO, *PKSDEVICE_PROFILE_INFO;

typedef enum {
    KSDEVICE_THERMAL_STATE_LOW,
    KSDEVICE_THERMAL_STATE_HIGH,
} KSDEVICE_THERMAL_STATE;

NTSTATUS NTAPI KsDeviceRegisterThermalDispatch(PKSDEVICE KsDevice,
    PKSDEVICE_THERMAL_DISPATCH KsDeviceThermalDispatch);
NTSTATUS NTAPI KsGenerateThermalEvent(PVOID Object, KSDEVICE_THERMAL_STATE Value);
NTSTATUS NTAPI KsInitializeDeviceProfile(PKSFILTERFACTORY FilterFactory);
NTSTATUS NTAPI KsPublishDeviceProfile(PKSFILTERFACTORY FilterFactory,
    PKSDEVICE_PROFILE_INFO Profile);
NTSTATUS NTAPI KsPersistDeviceProfile(PKSFILTERFACTORY FilterFactory);
BOOLEAN NTAPI KsIsCurrentProcessFrameServer(void);

/* Hierarchy, mutexes, bags, COM. */
PVOID NTAPI KsGetParent(PVOID Object);
PVOID NTAPI KsGetFirstChild(PVOID Object);
PVOID NTAPI KsGetNextSibling(PVOID Object);
PKSDEVICE NTAPI KsGetDevice(PVOID Object);
PKSFILTER NTAPI KsPinGetParentFilter(PKSPIN Pin);
PKSPIN NTAPI KsPinGetNextSiblingPin(PKSPIN Pin);
PKSPIN NTAPI KsFilterGetFirstChildPin(PKSFILTER Filter, ULONG PinId);
ULONG NTAPI KsFilterGetChildPinCount(PKSFILTER Filter, ULONG PinId);
PKSFILTER NTAPI KsGetFilterFromIrp(PIRP Irp);
PKSPIN NTAPI KsGetPinFromIrp(PIRP Irp);
ULONG NTAPI KsGetNodeIdFromIrp(PIRP Irp);
KSOBJECTTYPE NTAPI KsGetObjectTypeFromIrp(PIRP Irp);
PVOID NTAPI KsGetObjectFromFileObject(PFILE_OBJECT FileObject);
KSOBJECTTYPE NTAPI KsGetObjectTypeFromFileObject(PFILE_OBJECT FileObject);
void NTAPI KsAcquireControl(PVOID Object);
void NTAPI KsReleaseControl(PVOID Object);
void NTAPI KsFilterAcquireProcessingMutex(PKSFILTER Filter);
void NTAPI KsFilterReleaseProcessingMutex(PKSFILTER Filter);
void NTAPI KsPinAcquireProcessingMutex(PKSPIN Pin);
void NTAPI KsPinReleaseProcessingMutex(PKSPIN Pin);
NTSTATUS NTAPI KsAddItemToObjectBag(KSOBJECT_BAG ObjectBag, PVOID Item, PFNKSFREE Free);
ULONG NTAPI KsRemoveItemFromObjectBag(KSOBJECT_BAG ObjectBag, PVOID Item, BOOLEAN Free);
NTSTATUS NTAPI KsAllocateObjectBag(PKSDEVICE Device, KSOBJECT_BAG *ObjectBag);
void NTAPI KsFreeObjectBag(KSOBJECT_BAG ObjectBag);
NTSTATUS NTAPI KsCopyObjectBagItems(KSOBJECT_BAG ObjectBagDestination,
    KSOBJECT_BAG ObjectBagSource);
NTSTATUS NTAPI _KsEdit(KSOBJECT_BAG ObjectBag, PVOID *PointerToPointerToItem, ULONG NewSize,
    ULONG OldSize, ULONG Tag);
PUNKNOWN NTAPI KsGetOuterUnknown(PVOID Object);
PUNKNOWN NTAPI KsRegisterAggregatedClientUnknown(PVOID Object, PUNKNOWN ClientUnknown);
NTSTATUS NTAPI KsFilterCreatePinFactory(PKSFILTER Filter,
    const KSPIN_DESCRIPTOR_EX *const PinDescriptor, PULONG PinID);
NTSTATUS NTAPI KsFilterCreateNode(PKSFILTER Filter, const KSNODE_DESCRIPTOR *const NodeDescriptor,
    PULONG NodeID);
NTSTATUS NTAPI KsFilterAddTopologyConnections(PKSFILTER Filter, ULONG NewConnectionsCount,
    const KSTOPOLOGY_CONNECTION *const NewTopologyConnections);
void NTAPI KsCompletePendingRequest(PIRP Irp);
void NTAPI KsFilterRegisterPowerCallbacks(PKSFILTER Filter, PFNKSFILTERPOWER Sleep,
    PFNKSFILTERPOWER Wake);
void NTAPI KsPinRegisterPowerCallbacks(PKSPIN Pin, PFNKSPINPOWER Sleep, PFNKSPINPOWER Wake);

/* Streaming. */
PKSSTREAM_POINTER NTAPI KsPinGetLeadingEdgeStreamPointer(PKSPIN Pin, KSSTREAM_POINTER_STATE State);
PKSSTREAM_POINTER NTAPI KsPinGetTrailingEdgeStreamPointer(PKSPIN Pin, KSSTREAM_POINTER_STATE State);
PKSSTREAM_POINTER NTAPI KsPinGetFirstCloneStreamPointer(PKSPIN Pin);
PKSSTREAM_POINTER NTAPI KsStreamPointerGetNextClone(PKSSTREAM_POINTER StreamPointer);
NTSTATUS NTAPI KsStreamPointerClone(PKSSTREAM_POINTER StreamPointer,
    PFNKSSTREAMPOINTER CancelCallback, ULONG ContextSize, PKSSTREAM_POINTER *CloneStreamPointer);
void NTAPI KsStreamPointerDelete(PKSSTREAM_POINTER StreamPointer);
NTSTATUS NTAPI KsStreamPointerLock(PKSSTREAM_POINTER StreamPointer);
void NTAPI KsStreamPointerUnlock(PKSSTREAM_POINTER StreamPointer, BOOLEAN Eject);
NTSTATUS NTAPI KsStreamPointerAdvance(PKSSTREAM_POINTER StreamPointer);
NTSTATUS NTAPI KsStreamPointerAdvanceOffsets(PKSSTREAM_POINTER StreamPointer, ULONG InUsed,
    ULONG OutUsed, BOOLEAN Eject);
void NTAPI KsStreamPointerAdvanceOffsetsAndUnlock(PKSSTREAM_POINTER StreamPointer, ULONG InUsed,
    ULONG OutUsed, BOOLEAN Eject);
NTSTATUS NTAPI KsStreamPointerSetStatusCode(PKSSTREAM_POINTER StreamPointer, NTSTATUS Status);
PIRP NTAPI KsStreamPointerGetIrp(PKSSTREAM_POINTER StreamPointer, PBOOLEAN FirstFrameInIrp,
    PBOOLEAN LastFrameInIrp);
PMDL NTAPI KsStreamPointerGetMdl(PKSSTREAM_POINTER StreamPointer);
void NTAPI KsStreamPointerScheduleTimeout(PKSSTREAM_POINTER StreamPointer,
    PFNKSSTREAMPOINTER Callback, ULONGLONG Interval);
void NTAPI KsStreamPointerCancelTimeout(PKSSTREAM_POINTER StreamPointer);
NTSTATUS NTAPI KsPinGetAvailableByteCount(PKSPIN Pin, PLONG InputDataBytes,
    PLONG OutputBufferBytes);

/* Processing. */
void NTAPI KsPinAttemptProcessing(PKSPIN Pin, BOOLEAN Asynchronous);
void NTAPI KsFilterAttemptProcessing(PKSFILTER Filter, BOOLEAN Asynchronous);
PKSGATE NTAPI KsPinGetAndGate(PKSPIN Pin);
PKSGATE NTAPI KsFilterGetAndGate(PKSFILTER Filter);
void NTAPI KsPinAttachAndGate(PKSPIN Pin, PKSGATE AndGate);
void NTAPI KsPinAttachOrGate(PKSPIN Pin, PKSGATE OrGate);
BOOLEAN NTAPI KsProcessPinUpdate(PKSPROCESSPIN ProcessPin);
void NTAPI KsPinGetCopyRelationships(PKSPIN Pin, PKSPIN *CopySource, PKSPIN *DelegateBranch);

/* Clocks, connections, injection. */
NTSTATUS NTAPI KsPinGetReferenceClockInterface(PKSPIN Pin, PIKSREFERENCECLOCK *Interface);
void NTAPI KsPinSetPinClockTime(PKSPIN Pin, LONGLONG Time);
NTSTATUS NTAPI KsPinGetConnectedPinInterface(PKSPIN Pin, const GUID *InterfaceId, PVOID *Interface);
PFILE_OBJECT NTAPI KsPinGetConnectedPinFileObject(PKSPIN Pin);
PDEVICE_OBJECT NTAPI KsPinGetConnectedPinDeviceObject(PKSPIN Pin);
NTSTATUS NTAPI KsPinGetConnectedFilterInterface(PKSPIN Pin, const GUID *InterfaceId,
    PVOID *Interface);
NTSTATUS NTAPI KsPinSubmitFrame(PKSPIN Pin, PVOID Data, ULONG Size, PKSSTREAM_HEADER StreamHeader,
    PVOID Context);
NTSTATUS NTAPI KsPinSubmitFrameMdl(PKSPIN Pin, PMDL Mdl, PKSSTREAM_HEADER StreamHeader,
    PVOID Context);
void NTAPI KsPinRegisterFrameReturnCallback(PKSPIN Pin, PFNKSPINFRAMERETURN FrameReturn);
void NTAPI KsPinRegisterIrpCompletionCallback(PKSPIN Pin, PFNKSPINIRPCOMPLETION IrpCompletion);
void NTAPI KsPinRegisterHandshakeCallback(PKSPIN Pin, PFNKSPINHANDSHAKE Handshake);
typedef void (NTAPI *PFNKSCANCELPINNEDMDL)(GUID Guid, PVOID CancelContext, PVOID ReleaseContext);
NTSTATUS NTAPI KsAcquireCachedMdl(PIRP Irp, REFGUID Guid, PFNKSCANCELPINNEDMDL CancelRoutine,
    PVOID CancelContext, PMDL *MdlAddr, PVOID *ReleaseContext);
NTSTATUS NTAPI KsReleaseCachedMdl(REFGUID Guid, PMDL MdlAddr, HANDLE ReleaseContext);

/* Automation and events. */
NTSTATUS NTAPI KsMergeAutomationTables(PKSAUTOMATION_TABLE *AutomationTableAB,
    PKSAUTOMATION_TABLE AutomationTableA, PKSAUTOMATION_TABLE AutomationTableB, KSOBJECT_BAG Bag);
void NTAPI KsAddEvent(PVOID Object, PKSEVENT_ENTRY EventEntry);
NTSTATUS NTAPI KsDefaultAddEventHandler(PIRP Irp, PKSEVENTDATA EventData,
    PKSEVENT_ENTRY EventEntry);
void NTAPI KsGenerateEvents(PVOID Object, const GUID *EventSet, ULONG EventId, ULONG DataSize,
    PVOID Data, PFNKSGENERATEEVENTCALLBACK CallBack, PVOID CallBackContext);

/* Inline in drivers. The device extension begins with the KS device header, a file object's
 * FsContext points at the object header, and both belong to the runtime. */
#define KsDiscard(object, pointer) KsRemoveItemFromObjectBag((object)->Bag, (PVOID)(pointer), TRUE)
#define KsEdit(object, pointer_to_pointer, tag) \
    _KsEdit((object)->Bag, (PVOID *)(pointer_to_pointer), sizeof(**(pointer_to_pointer)), \
        sizeof(**(pointer_to_pointer)), (tag))
#define KsEditSized(object, pointer_to_pointer, new_size, old_size, tag) \
    _KsEdit((object)->Bag, (PVOID *)(pointer_to_pointer), (new_size), (old_size), (tag))
#define KsDeleteFilterFactory(factory) \
    KsFreeObjectCreateItemsByContext( \
        *(KSDEVICE_HEADER *)KsFilterFactoryGetParentDevice(factory)->FunctionalDeviceObject \
             ->DeviceExtension, \
        (factory))

FORCEINLINE PKSDEVICE KsFilterFactoryGetParentDevice(PKSFILTERFACTORY FilterFactory)
{
    return (PKSDEVICE)KsGetParent(FilterFactory);
}

FORCEINLINE PKSFILTERFACTORY KsFilterGetParentFilterFactory(PKSFILTER Filter)
{
    return (PKSFILTERFACTORY)KsGetParent(Filter);
}

FORCEINLINE PKSFILTERFACTORY KsDeviceGetFirstChildFilterFactory(PKSDEVICE Device)
{
    return (PKSFILTERFACTORY)KsGetFirstChild(Device);
}

FORCEINLINE PKSFILTER KsFilterFactoryGetFirstChildFilter(PKSFILTERFACTORY FilterFactory)
{
    return (PKSFILTER)KsGetFirstChild(FilterFactory);
}

FORCEINLINE PKSFILTERFACTORY KsFilterFactoryGetNextSiblingFilterFactory(
    PKSFILTERFACTORY FilterFactory)
{
    return (PKSFILTERFACTORY)KsGetNextSibling(FilterFactory);
}

FORCEINLINE PKSFILTER KsFilterGetNextSiblingFilter(PKSFILTER Filter)
{
    return (PKSFILTER)KsGetNextSibling(Filter);
}

FORCEINLINE PKSDEVICE KsFilterFactoryGetDevice(PKSFILTERFACTORY FilterFactory)
{
    return KsGetDevice(FilterFactory);
}

FORCEINLINE PKSDEVICE KsFilterGetDevice(PKSFILTER Filter)
{
    return KsGetDevice(Filter);
}

FORCEINLINE PKSDEVICE KsPinGetDevice(PKSPIN Pin)
{
    return KsGetDevice(Pin);
}

FORCEINLINE PKSFILTER KsGetFilterFromFileObject(PFILE_OBJECT FileObject)
{
    return (PKSFILTER)KsGetObjectFromFileObject(FileObject);
}

FORCEINLINE PKSPIN KsGetPinFromFileObject(PFILE_OBJECT FileObject)
{
    return (PKSPIN)KsGetObjectFromFileObject(FileObject);
}

FORCEINLINE void KsFilterAcquireControl(PKSFILTER Filter)
{
    KsAcquireControl(Filter);
}

FORCEINLINE void KsFilterReleaseControl(PKSFILTER Filter)
{
    KsReleaseControl(Filter);
}

FORCEINLINE void KsPinAcquireControl(PKSPIN Pin)
{
    KsAcquireControl(Pin);
}

FORCEINLINE void KsPinReleaseControl(PKSPIN Pin)
{
    KsReleaseControl(Pin);
}

FORCEINLINE void KsFilterAddEvent(PKSFILTER Filter, PKSEVENT_ENTRY EventEntry)
{
    KsAddEvent(Filter, EventEntry);
}

FORCEINLINE void KsPinAddEvent(PKSPIN Pin, PKSEVENT_ENTRY EventEntry)
{
    KsAddEvent(Pin, EventEntry);
}

FORCEINLINE void KsFilterGenerateEvents(PKSFILTER Filter, const GUID *EventSet, ULONG EventId,
    ULONG DataSize, PVOID Data, PFNKSGENERATEEVENTCALLBACK CallBack, PVOID CallBackContext)
{
    KsGenerateEvents(Filter, EventSet, EventId, DataSize, Data, CallBack, CallBackContext);
}

FORCEINLINE void KsPinGenerateEvents(PKSPIN Pin, const GUID *EventSet, ULONG EventId,
    ULONG DataSize, PVOID Data, PFNKSGENERATEEVENTCALLBACK CallBack, PVOID CallBackContext)
{
    KsGenerateEvents(Pin, EventSet, EventId, DataSize, Data, CallBack, CallBackContext);
}

FORCEINLINE PUNKNOWN KsDeviceGetOuterUnknown(PKSDEVICE Device)
{
    return KsGetOuterUnknown(Device);
}

FORCEINLINE PUNKNOWN KsFilterFactoryGetOuterUnknown(PKSFILTERFACTORY FilterFactory)
{
    return KsGetOuterUnknown(FilterFactory);
}

FORCEINLINE PUNKNOWN KsFilterGetOuterUnknown(PKSFILTER Filter)
{
    return KsGetOuterUnknown(Filter);
}

FORCEINLINE PUNKNOWN KsPinGetOuterUnknown(PKSPIN Pin)
{
    return KsGetOuterUnknown(Pin);
}

FORCEINLINE PUNKNOWN KsDeviceRegisterAggregatedClientUnknown(PKSDEVICE Device,
    PUNKNOWN ClientUnknown)
{
    return KsRegisterAggregatedClientUnknown(Device, ClientUnknown);
}

FORCEINLINE PUNKNOWN KsFilterFactoryRegisterAggregatedClientUnknown(
    PKSFILTERFACTORY FilterFactory, PUNKNOWN ClientUnknown)
{
    return KsRegisterAggregatedClientUnknown(FilterFactory, ClientUnknown);
}

FORCEINLINE PUNKNOWN KsFilterRegisterAggregatedClientUnknown(PKSFILTER Filter,
    PUNKNOWN ClientUnknown)
{
    return KsRegisterAggregatedClientUnknown(Filter, ClientUnknown);
}

FORCEINLINE PUNKNOWN KsPinRegisterAggregatedClientUnknown(PKSPIN Pin, PUNKNOWN ClientUnknown)
{
    return KsRegisterAggregatedClientUnknown(Pin, ClientUnknown);
}

#endif
