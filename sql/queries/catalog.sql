-- insert_profile --
-- What classification found in one column.
INSERT INTO catalog.column_profile (batch_id, field, declared, entity, category, level, code, confidence, cells, found,
                                    also, share, recognizers, look, sealed_level)
VALUES (:batch_id, :field, :declared, :entity, :category, :level, :code, :confidence, :cells, :found,
        CAST(:also AS jsonb), :share, :recognizers, :look, :sealed_level);

-- insert_finding --
-- Where a column is not what its plan declares.
INSERT INTO catalog.finding (batch_id, field, kind, declared, found, level, confidence, cells, share, look)
VALUES (:batch_id, :field, :kind, :declared, :found, :level, :confidence, :cells, :share, :look);
