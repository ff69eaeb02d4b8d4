/* SPDX-License-Identifier: MIT */
/* The I/O manager's objects: driver, device and file objects, IRPs and their stack locations,
 * remove locks, interrupt connections. A driver object belongs to the loader, a
 * device object to the driver that created it, an IRP to whoever's stack location is current.
 * Drivers read and write all of these inline; layouts are the contract.
 * Not here: codes and flags (wdm_iocodes.h), the functions (wdm_iofn.h), resources and power
 * (wdm_pnp.h). */
#ifndef WEIR_WDK_WDM_IO_H
#define WEIR_WDK_WDM_IO_H

#include "wdk/wdm_ex.h"
#include "wdk/wdm_iocodes.h"
#include "wdk/wdm_mm.h"
#include "wdk/wdm_pnp.h"

/* Callbacks. */
typedef NTSTATUS NTAPI DRIVER_INITIALIZE(struct _DRIVER_OBJECT *DriverObject,
    PUNICODE_STRING RegistryPath);
typedef DRIVER_INITIALIZE *PDRIVER_INITIALIZE;
typedef NTSTATUS NTAPI DRIVER_ADD_DEVICE(struct _DRIVER_OBJECT *DriverObject,
    struct _DEVICE_OBJECT *PhysicalDeviceObject);
typedef DRIVER_ADD_DEVICE *PDRIVER_ADD_DEVICE;
typedef void NTAPI DRIVER_UNLOAD(struct _DRIVER_OBJECT *DriverObject);
typedef DRIVER_UNLOAD *PDRIVER_UNLOAD;
typedef void NTAPI DRIVER_STARTIO(struct _DEVICE_OBJECT *DeviceObject, struct _IRP *Irp);
typedef DRIVER_STARTIO *PDRIVER_STARTIO;
typedef NTSTATUS NTAPI DRIVER_DISPATCH(struct _DEVICE_OBJECT *DeviceObject, struct _IRP *Irp);
typedef DRIVER_DISPATCH *PDRIVER_DISPATCH;
typedef void NTAPI DRIVER_CANCEL(struct _DEVICE_OBJECT *DeviceObject, struct _IRP *Irp);
typedef DRIVER_CANCEL *PDRIVER_CANCEL;
typedef NTSTATUS NTAPI IO_COMPLETION_ROUTINE(struct _DEVICE_OBJECT *DeviceObject, struct _IRP *Irp,
    PVOID Context);
typedef IO_COMPLETION_ROUTINE *PIO_COMPLETION_ROUTINE;
typedef void NTAPI IO_DPC_ROUTINE(struct _KDPC *Dpc, struct _DEVICE_OBJECT *DeviceObject,
    struct _IRP *Irp, PVOID Context);
typedef IO_DPC_ROUTINE *PIO_DPC_ROUTINE;
typedef void NTAPI IO_TIMER_ROUTINE(struct _DEVICE_OBJECT *DeviceObject, PVOID Context);
typedef IO_TIMER_ROUTINE *PIO_TIMER_ROUTINE;
typedef void NTAPI IO_WORKITEM_ROUTINE(PDEVICE_OBJECT DeviceObject, PVOID Context);
typedef IO_WORKITEM_ROUTINE *PIO_WORKITEM_ROUTINE;
typedef void NTAPI IO_WORKITEM_ROUTINE_EX(PVOID IoObject, PVOID Context, PIO_WORKITEM IoWorkItem);
typedef IO_WORKITEM_ROUTINE_EX *PIO_WORKITEM_ROUTINE_EX;
typedef void NTAPI DRIVER_REINITIALIZE(struct _DRIVER_OBJECT *DriverObject, PVOID Context,
    ULONG Count);
typedef DRIVER_REINITIALIZE *PDRIVER_REINITIALIZE;

typedef enum _IO_ALLOCATION_ACTION {
    KeepObject = 1,
    DeallocateObject,
    DeallocateObjectKeepRegisters,
} IO_ALLOCATION_ACTION, *PIO_ALLOCATION_ACTION;

typedef IO_ALLOCATION_ACTION NTAPI DRIVER_CONTROL(struct _DEVICE_OBJECT *DeviceObject,
    struct _IRP *Irp, PVOID MapRegisterBase, PVOID Context);
typedef DRIVER_CONTROL *PDRIVER_CONTROL;

typedef enum _IO_SESSION_STATE {
    IoSessionStateCreated = 1,
    IoSessionStateInitialized,
    IoSessionStateConnected,
    IoSessionStateDisconnected,
    IoSessionStateDisconnectedLoggedOn,
    IoSessionStateLoggedOn,
    IoSessionStateLoggedOff,
    IoSessionStateTerminated,
    IoSessionStateMax,
} IO_SESSION_STATE, *PIO_SESSION_STATE;

