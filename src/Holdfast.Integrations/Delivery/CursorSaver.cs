using Holdfast.Log.State;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations.Delivery;

/// <summary>
/// Saves an integration's cursor, at most once per interval and only when it moved, so that a crash repeats no more than what was
/// confirmed since. A failed save is tried again after the interval: the cost is repetition, never loss.
/// </summary>
internal sealed class CursorSaver(IntegrationEnvironment environment, StoredIntegration integration, WakeSignal wake)
{
    private long[] _saved = integration.Cursor;
    private DateTimeOffset _nextSave = environment.TimeProvider.GetUtcNow() + environment.Limits.CursorInterval;
    private Task _saving = Task.CompletedTask;

    /// <summary>
    /// When <see cref="Offer"/> wants to be called again; null while there is nothing to save, or a save is on its way and will wake the loop.
    /// </summary>
    public DateTimeOffset? NextDue { get; private set; }

    /// <summary>Begins to save the cursor when it moved and the interval is over.</summary>
    public void Offer(ReadOnlySpan<long> cursor, DateTimeOffset now)
    {
        NextDue = null;
        if (!_saving.IsCompleted || cursor.SequenceEqual(_saved))
        {
            return;
        }

        if (now < _nextSave)
        {
            NextDue = _nextSave;
            return;
        }

        _nextSave = now + environment.Limits.CursorInterval;
        _saving = SaveAndWakeAsync(cursor.ToArray());
    }

    /// <summary>Saves the cursor now, after any save under way.</summary>
    public async Task SaveLastAsync(long[] cursor)
    {
        await _saving.ConfigureAwait(false);
        if (!cursor.AsSpan().SequenceEqual(_saved))
        {
            await SaveAsync(cursor).ConfigureAwait(false);
        }
    }

    /// <summary>Completes when no save is under way.</summary>
    public Task WaitAsync() => _saving;

    private async Task SaveAndWakeAsync(long[] cursor)
    {
        await SaveAsync(cursor).ConfigureAwait(false);
        wake.Set();
    }

    private async Task SaveAsync(long[] cursor)
    {
        try
        {
            if (environment.Attempts is { } attempts)
            {
                // What the cursor has passed must be in the journal, whatever happens.
                await attempts.FlushAsync().WaitAsync(environment.Limits.JournalWait).ConfigureAwait(false);
            }

            await environment.Store.SaveCursorAsync(integration.Product, integration.Name, cursor).ConfigureAwait(false);
            _saved = cursor;
        }
#pragma warning disable CA1031 // Whatever the store met, the next save covers it.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            environment.Logger.LogError(
                exception, "Integration {Product}/{Integration}: the cursor could not be saved; a restart repeats deliveries.",
                integration.Product, integration.Name);
        }
    }
}
