/* SPDX-License-Identifier: MIT */
/* The yardstick of bench_start: a program that does nothing, linked statically. */
int main(void)
{
    return 0;
}
