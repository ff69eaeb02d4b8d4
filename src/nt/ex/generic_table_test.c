/* SPDX-License-Identifier: MIT */
#include "ke/ke_test.h"

enum { KEYS = 300, BLOCKS_MAX = 512 };

struct item {
    int key, value;
};

/* The two kinds by one set of names, so that each test runs on both. */
static bool balanced;
static RTL_GENERIC_TABLE splayed;
static RTL_AVL_TABLE avl;
static uint8_t blocks[BLOCKS_MAX][64] __attribute__((aligned(16)));
static bool taken[BLOCKS_MAX];
static unsigned allocations, frees, compares;
static ULONG asked_bytes;
static bool refuse;
static PVOID first_compared;

static RTL_GENERIC_COMPARE_RESULTS compare(PVOID table, PVOID first, PVOID second)
{
    const struct item *a = first, *b = second;

    assert_ptr_equal(table, balanced ? (PVOID)&avl : (PVOID)&splayed);
    compares++;
    first_compared = first;
    return a->key < b->key ? GenericLessThan : a->key > b->key ? GenericGreaterThan : GenericEqual;
}

static PVOID allocate(PVOID table, CLONG bytes)
{
    (void)table;
    asked_bytes = bytes;
    for (int i = 0; i < BLOCKS_MAX && !refuse; i++) {
        if (taken[i])
            continue;
        taken[i] = true;
        allocations++;
        memset(blocks[i], 0xEE, sizeof blocks[i]);
        return blocks[i];
    }
    return NULL;
}

