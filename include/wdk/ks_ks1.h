/* SPDX-License-Identifier: MIT */
/* The older half of ks.sys: handler tables for properties, methods and events, object headers and
 * create items, cancelable queues, default clocks and allocators, workers, stream I/O. Drivers of
 * AVStream use its tables; its functions are called by class drivers and by AVStream itself.
 * Tables are the driver's, usually constant, and stay where they are while objects use them. */
#ifndef WEIR_WDK_KS_KS1_H
#define WEIR_WDK_KS_KS1_H

#include "wdk/ks_base.h"
#include "wdk/ks_props.h"

typedef PVOID KSDEVICE_HEADER, KSOBJECT_HEADER, PKSDEFAULTCLOCK, KSOBJECT_BAG;

/* Handlers. */
typedef NTSTATUS (NTAPI *PFNKSHANDLER)(PIRP Irp, PKSIDENTIFIER Request, PVOID Data);
typedef NTSTATUS (NTAPI *PFNKSALLOCATOR)(PIRP Irp, ULONG BufferSize, BOOLEAN InputOperation);
typedef NTSTATUS (NTAPI *PFNKSCONTEXT_DISPATCH)(PVOID Context, PIRP Irp);
typedef BOOLEAN (NTAPI *PFNKSFASTHANDLER)(PFILE_OBJECT FileObject, PKSIDENTIFIER Request,
    ULONG RequestLength, PVOID Data, ULONG DataLength, PIO_STATUS_BLOCK IoStatus);

/* Tables of properties and methods. */
typedef struct {
    KSPROPERTY_MEMBERSHEADER MembersHeader;
    const void *Members;
} KSPROPERTY_MEMBERSLIST, *PKSPROPERTY_MEMBERSLIST;

typedef struct {
    KSIDENTIFIER PropTypeSet;
    ULONG MembersListCount;
    const KSPROPERTY_MEMBERSLIST *MembersList;
} KSPROPERTY_VALUES, *PKSPROPERTY_VALUES;

typedef struct {
    ULONG PropertyId;
    union {
        PFNKSHANDLER GetPropertyHandler;
        BOOLEAN GetSupported;
    };
    ULONG MinProperty;
    ULONG MinData;
    union {
        PFNKSHANDLER SetPropertyHandler;
        BOOLEAN SetSupported;
    };
    const KSPROPERTY_VALUES *Values;
    ULONG RelationsCount;
    const KSPROPERTY *Relations;
    PFNKSHANDLER SupportHandler;
    ULONG SerializedSize;
} KSPROPERTY_ITEM, *PKSPROPERTY_ITEM;

typedef struct {
    ULONG PropertyId;
    union {
        PFNKSFASTHANDLER GetPropertyHandler;
        BOOLEAN GetSupported;
    };
    union {
        PFNKSFASTHANDLER SetPropertyHandler;
        BOOLEAN SetSupported;
    };
    ULONG Reserved;
} KSFASTPROPERTY_ITEM, *PKSFASTPROPERTY_ITEM;

typedef struct {
    const GUID *Set;
    ULONG PropertiesCount;
    const KSPROPERTY_ITEM *PropertyItem;
    ULONG FastIoCount;
    const KSFASTPROPERTY_ITEM *FastIoTable;
} KSPROPERTY_SET, *PKSPROPERTY_SET;

typedef struct {
    ULONG MethodId;
    union {
        PFNKSHANDLER MethodHandler;
        BOOLEAN MethodSupported;
    };
    ULONG MinMethod;
    ULONG MinData;
    PFNKSHANDLER SupportHandler;
    ULONG Flags;
} KSMETHOD_ITEM, *PKSMETHOD_ITEM;

typedef struct {
    ULONG MethodId;
    union {
        PFNKSFASTHANDLER MethodHandler;
        BOOLEAN MethodSupported;
    };
} KSFASTMETHOD_ITEM, *PKSFASTMETHOD_ITEM;

typedef struct {
    const GUID *Set;
    ULONG MethodsCount;
    const KSMETHOD_ITEM *MethodItem;
    ULONG FastIoCount;
    const KSFASTMETHOD_ITEM *FastIoTable;
} KSMETHOD_SET, *PKSMETHOD_SET;

/* Events. */
struct _KSEVENT_ENTRY;
typedef NTSTATUS (NTAPI *PFNKSADDEVENT)(PIRP Irp, PKSEVENTDATA EventData,
    struct _KSEVENT_ENTRY *EventEntry);
typedef void (NTAPI *PFNKSREMOVEEVENT)(PFILE_OBJECT FileObject,
    struct _KSEVENT_ENTRY *EventEntry);

typedef struct {
    ULONG EventId;
    ULONG DataInput;
    ULONG ExtraEntryData;
    PFNKSADDEVENT AddHandler;
    PFNKSREMOVEEVENT RemoveHandler;
    PFNKSHANDLER SupportHandler;
} KSEVENT_ITEM, *PKSEVENT_ITEM;

