/* SPDX-License-Identifier: MIT */
/* A guest call into a host function. r11d is the thunk's number, rsp the guest's, everything else
 * as the Microsoft x64 convention has it at a call.
 *
 * The boundary is built right below the newest one on the host stack and holds all that the guest
 * relies on, xmm6 to xmm15 included: the hooks are System V functions and may use those. Host code
 * sees no trace of the guest's rbx and so on, so they serve here:
 *   rbx boundary              rbp guest rsp after the return   r12 fiber
 *   r13 struct sim_thunks     r14 entry                        r15 result
 * Below the boundary lie 96 bytes: rcx rdx r8 r9 and xmm0 to xmm3. The volatile registers go back
 * as zeros, so that no host address is left in them. */
#include "sim/cross.h"

#define THUNKS_ENTER 0
#define THUNKS_LEAVE 8
#define THUNKS_CTX 16
#define THUNKS_ENTRY 32
#define ENTRY_FUNCTION 0
#define ENTRY_STACK_ARGS 8
#define SAVED_BYTES 96
#define SAVED_XMM 32
#define HOME_BYTES 32

    .text
    .globl sim_thunk_entry
    .hidden sim_thunk_entry
    .type sim_thunk_entry, @function
sim_thunk_entry:
    cld
    movq sim_ambient_fiber(%rip), %r10
    movq SIM_FIBER_NEWEST(%r10), %rax
    movq %rax, -SIM_BOUNDARY_BYTES + SIM_BOUNDARY_PREVIOUS(%rax)
    leaq -SIM_BOUNDARY_BYTES(%rax), %rax
    movq $1, SIM_BOUNDARY_DIRECTION(%rax)
    movq $0, SIM_BOUNDARY_KIND(%rax)
    movq %r11, SIM_BOUNDARY_TARGET(%rax)
    movq %rbx, SIM_BOUNDARY_RBX(%rax)
    movq %rbp, SIM_BOUNDARY_RBP(%rax)
    movq %rsi, SIM_BOUNDARY_RSI(%rax)
    movq %rdi, SIM_BOUNDARY_RDI(%rax)
    movq %r12, SIM_BOUNDARY_R12(%rax)
    movq %r13, SIM_BOUNDARY_R13(%rax)
    movq %r14, SIM_BOUNDARY_R14(%rax)
    movq %r15, SIM_BOUNDARY_R15(%rax)
    movaps %xmm6, SIM_BOUNDARY_XMM6 + 0(%rax)
    movaps %xmm7, SIM_BOUNDARY_XMM6 + 16(%rax)
    movaps %xmm8, SIM_BOUNDARY_XMM6 + 32(%rax)
    movaps %xmm9, SIM_BOUNDARY_XMM6 + 48(%rax)
    movaps %xmm10, SIM_BOUNDARY_XMM6 + 64(%rax)
    movaps %xmm11, SIM_BOUNDARY_XMM6 + 80(%rax)
    movaps %xmm12, SIM_BOUNDARY_XMM6 + 96(%rax)
    movaps %xmm13, SIM_BOUNDARY_XMM6 + 112(%rax)
    movaps %xmm14, SIM_BOUNDARY_XMM6 + 128(%rax)
    movaps %xmm15, SIM_BOUNDARY_XMM6 + 144(%rax)
    movq (%rsp), %rbx
    leaq 8(%rsp), %rbp
    movq %rbx, SIM_BOUNDARY_GUEST_RIP(%rax)
    movq %rbp, SIM_BOUNDARY_GUEST_RSP(%rax)
    movq %rax, SIM_FIBER_NEWEST(%r10)
    movq %rax, %rbx
    movq %r10, %r12
    movq SIM_FIBER_THUNKS(%r10), %r13

    leaq -SAVED_BYTES(%rbx), %rsp
    movq %rcx, 0(%rsp)
    movq %rdx, 8(%rsp)
    movq %r8, 16(%rsp)
    movq %r9, 24(%rsp)
    movaps %xmm0, SAVED_XMM + 0(%rsp)
    movaps %xmm1, SAVED_XMM + 16(%rsp)
    movaps %xmm2, SAVED_XMM + 32(%rsp)
    movaps %xmm3, SAVED_XMM + 48(%rsp)
    movl %r11d, %r14d
    shlq $4, %r14
    leaq THUNKS_ENTRY(%r13,%r14), %r14

    movq THUNKS_CTX(%r13), %rdi
    movl %r11d, %esi
    movq %rsp, %rdx
    movq %rbx, %rcx
    call *THUNKS_ENTER(%r13)

    movq ENTRY_STACK_ARGS(%r14), %rcx
    testq %rcx, %rcx
    jz 2f
    leaq 1(%rcx), %rax
    andq $-2, %rax
    shlq $3, %rax
    subq %rax, %rsp
