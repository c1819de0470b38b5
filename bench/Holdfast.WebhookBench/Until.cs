namespace Holdfast.WebhookBench;

/// <summary>Waits for something that has no event.</summary>
internal static class Until
{
    public static async Task TrueAsync(Func<bool> isReached)
    {
        while (!isReached())
        {
            await Task.Delay(5);
        }
    }
}
