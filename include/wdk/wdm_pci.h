/* SPDX-License-Identifier: MIT */
/* PCI configuration space as the bus driver and Get/SetBusData show it. */
#ifndef WEIR_WDK_WDM_PCI_H
#define WEIR_WDK_WDM_PCI_H

#include "wdk/wdm_base.h"

#define PCI_TYPE0_ADDRESSES                6
#define PCI_TYPE1_ADDRESSES                2
#define PCI_TYPE2_ADDRESSES                5
#define PCI_COMMON_HDR_LENGTH              (FIELD_OFFSET(PCI_COMMON_CONFIG, DeviceSpecific))
#define PCI_MAX_DEVICES                    32
#define PCI_MAX_FUNCTION                   8
#define PCI_MAX_BRIDGE_NUMBER              0xFF
#define PCI_INVALID_VENDORID               0xFFFF
#define PCI_MULTIFUNCTION                  0x80
#define PCI_DEVICE_TYPE                    0x00
#define PCI_BRIDGE_TYPE                    0x01
#define PCI_CARDBUS_BRIDGE_TYPE            0x02
#define PCI_ENABLE_IO_SPACE                0x0001
#define PCI_ENABLE_MEMORY_SPACE            0x0002
#define PCI_ENABLE_BUS_MASTER              0x0004
#define PCI_ENABLE_SPECIAL_CYCLES          0x0008
#define PCI_ENABLE_WRITE_AND_INVALIDATE    0x0010
#define PCI_ENABLE_VGA_COMPATIBLE_PALETTE  0x0020
#define PCI_ENABLE_PARITY                  0x0040
#define PCI_ENABLE_WAIT_CYCLE              0x0080
#define PCI_ENABLE_SERR                    0x0100
#define PCI_ENABLE_FAST_BACK_TO_BACK       0x0200
#define PCI_DISABLE_LEVEL_INTERRUPT        0x0400
#define PCI_STATUS_INTERRUPT_PENDING       0x0008
#define PCI_STATUS_CAPABILITIES_LIST       0x0010
#define PCI_STATUS_66MHZ_CAPABLE           0x0020
#define PCI_STATUS_UDF_SUPPORTED           0x0040
#define PCI_STATUS_FAST_BACK_TO_BACK       0x0080
#define PCI_STATUS_DATA_PARITY_DETECTED    0x0100
#define PCI_STATUS_DEVSEL                  0x0600
#define PCI_STATUS_SIGNALED_TARGET_ABORT   0x0800
#define PCI_STATUS_RECEIVED_TARGET_ABORT   0x1000
#define PCI_STATUS_RECEIVED_MASTER_ABORT   0x2000
#define PCI_STATUS_SIGNALED_SYSTEM_ERROR   0x4000
#define PCI_STATUS_DETECTED_PARITY_ERROR   0x8000
#define PCI_WHICHSPACE_CONFIG              0x0
#define PCI_WHICHSPACE_ROM                 0x52696350
#define PCI_CAPABILITY_ID_POWER_MANAGEMENT 0x01
#define PCI_CAPABILITY_ID_AGP              0x02
#define PCI_CAPABILITY_ID_VPD              0x03
#define PCI_CAPABILITY_ID_SLOT_ID          0x04
#define PCI_CAPABILITY_ID_MSI              0x05
#define PCI_CAPABILITY_ID_CPCI_HOTSWAP     0x06
#define PCI_CAPABILITY_ID_PCIX             0x07
#define PCI_CAPABILITY_ID_HYPERTRANSPORT   0x08
#define PCI_CAPABILITY_ID_VENDOR_SPECIFIC  0x09
#define PCI_CAPABILITY_ID_DEBUG_PORT       0x0A
#define PCI_CAPABILITY_ID_CPCI_RES_CTRL    0x0B
#define PCI_CAPABILITY_ID_SHPC             0x0C
#define PCI_CAPABILITY_ID_P2P_SSID         0x0D
#define PCI_CAPABILITY_ID_AGP_TARGET       0x0E
#define PCI_CAPABILITY_ID_SECURE           0x0F
#define PCI_CAPABILITY_ID_PCI_EXPRESS      0x10
#define PCI_CAPABILITY_ID_MSIX             0x11
#define PCI_CLASS_PRE_20                   0x00
#define PCI_CLASS_MASS_STORAGE_CTLR        0x01
#define PCI_CLASS_NETWORK_CTLR             0x02
#define PCI_CLASS_DISPLAY_CTLR             0x03
#define PCI_CLASS_MULTIMEDIA_DEV           0x04
#define PCI_CLASS_MEMORY_CTLR              0x05
#define PCI_CLASS_BRIDGE_DEV               0x06
#define PCI_CLASS_SIMPLE_COMMS_CTLR        0x07
#define PCI_CLASS_BASE_SYSTEM_DEV          0x08
#define PCI_CLASS_INPUT_DEV                0x09
#define PCI_CLASS_DOCKING_STATION          0x0A
#define PCI_CLASS_PROCESSOR                0x0B
#define PCI_CLASS_SERIAL_BUS_CTLR          0x0C
#define PCI_CLASS_WIRELESS_CTLR            0x0D
#define PCI_CLASS_INTELLIGENT_IO_CTLR      0x0E
#define PCI_CLASS_SATELLITE_COMMS_CTLR     0x0F
#define PCI_CLASS_ENCRYPTION_DECRYPTION    0x10
#define PCI_CLASS_DATA_ACQ_SIGNAL_PROC     0x11
#define PCI_CLASS_NOT_DEFINED              0xFF
#define PCI_SUBCLASS_VID_VGA_CTLR          0x00
#define PCI_SUBCLASS_VID_XGA_CTLR          0x01
#define PCI_SUBCLASS_VID_3D_CTLR           0x02
#define PCI_SUBCLASS_VID_OTHER             0x80
#define PCI_SUBCLASS_MM_VIDEO_DEV          0x00
#define PCI_SUBCLASS_MM_AUDIO_DEV          0x01
#define PCI_SUBCLASS_MM_TELEPHONY_DEV      0x02
#define PCI_SUBCLASS_MM_OTHER              0x80
#define PCI_ADDRESS_IO_SPACE               0x00000001
#define PCI_ADDRESS_MEMORY_TYPE_MASK       0x00000006
#define PCI_ADDRESS_MEMORY_PREFETCHABLE    0x00000008
#define PCI_ADDRESS_IO_ADDRESS_MASK        0xfffffffcu
#define PCI_ADDRESS_MEMORY_ADDRESS_MASK    0xfffffff0u
#define PCI_ADDRESS_ROM_ADDRESS_MASK       0xfffff800u
#define PCI_TYPE_32BIT                     0
#define PCI_TYPE_20BIT                     2
#define PCI_TYPE_64BIT                     4
#define PCI_ROMADDRESS_ENABLED             0x00000001

