-- Extensions. The files of this folder run at the first start and in each setup.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA IF NOT EXISTS partman;
CREATE EXTENSION IF NOT EXISTS pg_partman SCHEMA partman;

-- Only where its library is loaded. A new cluster may be created without it. The setup, on the running server,
-- requires it.
DO $$
BEGIN
    IF current_setting('shared_preload_libraries') LIKE '%pg_cron%'
        AND current_setting('cron.database_name', true) = current_database()
    THEN
        CREATE EXTENSION IF NOT EXISTS pg_cron;
    END IF;
END $$;
