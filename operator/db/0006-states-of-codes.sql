-- A case that ends value is asked for by one and agreed by others: at most one case a request, and none is void without.
ALTER TABLE code_case
  ADD COLUMN request bigint UNIQUE REFERENCES request (number),
  ADD COLUMN end_request bigint UNIQUE REFERENCES request (number),
  ADD CONSTRAINT code_case_void_was_agreed CHECK (state <> 'void' OR request IS NOT NULL),
  ADD CONSTRAINT code_case_end_request_ended CHECK (end_request IS NULL OR ended_at IS NOT NULL);

-- What arrived inside an open case's range while nobody looked is aside like the rest of it.
UPDATE pack SET aside = pack.aside | (held.codes & ~pack.given)
  FROM (SELECT pack.id,
               bit_or(((-1)::bit(1000) << (1000 - (upto - start)::int)) >> (start - pack.first_serial)::int) AS codes
          FROM pack
          JOIN code_case ON code_case.ended_at IS NULL AND code_case.first_serial < pack.first_serial + pack.count
           AND code_case.first_serial + code_case.count > pack.first_serial,
               LATERAL (SELECT greatest(pack.first_serial, code_case.first_serial) AS start,
                               least(pack.first_serial + pack.count, code_case.first_serial + code_case.count) AS upto) AS cut
         GROUP BY pack.id) AS held
 WHERE pack.id = held.id;
