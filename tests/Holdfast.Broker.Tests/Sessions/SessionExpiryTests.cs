using Holdfast.Broker.Health;
using Holdfast.Broker.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Broker.Tests.Sessions;

public sealed class SessionExpiryTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Sessions_are_due_once_at_their_last_date_and_their_visits_leave_no_trace(int seed)
    {
        var random = new Random(seed);
        using var metrics = new BrokerMetrics();
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch);
        var services = SessionServicesFactory.Create(metrics, time);
        var expiry = new SessionExpiry(services, new AlwaysCommitting());
        var sessions = Enumerable.Range(1, 50).Select(id => new Session(services, (ulong)id, "default", $"{id}")).ToList();
        var due = new Dictionary<Session, DateTimeOffset>();
        for (var step = 0; step < 20_000; step++)
        {
            var session = sessions[random.Next(sessions.Count)];
            switch (random.Next(4))
            {
                case 0:
                    expiry.Cancel(session);
                    due.Remove(session);
                    break;
                case 1:
                    time.Advance(TimeSpan.FromSeconds(random.Next(3)));
                    var expected = due.Where(pair => pair.Value <= time.GetUtcNow()).Select(pair => pair.Key.Id).Order();
                    Assert.Equal(expected, expiry.TakeDue().Select(taken => taken.Id).Order());
                    due = due.Where(pair => pair.Value > time.GetUtcNow()).ToDictionary();
                    break;
                default:
                    session.DisconnectedAt = time.GetUtcNow();
                    session.ExpirySeconds = (uint)random.Next(1, 100_000);
                    expiry.Schedule(session);
                    due[session] = time.GetUtcNow().AddSeconds(session.ExpirySeconds);
                    break;
            }

            Assert.InRange(expiry.Remembered, due.Count, 2000);
        }
    }

    private sealed class AlwaysCommitting : ICommitHealth
    {
        public CommitState State => CommitState.Committing;

        public string Reason => string.Empty;
    }
}
