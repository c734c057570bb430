-- Outgoing webhooks: where clients want to be told what happens, and the jobs that tell them.

CREATE TABLE endpoints (
    id                     uuid PRIMARY KEY,
    client_id              uuid NOT NULL REFERENCES clients,
    url                    text NOT NULL,
    description            text,
    events                 text[] NOT NULL CHECK (events <> '{}'),
    channel_ids            uuid[] NOT NULL DEFAULT '{}', -- only these; none: all that are granted
    secret_sealed          bytea NOT NULL,
    -- Signs as well until then, so that a receiver can change secrets without missing anything.
    previous_secret_sealed bytea,
    previous_secret_until  timestamptz,
    created_at             timestamptz NOT NULL,
    disabled_at            timestamptz,
    disabled_reason        text,
    -- The receiver asked for this much patience.
    hold_until             timestamptz,
    -- The first failure after the last success; null while all is well.
    failing_since          timestamptz,
    last_success_at        timestamptz,
    last_failure_at        timestamptz,
    last_status            integer,
    last_error             text,
    CHECK ((disabled_at IS NULL) = (disabled_reason IS NULL)),
    CHECK ((previous_secret_sealed IS NULL) = (previous_secret_until IS NULL))
);
CREATE INDEX endpoints_in_use ON endpoints (client_id) WHERE disabled_at IS NULL;
ALTER TABLE endpoints ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_rows ON endpoints TO wa_app USING (client_id = current_client()) WITH CHECK (client_id = current_client());
GRANT SELECT, INSERT, UPDATE, DELETE ON endpoints TO wa_app;

-- A job that tells an endpoint: `event` is its type, after a colon what else names it. Endpoints take turns as channels do.
ALTER TABLE jobs DROP turn;
ALTER TABLE jobs
    ADD endpoint_id uuid REFERENCES endpoints,
    ADD event text,
    ADD turn text COLLATE "C" NOT NULL GENERATED ALWAYS AS
        (coalesce(client_id::text, '') || '/' || coalesce(endpoint_id::text, channel_id::text, '')) STORED,
    ADD CHECK ((kind = 'Notify') = (endpoint_id IS NOT NULL) AND (kind = 'Notify') = (event IS NOT NULL));
CREATE INDEX jobs_by_turn ON jobs (kind, turn, run_at, seq) WHERE dead_at IS NULL AND NOT waits;
CREATE INDEX jobs_of_endpoint ON jobs (endpoint_id, subject_id) WHERE endpoint_id IS NOT NULL;

-- Whoever writes down what happened to a message also writes the jobs that tell it: in the same transaction, by whatever way it is written, so
-- that none can be forgotten. The endpoints are those that the transaction's client has. Nothing is notified: such commits would take turns across the
-- whole cluster; a worker rings after the commit (InboundBell), and otherwise looks every few seconds.
CREATE FUNCTION tell_endpoints() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    -- Several statuses may be written down at once, and each is told.
    details text[] := CASE TG_ARGV[0]
        WHEN 'message.status' THEN array_remove(ARRAY[
            CASE WHEN NEW.state = 'Sent' AND OLD.state <> 'Sent' OR NEW.sent_at IS NOT NULL AND OLD.sent_at IS NULL THEN ':sent' END,
            CASE WHEN NEW.state = 'Delivered' AND OLD.state <> 'Delivered' OR NEW.delivered_at IS NOT NULL AND OLD.delivered_at IS NULL THEN ':delivered' END,
            CASE WHEN NEW.state = 'Read' AND OLD.state <> 'Read' OR NEW.read_at IS NOT NULL AND OLD.read_at IS NULL THEN ':read' END,
            CASE WHEN NEW.state = 'Failed' AND OLD.state <> 'Failed' THEN ':failed' END], NULL)
        WHEN 'message.edited' THEN ARRAY[':' || floor(extract(epoch FROM NEW.edited_at) * 1000)::bigint]
        ELSE ARRAY[''] END;
BEGIN
    INSERT INTO jobs (id, kind, client_id, subject_id, run_at, trace_parent, endpoint_id, event)
    SELECT gen_random_uuid(), 'Notify', NEW.client_id, NEW.id, now(), NEW.trace_parent, id, TG_ARGV[0] || detail
    FROM endpoints CROSS JOIN unnest(details) AS detail
    WHERE client_id = NEW.client_id AND disabled_at IS NULL AND TG_ARGV[0] = ANY (events) AND (channel_ids = '{}' OR NEW.channel_id = ANY (channel_ids));
    RETURN NULL;
END
$$;
-- A change of a message can come before the message itself, which is then a row without the time at which it was written. What was emptied says nothing.
CREATE TRIGGER message_received AFTER INSERT ON messages
    FOR EACH ROW WHEN (NEW.direction = 'Inbound' AND NEW.sent_at IS NOT NULL) EXECUTE FUNCTION tell_endpoints('message.received');
CREATE TRIGGER message_completed AFTER UPDATE OF sent_at ON messages
    FOR EACH ROW WHEN (NEW.direction = 'Inbound' AND OLD.sent_at IS NULL AND NEW.sent_at IS NOT NULL AND NEW.content_removed_at IS NULL) EXECUTE FUNCTION tell_endpoints('message.received');
CREATE TRIGGER message_edited AFTER UPDATE OF edited_at ON messages
    FOR EACH ROW WHEN (NEW.direction = 'Inbound' AND NEW.sent_at IS NOT NULL AND NEW.edited_at IS DISTINCT FROM OLD.edited_at AND NEW.edited_at IS NOT NULL
        AND NEW.content_removed_at IS NULL)
    EXECUTE FUNCTION tell_endpoints('message.edited');
CREATE TRIGGER message_revoked AFTER UPDATE OF revoked_at ON messages
    FOR EACH ROW WHEN (NEW.direction = 'Inbound' AND NEW.sent_at IS NOT NULL AND OLD.revoked_at IS NULL AND NEW.revoked_at IS NOT NULL)
    EXECUTE FUNCTION tell_endpoints('message.revoked');
CREATE TRIGGER message_status AFTER UPDATE OF state, sent_at, delivered_at, read_at ON messages
    FOR EACH ROW WHEN (NEW.direction = 'Outbound' AND (NEW.state <> OLD.state AND NEW.state IN ('Sent', 'Delivered', 'Read', 'Failed')
        OR (NEW.sent_at IS NULL, NEW.delivered_at IS NULL, NEW.read_at IS NULL) <> (OLD.sent_at IS NULL, OLD.delivered_at IS NULL, OLD.read_at IS NULL)))
    EXECUTE FUNCTION tell_endpoints('message.status');
