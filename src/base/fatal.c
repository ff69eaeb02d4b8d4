/* SPDX-License-Identifier: MIT */
#include "base/fatal.h"

#include <stdio.h>
#include <stdlib.h>

static void fatal_to_stderr(void *ctx, const char *kind, const char *text)
{
    (void)ctx;
    fprintf(stderr, "weir: %s: %s\n", kind, text);
}

static struct base_fatal_ops fatal_ops = { .fatal = fatal_to_stderr, .ctx = NULL };

void base_fatal_set(const struct base_fatal_ops *ops)
{
    fatal_ops.fatal = ops != NULL ? ops->fatal : fatal_to_stderr;
    fatal_ops.ctx = ops != NULL ? ops->ctx : NULL;
}

static WEIR_NORETURN void stop(const char *kind, const char *text)
{
    fatal_ops.fatal(fatal_ops.ctx, kind, text);
    abort();
}

void weir_assert_failed(const char *file, int line, const char *text)
{
    char message[512];

    snprintf(message, sizeof(message), "%s:%d: %s", file, line, text);
    stop("assert", message);
}

void weir_not_implemented(const char *function)
{
    stop("not implemented", function);
}
