using System.Text;
using Holdfast.Device.Outbox;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Outbox;

/// <summary>Stores over simulated files, and short words for what tests do with them.</summary>
internal static class OutboxHarness
{
    public static readonly OutboxOptions Small = new() { MaximumBytes = OutboxOptions.MinimumBytes };

    public static OutboxStore Open(SimulatedFiles files, OutboxOptions? options = null, TimeProvider? time = null)
        => new(files, options ?? Small, time ?? new FakeTimeProvider());

    public static EventIdentity Append(this OutboxStore store, string text, EventPriority priority = EventPriority.Normal)
        => store.Append(priority, "devices/d/events/e", "text/plain", Encoding.UTF8.GetBytes(text));

    public static List<StoredEvent> ReadAll(this OutboxStore store)
    {
        List<StoredEvent> all = [];
        while (store.Read() is { } stored)
        {
            all.Add(stored);
        }

        return all;
    }

    public static string Text(this StoredEvent stored) => Encoding.UTF8.GetString(stored.Payload.Span);

    public static string[] ReadTexts(this OutboxStore store) => [.. store.ReadAll().Select(e => e.Text())];
}
