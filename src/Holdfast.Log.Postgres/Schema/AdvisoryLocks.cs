using System.IO.Hashing;
using System.Text;

namespace Holdfast.Log.Postgres.Schema;

/// <summary>The numbers of the advisory locks by which nodes keep out of each other's way. They belong to a database, so the schema is part of them.</summary>
internal static class AdvisoryLocks
{
    /// <summary>Held while the schema is created or migrated.</summary>
    public static long Migration(string schema) => Of(schema, "migration");

    /// <summary>Held while segments are begun or removed.</summary>
    public static long Segments(string schema) => Of(schema, "segments");

    private static long Of(string schema, string purpose) => (long)XxHash3.HashToUInt64(Encoding.UTF8.GetBytes($"holdfast/{schema}/{purpose}"));
}
