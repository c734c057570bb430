-- Files that contacts send: fetched after their message was recorded, and whose they are.

-- What became of the file of an inbound message, and the word for why it is not here. The file itself is in media_ids, as with what is sent.
ALTER TABLE messages
    ADD file_state text CHECK (file_state IN ('Fetching', 'Stored', 'Failed')),
    ADD file_error text;

-- Whether the client itself gave it here; what was sent to it is seen over the channels on which it came.
ALTER TABLE media_objects ADD uploaded boolean NOT NULL DEFAULT true;
ALTER TABLE media_objects ALTER uploaded DROP DEFAULT;

-- Of some files of the connection's client those that a message needs. As the owner of the table, because under row-level security no index of
-- arrays is used (@> is not leakproof); so it says itself whose messages it reads.
CREATE FUNCTION media_in_use(files uuid[]) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off AS $$
    SELECT file FROM unnest(files) AS file CROSS JOIN LATERAL (
        SELECT FROM messages WHERE media_ids @> ARRAY[file] AND media_ids <> ARRAY[]::uuid[] AND client_id = current_client() LIMIT 1) one
$$;

-- The message that shows whose a file of the connection's client is: the first over some channels, a contact's before the client's own.
CREATE FUNCTION carrier_of_media(media uuid, over uuid[]) RETURNS SETOF uuid LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET enable_seqscan = off AS $$
    SELECT id FROM messages
    WHERE media_ids @> ARRAY[media] AND media_ids <> ARRAY[]::uuid[] AND client_id = current_client() AND channel_id = ANY (over)
    ORDER BY direction, id LIMIT 1
$$;
REVOKE ALL ON FUNCTION media_in_use, carrier_of_media FROM PUBLIC;
GRANT EXECUTE ON FUNCTION media_in_use, carrier_of_media TO wa_app;
