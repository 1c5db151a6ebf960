-- Version 4. Counterfactuals: for an explained label the region that decides the prediction, or the
-- reason why there is none. Boxes are in pixels of the network's input.

CREATE TABLE counterfactual (
    sample_id     INTEGER NOT NULL,
    label_id      INTEGER NOT NULL,
    direction     TEXT NOT NULL,           -- reveal: the region alone keeps the prediction; hide: without it, it breaks
    mask          TEXT NOT NULL,           -- what covers the rest (hide: the region): 'gaussian:<radius>', numbers, 'image'
    width         INTEGER NOT NULL,        -- of the network's input
    height        INTEGER NOT NULL,
    output        REAL NOT NULL,           -- on the image itself
    target        REAL NOT NULL,           -- to be reached
    reason        TEXT,                    -- why there is no region; NULL: there is one
    start         REAL,                    -- output before the first edit; this and the next two are NULL without a region
    region_output REAL,                    -- with the steps that are `needed` edited
    region_area   REAL,                    -- share of the image that they cover
    images        INTEGER NOT NULL,        -- distinct edited images that the network was asked about
    PRIMARY KEY (sample_id, label_id),
    FOREIGN KEY (sample_id, label_id) REFERENCES inference
) WITHOUT ROWID;

-- The outcome of each layer of the search: the boxes of its steps, and of leaves of layers above it.
CREATE TABLE counterfactual_layer (
    sample_id INTEGER NOT NULL,
    label_id  INTEGER NOT NULL,
    layer     INTEGER NOT NULL,            -- 0: the largest boxes
    output    REAL NOT NULL,
    area      REAL NOT NULL,
    PRIMARY KEY (sample_id, label_id, layer),
    FOREIGN KEY (sample_id, label_id) REFERENCES counterfactual
) WITHOUT ROWID;

CREATE TABLE counterfactual_step (
    sample_id INTEGER NOT NULL,
    label_id  INTEGER NOT NULL,
    position  INTEGER NOT NULL,            -- in the order of the search
    layer     INTEGER NOT NULL,
    parent    INTEGER,                     -- position of the larger box that this one is within; NULL: the whole image
    x INTEGER NOT NULL, y INTEGER NOT NULL, w INTEGER NOT NULL, h INTEGER NOT NULL,
    output    REAL NOT NULL,               -- after this edit, on top of those before it
    change    REAL NOT NULL,               -- of the output, by this edit
    needed    INTEGER NOT NULL,            -- 1: part of the region
    PRIMARY KEY (sample_id, label_id, position),
    FOREIGN KEY (sample_id, label_id) REFERENCES counterfactual
) WITHOUT ROWID;
