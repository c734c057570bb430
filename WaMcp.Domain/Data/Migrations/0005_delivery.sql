-- Delivery: who takes turns, what waits for what, how fast a number may send.

-- Jobs with the same order_key are done one after the other, in the order of seq: only the first of them does not wait. `turn` is who
-- shares the queue fairly with whom.
ALTER TABLE jobs
    ADD order_key uuid,
    ADD seq bigint GENERATED ALWAYS AS IDENTITY,
    ADD waits boolean NOT NULL DEFAULT false,
    ADD turn text COLLATE "C" NOT NULL GENERATED ALWAYS AS (coalesce(client_id::text, '') || '/' || coalesce(channel_id::text, '')) STORED;
UPDATE jobs SET order_key = message.conversation_id FROM messages message WHERE jobs.kind = 'Deliver' AND message.id = jobs.subject_id;
UPDATE jobs SET waits = true WHERE dead_at IS NULL AND EXISTS (
    SELECT FROM jobs earlier WHERE earlier.order_key = jobs.order_key AND earlier.dead_at IS NULL AND earlier.seq < jobs.seq);
DROP INDEX jobs_due;
CREATE INDEX jobs_by_turn ON jobs (kind, turn, run_at, seq) WHERE dead_at IS NULL AND NOT waits;
CREATE INDEX jobs_in_order ON jobs (order_key, seq) WHERE dead_at IS NULL AND order_key IS NOT NULL;

-- The earliest moment at which the next message of a subject would be due if all came evenly (GCRA): 'number:<channel>', 'pair:<conversation>'.
CREATE TABLE pacing (
    subject text PRIMARY KEY,
    tat     timestamptz NOT NULL
) WITH (fillfactor = 70); -- each send changes a row
GRANT SELECT, INSERT, UPDATE, DELETE ON pacing TO wa_app;

-- To one person WhatsApp takes a message every 6 seconds; up to 45 at once, borrowed from the time that follows
-- (https://developers.facebook.com/docs/whatsapp/cloud-api/overview#pair-rate-limits). When the pair may send next; null: at once.
CREATE FUNCTION pair_free_at(pair uuid) RETURNS timestamptz LANGUAGE sql STABLE
    AS $$ SELECT tat - interval '264 s' FROM pacing WHERE subject = 'pair:' || pair $$; -- 44 times 6 seconds ahead
CREATE FUNCTION pace_pairs(pairs uuid[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO pacing (subject, tat) SELECT 'pair:' || pair, now() + interval '6 s' FROM unnest(pairs) AS pair ORDER BY pair
    ON CONFLICT (subject) DO UPDATE SET tat = greatest(pacing.tat, now()) + interval '6 s'
$$;
-- Nothing more to these until then.
CREATE FUNCTION hold_pairs(pairs uuid[], waits interval[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO pacing (subject, tat) SELECT 'pair:' || pair, now() + wait + interval '264 s' FROM unnest(pairs, waits) AS held (pair, wait) ORDER BY pair
    ON CONFLICT (subject) DO UPDATE SET tat = greatest(pacing.tat, excluded.tat)
$$;

-- Whoever writes, completes, discards or gives up a job: the order holds, and the pace of the pair: a job whose turn it is, is due when the
-- pair may send. The first of a key is locked while another is added behind it, so that it cannot go in between without seeing what has to
-- follow it. Who adds jobs with one key side by side locks something of theirs before; for messages that is the conversation's row.
CREATE FUNCTION job_queues_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM jobs WHERE order_key = NEW.order_key AND dead_at IS NULL ORDER BY seq LIMIT 1 FOR SHARE;
    NEW.waits := FOUND;
    IF NOT NEW.waits THEN
        NEW.run_at := greatest(NEW.run_at, pair_free_at(NEW.order_key));
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER job_queues_up BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.order_key IS NOT NULL) EXECUTE FUNCTION job_queues_up();
-- One that was given up and is tried again queues up behind the one that is being done.
CREATE TRIGGER job_comes_back BEFORE UPDATE OF dead_at ON jobs
    FOR EACH ROW WHEN (NEW.order_key IS NOT NULL AND OLD.dead_at IS NOT NULL AND NEW.dead_at IS NULL) EXECUTE FUNCTION job_queues_up();

CREATE FUNCTION job_lets_the_next_go() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    next uuid;
BEGIN
    SELECT id INTO next FROM jobs WHERE order_key = OLD.order_key AND dead_at IS NULL ORDER BY seq LIMIT 1 FOR UPDATE;
    IF FOUND THEN
        UPDATE jobs SET waits = false, run_at = greatest(run_at, pair_free_at(order_key)) WHERE id = next;
        NOTIFY wamcp_jobs;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER job_done AFTER DELETE ON jobs
    FOR EACH ROW WHEN (OLD.order_key IS NOT NULL AND OLD.dead_at IS NULL AND NOT OLD.waits) EXECUTE FUNCTION job_lets_the_next_go();
CREATE TRIGGER job_given_up AFTER UPDATE OF dead_at ON jobs
    FOR EACH ROW WHEN (OLD.order_key IS NOT NULL AND OLD.dead_at IS NULL AND NEW.dead_at IS NOT NULL AND NOT OLD.waits)
    EXECUTE FUNCTION job_lets_the_next_go();

-- How fast a number may send; the provider's usual 80 messages a second.
ALTER TABLE channels
    ADD messages_per_second integer NOT NULL DEFAULT 80 CHECK (messages_per_second BETWEEN 1 AND 1000),
    -- Set when the provider refuses the whole number; until an operator resumes it, nothing of it is claimed.
    ADD stopped_at timestamptz,
    ADD stopped_reason text,
    -- When an operator last let it send again: what the provider refused before then does not stop it once more.
    ADD resumed_at timestamptz,
    ADD CHECK ((stopped_at IS NULL) = (stopped_reason IS NULL));

-- When the provider told that the person wants no more marketing.
ALTER TABLE contacts ADD marketing_stopped_at timestamptz;
ALTER TABLE messages ADD category text NOT NULL DEFAULT 'Service' CHECK (category IN ('Service', 'Utility', 'Authentication', 'Marketing'));
