using Microsoft.Extensions.Logging;

namespace Holdfast.Cluster.Silo;

/// <summary>Passes on, once, that the silo cannot go on. Orleans by itself would print, sleep for two seconds and abort.</summary>
internal sealed class SiloFatality(Action<string> onDeclaredDead, ILogger<SiloFatality> logger) : IFatalErrorHandler
{
    private int _told;

    /// <inheritdoc/>
    public bool IsUnexpected(Exception exception) => exception is not OperationCanceledException;

    /// <inheritdoc/>
    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        if (Interlocked.Exchange(ref _told, 1) != 0)
        {
            return;
        }

        logger.LogCritical(exception, "This node cannot go on as a member of the cluster: {Context}", context);
        onDeclaredDead(context ?? exception?.Message ?? "no reason was given");
    }
}
