using System.Text;
using Holdfast.Broker.Sessions;

namespace Holdfast.Broker.Retained;

/// <summary>Reads retained messages beside the delivery that folds them.</summary>
internal sealed class RetainedReader(SessionServices services) : IRetainedReader
{
    /// <inheritdoc/>
    public byte[]? Read(string product, string topic)
    {
        lock (services.Feed.Gate)
        {
            return services.Retained.Find(Encoding.UTF8.GetBytes(product), Encoding.UTF8.GetBytes(topic)) is { } message
                && (message.ExpiresAtMilliseconds == 0 || message.ExpiresAtMilliseconds > services.NowMilliseconds)
                ? message.Read().Payload.ToArray()
                : null;
        }
    }
}
