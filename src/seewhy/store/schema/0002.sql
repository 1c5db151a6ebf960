-- Version 2. Metrics say what their scores mean; baselines are scored beside the explainers;
-- scores of an explainer on a sample, whatever the label.

ALTER TABLE explainer ADD COLUMN baseline INTEGER NOT NULL DEFAULT 0;  -- 1: only there to compare with

ALTER TABLE metric ADD COLUMN chance REAL;      -- expected score of a map that knows nothing; NULL: not known
ALTER TABLE metric ADD COLUMN needs_mask INTEGER NOT NULL DEFAULT 0;    -- 1: scored only where a box is known

CREATE TABLE sample_score (
    metric_id    INTEGER NOT NULL REFERENCES metric,
    explainer_id INTEGER NOT NULL REFERENCES explainer,
    sample_id    INTEGER NOT NULL REFERENCES sample,
    value        REAL NOT NULL,
    PRIMARY KEY (metric_id, explainer_id, sample_id)
) WITHOUT ROWID;
CREATE INDEX sample_score_sample ON sample_score (sample_id);
