-- Version 1. A store is made by running every script of this folder in order;
-- an older store is migrated by running those it has not seen.

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL                    -- JSON
) WITHOUT ROWID;

CREATE TABLE label (
    id   INTEGER PRIMARY KEY,              -- the class index of the network
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE explainer (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE,
    signed INTEGER NOT NULL,               -- 1: zero is meaningful and lies in the middle of the range
    params TEXT NOT NULL                   -- JSON
);

CREATE TABLE sample (
    id           INTEGER PRIMARY KEY,
    name         TEXT NOT NULL,
    digest       TEXT NOT NULL,            -- of the network's input, so that a resumed run knows it again
    width        INTEGER NOT NULL,
    height       INTEGER NOT NULL,
    ground_truth TEXT,                     -- JSON list of label ids; NULL: not known
    max_prob     REAL NOT NULL,            -- over its inferences; 0 when it has none
    min_prob     REAL NOT NULL,
    kinds        INTEGER NOT NULL          -- which kinds occur: 1 TP, 2 FN, 4 FP, 8 unknown, added up
);
CREATE INDEX sample_max_prob ON sample (max_prob, id);
CREATE INDEX sample_min_prob ON sample (min_prob, id);

-- Pictures are kept apart from `sample`, whose rows stay small and quick to scan.
CREATE TABLE image (
    sample_id INTEGER PRIMARY KEY REFERENCES sample,
    jpeg      BLOB NOT NULL,               -- at most 512 px
    thumbnail BLOB                         -- at most 320 px; NULL: `jpeg` is small enough
);

CREATE TABLE box (
    sample_id INTEGER NOT NULL REFERENCES sample,
    position  INTEGER NOT NULL,
    label_id  INTEGER REFERENCES label,
    x REAL NOT NULL, y REAL NOT NULL, w REAL NOT NULL, h REAL NOT NULL,   -- original pixels
    PRIMARY KEY (sample_id, position)
) WITHOUT ROWID;

CREATE TABLE inference (
    sample_id INTEGER NOT NULL REFERENCES sample,
    label_id  INTEGER NOT NULL REFERENCES label,
    prob      REAL NOT NULL,
    kind      TEXT,                        -- TP, FN, FP; NULL: no ground truth
    PRIMARY KEY (sample_id, label_id)
) WITHOUT ROWID;
CREATE INDEX inference_label_prob ON inference (label_id, kind, prob, sample_id);
CREATE INDEX inference_label_sample ON inference (label_id, kind, sample_id);
CREATE INDEX inference_kind_prob ON inference (kind, prob, sample_id);

CREATE TABLE map (
    id           INTEGER PRIMARY KEY,
    sample_id    INTEGER NOT NULL,
    label_id     INTEGER NOT NULL,
    explainer_id INTEGER NOT NULL REFERENCES explainer,
    width        INTEGER NOT NULL,
    height       INTEGER NOT NULL,
    vmin         REAL NOT NULL,            -- value of grey 0
    vmax         REAL NOT NULL,            -- value of the brightest grey (255 or 65535)
    p99          REAL NOT NULL,            -- 99 % of the values are lower; signed: of the magnitudes
    png          BLOB NOT NULL,
    UNIQUE (sample_id, label_id, explainer_id),
    FOREIGN KEY (sample_id, label_id) REFERENCES inference
);

CREATE TABLE metric (
    id               INTEGER PRIMARY KEY,
    name             TEXT NOT NULL UNIQUE,
    higher_is_better INTEGER NOT NULL,
    low              REAL,                 -- lowest possible score; NULL: no limit
    high             REAL,
    params           TEXT NOT NULL         -- JSON
);

-- What a metric says of one explanation; means are taken when they are asked for.
CREATE TABLE score (
    metric_id    INTEGER NOT NULL REFERENCES metric,
    explainer_id INTEGER NOT NULL REFERENCES explainer,
    label_id     INTEGER NOT NULL,
    sample_id    INTEGER NOT NULL,
    value        REAL NOT NULL,
    PRIMARY KEY (metric_id, explainer_id, label_id, sample_id),
    FOREIGN KEY (sample_id, label_id) REFERENCES inference
) WITHOUT ROWID;
CREATE INDEX score_sample ON score (sample_id);

-- Counts, kept by the triggers below, so that no page has to count.
CREATE TABLE facet (
    label_id INTEGER NOT NULL REFERENCES label,
    kind     TEXT NOT NULL,                -- '' where `inference.kind` is NULL
    n        INTEGER NOT NULL,
    PRIMARY KEY (label_id, kind)
) WITHOUT ROWID;

CREATE TABLE sample_count (
    kinds INTEGER PRIMARY KEY,             -- `sample.kinds`
    n     INTEGER NOT NULL
);

CREATE TRIGGER inference_added AFTER INSERT ON inference BEGIN
    INSERT INTO facet VALUES (new.label_id, coalesce(new.kind, ''), 1)
        ON CONFLICT DO UPDATE SET n = n + 1;
    -- The writer inserts a sample with these columns right; this serves labels added later.
    UPDATE sample
        SET max_prob = CASE kinds WHEN 0 THEN new.prob ELSE max(max_prob, new.prob) END,
            min_prob = CASE kinds WHEN 0 THEN new.prob ELSE min(min_prob, new.prob) END,
            kinds = kinds | CASE new.kind WHEN 'TP' THEN 1 WHEN 'FN' THEN 2 WHEN 'FP' THEN 4 ELSE 8 END
        WHERE id = new.sample_id
          AND (new.prob > max_prob OR new.prob < min_prob OR
               0 = kinds & CASE new.kind WHEN 'TP' THEN 1 WHEN 'FN' THEN 2 WHEN 'FP' THEN 4 ELSE 8 END);
END;

CREATE TRIGGER sample_added AFTER INSERT ON sample BEGIN
    INSERT INTO sample_count VALUES (new.kinds, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;

CREATE TRIGGER sample_changed AFTER UPDATE OF kinds ON sample WHEN old.kinds <> new.kinds BEGIN
    UPDATE sample_count SET n = n - 1 WHERE kinds = old.kinds;
    INSERT INTO sample_count VALUES (new.kinds, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
