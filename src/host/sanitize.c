/* SPDX-License-Identifier: MIT */
#include "host/sanitize.h"

#include "base/compiler.h"

/* Faults are the machine's business (faults.c), and a handler runs on a signal stack of ours.
 * Stacks with fake frames cannot be switched or unwound. */
WEIR_VISIBLE const char *__asan_default_options(void)
{
    return "handle_segv=0:handle_sigbus=0:handle_sigill=0:handle_sigfpe=0:handle_sigtrap=0:"
           "allow_user_segv_handler=1:use_sigaltstack=0:detect_stack_use_after_return=0";
}

WEIR_VISIBLE const char *__ubsan_default_options(void)
{
    return "print_stacktrace=1:halt_on_error=1";
}

/* A machine's process ends without running destructors, so only programs that reach exit are
 * asked about leaks: the unit tests. */
WEIR_VISIBLE const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}

bool host_under_sanitizer(void)
{
#if defined(__SANITIZE_ADDRESS__)
    return true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
    return true;
#else
    return false;
#endif
#else
    return false;
#endif
}
