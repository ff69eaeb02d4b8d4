/* SPDX-License-Identifier: MIT */
#include "base/list.h"

void list_splice_tail(struct list_node *head, struct list_node *from)
{
    if (list_is_empty(from))
        return;

    from->next->prev = head->prev;
    from->prev->next = head;
    head->prev->next = from->next;
    head->prev = from->prev;
    list_init(from);
}

size_t list_count(const struct list_node *head)
{
    const struct list_node *node;
    size_t count = 0;

    list_for_each(node, head)
        count++;
    return count;
}
