-- Version 3. How sure the network is of a probability: the spread of the passes that dropout or
-- the members of an ensemble give. All NULL: not estimated (yet).

ALTER TABLE inference ADD COLUMN mean REAL;       -- of the passes
ALTER TABLE inference ADD COLUMN std  REAL;       -- of the passes
ALTER TABLE inference ADD COLUMN low  REAL;       -- ends of the 95 % interval
ALTER TABLE inference ADD COLUMN high REAL;
