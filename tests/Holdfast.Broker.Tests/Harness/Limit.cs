namespace Holdfast.Broker.Tests.Harness;

/// <summary>Time that only a failure reaches.</summary>
internal static class Limit
{
    public static readonly TimeSpan Time = TimeSpan.FromSeconds(30);

    public static Task Within(this Task task) => task.WaitAsync(Time);

    public static Task<T> Within<T>(this Task<T> task) => task.WaitAsync(Time);

    /// <summary>Waits for a state that nothing announces.</summary>
    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        for (var left = Time; !condition(); left -= timer.Period)
        {
            Assert.True(left > TimeSpan.Zero, $"It did not happen: {what}.");
            await timer.WaitForNextTickAsync();
        }
    }
}
