using System.Globalization;
using System.Text.Json;

namespace Holdfast.Crash.Demo;

/// <summary>Reads the journals of <c>holdfast demo</c> (docs/demo-journal.md) as ours.</summary>
internal static class DemoJournals
{
    private const string Webhook = "webhook";

    public static IEnumerable<JournalEntry> Read(string directory) => Directory.EnumerateFiles(directory, "*.jsonl").SelectMany(ReadFile).Prepend(new JournalEntry
    {
        T = 0,
        Client = Webhook,
        Action = JournalAction.Subscribed,
        Topic = "devices/+/events/#",
        Qos = 1,
    });

    private static IEnumerable<JournalEntry> ReadFile(string path)
    {
        var client = Path.GetFileNameWithoutExtension(path);
        foreach (var line in File.ReadLines(path))
        {
            using var json = JsonDocument.Parse(line);
            if (Translate(client, json.RootElement) is { } entry)
            {
                yield return entry;
            }
        }
    }

    private static JournalEntry? Translate(string client, JsonElement line)
    {
        var action = Text(line, "action");
        JournalAction? ours = action switch
        {
            "publish" or "publish-again" => JournalAction.Published,
            "acknowledged" => JournalAction.Acknowledged,
            "subscribed" => JournalAction.Subscribed,
            "received" => JournalAction.Received,
            _ => null,
        };
        return ours is null ? null : new JournalEntry
        {
            T = DateTime.Parse(Text(line, "at")!, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal).Ticks / TimeSpan.TicksPerMicrosecond,
            Client = client,
            Action = ours.Value,
            Publisher = Text(line, "stream"),
            Sequence = line.TryGetProperty("sequence", out var sequence) ? sequence.GetInt64() : 0,
            Topic = Text(line, "topic"),

            // Stream and sequence make a publish one event, as QoS 2 does.
            Qos = ours == JournalAction.Published ? 2 : 1,
            Dup = action == "publish-again",
            Id = Text(line, "eventId"),
        };
    }

    private static string? Text(JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
