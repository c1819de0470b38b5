namespace Holdfast.Crash.Mutants;

/// <summary>A change of the source that breaks a promise.</summary>
/// <param name="Name">What it breaks.</param>
/// <param name="Edits">What is changed.</param>
internal sealed record Mutant(string Name, params Edit[] Edits)
{
    /// <summary>PUBACK leaves when the commit begins.</summary>
    public static Mutant AcknowledgementBeforeCommit { get; } = new(
        "acknowledgement before commit",
        new Edit(
            "src/Holdfast.Log/Commit/GroupCommitter.cs",
            """
                        var append = _log.AppendAsync(batches);
            """,
            """
                        foreach (var batch in batches.Span)
                        {
                            batch.TryAddReference();
                        }

                        group.Status = AppendStatus.Appended;
                        _committed.Add(group);
                        var append = _log.AppendAsync(batches);
            """),
        new Edit(
            "src/Holdfast.Log/Commit/GroupCommitter.cs",
            """
                        Deliver(group);
                        return;
            """,
            """
                        if (batches.IsEmpty)
                        {
                            Deliver(group);
                        }

                        return;
            """));

    /// <summary>The commit writes, and does not flush.</summary>
    public static Mutant FlushRemoved { get; } = new(
        "flush removed",
        new Edit("src/Holdfast.Log/Segments/SegmentLog.cs", "            _writer.Flush();\n", ""));

    /// <summary>Checkpoints forget how far sessions are.</summary>
    public static Mutant SessionCursorNotWritten { get; } = new(
        "cursor of sessions not written",
        new Edit("src/Holdfast.Broker/Checkpoints/Checkpointer.cs", "Mark = round.Appended,", "Mark = new long[_partitionCount],"),
        new Edit("src/Holdfast.Broker/Checkpoints/Checkpointer.cs", "new SessionProgress(session.Id, cursor, ", "new SessionProgress(session.Id, null, "));

    /// <summary>Integrations forget how far they are.</summary>
    public static Mutant IntegrationCursorNotWritten { get; } = new(
        "cursor of integrations not written",
        new Edit("src/Holdfast.Log/State/Sqlite/IntegrationTable.cs", "UPDATE integration SET cursor = $3 WHERE", "UPDATE integration SET cursor = cursor WHERE $3 <> '' AND"));

    /// <summary>The database appends whoever asks: neither the epoch nor the offset is compared.</summary>
    public static Mutant FenceSkipped { get; } = new(
        "fence skipped",
        new Edit(
            "src/Holdfast.Log.Postgres/Appending/FenceDatabase.cs",
            "WHERE h.next_offset = w.base_offset AND h.epoch = w.epoch AND ($11",
            "WHERE ($11"),
        new Edit(
            "src/Holdfast.Log.Postgres/Appending/FenceDatabase.cs",
            "            JOIN moved m ON m.partition = w.partition\n",
            """
                        JOIN moved m ON m.partition = w.partition
                        ON CONFLICT (partition, base_offset, segment) DO UPDATE SET epoch = excluded.epoch, count = excluded.count, length = excluded.length,
                            first_received_at = excluded.first_received_at, last_received_at = excluded.last_received_at, checksum = excluded.checksum,
                            key_filter = excluded.key_filter, body = excluded.body

            """));

    /// <summary>Sessions of a dead node go on behind what they have confirmed.</summary>
    public static Mutant CursorRunsAhead { get; } = new(
        "cursor of a dead node's sessions lost",
        new Edit(
            "src/Holdfast.Cluster/Sessions/OrphanSettler.cs",
            "session.Cursor ?? [.. replay.Mark]",
            "[.. replay.Mark.Select(static offset => offset + 1_000)]"));

    public override string ToString() => Name;
}

/// <summary>A replacement in one file.</summary>
internal sealed record Edit(string File, string Original, string Replacement);
