using System.Globalization;

namespace Holdfast.Log.State.Sqlite;

/// <summary>
/// The tables, as steps from one version to the next; <c>PRAGMA user_version</c> counts the steps a file has seen. A released step never changes.
/// </summary>
internal static class StateSchema
{
    private static readonly string[] Steps =
    [
        """
        CREATE TABLE session (
            id INTEGER PRIMARY KEY,
            product TEXT NOT NULL,
            client_id TEXT NOT NULL,
            epoch INTEGER NOT NULL,
            expiry_seconds INTEGER NOT NULL,
            disconnected_at INTEGER,
            will_record BLOB,
            will_delay_seconds INTEGER,
            will_message_expiry_seconds INTEGER,
            cursor BLOB,
            exchanges BLOB,
            UNIQUE (product, client_id)
        );
        CREATE TABLE subscription (
            session_id INTEGER NOT NULL,
            filter TEXT NOT NULL,
            options INTEGER NOT NULL,
            identifier INTEGER NOT NULL,
            since BLOB NOT NULL,
            PRIMARY KEY (session_id, filter)
        ) WITHOUT ROWID;
        CREATE TABLE checkpoint (
            id INTEGER PRIMARY KEY CHECK (id = 1),
            applied_offsets BLOB NOT NULL,
            mark BLOB NOT NULL
        );
        CREATE TABLE retained (
            id INTEGER PRIMARY KEY,
            product TEXT NOT NULL,
            topic TEXT NOT NULL,
            partition INTEGER NOT NULL,
            "offset" INTEGER NOT NULL,
            record BLOB NOT NULL,
            UNIQUE (product, topic)
        );
        CREATE TABLE stream (
            partition INTEGER NOT NULL,
            key BLOB NOT NULL,
            ranges BLOB NOT NULL,
            last_seen INTEGER NOT NULL,
            PRIMARY KEY (partition, key)
        ) WITHOUT ROWID;
        CREATE TABLE integration (
            product TEXT NOT NULL,
            name TEXT NOT NULL,
            kind TEXT NOT NULL,
            filter TEXT NOT NULL,
            settings TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            cursor BLOB NOT NULL,
            PRIMARY KEY (product, name)
        ) WITHOUT ROWID;
        """,
        """
        CREATE TABLE share (
            product TEXT NOT NULL,
            filter TEXT NOT NULL,
            positions BLOB NOT NULL,
            unconfirmed BLOB NOT NULL,
            PRIMARY KEY (product, filter)
        ) WITHOUT ROWID;
        """,
        """
        CREATE TABLE dead_letter (
            product TEXT NOT NULL,
            name TEXT NOT NULL,
            partition INTEGER NOT NULL,
            "offset" INTEGER NOT NULL,
            topic TEXT NOT NULL,
            received_at INTEGER NOT NULL,
            refused_at INTEGER NOT NULL,
            status INTEGER NOT NULL,
            error TEXT NOT NULL,
            content_type TEXT NOT NULL,
            response BLOB NOT NULL,
            PRIMARY KEY (product, name, partition, "offset")
        );
        """,
        """
        CREATE TABLE identity (
            kind INTEGER NOT NULL,
            product TEXT NOT NULL,
            name TEXT NOT NULL,
            revision INTEGER NOT NULL UNIQUE,
            document TEXT,
            PRIMARY KEY (kind, product, name)
        );
        CREATE TABLE presence (
            product TEXT NOT NULL,
            device TEXT NOT NULL,
            life TEXT NOT NULL,
            is_connected INTEGER NOT NULL,
            seen_at INTEGER NOT NULL,
            PRIMARY KEY (product, device)
        ) WITHOUT ROWID;
        """,
    ];

    public static int CurrentVersion => Steps.Length;

    /// <summary>Brings a file to the current version, one transaction per step.</summary>
    /// <exception cref="StateStoreException">The file is newer than this program.</exception>
    public static void Migrate(StateConnection connection, string path)
    {
        var version = ReadVersion(connection);
        if (version > CurrentVersion)
        {
            throw new StateStoreException(
                $"The state store '{path}' has schema version {version}; this program knows versions up to {CurrentVersion}. Run the newer program.");
        }

        for (; version < CurrentVersion; version++)
        {
            var next = (version + 1).ToString(CultureInfo.InvariantCulture);
            connection.Script($"BEGIN IMMEDIATE; {Steps[version]} PRAGMA user_version = {next}; COMMIT;");
        }
    }

    private static int ReadVersion(StateConnection connection)
    {
        using var reader = connection.Query("PRAGMA user_version");
        reader.Read();
        return reader.GetInt32(0);
    }
}
