-- One partition of events per day, created four days ahead. A partition is dropped after 30 days.
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
