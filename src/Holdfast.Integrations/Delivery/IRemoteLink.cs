using Holdfast.Broker.Integrations;

namespace Holdfast.Integrations.Delivery;

/// <summary>A connection of an integration that lasts longer than an attempt.</summary>
internal interface IRemoteLink : IAsyncDisposable
{
    /// <summary>How it stands.</summary>
    IntegrationConnection Status { get; }

    /// <summary>Connects, and connects again whenever the connection is lost.</summary>
    void Start();

    /// <summary>Takes nothing more in, and disconnects; what the other side keeps for us stays there.</summary>
    Task StopAsync();

    /// <summary>Ends for good: the other side is told to keep nothing for us, if it can be told.</summary>
    Task ForgetAsync();
}
