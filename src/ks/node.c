/* SPDX-License-Identifier: MIT */
/* KsCreateTopologyNode: a file for one node of a filter or pin, so that requests on it need not
 * name the node again. KSNODE_CREATE; KS Topology. */
#include "ks/node.h"

#include <string.h>

#include "ks/file.h"
#include "ks/filter.h"
#include "ks/object.h"
#include "ks/pin.h"
#include "ks/room.h"

NTSTATUS ks_node_create(struct ks_object *parent, PIRP irp, const void *parameters, ULONG bytes)
{
    struct ks_filter *filter =
        ks_filter_of(parent->type == KsObjectTypePin ? parent->parent->public : parent->public);
    struct ks_file *file;
    KSNODE_CREATE create;

    if (bytes < sizeof create)
        return STATUS_INVALID_PARAMETER;
    memcpy(&create, parameters, sizeof create);
    if (create.CreateFlags != 0 || ks_filter_node_descriptor(filter, create.Node) == NULL)
        return STATUS_INVALID_PARAMETER;
    file = ks_allocate(sizeof *file);
    if (file == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    ks_file_init(file, KS_FILE_NODE, parent, irp);
    file->node_id = create.Node;
    return STATUS_SUCCESS;
}

void ks_node_close(struct ks_file *file, PIRP irp)
{
    PFILE_OBJECT file_object = IoGetCurrentIrpStackLocation(irp)->FileObject;

    ks_events_free(&file->object->events, file_object);
    file_object->FsContext = NULL;
    ks_file_fini(file);
    ks_free(file);
}
