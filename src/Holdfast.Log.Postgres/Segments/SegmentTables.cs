using System.Globalization;

namespace Holdfast.Log.Postgres.Segments;

/// <summary>The time partitions of the table of batches: one table for each segment.</summary>
internal static class SegmentTables
{
    /// <summary>The table of a segment.</summary>
    public static string Name(long segment) => string.Create(CultureInfo.InvariantCulture, $"batch_{segment}");

    /// <summary>
    /// Makes a segment's table. It is made apart and then attached, which does not lock out appends and reads as making it in place would.
    /// </summary>
    public static string Create(long segment) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        CREATE TABLE {Name(segment)} (LIKE batch INCLUDING STORAGE);
        ALTER TABLE batch ATTACH PARTITION {Name(segment)} FOR VALUES FROM ({segment}) TO ({segment + 1});
        """);
}
