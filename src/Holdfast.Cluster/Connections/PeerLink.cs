namespace Holdfast.Cluster.Connections;

/// <summary>What is on its way to one life of a node. Orleans queues without limit; the limit is here.</summary>
internal sealed class PeerLink : IDisposable
{
    /// <summary>Calls of which the answer is awaited at the same time; a further one fails at once.</summary>
    public const int MostCalls = 4096;

    private CancellationTokenSource _loss = new();
    private int _calls;

    /// <summary>Is cancelled when a connection to the node ends.</summary>
    public CancellationToken Loss => Volatile.Read(ref _loss).Token;

    /// <summary>Begins a call; false when there are too many.</summary>
    public bool TryBegin()
    {
        if (Interlocked.Increment(ref _calls) <= MostCalls)
        {
            return true;
        }

        End();
        return false;
    }

    /// <summary>Ends a call.</summary>
    public void End() => Interlocked.Decrement(ref _calls);

    /// <summary>Gives up what is on its way.</summary>
    public void Lose()
    {
        // The old one is not disposed: who took its token a moment ago may still register with it.
        _ = Interlocked.Exchange(ref _loss, new CancellationTokenSource()).CancelAsync();
    }

    /// <summary>Ends the use of the link; what is begun on it now fails.</summary>
    public void Dispose()
    {
        _loss.Cancel();
        _loss.Dispose();
    }
}
