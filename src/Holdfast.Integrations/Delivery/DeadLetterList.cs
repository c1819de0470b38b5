using Holdfast.Log.State;

namespace Holdfast.Integrations.Delivery;

/// <summary>The dead letters of one integration, of which it and its replays keep a bounded number.</summary>
internal sealed class DeadLetterList(IntegrationEnvironment environment, string product, string name)
{
    private int _count;

    /// <summary>How many there are.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>Counts what is stored.</summary>
    public async ValueTask CountAsync(CancellationToken cancellationToken)
        => Volatile.Write(ref _count, await environment.Store.CountDeadLettersAsync(product, name, cancellationToken).ConfigureAwait(false));

    /// <summary>Keeps an event with its refusal.</summary>
    /// <param name="refused">The event.</param>
    /// <param name="outcome">The refusal.</param>
    /// <param name="isKnown">Whether the event is on the list already, since it is a dead letter that was sent again.</param>
    /// <returns>Null when it is kept; else why it cannot be.</returns>
    public async ValueTask<string?> SaveAsync(OutstandingEvent refused, AttemptOutcome outcome, bool isKnown)
    {
        var most = environment.Limits.DeadLetters;
        if (!isKnown && Count >= most)
        {
            await CountAsync(CancellationToken.None).ConfigureAwait(false);
            if (Count >= most)
            {
                return $"there are {most} dead letters already, so the event is repeated: replay or remove them";
            }
        }

        var isSaved = await environment.Store.SaveDeadLetterAsync(new StoredDeadLetter(
            product, name, refused.Partition, refused.Offset, refused.Topic, DateTimeOffset.FromUnixTimeMilliseconds(refused.ReceivedAtMilliseconds),
            environment.TimeProvider.GetUtcNow(), outcome.StatusCode, outcome.Error, outcome.Response?.ContentType ?? "", outcome.Response?.Body ?? [])).ConfigureAwait(false);
        if (!isSaved)
        {
            return $"the integration '{name}', to whose dead letters it belongs, was removed: remove this one too";
        }

        if (!isKnown)
        {
            Interlocked.Increment(ref _count);
        }

        return null;
    }

    /// <summary>Takes an event off the list.</summary>
    public async ValueTask<bool> RemoveAsync(int partition, long offset)
    {
        var isRemoved = await environment.Store.RemoveDeadLetterAsync(product, name, partition, offset).ConfigureAwait(false);
        if (isRemoved)
        {
            Interlocked.Decrement(ref _count);
        }

        return isRemoved;
    }

    /// <summary>Takes all events off the list.</summary>
    public async ValueTask<bool> RemoveAllAsync()
    {
        var isRemoved = await environment.Store.RemoveDeadLettersAsync(product, name).ConfigureAwait(false);
        await CountAsync(CancellationToken.None).ConfigureAwait(false);
        return isRemoved;
    }
}
