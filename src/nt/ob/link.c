/* SPDX-License-Identifier: MIT */
/* Symbolic links as drivers make them. A link made by IoCreateSymbolicLink stays until
 * IoDeleteSymbolicLink; no handle keeps it. */
#include <string.h>

#include "ob/state.h"

NTSTATUS NTAPI IoCreateSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING target)
{
    return ob_link_insert(ob_of(ke_current()), link, target);
}

NTSTATUS NTAPI IoCreateUnprotectedSymbolicLink(PUNICODE_STRING link, PUNICODE_STRING target)
{
    return IoCreateSymbolicLink(link, target);
}

NTSTATUS NTAPI IoDeleteSymbolicLink(PUNICODE_STRING link)
{
    struct ob *ob = ob_of(ke_current());
    const UNICODE_STRING *target;
    NTSTATUS status = ob_link_target(ob, link, &target);

    return NT_SUCCESS(status) ? ob_name_remove(ob, link) : status;
}
