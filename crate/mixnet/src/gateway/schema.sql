-- A gateway's database. Clients are named by the 32 bytes of their identity key.

CREATE TABLE registration (
    client         BLOB PRIMARY KEY,
    shared_key     BLOB NOT NULL,
    -- Seconds since the Unix epoch; the next request to authenticate must be later.
    last_timestamp INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE bandwidth (
    client     BLOB PRIMARY KEY,
    available  INTEGER NOT NULL,   -- bytes
    expires_at INTEGER NOT NULL    -- seconds since the Unix epoch
) WITHOUT ROWID;

-- AUTOINCREMENT: a number is never used again, as sessions remember numbers to delete.
CREATE TABLE inbox (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    client      BLOB NOT NULL,
    received_at INTEGER NOT NULL,  -- seconds since the Unix epoch
    body        BLOB NOT NULL
);
CREATE INDEX inbox_by_client ON inbox (client, id);
CREATE INDEX inbox_by_age ON inbox (received_at);

-- Bytes held for each client; the row of the empty client is the sum of all.
CREATE TABLE held (
    client BLOB PRIMARY KEY,
    bytes  INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TRIGGER inbox_grows AFTER INSERT ON inbox BEGIN
    INSERT INTO held VALUES (new.client, length(new.body)), (x'', length(new.body))
        ON CONFLICT (client) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER inbox_shrinks AFTER DELETE ON inbox BEGIN
    UPDATE held SET bytes = bytes - length(old.body) WHERE client IN (old.client, x'');
    DELETE FROM held WHERE client = old.client AND bytes <= 0;
END;

PRAGMA user_version = 1;
