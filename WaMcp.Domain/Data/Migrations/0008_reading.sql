-- Reading: what is new since somebody looked, who waits for an answer, and words.

-- The transaction that brought a message. A cursor is the snapshot of whoever read (ReadingCursor): new is what that snapshot did not hold, also
-- when it commits late with an earlier id. What was here before belongs to every snapshot.
ALTER TABLE messages ADD tx xid8 NOT NULL DEFAULT '3';
ALTER TABLE messages ALTER tx SET DEFAULT pg_current_xact_id();
CREATE INDEX messages_by_tx ON messages (client_id, tx, id);

-- What somebody wrote to be read: no reaction, no note of the provider's, nothing that was taken back before it came.
ALTER TABLE messages ADD heard boolean NOT NULL DEFAULT false;
UPDATE messages SET heard = true WHERE direction = 'Inbound' AND kind NOT IN ('system', 'reaction');
CREATE INDEX messages_heard ON messages (client_id, conversation_id, id) WHERE heard;

-- How far a conversation was heard, given to the client, and read: ids of messages, nothing is counted. Unread is what was heard after read_until.
-- A new conversation begins with its own id in all three; in it everything is later than that.
ALTER TABLE conversations
    ADD last_inbound_id uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD shown_until uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD read_until uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    ADD has_unread boolean NOT NULL GENERATED ALWAYS AS (last_inbound_id > read_until) STORED;
-- What was answered counts as read.
UPDATE conversations SET (last_inbound_id, shown_until, read_until) = (
    SELECT coalesce((array_agg(id ORDER BY id DESC))[1], conversations.id),
        coalesce((array_agg(id ORDER BY id DESC) FILTER (WHERE id < answer))[1], conversations.id),
        coalesce((array_agg(id ORDER BY id DESC) FILTER (WHERE id < answer))[1], conversations.id)
    FROM messages, LATERAL (
        SELECT (array_agg(id ORDER BY id DESC))[1] AS answer FROM messages
        WHERE client_id = conversations.client_id AND conversation_id = conversations.id AND direction = 'Outbound') answered
    WHERE client_id = conversations.client_id AND conversation_id = conversations.id AND heard);
ALTER TABLE conversations SET (fillfactor = 50); -- each message changes a row
CREATE INDEX conversations_newest ON conversations (client_id, channel_id, last_message_at, id);
CREATE INDEX conversations_unread ON conversations (client_id, channel_id, last_message_at, id) WHERE has_unread;

-- The id of a message: the one proposed, or else the first after the last. Whoever asks has the conversation locked, so in a conversation messages have
-- ids in the order in which they are committed, whatever the clocks of those who record them say.
CREATE FUNCTION later_id(proposed uuid, last uuid) RETURNS uuid LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT CASE WHEN proposed > last THEN proposed ELSE
        (left(digits, 16) || lpad(to_hex(('x' || right(digits, 16))::bit(64)::bigint + 1), 16, '0'))::uuid END
    FROM (SELECT replace(last::text, '-', '') AS digits) parts
$$;

-- Whose numbers transactions have: the cluster, and its timeline, which is another after a failover or a restore to a point in time.
CREATE FUNCTION this_cluster() RETURNS integer LANGUAGE sql VOLATILE AS $$
    SELECT hashtext(system_identifier::text || left(pg_walfile_name(pg_current_wal_lsn()), 8)) FROM pg_control_system()
$$;

