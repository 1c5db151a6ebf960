-- Version 5. Tabular jobs. A row of a table is a `sample` without a picture (its width and height
-- are 0), an output of the model a `label`; `inference` holds what the model says, as for images.

CREATE TABLE feature (
    id         INTEGER PRIMARY KEY,        -- the column of the data
    name       TEXT NOT NULL UNIQUE,
    categories TEXT                        -- JSON object of names by code; NULL: numbers
);

CREATE TABLE tabular_row (
    sample_id INTEGER PRIMARY KEY REFERENCES sample,
    features  TEXT NOT NULL,               -- JSON list: a number for each feature
    outputs   TEXT NOT NULL,               -- JSON list: what the model answers, for each label
    truth     REAL                         -- of a regression; NULL: not known, or a classification
);

-- What an explainer says of one output for one row.
CREATE TABLE attribution (
    id           INTEGER PRIMARY KEY,
    sample_id    INTEGER NOT NULL REFERENCES sample,
    label_id     INTEGER NOT NULL REFERENCES label,
    explainer_id INTEGER NOT NULL REFERENCES explainer,
    base         REAL NOT NULL,            -- where the values start from: SHAP's mean output, LIME's intercept
    output       REAL NOT NULL,            -- the output that is explained
    fit          REAL,                     -- R² of LIME's linear model; NULL: not LIME
    weights      TEXT,                     -- JSON list: a value for each feature; NULL: there are rules instead
    UNIQUE (explainer_id, label_id, sample_id)
);
CREATE INDEX attribution_sample ON attribution (sample_id);

CREATE TABLE rule (
    sample_id    INTEGER NOT NULL,
    label_id     INTEGER NOT NULL,
    explainer_id INTEGER NOT NULL,
    position     INTEGER NOT NULL,         -- 0: the largest |weight|
    feature_id   INTEGER NOT NULL REFERENCES feature,
    description  TEXT NOT NULL,            -- as in "4.25 < petal length <= 5.10"
    weight       REAL NOT NULL,
    PRIMARY KEY (sample_id, label_id, explainer_id, position),
    FOREIGN KEY (explainer_id, label_id, sample_id)
        REFERENCES attribution (explainer_id, label_id, sample_id)
) WITHOUT ROWID;

-- What an explainer says of the model as a whole: a value for each feature.
CREATE TABLE coefficient (
    explainer_id INTEGER NOT NULL REFERENCES explainer,
    label_id     INTEGER NOT NULL REFERENCES label,
    view_id      INTEGER REFERENCES label, -- seen from this class; NULL: from all others
    weights      TEXT NOT NULL,            -- JSON list
    digest       TEXT NOT NULL,            -- of the rows that it was made of
    UNIQUE (explainer_id, label_id, view_id)
);
