/* SPDX-License-Identifier: MIT */
/* The rules by which drivers are judged, one row each. Rooms append rows and emit the number through
 * "trace/rules.h", which holds nothing but the enum.
 *
 * RULE(name, kind, text, source)
 *   name    VERIFY_<name>
 *   kind    error (the run ends with findings) or advice (exit code 0 stays)
 *   text    what the reader is told; %0 .. %3 stand for the arguments, %0x for hexadecimal
 *   source  documentation page or bug check that states the rule
 */
RULE(call_irql,            error,  "called at the wrong IRQL",                                      "DDI page of the function")
RULE(callback_irql,        error,  "callback returned at another IRQL: %0 before, %1 after",        "KsIrqlDeviceCallbacks")
RULE(wait_at_dispatch,     error,  "waited at IRQL %0",                                              "KeWaitForSingleObject")
RULE(spin_lock_recursive,  error,  "acquired a spin lock it already owns",                           "KeAcquireSpinLock")
RULE(spin_lock_not_owned,  error,  "released a spin lock that is not held",                          "KeReleaseSpinLock")
RULE(pool_leak,            error,  "pool block not freed at unload: tag %0x, %1 bytes",              "Bug check 0xC4, 62")
RULE(adapter_leftover,     error,  "adapter released with %0 lists, %1 common buffers, %2 registers", "Bug check 0xE6, 07-0A")
RULE(adapter_not_put,      error,  "adapter never given back",                                        "PutDmaAdapter")
RULE(list_not_put,         error,  "scatter/gather list put twice or unknown",                        "Bug check 0xE6, 06")
RULE(too_many_registers,   error,  "asked for %0 map registers of %1 granted",                        "Bug check 0xE6, 0C")
RULE(bus_outside,          error,  "card accessed logical address %0x outside every mapping",         "Bug check 0xE6, 26")
RULE(bus_direction,        error,  "card wrote memory that was mapped for reading only",              "Bug check 0xE6, 26")
RULE(bus_after_release,    error,  "card accessed %0x after its mapping was released",                "PutScatterGatherList")
RULE(stream_pointer,       error,  "not a stream pointer of this pin, or already deleted",            "KsInvalidStreamPointer")
RULE(clone_leak,           error,  "clone stream pointer never deleted",                              "KsStreamPointerClone")
RULE(stream_pointer_lock,  error,  "stream pointer still locked at stop",                             "KsStreamPointerUnlock")
RULE(callback_status,      error,  "callback returned status %0x, which it may not",                  "KsCallbackReturn")
RULE(irp_completed_twice,  error,  "IRP completed twice",                                             "Bug check 0x44")
RULE(irp_pending_status,   error,  "IRP completed with STATUS_PENDING",                               "Bug check 0xC9, 06")
RULE(mapping_stride,       error,  "mapping table stride %0 is smaller than KSMAPPING",               "KsDeviceRegisterAdapterObject")
RULE(no_adapter,           error,  "pin asks for mappings but no adapter object is registered",       "Packet-based DMA in AVStream")
RULE(syscall,              error,  "driver executed a system call instruction",                       "x64 kernel code has no system calls")
RULE(legacy_registration,  advice, "Win64 driver used KsDeviceRegisterAdapterObject although IKsDeviceFunctions is there", "Supporting DMA in 64-Bit AVStream Drivers")
RULE(double_registration,  error,  "adapter object registered while frames are mapped",               "KsDeviceRegisterAdapterObject")
RULE(unknown_free,         error,  "freed pool that is not allocated: %0x",                           "Bug check 0xC2, 07")
RULE(mutex_order,          error,  "mutex taken recursively or in the wrong order",                   "Mutexes in AVStream")
