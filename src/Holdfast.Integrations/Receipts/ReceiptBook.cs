using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations.Receipts;

/// <summary>
/// Gathers what an integration is done with and whose device wants to know, and has it published once in a while. Until it is published the
/// integration's cursor stays before it, so that after a crash it is delivered, and told, again. Called by one loop only; publishing runs beside it.
/// </summary>
internal sealed class ReceiptBook(ReceiptPublisher publisher, IntegrationEnvironment environment, IntegrationProgress progress, WakeSignal wake)
{
    private readonly long[] _gathered = NoOffsets(environment.Log.PartitionCount);
    private readonly long[] _publishing = NoOffsets(environment.Log.PartitionCount);
    private List<SettledReceipt> _settled = [];
    private List<SettledReceipt> _underway = [];
    private Task<string?> _publication = Task.FromResult<string?>(null);
    private DateTimeOffset _next;
    private bool _hasFailed;

    /// <summary>Whether further events may be settled: else the integration waits for its receipts.</summary>
    public bool HasRoom => _settled.Count + _underway.Count < environment.Limits.WaitingReceipts;

    /// <summary>When <see cref="Offer"/> wants to be called again; null when nothing waits, or what is under way will wake the loop.</summary>
    public DateTimeOffset? NextDue => _settled.Count == 0 || _underway.Count > 0 ? null : _next;

    /// <summary>The cursor of a partition must not pass this offset yet; <see cref="long.MaxValue"/> for no bound.</summary>
    public long Bound(int partition) => Math.Min(_gathered[partition], _publishing[partition]);

    /// <summary>The integration is done with an event.</summary>
    /// <param name="one">The event.</param>
    /// <param name="isDelivered">Whether the receiver has confirmed it; else it never will.</param>
    public void Settled(OutstandingEvent one, bool isDelivered)
    {
        if (one.Receipt is { } wish)
        {
            _settled.Add(new SettledReceipt(wish, isDelivered));
            _gathered[one.Partition] = Math.Min(_gathered[one.Partition], one.Offset);
        }
    }

    /// <summary>Takes in what was published, and begins to publish what has gathered when it is time.</summary>
    public void Offer(DateTimeOffset now)
    {
        Collect();
        var isUrgent = !_hasFailed && _settled.Count >= environment.Limits.WaitingReceipts / 2;
        if (_underway.Count == 0 && _settled.Count > 0 && (isUrgent || now >= _next))
        {
            Begin(now);
        }
    }

    /// <summary>Publishes what has gathered, once; what fails is delivered again after the next start.</summary>
    public async Task FlushAsync()
    {
        await _publication.ConfigureAwait(false);
        Collect();
        if (_settled.Count > 0)
        {
            Begin(environment.TimeProvider.GetUtcNow());
            await _publication.ConfigureAwait(false);
            Collect();
        }
    }

    private static long[] NoOffsets(int count)
    {
        var offsets = new long[count];
        Array.Fill(offsets, long.MaxValue);
        return offsets;
    }

    private void Begin(DateTimeOffset now)
    {
        (_settled, _underway) = (_underway, _settled);
        _gathered.CopyTo(_publishing, 0);
        Array.Fill(_gathered, long.MaxValue);
        _next = now + environment.Limits.ReceiptInterval;
        _publication = PublishAsync(_underway);
    }

    private void Collect()
    {
        if (_underway.Count == 0 || !_publication.IsCompleted)
        {
            return;
        }

        _hasFailed = _publication.Result is not null;
        if (_publication.Result is { } problem)
        {
            // Those before, then those that came meanwhile.
            progress.Met(problem);
            _settled.InsertRange(0, _underway);
            for (var partition = 0; partition < _gathered.Length; partition++)
            {
                _gathered[partition] = Bound(partition);
            }
        }

        _underway.Clear();
        Array.Fill(_publishing, long.MaxValue);
    }

    private async Task<string?> PublishAsync(List<SettledReceipt> receipts)
    {
        try
        {
            return await publisher.PublishAsync(receipts).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever it met, the receipts must not be forgotten: they are published again.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            return $"The receipts could not be published: {exception.Message}";
        }
        finally
        {
            wake.Set();
        }
    }
}

/// <summary>What a device is to be told.</summary>
/// <param name="Wish">Of which event.</param>
/// <param name="IsDelivered">Whether it is delivered; else it never will be.</param>
internal readonly record struct SettledReceipt(ReceiptWish Wish, bool IsDelivered);
