namespace Holdfast.Server.Bench.Results;

/// <summary>The files that <c>--output FILE</c> asks for.</summary>
internal static class BenchOutput
{
    /// <summary>Writes <c>FILE.md</c> and <c>FILE.json</c>.</summary>
    /// <param name="file">The name without its ending; null writes nothing.</param>
    /// <param name="table">For people.</param>
    /// <param name="json">For programs.</param>
    /// <param name="cancellationToken">Ends the writing.</param>
    public static async Task WriteAsync(string? file, string table, string json, CancellationToken cancellationToken)
    {
        if (file is not null)
        {
            await File.WriteAllTextAsync(file + ".md", table + "\n", cancellationToken);
            await File.WriteAllTextAsync(file + ".json", json + "\n", cancellationToken);
        }
    }
}
