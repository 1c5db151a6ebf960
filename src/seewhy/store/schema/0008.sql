-- Version 8. Scores of which only the mean is known: those of an imported summary.

CREATE TABLE summary_score (
    id           INTEGER PRIMARY KEY,
    metric_id    INTEGER NOT NULL REFERENCES metric,
    explainer_id INTEGER NOT NULL REFERENCES explainer,
    label_id     INTEGER REFERENCES label, -- NULL: over all labels
    value        REAL NOT NULL
);
CREATE UNIQUE INDEX summary_score_once
    ON summary_score (metric_id, explainer_id, coalesce(label_id, -1));
