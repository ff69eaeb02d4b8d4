/* SPDX-License-Identifier: MIT */
/* Who asks. Every caller of this machine is an administrator with all privileges enabled, which is
 * what a driver's author runs his tests as; there are no tokens to lock. */
#include "se/se.h"

enum { HIGHEST_PRIVILEGE = 36 };

/* Unknown privileges are held by nobody, known ones by everybody. */
BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID privilege, KPROCESSOR_MODE previous_mode)
{
    if (previous_mode == KernelMode)
        return TRUE;
    return privilege.HighPart == 0 && privilege.LowPart >= 2 &&
           privilege.LowPart <= HIGHEST_PRIVILEGE;
}

/* A context is four words of the caller's: two tokens, a level, a process. */
void NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT context)
{
    __builtin_memset(context, 0, 4 * sizeof(PVOID));
}

void NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT context)
{
    (void)context;
}

void NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT context)
{
    (void)context;
}

void NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT context)
{
    (void)context;
}
