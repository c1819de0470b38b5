using Holdfast.Broker.Custody;
using Holdfast.Broker.Delivery;

namespace Holdfast.Broker.Sessions;

/// <summary>Tells how far the sessions of this node are.</summary>
internal sealed class SessionPositions(SessionRegistry registry, Dispatcher feed) : ISessionPositions
{
    public IReadOnlyList<SessionFact> Of(string product, ReadOnlySpan<byte> topic, int partition, long offset, int limit)
    {
        var announced = feed.Announced();
        var found = new List<SessionFact>();
        foreach (var session in registry.Snapshot().Where(one => one.Product == product).OrderBy(one => one.ClientId, StringComparer.Ordinal))
        {
            if (found.Count == limit)
            {
                break;
            }

            lock (session.Lock)
            {
                if (session.Mode != SessionMode.Ended && session.Subscriptions.TryGetTerms(topic, partition, offset, out var terms))
                {
                    var confirmed = session.ConfirmedCursor(announced)[partition];
                    found.Add(new SessionFact(session.ClientId, session.Connection is not null, (int)terms.QualityOfService, confirmed, confirmed > offset));
                }
            }
        }

        return found;
    }
}
