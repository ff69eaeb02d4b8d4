/* SPDX-License-Identifier: MIT */
/* Generic tables: sorted sets whose elements the caller's routines compare, allocate and free.
 *
 * An element is a header of ours and then the caller's data; its routines see the data when they
 * compare, the whole block when they allocate and free (RtlInitializeGenericTable, AllocateRoutine
 * and FreeRoutine). The two kinds differ in their headers: splay links and the order of insertion,
 * or balanced links. Rtl by name; they call the driver, which is ke's trade, so they live here.
 *
 * The pages call table and headers opaque. UNDOC: here the tree of both kinds is a treap, whose
 * heap order comes from a hash of the block's address: no look-up changes it, and it stays shallow.
 * Links of the AVL kind keep the number of the insertion where Windows keeps the balance, because
 * RtlGetElementGenericTableAvl counts in the order of insertion. UNDOC: CompareRoutine gets the
 * caller's buffer first and the element second. Deleting the element at which an enumeration stands
 * moves that back, so that it goes on with the one behind.
 * Not here: the Full forms, prefix and directory searches, RtlSplay and its kin. */
#include <string.h>

#include "base/base.h"
#include "ke/ke.h"
#include "wdk/wdm.h"

struct link {
    struct link *parent, *left, *right;
};

_Static_assert(offsetof(RTL_SPLAY_LINKS, RightChild) == offsetof(struct link, right), "one shape");
_Static_assert(offsetof(RTL_BALANCED_LINKS, RightChild) == offsetof(struct link, right),
               "one shape");

struct splay_element {
    RTL_SPLAY_LINKS links;
    LIST_ENTRY order;
};

struct avl_element {
    RTL_BALANCED_LINKS links;
};

/* What the two kinds of table have in common, as an operation needs it. */
struct tree {
    struct link **root;
    struct link **cursor; /* of the enumeration: the element told last, NULL at its start */
    PULONG count;
    PVOID table; /* as the caller's routines know it */
    const void *compare, *allocate, *release;
    uint32_t header_bytes;
};

static struct tree tree_of(PRTL_GENERIC_TABLE table)
{
    return (struct tree){
        .root = (struct link **)&table->TableRoot,
        .cursor = (struct link **)&table->OrderedPointer,
        .count = &table->NumberGenericTableElements,
        .table = table,
        .compare = (const void *)table->CompareRoutine,
        .allocate = (const void *)table->AllocateRoutine,
        .release = (const void *)table->FreeRoutine,
        .header_bytes = sizeof(struct splay_element),
    };
}

static struct tree tree_of_avl(PRTL_AVL_TABLE table)
{
    return (struct tree){
        .root = (struct link **)&table->BalancedRoot.RightChild,
        .cursor = (struct link **)&table->RestartKey,
        .count = &table->NumberGenericTableElements,
        .table = table,
        .compare = (const void *)table->CompareRoutine,
        .allocate = (const void *)table->AllocateRoutine,
        .release = (const void *)table->FreeRoutine,
        .header_bytes = sizeof(struct avl_element),
    };
}

static PVOID data_of(const struct tree *tree, struct link *link)
{
    return link == NULL ? NULL : (uint8_t *)link + tree->header_bytes;
}

/* ---- The tree -------------------------------------------------------------------------------- */

static uint64_t weight_of(const struct link *link)
{
    uint64_t x = (uint64_t)(uintptr_t)link;

    x = (x ^ x >> 31) * UINT64_C(0x9E3779B97F4A7C15);
    return x ^ x >> 29;
}

/* Where the pointer to this element is kept. */
static struct link **place_of(const struct tree *tree, const struct link *link)
{
    if (link->parent == NULL)
        return tree->root;
    return link->parent->left == link ? &link->parent->left : &link->parent->right;
}

static void hang(struct link **place, struct link *parent, struct link *link)
{
    *place = link;
    if (link != NULL)
        link->parent = parent;
}

/* The element takes its parent's place, and the parent becomes its child. */
static void rotate_up(const struct tree *tree, struct link *link)
{
    struct link *parent = link->parent;
    struct link **place = place_of(tree, parent);
    struct link *above = parent->parent;

    if (parent->left == link) {
        hang(&parent->left, parent, link->right);
        hang(&link->right, link, parent);
    } else {
        hang(&parent->right, parent, link->left);
        hang(&link->left, link, parent);
    }
    hang(place, above, link);
}

