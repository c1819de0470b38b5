using System.Net.Http.Headers;
using System.Text.Json;
using Holdfast.Server.Drill.Judging;

namespace Holdfast.Server.Drill.Clients;

/// <summary>Reads the whole log at the end and writes it down: an event that was delivered, and is not there any more, was not kept.</summary>
/// <param name="server">A node's HTTP address.</param>
/// <param name="token">Its administrator's token.</param>
/// <param name="journal">Where it writes.</param>
internal sealed class LogReader(Uri server, string token, Journal journal)
{
    /// <summary>The journal's name.</summary>
    public const string Name = "log";

    private const string Pages = "/api/v1/products/default/events?limit=10000";

    /// <summary>Writes down that everything from now on is to be found.</summary>
    /// <param name="journal">Where.</param>
    /// <param name="filter">Which events.</param>
    public static void WriteSubscribed(Journal journal, string filter)
        => journal.Write(new JournalEntry { T = Journal.Now, Client = Name, Action = JournalAction.Subscribed, Topic = filter, Qos = 1 });

    /// <summary>Reads it to its end.</summary>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = server, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } };
        string after = "";
        bool isMore = true;
        while (isMore)
        {
            using JsonDocument page = JsonDocument.Parse(await http.GetStringAsync(new Uri(Pages + after, UriKind.Relative), cancellationToken));
            foreach (JsonElement stored in page.RootElement.GetProperty("events").EnumerateArray())
            {
                Write(stored);
            }

            after = $"&after={Uri.EscapeDataString(page.RootElement.GetProperty("next").GetString()!)}";
            isMore = page.RootElement.GetProperty("more").GetBoolean();
        }
    }

    private void Write(JsonElement stored)
    {
        (string publisher, long sequence) = Message.Read(stored.GetProperty("payload").GetString()!);
        journal.Write(new JournalEntry
        {
            T = Journal.Now,
            Client = Name,
            Action = JournalAction.Received,
            Publisher = publisher,
            Sequence = sequence,
            Topic = stored.GetProperty("topic").GetString(),
            Qos = 1,
            Id = stored.GetProperty("id").GetString(),
        });
    }
}
