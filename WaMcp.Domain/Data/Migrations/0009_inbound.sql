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

-- The secret before the present one: deliveries signed with it are accepted until it is dropped. Keyed digests of all that the channel had before
-- the present one: what is stored and was signed with one of them speaks for the channel for as long as it is kept.
ALTER TABLE channels
    ADD app_secret_previous_sealed bytea,
    ADD app_secret_rotated_at timestamptz,
    ADD app_secrets_before bytea[] NOT NULL DEFAULT '{}';

-- A delivery remembers which secret signed it, not whose it was then: an app's secret is that of all its numbers, also of those that are added later.
-- What was stored before this knows only the channels; there the first of them stands for the secret.
ALTER TABLE webhook_events ADD signer bytea;
UPDATE webhook_events SET signer = uuid_send(signed_by[1]) WHERE cardinality(signed_by) > 0;
UPDATE channels SET app_secrets_before = ARRAY(SELECT DISTINCT signer FROM webhook_events WHERE channels.id = ANY (signed_by))
WHERE EXISTS (SELECT FROM webhook_events WHERE channels.id = ANY (signed_by));
ALTER TABLE webhook_events DROP signed_by;

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
-- Whoever was known by a number alone and lost it to somebody else is known by nothing.
ALTER TABLE contacts ADD CONSTRAINT contacts_erased CHECK (
    erased_at IS NULL OR (provider_user_id IS NULL AND phone IS NULL AND name IS NULL AND username IS NULL));

-- From a contact to the conversation, which is asked more often than the other way round.
ALTER TABLE conversations DROP CONSTRAINT conversations_client_id_channel_id_contact_id_key;
ALTER TABLE conversations ADD UNIQUE (client_id, contact_id, channel_id);