static void remove_link(const struct tree *tree, struct link *link)
{
    struct link *child;

    while (link->left != NULL && link->right != NULL)
        rotate_up(tree, weight_of(link->left) > weight_of(link->right) ? link->left : link->right);
    child = link->left != NULL ? link->left : link->right;
    hang(place_of(tree, link), link->parent, child);
}

static struct link *first_of(const struct tree *tree)
{
    struct link *link = *tree->root;

    while (link != NULL && link->left != NULL)
        link = link->left;
    return link;
}

static struct link *next_of(struct link *link)
{
    if (link->right != NULL) {
        for (link = link->right; link->left != NULL; link = link->left)
            continue;
        return link;
    }
    while (link->parent != NULL && link->parent->right == link)
        link = link->parent;
    return link->parent;
}

static struct link *previous_of(struct link *link)
{
    if (link->left != NULL) {
        for (link = link->left; link->right != NULL; link = link->right)
            continue;
        return link;
    }
    while (link->parent != NULL && link->parent->left == link)
        link = link->parent;
    return link->parent;
}

/* The element that equals the key, or NULL; then place is where it would hang, below parent. */
static struct link *search(const struct tree *tree, PVOID key, struct link **parent,
                           struct link ***place)
{
    *parent = NULL;
    *place = tree->root;
    while (**place != NULL) {
        struct link *link = **place;
        RTL_GENERIC_COMPARE_RESULTS order = (RTL_GENERIC_COMPARE_RESULTS)KE_CALL(
            tree->compare, KE_ARG(tree->table), KE_ARG(key), KE_ARG(data_of(tree, link)));

        if (order == GenericEqual)
            return link;
        *parent = link;
        *place = order == GenericLessThan ? &link->left : &link->right;
    }
    return NULL;
}

static struct link *look_up(const struct tree *tree, PVOID key)
{
    struct link *parent, **place;

    return search(tree, key, &parent, &place);
}

/* A new element, or NULL; the equal one in found. */
static struct link *insert(const struct tree *tree, PVOID buffer, CLONG bytes, struct link **found)
{
    struct link *parent, **place, *link;

    *found = search(tree, buffer, &parent, &place);
    if (*found != NULL)
        return NULL;
    link = (struct link *)KE_CALL(tree->allocate, KE_ARG(tree->table),
                                  (CLONG)(bytes + tree->header_bytes));
    if (link == NULL)
        return NULL;
    memset(link, 0, tree->header_bytes);
    memcpy(data_of(tree, link), buffer, bytes);
    hang(place, parent, link);
    while (link->parent != NULL && weight_of(link) > weight_of(link->parent))
        rotate_up(tree, link);
    ++*tree->count;
    return link;
}

static void take_out(const struct tree *tree, struct link *link)
{
    if (*tree->cursor == link)
        *tree->cursor = previous_of(link);
    remove_link(tree, link);
    --*tree->count;
    KE_CALL(tree->release, KE_ARG(tree->table), KE_ARG(link));
}

static PVOID enumerate(const struct tree *tree, struct link **cursor)
{
    struct link *link = *cursor == NULL ? first_of(tree) : next_of(*cursor);

    if (link != NULL)
        *cursor = link;
    return data_of(tree, link);
}

static PVOID tell(const struct tree *tree, struct link *made, struct link *found, PBOOLEAN is_new)
{
    if (is_new != NULL)
        *is_new = made != NULL;
    return data_of(tree, made != NULL ? made : found);
}

/* ---- Splay by name --------------------------------------------------------------------------- */

void NTAPI RtlInitializeGenericTable(PRTL_GENERIC_TABLE Table,
                                     PRTL_GENERIC_COMPARE_ROUTINE CompareRoutine,
                                     PRTL_GENERIC_ALLOCATE_ROUTINE AllocateRoutine,
                                     PRTL_GENERIC_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    *Table = (RTL_GENERIC_TABLE){.CompareRoutine = CompareRoutine,
                                 .AllocateRoutine = AllocateRoutine,
                                 .FreeRoutine = FreeRoutine,
                                 .TableContext = TableContext};
    InitializeListHead(&Table->InsertOrderList);
}

PVOID NTAPI RtlInsertElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                         PBOOLEAN NewElement)
{
    struct tree tree = tree_of(Table);
    struct link *found, *made = insert(&tree, Buffer, BufferSize, &found);

    if (made != NULL)
        InsertTailList(&Table->InsertOrderList, &((struct splay_element *)made)->order);
    return tell(&tree, made, found, NewElement);
}

