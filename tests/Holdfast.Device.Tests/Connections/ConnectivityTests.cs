using Holdfast.Device.Connections;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Connections;

public sealed class ConnectivityTests
{
    private static readonly Uri One = new("mqtt://one");
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(10);

    private readonly FakeTimeProvider _time = new();
    private readonly Connectivity _connectivity;

    public ConnectivityTests() => _connectivity = new Connectivity(Deadline, _time);

    private ConnectivityState State => _connectivity.Status.State;

    [Theory]
    [InlineData(true, ConnectivityState.Online)]
    [InlineData(false, ConnectivityState.Offline)]
    public void A_connection_is_proof_only_when_nothing_waits(bool nothingWaits, ConnectivityState expected)
    {
        _connectivity.Connected(One, nothingWaits);
        Assert.Equal(expected, State);
        _connectivity.Sent(1);
        _connectivity.Acknowledged(1);
        Assert.Equal((ConnectivityState.Online, One), (State, _connectivity.Status.Endpoint));
    }

    [Fact]
    public void A_publish_past_its_deadline_degrades_and_an_acknowledgement_of_a_later_one_does_not_help()
    {
        Online();
        _connectivity.Sent(2);
        _time.Advance(Deadline / 2);
        _connectivity.Sent(3);
        Assert.Equal(Deadline / 2, _connectivity.TimeToDeadline);
        _connectivity.Acknowledged(3);
        Assert.False(_connectivity.IsOverdue());
        _time.Advance(Deadline / 2);
        Assert.True(_connectivity.IsOverdue());
        Assert.Equal((ConnectivityState.Degraded, "A publish was not acknowledged within 10 s."), (State, _connectivity.Status.Reason));
    }

    [Fact]
    public void Acknowledgements_in_time_keep_it_online_for_ever()
    {
        Online();
        for (var id = 2; id < 100; id++)
        {
            _connectivity.Sent(id);
            _time.Advance(Deadline * 0.9);
            Assert.False(_connectivity.IsOverdue());
            _connectivity.Acknowledged(id);
        }

        Assert.Equal(ConnectivityState.Online, State);
        Assert.Null(_connectivity.TimeToDeadline);
    }

    [Fact]
    public void A_half_dead_connection_stays_degraded_until_proof_or_until_every_endpoint_failed()
    {
        Online();
        _connectivity.Silent("The keep-alive was not answered.");
        _connectivity.Lost("closed");
        Assert.Equal(ConnectivityState.Degraded, State);
        _connectivity.Failed(One, "refused", wasLast: false);
        Assert.Equal(ConnectivityState.Degraded, State);
        _connectivity.Connected(One, nothingWaits: false);
        Assert.Equal(ConnectivityState.Degraded, State);
        _connectivity.Failed(One, "refused", wasLast: true);
        Assert.Equal((ConnectivityState.Offline, "refused"), (State, _connectivity.Status.Reason));
    }

    [Fact]
    public void A_lost_connection_is_offline_and_its_unacknowledged_publishes_are_no_longer_due()
    {
        Online();
        _connectivity.Sent(2);
        _connectivity.Lost("reset");
        Assert.Equal((ConnectivityState.Offline, "reset"), (State, _connectivity.Status.Reason));
        _time.Advance(Deadline * 2);
        Assert.False(_connectivity.IsOverdue());
    }

    [Fact]
    public void Since_moves_with_the_state_only()
    {
        Online();
        var since = _connectivity.Status.Since;
        _time.Advance(TimeSpan.FromSeconds(1));
        Online();
        Assert.Equal(since, _connectivity.Status.Since);
        _connectivity.Lost("reset");
        Assert.Equal(_time.GetUtcNow(), _connectivity.Status.Since);
        since = _connectivity.Status.Since;
        _time.Advance(TimeSpan.FromSeconds(1));
        _connectivity.Failed(One, "refused", wasLast: true);
        Assert.Equal(("refused", since), (_connectivity.Status.Reason, _connectivity.Status.Since));
    }

    private void Online()
    {
        _connectivity.Connected(One, nothingWaits: false);
        _connectivity.Sent(1);
        _connectivity.Acknowledged(1);
    }
}