typedef struct _PCI_SLOT_NUMBER {
    union {
        struct {
            ULONG DeviceNumber : 5;
            ULONG FunctionNumber : 3;
            ULONG Reserved : 24;
        } bits;
        ULONG AsULONG;
    } u;
} PCI_SLOT_NUMBER, *PPCI_SLOT_NUMBER;

typedef struct _PCI_COMMON_HEADER {
    USHORT VendorID;
    USHORT DeviceID;
    USHORT Command;
    USHORT Status;
    UCHAR RevisionID;
    UCHAR ProgIf;
    UCHAR SubClass;
    UCHAR BaseClass;
    UCHAR CacheLineSize;
    UCHAR LatencyTimer;
    UCHAR HeaderType;
    UCHAR BIST;
    union {
        struct {
            ULONG BaseAddresses[6];
            ULONG CIS;
            USHORT SubVendorID;
            USHORT SubSystemID;
            ULONG ROMBaseAddress;
            UCHAR CapabilitiesPtr;
            UCHAR Reserved1[3];
            ULONG Reserved2;
            UCHAR InterruptLine;
            UCHAR InterruptPin;
            UCHAR MinimumGrant;
            UCHAR MaximumLatency;
        } type0;
        struct {
            ULONG BaseAddresses[2];
            UCHAR PrimaryBus;
            UCHAR SecondaryBus;
            UCHAR SubordinateBus;
            UCHAR SecondaryLatency;
            UCHAR IOBase;
            UCHAR IOLimit;
            USHORT SecondaryStatus;
            USHORT MemoryBase;
            USHORT MemoryLimit;
            USHORT PrefetchBase;
            USHORT PrefetchLimit;
            ULONG PrefetchBaseUpper32;
            ULONG PrefetchLimitUpper32;
            USHORT IOBaseUpper16;
            USHORT IOLimitUpper16;
            UCHAR CapabilitiesPtr;
            UCHAR Reserved1[3];
            ULONG ROMBaseAddress;
            UCHAR InterruptLine;
            UCHAR InterruptPin;
            USHORT BridgeControl;
        } type1;
        struct {
            ULONG SocketRegistersBaseAddress;
            UCHAR CapabilitiesPtr;
            UCHAR Reserved;
            USHORT SecondaryStatus;
            UCHAR PrimaryBus;
            UCHAR SecondaryBus;
            UCHAR SubordinateBus;
            UCHAR SecondaryLatency;
            struct {
                ULONG Base;
                ULONG Limit;
            } Range[4];
            UCHAR InterruptLine;
            UCHAR InterruptPin;
            USHORT BridgeControl;
        } type2;
    } u;
} PCI_COMMON_HEADER, *PPCI_COMMON_HEADER;

