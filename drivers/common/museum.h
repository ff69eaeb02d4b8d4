/* SPDX-License-Identifier: MIT */
/* The bug museum: mistakes that drivers make, one switch each, for tests of the tools that must
 * catch them. Without a switch nothing of this is compiled. Each shows after some frames, so
 * that there is something to lose.
 *
 *   MUSEUM_NULL_IN_ISR   follows a pointer that start-up forgot to set, at DIRQL
 *   MUSEUM_SPIN_IN_DPC   waits at DISPATCH_LEVEL for what cannot happen there
 *   MUSEUM_SYSCALL       executes a system call instruction, as kernel code never does
 *   MUSEUM_WILD          overwrites its stack, breaks a segment register, and jumps into nowhere
 *   MUSEUM_EARLY_DELETE  gives its frames back while the card still writes to them
 *   MUSEUM_LOW_PART_ONLY tells the card the lower half of each address */
#ifndef DRIVERS_MUSEUM_H
#define DRIVERS_MUSEUM_H

#include "card.h"

enum { MUSEUM_AFTER = 5 }; /* interrupts */

/* Takes one completion for two, so that from then on each frame is given back too early. */
static inline BOOLEAN MuseumOneMore(VOID)
{
#ifdef MUSEUM_EARLY_DELETE
    static ULONG Count;

    return ++Count == MUSEUM_AFTER;
#else
    return FALSE;
#endif
}

static inline ULONGLONG MuseumAddress(PHYSICAL_ADDRESS Address)
{
#ifdef MUSEUM_LOW_PART_ONLY
    return Address.LowPart;
#else
    return (ULONGLONG)Address.QuadPart;
#endif
}

static inline VOID MuseumInIsr(VOID)
{
#ifdef MUSEUM_NULL_IN_ISR
    static ULONG Count;
    static ULONG *volatile Forgotten;

    if (++Count > MUSEUM_AFTER)
        *Forgotten = Count;
#endif
}

static inline VOID MuseumInDpc(VOID)
{
#ifdef MUSEUM_SPIN_IN_DPC
    static ULONG Count;
    static volatile BOOLEAN Never;

    if (++Count > MUSEUM_AFTER)
        while (!Never)
            ;
#endif
#ifdef MUSEUM_SYSCALL
    static ULONG Count;
    ULONG64 Number = 39;

    if (++Count == MUSEUM_AFTER)
        __asm__ __volatile__("syscall" : "+a"(Number) : : "rcx", "r11", "memory");
#endif
#ifdef MUSEUM_WILD
    static ULONG Count;

    if (++Count > MUSEUM_AFTER) {
        memset(__builtin_frame_address(0), 0xaa, 256);
        __asm__ __volatile__("wrfsbase %0\n\tjmp *%1" : : "r"(0ull), "r"(0x123456789000ull));
    }
#endif
}

#endif