static void release(PVOID table, PVOID block)
{
    size_t index = (size_t)((uint8_t(*)[64])block - blocks);

    (void)table;
    assert_true(index < BLOCKS_MAX);
    assert_true(taken[index]);
    assert_ptr_equal(block, blocks[index]);
    taken[index] = false;
    frees++;
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI compare_splayed(RTL_GENERIC_TABLE *table, PVOID a, PVOID b)
{
    return compare(table, a, b);
}

static PVOID NTAPI allocate_splayed(RTL_GENERIC_TABLE *table, CLONG bytes)
{
    return allocate(table, bytes);
}

static void NTAPI release_splayed(RTL_GENERIC_TABLE *table, PVOID block)
{
    release(table, block);
}

static RTL_GENERIC_COMPARE_RESULTS NTAPI compare_avl(RTL_AVL_TABLE *table, PVOID a, PVOID b)
{
    return compare(table, a, b);
}

static PVOID NTAPI allocate_avl(RTL_AVL_TABLE *table, CLONG bytes)
{
    return allocate(table, bytes);
}

static void NTAPI release_avl(RTL_AVL_TABLE *table, PVOID block)
{
    release(table, block);
}

static void begin(void)
{
    memset(taken, 0, sizeof taken);
    allocations = frees = compares = 0;
    refuse = false;
    RtlInitializeGenericTable(&splayed, compare_splayed, allocate_splayed, release_splayed, &taken);
    RtlInitializeGenericTableAvl(&avl, compare_avl, allocate_avl, release_avl, &taken);
    assert_ptr_equal(splayed.TableContext, &taken);
    assert_ptr_equal(avl.TableContext, &taken);
}

static struct item *put(int key, int value, BOOLEAN *is_new)
{
    struct item item = {key, value};

    return balanced ? RtlInsertElementGenericTableAvl(&avl, &item, sizeof item, is_new)
                    : RtlInsertElementGenericTable(&splayed, &item, sizeof item, is_new);
}

static BOOLEAN drop(int key)
{
    struct item item = {key, 0};

    return balanced ? RtlDeleteElementGenericTableAvl(&avl, &item)
                    : RtlDeleteElementGenericTable(&splayed, &item);
}

static struct item *find(int key)
{
    struct item item = {key, 0};

    return balanced ? RtlLookupElementGenericTableAvl(&avl, &item)
                    : RtlLookupElementGenericTable(&splayed, &item);
}

static struct item *get(ULONG index)
{
    return balanced ? RtlGetElementGenericTableAvl(&avl, index)
                    : RtlGetElementGenericTable(&splayed, index);
}

static struct item *next(BOOLEAN restart)
{
    return balanced ? RtlEnumerateGenericTableAvl(&avl, restart)
                    : RtlEnumerateGenericTable(&splayed, restart);
}

static struct item *next_by_key(PVOID *key)
{
    return balanced ? RtlEnumerateGenericTableWithoutSplayingAvl(&avl, key)
                    : RtlEnumerateGenericTableWithoutSplaying(&splayed, key);
}

static ULONG count(void)
{
    return balanced ? RtlNumberGenericTableElementsAvl(&avl)
                    : RtlNumberGenericTableElements(&splayed);
}

static BOOLEAN empty(void)
{
    return balanced ? RtlIsGenericTableEmptyAvl(&avl) : RtlIsGenericTableEmpty(&splayed);
}

static void on_both(void (*body)(struct world *))
{
    for (int kind = 0; kind < 2; kind++) {
        balanced = kind == 1;
        RUN(1, 1, body);
    }
}

static void put_and_find(struct world *world)
{
    BOOLEAN is_new = FALSE;
    struct item *made;

    (void)world;
    begin();
    assert_true(empty());
    assert_null(find(7));
    made = put(7, 70, &is_new);
    assert_true(is_new);
    assert_int_equal(made->value, 70);
    assert_int_equal(asked_bytes, sizeof(struct item) + (balanced ? 32 : 40));
    assert_ptr_equal(find(7), made);
    assert_ptr_equal(put(7, 71, &is_new), made);
    assert_ptr_not_equal(first_compared, made);
    assert_false(is_new);
    assert_int_equal(made->value, 70);
    assert_int_equal(allocations, 1);
    assert_ptr_equal(put(7, 72, NULL), made);
    assert_false(empty());
}

static void an_element_is_found_again_and_an_equal_one_is_not_added(void **state)
{
    (void)state;
    on_both(put_and_find);
}

static void no_memory(struct world *world)
{
    BOOLEAN is_new = TRUE;

    (void)world;
    begin();
    refuse = true;
    assert_null(put(1, 1, &is_new));
    assert_false(is_new);
    assert_int_equal(count(), 0);
    assert_true(empty());
}

static void without_memory_nothing_is_added(void **state)
{
    (void)state;
    on_both(no_memory);
}

static void drop_some(struct world *world)
{
    (void)world;
    begin();
    assert_false(drop(1));
    put(1, 1, NULL);
    put(2, 2, NULL);
    assert_true(drop(1));
    assert_false(drop(1));
    assert_int_equal(frees, 1);
    assert_null(find(1));
    assert_non_null(find(2));
    assert_int_equal(count(), 1);
    assert_true(drop(2));
    assert_true(empty());
}

static void deleting_frees_the_block_and_what_is_not_there_is_not_deleted(void **state)
{
    (void)state;
    on_both(drop_some);
}

/* Keys 0..KEYS-1 in an order that is neither sorted nor its reverse. */
static int shuffled(int i)
{
    return i * 7 % KEYS;
}

static void in_order(struct world *world)
{
    PVOID key = NULL;
    struct item *item;
    int i = 0;

    (void)world;
    begin();
    assert_null(next(TRUE));
    assert_null(next_by_key(&key));
    for (i = 0; i < KEYS; i++)
        put(shuffled(i), i, NULL);
    assert_int_equal(count(), KEYS);
    for (item = next(TRUE), i = 0; item != NULL; item = next(FALSE), i++)
        assert_int_equal(item->key, i);
    assert_int_equal(i, KEYS);
    assert_null(next(FALSE));
    for (i = 0; (item = next_by_key(&key)) != NULL; i++)
        assert_int_equal(item->key, i);
    assert_int_equal(i, KEYS);
    for (i = 0; i < KEYS; i++)
        assert_int_equal(get((ULONG)i)->key, shuffled(i));
    assert_null(get(KEYS));
}

static void enumerations_go_by_key_and_numbers_by_insertion(void **state)
{
    (void)state;
    on_both(in_order);
}

static void delete_while_enumerating(struct world *world)
{
    struct item *item;
    int seen = 0;

    (void)world;
    begin();
    for (int i = 0; i < KEYS; i++)
        put(shuffled(i), i, NULL);
    for (item = next(TRUE); item != NULL; item = next(FALSE)) {
        assert_int_equal(item->key, seen++);
        assert_true(drop(item->key));
    }
    assert_int_equal(seen, KEYS);
    assert_int_equal(frees, KEYS);
    assert_true(empty());
}

static void an_enumeration_outlives_the_element_it_stands_at(void **state)
{
    (void)state;
    on_both(delete_while_enumerating);
}

static void numbers_move_up(struct world *world)
{
    (void)world;
    begin();
    for (int i = 0; i < 10; i++)
        put(shuffled(i), i, NULL);
    assert_true(drop(shuffled(4)));
    for (int i = 0; i < 9; i++)
        assert_int_equal(get((ULONG)i)->value, i < 4 ? i : i + 1);
    assert_null(get(9));
}

static void numbers_behind_a_deleted_element_move_up(void **state)
{
    (void)state;
    on_both(numbers_move_up);
}

/* In sorted order a tree without balance is a line: 300 elements would take 45,000 comparisons. */
static void sorted(struct world *world)
{
    (void)world;
    begin();
    for (int i = 0; i < KEYS; i++)
        put(i, i, NULL);
    assert_true(compares < KEYS * 30);
    for (int i = KEYS - 1; i >= 0; i -= 2)
        assert_true(drop(i));
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(find(i) != NULL, i % 2 == 0);
}

static void sorted_keys_do_not_make_the_tree_deep(void **state)
{
    (void)state;
    on_both(sorted);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_element_is_found_again_and_an_equal_one_is_not_added),
        cmocka_unit_test(without_memory_nothing_is_added),
        cmocka_unit_test(deleting_frees_the_block_and_what_is_not_there_is_not_deleted),
        cmocka_unit_test(enumerations_go_by_key_and_numbers_by_insertion),
        cmocka_unit_test(an_enumeration_outlives_the_element_it_stands_at),
        cmocka_unit_test(numbers_behind_a_deleted_element_move_up),
        cmocka_unit_test(sorted_keys_do_not_make_the_tree_deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
