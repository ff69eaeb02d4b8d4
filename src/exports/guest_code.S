/* SPDX-License-Identifier: MIT */
/* Exported functions that cannot pass through a thunk, for their caller keeps values in registers
 * that any other call may change. Copied to where the driver can reach them (code.c), so they refer
 * to nothing outside themselves. */
    .text

/* __chkstk: compilers call it before they take more than a page of stack at once. rax is the
 * number of bytes; each page down to there is touched, from the top, so that the guard page is met
 * and not jumped over. All registers stay as they are but r10 and r11 (x64 prolog and epilog). */
    .globl exports_chkstk
    .hidden exports_chkstk
    .type exports_chkstk, @function
exports_chkstk:
    leaq 8(%rsp), %r10 /* the caller's stack pointer */
    movq %r10, %r11
    subq %rax, %r11
    jnc 1f
    xorl %r11d, %r11d /* more than there are addresses */
1:  andq $-4096, %r10
2:  cmpq %r11, %r10
    jbe 3f
    subq $4096, %r10
    testb $0, (%r10)
    jmp 2b
3:  ret
    .globl exports_chkstk_end
    .hidden exports_chkstk_end
exports_chkstk_end:
    .size exports_chkstk, . - exports_chkstk

    .section .note.GNU-stack, "", @progbits
