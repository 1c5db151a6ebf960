-- Version 9. Counts of uncertain samples, so that no page has to count them.

ALTER TABLE inference ADD COLUMN level INTEGER GENERATED ALWAYS AS (  -- how many of these `std` reaches
    (std >= 0.01) + (std >= 0.02) + (std >= 0.05) + (std >= 0.1) + (std >= 0.2)
) VIRTUAL;
-- The highest level of each kind: TP + 8 FN + 64 FP + 512 unknown.
ALTER TABLE sample ADD COLUMN levels INTEGER NOT NULL DEFAULT 0;

CREATE TABLE level_count (
    levels INTEGER PRIMARY KEY,            -- `sample.levels`, if not 0
    n      INTEGER NOT NULL
);
CREATE TABLE label_level (
    label_id INTEGER NOT NULL REFERENCES label,
    kind     TEXT NOT NULL,                -- '' where `inference.kind` is NULL
    level    INTEGER NOT NULL,             -- `inference.level`, if not 0
    n        INTEGER NOT NULL,
    PRIMARY KEY (label_id, kind, level)
) WITHOUT ROWID;

UPDATE sample SET levels = (
    SELECT coalesce(max(CASE kind WHEN 'TP' THEN level END), 0)
        + 8 * coalesce(max(CASE kind WHEN 'FN' THEN level END), 0)
        + 64 * coalesce(max(CASE kind WHEN 'FP' THEN level END), 0)
        + 512 * coalesce(max(CASE WHEN kind IS NULL THEN level END), 0)
    FROM inference WHERE sample_id = sample.id
) WHERE max_std IS NOT NULL;
INSERT INTO level_count SELECT levels, count(*) FROM sample WHERE levels <> 0 GROUP BY levels;
INSERT INTO label_level
    SELECT label_id, coalesce(kind, ''), level, count(*) FROM inference
    WHERE level > 0 GROUP BY label_id, kind, level;

-- An estimate is written once and never changed.
CREATE TRIGGER inference_levelled AFTER UPDATE OF std ON inference
WHEN old.std IS NULL AND new.level > 0 BEGIN
    INSERT INTO label_level VALUES (new.label_id, coalesce(new.kind, ''), new.level, 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    UPDATE sample
        SET levels = levels + ((new.level
                - (levels >> CASE new.kind WHEN 'TP' THEN 0 WHEN 'FN' THEN 3 WHEN 'FP' THEN 6 ELSE 9 END & 7))
            << CASE new.kind WHEN 'TP' THEN 0 WHEN 'FN' THEN 3 WHEN 'FP' THEN 6 ELSE 9 END)
        WHERE id = new.sample_id AND new.level
            > (levels >> CASE new.kind WHEN 'TP' THEN 0 WHEN 'FN' THEN 3 WHEN 'FP' THEN 6 ELSE 9 END & 7);
END;

CREATE TRIGGER sample_levelled AFTER UPDATE OF levels ON sample WHEN old.levels <> new.levels BEGIN
    UPDATE level_count SET n = n - 1 WHERE levels = old.levels;
    INSERT INTO level_count VALUES (new.levels, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
