using Holdfast.Broker.Limits;
using Holdfast.Broker.Sessions;
using Holdfast.Mqtt;

namespace Holdfast.Broker.Connections;

/// <summary>
/// Lets a connection wait that publishes more than its listener, its product or its device may: it is not read meanwhile, so its client's own sending stops. Belongs to the thread that reads the connection, but for
/// <see cref="End"/>.
/// </summary>
internal sealed class PublishHold(SessionServices services, ClientConnection connection)
{
    /// <summary>The longest wait; who would have to wait longer is disconnected, because its client would take the silence for a dead connection.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(30);

    /// <summary>Less is not waited for one by one: it is owed until it is worth a timer.</summary>
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(10);

    private TaskCompletionSource? _released;

    /// <summary>Something was published and accepted.</summary>
    /// <param name="messages">How many messages.</param>
    /// <param name="bytes">How many bytes.</param>
    /// <returns>What to wait for before reading on; null for nothing.</returns>
    public Task? Charge(int messages, int bytes)
    {
        var (longest, slowest) = LimitAccount.Charge(connection.Accounts, messages, bytes);
        var isOverShare = connection.Allowance.Use(bytes);
        return longest >= ShortestWait ? WaitFor(longest, slowest!) : isOverShare ? WaitForShareAsync() : null;
    }

    /// <summary>The connection ends: nobody waits any longer.</summary>
    public void End() => Volatile.Read(ref _released)?.TrySetResult();

    private Task WaitFor(TimeSpan wait, LimitAccount account)
    {
        var scope = account.Scope.Word();
        if (wait > LongestWait)
        {
            services.Metrics.CountLimited(scope, "publish", "refuse");
            services.Refusals.Note("publish", $"{scope} publishes too fast", $"{connection.Identity.Owner} of {connection.Identity.Product} would have to wait for {wait.TotalSeconds:0} s.");
            connection.Close(ReasonCode.MessageRateTooHigh, $"The {scope} publishes more than it may. Publish less, or ask for a higher limit.");
            return Task.CompletedTask;
        }

        services.Metrics.CountLimited(scope, "publish", "wait");
        return HoldAsync(wait);
    }

    private async Task WaitForShareAsync()
    {
        // Asked first: shares may be given out meanwhile, for the last time perhaps, and nobody would wake who waits for others.
        var next = services.Overload.NextAsync();
        if (!connection.Allowance.IsOver)
        {
            return;
        }

        services.Metrics.CountLimited("node", "overload", "wait");
        connection.IsHeld = true;
        await next.ConfigureAwait(false);
        connection.IsHeld = false;
    }

    private async Task HoldAsync(TimeSpan wait)
    {
        var released = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Volatile.Write(ref _released, released);
        connection.IsHeld = true;
        if (!connection.IsClosed)
        {
            var timer = services.Time.CreateTimer(static state => ((TaskCompletionSource)state!).TrySetResult(), released, wait, Timeout.InfiniteTimeSpan);
            await using (timer.ConfigureAwait(false))
            {
                await released.Task.ConfigureAwait(false);
            }
        }

        connection.IsHeld = false;
    }
}
