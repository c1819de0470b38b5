using System.Text.Json;
using Holdfast.Server.CommandLine;

namespace Holdfast.Server.StatusPage;

/// <summary>Writes a status page as files for any web host, so that it outlives its own server.</summary>
internal static class ExportCommand
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30);

    /// <summary>Reads every document of a page that runs, and writes each that changed.</summary>
    /// <param name="server">The page's address.</param>
    /// <param name="directory">Where to write; made when it is missing.</param>
    /// <param name="terminal">The standard streams.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(Uri server, string directory, Terminal terminal, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = new Uri(server.ToString().TrimEnd('/') + "/"), Timeout = Timeout };
        try
        {
            using JsonDocument site = JsonDocument.Parse(await http.GetByteArrayAsync(new Uri("site.json", UriKind.Relative), cancellationToken));
            string[] paths = [.. site.RootElement.GetProperty("paths").EnumerateArray().Select(path => path.GetString()!)];
            if (paths.FirstOrDefault(path => !IsBelow(path)) is { } outside)
            {
                return terminal.Fail($"{server} names the path '{outside}', which is not below {directory}. Nothing was written.");
            }

            int written = 0;
            foreach (string path in paths)
            {
                written += await WriteAsync(Path.Combine(directory, path), await http.GetByteArrayAsync(new Uri(path, UriKind.Relative), cancellationToken), cancellationToken) ? 1 : 0;
            }

            terminal.Text.WriteLine($"{paths.Length} documents, {written} of them changed");
            return ExitCodes.Success;
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return terminal.Fail($"{server} could not be exported: {exception.GetBaseException().Message.TrimEnd('.')}. Does 'holdfast status serve' run there?");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return terminal.Fail(exception.Message);
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return terminal.Fail($"{server} did not answer within {Timeout.TotalSeconds:0} s.");
        }
    }

    private static bool IsBelow(string path)
        => path.Length > 0 && path[0] != '/' && path.All(character => char.IsAsciiLetterOrDigit(character) || character is '/' or '.' or '-' or '_') && !path.Contains("..", StringComparison.Ordinal);

    // Whoever reads meanwhile sees the old document or the new one, never half of one.
    private static async Task<bool> WriteAsync(string file, byte[] content, CancellationToken cancellationToken)
    {
        if (File.Exists(file) && (await File.ReadAllBytesAsync(file, cancellationToken)).AsSpan().SequenceEqual(content))
        {
            return false;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        string draft = $"{file}.new";
        await File.WriteAllBytesAsync(draft, content, cancellationToken);
        File.Move(draft, file, overwrite: true);
        return true;
    }
}
