-- One partition of events a day, made four days ahead; after 30 days a partition is dropped.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM partman.part_config WHERE parent_table = 'public.events') THEN
        PERFORM partman.create_parent(
            p_parent_table => 'public.events', p_control => 'at', p_interval => '1 day', p_premake => 4
        );
    END IF;
END $$;

UPDATE partman.part_config
SET retention = '30 days', retention_keep_table = false, infinite_time_partitions = true
WHERE parent_table = 'public.events';
