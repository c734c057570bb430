-- Key rotation with a grace, and pepper rotation with a window.

ALTER TABLE api_keys
    ADD environment text NOT NULL DEFAULT 'live' CHECK (environment IN ('live', 'test')),
    ADD replaced_by uuid REFERENCES api_keys DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE api_keys ALTER environment DROP DEFAULT;
CREATE INDEX api_keys_of_pepper ON api_keys (pepper_id);

-- Peppers that are no longer current, by name; the peppers themselves are never in the database.
CREATE TABLE retired_peppers (
    id             text PRIMARY KEY,
    retired_at     timestamptz NOT NULL,
    accepted_until timestamptz NOT NULL
);

-- A retired pepper never comes back: rows are added and can only be brought forward, which is all that programs may do.
GRANT SELECT, INSERT, UPDATE (accepted_until) ON retired_peppers TO wa_app;
