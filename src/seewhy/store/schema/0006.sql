-- Version 6. Counterfactuals are listed by what was found: filters, orders and counts that never
-- look at more rows than they show.

ALTER TABLE counterfactual ADD COLUMN kind TEXT;                       -- of its inference
ALTER TABLE counterfactual ADD COLUMN steps INTEGER NOT NULL DEFAULT 0;
-- 1 TP, 2 FN, 4 FP, 8 unknown; times 16 without a region.
ALTER TABLE counterfactual ADD COLUMN bit INTEGER GENERATED ALWAYS AS (
    CASE kind WHEN 'TP' THEN 1 WHEN 'FN' THEN 2 WHEN 'FP' THEN 4 ELSE 8 END
    << (4 * (reason IS NOT NULL))
) VIRTUAL;

UPDATE counterfactual SET
    kind = (SELECT kind FROM inference AS i
            WHERE i.sample_id = counterfactual.sample_id AND i.label_id = counterfactual.label_id),
    steps = (SELECT count(*) FROM counterfactual_step AS s
             WHERE s.sample_id = counterfactual.sample_id AND s.label_id = counterfactual.label_id);

CREATE INDEX counterfactual_id ON counterfactual (bit, sample_id);
CREATE INDEX counterfactual_output ON counterfactual (bit, output, sample_id);
CREATE INDEX counterfactual_area ON counterfactual (bit, region_area, sample_id);
CREATE INDEX counterfactual_steps ON counterfactual (bit, steps, sample_id);
CREATE INDEX counterfactual_label_id ON counterfactual (label_id, bit, sample_id);
CREATE INDEX counterfactual_label_output ON counterfactual (label_id, bit, output, sample_id);
CREATE INDEX counterfactual_label_area ON counterfactual (label_id, bit, region_area, sample_id);
CREATE INDEX counterfactual_label_steps ON counterfactual (label_id, bit, steps, sample_id);

-- Counts, kept by the trigger below.
CREATE TABLE counterfactual_facet (
    label_id INTEGER NOT NULL REFERENCES label,
    bit      INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    PRIMARY KEY (label_id, bit)
) WITHOUT ROWID;

CREATE TABLE counterfactual_sample_count (
    bits INTEGER PRIMARY KEY,              -- which ones a sample has, added up
    n    INTEGER NOT NULL
);

INSERT INTO counterfactual_facet
    SELECT label_id, bit, count(*) FROM counterfactual GROUP BY label_id, bit;
INSERT INTO counterfactual_sample_count
    SELECT bits, count(*) FROM
        (SELECT sum(DISTINCT bit) AS bits FROM counterfactual GROUP BY sample_id)
    GROUP BY bits;

CREATE TRIGGER counterfactual_added AFTER INSERT ON counterfactual BEGIN
    INSERT INTO counterfactual_facet VALUES (new.label_id, new.bit, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    UPDATE counterfactual_sample_count SET n = n - 1 WHERE bits =
        (SELECT sum(DISTINCT bit) FROM counterfactual
         WHERE sample_id = new.sample_id AND label_id <> new.label_id);
    INSERT INTO counterfactual_sample_count
        SELECT sum(DISTINCT bit), 1 FROM counterfactual WHERE sample_id = new.sample_id
        ON CONFLICT DO UPDATE SET n = n + 1;
END;
