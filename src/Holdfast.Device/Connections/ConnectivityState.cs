namespace Holdfast.Device.Connections;

/// <summary>Whether events reach the cloud.</summary>
public enum ConnectivityState
{
    /// <summary>No connection stands.</summary>
    Offline,

    /// <summary>A connection stood, and what was sent on it was not acknowledged in time. Another endpoint is tried.</summary>
    Degraded,

    /// <summary>Everything that was sent is acknowledged in time.</summary>
    Online,
}

/// <summary>Whether events reach the cloud, and why not.</summary>
/// <param name="State">The state.</param>
/// <param name="Reason">Why it is so, as a sentence.</param>
/// <param name="Endpoint">The endpoint that it is about; null before the first attempt.</param>
/// <param name="Since">When it became so, by the device's clock.</param>
public sealed record ConnectivityStatus(ConnectivityState State, string Reason, Uri? Endpoint, DateTimeOffset Since);
