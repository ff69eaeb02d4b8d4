/* SPDX-License-Identifier: MIT */
/* Names of numbers that reports print. Not a door. */
#ifndef WEIR_REPORT_NAMES_H
#define WEIR_REPORT_NAMES_H

#include <stdint.h>

/* "DRIVER_IRQL_NOT_LESS_OR_EQUAL", "" when unknown. */
const char *report_bug_check_name(uint64_t code);
const char *report_verdict_name(uint64_t verdict); /* of frame_verdict: "torn" */
const char *report_access_name(uint64_t access);
const char *report_note_name(uint64_t kind); /* of enum trace_note: "installed" */
/* rax rcx rdx rbx rsp rbp rsi rdi r8 .. r15 rip rflags. */
const char *report_register_name(unsigned index);

#endif
