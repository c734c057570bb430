-- Media: files that clients keep here to send them, and where providers keep copies of them.

-- The content itself lies in the media store under client and sha256. Whoever takes one away marks it first (deleted_at): the file may be
-- gone from then on.
CREATE TABLE media_objects (
    id          uuid PRIMARY KEY,
    client_id   uuid NOT NULL REFERENCES clients,
    sha256      text NOT NULL CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    mime_type   text NOT NULL,
    size        bigint NOT NULL CHECK (size > 0),
    file_name   text,
    created_at  timestamptz NOT NULL,
    accepted_at timestamptz NOT NULL, -- the last time: how long it is kept counts from then
    deleted_at  timestamptz,
    UNIQUE (client_id, id),
    UNIQUE (client_id, sha256, mime_type)
);
CREATE INDEX media_objects_deleted ON media_objects (client_id) WHERE deleted_at IS NOT NULL;

-- A provider's copy, by channel: it belongs to one number and is kept there for a while only.
CREATE TABLE media_uploads (
    id                uuid PRIMARY KEY,
    client_id         uuid NOT NULL REFERENCES clients,
    media_id          uuid NOT NULL,
    channel_id        uuid NOT NULL REFERENCES channels,
    provider_media_id text NOT NULL,
    created_at        timestamptz NOT NULL,
    expires_at        timestamptz NOT NULL,
    UNIQUE (client_id, media_id, channel_id),
    FOREIGN KEY (client_id, media_id) REFERENCES media_objects (client_id, id) ON DELETE CASCADE
);

-- Which objects a message needs; emptied when its content is.
ALTER TABLE messages ADD media_ids uuid[] NOT NULL DEFAULT '{}';
CREATE INDEX messages_with_media ON messages USING gin (media_ids) WHERE media_ids <> ARRAY[]::uuid[];

-- Since when a message's outcome is not known; what nobody confirms for long enough has failed.
ALTER TABLE messages ADD unknown_at timestamptz;
UPDATE messages SET unknown_at = created_at WHERE state = 'Unknown';
-- Not by state: a column that an index knows cannot change cheaply, and the state changes five times.
CREATE INDEX messages_unknown ON messages (client_id, unknown_at) WHERE unknown_at IS NOT NULL;
-- Room on each page for what a row becomes: then its changes cost no index anything.
ALTER TABLE messages SET (fillfactor = 80);

GRANT SELECT, INSERT, UPDATE, DELETE ON media_objects, media_uploads TO wa_app;
ALTER TABLE media_objects ENABLE ROW LEVEL SECURITY;
ALTER TABLE media_uploads ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON media_objects TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
CREATE POLICY own_rows ON media_uploads TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
