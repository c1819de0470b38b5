using Holdfast.Status.Incidents;
using Holdfast.Status.Storage;

namespace Holdfast.Status.Notifying;

/// <summary>
/// Alerts the operators about incidents that open by themselves: the first level at once, the next when nobody acknowledges or the one before cannot be reached, and all of them
/// again and again until somebody does or it is over.
/// </summary>
internal sealed class Alarm(NotificationOptions options, News news, AlertTable alerts, DeliveryTable deliveries, TimeProvider time)
{
    private readonly TimeSpan _pause = TimeSpan.FromMinutes(options.EscalateAfterMinutes);
    private readonly int _levels = options.Levels;

    /// <summary>Goes on to now, within a transaction.</summary>
    /// <param name="open">The incidents that are not over.</param>
    /// <param name="find">Finds any incident by its number.</param>
    public void Advance(IEnumerable<Incident> open, Func<long, Incident?> find)
    {
        if (_levels == 0)
        {
            return;
        }

        DateTimeOffset now = time.GetUtcNow();
        Dictionary<long, Alert> known = alerts.All().ToDictionary(alert => alert.Incident);
        foreach (Incident incident in open.Where(incident => incident is { IsAutomatic: true, AcknowledgedAt: null, MergedInto: null }))
        {
            Alert? alert = known.GetValueOrDefault(incident.Id);
            if (alert is null || alert.NextAt <= now)
            {
                int stage = (alert?.Stage ?? 0) + 1;
                Tell(incident, stage, level => stage > _levels || level == stage, now);
                alerts.Keep(new Alert(incident.Id, stage, now + _pause));
            }
        }

        foreach (Alert alert in known.Values.Where(alert => find(alert.Incident) is not { IsOpen: true, AcknowledgedAt: null }))
        {
            if (find(alert.Incident) is { IsOpen: false } over)
            {
                Tell(over, alert.Stage, level => level <= alert.Stage, now);
            }

            alerts.Remove(alert.Incident);
        }
    }

    private void Tell(Incident incident, int stage, Func<int, bool> isTold, DateTimeOffset now)
    {
        for (int index = 0; index < options.Alerts.Count; index++)
        {
            AlertTarget target = options.Alerts[index];
            if (isTold(target.Level))
            {
                deliveries.Post(new Recipient($"alert:{index}", target.Channel, target.Address, target.Secret), news.Alert(incident, stage, now), now);
            }
        }
    }
}
