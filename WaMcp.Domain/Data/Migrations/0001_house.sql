-- The house: tenants and their rights, channels, tenant-scoped records, the inbox, the queue, limits and the audit log.

-- Roles belong to the cluster, not to the database, so they may be there already, or be made at this moment by the migration of another
-- database; `admin db migrate` sets their passwords.
DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['wa_app', 'wa_audit_archiver'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I LOGIN', role);
            END IF;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END LOOP;
END
$$;

CREATE TABLE clients (
    id           uuid PRIMARY KEY,
    slug         text NOT NULL UNIQUE,
    display_name text NOT NULL,
    is_owner     boolean NOT NULL,
    disabled_at  timestamptz,
    created_at   timestamptz NOT NULL
);
-- At most one owner, whoever tries.
CREATE UNIQUE INDEX clients_one_owner ON clients (is_owner) WHERE is_owner;

CREATE TABLE api_keys (
    id                  uuid PRIMARY KEY,
    client_id           uuid NOT NULL REFERENCES clients,
    label               text NOT NULL,
    prefix              text NOT NULL UNIQUE,
    hash                bytea NOT NULL,
    pepper_id           text NOT NULL,
    scopes              text[] NOT NULL,
    rpm_limit           integer NOT NULL CHECK (rpm_limit > 0),
    daily_message_limit integer CHECK (daily_message_limit >= 0),
    expires_at          timestamptz,
    revoked_at          timestamptz,
    created_at          timestamptz NOT NULL,
    last_used_at        timestamptz
);
CREATE INDEX api_keys_of_client ON api_keys (client_id);

CREATE TABLE channels (
    id                  uuid PRIMARY KEY,
    kind                text NOT NULL,
    name                text NOT NULL UNIQUE,
    profile             text NOT NULL,
    provider_id         text NOT NULL,
    account_id          text,
    address             text NOT NULL,
    access_token_sealed bytea,
    app_secret_sealed   bytea,
    created_at          timestamptz NOT NULL,
    UNIQUE (kind, provider_id)
);

CREATE TABLE grants (
    id                uuid PRIMARY KEY,
    client_id         uuid NOT NULL REFERENCES clients,
    channel_id        uuid NOT NULL REFERENCES channels,
    tools             text[] NOT NULL,
    daily_message_cap integer CHECK (daily_message_cap >= 0),
    created_at        timestamptz NOT NULL,
    revoked_at        timestamptz
);
CREATE UNIQUE INDEX grants_one_in_force ON grants (client_id, channel_id) WHERE revoked_at IS NULL;
CREATE INDEX grants_of_channel ON grants (channel_id) WHERE revoked_at IS NULL;

-- Tenant data. Foreign keys carry the client, so a row cannot point into another client's records.
CREATE TABLE contacts (
    id               uuid PRIMARY KEY,
    client_id        uuid NOT NULL REFERENCES clients,
    channel_id       uuid NOT NULL REFERENCES channels,
    provider_user_id text,
    phone            text,
    name             text,
    created_at       timestamptz NOT NULL,
    UNIQUE (client_id, id),
    CHECK (provider_user_id IS NOT NULL OR phone IS NOT NULL)
);
CREATE UNIQUE INDEX contacts_by_provider_user_id ON contacts (client_id, channel_id, provider_user_id) WHERE provider_user_id IS NOT NULL;
CREATE UNIQUE INDEX contacts_by_phone ON contacts (client_id, channel_id, phone) WHERE phone IS NOT NULL;

CREATE TABLE conversations (
    id              uuid PRIMARY KEY,
    client_id       uuid NOT NULL REFERENCES clients,
    channel_id      uuid NOT NULL REFERENCES channels,
    contact_id      uuid NOT NULL,
    last_inbound_at timestamptz,
    last_message_at timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    UNIQUE (client_id, id),
    UNIQUE (client_id, channel_id, contact_id),
    FOREIGN KEY (client_id, contact_id) REFERENCES contacts (client_id, id)
);

CREATE TABLE messages (
    id                  uuid PRIMARY KEY,
    client_id           uuid NOT NULL REFERENCES clients,
    channel_id          uuid NOT NULL REFERENCES channels,
    conversation_id     uuid NOT NULL,
    contact_id          uuid NOT NULL,
    direction           text NOT NULL,
    kind                text NOT NULL,
    body                text,
    raw                 json, -- not jsonb: third-party text may hold escapes that jsonb refuses, and it is kept as it came
    state               text NOT NULL,
    provider_message_id text,
    error_code          text,
    error_text          text,
    pricing_category    text,
    billable            boolean,
    api_key_id          uuid REFERENCES api_keys,
    request_id          text,
    trace_parent        text,
    created_at          timestamptz NOT NULL,
    sent_at             timestamptz,
    delivered_at        timestamptz,
    read_at             timestamptz,
    failed_at           timestamptz,
    FOREIGN KEY (client_id, conversation_id) REFERENCES conversations (client_id, id),
    FOREIGN KEY (client_id, contact_id) REFERENCES contacts (client_id, id)
);
-- The provider's id makes a delivery that comes twice the same message.
CREATE UNIQUE INDEX messages_by_provider_id ON messages (client_id, channel_id, provider_message_id) WHERE provider_message_id IS NOT NULL;
CREATE INDEX messages_of_conversation ON messages (client_id, conversation_id, id);
CREATE INDEX messages_of_channel ON messages (client_id, channel_id, id);

CREATE TABLE webhook_events (
    id            uuid PRIMARY KEY,
    provider      text NOT NULL,
    body          bytea NOT NULL,
    request_id    text NOT NULL,
    signed_by     uuid[] NOT NULL, -- the BYOA channels whose app secret fits; empty for the platform's
    received_at   timestamptz NOT NULL,
    fanned_out_at timestamptz
);

CREATE TABLE jobs (
    id           uuid PRIMARY KEY,
    kind         text NOT NULL,
    client_id    uuid REFERENCES clients,
    channel_id   uuid REFERENCES channels,
    subject_id   uuid NOT NULL,
    run_at       timestamptz NOT NULL,
    attempts     integer NOT NULL DEFAULT 0,
    lease_id     uuid,
    dead_at      timestamptz,
    last_error   text,
    trace_parent text,
    created_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE dead_at IS NULL;

-- Messages per hour for the daily caps; calls per minute only while Redis is away.
CREATE TABLE rate_limit_buckets (
    subject      text NOT NULL,
    bucket_start timestamptz NOT NULL,
    count        integer NOT NULL,
    PRIMARY KEY (subject, bucket_start)
);

CREATE TABLE audit_log (
    id                  bigserial PRIMARY KEY,
    ts                  timestamptz NOT NULL,
    action              text NOT NULL,
    client_id           uuid,
    api_key_id          uuid,
    request_id          text,
    tool_name           text,
    channel_id          uuid,
    provider_message_id text,
    payload_hash        text,
    error_code          text,
    latency_ms          double precision,
    ip                  text,
    user_agent          text,
    metadata            jsonb
);
CREATE INDEX audit_log_of_client ON audit_log (client_id, ts);
CREATE INDEX audit_log_of_request ON audit_log (request_id);
CREATE INDEX audit_log_by_time ON audit_log (ts);

-- Rights. wa_app may do what the programs do; the audit log it may only add to and read.
GRANT USAGE ON SCHEMA public TO wa_app, wa_audit_archiver;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON clients, api_keys, channels, grants, contacts, conversations, messages, webhook_events, jobs, rate_limit_buckets
    TO wa_app;
GRANT SELECT, INSERT ON audit_log TO wa_app;
GRANT USAGE ON SEQUENCE audit_log_id_seq TO wa_app;
GRANT SELECT, DELETE ON audit_log TO wa_audit_archiver;

-- Row-level security: a connection sees and writes the rows of the client it carries, and none when it carries none.
CREATE FUNCTION current_client() RETURNS uuid LANGUAGE sql STABLE
    AS $$ SELECT nullif(current_setting('wamcp.client_id', true), '')::uuid $$;

ALTER TABLE contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE conversations ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON contacts TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
CREATE POLICY own_rows ON conversations TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
CREATE POLICY own_rows ON messages TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
