using Holdfast.Broker.Custody;

namespace Holdfast.Api.Tests.Support;

/// <summary>Custody that remembers what it was asked and answers the same each time.</summary>
internal sealed class FakeCustody : ICustody
{
    public const string KnownEvent = "run1-3-42";
    /// <summary>A device, or a product, with more than a report can hold.</summary>
    public const string Huge = "huge";

    private static readonly DateTimeOffset Time = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    public CustodyQuery? Asked { get; private set; }

    public ValueTask<EventTrace?> TraceAsync(string product, string eventId, CancellationToken cancellationToken)
        => ValueTask.FromResult(eventId != KnownEvent ? null : new EventTrace
        {
            Id = eventId,
            Product = product,
            Device = "d1",
            Topic = "devices/d1/events/x",
            Name = "x",
            PayloadBytes = 5,
            Published = new PublishedFact("d1", Time, "s", 7, 1, false, false, null),
            Committed = new CommittedFact(Time, 3, 42, 1, "segment files", "On disk."),
            Deliveries = [new DeliveryFact("hook", "webhook", Outcomes.Delivered, Time, 0.25, 43, 1, [new AttemptFact(Time, 12.5, "delivered", 200, "", null)])],
            Sessions = [new SessionFact("client", true, 1, 43, true)],
        });

    public ValueTask<CustodyReport> ReportAsync(CustodyQuery query, CancellationToken cancellationToken)
    {
        Asked = query;
        return query.Device == Huge || query.Product == Huge ? throw new CustodyTooLargeException("Too many events. Ask for less time.") : ValueTask.FromResult(new CustodyReport
        {
            Product = query.Product,
            Device = query.Device,
            From = query.From,
            To = query.To ?? Time,
            LateAfterSeconds = query.LateAfter.TotalSeconds,
            Summary = "0 lost",
            Events = new AcceptedCount(3, 2, 1, 0, 0, 1, null),
            Integrations = [new IntegrationCount { Name = "hook", Kind = "webhook", Wanted = 2, Delivered = 2, Late = 1, LongestDelaySeconds = 11 }],
            Gaps = [new StreamGaps("d1", "s", 1, 3, 1, [new SequenceGap(2, 2)])],
            Items = [new CustodyItem(KnownEvent, "d1", "devices/d1/events/x", "s", 3, null, Time, "hook", Outcomes.Late, Time, 11, 2, "HTTP 503")],
            Next = KnownEvent,
        });
    }
}
