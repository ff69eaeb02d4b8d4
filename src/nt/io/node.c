/* SPDX-License-Identifier: MIT */
/* Device nodes: what pnp has learnt of a PDO, for the functions that answer drivers about it. */
#include "io/property_data.h"
#include "io/state.h"

#include <stdlib.h>

static const uint64_t node_magic = 0x776e6f6465000000u;

NTSTATUS io_node_create(struct io *io, PDEVICE_OBJECT pdo, struct io_node **out)
{
    struct io_device *device = io_device_of(io, pdo);
    struct io_node *node;

    if (device == NULL || device->node != NULL)
        return STATUS_INVALID_PARAMETER;
    node = calloc(1, sizeof *node);
    if (node == NULL)
        return STATUS_INSUFFICIENT_RESOURCES;
    node->magic = node_magic;
    node->pdo = pdo;
    list_init(&node->properties);
    device->node = node;
    list_insert_tail(&io->nodes, &node->link);
    *out = node;
    return STATUS_SUCCESS;
}

struct io_node *io_node_of(PDEVICE_OBJECT pdo)
{
    struct io_device *device = io_device_of(io_of(ke_current()), pdo);

    if (device == NULL || device->node == NULL)
        return NULL;
    weir_assert(device->node->magic == node_magic);
    return device->node;
}

static void free_list(void *list)
{
    if (list != NULL)
        ExFreePool(list);
}

void io_node_destroy(struct io_node *node)
{
    struct io_device *device;

    if (node == NULL)
        return;
    weir_assert(node->magic == node_magic);
    io_node_disable_interfaces(node);
    device = io_device_of(io_of(ke_current()), node->pdo);
    if (device != NULL)
        device->node = NULL;
    io_properties_fini(&node->properties);
    free_list(node->raw);
    free_list(node->translated);
    free_list(node->requirements);
    list_remove(&node->link);
    node->magic = 0;
    free(node);
}

void io_nodes_fini(struct io *io)
{
    struct list_node *link;

    /* The lists lie in pool, which goes with mm. */
    while ((link = list_pop_head(&io->nodes)) != NULL) {
        struct io_node *node = list_entry(link, struct io_node, link);

        io_properties_fini(&node->properties);
        free(node);
    }
}
