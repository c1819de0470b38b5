using Holdfast.Broker.Identities;

namespace Holdfast.Broker.Retention;

/// <summary>The floors that follow from what the registry says of each product, so every node of a cluster has the same.</summary>
/// <param name="registry">The registry.</param>
/// <param name="time">The clock.</param>
public sealed class RetentionFloors(IdentityRegistry registry, TimeProvider time) : IRetentionFloors
{
    /// <inheritdoc/>
    public long FloorOf(string product)
        => registry.FindProduct(product)?.Document.Retention?.FloorAt(time.GetUtcNow()) is { } floor ? floor.ToUnixTimeMilliseconds() : long.MinValue;
}