typedef struct _SHARE_ACCESS {
    ULONG OpenCount;
    ULONG Readers;
    ULONG Writers;
    ULONG Deleters;
    ULONG SharedRead;
    ULONG SharedWrite;
    ULONG SharedDelete;
} SHARE_ACCESS, *PSHARE_ACCESS;

/* What waits for an adapter channel. One per device object, which is why only one can be asked
 * for at a time. */
typedef struct _WAIT_CONTEXT_BLOCK {
    KDEVICE_QUEUE_ENTRY WaitQueueEntry;
    PDRIVER_CONTROL DeviceRoutine;
    PVOID DeviceContext;
    ULONG NumberOfMapRegisters;
    PVOID DeviceObject;
    PVOID CurrentIrp;
    PKDPC BufferChainingDpc;
} WAIT_CONTEXT_BLOCK, *PWAIT_CONTEXT_BLOCK;

WDK_ASSERT_SIZE(WAIT_CONTEXT_BLOCK, 0x48);

typedef BOOLEAN NTAPI FAST_IO_CHECK_IF_POSSIBLE(struct _FILE_OBJECT *FileObject,
    PLARGE_INTEGER FileOffset, ULONG Length, BOOLEAN Wait, ULONG LockKey,
    BOOLEAN CheckForReadOperation, PIO_STATUS_BLOCK IoStatus, struct _DEVICE_OBJECT *DeviceObject);
typedef FAST_IO_CHECK_IF_POSSIBLE *PFAST_IO_CHECK_IF_POSSIBLE;
typedef BOOLEAN NTAPI FAST_IO_READ(struct _FILE_OBJECT *FileObject, PLARGE_INTEGER FileOffset,
    ULONG Length, BOOLEAN Wait, ULONG LockKey, PVOID Buffer, PIO_STATUS_BLOCK IoStatus,
    struct _DEVICE_OBJECT *DeviceObject);
typedef FAST_IO_READ *PFAST_IO_READ;
typedef BOOLEAN NTAPI FAST_IO_WRITE(struct _FILE_OBJECT *FileObject, PLARGE_INTEGER FileOffset,
    ULONG Length, BOOLEAN Wait, ULONG LockKey, PVOID Buffer, PIO_STATUS_BLOCK IoStatus,
    struct _DEVICE_OBJECT *DeviceObject);
typedef FAST_IO_WRITE *PFAST_IO_WRITE;
typedef BOOLEAN NTAPI FAST_IO_DEVICE_CONTROL(struct _FILE_OBJECT *FileObject, BOOLEAN Wait,
    PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength,
    ULONG IoControlCode, PIO_STATUS_BLOCK IoStatus, struct _DEVICE_OBJECT *DeviceObject);
typedef FAST_IO_DEVICE_CONTROL *PFAST_IO_DEVICE_CONTROL;

/* Only the slots that a KS driver may fill have types; the file system's are plain pointers. */
struct _FAST_IO_DISPATCH {
    ULONG SizeOfFastIoDispatch;
    PFAST_IO_CHECK_IF_POSSIBLE FastIoCheckIfPossible;
    PFAST_IO_READ FastIoRead;
    PFAST_IO_WRITE FastIoWrite;
    PVOID FastIoQueryBasicInfo;
    PVOID FastIoQueryStandardInfo;
    PVOID FastIoLock;
    PVOID FastIoUnlockSingle;
    PVOID FastIoUnlockAll;
    PVOID FastIoUnlockAllByKey;
    PFAST_IO_DEVICE_CONTROL FastIoDeviceControl;
    PVOID AcquireFileForNtCreateSection;
    PVOID ReleaseFileForNtCreateSection;
    PVOID FastIoDetachDevice;
    PVOID FastIoQueryNetworkOpenInfo;
    PVOID AcquireForModWrite;
    PVOID MdlRead;
    PVOID MdlReadComplete;
    PVOID PrepareMdlWrite;
    PVOID MdlWriteComplete;
    PVOID FastIoReadCompressed;
    PVOID FastIoWriteCompressed;
    PVOID MdlReadCompleteCompressed;
    PVOID MdlWriteCompleteCompressed;
    PVOID FastIoQueryOpen;
    PVOID ReleaseForModWrite;
    PVOID AcquireForCcFlush;
    PVOID ReleaseForCcFlush;
};

/* The public part; what follows in memory is the I/O manager's. */
typedef struct _DRIVER_EXTENSION {
    struct _DRIVER_OBJECT *DriverObject;
    PDRIVER_ADD_DEVICE AddDevice;
    ULONG Count;
    UNICODE_STRING ServiceKeyName;
} DRIVER_EXTENSION, *PDRIVER_EXTENSION;

