/* SPDX-License-Identifier: MIT */
/* Topology nodes: sub-objects of a filter or pin without a public structure. A node's file routes
 * requests to the node's automation table. PASSIVE_LEVEL. Not here: requests to a node that come on
 * the filter's own file (automation.c). */
#ifndef WEIR_KS_NODE_H
#define WEIR_KS_NODE_H

#include "wdk/wdm.h"

struct ks_file;
struct ks_object;

NTSTATUS ks_node_create(struct ks_object *parent, PIRP irp, const void *parameters, ULONG bytes);
void ks_node_close(struct ks_file *file, PIRP irp);

#endif
