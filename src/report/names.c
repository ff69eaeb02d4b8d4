/* SPDX-License-Identifier: MIT */
#include "report/names.h"

#include "trace/trace.h"

#include <stddef.h>

struct name_row {
    uint64_t number;
    const char *name;
};

/* Names of Windows bug checks. Bug Check Code Reference. */
static const struct name_row bug_checks[] = {
    {0x01, "APC_INDEX_MISMATCH"},
    {0x0A, "IRQL_NOT_LESS_OR_EQUAL"},
    {0x0F, "SPIN_LOCK_ALREADY_OWNED"},
    {0x18, "REFERENCE_BY_POINTER"},
    {0x19, "BAD_POOL_HEADER"},
    {0x1E, "KMODE_EXCEPTION_NOT_HANDLED"},
    {0x35, "NO_MORE_IRP_STACK_LOCATIONS"},
    {0x44, "MULTIPLE_IRP_COMPLETE_REQUESTS"},
    {0x4A, "IRQL_GT_ZERO_AT_SYSTEM_SERVICE"},
    {0x4E, "PFN_LIST_CORRUPT"},
    {0x50, "PAGE_FAULT_IN_NONPAGED_AREA"},
    {0x7E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED"},
    {0x7F, "UNEXPECTED_KERNEL_MODE_TRAP"},
    {0x9F, "DRIVER_POWER_STATE_FAILURE"},
    {0xB8, "ATTEMPTED_SWITCH_FROM_DPC"},
    {0xBE, "ATTEMPTED_WRITE_TO_READONLY_MEMORY"},
    {0xBF, "MUTEX_ALREADY_OWNED"},
    {0xC1, "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION"},
    {0xC2, "BAD_POOL_CALLER"},
    {0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION"},
    {0xC5, "DRIVER_CORRUPTED_EXPOOL"},
    {0xC7, "TIMER_OR_DPC_INVALID"},
    {0xC8, "IRQL_UNEXPECTED_VALUE"},
    {0xC9, "DRIVER_VERIFIER_IOMANAGER_VIOLATION"},
    {0xCB, "DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS"},
    {0xCE, "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS"},
    {0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL"},
    {0xD3, "DRIVER_PORTION_MUST_BE_NONPAGED"},
    {0xE6, "DRIVER_VERIFIER_DMA_VIOLATION"},
    {0xF2, "HARDWARE_INTERRUPT_STORM"},
    {0xFC, "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY"},
    {0x133, "DPC_WATCHDOG_VIOLATION"},
    {0x139, "KERNEL_SECURITY_CHECK_FAILURE"},
};

const char *report_bug_check_name(uint64_t code)
{
    for (size_t i = 0; i < sizeof bug_checks / sizeof bug_checks[0]; i++) {
        if (bug_checks[i].number == code)
            return bug_checks[i].name;
    }
    return "";
}

const char *report_access_name(uint64_t access)
{
    return access == 8 ? "execute" : access == 1 ? "write" : "read";
}

const char *report_note_name(uint64_t kind)
{
    static const char *const names[TRACE_NOTE_COUNT] = {
        [TRACE_NOTE_INSTALLED] = "installed",
        [TRACE_NOTE_NOT_FOLLOWED] = "not followed",
        [TRACE_NOTE_FILE_WANTED] = "file wanted",
        [TRACE_NOTE_NO_INTERFACE] = "not in the INF",
    };

    return kind < TRACE_NOTE_COUNT ? names[kind] : "?";
}

const char *report_register_name(unsigned index)
{
    static const char *const names[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp",
                                        "rsi", "rdi", "r8",  "r9",  "r10", "r11",
                                        "r12", "r13", "r14", "r15", "rip", "rflags"};

    return index < sizeof names / sizeof names[0] ? names[index] : "?";
}

/* The numbers of enum weir_verdict (weir/pattern.h), and what only a sequence shows
 * (client/oracle.h). */
const char *report_verdict_name(uint64_t verdict)
{
    static const struct name_row verdicts[] = {
        {0, "ok"}, {1, "short"}, {2, "torn"}, {3, "stale"}, {4, "early"}, {5, "wrong"},
        {6, "unchecked"}, {16, "duplicate"}, {17, "out of order"}};

    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        if (verdicts[i].number == verdict)
            return verdicts[i].name;
    }
    return "?";
}