#define DRVO_UNLOAD_INVOKED        0x00000001
#define DRVO_LEGACY_DRIVER         0x00000002
#define DRVO_BUILTIN_DRIVER        0x00000004
#define DRVO_REINIT_REGISTERED     0x00000008
#define DRVO_INITIALIZED           0x00000010
#define DRVO_BOOTREINIT_REGISTERED 0x00000020
#define DRVO_LEGACY_RESOURCES      0x00000040

struct _DRIVER_OBJECT {
    CSHORT Type;
    CSHORT Size;
    PDEVICE_OBJECT DeviceObject;
    ULONG Flags;
    PVOID DriverStart;
    ULONG DriverSize;
    PVOID DriverSection;
    PDRIVER_EXTENSION DriverExtension;
    UNICODE_STRING DriverName;
    PUNICODE_STRING HardwareDatabase;
    PFAST_IO_DISPATCH FastIoDispatch;
    PDRIVER_INITIALIZE DriverInit;
    PDRIVER_STARTIO DriverStartIo;
    PDRIVER_UNLOAD DriverUnload;
    PDRIVER_DISPATCH MajorFunction[IRP_MJ_MAXIMUM_FUNCTION + 1];
};

WDK_ASSERT_SIZE(DRIVER_EXTENSION, 0x28);
WDK_ASSERT_OFFSET(DRIVER_EXTENSION, ServiceKeyName, 0x18);
WDK_ASSERT_SIZE(DRIVER_OBJECT, 0x150);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, DeviceObject, 8);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, Flags, 0x10);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, DriverStart, 0x18);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, DriverSize, 0x20);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, DriverSection, 0x28);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, DriverExtension, 0x30);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, DriverName, 0x38);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, HardwareDatabase, 0x48);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, FastIoDispatch, 0x50);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, DriverInit, 0x58);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, DriverStartIo, 0x60);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, DriverUnload, 0x68);
WDK_ASSERT_OFFSET(DRIVER_OBJECT, MajorFunction, 0x70);

/* 16-byte alignment makes the size 0x150; headers that lose it say 0x148. */
struct DECLSPEC_ALIGN(16) _DEVICE_OBJECT {
    CSHORT Type;
    USHORT Size;
    LONG ReferenceCount;
    PDRIVER_OBJECT DriverObject;
    PDEVICE_OBJECT NextDevice;
    PDEVICE_OBJECT AttachedDevice;
    PIRP CurrentIrp;
    PIO_TIMER Timer;
    ULONG Flags;
    ULONG Characteristics;
    volatile PVPB Vpb;
    PVOID DeviceExtension;
    ULONG DeviceType;
    CCHAR StackSize;
    union {
        LIST_ENTRY ListEntry;
        WAIT_CONTEXT_BLOCK Wcb;
    } Queue;
    ULONG AlignmentRequirement;
    KDEVICE_QUEUE DeviceQueue;
    KDPC Dpc;
    ULONG ActiveThreadCount;
    PSECURITY_DESCRIPTOR SecurityDescriptor;
    KEVENT DeviceLock;
    USHORT SectorSize;
    USHORT Spare1;
    PDEVOBJ_EXTENSION DeviceObjectExtension;
    PVOID Reserved;
};

#define FILE_BYTE_ALIGNMENT 0x00000000
#define FILE_WORD_ALIGNMENT 0x00000001
#define FILE_LONG_ALIGNMENT 0x00000003
#define FILE_QUAD_ALIGNMENT 0x00000007
#define FILE_OCTA_ALIGNMENT 0x0000000F
#define FILE_32_BYTE_ALIGNMENT 0x0000001F
#define FILE_64_BYTE_ALIGNMENT 0x0000003F
#define FILE_128_BYTE_ALIGNMENT 0x0000007F
#define FILE_256_BYTE_ALIGNMENT 0x000000FF
#define FILE_512_BYTE_ALIGNMENT 0x000001FF
#define DEVICE_TYPE ULONG

WDK_ASSERT_SIZE(DEVICE_OBJECT, 0x150);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, ReferenceCount, 4);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, DriverObject, 8);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, NextDevice, 0x10);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, AttachedDevice, 0x18);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, CurrentIrp, 0x20);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, Timer, 0x28);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, Flags, 0x30);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, Characteristics, 0x34);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, Vpb, 0x38);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, DeviceExtension, 0x40);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, DeviceType, 0x48);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, StackSize, 0x4C);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, Queue, 0x50);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, AlignmentRequirement, 0x98);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, DeviceQueue, 0xA0);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, Dpc, 0xC8);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, ActiveThreadCount, 0x108);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, SecurityDescriptor, 0x110);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, DeviceLock, 0x118);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, SectorSize, 0x130);
WDK_ASSERT_OFFSET(DEVICE_OBJECT, DeviceObjectExtension, 0x138);