1:  movq HOME_BYTES - 8(%rbp,%rcx,8), %rax
    movq %rax, -8(%rsp,%rcx,8)
    decq %rcx
    jnz 1b
2:  subq $HOME_BYTES, %rsp
    movq -SAVED_BYTES + 0(%rbx), %rcx
    movq -SAVED_BYTES + 8(%rbx), %rdx
    movq -SAVED_BYTES + 16(%rbx), %r8
    movq -SAVED_BYTES + 24(%rbx), %r9
    movaps -SAVED_BYTES + SAVED_XMM + 0(%rbx), %xmm0
    movaps -SAVED_BYTES + SAVED_XMM + 16(%rbx), %xmm1
    movaps -SAVED_BYTES + SAVED_XMM + 32(%rbx), %xmm2
    movaps -SAVED_BYTES + SAVED_XMM + 48(%rbx), %xmm3
    call *ENTRY_FUNCTION(%r14)

    movaps %xmm0, -SAVED_BYTES + SAVED_XMM(%rbx)
    leaq -SAVED_BYTES(%rbx), %rsp
    movq THUNKS_CTX(%r13), %rdi
    movl SIM_BOUNDARY_TARGET(%rbx), %esi
    movq %rax, %rdx
    call *THUNKS_LEAVE(%r13)
    movq %rax, %r15

    movq SIM_BOUNDARY_PREVIOUS(%rbx), %rax
    movq %rax, SIM_FIBER_NEWEST(%r12)
    leaq -8(%rbp), %rsp
    movq %r15, %rax
    movaps -SAVED_BYTES + SAVED_XMM(%rbx), %xmm0
    movaps SIM_BOUNDARY_XMM6 + 0(%rbx), %xmm6
    movaps SIM_BOUNDARY_XMM6 + 16(%rbx), %xmm7
    movaps SIM_BOUNDARY_XMM6 + 32(%rbx), %xmm8
    movaps SIM_BOUNDARY_XMM6 + 48(%rbx), %xmm9
    movaps SIM_BOUNDARY_XMM6 + 64(%rbx), %xmm10
    movaps SIM_BOUNDARY_XMM6 + 80(%rbx), %xmm11
    movaps SIM_BOUNDARY_XMM6 + 96(%rbx), %xmm12
    movaps SIM_BOUNDARY_XMM6 + 112(%rbx), %xmm13
    movaps SIM_BOUNDARY_XMM6 + 128(%rbx), %xmm14
    movaps SIM_BOUNDARY_XMM6 + 144(%rbx), %xmm15
    movq SIM_BOUNDARY_R15(%rbx), %r15
    movq SIM_BOUNDARY_R14(%rbx), %r14
    movq SIM_BOUNDARY_R13(%rbx), %r13
    movq SIM_BOUNDARY_R12(%rbx), %r12
    movq SIM_BOUNDARY_RDI(%rbx), %rdi
    movq SIM_BOUNDARY_RSI(%rbx), %rsi
    movq SIM_BOUNDARY_RBP(%rbx), %rbp
    movq SIM_BOUNDARY_RBX(%rbx), %rbx
    pxor %xmm1, %xmm1
    pxor %xmm2, %xmm2
    pxor %xmm3, %xmm3
    pxor %xmm4, %xmm4
    pxor %xmm5, %xmm5
    xorl %ecx, %ecx
    xorl %edx, %edx
    xorl %r8d, %r8d
    xorl %r9d, %r9d
    xorl %r10d, %r10d
    xorl %r11d, %r11d
    ret
    .size sim_thunk_entry, . - sim_thunk_entry

    .section .note.GNU-stack, "", @progbits
