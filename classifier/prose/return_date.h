/* SPDX-License-Identifier: BSD-2-Clause
 *
 * The day of return that an automatic reply names. No clock: a day
 * without a year is counted from the date of the reply itself.
 */
#ifndef CLASSIFIER_PROSE_RETURN_DATE_H
#define CLASSIFIER_PROSE_RETURN_DATE_H

/* "YYYY-MM-DD" */
enum { RETURN_DATE_SIZE = 11 };

/* Looks in text, what a person would read (UTF-8), for the day of return ("back on
 * 6 December"); if none is named for the last day of absence ("until 5 December",
 * "1-5 December"). Of several the first sentence's last. What may be two days is none:
 * English "4/5/2026"; and so is a mere day of the week.
 *
 * A day without a year is the first such day on or after date, the value of the
 * reply's Date field (RFC 5322 section 3.3); one that would be 330 days or more ahead
 * has passed, and is none.
 *
 * Writes the day, or "". Linear in the length of the text. Thread-safe. */
void return_date_find(const char *text, const char *date, char date_out[RETURN_DATE_SIZE]);

#endif
