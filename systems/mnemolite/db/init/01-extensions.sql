-- Extensions. The administrator runs the files of this folder at the first start. Each setup runs
-- them as the owner. The job db-credentials also creates pg_cron, because the server must have
-- loaded its library first.
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA IF NOT EXISTS partman;
CREATE EXTENSION IF NOT EXISTS pg_partman SCHEMA partman;