struct _FILE_OBJECT {
    CSHORT Type;
    CSHORT Size;
    PDEVICE_OBJECT DeviceObject;
    PVPB Vpb;
    PVOID FsContext;
    PVOID FsContext2;
    PSECTION_OBJECT_POINTERS SectionObjectPointer;
    PVOID PrivateCacheMap;
    NTSTATUS FinalStatus;
    PFILE_OBJECT RelatedFileObject;
    BOOLEAN LockOperation;
    BOOLEAN DeletePending;
    BOOLEAN ReadAccess;
    BOOLEAN WriteAccess;
    BOOLEAN DeleteAccess;
    BOOLEAN SharedRead;
    BOOLEAN SharedWrite;
    BOOLEAN SharedDelete;
    ULONG Flags;
    UNICODE_STRING FileName;
    LARGE_INTEGER CurrentByteOffset;
    volatile ULONG Waiters;
    volatile ULONG Busy;
    PVOID LastLock;
    KEVENT Lock;
    KEVENT Event;
    volatile PIO_COMPLETION_CONTEXT CompletionContext;
    KSPIN_LOCK IrpListLock;
    LIST_ENTRY IrpList;
    volatile PVOID FileObjectExtension;
};

WDK_ASSERT_SIZE(FILE_OBJECT, 0xD8);
WDK_ASSERT_OFFSET(FILE_OBJECT, DeviceObject, 8);
WDK_ASSERT_OFFSET(FILE_OBJECT, FsContext, 0x18);
WDK_ASSERT_OFFSET(FILE_OBJECT, FsContext2, 0x20);
WDK_ASSERT_OFFSET(FILE_OBJECT, FinalStatus, 0x38);
WDK_ASSERT_OFFSET(FILE_OBJECT, RelatedFileObject, 0x40);
WDK_ASSERT_OFFSET(FILE_OBJECT, Flags, 0x50);
WDK_ASSERT_OFFSET(FILE_OBJECT, FileName, 0x58);
WDK_ASSERT_OFFSET(FILE_OBJECT, CurrentByteOffset, 0x68);
WDK_ASSERT_OFFSET(FILE_OBJECT, Lock, 0x80);
WDK_ASSERT_OFFSET(FILE_OBJECT, Event, 0x98);
WDK_ASSERT_OFFSET(FILE_OBJECT, CompletionContext, 0xB0);
WDK_ASSERT_OFFSET(FILE_OBJECT, FileObjectExtension, 0xD0);

struct DECLSPEC_ALIGN(16) _IRP {
    CSHORT Type;
    USHORT Size;
    PMDL MdlAddress;
    ULONG Flags;
    union {
        struct _IRP *MasterIrp;
        volatile LONG IrpCount;
        PVOID SystemBuffer;
    } AssociatedIrp;
    LIST_ENTRY ThreadListEntry;
    IO_STATUS_BLOCK IoStatus;
    KPROCESSOR_MODE RequestorMode;
    BOOLEAN PendingReturned;
    CHAR StackCount;
    CHAR CurrentLocation;
    BOOLEAN Cancel;
    KIRQL CancelIrql;
    CCHAR ApcEnvironment;
    UCHAR AllocationFlags;
    union {
        PIO_STATUS_BLOCK UserIosb;
        PVOID IoRingContext;
    };
    PKEVENT UserEvent;
    union {
        struct {
            union {
                PIO_APC_ROUTINE UserApcRoutine;
                PVOID IssuingProcess;
            };
            PVOID UserApcContext;
        } AsynchronousParameters;
        LARGE_INTEGER AllocationSize;
    } Overlay;
    volatile PDRIVER_CANCEL CancelRoutine;
    PVOID UserBuffer;
    union {
        struct {
            union {
                KDEVICE_QUEUE_ENTRY DeviceQueueEntry;
                struct {
                    PVOID DriverContext[4];
                };
            };
            PETHREAD Thread;
            PCHAR AuxiliaryBuffer;
            struct {
                LIST_ENTRY ListEntry;
                union {
                    struct _IO_STACK_LOCATION *CurrentStackLocation;
                    ULONG PacketType;
                };
            };
            PFILE_OBJECT OriginalFileObject;
        } Overlay;
        KAPC Apc;
        PVOID CompletionKey;
    } Tail;
};

