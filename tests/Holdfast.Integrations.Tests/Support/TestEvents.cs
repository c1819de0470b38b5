using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>Events for tests of parts that look at no content.</summary>
internal static class TestEvents
{
    public static OutstandingEvent Create(
        long offset, ulong key, int bytes = 10, int partition = 0, long receivedAt = 1, DateTimeOffset readAt = default, long expiresAt = 0) => new()
    {
        Partition = partition,
        Offset = offset,
        KeyHash = key,
        Id = $"test-{partition}-{offset}",
        Topic = "devices/a/events/x",
        ExpiresAtMilliseconds = expiresAt,
        ReceivedAtMilliseconds = receivedAt,
        ReadAtTicks = readAt.Ticks,
        Body = new EventBody(new byte[bytes]),
    };
}
