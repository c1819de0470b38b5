using System.Globalization;
using System.Text.Json;

namespace Holdfast.Server.Demo;

/// <summary>
/// Writes what a client did as JSON lines, one file for each client, for a checker that does not trust us. Without a directory nothing is written.
/// The form is described in docs/demo-journal.md.
/// </summary>
internal sealed class DemoJournal : IDisposable
{
    private readonly Lock _lock = new();
    private readonly FileStream? _file;
    private readonly TimeProvider _time;

    private DemoJournal(FileStream? file, TimeProvider time)
    {
        _file = file;
        _time = time;
    }

    /// <summary>Opens the journal of a client.</summary>
    /// <param name="directory">The directory, or null for none.</param>
    /// <param name="client">The client; its file is <c>CLIENT.jsonl</c>.</param>
    /// <param name="time">The clock.</param>
    public static DemoJournal Open(string? directory, string client, TimeProvider time)
        => new(directory is null ? null : new FileStream(Path.Combine(directory, client + ".jsonl"), FileMode.Create, FileAccess.Write, FileShare.Read), time);

    /// <summary>Writes an action.</summary>
    /// <param name="action">What was done.</param>
    /// <param name="key">The event it was done with, or null.</param>
    /// <param name="topic">The topic, or null.</param>
    /// <param name="detail">More in words, or null.</param>
    /// <param name="eventId">The broker's id of the event, or null.</param>
    public void Write(string action, EventKey? key = null, string? topic = null, string? detail = null, string? eventId = null)
    {
        if (_file is null)
        {
            return;
        }

        using var line = new MemoryStream(256);
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("at", _time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture));
            json.WriteString("action", action);
            if (key is { } named)
            {
                json.WriteString("stream", named.Stream);
                json.WriteNumber("sequence", named.Sequence);
            }

            WriteOptional(json, "topic", topic);
            WriteOptional(json, "eventId", eventId);
            WriteOptional(json, "detail", detail);
            json.WriteEndObject();
        }

        line.WriteByte((byte)'\n');
        lock (_lock)
        {
            line.WriteTo(_file);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();

    private static void WriteOptional(Utf8JsonWriter json, string name, string? value)
    {
        if (value is not null)
        {
            json.WriteString(name, value);
        }
    }
}
