-- Retention: how long a client's content is kept, what the Worker does once a day, and contacts that were erased.

-- Null: as long as the Worker's setting says. Deliveries of providers are kept for seven days, so nothing shorter could be promised.
ALTER TABLE clients ADD retention_days integer CHECK (retention_days BETWEEN 7 AND 36500);

-- What runs once a day and once across replicas: when it is due, and how its last run ended.
CREATE TABLE duties (
    name       text PRIMARY KEY,
    due_at     timestamptz NOT NULL,
    started_at timestamptz,
    ended_at   timestamptz,
    error      text,
    counts     jsonb
);

-- Somebody who was erased keeps an id, so that what was sent and received still counts, and nothing that tells who it was.
ALTER TABLE contacts ADD erased_at timestamptz;
ALTER TABLE contacts DROP CONSTRAINT contacts_check;
ALTER TABLE contacts ADD CONSTRAINT contacts_somebody CHECK (
    CASE WHEN erased_at IS NULL THEN provider_user_id IS NOT NULL OR phone IS NOT NULL
         ELSE provider_user_id IS NULL AND phone IS NULL AND name IS NULL END);

-- What pruning looks for.
CREATE INDEX messages_with_content ON messages (client_id, created_at) WHERE body IS NOT NULL OR raw IS NOT NULL;
CREATE INDEX webhook_events_fanned_out ON webhook_events (received_at) WHERE fanned_out_at IS NOT NULL;

GRANT SELECT, INSERT, UPDATE ON duties TO wa_app;
