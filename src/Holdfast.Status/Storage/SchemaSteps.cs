namespace Holdfast.Status.Storage;

/// <summary>How the database came to be what it is, step by step; the number of a step is the format that it makes.</summary>
internal static class SchemaSteps
{
    private const string Watching = """
        CREATE TABLE watchers(
            name TEXT PRIMARY KEY, location TEXT NOT NULL, token_hash BLOB NOT NULL UNIQUE,
            last_at INTEGER, interval INTEGER NOT NULL, stream TEXT NOT NULL, sequence INTEGER NOT NULL, skew INTEGER NOT NULL) STRICT;
        CREATE TABLE changes(component TEXT NOT NULL, at INTEGER NOT NULL, state INTEGER NOT NULL) STRICT;
        CREATE INDEX changes_at ON changes(component, at);
        CREATE TABLE incidents(
            id INTEGER PRIMARY KEY, title TEXT NOT NULL, started_at INTEGER NOT NULL, resolved_at INTEGER, status INTEGER NOT NULL, impact INTEGER NOT NULL,
            automatic INTEGER NOT NULL, confirmed INTEGER NOT NULL, components TEXT NOT NULL) STRICT;
        CREATE TABLE updates(
            incident INTEGER NOT NULL REFERENCES incidents(id) ON DELETE CASCADE, number INTEGER NOT NULL,
            at INTEGER NOT NULL, status INTEGER NOT NULL, text TEXT NOT NULL, automatic INTEGER NOT NULL, PRIMARY KEY(incident, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE series(id INTEGER PRIMARY KEY, component TEXT NOT NULL, location TEXT NOT NULL, step TEXT NOT NULL, UNIQUE(component, location, step)) STRICT;
        CREATE TABLE rollups(
            resolution INTEGER NOT NULL, start INTEGER NOT NULL, series INTEGER NOT NULL REFERENCES series(id),
            count INTEGER NOT NULL, late INTEGER NOT NULL, failed INTEGER NOT NULL, total REAL NOT NULL, maximum REAL NOT NULL,
            PRIMARY KEY(resolution, series, start)) STRICT, WITHOUT ROWID;
        CREATE TABLE alive(only INTEGER PRIMARY KEY CHECK(only = 1), at INTEGER NOT NULL) STRICT;
        """;

    private const string Operating = """
        ALTER TABLE incidents ADD COLUMN merged_into INTEGER;
        ALTER TABLE incidents ADD COLUMN acknowledged_at INTEGER;
        ALTER TABLE incidents ADD COLUMN postmortem TEXT NOT NULL DEFAULT '';
        ALTER TABLE incidents ADD COLUMN postmortem_at INTEGER;
        ALTER TABLE incidents ADD COLUMN locations TEXT NOT NULL DEFAULT '[]';
        CREATE TABLE maintenances(
            id INTEGER PRIMARY KEY, title TEXT NOT NULL, components TEXT NOT NULL, starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL,
            remind_before INTEGER NOT NULL, status INTEGER NOT NULL, reminded INTEGER NOT NULL) STRICT;
        CREATE TABLE maintenance_updates(
            maintenance INTEGER NOT NULL REFERENCES maintenances(id) ON DELETE CASCADE, number INTEGER NOT NULL,
            at INTEGER NOT NULL, status INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY(maintenance, number)) STRICT, WITHOUT ROWID;
        CREATE TABLE announcements(id INTEGER PRIMARY KEY AUTOINCREMENT, title TEXT NOT NULL, text TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER) STRICT;
        CREATE TABLE components(name TEXT PRIMARY KEY, description TEXT NOT NULL, objective REAL, position INTEGER NOT NULL) STRICT;
        CREATE TABLE audit(id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, who TEXT NOT NULL, action TEXT NOT NULL, subject TEXT NOT NULL) STRICT;
        CREATE TABLE operators(name TEXT PRIMARY KEY, password TEXT NOT NULL) STRICT;
        CREATE TABLE sessions(
            token_hash BLOB PRIMARY KEY, operator TEXT NOT NULL REFERENCES operators(name) ON DELETE CASCADE, form_token TEXT NOT NULL,
            made_at INTEGER NOT NULL, used_at INTEGER NOT NULL) STRICT;
        """;

    private const string Notifying = """
        CREATE TABLE subscribers(
            id TEXT PRIMARY KEY, channel TEXT NOT NULL, address TEXT NOT NULL, secret TEXT NOT NULL, components TEXT NOT NULL, locations TEXT NOT NULL,
            confirmed INTEGER NOT NULL, made_at INTEGER NOT NULL, asked_at INTEGER NOT NULL, UNIQUE(channel, address)) STRICT;
        CREATE TABLE deliveries(
            id INTEGER PRIMARY KEY AUTOINCREMENT, recipient TEXT NOT NULL, channel TEXT NOT NULL, address TEXT NOT NULL, secret TEXT NOT NULL, subject TEXT NOT NULL,
            body TEXT NOT NULL, made_at INTEGER NOT NULL, next_at INTEGER NOT NULL, attempts INTEGER NOT NULL, state INTEGER NOT NULL, done_at INTEGER, error TEXT NOT NULL) STRICT;
        CREATE UNIQUE INDEX deliveries_waiting ON deliveries(recipient, subject) WHERE state = 0;
        CREATE INDEX deliveries_due ON deliveries(state, next_at);
        CREATE INDEX deliveries_done ON deliveries(recipient, done_at);
        CREATE TABLE alerts(incident INTEGER PRIMARY KEY, stage INTEGER NOT NULL, next_at INTEGER NOT NULL) STRICT;
        CREATE TABLE secrets(name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
        """;

    /// <summary>All steps, the first first.</summary>
    public static readonly IReadOnlyList<string> All = [Watching, Operating, Notifying];
}
