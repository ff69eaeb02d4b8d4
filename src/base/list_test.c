/* SPDX-License-Identifier: MIT */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct item {
    int              number;
    struct list_node link;
};

static void fill(struct list_node *head, struct item *items, int count)
{
    for (int i = 0; i < count; i++) {
        items[i].number = i;
        list_insert_tail(head, &items[i].link);
    }
}

static void items_come_back_in_the_order_of_their_insertion(void **state)
{
    struct list_node head = LIST_INIT(head);
    struct item items[4];
    struct item *item;
    int expected = 0;

    (void)state;
    fill(&head, items, 4);
    list_for_each_entry(item, &head, link)
        assert_int_equal(item->number, expected++);
    assert_int_equal(list_count(&head), 4);
    assert_ptr_equal(list_last(&head), &items[3].link);
    assert_ptr_equal(list_next(&head, &items[1].link), &items[2].link);
    assert_null(list_next(&head, &items[3].link));
    assert_null(list_prev(&head, &items[0].link));
}

static void an_empty_list_has_no_ends(void **state)
{
    struct list_node head = LIST_INIT(head);

    (void)state;
    assert_true(list_is_empty(&head));
    assert_null(list_first(&head));
    assert_null(list_last(&head));
    assert_null(list_pop_head(&head));
}

static void removing_twice_is_harmless(void **state)
{
    struct list_node head = LIST_INIT(head);
    struct item items[2];

    (void)state;
    fill(&head, items, 2);
    list_remove(&items[0].link);
    assert_false(list_is_linked(&items[0].link));
    list_remove(&items[0].link);
    assert_int_equal(list_count(&head), 1);
}

static void the_safe_walk_survives_removal_of_its_own_item(void **state)
{
    struct list_node head = LIST_INIT(head);
    struct item items[5];
    struct item *item;
    struct item *following;

    (void)state;
    fill(&head, items, 5);
    list_for_each_entry_safe(item, following, &head, link) {
        if (item->number % 2 == 0)
            list_remove(&item->link);
    }
    assert_int_equal(list_count(&head), 2);
    assert_ptr_equal(list_pop_head(&head), &items[1].link);
}

static void inserting_before_an_item_and_at_the_head_keeps_the_order(void **state)
{
    struct list_node head = LIST_INIT(head);
    struct item items[2];
    struct item middle = { .number = 10 };
    struct item front = { .number = 11 };

    (void)state;
    fill(&head, items, 2);
    list_insert_before(&items[1].link, &middle.link);
    list_insert_head(&head, &front.link);
    assert_ptr_equal(list_first(&head), &front.link);
    assert_ptr_equal(list_next(&head, &items[0].link), &middle.link);
    assert_ptr_equal(list_next(&head, &middle.link), &items[1].link);
}

static void splicing_moves_everything_and_empties_the_source(void **state)
{
    struct list_node first = LIST_INIT(first);
    struct list_node second = LIST_INIT(second);
    struct item items[2];
    struct item more[3];

    (void)state;
    fill(&first, items, 2);
    fill(&second, more, 3);
    list_splice_tail(&first, &second);
    assert_true(list_is_empty(&second));
    assert_int_equal(list_count(&first), 5);
    assert_ptr_equal(list_last(&first), &more[2].link);
    list_splice_tail(&first, &second);
    assert_int_equal(list_count(&first), 5);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_come_back_in_the_order_of_their_insertion),
        cmocka_unit_test(an_empty_list_has_no_ends),
        cmocka_unit_test(removing_twice_is_harmless),
        cmocka_unit_test(the_safe_walk_survives_removal_of_its_own_item),
        cmocka_unit_test(inserting_before_an_item_and_at_the_head_keeps_the_order),
        cmocka_unit_test(splicing_moves_everything_and_empties_the_source),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
