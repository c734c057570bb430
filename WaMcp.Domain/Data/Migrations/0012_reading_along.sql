-- As in 0008_reading.sql, but that a search begins and ends where its channel or conversation does, and looks at a thousand messages before it asks the index of
-- words: reading those is cheaper than asking in vain.
CREATE OR REPLACE FUNCTION find_messages(
    wanted tsquery, over uuid, within uuid, written text, first_id uuid, before_id uuid, most integer, budget integer DEFAULT 20000,
    OUT ids uuid[], OUT reached uuid)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp SET jit = off SET work_mem = '32MB'
    SET enable_seqscan = off SET enable_sort = off SET enable_incremental_sort = off AS $$
DECLARE
    glance CONSTANT integer := least(1000, budget);
    rare CONSTANT integer := least(1000, budget);
    mine CONSTANT uuid := current_client();
    words tsquery;
    -- Which part of the index is walked. It is named as a span of one value: as an equality it would leave the order to the id alone, which the index of ids has
    -- too, and in that are other clients' rows; a comparison of rows does not end where the channel or conversation does. Nor may all rows be read and sorted, as
    -- a plan made before the table was analyzed would have it: hence the settings above.
    along CONSTANT text := CASE WHEN within IS NULL THEN 'channel_id' ELSE 'conversation_id' END;
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
         WHERE client_id = $5 AND %1$s >= $6 AND %1$s <= $6 AND id < $7 ORDER BY %1$s DESC, id DESC LIMIT $8', along)
        USING words, wanted, over, written, mine, coalesce(within, over), before_id, budget
    LOOP
        EXIT WHEN seen.id < first_id;
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

-- As in 0005_delivery.sql, but that it wakes only those who send.
CREATE OR REPLACE FUNCTION job_lets_the_next_go() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    next uuid;
BEGIN
    SELECT id INTO next FROM jobs WHERE order_key = OLD.order_key AND dead_at IS NULL ORDER BY seq LIMIT 1 FOR UPDATE;
    IF FOUND THEN
        UPDATE jobs SET waits = false, run_at = greatest(run_at, pair_free_at(order_key)) WHERE id = next;
        PERFORM pg_notify('wamcp_jobs', OLD.kind);
    END IF;
    RETURN NULL;
END
$$;
