-- What can be said: orders that come twice, templates, what usage is counted by.

-- Which message an order became. Claimed before the message is written, in the same transaction, so that of two at once the second waits.
CREATE TABLE idempotency_keys (
    id         uuid PRIMARY KEY,
    client_id  uuid NOT NULL REFERENCES clients,
    key        text NOT NULL CHECK (length(key) BETWEEN 1 AND 128),
    input_hash text NOT NULL,
    message_id uuid NOT NULL REFERENCES messages DEFERRABLE INITIALLY DEFERRED,
    created_at timestamptz NOT NULL,
    UNIQUE (client_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (client_id, created_at);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON idempotency_keys TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());

-- A copy of the provider's list, by the provider's account; several channels, of several clients, may share one.
CREATE TABLE message_templates (
    account_id           text NOT NULL,
    name                 text COLLATE "C" NOT NULL,
    language             text COLLATE "C" NOT NULL,
    category             text NOT NULL,
    status               text NOT NULL,
    has_named_parameters boolean NOT NULL,
    components           json NOT NULL,
    PRIMARY KEY (account_id, name, language)
);
CREATE TABLE template_lists (
    account_id text PRIMARY KEY,
    fetched_at timestamptz,
    changed_at timestamptz
);
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys, message_templates, template_lists TO wa_app;

-- Usage: the messages of one channel in a period.
CREATE INDEX messages_sent_by_channel ON messages (client_id, channel_id, created_at) WHERE direction = 'Outbound';
