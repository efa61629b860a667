/* SPDX-License-Identifier: BSD-2-Clause
 *
 * What the console asks about lists of blocks, processes, keys, what is erased, what a mail says.
 * Parameters stand behind each statement. Those that say what an act would do have the columns of
 * console_queries_changed_mails; beside these "consequence" sums it up, and "is_problem" says that
 * it cannot be done so. They change nothing.
 */
#ifndef DB_PEOPLE_CONSOLE_ADMIN_H
#define DB_PEOPLE_CONSOLE_ADMIN_H

#include "db/rows.h"

extern const struct db_statement console_admin_import_foreseen; /* CSV */
extern const struct db_statement console_admin_import;          /* CSV, why */

extern const struct db_statement console_admin_applications;  /* roles that mails can be given to */
extern const struct db_statement console_admin_process_new;   /* name, description */
extern const struct db_statement console_admin_give_foreseen; /* process, application */
extern const struct db_statement console_admin_take_foreseen; /* the same */

extern const struct db_statement console_admin_changed_keys; /* the keys as they are now */

extern const struct db_statement console_admin_erase_address_foreseen; /* address */
extern const struct db_statement console_admin_erase_address;          /* address, why */
extern const struct db_statement console_admin_erase_person_foreseen;  /* person */
extern const struct db_statement console_admin_erase_person;           /* person, why */

extern const struct db_statement console_admin_send_now; /* id */
/* id: subject and text of a mail that has nothing else, while it can be corrected */
extern const struct db_statement console_admin_content;
extern const struct db_statement console_admin_correct; /* id, subject, text; NULL: as it was */

#endif
