using Holdfast.Status.Page;
using Holdfast.Status.Serving;
using Holdfast.Status.Storage;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Holdfast.Status.Notifying;

/// <summary>Carries notices to their recipients, several at a time, each until it has arrived or is given up. What it has not carried when the page ends, it carries after the next start.</summary>
internal sealed class Postman : IAsyncDisposable
{
    private const int AtOnce = 16;

    private static readonly TimeSpan SendLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LookInterval = TimeSpan.FromSeconds(1);

    private readonly StatusDesk _desk;
    private readonly MailChannel? _mail;
    private readonly HttpChannel _http;
    private readonly int _levels;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly CancellationTokenSource _ending = new();
    private readonly Task _carrying;

    public Postman(StatusDesk desk, NotificationOptions notifications, PageOptions options, LinkTokens links, TimeProvider time, ILogger log)
    {
        _desk = desk;
        _mail = notifications.Smtp is { } smtp ? new MailChannel(smtp, options, links) : null;
        _http = new HttpChannel(notifications, options, time);
        _levels = notifications.Levels;
        _time = time;
        _log = log;
        _carrying = Task.Run(CarryAsync);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync().ConfigureAwait(false);
        await _carrying.ConfigureAwait(false);
        _http.Dispose();
        _ending.Dispose();
    }

    private async Task CarryAsync()
    {
        using var timer = new PeriodicTimer(LookInterval, _time);
        try
        {
            Store(tables => tables.Deliveries.Continue());
            do
            {
                while (Take() is { Count: > 0 } due)
                {
                    await Task.WhenAll(due.Select(CarryAsync)).ConfigureAwait(false);
                }
            }
            while (await timer.WaitForNextTickAsync(_ending.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // The page ends; what is on its way is due again at the next start.
        }
    }

    private async Task CarryAsync(Delivery delivery)
    {
        string error;
        bool isHopeless = false;
        bool isGone = false;
        using var limit = new CancellationTokenSource(SendLimit, _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, _ending.Token);
        try
        {
            await SendAsync(delivery, both.Token).WaitAsync(both.Token).ConfigureAwait(false);
            Store(tables => tables.Deliveries.Done(delivery, _time.GetUtcNow()));
            return;
        }
        catch (SendFailedException exception)
        {
            (error, isHopeless, isGone) = (exception.Message, exception.IsHopeless, exception.IsGone);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !_ending.IsCancellationRequested)
        {
            error = $"no answer within {Words.Duration(SendLimit)}";
        }
#pragma warning disable CA1031 // One notice that no channel can carry must not stop the others.
        catch (Exception exception) when (exception is not OperationCanceledException)
#pragma warning restore CA1031
        {
            error = exception.Message;
        }

        _log.LogWarning("notice {Id} was not sent by {Channel}, attempt {Attempt}: {Reason}", delivery.Id, delivery.To.Channel, delivery.Attempts, error);
        Store(tables => Note(tables, delivery, error, isHopeless, isGone));
    }

    private void Note(StatusTables tables, Delivery delivery, string error, bool isHopeless, bool isGone)
    {
        DateTimeOffset now = _time.GetUtcNow();
        if (tables.Deliveries.Failed(delivery, error, isHopeless, now))
        {
            _log.LogError("notice {Id} by {Channel} is given up: {Reason}", delivery.Id, delivery.To.Channel, error);
        }

        if (isGone)
        {
            tables.Subscribers.Remove(delivery.To.Name);
        }

        if (delivery.Notice.Kind == Notice.Alert && delivery.Attempts == 1)
        {
            tables.Alerts.Hurry(delivery.Notice.Number, _levels, now);
        }
    }

    private Task SendAsync(Delivery delivery, CancellationToken cancellationToken) => delivery.To.Channel == "email"
        ? _mail?.SendAsync(delivery, cancellationToken) ?? throw new SendFailedException("there is no mail server in notifications.json any more", isHopeless: true)
        : _http.SendAsync(delivery, cancellationToken);

    private List<Delivery> Take()
    {
        try
        {
            return _desk.Use(tables => tables.Deliveries.Take(AtOnce, _time.GetUtcNow()));
        }
        catch (SqliteException exception)
        {
            _log.LogError("the notices that wait cannot be read: {Reason}", exception.Message);
            return [];
        }
    }

    private void Store(Action<StatusTables> action)
    {
        try
        {
            _desk.Use(tables =>
            {
                action(tables);
                return true;
            });
        }
        catch (SqliteException exception)
        {
            _log.LogError("what became of a notice cannot be stored, so it may be sent twice: {Reason}", exception.Message);
        }
    }
}