WDK_ASSERT_SIZE(IRP, 0xD0);
WDK_ASSERT_OFFSET(IRP, MdlAddress, 8);
WDK_ASSERT_OFFSET(IRP, Flags, 0x10);
WDK_ASSERT_OFFSET(IRP, AssociatedIrp, 0x18);
WDK_ASSERT_OFFSET(IRP, ThreadListEntry, 0x20);
WDK_ASSERT_OFFSET(IRP, IoStatus.Status, 0x30);
WDK_ASSERT_OFFSET(IRP, IoStatus.Information, 0x38);
WDK_ASSERT_OFFSET(IRP, RequestorMode, 0x40);
WDK_ASSERT_OFFSET(IRP, PendingReturned, 0x41);
WDK_ASSERT_OFFSET(IRP, StackCount, 0x42);
WDK_ASSERT_OFFSET(IRP, CurrentLocation, 0x43);
WDK_ASSERT_OFFSET(IRP, Cancel, 0x44);
WDK_ASSERT_OFFSET(IRP, CancelIrql, 0x45);
WDK_ASSERT_OFFSET(IRP, ApcEnvironment, 0x46);
WDK_ASSERT_OFFSET(IRP, AllocationFlags, 0x47);
WDK_ASSERT_OFFSET(IRP, UserIosb, 0x48);
WDK_ASSERT_OFFSET(IRP, UserEvent, 0x50);
WDK_ASSERT_OFFSET(IRP, Overlay, 0x58);
WDK_ASSERT_OFFSET(IRP, CancelRoutine, 0x68);
WDK_ASSERT_OFFSET(IRP, UserBuffer, 0x70);
WDK_ASSERT_OFFSET(IRP, Tail.Overlay.DriverContext, 0x78);
WDK_ASSERT_OFFSET(IRP, Tail.Overlay.Thread, 0x98);
WDK_ASSERT_OFFSET(IRP, Tail.Overlay.AuxiliaryBuffer, 0xA0);
WDK_ASSERT_OFFSET(IRP, Tail.Overlay.ListEntry, 0xA8);
WDK_ASSERT_OFFSET(IRP, Tail.Overlay.CurrentStackLocation, 0xB8);
WDK_ASSERT_OFFSET(IRP, Tail.Overlay.OriginalFileObject, 0xC0);

/* What an open asks for; Parameters.Create points to it. */
typedef struct _IO_SECURITY_CONTEXT {
    PSECURITY_QUALITY_OF_SERVICE SecurityQos;
    PACCESS_STATE AccessState;
    ACCESS_MASK DesiredAccess;
    ULONG FullCreateOptions;
} IO_SECURITY_CONTEXT;

typedef struct _GENERIC_MAPPING {
    ACCESS_MASK GenericRead;
    ACCESS_MASK GenericWrite;
    ACCESS_MASK GenericExecute;
    ACCESS_MASK GenericAll;
} GENERIC_MAPPING;

#define POINTER_ALIGNMENT DECLSPEC_ALIGN(8)

