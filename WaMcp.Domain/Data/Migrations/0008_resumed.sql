-- When an operator last let a channel send again: what the provider refused before then does not stop it once more.
ALTER TABLE channels ADD resumed_at timestamptz;
