using System.Text;

namespace Holdfast.Device.Receipts;

/// <summary>
/// What the integrations of the cloud have said of the device's events: the last message of each, which tells everything it knows. Pure.
/// </summary>
internal sealed class ReceiptLedger
{
    /// <summary>The most integrations that are listened to; a message of a further one is not taken in.</summary>
    public const int MaximumIntegrations = 32;

    private const string DeliveredLevel = "delivered";
    private const string UndeliveredLevel = "undelivered";

    private readonly Dictionary<string, Dictionary<(string Stream, string Level), SequenceRange[]>> _said = new(StringComparer.Ordinal);

    /// <summary>Takes in what an integration says: a line for each stream and level, <c>{stream} {level} {ranges}</c>.</summary>
    public void Take(string integration, ReadOnlySpan<byte> text)
    {
        if (_said.Count >= MaximumIntegrations && !_said.ContainsKey(integration))
        {
            return;
        }

        var said = new Dictionary<(string, string), SequenceRange[]>();
        foreach (var line in Encoding.UTF8.GetString(text).Split('\n'))
        {
            if (line.Split(' ') is [var stream, DeliveredLevel or UndeliveredLevel, var ranges] words)
            {
                said[(stream, words[1])] = SequenceRange.Parse(ranges);
            }
        }

        _said[integration] = said;
    }

    /// <summary>Whether an event has reached what it waits for.</summary>
    /// <param name="wish">Its level, as <see cref="EventLevel.Wish"/>.</param>
    /// <param name="identity">The event.</param>
    /// <param name="by">The integration that will never deliver it, when that is known.</param>
    public EventFate FateOf(string wish, EventIdentity identity, out string? by)
    {
        by = null;
        var names = wish.Length > DeliveredLevel.Length ? wish[(DeliveredLevel.Length + 1)..].Split(',') : null;
        var delivered = 0;
        foreach (var (integration, said) in _said)
        {
            if (names is not null && !names.Contains(integration, StringComparer.Ordinal))
            {
                continue;
            }

            if (Holds(said, identity, DeliveredLevel))
            {
                delivered++;
            }
            else if (Holds(said, identity, UndeliveredLevel))
            {
                by = integration;
            }
        }

        return delivered >= (names?.Length ?? 1) ? EventFate.Delivered : by is not null ? EventFate.Undelivered : EventFate.Unknown;
    }

    private static bool Holds(Dictionary<(string Stream, string Level), SequenceRange[]> said, EventIdentity identity, string level)
        => said.TryGetValue((identity.Stream, level), out var ranges) && SequenceRange.Holds(ranges, identity.Sequence);
}

/// <summary>What is known of an event that waits for more than to be stored.</summary>
internal enum EventFate
{
    /// <summary>Not yet enough.</summary>
    Unknown,

    /// <summary>It has reached its level.</summary>
    Delivered,

    /// <summary>An integration that it waits for will never deliver it.</summary>
    Undelivered,
}
