/* SPDX-License-Identifier: MIT */
/* The end of a machine by a bug check: events with code, parameters, registers and call stack,
 * then the simulation stops. Never returns, at any IRQL, on any fiber of the machine. A bug
 * check while one is being reported only stops. Codes: Windows Driver Kit, "Bug Check Code
 * Reference". */
#ifndef WEIR_NT_KE_BUGCHECK_H
#define WEIR_NT_KE_BUGCHECK_H

#include <stdint.h>

#include "ke/internal.h"
#include "ke/trap.h"

enum ke_bug_check_code {
    KE_BUG_IRQL_NOT_LESS_OR_EQUAL = 0x0a,
    KE_BUG_KMODE_EXCEPTION_NOT_HANDLED = 0x1e,
    KE_BUG_PAGE_FAULT_IN_NONPAGED_AREA = 0x50,
    KE_BUG_SYSTEM_THREAD_EXCEPTION_NOT_HANDLED = 0x7e,
    KE_BUG_UNEXPECTED_KERNEL_MODE_TRAP = 0x7f,
    KE_BUG_ATTEMPTED_WRITE_TO_READONLY_MEMORY = 0xbe,
    KE_BUG_DRIVER_IRQL_NOT_LESS_OR_EQUAL = 0xd1,
    KE_BUG_ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY = 0xfc,
    KE_BUG_DPC_WATCHDOG_VIOLATION = 0x133,
    KE_BUG_KERNEL_SECURITY_CHECK_FAILURE = 0x139
};

/* As ke_bug_check, with the registers of a trap of driver code. */
_Noreturn void ke_bug_check_from(struct ke *ke, const struct ke_trap_frame *frame, uint32_t code,
                                 uint64_t p1, uint64_t p2, uint64_t p3, uint64_t p4);

#endif
