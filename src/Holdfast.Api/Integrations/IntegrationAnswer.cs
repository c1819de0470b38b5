using Holdfast.Broker.Integrations;

namespace Holdfast.Api.Integrations;

/// <summary>An integration and how far it is, see <see cref="IntegrationStatus"/>. Every field is always present.</summary>
internal sealed record IntegrationAnswer(
    string Product, string Name, string Kind, string Filter, string Url, DateTimeOffset CreatedAt, string State, long Delivered, long FailedAttempts,
    long Expired, long TrimmedUnread, long DamagedUnread, long Behind, DateTimeOffset? OldestWaiting, DateTimeOffset? NextAttemptAt,
    string? LastError, DateTimeOffset? LastErrorAt)
{
    public static IntegrationAnswer From(IntegrationStatus status)
    {
        var definition = status.Definition;
        return new IntegrationAnswer(
            definition.Product, definition.Name, definition.Kind, definition.Filter, definition.Url, status.CreatedAt, NameOf(status.State),
            status.Delivered, status.FailedAttempts, status.Expired, status.TrimmedUnread, status.DamagedUnread, status.Behind,
            status.OldestWaiting, status.NextAttemptAt, status.LastError, status.LastErrorAt);
    }

    private static string NameOf(IntegrationState state) => state switch
    {
        IntegrationState.Idle => "idle",
        IntegrationState.Delivering => "delivering",
        IntegrationState.Retrying => "retrying",
        _ => "stopped",
    };
}

/// <summary>The integrations of a product.</summary>
internal sealed record IntegrationList(IReadOnlyList<IntegrationAnswer> Integrations);
