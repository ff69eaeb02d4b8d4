/* SPDX-License-Identifier: MIT */
/* Offsets into struct ke_trap_frame, for C and assembly. */
#ifndef WEIR_NT_KE_TRAP_LAYOUT_H
#define WEIR_NT_KE_TRAP_LAYOUT_H

#define TRAP_GPR 0
#define TRAP_RIP 128
#define TRAP_RFLAGS 136
#define TRAP_IRET 144
#define TRAP_MXCSR 184
#define TRAP_OPMASK 192
#define TRAP_VECTOR 256
#define TRAP_FRAME_BYTES 2688

#endif