struct _IO_STACK_LOCATION {
    UCHAR MajorFunction;
    UCHAR MinorFunction;
    UCHAR Flags;
    UCHAR Control;
    union {
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            POINTER_ALIGNMENT USHORT FileAttributes;
            USHORT ShareAccess;
            POINTER_ALIGNMENT ULONG EaLength;
        } Create;
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            POINTER_ALIGNMENT USHORT Reserved;
            USHORT ShareAccess;
            PNAMED_PIPE_CREATE_PARAMETERS Parameters;
        } CreatePipe;
        struct {
            PIO_SECURITY_CONTEXT SecurityContext;
            ULONG Options;
            POINTER_ALIGNMENT USHORT Reserved;
            USHORT ShareAccess;
            PMAILSLOT_CREATE_PARAMETERS Parameters;
        } CreateMailslot;
        struct {
            ULONG Length;
            POINTER_ALIGNMENT ULONG Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Read;
        struct {
            ULONG Length;
            POINTER_ALIGNMENT ULONG Key;
            ULONG Flags;
            LARGE_INTEGER ByteOffset;
        } Write;
        struct {
            ULONG Length;
            PUNICODE_STRING FileName;
            FILE_INFORMATION_CLASS FileInformationClass;
            POINTER_ALIGNMENT ULONG FileIndex;
        } QueryDirectory;
        struct {
            ULONG Length;
            POINTER_ALIGNMENT ULONG CompletionFilter;
        } NotifyDirectory;
        struct {
            ULONG Length;
            POINTER_ALIGNMENT ULONG CompletionFilter;
            POINTER_ALIGNMENT DIRECTORY_NOTIFY_INFORMATION_CLASS DirectoryNotifyInformationClass;
        } NotifyDirectoryEx;
        struct {
            ULONG Length;
            POINTER_ALIGNMENT FILE_INFORMATION_CLASS FileInformationClass;
        } QueryFile;
        struct {
            ULONG Length;
            POINTER_ALIGNMENT FILE_INFORMATION_CLASS FileInformationClass;
            PFILE_OBJECT FileObject;
            union {
                struct {
                    BOOLEAN ReplaceIfExists;
                    BOOLEAN AdvanceOnly;
                };
                ULONG ClusterCount;
                HANDLE DeleteHandle;
            };
        } SetFile;
        struct {
            ULONG Length;
            PVOID EaList;
            ULONG EaListLength;
            POINTER_ALIGNMENT ULONG EaIndex;
        } QueryEa;
        struct {
            ULONG Length;
        } SetEa;
        struct {
            ULONG Length;
            POINTER_ALIGNMENT FS_INFORMATION_CLASS FsInformationClass;
        } QueryVolume;
        struct {
            ULONG Length;
            POINTER_ALIGNMENT FS_INFORMATION_CLASS FsInformationClass;
        } SetVolume;
        struct {
            ULONG OutputBufferLength;
            POINTER_ALIGNMENT ULONG InputBufferLength;
            POINTER_ALIGNMENT ULONG FsControlCode;
            PVOID Type3InputBuffer;
        } FileSystemControl;
        struct {
            PLARGE_INTEGER Length;
            POINTER_ALIGNMENT ULONG Key;
            LARGE_INTEGER ByteOffset;
        } LockControl;
        struct {
            ULONG OutputBufferLength;
            POINTER_ALIGNMENT ULONG InputBufferLength;
            POINTER_ALIGNMENT ULONG IoControlCode;
            PVOID Type3InputBuffer;
        } DeviceIoControl;
        struct {
            SECURITY_INFORMATION SecurityInformation;
            POINTER_ALIGNMENT ULONG Length;
        } QuerySecurity;
        struct {
            SECURITY_INFORMATION SecurityInformation;
            PSECURITY_DESCRIPTOR SecurityDescriptor;
        } SetSecurity;
        struct {
            PVPB Vpb;
            PDEVICE_OBJECT DeviceObject;
        } MountVolume;
        struct {
            PVPB Vpb;
            PDEVICE_OBJECT DeviceObject;
        } VerifyVolume;
        struct {
            PSCSI_REQUEST_BLOCK Srb;
        } Scsi;
        struct {
            ULONG Length;
            PSID StartSid;
            PVOID SidList;
            ULONG SidListLength;
        } QueryQuota;
        struct {
            ULONG Length;
        } SetQuota;
        struct {
            DEVICE_RELATION_TYPE Type;
        } QueryDeviceRelations;
        struct {
            const GUID *InterfaceType;
            USHORT Size;
            USHORT Version;
            PINTERFACE Interface;
            PVOID InterfaceSpecificData;
        } QueryInterface;
        struct {
            PDEVICE_CAPABILITIES Capabilities;
        } DeviceCapabilities;
        struct {
            PIO_RESOURCE_REQUIREMENTS_LIST IoResourceRequirementList;
        } FilterResourceRequirements;
        struct {
            ULONG WhichSpace;
            PVOID Buffer;
            ULONG Offset;
            POINTER_ALIGNMENT ULONG Length;
        } ReadWriteConfig;
        struct {
            BOOLEAN Lock;
        } SetLock;
        struct {
            BUS_QUERY_ID_TYPE IdType;
        } QueryId;
        struct {
            DEVICE_TEXT_TYPE DeviceTextType;
            POINTER_ALIGNMENT LCID LocaleId;
        } QueryDeviceText;
        struct {
            BOOLEAN InPath;
            BOOLEAN Reserved[3];
            POINTER_ALIGNMENT DEVICE_USAGE_NOTIFICATION_TYPE Type;
        } UsageNotification;
        struct {
            SYSTEM_POWER_STATE PowerState;
        } WaitWake;
        struct {
            PPOWER_SEQUENCE PowerSequence;
        } PowerSequence;
        struct {
            union {
                ULONG SystemContext;
                SYSTEM_POWER_STATE_CONTEXT SystemPowerStateContext;
            };
            POINTER_ALIGNMENT POWER_STATE_TYPE Type;
            POINTER_ALIGNMENT POWER_STATE State;
            POINTER_ALIGNMENT POWER_ACTION ShutdownType;
        } Power;
        struct {
            PCM_RESOURCE_LIST AllocatedResources;
            PCM_RESOURCE_LIST AllocatedResourcesTranslated;
        } StartDevice;
        struct {
            ULONG_PTR ProviderId;
            PVOID DataPath;
            ULONG BufferSize;
            PVOID Buffer;
        } WMI;
        struct {
            PVOID Argument1;
            PVOID Argument2;
            PVOID Argument3;
            PVOID Argument4;
        } Others;
    } Parameters;
    PDEVICE_OBJECT DeviceObject;
    PFILE_OBJECT FileObject;
    PIO_COMPLETION_ROUTINE CompletionRoutine;
    PVOID Context;
};

