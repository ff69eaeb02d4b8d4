/* SPDX-License-Identifier: MIT */
/* Calendar arithmetic. Windows counts 100 ns units since 1601-01-01 00:00; leap seconds do not
 * exist. The calendar runs in cycles of 400 years, of which 1601 begins one. */
#include "rtl/rtl.h"

#define UNITS_PER_SECOND 10000000ll
#define UNITS_PER_DAY (86400 * UNITS_PER_SECOND)
#define SECONDS_1601_TO_1970 11644473600ll
#define SECONDS_1601_TO_1980 11960006400ll
enum { DAYS_PER_400_YEARS = 146097 };

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const signed char days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month - 1] + (month == 2 && is_leap(year));
}

void NTAPI RtlTimeToTimeFields(PLARGE_INTEGER time, PTIME_FIELDS fields)
{
    LONGLONG days = time->QuadPart / UNITS_PER_DAY;
    LONGLONG rest = time->QuadPart % UNITS_PER_DAY;
    int year = 1601 + 400 * (int)(days / DAYS_PER_400_YEARS);
    int month = 1;

    fields->Weekday = (CSHORT)((days + 1) % 7); /* 1601-01-01 was a Monday */
    days %= DAYS_PER_400_YEARS;
    while (days >= 365 + is_leap(year)) {
        days -= 365 + is_leap(year);
        year++;
    }
    while (days >= days_in_month(year, month)) {
        days -= days_in_month(year, month);
        month++;
    }
    fields->Year = (CSHORT)year;
    fields->Month = (CSHORT)month;
    fields->Day = (CSHORT)(days + 1);
    fields->Hour = (CSHORT)(rest / (3600 * UNITS_PER_SECOND));
    fields->Minute = (CSHORT)(rest / (60 * UNITS_PER_SECOND) % 60);
    fields->Second = (CSHORT)(rest / UNITS_PER_SECOND % 60);
    fields->Milliseconds = (CSHORT)(rest / (UNITS_PER_SECOND / 1000) % 1000);
}

static bool are_fields_valid(PTIME_FIELDS fields)
{
    return fields->Year >= 1601 && fields->Month >= 1 && fields->Month <= 12 && fields->Day >= 1 &&
           fields->Day <= days_in_month(fields->Year, fields->Month) && fields->Hour >= 0 &&
           fields->Hour <= 23 && fields->Minute >= 0 && fields->Minute <= 59 &&
           fields->Second >= 0 && fields->Second <= 59 && fields->Milliseconds >= 0 &&
           fields->Milliseconds <= 999;
}

BOOLEAN NTAPI RtlTimeFieldsToTime(PTIME_FIELDS fields, PLARGE_INTEGER time)
{
    LONGLONG years = fields->Year - 1601;
    LONGLONG days;
    int month;

    if (!are_fields_valid(fields))
        return FALSE;
    days = years * 365 + years / 4 - years / 100 + years / 400;
    for (month = 1; month < fields->Month; month++)
        days += days_in_month(fields->Year, month);
    days += fields->Day - 1;
    time->QuadPart = days * UNITS_PER_DAY +
                     (fields->Hour * 3600ll + fields->Minute * 60 + fields->Second) *
                         UNITS_PER_SECOND +
                     fields->Milliseconds * (UNITS_PER_SECOND / 1000);
    return TRUE;
}

static BOOLEAN seconds_since(LONGLONG time, LONGLONG epoch_seconds, PULONG seconds)
{
    LONGLONG since = time / UNITS_PER_SECOND - epoch_seconds;

    if (since < 0 || since > UINT32_MAX)
        return FALSE;
    *seconds = (ULONG)since;
    return TRUE;
}

BOOLEAN NTAPI RtlTimeToSecondsSince1970(PLARGE_INTEGER time, PULONG seconds)
{
    return seconds_since(time->QuadPart, SECONDS_1601_TO_1970, seconds);
}

void NTAPI RtlSecondsSince1970ToTime(ULONG seconds, PLARGE_INTEGER time)
{
    time->QuadPart = (seconds + SECONDS_1601_TO_1970) * UNITS_PER_SECOND;
}

BOOLEAN NTAPI RtlTimeToSecondsSince1980(PLARGE_INTEGER time, PULONG seconds)
{
    return seconds_since(time->QuadPart, SECONDS_1601_TO_1980, seconds);
}

void NTAPI RtlSecondsSince1980ToTime(ULONG seconds, PLARGE_INTEGER time)
{
    time->QuadPart = (seconds + SECONDS_1601_TO_1980) * UNITS_PER_SECOND;
}
