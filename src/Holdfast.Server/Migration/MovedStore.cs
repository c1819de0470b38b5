using Holdfast.Log.Segments;

namespace Holdfast.Server.Migration;

/// <summary>The mark in a data directory whose store lives in a cluster now: served again it would be a second one with the same events.</summary>
internal static class MovedStore
{
    private const string FileName = "moved";

    /// <summary>Leaves the mark.</summary>
    /// <param name="directory">The data directory.</param>
    /// <param name="schema">Where the store is now.</param>
    public static void Mark(string directory, string schema)
        => File.WriteAllText(Path.Combine(directory, FileName), $"This store was moved to the schema '{schema}' of a cluster's database at {DateTimeOffset.UtcNow:O}.\n");

    /// <summary>Refuses to serve a store that was moved.</summary>
    /// <param name="directory">The data directory.</param>
    /// <exception cref="StoreUnusableException">It was moved.</exception>
    public static void Refuse(string directory)
    {
        var file = Path.Combine(directory, FileName);
        if (File.Exists(file))
        {
            throw new StoreUnusableException(
                $"{File.ReadAllText(file).Trim()} Serve it with --cluster; or, if that cluster was never used, remove the file {file} to serve it here again.");
        }
    }
}
