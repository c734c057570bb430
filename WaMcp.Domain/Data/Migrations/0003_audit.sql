-- The audit log becomes tamper-evident (ADR 0004): every write of rows leaves a batch with their digests, in the same statement, and the
-- notary seals the batches into one chain.

-- Nobody adds rows while those from before the chain are counted.
LOCK TABLE audit_log IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE audit_batches (
    id         bigserial PRIMARY KEY CHECK (id > 0),
    nonce      uuid NOT NULL UNIQUE, -- the writer's: what is tried again, because its commit was in doubt, is there once
    writer     uuid,                 -- the queue it came through; null for rows in the transaction of what they tell about
    closing    boolean NOT NULL,     -- the writer's last one
    written_at timestamptz NOT NULL,
    first_id   bigint,
    last_id    bigint,
    count      integer NOT NULL,
    entries    bytea NOT NULL,       -- of each row, in the order of ids: its id (8 bytes) and the digest of its canonical form (32)
    hash       bytea NOT NULL        -- SHA-256 over header, written_at and entries
);
ALTER TABLE audit_batches ALTER entries SET STORAGE EXTERNAL; -- digests cannot be compressed
CREATE INDEX audit_batches_by_row ON audit_batches (first_id, id);
CREATE INDEX audit_batches_by_last_row ON audit_batches (last_id);
CREATE INDEX audit_batches_by_time ON audit_batches (written_at);
ALTER TABLE audit_log ADD CHECK (id > 0);

-- What the notary has still to do; no evidence.
CREATE TABLE audit_unsealed (
    batch_id bigint PRIMARY KEY REFERENCES audit_batches
);

CREATE TABLE audit_seals (
    number    bigint PRIMARY KEY,
    sealed_at timestamptz NOT NULL,
    batches   integer NOT NULL,
    entries   bytea NOT NULL, -- of each batch: its id (8 bytes) and its hash (32)
    previous  bytea NOT NULL,
    hash      bytea NOT NULL  -- SHA-256 over version, number, sealed_at, previous and entries
);

-- Seal 0 says how far the rows from before the chain go: the last id and their number, in the place of batches.
INSERT INTO audit_seals (number, sealed_at, batches, entries, previous, hash)
SELECT 0, now(), 0, entries, previous, sha256('\x01' || int8send(0) || timestamptz_send(now()) || previous || entries)
FROM (
    SELECT int8send(coalesce(max(id), 0)) || int8send(count(*)) AS entries, decode(repeat('00', 32), 'hex') AS previous FROM audit_log
) AS before;

-- Asking page by page, in the order of time.
DROP INDEX audit_log_of_client, audit_log_by_time;
CREATE INDEX audit_log_of_client ON audit_log (client_id, ts, id);
CREATE INDEX audit_log_by_time ON audit_log (ts, id);
-- What is rare is asked for over a long time; the actions of every call and send would only make writing slower.
CREATE INDEX audit_log_rare ON audit_log (action, ts, id)
    WHERE action NOT IN ('tool_called', 'key_used', 'send_attempt', 'send_success', 'webhook_received', 'webhook_processed');

-- The programs add to the evidence and read it, nothing else.
GRANT SELECT, INSERT ON audit_batches, audit_seals TO wa_app;
GRANT USAGE ON SEQUENCE audit_batches_id_seq TO wa_app;
GRANT SELECT, INSERT, DELETE ON audit_unsealed TO wa_app;