-- What a person was called before. Numbers get new owners, one after the other, so one leads to a person only for what was written until they gave
-- it up; of those who had it, to the first who did after that.
CREATE TABLE contact_aliases (
    id         uuid PRIMARY KEY,
    client_id  uuid NOT NULL REFERENCES clients,
    channel_id uuid NOT NULL REFERENCES channels,
    kind       text NOT NULL CHECK (kind IN ('User', 'Phone')),
    value      text NOT NULL,
    contact_id uuid NOT NULL,
    until      timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    FOREIGN KEY (client_id, contact_id) REFERENCES contacts (client_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX contact_aliases_by_user ON contact_aliases (client_id, channel_id, value) WHERE kind = 'User';
CREATE UNIQUE INDEX contact_aliases_by_phone ON contact_aliases (client_id, channel_id, value, contact_id) WHERE kind = 'Phone';
CREATE INDEX contact_aliases_of_contact ON contact_aliases (client_id, contact_id);

-- Ids of contacts and conversations that were put together with others: whoever was given one finds the other by it.
CREATE TABLE ended_ids (
    id         uuid PRIMARY KEY,
    client_id  uuid NOT NULL REFERENCES clients,
    kept_id    uuid NOT NULL,
    created_at timestamptz NOT NULL
);
CREATE INDEX ended_ids_of_kept ON ended_ids (client_id, kept_id);

-- Statuses that came before anybody could write down the provider's id of their message, without our own id in them.
CREATE TABLE early_statuses (
    id                  uuid PRIMARY KEY,
    client_id           uuid NOT NULL REFERENCES clients,
    channel_id          uuid NOT NULL REFERENCES channels,
    provider_message_id text NOT NULL,
    state               text NOT NULL,
    document            json NOT NULL,
    created_at          timestamptz NOT NULL,
    UNIQUE (client_id, channel_id, provider_message_id, state)
);
CREATE INDEX early_statuses_by_time ON early_statuses (client_id, created_at);

ALTER TABLE contact_aliases ENABLE ROW LEVEL SECURITY;
ALTER TABLE ended_ids ENABLE ROW LEVEL SECURITY;
ALTER TABLE early_statuses ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON contact_aliases TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
CREATE POLICY own_rows ON ended_ids TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
CREATE POLICY own_rows ON early_statuses TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
GRANT SELECT, INSERT, UPDATE, DELETE ON channel_facts, contact_aliases, ended_ids, early_statuses TO wa_app;

-- What retention or erasure emptied stays empty, whatever still comes of it.
ALTER TABLE messages ADD content_removed_at timestamptz;
UPDATE messages SET content_removed_at = created_at WHERE body IS NULL AND raw IS NULL;
DROP INDEX messages_with_content;
CREATE INDEX messages_with_content ON messages (client_id, created_at) WHERE body IS NOT NULL OR raw IS NOT NULL OR content IS NOT NULL;
-- For erasing somebody, and for the foreign key when a contact goes: else all messages of the client are read.
CREATE INDEX messages_of_contact ON messages (client_id, contact_id);
-- What was given up and may be tried again follows its conversation.
CREATE INDEX jobs_dead_in_order ON jobs (order_key) WHERE dead_at IS NOT NULL AND order_key IS NOT NULL;

-- Two rows turned out to be one person. The caller has both locked, the lower id first; whoever writes with one of them waits for that. Then come
-- conversations, jobs and messages, as everywhere. Gives the number of messages that are the survivor's now.
CREATE FUNCTION merge_contacts(survivor uuid, gone uuid, over uuid, moment timestamptz) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    mine  CONSTANT uuid := current_client();
    kept  uuid;
    ended uuid;
    moved integer := 0;
BEGIN
    PERFORM FROM conversations WHERE channel_id = over AND contact_id IN (survivor, gone) ORDER BY id FOR UPDATE;
    SELECT id INTO kept FROM conversations WHERE channel_id = over AND contact_id = survivor;
    SELECT id INTO ended FROM conversations WHERE channel_id = over AND contact_id = gone;
    IF ended IS NOT NULL AND kept IS NULL THEN
        UPDATE conversations SET contact_id = survivor WHERE id = ended;
        UPDATE messages SET contact_id = survivor WHERE client_id = mine AND conversation_id = ended;
        GET DIAGNOSTICS moved = ROW_COUNT;
    ELSIF ended IS NOT NULL THEN
        UPDATE jobs SET order_key = kept WHERE order_key = ended AND dead_at IS NOT NULL;
        PERFORM FROM jobs WHERE order_key IN (kept, ended) AND dead_at IS NULL ORDER BY seq FOR UPDATE;
        -- What was unread there is new to whoever reads the conversation with a cursor. What was read or answered is not: it is nobody's next reply.
        UPDATE messages SET contact_id = survivor, conversation_id = kept,
            tx = CASE WHEN heard AND id > (SELECT read_until FROM conversations WHERE id = ended) THEN pg_current_xact_id() ELSE tx END
        WHERE client_id = mine AND conversation_id = ended;
        GET DIAGNOSTICS moved = ROW_COUNT;
        UPDATE conversations SET last_inbound_at = greatest(conversations.last_inbound_at, other.last_inbound_at),
            last_message_at = greatest(conversations.last_message_at, other.last_message_at),
            created_at = least(conversations.created_at, other.created_at),
            last_inbound_id = greatest(conversations.last_inbound_id, other.last_inbound_id),
            -- As far as both were read; where nothing was unread, that is everything.
            shown_until = coalesce(least(CASE WHEN conversations.has_unread THEN conversations.shown_until END, CASE WHEN other.has_unread THEN other.shown_until END),
                greatest(conversations.shown_until, other.shown_until)),
            read_until = coalesce(least(CASE WHEN conversations.has_unread THEN conversations.read_until END, CASE WHEN other.has_unread THEN other.read_until END),
                greatest(conversations.read_until, other.read_until))
        FROM conversations other WHERE conversations.id = kept AND other.id = ended;
        -- What is queued for either leaves in the order in which it was accepted; only the first does not wait.
        UPDATE jobs SET order_key = kept WHERE order_key = ended AND dead_at IS NULL;
        UPDATE jobs SET waits = true WHERE order_key = kept AND dead_at IS NULL AND NOT waits AND EXISTS (
            SELECT FROM jobs earlier WHERE earlier.order_key = kept AND earlier.dead_at IS NULL AND earlier.seq < jobs.seq);
        INSERT INTO pacing (subject, tat) SELECT 'pair:' || kept, tat FROM pacing WHERE subject = 'pair:' || ended
        ON CONFLICT (subject) DO UPDATE SET tat = greatest(pacing.tat, excluded.tat);
        UPDATE ended_ids SET kept_id = kept WHERE client_id = mine AND kept_id = ended;
        INSERT INTO ended_ids (id, client_id, kept_id, created_at) VALUES (ended, mine, kept, moment);
        DELETE FROM conversations WHERE id = ended;
    END IF;
    IF ended IS NOT NULL THEN
        PERFORM pg_notify('wamcp_inbound', concat_ws(' ', ended, kept, concat(mine, '/', over))); -- whoever waits for either looks again
    END IF;
    -- A number that both had had is one alias.
    UPDATE contact_aliases held SET until = greatest(held.until, other.until) FROM contact_aliases other
    WHERE held.client_id = mine AND held.contact_id = survivor AND other.client_id = mine AND other.contact_id = gone
        AND held.kind = other.kind AND held.value = other.value;
    DELETE FROM contact_aliases other USING contact_aliases held
    WHERE held.client_id = mine AND held.contact_id = survivor AND other.client_id = mine AND other.contact_id = gone
        AND held.kind = other.kind AND held.value = other.value;
    UPDATE contact_aliases SET contact_id = survivor WHERE client_id = mine AND contact_id = gone;
    UPDATE ended_ids SET kept_id = survivor WHERE client_id = mine AND kept_id = gone;
    INSERT INTO ended_ids (id, client_id, kept_id, created_at) VALUES (gone, mine, survivor, moment);
    DELETE FROM contacts WHERE id = gone;
    RETURN moved;
END
$$;
