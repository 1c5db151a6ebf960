-- Version 7. Samples in the order of the uncertainty of their probabilities.

ALTER TABLE sample ADD COLUMN max_std REAL;       -- over its inferences; NULL: none is estimated
ALTER TABLE sample ADD COLUMN min_std REAL;
UPDATE sample SET
    max_std = (SELECT max(std) FROM inference WHERE sample_id = sample.id),
    min_std = (SELECT min(std) FROM inference WHERE sample_id = sample.id);

CREATE INDEX sample_max_std ON sample (max_std, id);
CREATE INDEX sample_min_std ON sample (min_std, id);
CREATE INDEX inference_label_std ON inference (label_id, kind, std, sample_id);
CREATE INDEX inference_kind_std ON inference (kind, std, sample_id);

CREATE TRIGGER inference_estimated AFTER UPDATE OF std ON inference BEGIN
    UPDATE sample
        SET max_std = max(coalesce(max_std, new.std), new.std),
            min_std = min(coalesce(min_std, new.std), new.std)
        WHERE id = new.sample_id
          AND (max_std IS NULL OR new.std > max_std OR new.std < min_std);
END;
