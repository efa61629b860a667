-- SPDX-License-Identifier: BSD-2-Clause
--
-- The name of a process is one line: it is a label of metrics, a word of a subject, a cell of a
-- table. One that is there already is cleaned first, and numbered if that name is taken.

DO $$
DECLARE
  p bounce.process;
  clean text;
  free text;
BEGIN
  FOR p IN SELECT * FROM bounce.process AS q
           WHERE q.name ~ '[\u0001-\u001f\u007f-\u009f]' ORDER BY q.name LOOP
    clean := coalesce(nullif(btrim(regexp_replace(p.name, '[\u0001-\u001f\u007f-\u009f]+', ' ',
                                                  'g')), ''), 'process');
    free := clean;
    FOR number IN 2 .. 1000000 LOOP
      EXIT WHEN NOT EXISTS (SELECT FROM bounce.process AS q WHERE q.name = free);
      free := left(clean, 190) || ' ' || number;
    END LOOP;
    UPDATE bounce.process AS q SET name = free WHERE q.name = p.name;
  END LOOP;
END $$;
ALTER TABLE bounce.process ADD CONSTRAINT process_is_one_line
  CHECK (name !~ '[\u0001-\u001f\u007f-\u009f]');
