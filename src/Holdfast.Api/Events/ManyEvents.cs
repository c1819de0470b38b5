using System.Text.Json.Serialization;
using Holdfast.Api.Problems;
using Holdfast.Broker.Publishing;
using Microsoft.AspNetCore.Http;

namespace Holdfast.Api.Events;

/// <summary>
/// Publishes the events of one request: in their order, without waiting for each commit, and with an answer for each. After the first that fails no
/// more are begun.
/// </summary>
internal sealed class ManyEvents(IEventPublisher publisher)
{
    /// <summary>The most events of one request: their answers are kept until the last is committed.</summary>
    public const int MaximumEvents = 10_000;

    /// <summary>The most events on their way to the disk.</summary>
    private const int MaximumUncommitted = 512;

    private readonly Queue<Task<PublishResult>> _uncommitted = new();
    private readonly List<ManyItem> _items = [];

    /// <summary>Events that were begun or refused.</summary>
    public int Count => _items.Count + _uncommitted.Count;

    /// <summary>Whether one has failed: nothing more is to be added.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Publishes checked events and answers the request.</summary>
    public static async Task PublishAsync(IEventPublisher publisher, IEnumerable<EventToPublish> events, HttpContext context)
    {
        var many = new ManyEvents(publisher);
        foreach (var message in events)
        {
            await many.AddAsync(message, context.RequestAborted);
            if (many.HasFailed)
            {
                break;
            }
        }

        await many.FinishAsync();
        await many.AnswerAsync(context);
    }

    /// <summary>Appends an event behind those before.</summary>
    public async ValueTask AddAsync(EventToPublish message, CancellationToken cancellationToken)
    {
        _uncommitted.Enqueue(await publisher.AppendAsync(message, cancellationToken));
        while (_uncommitted.Count > MaximumUncommitted || (_uncommitted.TryPeek(out var oldest) && oldest.IsCompleted))
        {
            Take(await _uncommitted.Dequeue());
        }
    }

    /// <summary>Waits until everything is committed.</summary>
    public async ValueTask FinishAsync()
    {
        while (_uncommitted.TryDequeue(out var next))
        {
            Take(await next);
        }
    }

    /// <summary>Takes in that an event could not be published.</summary>
    public async ValueTask FailAsync(Problem problem)
    {
        await FinishAsync();
        Add(problem);
    }

    /// <summary>Answers the request: 202 when all is stored, 207 when a part is, else the problem of the first.</summary>
    public Task AnswerAsync(HttpContext context)
    {
        var failed = _items.Count(item => item.Problem is not null);
        if (failed == _items.Count)
        {
            return context.WriteProblemAsync(_items[0].Problem!.Within(0));
        }

        context.Response.StatusCode = failed == 0 ? StatusCodes.Status202Accepted : StatusCodes.Status207MultiStatus;
        var duplicates = _items.Count(item => item is { Duplicate: true, Problem: null });
        var answer = new ManyAnswer(_items.Count - failed - duplicates, duplicates, failed, _items);
        return context.Response.WriteAsJsonAsync(answer, ApiJson.Readable.ManyAnswer, cancellationToken: context.RequestAborted);
    }

    private void Take(PublishResult result)
    {
        if (PublishProblem.Of(result) is { } problem)
        {
            Add(problem);
        }
        else
        {
            _items.Add(new ManyItem(result.EventId, result.Status == PublishStatus.Duplicate, null));
        }
    }

    private void Add(Problem problem)
    {
        HasFailed = true;
        _items.Add(new ManyItem(null, false, problem));
    }
}

/// <summary>The answer to many events.</summary>
/// <param name="Stored">Events that are stored now and were not before.</param>
/// <param name="Duplicates">Events that were stored before.</param>
/// <param name="Failed">Events that were not stored.</param>
/// <param name="Events">What became of each, in their order. Events of the request behind the last of these were not looked at.</param>
internal sealed record ManyAnswer(int Stored, int Duplicates, int Failed, IReadOnlyList<ManyItem> Events);

/// <summary>What became of one of many events.</summary>
/// <param name="Id">The event's id; null when it was not stored, or for a duplicate of an event whose id is no longer known.</param>
/// <param name="Duplicate">Whether the event was stored before, and not again.</param>
/// <param name="Problem">Why it was not stored.</param>
internal sealed record ManyItem(string? Id, bool Duplicate, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] Problem? Problem);
