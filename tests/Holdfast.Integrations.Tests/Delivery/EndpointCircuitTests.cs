using Holdfast.Integrations.Delivery;

namespace Holdfast.Integrations.Tests.Delivery;

public sealed class EndpointCircuitTests
{
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Failures_in_a_row_open_it_and_a_success_between_them_does_not()
    {
        var circuit = Circuit();
        for (var i = 0; i < 10; i++)
        {
            Fail(circuit, 2);
            circuit.Succeeded();
        }

        Assert.Equal(CircuitState.Closed, circuit.State(Now));
        Fail(circuit, 3);
        Assert.Equal(CircuitState.Open, circuit.State(Now));
        Assert.False(circuit.Allows(0, Now));
    }

    [Fact]
    public void Half_open_it_lets_one_probe_through_and_opens_again_for_longer_when_that_fails()
    {
        var circuit = Circuit();
        Fail(circuit, 3);
        var until = circuit.HeldUntil(Now)!.Value;

        Assert.Equal(CircuitState.HalfOpen, circuit.State(until));
        Assert.True(circuit.Allows(0, until));
        Assert.False(circuit.Allows(1, until));

        circuit.Failed(until, null);
        Assert.Equal(CircuitState.Open, circuit.State(until));
        Assert.False(circuit.Allows(0, until));
    }

    [Fact]
    public void After_an_outage_requests_are_allowed_one_more_for_each_success()
    {
        var circuit = Circuit(mostInFlight: 8);
        Assert.True(circuit.Allows(7, Now));
        Fail(circuit, 3);
        var later = circuit.HeldUntil(Now)!.Value;

        var allowed = new List<int>();
        for (var success = 0; success < 10; success++)
        {
            circuit.Succeeded();
            allowed.Add(Enumerable.Range(0, 20).Count(inFlight => circuit.Allows(inFlight, later)));
        }

        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 8, 8, 8], allowed);
    }

    [Fact]
    public void What_fails_while_it_is_open_does_not_prolong_it()
    {
        var circuit = Circuit();
        Fail(circuit, 3);
        var until = circuit.HeldUntil(Now);

        Fail(circuit, 20);

        Assert.Equal(until, circuit.HeldUntil(Now));
    }

    [Fact]
    public void A_pause_that_the_receiver_asks_for_holds_it_at_once()
    {
        var circuit = Circuit();

        circuit.Failed(Now, TimeSpan.FromMinutes(5));

        Assert.Equal(Now + TimeSpan.FromMinutes(5), circuit.HeldUntil(Now));
        Assert.True(circuit.Allows(0, Now + TimeSpan.FromMinutes(5)));
    }

    private static EndpointCircuit Circuit(int mostInFlight = 4)
        => new(mostInFlight, failuresToOpen: 3, new RetryDelay(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1), new Random(1)));

    private static void Fail(EndpointCircuit circuit, int times)
    {
        for (var i = 0; i < times; i++)
        {
            circuit.Failed(Now, null);
        }
    }
}
