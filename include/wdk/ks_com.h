/* SPDX-License-Identifier: MIT */
/* COM as kernel streaming uses it: interface pointers to tables of functions, counted references,
 * no apartments. Whoever gets an interface from QueryInterface releases it. */
#ifndef WEIR_WDK_KS_COM_H
#define WEIR_WDK_KS_COM_H

#include "wdk/ks_base.h"
#include "wdk/wdm_dma.h"

/* The first three slots of every table, with the interface's own type as This. */
#define WDK_IUNKNOWN_SLOTS(interface) \
    NTSTATUS (STDMETHODCALLTYPE *QueryInterface)(interface *This, REFIID InterfaceId, \
        PVOID *Interface); \
    ULONG (STDMETHODCALLTYPE *AddRef)(interface *This); \
    ULONG (STDMETHODCALLTYPE *Release)(interface *This);

typedef struct IUnknown IUnknown, *PUNKNOWN;

typedef struct IUnknownVtbl {
    WDK_IUNKNOWN_SLOTS(IUnknown)
} IUnknownVtbl;

struct IUnknown {
    const IUnknownVtbl *lpVtbl;
};

/* Properties, methods and events of a KS object by call instead of by IOCTL. */
typedef struct IKsControl IKsControl, *PIKSCONTROL;

typedef struct IKsControlVtbl {
    WDK_IUNKNOWN_SLOTS(IKsControl)
    NTSTATUS (STDMETHODCALLTYPE *KsProperty)(IKsControl *This, PKSPROPERTY Property,
        ULONG PropertyLength, PVOID PropertyData, ULONG DataLength, ULONG *BytesReturned);
    NTSTATUS (STDMETHODCALLTYPE *KsMethod)(IKsControl *This, PKSMETHOD Method, ULONG MethodLength,
        PVOID MethodData, ULONG DataLength, ULONG *BytesReturned);
    NTSTATUS (STDMETHODCALLTYPE *KsEvent)(IKsControl *This, PKSEVENT Event, ULONG EventLength,
        PVOID EventData, ULONG DataLength, ULONG *BytesReturned);
} IKsControlVtbl;

struct IKsControl {
    const IKsControlVtbl *lpVtbl;
};

/* The clock a pin was given, or its own. Callable up to DISPATCH_LEVEL. */
typedef struct IKsReferenceClock IKsReferenceClock, *PIKSREFERENCECLOCK;

typedef struct IKsReferenceClockVtbl {
    WDK_IUNKNOWN_SLOTS(IKsReferenceClock)
    LONGLONG (STDMETHODCALLTYPE *GetTime)(IKsReferenceClock *This);
    LONGLONG (STDMETHODCALLTYPE *GetPhysicalTime)(IKsReferenceClock *This);
    LONGLONG (STDMETHODCALLTYPE *GetCorrelatedTime)(IKsReferenceClock *This,
        PLONGLONG SystemTime);
    LONGLONG (STDMETHODCALLTYPE *GetCorrelatedPhysicalTime)(IKsReferenceClock *This,
        PLONGLONG SystemTime);
    NTSTATUS (STDMETHODCALLTYPE *GetResolution)(IKsReferenceClock *This,
        PKSRESOLUTION Resolution);
    NTSTATUS (STDMETHODCALLTYPE *GetState)(IKsReferenceClock *This, KSSTATE *State);
} IKsReferenceClockVtbl;

struct IKsReferenceClock {
    const IKsReferenceClockVtbl *lpVtbl;
};

/* Where a driver tells AVStream about its DMA adapter; Server 2003 SP1 and later. */
typedef struct IKsDeviceFunctions IKsDeviceFunctions, *PIKSDEVICEFUNCTIONS;

typedef struct IKsDeviceFunctionsVtbl {
    WDK_IUNKNOWN_SLOTS(IKsDeviceFunctions)
    NTSTATUS (STDMETHODCALLTYPE *RegisterAdapterObjectEx)(IKsDeviceFunctions *This,
        PDMA_ADAPTER AdapterObject, PDEVICE_DESCRIPTION DeviceDescription,
        ULONG NumberOfMapRegisters, ULONG MaxMappingsByteCount, ULONG MappingTableStride);
} IKsDeviceFunctionsVtbl;

struct IKsDeviceFunctions {
    const IKsDeviceFunctionsVtbl *lpVtbl;
};

WDK_ASSERT_SIZE(IUnknownVtbl, 24);
WDK_ASSERT_SIZE(IKsControlVtbl, 48);
WDK_ASSERT_SIZE(IKsReferenceClockVtbl, 72);
WDK_ASSERT_SIZE(IKsDeviceFunctionsVtbl, 32);

/* Kernel COM support. */
typedef NTSTATUS (NTAPI *KoCreateObjectHandler)(REFCLSID ClassId, PUNKNOWN UnkOuter,
    REFIID InterfaceId, PVOID *Interface);
NTSTATUS NTAPI KoCreateInstance(REFCLSID ClassId, PUNKNOWN UnkOuter, ULONG ClsContext,
    REFIID InterfaceId, PVOID *Interface);
NTSTATUS NTAPI KoDeviceInitialize(PDEVICE_OBJECT DeviceObject);
NTSTATUS NTAPI KoDriverInitialize(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath,
    KoCreateObjectHandler CreateObjectHandler);
void NTAPI KoRelease(REFCLSID ClassId);

/* CBaseUnknown, the base of kernel COM objects that a driver writes in C++; its methods are
 * imported by the names that Microsoft's compilers give them. A method that overrides one of the
 * second base's gets the address of that base. */
typedef struct {
    const PVOID *NonDelegated; /* query, add, release; then the deleting destructor */
    const PVOID *Indirected; /* query, add, release */
    LONG m_RefCount;
    BOOLEAN m_UsingClassId;
    GUID m_ClassId;
    PUNKNOWN m_UnknownOuter;
} CBASEUNKNOWN, *PCBASEUNKNOWN;

WDK_ASSERT_SIZE(CBASEUNKNOWN, 48);
WDK_ASSERT_OFFSET(CBASEUNKNOWN, m_RefCount, 16);
WDK_ASSERT_OFFSET(CBASEUNKNOWN, m_ClassId, 24);
WDK_ASSERT_OFFSET(CBASEUNKNOWN, m_UnknownOuter, 40);

PVOID NTAPI ks_CBaseUnknown(PCBASEUNKNOWN This, PUNKNOWN UnknownOuter);
PVOID NTAPI ks_CBaseUnknown_class(PCBASEUNKNOWN This, REFCLSID ClassId, PUNKNOWN UnknownOuter);
void NTAPI ks_CBaseUnknown_default(PCBASEUNKNOWN This);
void NTAPI ks_CBaseUnknown_destroy(PCBASEUNKNOWN This);
NTSTATUS NTAPI ks_CBaseUnknown_NonDelegatedQueryInterface(PCBASEUNKNOWN This, REFIID InterfaceId,
    PVOID *Interface);
ULONG NTAPI ks_CBaseUnknown_NonDelegatedAddRef(PCBASEUNKNOWN This);
ULONG NTAPI ks_CBaseUnknown_NonDelegatedRelease(PCBASEUNKNOWN This);
NTSTATUS NTAPI ks_CBaseUnknown_IndirectedQueryInterface(PVOID Indirected, REFIID InterfaceId,
    PVOID *Interface);
ULONG NTAPI ks_CBaseUnknown_IndirectedAddRef(PVOID Indirected);
ULONG NTAPI ks_CBaseUnknown_IndirectedRelease(PVOID Indirected);

#endif