typedef struct _PCI_COMMON_CONFIG {
    struct {
        USHORT VendorID;
        USHORT DeviceID;
        USHORT Command;
        USHORT Status;
        UCHAR RevisionID;
        UCHAR ProgIf;
        UCHAR SubClass;
        UCHAR BaseClass;
        UCHAR CacheLineSize;
        UCHAR LatencyTimer;
        UCHAR HeaderType;
        UCHAR BIST;
        union {
            struct {
                ULONG BaseAddresses[6];
                ULONG CIS;
                USHORT SubVendorID;
                USHORT SubSystemID;
                ULONG ROMBaseAddress;
                UCHAR CapabilitiesPtr;
                UCHAR Reserved1[3];
                ULONG Reserved2;
                UCHAR InterruptLine;
                UCHAR InterruptPin;
                UCHAR MinimumGrant;
                UCHAR MaximumLatency;
            } type0;
            struct {
                ULONG BaseAddresses[2];
                UCHAR PrimaryBus;
                UCHAR SecondaryBus;
                UCHAR SubordinateBus;
                UCHAR SecondaryLatency;
                UCHAR IOBase;
                UCHAR IOLimit;
                USHORT SecondaryStatus;
                USHORT MemoryBase;
                USHORT MemoryLimit;
                USHORT PrefetchBase;
                USHORT PrefetchLimit;
                ULONG PrefetchBaseUpper32;
                ULONG PrefetchLimitUpper32;
                USHORT IOBaseUpper16;
                USHORT IOLimitUpper16;
                UCHAR CapabilitiesPtr;
                UCHAR Reserved1[3];
                ULONG ROMBaseAddress;
                UCHAR InterruptLine;
                UCHAR InterruptPin;
                USHORT BridgeControl;
            } type1;
            struct {
                ULONG SocketRegistersBaseAddress;
                UCHAR CapabilitiesPtr;
                UCHAR Reserved;
                USHORT SecondaryStatus;
                UCHAR PrimaryBus;
                UCHAR SecondaryBus;
                UCHAR SubordinateBus;
                UCHAR SecondaryLatency;
                struct {
                    ULONG Base;
                    ULONG Limit;
                } Range[4];
                UCHAR InterruptLine;
                UCHAR InterruptPin;
                USHORT BridgeControl;
            } type2;
        } u;
    };
    UCHAR DeviceSpecific[192];
} PCI_COMMON_CONFIG, *PPCI_COMMON_CONFIG;

typedef struct _PCI_CAPABILITIES_HEADER {
    UCHAR CapabilityID;
    UCHAR Next;
} PCI_CAPABILITIES_HEADER, *PPCI_CAPABILITIES_HEADER;

WDK_ASSERT_SIZE(PCI_COMMON_CONFIG, 256);

#endif
