-- Receiving: what became of each delivery, what providers say about their numbers, what a message holds besides its words, and who is who.

-- What a delivery came to: the words of it, how many of each, and the channels it spoke of. Empty until it was taken apart.
ALTER TABLE webhook_events
    ADD outcomes text[] NOT NULL DEFAULT '{}',
    ADD counts jsonb NOT NULL DEFAULT '{}',
    ADD channel_ids uuid[] NOT NULL DEFAULT '{}';

-- What the provider tells the operator: templates, quality, limits, the account. The digest makes a delivery that comes twice one fact.
CREATE TABLE channel_facts (
    id         uuid PRIMARY KEY,
    channel_id uuid NOT NULL REFERENCES channels,
    kind       text NOT NULL,
    payload    json NOT NULL,
    digest     text NOT NULL,
    told_at    timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (channel_id, digest)
);
CREATE INDEX channel_facts_by_time ON channel_facts (channel_id, told_at);

-- The secret before the present one: deliveries signed with it are accepted until it is dropped.
ALTER TABLE channels ADD app_secret_previous_sealed bytea;

ALTER TABLE messages
    ADD edited_at timestamptz,
    ADD revoked_at timestamptz;

-- The times say how fresh the provider's word is: a late delivery does not bring back what was before.
ALTER TABLE contacts
    ADD username text,
    ADD told_at timestamptz,
    ADD user_told_at timestamptz,
    ADD phone_told_at timestamptz,
    ADD marketing_told_at timestamptz;
UPDATE contacts SET marketing_told_at = marketing_stopped_at;
ALTER TABLE contacts DROP CONSTRAINT contacts_somebody;
ALTER TABLE contacts ADD CONSTRAINT contacts_somebody CHECK (
    CASE WHEN erased_at IS NULL THEN provider_user_id IS NOT NULL OR phone IS NOT NULL
         ELSE provider_user_id IS NULL AND phone IS NULL AND name IS NULL AND username IS NULL END);

-- What a person was called before. Numbers get new owners, so one leads to the person only for what was written until then.
CREATE TABLE contact_aliases (
    id         uuid PRIMARY KEY,
    client_id  uuid NOT NULL REFERENCES clients,
    channel_id uuid NOT NULL REFERENCES channels,
    kind       text NOT NULL CHECK (kind IN ('User', 'Phone')),
    value      text NOT NULL,
    contact_id uuid NOT NULL,
    until      timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (client_id, channel_id, kind, value),
    FOREIGN KEY (client_id, contact_id) REFERENCES contacts (client_id, id) ON DELETE CASCADE
);
CREATE INDEX contact_aliases_of_contact ON contact_aliases (client_id, contact_id);
ALTER TABLE contact_aliases ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON contact_aliases TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
GRANT SELECT, INSERT, UPDATE, DELETE ON channel_facts, contact_aliases TO wa_app;

-- Two rows turned out to be one person. The caller has both locked, the lower id first; whoever writes with one of them waits for that.
CREATE FUNCTION merge_contacts(survivor uuid, gone uuid, over uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    kept  uuid;
    ended uuid;
BEGIN
    PERFORM FROM conversations WHERE channel_id = over AND contact_id IN (survivor, gone) ORDER BY id FOR UPDATE;
    SELECT id INTO kept FROM conversations WHERE channel_id = over AND contact_id = survivor;
    SELECT id INTO ended FROM conversations WHERE channel_id = over AND contact_id = gone;
    IF ended IS NOT NULL AND kept IS NULL THEN
        UPDATE conversations SET contact_id = survivor WHERE id = ended;
        UPDATE messages SET contact_id = survivor WHERE conversation_id = ended;
    ELSIF ended IS NOT NULL THEN
        UPDATE messages SET contact_id = survivor, conversation_id = kept WHERE conversation_id = ended;
        UPDATE conversations SET last_inbound_at = greatest(conversations.last_inbound_at, other.last_inbound_at),
            last_message_at = greatest(conversations.last_message_at, other.last_message_at),
            created_at = least(conversations.created_at, other.created_at), unread = conversations.unread + other.unread
        FROM conversations other WHERE conversations.id = kept AND other.id = ended;
        -- What is queued for either leaves in the order in which it was accepted; only the first does not wait.
        UPDATE jobs SET order_key = kept WHERE order_key = ended;
        UPDATE jobs SET waits = true WHERE order_key = kept AND dead_at IS NULL AND NOT waits AND EXISTS (
            SELECT FROM jobs earlier WHERE earlier.order_key = kept AND earlier.dead_at IS NULL AND earlier.seq < jobs.seq);
        INSERT INTO pacing (subject, tat) SELECT 'pair:' || kept, tat FROM pacing WHERE subject = 'pair:' || ended
        ON CONFLICT (subject) DO UPDATE SET tat = greatest(pacing.tat, excluded.tat);
        DELETE FROM conversations WHERE id = ended;
    END IF;
    UPDATE contact_aliases SET contact_id = survivor WHERE contact_id = gone;
    DELETE FROM contacts WHERE id = gone;
END
$$;
