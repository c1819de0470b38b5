namespace Holdfast.Server.Devices;

/// <summary>Where lines come from.</summary>
internal interface ILineSource
{
    /// <summary>Whether another line is there without waiting.</summary>
    bool HasMore { get; }

    /// <summary>The next line without its end, once there is one; null at the end.</summary>
    Task<byte[]?> NextAsync(CancellationToken cancellationToken);

    /// <summary>All lines so far are in the outbox.</summary>
    void Accepted();
}