WDK_ASSERT_SIZE(IO_STACK_LOCATION, 0x48);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, MinorFunction, 1);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Flags, 2);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Control, 3);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters, 8);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.OutputBufferLength, 8);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.InputBufferLength, 0x10);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.IoControlCode, 0x18);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.DeviceIoControl.Type3InputBuffer, 0x20);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.Size, 0x10);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.Version, 0x12);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.Interface, 0x18);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.QueryInterface.InterfaceSpecificData, 0x20);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.ReadWriteConfig.Buffer, 0x10);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.ReadWriteConfig.Offset, 0x18);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.ReadWriteConfig.Length, 0x20);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Power.Type, 0x10);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Power.State, 0x18);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.Power.ShutdownType, 0x20);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Parameters.StartDevice.AllocatedResourcesTranslated, 0x10);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, DeviceObject, 0x28);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, FileObject, 0x30);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, CompletionRoutine, 0x38);
WDK_ASSERT_OFFSET(IO_STACK_LOCATION, Context, 0x40);

/* Remove locks. Drivers pass the size of their own, which tells a checked build's apart. */
typedef struct _IO_REMOVE_LOCK_COMMON_BLOCK {
    BOOLEAN Removed;
    BOOLEAN Reserved[3];
    volatile LONG IoCount;
    KEVENT RemoveEvent;
} IO_REMOVE_LOCK_COMMON_BLOCK;

typedef struct _IO_REMOVE_LOCK {
    IO_REMOVE_LOCK_COMMON_BLOCK Common;
} IO_REMOVE_LOCK, *PIO_REMOVE_LOCK;
WDK_ASSERT_SIZE(IO_REMOVE_LOCK, 0x20);

/* Cancel-safe queues. */
struct _IO_CSQ;

typedef struct _IO_CSQ_IRP_CONTEXT {
    ULONG Type;
    struct _IRP *Irp;
    struct _IO_CSQ *Csq;
} IO_CSQ_IRP_CONTEXT, *PIO_CSQ_IRP_CONTEXT;

typedef void NTAPI IO_CSQ_INSERT_IRP(struct _IO_CSQ *Csq, PIRP Irp);
typedef IO_CSQ_INSERT_IRP *PIO_CSQ_INSERT_IRP;
typedef NTSTATUS NTAPI IO_CSQ_INSERT_IRP_EX(struct _IO_CSQ *Csq, PIRP Irp, PVOID InsertContext);
typedef IO_CSQ_INSERT_IRP_EX *PIO_CSQ_INSERT_IRP_EX;
typedef void NTAPI IO_CSQ_REMOVE_IRP(struct _IO_CSQ *Csq, PIRP Irp);
typedef IO_CSQ_REMOVE_IRP *PIO_CSQ_REMOVE_IRP;
typedef PIRP NTAPI IO_CSQ_PEEK_NEXT_IRP(struct _IO_CSQ *Csq, PIRP Irp, PVOID PeekContext);
typedef IO_CSQ_PEEK_NEXT_IRP *PIO_CSQ_PEEK_NEXT_IRP;
typedef void NTAPI IO_CSQ_ACQUIRE_LOCK(struct _IO_CSQ *Csq, PKIRQL Irql);
typedef IO_CSQ_ACQUIRE_LOCK *PIO_CSQ_ACQUIRE_LOCK;
typedef void NTAPI IO_CSQ_RELEASE_LOCK(struct _IO_CSQ *Csq, KIRQL Irql);
typedef IO_CSQ_RELEASE_LOCK *PIO_CSQ_RELEASE_LOCK;
typedef void NTAPI IO_CSQ_COMPLETE_CANCELED_IRP(struct _IO_CSQ *Csq, PIRP Irp);
typedef IO_CSQ_COMPLETE_CANCELED_IRP *PIO_CSQ_COMPLETE_CANCELED_IRP;

typedef struct _IO_CSQ {
    ULONG Type;
    PIO_CSQ_INSERT_IRP CsqInsertIrp;
    PIO_CSQ_REMOVE_IRP CsqRemoveIrp;
    PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp;
    PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock;
    PIO_CSQ_RELEASE_LOCK CsqReleaseLock;
    PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp;
    PVOID ReservePointer;
} IO_CSQ, *PIO_CSQ;

/* Interrupt connections. */
#define CONNECT_FULLY_SPECIFIED 1
#define CONNECT_LINE_BASED 2
#define CONNECT_MESSAGE_BASED 3
#define CONNECT_FULLY_SPECIFIED_GROUP 4
#define CONNECT_CURRENT_VERSION 4

typedef struct _IO_INTERRUPT_MESSAGE_INFO_ENTRY {
    PHYSICAL_ADDRESS MessageAddress;
    KAFFINITY TargetProcessorSet;
    PKINTERRUPT InterruptObject;
    ULONG MessageData;
    ULONG Vector;
    KIRQL Irql;
    KINTERRUPT_MODE Mode;
    KINTERRUPT_POLARITY Polarity;
} IO_INTERRUPT_MESSAGE_INFO_ENTRY, *PIO_INTERRUPT_MESSAGE_INFO_ENTRY;

