using Holdfast.Device.Outbox;

namespace Holdfast.Device.Tests;

/// <summary>Waits with a limit that only a failure reaches.</summary>
internal static class Waiting
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(180);

    public static Task Soon(this Task task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(Limit, TestContext.Current.CancellationToken);

    /// <summary>Waits until what is in the outbox is so.</summary>
    public static async Task UntilAsync(this HoldfastDevice device, Func<OutboxStatistics, bool> isReached)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!isReached(await device.GetStatisticsAsync().Soon()))
        {
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
