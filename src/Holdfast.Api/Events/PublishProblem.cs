using Holdfast.Api.Problems;
using Holdfast.Broker.Publishing;

namespace Holdfast.Api.Events;

/// <summary>What a client is told about an event that was not stored.</summary>
internal static class PublishProblem
{
    /// <summary>The problem; null when the event is stored.</summary>
    public static Problem? Of(PublishResult result) => result.Status switch
    {
        PublishStatus.Committed or PublishStatus.Duplicate => null,
        PublishStatus.TopicInvalid => Problem.Invalid("topic", result.Detail),
        PublishStatus.TooLarge => Problem.TooLarge(result.Detail),
        PublishStatus.TooFast => Problem.TooFast(result.Detail),
        PublishStatus.Full => Problem.Full(result.Detail),
        _ => Problem.NotCommitting(result.Detail),
    };
}