typedef struct {
    const GUID *Set;
    ULONG EventsCount;
    const KSEVENT_ITEM *EventItem;
} KSEVENT_SET, *PKSEVENT_SET;

typedef struct {
    KDPC Dpc;
    ULONG ReferenceCount;
    KSPIN_LOCK AccessLock;
} KSDPC_ITEM, *PKSDPC_ITEM;

typedef struct {
    KSDPC_ITEM DpcItem;
    LIST_ENTRY BufferList;
} KSBUFFER_ITEM, *PKSBUFFER_ITEM;

#define KSEVENT_ENTRY_DELETED  1
#define KSEVENT_ENTRY_ONESHOT  2
#define KSEVENT_ENTRY_BUFFERED 4

typedef struct _KSEVENT_ENTRY {
    LIST_ENTRY ListEntry;
    PVOID Object;
    union {
        PKSDPC_ITEM DpcItem;
        PKSBUFFER_ITEM BufferItem;
    };
    PKSEVENTDATA EventData;
    ULONG NotificationType;
    const KSEVENT_SET *EventSet;
    const KSEVENT_ITEM *EventItem;
    PFILE_OBJECT FileObject;
    ULONG SemaphoreAdjustment;
    ULONG Reserved;
    ULONG Flags;
} KSEVENT_ENTRY, *PKSEVENT_ENTRY;

typedef enum {
    KSEVENTS_NONE,
    KSEVENTS_SPINLOCK,
    KSEVENTS_MUTEX,
    KSEVENTS_FMUTEX,
    KSEVENTS_FMUTEXUNSAFE,
    KSEVENTS_INTERRUPT,
    KSEVENTS_ERESOURCE,
} KSEVENTS_LOCKTYPE;

/* Objects and their dispatch. */
#define KSCREATE_ITEM_SECURITYCHANGED 0x00000001
#define KSCREATE_ITEM_WILDCARD        0x00000002
#define KSCREATE_ITEM_NOPARAMETERS    0x00000004
#define KSCREATE_ITEM_FREEONSTOP      0x00000008

typedef struct {
    PDRIVER_DISPATCH Create;
    PVOID Context;
    UNICODE_STRING ObjectClass;
    PSECURITY_DESCRIPTOR SecurityDescriptor;
    ULONG Flags;
} KSOBJECT_CREATE_ITEM, *PKSOBJECT_CREATE_ITEM;

typedef void (NTAPI *PFNKSITEMFREECALLBACK)(PKSOBJECT_CREATE_ITEM CreateItem);

typedef struct {
    ULONG CreateItemsCount;
    PKSOBJECT_CREATE_ITEM CreateItemsList;
} KSOBJECT_CREATE, *PKSOBJECT_CREATE;

typedef struct {
    PDRIVER_DISPATCH DeviceIoControl;
    PDRIVER_DISPATCH Read;
    PDRIVER_DISPATCH Write;
    PDRIVER_DISPATCH Flush;
    PDRIVER_DISPATCH Close;
    PDRIVER_DISPATCH QuerySecurity;
    PDRIVER_DISPATCH SetSecurity;
    PFAST_IO_DEVICE_CONTROL FastDeviceIoControl;
    PFAST_IO_READ FastRead;
    PFAST_IO_WRITE FastWrite;
} KSDISPATCH_TABLE, *PKSDISPATCH_TABLE;

#define KSDISPATCH_FASTIO 0x80000000u

