/* SPDX-License-Identifier: MIT */
#include "base/num.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "base/compiler.h"

static int digit_value(char character)
{
    if (character >= '0' && character <= '9')
        return character - '0';
    if (character >= 'a' && character <= 'f')
        return character - 'a' + 10;
    if (character >= 'A' && character <= 'F')
        return character - 'A' + 10;
    return -1;
}

/* Reads the digits at *at and moves behind them. A value that does not fit still reads to its end,
 * so that "99999999999999999999x" is malformed rather than too large. */
static int read_digits(const char **at, unsigned radix, uint64_t *out)
{
    const char *from = *at;
    uint64_t value = 0;
    bool too_large = false;
    int digit;

    for (; (digit = digit_value(*from)) >= 0 && digit < (int)radix; from++) {
        too_large |= weir_mul_overflows(value, (uint64_t)radix, &value);
        too_large |= weir_add_overflows(value, (uint64_t)digit, &value);
    }
    if (from == *at)
        return -EINVAL;
    *at = from;
    *out = value;
    return too_large ? -ERANGE : 0;
}

static int read_integer(const char **at, uint64_t *out)
{
    if ((*at)[0] == '0' && ((*at)[1] == 'x' || (*at)[1] == 'X')) {
        *at += 2;
        return read_digits(at, 16, out);
    }
    return read_digits(at, 10, out);
}

int num_parse_u64(const char *string, uint64_t *out)
{
    uint64_t value;
    int error = read_integer(&string, &value);

    if (error == -EINVAL || *string != '\0')
        return -EINVAL;
    if (error == 0)
        *out = value;
    return error;
}

int num_parse_u32(const char *string, uint32_t *out)
{
    uint64_t value;
    int error = num_parse_range(string, 0, UINT32_MAX, &value);

    if (error == 0)
        *out = (uint32_t)value;
    return error;
}

int num_parse_range(const char *string, uint64_t low, uint64_t high, uint64_t *out)
{
    uint64_t value;
    int error = num_parse_u64(string, &value);

    if (error != 0)
        return error;
    if (value < low || value > high)
        return -ERANGE;
    *out = value;
    return 0;
}

static bool read_suffix(const char *suffix, uint64_t *multiplier)
{
    static const char letters[] = "kKmMgGtT";
    const char *letter;

    *multiplier = 1;
    if (*suffix == '\0')
        return true;
    letter = strchr(letters, *suffix);
    if (letter == NULL)
        return false;
    *multiplier = UINT64_C(1) << (10 * ((letter - letters) / 2 + 1));
    suffix++;
    return *suffix == '\0' || strcmp(suffix, "B") == 0 || strcmp(suffix, "iB") == 0;
}

int num_parse_size(const char *string, uint64_t *out)
{
    uint64_t value;
    uint64_t multiplier;
    int error = read_integer(&string, &value);

    if (error == -EINVAL || !read_suffix(string, &multiplier))
        return -EINVAL;
    if (error != 0 || weir_mul_overflows(value, multiplier, &value))
        return -ERANGE;
    *out = value;
    return 0;
}

/* Reads the digits behind the point as a count of 1/scale. */
static int read_fraction(const char **at, uint64_t scale, uint64_t *out)
{
    const char *from = *at;
    uint64_t value = 0;

    for (; *from >= '0' && *from <= '9'; from++) {
        uint64_t digit = (uint64_t)(*from - '0');

        scale /= 10;
        if (scale == 0 && digit != 0)
            return -EINVAL;
        value += digit * scale;
    }
    if (from == *at)
        return -EINVAL;
    *at = from;
    *out = value;
    return 0;
}

int num_parse_decimal(const char *string, uint64_t scale, uint64_t *out)
{
    uint64_t whole;
    uint64_t fraction = 0;
    int error = read_digits(&string, 10, &whole);

    if (error == -EINVAL)
        return error;
    if (*string == '.') {
        string++;
        if (read_fraction(&string, scale, &fraction) != 0)
            return -EINVAL;
    }
    if (*string != '\0')
        return -EINVAL;
    if (error != 0 || weir_mul_overflows(whole, scale, &whole) ||
        weir_add_overflows(whole, fraction, &whole))
        return -ERANGE;
    *out = whole;
    return 0;
}