BOOLEAN NTAPI RtlDeleteElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    struct tree tree = tree_of(Table);
    struct link *link = look_up(&tree, Buffer);

    if (link == NULL)
        return FALSE;
    RemoveEntryList(&((struct splay_element *)link)->order);
    take_out(&tree, link);
    return TRUE;
}

PVOID NTAPI RtlLookupElementGenericTable(PRTL_GENERIC_TABLE Table, PVOID Buffer)
{
    struct tree tree = tree_of(Table);

    return data_of(&tree, look_up(&tree, Buffer));
}

PVOID NTAPI RtlEnumerateGenericTable(PRTL_GENERIC_TABLE Table, BOOLEAN Restart)
{
    struct tree tree = tree_of(Table);

    if (Restart)
        *tree.cursor = NULL;
    return enumerate(&tree, tree.cursor);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplaying(PRTL_GENERIC_TABLE Table, PVOID *RestartKey)
{
    struct tree tree = tree_of(Table);

    return enumerate(&tree, (struct link **)RestartKey);
}

PVOID NTAPI RtlGetElementGenericTable(PRTL_GENERIC_TABLE Table, ULONG I)
{
    struct tree tree = tree_of(Table);
    PLIST_ENTRY entry = Table->InsertOrderList.Flink;

    if (I >= Table->NumberGenericTableElements)
        return NULL;
    while (I-- > 0)
        entry = entry->Flink;
    return data_of(&tree, (struct link *)CONTAINING_RECORD(entry, struct splay_element, order));
}

ULONG NTAPI RtlNumberGenericTableElements(PRTL_GENERIC_TABLE Table)
{
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmpty(PRTL_GENERIC_TABLE Table)
{
    return Table->TableRoot == NULL;
}

/* ---- AVL by name ----------------------------------------------------------------------------- */

/* The number of the insertion lies behind the three pointers. */
static uint64_t *number_of(struct link *link)
{
    return (uint64_t *)(link + 1);
}

_Static_assert(sizeof(struct link) + sizeof(uint64_t) == sizeof(RTL_BALANCED_LINKS),
               "a number fits behind the pointers");

void NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table,
                                        PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                        PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                        PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    *Table = (RTL_AVL_TABLE){.CompareRoutine = CompareRoutine,
                             .AllocateRoutine = AllocateRoutine,
                             .FreeRoutine = FreeRoutine,
                             .TableContext = TableContext};
}

PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                            PBOOLEAN NewElement)
{
    struct tree tree = tree_of_avl(Table);
    struct link *found, *made = insert(&tree, Buffer, BufferSize, &found);

    if (made != NULL)
        *number_of(made) = ++*number_of((struct link *)&Table->BalancedRoot);
    return tell(&tree, made, found, NewElement);
}

BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    struct tree tree = tree_of_avl(Table);
    struct link *link = look_up(&tree, Buffer);

    if (link == NULL)
        return FALSE;
    take_out(&tree, link);
    return TRUE;
}

PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    struct tree tree = tree_of_avl(Table);

    return data_of(&tree, look_up(&tree, Buffer));
}

PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart)
{
    struct tree tree = tree_of_avl(Table);

    if (Restart)
        *tree.cursor = NULL;
    return enumerate(&tree, tree.cursor);
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID *RestartKey)
{
    struct tree tree = tree_of_avl(Table);

    return enumerate(&tree, (struct link **)RestartKey);
}

/* The element that was inserted first among those after the number. */
static struct link *inserted_after(const struct tree *tree, uint64_t number)
{
    struct link *best = NULL;

    for (struct link *link = first_of(tree); link != NULL; link = next_of(link)) {
        if (*number_of(link) > number && (best == NULL || *number_of(link) < *number_of(best)))
            best = link;
    }
    return best;
}

PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I)
{
    struct tree tree = tree_of_avl(Table);
    struct link *link;

    if (I >= Table->NumberGenericTableElements)
        return NULL;
    link = inserted_after(&tree, 0);
    while (I-- > 0 && link != NULL)
        link = inserted_after(&tree, *number_of(link));
    return data_of(&tree, link);
}

ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table)
{
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table)
{
    return Table->NumberGenericTableElements == 0;
}
