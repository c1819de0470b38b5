namespace Holdfast.Log.Postgres.Schema;

/// <summary>The tables, as steps from one version to the next. A released step never changes. They run with the store's schema as search path.</summary>
internal static class SchemaSteps
{
    public static readonly IReadOnlyList<string> All =
    [
        """
        CREATE TABLE store (
            id smallint PRIMARY KEY CHECK (id = 1),
            incarnation text NOT NULL,
            partition_count smallint NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        CREATE TABLE segment (
            number bigint PRIMARY KEY,
            begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            base_offsets bigint[] NOT NULL,
            base_bytes bigint NOT NULL,
            first_received_at bigint,
            last_received_at bigint
        );
        CREATE TABLE partition_head (
            partition smallint PRIMARY KEY,
            next_offset bigint NOT NULL DEFAULT 0,
            epoch bigint NOT NULL DEFAULT 0,
            owner text,
            segment bigint NOT NULL,
            bytes bigint NOT NULL DEFAULT 0,
            first_received_at bigint,
            last_received_at bigint
        ) WITH (fillfactor = 20);
        CREATE TABLE batch (
            segment bigint NOT NULL,
            partition smallint NOT NULL,
            base_offset bigint NOT NULL,
            count integer NOT NULL,
            epoch bigint NOT NULL,
            first_received_at bigint NOT NULL,
            last_received_at bigint NOT NULL,
            length integer NOT NULL,
            checksum integer NOT NULL,
            key_filter bytea NOT NULL,
            body bytea NOT NULL,
            PRIMARY KEY (partition, base_offset, segment)
        ) PARTITION BY RANGE (segment);
        ALTER TABLE batch ALTER body SET STORAGE EXTERNAL, ALTER key_filter SET STORAGE EXTERNAL;
        """,
        """
        CREATE TABLE session (
            id bigint PRIMARY KEY,
            product text NOT NULL,
            client_id text NOT NULL,
            epoch bigint NOT NULL,
            expiry_seconds bigint NOT NULL,
            disconnected_at bigint,
            will_record bytea,
            will_delay_seconds bigint,
            will_message_expiry_seconds bigint,
            cursor bigint[],
            exchanges bytea,
            UNIQUE (product, client_id)
        );
        CREATE TABLE subscription (
            session_id bigint NOT NULL REFERENCES session ON DELETE CASCADE,
            filter text NOT NULL,
            options smallint NOT NULL,
            identifier bigint NOT NULL,
            since bigint[] NOT NULL,
            PRIMARY KEY (session_id, filter)
        );
        CREATE TABLE checkpoint (
            id smallint PRIMARY KEY CHECK (id = 1),
            applied_offsets bigint[] NOT NULL,
            mark bigint[] NOT NULL
        );
        CREATE TABLE retained (
            product text NOT NULL,
            topic text NOT NULL,
            partition smallint NOT NULL,
            "offset" bigint NOT NULL,
            record bytea NOT NULL,
            PRIMARY KEY (product, topic)
        );
        CREATE TABLE stream (
            partition smallint NOT NULL,
            key bytea NOT NULL,
            ranges bytea NOT NULL,
            last_seen bigint NOT NULL,
            PRIMARY KEY (partition, key)
        );
        CREATE TABLE share (
            product text NOT NULL,
            filter text NOT NULL,
            positions bigint[] NOT NULL,
            unconfirmed bigint[] NOT NULL,
            PRIMARY KEY (product, filter)
        );
        CREATE TABLE integration (
            product text NOT NULL,
            name text NOT NULL,
            kind text NOT NULL,
            filter text NOT NULL,
            settings text NOT NULL,
            created_at bigint NOT NULL,
            cursor bigint[] NOT NULL,
            added_by uuid NOT NULL,
            PRIMARY KEY (product, name)
        );
        """,
        """
        CREATE TABLE cluster_version (
            cluster text PRIMARY KEY,
            version integer NOT NULL
        );
        CREATE TABLE cluster_member (
            cluster text NOT NULL,
            address text NOT NULL,
            name text NOT NULL,
            host text NOT NULL,
            role text NOT NULL,
            status smallint NOT NULL,
            started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            alive_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            suspects text[] NOT NULL,
            suspected_at timestamptz[] NOT NULL,
            changed_in integer NOT NULL,
            PRIMARY KEY (cluster, address)
        );
        """,
        """
        CREATE TABLE partition_checkpoint (
            partition smallint PRIMARY KEY,
            applied_offset bigint NOT NULL,
            epoch bigint NOT NULL
        );
        ALTER TABLE stream ADD epoch bigint NOT NULL DEFAULT 0;
        CREATE TABLE migration (
            incarnation text PRIMARY KEY,
            begun_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        """,
        """
        CREATE TABLE node (
            id text PRIMARY KEY,
            zone text NOT NULL,
            mark bigint[] NOT NULL,
            started_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            fenced_at timestamptz
        ) WITH (fillfactor = 50);
        ALTER TABLE session ADD node text, ADD will_epoch bigint, ADD will_due_at bigint;
        CREATE INDEX session_node ON session (node) WHERE node IS NOT NULL;
        CREATE INDEX session_will_due ON session (will_due_at) WHERE will_due_at IS NOT NULL;
        CREATE INDEX session_expiry ON session ((disconnected_at + expiry_seconds * 1000)) WHERE node IS NULL AND will_record IS NULL;
        CREATE TABLE session_clock (
            id smallint PRIMARY KEY CHECK (id = 1),
            ticked_at bigint NOT NULL,
            paused bigint NOT NULL
        );
        INSERT INTO session_clock VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, 0);
        """,
        """
        CREATE TABLE dead_letter (
            product text NOT NULL,
            name text NOT NULL,
            partition integer NOT NULL,
            "offset" bigint NOT NULL,
            topic text NOT NULL,
            received_at bigint NOT NULL,
            refused_at bigint NOT NULL,
            status integer NOT NULL,
            error text NOT NULL,
            content_type text NOT NULL,
            response bytea NOT NULL,
            PRIMARY KEY (product, name, partition, "offset"),
            FOREIGN KEY (product, name) REFERENCES integration ON DELETE CASCADE
        );
        """,
        """
        CREATE TABLE earlier_incarnation (
            number integer PRIMARY KEY,
            name text NOT NULL,
            end_offsets bigint[] NOT NULL,
            ended_at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        """,
        """
        CREATE TABLE share_partition (
            product text NOT NULL,
            filter text NOT NULL,
            partition smallint NOT NULL,
            keeper text,
            position bigint NOT NULL,
            unconfirmed bigint[] NOT NULL DEFAULT '{}',
            handed_out bigint[] NOT NULL DEFAULT '{}',
            PRIMARY KEY (product, filter, partition)
        ) WITH (fillfactor = 50);
        CREATE INDEX share_partition_keeper ON share_partition (keeper) WHERE keeper IS NOT NULL;
        CREATE INDEX subscription_shared ON subscription (filter) WHERE filter LIKE '$share/%';
        ALTER TABLE subscription ADD retained_as_of bigint[];
        """,
        """
        CREATE TABLE identity_clock (
            id smallint PRIMARY KEY CHECK (id = 1),
            revision bigint NOT NULL
        );
        INSERT INTO identity_clock VALUES (1, 0);
        CREATE TABLE identity (
            kind smallint NOT NULL,
            product text NOT NULL,
            name text NOT NULL,
            revision bigint NOT NULL,
            document text,
            changed_by uuid NOT NULL,
            PRIMARY KEY (kind, product, name)
        );
        CREATE INDEX identity_revision ON identity (revision);
        CREATE TABLE presence (
            product text NOT NULL,
            device text NOT NULL,
            node text NOT NULL,
            is_connected boolean NOT NULL,
            seen_at bigint NOT NULL,
            PRIMARY KEY (product, device)
        );
        """,
        """
        CREATE TABLE attempt (
            partition smallint NOT NULL,
            bucket bigint NOT NULL,
            writer uuid NOT NULL,
            number bigint NOT NULL,
            product text NOT NULL,
            name text NOT NULL,
            replay_of text NOT NULL,
            first smallint NOT NULL,
            last smallint NOT NULL,
            lost_at bigint,
            body bytea NOT NULL,
            PRIMARY KEY (partition, bucket, writer, number)
        );
        CREATE INDEX attempt_lost ON attempt (lost_at) WHERE lost_at IS NOT NULL;
        """,
    ];
}
