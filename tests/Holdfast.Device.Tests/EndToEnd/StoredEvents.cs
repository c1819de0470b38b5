using System.Text.Json;

namespace Holdfast.Device.Tests.EndToEnd;

/// <summary>What a server has stored, read page by page.</summary>
internal static class StoredEvents
{
    public static async Task<List<(string Stream, ulong Sequence, string Payload)>> ReadAsync(ServerProcess server, string device)
    {
        using var http = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.HttpPort}") };
        List<(string, ulong, string)> all = [];
        var after = "from=0";
        while (true)
        {
            using var page = JsonDocument.Parse(await http.GetStringAsync($"/api/v1/products/default/events?device={device}&{after}&limit=1000", TestContext.Current.CancellationToken));
            var events = page.RootElement.GetProperty("events").EnumerateArray().ToList();
            all.AddRange(events.Select(e => (e.GetProperty("stream").GetString()!, e.GetProperty("sequence").GetUInt64(), e.GetProperty("payload").ToString())));
            if (!page.RootElement.GetProperty("more").GetBoolean())
            {
                return all;
            }

            after = $"after={Uri.EscapeDataString(page.RootElement.GetProperty("next").GetString()!)}";
        }
    }
}