typedef struct _IO_INTERRUPT_MESSAGE_INFO {
    KIRQL UnifiedIrql;
    ULONG MessageCount;
    IO_INTERRUPT_MESSAGE_INFO_ENTRY MessageInfo[1];
} IO_INTERRUPT_MESSAGE_INFO, *PIO_INTERRUPT_MESSAGE_INFO;

typedef struct _IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS {
    PDEVICE_OBJECT PhysicalDeviceObject;
    PKINTERRUPT *InterruptObject;
    PKSERVICE_ROUTINE ServiceRoutine;
    PVOID ServiceContext;
    PKSPIN_LOCK SpinLock;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
    BOOLEAN ShareVector;
    ULONG Vector;
    KIRQL Irql;
    KINTERRUPT_MODE InterruptMode;
    KAFFINITY ProcessorEnableMask;
    USHORT Group;
} IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS,
    *PIO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS {
    PDEVICE_OBJECT PhysicalDeviceObject;
    PKINTERRUPT *InterruptObject;
    PKSERVICE_ROUTINE ServiceRoutine;
    PVOID ServiceContext;
    PKSPIN_LOCK SpinLock;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
} IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS, *PIO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS {
    PDEVICE_OBJECT PhysicalDeviceObject;
    union {
        PVOID *Generic;
        PIO_INTERRUPT_MESSAGE_INFO *InterruptMessageTable;
        PKINTERRUPT *InterruptObject;
    } ConnectionContext;
    PKMESSAGE_SERVICE_ROUTINE MessageServiceRoutine;
    PVOID ServiceContext;
    PKSPIN_LOCK SpinLock;
    KIRQL SynchronizeIrql;
    BOOLEAN FloatingSave;
    PKSERVICE_ROUTINE FallBackServiceRoutine;
} IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS, *PIO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS;

typedef struct _IO_CONNECT_INTERRUPT_PARAMETERS {
    ULONG Version;
    union {
        IO_CONNECT_INTERRUPT_FULLY_SPECIFIED_PARAMETERS FullySpecified;
        IO_CONNECT_INTERRUPT_LINE_BASED_PARAMETERS LineBased;
        IO_CONNECT_INTERRUPT_MESSAGE_BASED_PARAMETERS MessageBased;
    };
} IO_CONNECT_INTERRUPT_PARAMETERS, *PIO_CONNECT_INTERRUPT_PARAMETERS;

typedef struct _IO_DISCONNECT_INTERRUPT_PARAMETERS {
    ULONG Version;
    union {
        PVOID Generic;
        PKINTERRUPT InterruptObject;
        PIO_INTERRUPT_MESSAGE_INFO InterruptMessageTable;
    } ConnectionContext;
} IO_DISCONNECT_INTERRUPT_PARAMETERS, *PIO_DISCONNECT_INTERRUPT_PARAMETERS;

typedef IO_DISCONNECT_INTERRUPT_PARAMETERS IO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS,
    *PIO_REPORT_INTERRUPT_ACTIVE_STATE_PARAMETERS;

WDK_ASSERT_SIZE(IO_CONNECT_INTERRUPT_PARAMETERS, 0x50);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified, 8);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified.InterruptObject, 0x10);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified.ServiceRoutine, 0x18);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified.SynchronizeIrql, 0x30);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified.ShareVector, 0x32);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified.Vector, 0x34);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified.InterruptMode, 0x3C);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified.ProcessorEnableMask, 0x40);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, FullySpecified.Group, 0x48);
WDK_ASSERT_OFFSET(IO_CONNECT_INTERRUPT_PARAMETERS, MessageBased.FallBackServiceRoutine, 0x38);
WDK_ASSERT_SIZE(IO_INTERRUPT_MESSAGE_INFO_ENTRY, 0x30);
WDK_ASSERT_OFFSET(IO_INTERRUPT_MESSAGE_INFO_ENTRY, TargetProcessorSet, 8);
WDK_ASSERT_OFFSET(IO_INTERRUPT_MESSAGE_INFO_ENTRY, InterruptObject, 0x10);
WDK_ASSERT_OFFSET(IO_INTERRUPT_MESSAGE_INFO_ENTRY, MessageData, 0x18);
WDK_ASSERT_OFFSET(IO_INTERRUPT_MESSAGE_INFO_ENTRY, Vector, 0x1C);
WDK_ASSERT_OFFSET(IO_INTERRUPT_MESSAGE_INFO_ENTRY, Irql, 0x20);
WDK_ASSERT_OFFSET(IO_INTERRUPT_MESSAGE_INFO, MessageCount, 4);
WDK_ASSERT_OFFSET(IO_INTERRUPT_MESSAGE_INFO, MessageInfo, 8);

#endif