/* Where KS keeps its things in an IRP. */
#define KSCREATE_ITEM_IRP_STORAGE(Irp) \
    (*(PKSOBJECT_CREATE_ITEM *)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSEVENT_SET_IRP_STORAGE(Irp) (*(const KSEVENT_SET **)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSEVENT_ITEM_IRP_STORAGE(Irp) \
    (*(const KSEVENT_ITEM **)&(Irp)->Tail.Overlay.DriverContext[3])
#define KSEVENT_ENTRY_IRP_STORAGE(Irp) (*(PKSEVENT_ENTRY *)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSMETHOD_SET_IRP_STORAGE(Irp) \
    (*(const KSMETHOD_SET **)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSMETHOD_ITEM_IRP_STORAGE(Irp) \
    (*(const KSMETHOD_ITEM **)&(Irp)->Tail.Overlay.DriverContext[3])
#define KSMETHOD_TYPE_IRP_STORAGE(Irp) (*(ULONG_PTR *)(&(Irp)->Tail.Overlay.DriverContext[2]))
#define KSQUEUE_SPINLOCK_IRP_STORAGE(Irp) (*(PKSPIN_LOCK *)&(Irp)->Tail.Overlay.DriverContext[1])
#define KSPROPERTY_SET_IRP_STORAGE(Irp) \
    (*(const KSPROPERTY_SET **)&(Irp)->Tail.Overlay.DriverContext[0])
#define KSPROPERTY_ITEM_IRP_STORAGE(Irp) \
    (*(const KSPROPERTY_ITEM **)&(Irp)->Tail.Overlay.DriverContext[3])
#define KSPROPERTY_ATTRIBUTES_IRP_STORAGE(Irp) \
    (*(PKSATTRIBUTE_LIST *)&(Irp)->Tail.Overlay.DriverContext[2])

typedef enum {
    KsInvokeOnSuccess = 1,
    KsInvokeOnError,
    KsInvokeOnCancel = 4,
} KSCOMPLETION_INVOCATION;

typedef enum {
    KsListEntryTail,
    KsListEntryHead,
} KSLIST_ENTRY_LOCATION;

typedef enum {
    KsAcquireOnly,
    KsAcquireAndRemove,
    KsAcquireOnlySingleItem,
    KsAcquireAndRemoveOnlySingleItem,
} KSIRP_REMOVAL_OPERATION;

typedef enum {
    KsStackCopyToNewLocation,
    KsStackReuseCurrentLocation,
    KsStackUseNewLocation,
} KSSTACK_USE;

typedef enum {
    KSTARGET_STATE_DISABLED,
    KSTARGET_STATE_ENABLED,
} KSTARGET_STATE;

typedef NTSTATUS (NTAPI *PFNKSIRPLISTCALLBACK)(PIRP Irp, PVOID Context);

/* Probing and stream I/O. */
#define KSPROBE_STREAMREAD        0x00000000
#define KSPROBE_STREAMWRITE       0x00000001
#define KSPROBE_ALLOCATEMDL       0x00000010
#define KSPROBE_PROBEANDLOCK      0x00000020
#define KSPROBE_SYSTEMADDRESS     0x00000040
#define KSPROBE_MODIFY            0x00000200
#define KSPROBE_STREAMWRITEMODIFY (KSPROBE_MODIFY | KSPROBE_STREAMWRITE)
#define KSPROBE_ALLOWFORMATCHANGE 0x00000080
#define KSSTREAM_READ             KSPROBE_STREAMREAD
#define KSSTREAM_WRITE            KSPROBE_STREAMWRITE
#define KSSTREAM_PAGED_DATA       0x00000000
#define KSSTREAM_NONPAGED_DATA    0x00000100
#define KSSTREAM_SYNCHRONOUS      0x00001000
#define KSSTREAM_FAILUREEXCEPTION 0x00002000

/* Allocators and clocks. */
typedef PVOID (NTAPI *PFNKSDEFAULTALLOCATE)(PVOID Context);
typedef void (NTAPI *PFNKSDEFAULTFREE)(PVOID Context, PVOID Buffer);
typedef NTSTATUS (NTAPI *PFNKSINITIALIZEALLOCATOR)(PVOID InitialContext,
    PKSALLOCATOR_FRAMING AllocatorFraming, PVOID *Context);
typedef void (NTAPI *PFNKSDELETEALLOCATOR)(PVOID Context);
typedef NTSTATUS (NTAPI *PFNALLOCATOR_ALLOCATEFRAME)(PFILE_OBJECT FileObject, PVOID *Frame);
typedef void (NTAPI *PFNALLOCATOR_FREEFRAME)(PFILE_OBJECT FileObject, PVOID Frame);

typedef struct {
    PFNALLOCATOR_ALLOCATEFRAME AllocateFrame;
    PFNALLOCATOR_FREEFRAME FreeFrame;
} KSSTREAMALLOCATOR_FUNCTIONTABLE, *PKSSTREAMALLOCATOR_FUNCTIONTABLE;

typedef LONGLONG (FASTCALL *PFNKSCLOCK_GETTIME)(PFILE_OBJECT FileObject);
typedef LONGLONG (FASTCALL *PFNKSCLOCK_CORRELATEDTIME)(PFILE_OBJECT FileObject,
    PLONGLONG SystemTime);

typedef struct {
    PFNKSCLOCK_GETTIME GetTime;
    PFNKSCLOCK_GETTIME GetPhysicalTime;
    PFNKSCLOCK_CORRELATEDTIME GetCorrelatedTime;
    PFNKSCLOCK_CORRELATEDTIME GetCorrelatedPhysicalTime;
} KSCLOCK_FUNCTIONTABLE, *PKSCLOCK_FUNCTIONTABLE;

typedef BOOLEAN (NTAPI *PFNKSSETTIMER)(PVOID Context, PKTIMER Timer, LARGE_INTEGER DueTime,
    PKDPC Dpc);
typedef BOOLEAN (NTAPI *PFNKSCANCELTIMER)(PVOID Context, PKTIMER Timer);
typedef LONGLONG (FASTCALL *PFNKSCORRELATEDTIME)(PVOID Context, PLONGLONG SystemTime);

/* A pin as both halves describe it. */
typedef struct {
    ULONG InterfacesCount;
    const KSPIN_INTERFACE *Interfaces;
    ULONG MediumsCount;
    const KSPIN_MEDIUM *Mediums;
    ULONG DataRangesCount;
    const PKSDATARANGE *DataRanges;
    KSPIN_DATAFLOW DataFlow;
    KSPIN_COMMUNICATION Communication;
    const GUID *Category;
    const GUID *Name;
    union {
        LONGLONG Reserved;
        struct {
            ULONG ConstrainedDataRangesCount;
            PKSDATARANGE *ConstrainedDataRanges;
        };
    };
} KSPIN_DESCRIPTOR, *PKSPIN_DESCRIPTOR;
typedef const KSPIN_DESCRIPTOR *PCKSPIN_DESCRIPTOR;

typedef NTSTATUS (NTAPI *PFNKSINTERSECTHANDLER)(PIRP Irp, PKSP_PIN Pin, PKSDATARANGE DataRange,
    PVOID Data);

/* Bus interfaces of the software device enumerator. */
typedef void (NTAPI *PFNREFERENCEDEVICEOBJECT)(PVOID Context);
typedef void (NTAPI *PFNDEREFERENCEDEVICEOBJECT)(PVOID Context);
typedef NTSTATUS (NTAPI *PFNQUERYREFERENCESTRING)(PVOID Context, PWCHAR *String);
typedef NTSTATUS (NTAPI *PFNQUERYMEDIUMSLIST)(PVOID Context, ULONG *MediumsCount,
    PKSPIN_MEDIUM *MediumList);

typedef struct {
    INTERFACE Interface;
    PFNREFERENCEDEVICEOBJECT ReferenceDeviceObject;
    PFNDEREFERENCEDEVICEOBJECT DereferenceDeviceObject;
    PFNQUERYREFERENCESTRING QueryReferenceString;
} BUS_INTERFACE_REFERENCE, *PBUS_INTERFACE_REFERENCE;

typedef struct {
    INTERFACE Interface;
    PFNQUERYMEDIUMSLIST QueryMediumsList;
} BUS_INTERFACE_MEDIUMS, *PBUS_INTERFACE_MEDIUMS;

WDK_ASSERT_SIZE(KSPROPERTY_ITEM, 72);
WDK_ASSERT_SIZE(KSPROPERTY_SET, 40);
WDK_ASSERT_SIZE(KSMETHOD_ITEM, 40);
WDK_ASSERT_SIZE(KSMETHOD_SET, 40);
WDK_ASSERT_SIZE(KSEVENT_ITEM, 40);
WDK_ASSERT_SIZE(KSEVENT_SET, 24);
WDK_ASSERT_SIZE(KSEVENT_ENTRY, 88);
WDK_ASSERT_SIZE(KSOBJECT_CREATE_ITEM, 48);
WDK_ASSERT_SIZE(KSDISPATCH_TABLE, 80);
WDK_ASSERT_SIZE(KSCLOCK_FUNCTIONTABLE, 32);
WDK_ASSERT_SIZE(KSPIN_DESCRIPTOR, 88);

/* Properties, methods, events. */
NTSTATUS NTAPI KsPropertyHandler(PIRP Irp, ULONG PropertySetsCount,
    const KSPROPERTY_SET *PropertySet);
NTSTATUS NTAPI KsPropertyHandlerWithAllocator(PIRP Irp, ULONG PropertySetsCount,
    const KSPROPERTY_SET *PropertySet, PFNKSALLOCATOR Allocator, ULONG PropertyItemSize);
BOOLEAN NTAPI KsFastPropertyHandler(PFILE_OBJECT FileObject, PKSPROPERTY Property,
    ULONG PropertyLength, PVOID Data, ULONG DataLength, PIO_STATUS_BLOCK IoStatus,
    ULONG PropertySetsCount, const KSPROPERTY_SET *PropertySet);
NTSTATUS NTAPI KsMethodHandler(PIRP Irp, ULONG MethodSetsCount, const KSMETHOD_SET *MethodSet);
NTSTATUS NTAPI KsMethodHandlerWithAllocator(PIRP Irp, ULONG MethodSetsCount,
    const KSMETHOD_SET *MethodSet, PFNKSALLOCATOR Allocator, ULONG MethodItemSize);
BOOLEAN NTAPI KsFastMethodHandler(PFILE_OBJECT FileObject, PKSMETHOD Method, ULONG MethodLength,
    PVOID Data, ULONG DataLength, PIO_STATUS_BLOCK IoStatus, ULONG MethodSetsCount,
    const KSMETHOD_SET *MethodSet);
NTSTATUS NTAPI KsDispatchSpecificProperty(PIRP Irp, PFNKSHANDLER Handler);
NTSTATUS NTAPI KsDispatchSpecificMethod(PIRP Irp, PFNKSHANDLER Handler);
NTSTATUS NTAPI KsEnableEvent(PIRP Irp, ULONG EventSetsCount, const KSEVENT_SET *EventSet,
    PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags, PVOID EventsLock);
NTSTATUS NTAPI KsEnableEventWithAllocator(PIRP Irp, ULONG EventSetsCount,
    const KSEVENT_SET *EventSet, PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags,
    PVOID EventsLock, PFNKSALLOCATOR Allocator, ULONG EventItemSize);
NTSTATUS NTAPI KsDisableEvent(PIRP Irp, PLIST_ENTRY EventsList, KSEVENTS_LOCKTYPE EventsFlags,
    PVOID EventsLock);
void NTAPI KsDiscardEvent(PKSEVENT_ENTRY EventEntry);
void NTAPI KsFreeEventList(PFILE_OBJECT FileObject, PLIST_ENTRY EventsList,
    KSEVENTS_LOCKTYPE EventsFlags, PVOID EventsLock);
NTSTATUS NTAPI KsGenerateEvent(PKSEVENT_ENTRY EventEntry);
NTSTATUS NTAPI KsGenerateDataEvent(PKSEVENT_ENTRY EventEntry, ULONG DataSize, PVOID Data);
void NTAPI KsGenerateEventList(GUID *Set, ULONG EventId, PLIST_ENTRY EventsList,
    KSEVENTS_LOCKTYPE EventsFlags, PVOID EventsLock);
NTSTATUS NTAPI KsUnserializeObjectPropertiesFromRegistry(PFILE_OBJECT FileObject, HANDLE ParentKey,
    PUNICODE_STRING RegistryPath);
NTSTATUS NTAPI KsHandleSizedListQuery(PIRP Irp, ULONG DataItemsCount, ULONG DataItemSize,
    const void *DataItems);
NTSTATUS NTAPI KsPinPropertyHandler(PIRP Irp, PKSPROPERTY Property, PVOID Data,
    ULONG DescriptorsCount, const KSPIN_DESCRIPTOR *Descriptor);
NTSTATUS NTAPI KsPinDataIntersection(PIRP Irp, PKSP_PIN Pin, PVOID Data, ULONG DescriptorsCount,
    const KSPIN_DESCRIPTOR *Descriptor, PFNKSINTERSECTHANDLER IntersectHandler);
NTSTATUS NTAPI KsTopologyPropertyHandler(PIRP Irp, PKSPROPERTY Property, PVOID Data,
    const KSTOPOLOGY *Topology);

/* Allocators, clocks, connections. */
NTSTATUS NTAPI KsCreateDefaultAllocator(PIRP Irp);
NTSTATUS NTAPI KsCreateDefaultAllocatorEx(PIRP Irp, PVOID InitializeContext,
    PFNKSDEFAULTALLOCATE DefaultAllocate, PFNKSDEFAULTFREE DefaultFree,
    PFNKSINITIALIZEALLOCATOR InitializeAllocator, PFNKSDELETEALLOCATOR DeleteAllocator);
NTSTATUS NTAPI KsCreateAllocator(HANDLE ConnectionHandle, PKSALLOCATOR_FRAMING AllocatorFraming,
    PHANDLE AllocatorHandle);
NTSTATUS NTAPI KsValidateAllocatorCreateRequest(PIRP Irp, PKSALLOCATOR_FRAMING *AllocatorFraming);
NTSTATUS NTAPI KsValidateAllocatorFramingEx(PKSALLOCATOR_FRAMING_EX Framing, ULONG BufferSize,
    const KSALLOCATOR_FRAMING_EX *PinFraming);
NTSTATUS NTAPI KsAllocateDefaultClock(PKSDEFAULTCLOCK *DefaultClock);
NTSTATUS NTAPI KsAllocateDefaultClockEx(PKSDEFAULTCLOCK *DefaultClock, PVOID Context,
    PFNKSSETTIMER SetTimer, PFNKSCANCELTIMER CancelTimer, PFNKSCORRELATEDTIME CorrelatedTime,
    const KSRESOLUTION *Resolution, ULONG Flags);
void NTAPI KsFreeDefaultClock(PKSDEFAULTCLOCK DefaultClock);
NTSTATUS NTAPI KsCreateDefaultClock(PIRP Irp, PKSDEFAULTCLOCK DefaultClock);
NTSTATUS NTAPI KsCreateClock(HANDLE ConnectionHandle, PKSCLOCK_CREATE ClockCreate,
    PHANDLE ClockHandle);
NTSTATUS NTAPI KsValidateClockCreateRequest(PIRP Irp, PKSCLOCK_CREATE *ClockCreate);
KSSTATE NTAPI KsGetDefaultClockState(PKSDEFAULTCLOCK DefaultClock);
void NTAPI KsSetDefaultClockState(PKSDEFAULTCLOCK DefaultClock, KSSTATE State);
LONGLONG NTAPI KsGetDefaultClockTime(PKSDEFAULTCLOCK DefaultClock);
void NTAPI KsSetDefaultClockTime(PKSDEFAULTCLOCK DefaultClock, LONGLONG Time);
NTSTATUS NTAPI KsCreatePin(HANDLE FilterHandle, PKSPIN_CONNECT Connect, ACCESS_MASK DesiredAccess,
    PHANDLE ConnectionHandle);
NTSTATUS NTAPI KsValidateConnectRequest(PIRP Irp, ULONG DescriptorsCount,
    const KSPIN_DESCRIPTOR *Descriptor, PKSPIN_CONNECT *Connect);
NTSTATUS NTAPI KsCreateTopologyNode(HANDLE ParentHandle, PKSNODE_CREATE NodeCreate,
    ACCESS_MASK DesiredAccess, PHANDLE NodeHandle);
NTSTATUS NTAPI KsValidateTopologyNodeCreateRequest(PIRP Irp, PKSTOPOLOGY Topology,
    PKSNODE_CREATE *NodeCreate);
NTSTATUS NTAPI KsCacheMedium(PUNICODE_STRING SymbolicLink, PKSPIN_MEDIUM Medium,
    ULONG PinDirection);
NTSTATUS NTAPI KsiPropertyDefaultClockGetTime(PIRP Irp, PKSPROPERTY Property, PLONGLONG Time);
NTSTATUS NTAPI KsiPropertyDefaultClockGetPhysicalTime(PIRP Irp, PKSPROPERTY Property,
    PLONGLONG Time);
NTSTATUS NTAPI KsiPropertyDefaultClockGetCorrelatedTime(PIRP Irp, PKSPROPERTY Property,
    PKSCORRELATED_TIME Time);
NTSTATUS NTAPI KsiPropertyDefaultClockGetCorrelatedPhysicalTime(PIRP Irp, PKSPROPERTY Property,
    PKSCORRELATED_TIME Time);
NTSTATUS NTAPI KsiPropertyDefaultClockGetResolution(PIRP Irp, PKSPROPERTY Property,
    PKSRESOLUTION Resolution);
NTSTATUS NTAPI KsiPropertyDefaultClockGetState(PIRP Irp, PKSPROPERTY Property, KSSTATE *State);
NTSTATUS NTAPI KsiPropertyDefaultClockGetFunctionTable(PIRP Irp, PKSPROPERTY Property,
    PKSCLOCK_FUNCTIONTABLE FunctionTable);
NTSTATUS NTAPI KsiDefaultClockAddMarkEvent(PIRP Irp, PKSEVENT_TIME_INTERVAL EventTime,
    struct _KSEVENT_ENTRY *EventEntry);

/* Headers and create items. */
NTSTATUS NTAPI KsAllocateDeviceHeader(KSDEVICE_HEADER *Header, ULONG ItemsCount,
    PKSOBJECT_CREATE_ITEM ItemsList);
void NTAPI KsFreeDeviceHeader(KSDEVICE_HEADER Header);
NTSTATUS NTAPI KsAllocateObjectHeader(KSOBJECT_HEADER *Header, ULONG ItemsCount,
    PKSOBJECT_CREATE_ITEM ItemsList, PIRP Irp, const KSDISPATCH_TABLE *Table);
void NTAPI KsFreeObjectHeader(KSOBJECT_HEADER Header);
NTSTATUS NTAPI KsAddObjectCreateItemToDeviceHeader(KSDEVICE_HEADER Header, PDRIVER_DISPATCH Create,
    PVOID Context, PWSTR ObjectClass, PSECURITY_DESCRIPTOR SecurityDescriptor);
NTSTATUS NTAPI KsAddObjectCreateItemToObjectHeader(KSOBJECT_HEADER Header, PDRIVER_DISPATCH Create,
    PVOID Context, PWSTR ObjectClass, PSECURITY_DESCRIPTOR SecurityDescriptor);
NTSTATUS NTAPI KsAllocateObjectCreateItem(KSDEVICE_HEADER Header, PKSOBJECT_CREATE_ITEM CreateItem,
    BOOLEAN AllocateEntry, PFNKSITEMFREECALLBACK ItemFreeCallback);
NTSTATUS NTAPI KsFreeObjectCreateItem(KSDEVICE_HEADER Header, PUNICODE_STRING CreateItem);
NTSTATUS NTAPI KsFreeObjectCreateItemsByContext(KSDEVICE_HEADER Header, PVOID Context);
PKSOBJECT_CREATE_ITEM NTAPI KsQueryObjectCreateItem(KSOBJECT_HEADER Header);
ACCESS_MASK NTAPI KsQueryObjectAccessMask(KSOBJECT_HEADER Header);
BOOLEAN NTAPI KsiQueryObjectCreateItemsPresent(KSDEVICE_HEADER Header);
NTSTATUS NTAPI KsCreateDefaultSecurity(PSECURITY_DESCRIPTOR ParentSecurity,
    PSECURITY_DESCRIPTOR *DefaultSecurity);
void NTAPI KsAcquireDeviceSecurityLock(KSDEVICE_HEADER Header, BOOLEAN Exclusive);
void NTAPI KsReleaseDeviceSecurityLock(KSDEVICE_HEADER Header);
NTSTATUS NTAPI KsDispatchQuerySecurity(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI KsDispatchSetSecurity(PDEVICE_OBJECT DeviceObject, PIRP Irp);

/* Dispatch. */
NTSTATUS NTAPI KsSetMajorFunctionHandler(PDRIVER_OBJECT DriverObject, ULONG MajorFunction);
NTSTATUS NTAPI KsDispatchIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI KsDispatchInvalidDeviceRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI KsDefaultDeviceIoCompletion(PDEVICE_OBJECT DeviceObject, PIRP Irp);
BOOLEAN NTAPI KsDispatchFastIoDeviceControlFailure(PFILE_OBJECT FileObject, BOOLEAN Wait,
    PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength,
    ULONG IoControlCode, PIO_STATUS_BLOCK IoStatus, PDEVICE_OBJECT DeviceObject);
BOOLEAN NTAPI KsDispatchFastReadFailure(PFILE_OBJECT FileObject, PLARGE_INTEGER FileOffset,
    ULONG Length, BOOLEAN Wait, ULONG LockKey, PVOID Buffer, PIO_STATUS_BLOCK IoStatus,
    PDEVICE_OBJECT DeviceObject);
#define KsDispatchFastWriteFailure KsDispatchFastReadFailure
NTSTATUS NTAPI KsDefaultDispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI KsDefaultDispatchPower(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI KsDefaultForwardIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp);
void NTAPI KsSetDevicePnpAndBaseObject(KSDEVICE_HEADER Header, PDEVICE_OBJECT PnpDeviceObject,
    PDEVICE_OBJECT BaseObject);
PDEVICE_OBJECT NTAPI KsQueryDevicePnpObject(KSDEVICE_HEADER Header);
void NTAPI KsRecalculateStackDepth(KSDEVICE_HEADER Header, BOOLEAN ReuseStackLocation);
void NTAPI KsSetTargetDeviceObject(KSOBJECT_HEADER Header, PDEVICE_OBJECT TargetDevice);
void NTAPI KsSetTargetState(KSOBJECT_HEADER Header, KSTARGET_STATE TargetState);
void NTAPI KsSetPowerDispatch(KSOBJECT_HEADER Header, PFNKSCONTEXT_DISPATCH PowerDispatch,
    PVOID PowerContext);
NTSTATUS NTAPI KsReferenceBusObject(KSDEVICE_HEADER Header);
void NTAPI KsDereferenceBusObject(KSDEVICE_HEADER Header);
NTSTATUS NTAPI KsReferenceSoftwareBusObject(KSDEVICE_HEADER Header);
void NTAPI KsDereferenceSoftwareBusObject(KSDEVICE_HEADER Header);
NTSTATUS NTAPI KsForwardIrp(PIRP Irp, PFILE_OBJECT FileObject, BOOLEAN ReuseStackLocation);
NTSTATUS NTAPI KsForwardAndCatchIrp(PDEVICE_OBJECT DeviceObject, PIRP Irp, PFILE_OBJECT FileObject,
    KSSTACK_USE StackUse);
NTSTATUS NTAPI KsSynchronousIoControlDevice(PFILE_OBJECT FileObject, KPROCESSOR_MODE RequestorMode,
    ULONG IoControl, PVOID InBuffer, ULONG InSize, PVOID OutBuffer, ULONG OutSize,
    PULONG BytesReturned);
void NTAPI KsNullDriverUnload(PDRIVER_OBJECT DriverObject);

/* Stream and file I/O. */
NTSTATUS NTAPI KsStreamIo(PFILE_OBJECT FileObject, PKEVENT Event, PVOID PortContext,
    PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID CompletionContext,
    KSCOMPLETION_INVOCATION CompletionInvocationFlags, PIO_STATUS_BLOCK IoStatusBlock,
    PVOID StreamHeaders, ULONG Length, ULONG Flags, KPROCESSOR_MODE RequestorMode);
NTSTATUS NTAPI KsReadFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID PortContext,
    PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, ULONG Key,
    KPROCESSOR_MODE RequestorMode);
NTSTATUS NTAPI KsWriteFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID PortContext,
    PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, ULONG Key,
    KPROCESSOR_MODE RequestorMode);
NTSTATUS NTAPI KsQueryInformationFile(PFILE_OBJECT FileObject, PVOID FileInformation, ULONG Length,
    FILE_INFORMATION_CLASS FileInformationClass);
NTSTATUS NTAPI KsSetInformationFile(PFILE_OBJECT FileObject, PVOID FileInformation, ULONG Length,
    FILE_INFORMATION_CLASS FileInformationClass);
NTSTATUS NTAPI KsProbeStreamIrp(PIRP Irp, ULONG ProbeFlags, ULONG HeaderSize);
NTSTATUS NTAPI KsAllocateExtraData(PIRP Irp, ULONG ExtraSize, PVOID *ExtraBuffer);
NTSTATUS NTAPI KsAcquireResetValue(PIRP Irp, KSRESET *ResetValue);

/* Cancelable queues. */
void NTAPI KsAddIrpToCancelableQueue(PLIST_ENTRY QueueHead, PKSPIN_LOCK SpinLock, PIRP Irp,
    KSLIST_ENTRY_LOCATION ListLocation, PDRIVER_CANCEL DriverCancel);
PIRP NTAPI KsRemoveIrpFromCancelableQueue(PLIST_ENTRY QueueHead, PKSPIN_LOCK SpinLock,
    KSLIST_ENTRY_LOCATION ListLocation, KSIRP_REMOVAL_OPERATION RemovalOperation);
void NTAPI KsRemoveSpecificIrpFromCancelableQueue(PIRP Irp);
void NTAPI KsReleaseIrpOnCancelableQueue(PIRP Irp, PDRIVER_CANCEL DriverCancel);
NTSTATUS NTAPI KsMoveIrpsOnCancelableQueue(PLIST_ENTRY SourceList, PKSPIN_LOCK SourceLock,
    PLIST_ENTRY DestinationList, PKSPIN_LOCK DestinationLock, KSLIST_ENTRY_LOCATION ListLocation,
    PFNKSIRPLISTCALLBACK ListCallback, PVOID Context);
void NTAPI KsCancelIo(PLIST_ENTRY QueueHead, PKSPIN_LOCK SpinLock);
void NTAPI KsCancelRoutine(PDEVICE_OBJECT DeviceObject, PIRP Irp);

/* Workers. */
NTSTATUS NTAPI KsRegisterWorker(WORK_QUEUE_TYPE WorkQueueType, PKSWORKER *Worker);
NTSTATUS NTAPI KsRegisterCountedWorker(WORK_QUEUE_TYPE WorkQueueType,
    PWORK_QUEUE_ITEM CountedWorkItem, PKSWORKER *Worker);
void NTAPI KsUnregisterWorker(PKSWORKER Worker);
NTSTATUS NTAPI KsQueueWorkItem(PKSWORKER Worker, PWORK_QUEUE_ITEM WorkItem);
ULONG NTAPI KsIncrementCountedWorker(PKSWORKER Worker);
ULONG NTAPI KsDecrementCountedWorker(PKSWORKER Worker);

/* Resources and the software bus. */
NTSTATUS NTAPI KsLoadResource(PVOID ImageBase, POOL_TYPE PoolType, ULONG_PTR ResourceName,
    ULONG ResourceType, PVOID *Resource, PULONG ResourceSize);
NTSTATUS NTAPI KsGetImageNameAndResourceId(HANDLE RegKey, PUNICODE_STRING ImageName,
    PULONG_PTR ResourceId, PULONG ValueType);
NTSTATUS NTAPI KsMapModuleName(PDEVICE_OBJECT PhysicalDeviceObject, PUNICODE_STRING ModuleName,
    PUNICODE_STRING ImageName, PULONG_PTR ResourceId, PULONG ValueType);
NTSTATUS NTAPI KsCreateBusEnumObject(PWCHAR BusIdentifier, PDEVICE_OBJECT BusDeviceObject,
    PDEVICE_OBJECT PhysicalDeviceObject, PDEVICE_OBJECT PnpDeviceObject, REFGUID InterfaceGuid,
    PWCHAR ServiceRelativePath);
NTSTATUS NTAPI KsServiceBusEnumPnpRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI KsServiceBusEnumCreateRequest(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI KsGetBusEnumIdentifier(PIRP Irp);
NTSTATUS NTAPI KsGetBusEnumPnpDeviceObject(PDEVICE_OBJECT DeviceObject,
    PDEVICE_OBJECT *PnpDeviceObject);
NTSTATUS NTAPI KsGetBusEnumParentFDOFromChildPDO(PDEVICE_OBJECT DeviceObject,
    PDEVICE_OBJECT *FunctionalDeviceObject);
NTSTATUS NTAPI KsIsBusEnumChildDevice(PDEVICE_OBJECT DeviceObject, PBOOLEAN ChildDevice);
NTSTATUS NTAPI KsInstallBusEnumInterface(PIRP Irp);
NTSTATUS NTAPI KsRemoveBusEnumInterface(PIRP Irp);

#endif
