/* SPDX-License-Identifier: MIT */
/* What is missing of each function whose row is PARTIAL, for `weir imports` and docs/coverage.md.
 *
 * PARTIAL(name, lacks)   lacks: a few words that end no sentence */
PARTIAL(DbgSetDebugFilterState,         "what a mask does: every message is let through")
PARTIAL(EtwActivityIdControl,           "ids that were set: none is kept")
PARTIAL(ExAllocatePool3,                "extended parameters, which stop the run")
PARTIAL(ExSetTimerResolution,           "a finer clock: timers expire on a grid of 1 ms")
PARTIAL(IoGetIoPriorityHint,            "hints that were set: all requests are of normal priority")
PARTIAL(IoSetIoPriorityHint,            "what a hint does: it is checked and forgotten")
PARTIAL(KsFilterFactoryUpdateCacheData, "the layout that DirectShow reads, and its Medium cache")
PARTIAL(KsRegisterFilterWithNoKSPins,   "the layout that DirectShow reads, and its Medium cache")
PARTIAL(RtlNtStatusToDosError,          "rare statuses: they become 317, as unknown ones do")
PARTIAL(RtlNtStatusToDosErrorNoTeb,     "rare statuses: they become 317, as unknown ones do")
PARTIAL(RtlRestoreContext,              "STATUS_UNWIND_CONSOLIDATE, which stops the run")
PARTIAL(RtlVirtualUnwind,               "context pointers, which stop the run")
PARTIAL(WmiQueryTraceInformation,       "questions about the system's own sessions, which stop the run")
PARTIAL(ZwDeviceIoControlFile,          "APC routines, and requests that are pending when it returns")
PARTIAL(ZwQueryDirectoryFile,           "APC routines")
PARTIAL(ZwReadFile,                     "APC routines, and requests that are pending when it returns")
PARTIAL(ZwSetTimer,                     "APC routines")
PARTIAL(ZwWriteFile,                    "APC routines, and requests that are pending when it returns")
