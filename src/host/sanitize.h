/* SPDX-License-Identifier: MIT */
/* What the sanitizers' run times ask of a program that handles its own faults and switches stacks.
 * They call these functions themselves, before main; the options may still be overridden through
 * ASAN_OPTIONS and the like. */
#ifndef WEIR_HOST_SANITIZE_H
#define WEIR_HOST_SANITIZE_H

#include <stdbool.h>

typedef const char *host_sanitizer_options_fn(void);

host_sanitizer_options_fn __asan_default_options;
host_sanitizer_options_fn __ubsan_default_options;
host_sanitizer_options_fn __lsan_default_options;

/* Built with AddressSanitizer: its run time needs system calls of its own. */
bool host_under_sanitizer(void);

#endif
