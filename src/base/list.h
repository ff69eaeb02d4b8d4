/* SPDX-License-Identifier: MIT */
/* Intrusive circular doubly linked list.
 * The caller owns head and nodes; the list owns nothing. A node is in one list at most, and a node
 * that is in none points to itself (list_init), so removing twice is harmless. Callable anywhere;
 * no allocation. Not here: the LIST_ENTRY of the Windows API, which drivers see and which lives in
 * include/wdk. */
#ifndef WEIR_BASE_LIST_H
#define WEIR_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct list_node {
    struct list_node *next;
    struct list_node *prev;
};

#define LIST_INIT(name) { &(name), &(name) }

static inline void list_init(struct list_node *node)
{
    node->next = node;
    node->prev = node;
}

static inline bool list_is_empty(const struct list_node *head)
{
    return head->next == head;
}

static inline bool list_is_linked(const struct list_node *node)
{
    return node->next != node;
}

static inline void list_insert_after(struct list_node *place, struct list_node *node)
{
    node->prev = place;
    node->next = place->next;
    place->next->prev = node;
    place->next = node;
}

static inline void list_insert_before(struct list_node *place, struct list_node *node)
{
    list_insert_after(place->prev, node);
}

static inline void list_insert_head(struct list_node *head, struct list_node *node)
{
    list_insert_after(head, node);
}

static inline void list_insert_tail(struct list_node *head, struct list_node *node)
{
    list_insert_after(head->prev, node);
}

static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* NULL at the ends: these four never hand out the head. */
static inline struct list_node *list_first(const struct list_node *head)
{
    return head->next != head ? head->next : NULL;
}

static inline struct list_node *list_last(const struct list_node *head)
{
    return head->prev != head ? head->prev : NULL;
}

static inline struct list_node *list_next(const struct list_node *head,
                                          const struct list_node *node)
{
    return node->next != head ? node->next : NULL;
}

static inline struct list_node *list_prev(const struct list_node *head,
                                          const struct list_node *node)
{
    return node->prev != head ? node->prev : NULL;
}

static inline struct list_node *list_pop_head(struct list_node *head)
{
    struct list_node *node = list_first(head);

    if (node != NULL)
        list_remove(node);
    return node;
}

/* Moves all nodes of from, in order, to the tail of head; from is empty afterwards. */
void list_splice_tail(struct list_node *head, struct list_node *from);

size_t list_count(const struct list_node *head);

#define list_entry(node, type, member) container_of(node, type, member)

#define list_for_each(node, head)                                                                  \
    for ((node) = (head)->next; (node) != (head); (node) = (node)->next)

/* The body may remove or free the node it is given, and no other. */
#define list_for_each_safe(node, following, head)                                                  \
    for ((node) = (head)->next, (following) = (node)->next; (node) != (head);                      \
         (node) = (following), (following) = (node)->next)

#define list_for_each_entry(entry, head, member)                                                   \
    for ((entry) = list_entry((head)->next, weir_typeof(*(entry)), member);                        \
         &(entry)->member != (head);                                                               \
         (entry) = list_entry((entry)->member.next, weir_typeof(*(entry)), member))

#define list_for_each_entry_safe(entry, following, head, member)                                   \
    for ((entry) = list_entry((head)->next, weir_typeof(*(entry)), member),                        \
        (following) = list_entry((entry)->member.next, weir_typeof(*(entry)), member);             \
         &(entry)->member != (head);                                                               \
         (entry) = (following),                                                                    \
        (following) = list_entry((entry)->member.next, weir_typeof(*(entry)), member))

#endif
