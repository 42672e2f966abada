-- The database of the Todo service, as a person reads it.
-- The service creates what is missing here at its start; core/database/tables.py says the same, and a
-- test compares the two. Load it by hand where the service has no right to create tables.

CREATE TABLE users (
    id            uuid                     DEFAULT gen_random_uuid() NOT NULL,
    email         character varying(255)   NOT NULL,  -- trimmed and in lower case
    password_hash character varying(255)   NOT NULL,  -- bcrypt, or '!' where Better Auth has the password
    created_at    timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_lower_case_check CHECK (email = lower(email COLLATE "C"))
);

CREATE TABLE tasks (
    id          uuid                     DEFAULT gen_random_uuid() NOT NULL,
    title       character varying(255)   NOT NULL,
    description character varying(1000),
    completed   boolean                  DEFAULT false NOT NULL,
    user_id     uuid                     NOT NULL,  -- the owner; nobody else sees the task
    created_at  timestamp with time zone DEFAULT now() NOT NULL,
    updated_at  timestamp with time zone DEFAULT now() NOT NULL,  -- moves with every PUT
    CONSTRAINT tasks_pkey PRIMARY KEY (id),
    CONSTRAINT tasks_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT tasks_title_not_blank_check CHECK (btrim(title) <> '')
);

-- The list: one user's tasks, newest first, read in this order without sorting.
CREATE INDEX tasks_list_idx ON tasks (user_id, created_at DESC, id);

-- Creates with an Idempotency-Key, for 24 hours: a repeated one gets the answer of the first.
CREATE TABLE idempotency_keys (
    user_id     uuid                     NOT NULL,
    key         character varying(255)   NOT NULL,  -- chosen by the client
    fingerprint bytea                    NOT NULL,  -- SHA-256 of the request
    row_id      uuid                     DEFAULT gen_random_uuid() NOT NULL,  -- the task that it made
    created_at  timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key),
    CONSTRAINT idempotency_keys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE
);

-- The expired ones are found in this order, and go a few with each new one.
CREATE INDEX idempotency_keys_created_at_idx ON idempotency_keys (created_at);
