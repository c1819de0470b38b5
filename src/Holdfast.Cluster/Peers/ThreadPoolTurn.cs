namespace Holdfast.Cluster.Peers;

/// <summary>Orleans runs a service one turn at a time; here a message leaves that turn for the thread pool, so that messages do not wait for each other.</summary>
internal static class ThreadPoolTurn
{
    /// <summary>Answers a message on the thread pool.</summary>
    public static async ValueTask<TAnswer> RunAsync<TMessage, TAnswer>(
        Func<INodeEndpoint, TMessage, ValueTask<TAnswer>> answer, INodeEndpoint endpoint, TMessage message)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        return await answer(endpoint, message).ConfigureAwait(false);
    }
}
