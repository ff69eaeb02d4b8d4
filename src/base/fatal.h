/* SPDX-License-Identifier: MIT */
/* How weir stops when weir itself is wrong, or when something has not been written yet.
 * Both are compiled in always. They never return; the driver's own mistakes do not come here, they
 * are findings. Callable on any fiber at any IRQL. base_fatal_set is called once, by start-up,
 * before a machine exists: it is the one documented exception to "no mutable file-scope data",
 * because an assert carries no context. The default prints one line to stderr and aborts. */
#ifndef WEIR_BASE_FATAL_H
#define WEIR_BASE_FATAL_H

#include "base/compiler.h"

/* kind is "assert" or "not implemented"; text is one line without a line feed. If it returns,
 * abort follows. */
typedef void base_fatal_fn(void *ctx, const char *kind, const char *text);

struct base_fatal_ops {
    base_fatal_fn *fatal; /* required */
    void          *ctx;   /* handed to fatal, borrowed for the life of the process */
};

/* NULL restores the default. */
void base_fatal_set(const struct base_fatal_ops *ops);

WEIR_NORETURN WEIR_COLD void weir_assert_failed(const char *file, int line, const char *text);
WEIR_NORETURN WEIR_COLD void weir_not_implemented(const char *function);

#define weir_assert(condition)                                                                     \
    (weir_likely(condition) ? (void)0 : weir_assert_failed(__FILE__, __LINE__, #condition))

#endif