-- Words of a text, with their places. Letters are compared in lower case and compatibility form (NFKC), so that full-width and half-width, ligatures
-- and letters are the same; so are both small sigmas, ß and ss, and an emoji with and without its selector. Scripts that put no spaces between words, and
-- emoji, are taken in single characters and in pairs of neighbours; of those `asked` are the ones that a query has to look for. The rest is cut at
-- everything that is no letter or digit, by these tables; lower() goes by the database's locale, so MigrateDatabase refuses one that does not know letters.
CREATE FUNCTION search_words(said text) RETURNS TABLE (word text, place integer, asked boolean) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    WITH runs AS (
        SELECT found[1] AS unsegmented, length(found[1]) AS size, found[2] AS word, number
        FROM regexp_matches(
            replace(translate(lower(normalize(translate(left(said, 10000), U&'\FE0E\FE0F', ''), NFKC)), U&'\03C2', U&'\03C3'), U&'\00DF', 'ss'),
            '([\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u1950-\u19DF\u1A20-\u1AAF\u2190-\u21FF\u2300-\u23FF\u25A0-\u27BF\u2900-\u297F\u2B00-\u2BFF\u3005-\u3007\u3041-\u309F\u30A1-\u30FA\u30FC-\u312F\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\uA4CF\uAA60-\uAADF\uAC00-\uD7A3\uF900-\uFAFF\U0001F000-\U0001FAFF\U00020000-\U0003FFFF]+)'
            || '|([^\u0001-\u002F\u003A-\u0040\u005B-\u0060\u007B-\u00A9\u00AB-\u00B4\u00B6-\u00B9\u00BB-\u00BF\u00D7\u00F7\u037E\u0387\u055A-\u055F\u0589\u058A\u05BE\u05C0\u05C3\u05F3\u05F4\u0600-\u060F\u061B-\u061F\u066A-\u066D\u06D4\u0700-\u070D\u0964\u0965\u0970\u0E00-\u0EFF\u0F04-\u0F14\u1000-\u109F\u10FB\u1360-\u1368\u1680\u1780-\u17FF\u1950-\u19DF\u1A20-\u1AAF\u2000-\u206F\u20A0-\u2BFF\u2E00-\u2E7F\u3000-\u312F\u31A0-\u31BF\u31F0-\u31FF\u3400-\u4DBF\u4E00-\uA4CF\uAA60-\uAADF\uAC00-\uD7A3\uE000-\uFAFF\uFE00-\uFE6F\uFEFF\uFFF0-\uFFFF\U0001F000-\U0001FAFF\U00020000-\U000E0FFF]+)',
            'g') WITH ORDINALITY AS run (found, number)),
    placed AS (
        SELECT unsegmented, size, runs.word, number,
            (coalesce(sum(coalesce(size, 1)) OVER (ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0))::integer AS earlier
        FROM runs),
    characters AS (
        SELECT letter, (earlier + nth)::integer AS place, lead(letter) OVER (PARTITION BY number ORDER BY nth) AS next, size = 1 AS alone
        FROM placed CROSS JOIN LATERAL unnest(string_to_array(unsegmented, NULL)) WITH ORDINALITY AS one (letter, nth))
    SELECT left(placed.word, 250), earlier + 1, true FROM placed WHERE placed.word IS NOT NULL
    UNION ALL
    SELECT letter, characters.place, alone FROM characters
    UNION ALL
    SELECT letter || next, characters.place, true FROM characters WHERE next IS NOT NULL
$$;

-- Stands in the document of every message of a client over a channel. No word looks like it.
CREATE FUNCTION search_scope(client uuid, channel uuid) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$ SELECT '-' || right(client::text, 12) || right(channel::text, 12) $$;

-- What of a message's parts is seen as text: by the names that they have in InboundContent and, of what clients send, in MessageContent. No ids, payloads, or
-- addresses behind words. Whatever the parts are, they keep no message from being recorded.
CREATE FUNCTION search_parts(parts json) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT SET search_path = pg_catalog, public, pg_temp SET jit = off AS $$
DECLARE
    whole jsonb;
    form  jsonb;
BEGIN
    whole := parts;
    BEGIN
        form := whole #>> '{reply,fields}';
        form := CASE jsonb_typeof(form) WHEN 'object' THEN form - 'flow_token' ELSE form END;
    EXCEPTION WHEN OTHERS THEN
        form := to_jsonb(whole #>> '{reply,fields}');
    END;
    RETURN (
        SELECT string_agg(shown #>> '{}', E'\n') FROM (
            SELECT shown FROM unnest(ARRAY[
                '$.file.fileName', '$.reply.title', '$.reply.description', '$.location.name', '$.location.address',
                '$.contacts.name', '$.contacts.organization', '$.contacts.title', '$.contacts.company', '$.contacts.jobTitle',
                '$.contacts.phones[*]', '$.contacts.emails[*]', '$.contacts.urls[*]', '$.contacts.addresses[*]',
                '$.fileName', '$.header.fileName', '$.action.opener', '$.action.sections.title', '$.action.sections.rows.description',
                'strict $.**.parameters[*].fileName', 'strict $.**.parameters[*].where.name', 'strict $.**.parameters[*].where.address',
                'strict $.** ? (@.part != "Button").parameters[*] ? (@.is == "text").value']::jsonpath[]) path
                CROSS JOIN LATERAL jsonb_path_query(whole, path, silent => true) shown
            UNION ALL
            SELECT jsonb_path_query(form, 'strict $.** ? (@.type() == "string" || @.type() == "number")')) all_shown);
EXCEPTION WHEN OTHERS THEN
    RETURN NULL;
END
$$;

-- Null when there is nothing that could be found: what is pruned or erased.
CREATE FUNCTION search_document(client uuid, channel uuid, said text, parts json) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE
    SET search_path = pg_catalog, public, pg_temp -- a restore has none, and computes the column anew
    SET jit = off AS $$ -- compiling takes longer than the longest text
BEGIN
    IF said IS NULL AND parts IS NULL THEN
        RETURN NULL;
    END IF;
    RETURN concat('''', search_scope(client, channel), ''' ', (
        SELECT string_agg(concat('''', word, ''':', place), ' ') FROM search_words(concat_ws(E'\n', said, search_parts(parts)))))::tsvector;
END
$$;

-- All of the phrases; null when there is no word in them. Within a phrase the words follow each other as they do in it.
CREATE FUNCTION search_query(phrases text[]) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
    SET search_path = pg_catalog, public, pg_temp SET jit = off AS $$
BEGIN
    RETURN (
        SELECT string_agg(phrase, ' & ')::tsquery FROM (
            SELECT concat('(', string_agg(concat(' <' || place - earlier || '> ', '''', word, ''''), '' ORDER BY place), ')') AS phrase
            FROM (
                SELECT number, word, place, lag(place) OVER (PARTITION BY number ORDER BY place) AS earlier
                FROM unnest(phrases) WITH ORDINALITY AS each (said, number) CROSS JOIN LATERAL search_words(each.said) WHERE asked) words
            GROUP BY number) each_phrase);
END
$$;

-- What a message holds besides its words, in no provider's terms; goes with the words.
ALTER TABLE messages ADD content json;

-- The index always says what the row says: what retention and erasure take out is out of it too. Written when the words are, not when a state changes.
-- Of what clients send, the parts are in the document that is to be sent; a text has none.
ALTER TABLE messages ADD search tsvector GENERATED ALWAYS AS (
    search_document(client_id, channel_id, body, CASE WHEN direction = 'Inbound' THEN content WHEN kind <> 'text' THEN raw END)) STORED;
CREATE INDEX messages_search ON messages USING gin (search) WITH (gin_pending_list_limit = 512);

-- The newest messages of the connection's client over one channel that hold the words, at most so many; `reached` is where it stopped looking though
-- there may be more. As the owner of the table, because under row-level security no index of words is used (@@ is not leakproof); so it says itself
-- whose messages it reads, and what it gives are ids, which are read under row-level security again.
-- It walks on from the newest. When hardly any of the first two hundred holds the words, it asks the index of words once: if only a few messages hold them
-- at all, those are all there is. Bounded are the rows that are read, not those that fit: the index knows words, but not whether they follow each other.
CREATE FUNCTION find_messages(
    wanted tsquery, over uuid, within uuid, written text, first_id uuid, before_id uuid, most integer, budget integer DEFAULT 20000,
    OUT ids uuid[], OUT reached uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
    SET enable_seqscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
DECLARE
    glance CONSTANT integer := least(200, budget);
    rare CONSTANT integer := least(1000, budget);
    mine CONSTANT uuid := current_client();
    words tsquery;
    -- All columns of one index, so that no other is walked: in that of ids there are other clients' rows. Nor may all rows be read and sorted, as a plan
    -- made before the table was analyzed would have it: hence the settings above.
    along CONSTANT text := CASE WHEN within IS NULL THEN 'client_id, channel_id, id' ELSE 'client_id, conversation_id, id' END;
    looked integer := 0;
    held integer := 0;
    candidates integer;
    found uuid[];
    seen record;
BEGIN
    ids := '{}';
    IF mine IS NULL THEN
        RETURN;
    END IF;
    words := concat('''', search_scope(mine, over), ''' & ', regexp_replace(wanted::text, '<(-|\d+)>', '&', 'g'))::tsquery;
    FOR seen IN EXECUTE format(
        'SELECT id, CASE WHEN search @@ $1 THEN search @@ $2 AND channel_id = $3 AND ($4 IS NULL OR direction = $4) END AS fits FROM messages
         WHERE (%1$s) >= ($5, $6, $7) AND (%1$s) < ($5, $6, $8) ORDER BY %2$s DESC LIMIT $9', along, replace(along, ',', ' DESC,'))
        USING words, wanted, over, written, mine, coalesce(within, over), first_id, before_id, budget
    LOOP
        looked := looked + 1;
        IF seen.fits IS NOT NULL THEN
            held := held + 1;
        END IF;
        IF seen.fits THEN
            ids := ids || seen.id;
            EXIT WHEN cardinality(ids) >= most;
        END IF;
        IF looked = glance AND held < 2 THEN
            SELECT count(*), array_agg(id ORDER BY id DESC) FILTER (
                    WHERE search @@ wanted AND client_id = mine AND channel_id = over AND (within IS NULL OR conversation_id = within)
                        AND (written IS NULL OR direction = written) AND id >= first_id AND id < before_id)
                INTO candidates, found
                FROM (SELECT * FROM messages WHERE search @@ words LIMIT rare + 1) of_all;
            IF candidates <= rare THEN
                ids := coalesce(found[1:most], '{}');
                RETURN;
            END IF;
        END IF;
        IF looked = budget THEN
            reached := seen.id;
        END IF;
    END LOOP;
END
$$;

REVOKE ALL ON FUNCTION find_messages FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_messages TO wa_app;
