namespace Holdfast.Broker.Retention;

/// <summary>From when on a product's events are kept. What was received before is trimmed for every reader, whether or not the disk still holds it.</summary>
public interface IRetentionFloors
{
    /// <summary>No limits: the log keeps what it keeps.</summary>
    static IRetentionFloors None { get; } = new NoFloors();

    /// <summary>The floor of a product: the oldest time of receipt that is kept, in Unix milliseconds; <see cref="long.MinValue"/> without a limit of its own. It never goes back.</summary>
    /// <param name="product">The product.</param>
    long FloorOf(string product);

    private sealed class NoFloors : IRetentionFloors
    {
        public long FloorOf(string product) => long.MinValue;
    }
}
