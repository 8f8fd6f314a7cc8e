-- The table of postgresStore. May run any number of times, and is what store.migrate() runs.
DO $$
BEGIN
  PERFORM pg_advisory_xact_lock(7165082913450911);
  IF to_regclass('"countersign_claims"') IS NULL THEN
    CREATE TABLE "countersign_claims" (
      key text COLLATE "C" PRIMARY KEY,
      token text,
      tag text NOT NULL,
      until timestamptz NOT NULL
    ) WITH (fillfactor = 80);
  END IF;
END
$$;
