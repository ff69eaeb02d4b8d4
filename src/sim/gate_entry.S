/* SPDX-License-Identifier: MIT */
/* The change of stacks from host to guest and back. What the host relies on stays on the host
 * stack, below it the boundary; the guest gets its four register arguments from the home area that
 * gate.c filled, and zeros in every other register: it saves those on its own stack, and what lies
 * there has to be the same in every run. The call itself is an instruction of the thunk region. */
#include "sim/cross.h"

#define GATE_CALL_VA 24 /* in struct sim_thunks */

    .text

/* uint64_t sim_gate_enter(uint64_t target, uint64_t guest_rsp, struct sim_fiber *fiber) */
    .globl sim_gate_enter
    .hidden sim_gate_enter
    .type sim_gate_enter, @function
sim_gate_enter:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    subq $(SIM_BOUNDARY_BYTES + 8), %rsp
    movq SIM_FIBER_NEWEST(%rdx), %rax
    movq %rax, SIM_BOUNDARY_PREVIOUS(%rsp)
    movq $0, SIM_BOUNDARY_DIRECTION(%rsp)
    movq %rdi, SIM_BOUNDARY_TARGET(%rsp)
    movq $0, SIM_BOUNDARY_GUEST_RIP(%rsp)
    movq %rsi, SIM_BOUNDARY_GUEST_RSP(%rsp)
    movq $0, SIM_BOUNDARY_KIND(%rsp)
    movq %rsp, SIM_FIBER_NEWEST(%rdx)
    movq SIM_FIBER_THUNKS(%rdx), %r10
    movq GATE_CALL_VA(%r10), %r10
    movq %rdi, %rax
    movq %rsi, %rsp
    movq 0(%rsp), %rcx
    movq 8(%rsp), %rdx
    movq 16(%rsp), %r8
    movq 24(%rsp), %r9
    pxor %xmm0, %xmm0
    pxor %xmm1, %xmm1
    pxor %xmm2, %xmm2
    pxor %xmm3, %xmm3
    pxor %xmm4, %xmm4
    pxor %xmm5, %xmm5
    pxor %xmm6, %xmm6
    pxor %xmm7, %xmm7
    pxor %xmm8, %xmm8
    pxor %xmm9, %xmm9
    pxor %xmm10, %xmm10
    pxor %xmm11, %xmm11
    pxor %xmm12, %xmm12
    pxor %xmm13, %xmm13
    pxor %xmm14, %xmm14
    pxor %xmm15, %xmm15
    xorl %ebx, %ebx
    xorl %ebp, %ebp
    xorl %esi, %esi
    xorl %edi, %edi
    xorl %r11d, %r11d
    xorl %r12d, %r12d
    xorl %r13d, %r13d
    xorl %r14d, %r14d
    xorl %r15d, %r15d
    jmp *%r10
    .size sim_gate_enter, . - sim_gate_enter

/* The guest function returned: rax is its result, the fiber that runs is the one that entered
 * it. */
    .globl sim_gate_back
    .hidden sim_gate_back
    .type sim_gate_back, @function
sim_gate_back:
    cld
    movq sim_ambient_fiber(%rip), %r10
    movq SIM_FIBER_NEWEST(%r10), %rsp
    movq SIM_BOUNDARY_PREVIOUS(%rsp), %rcx
    movq %rcx, SIM_FIBER_NEWEST(%r10)
    addq $(SIM_BOUNDARY_BYTES + 8), %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    ret
    .size sim_gate_back, . - sim_gate_back

    .section .note.GNU-stack, "", @progbits
