-- SPDX-License-Identifier: BSD-2-Clause
--
-- Room on each page for the statuses to come. Mails that are registered together fill their pages;
-- on a full page a new status goes to another page, and so into each of the indexes again, at a
-- random place of each. Pages that are there already stay as they are.

ALTER TABLE bounce.communication SET (fillfactor = 90);
