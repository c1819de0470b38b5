namespace Holdfast.Integrations.Delivery;

/// <summary>
/// Spares a receiver that fails: after some failures in a row nothing is sent for a while, then one request at a time until one succeeds; from there on
/// every success allows one more request at a time, so that a receiver which returns is not flooded with what has waited. Pure.
/// </summary>
internal sealed class EndpointCircuit
{
    private readonly int _mostInFlight;
    private readonly int _failuresToOpen;
    private readonly RetryDelay _delay;
    private int _failures;
    private int _openings;
    private int _allowed;
    private DateTimeOffset? _heldUntil;

    /// <summary>Makes a closed circuit.</summary>
    /// <param name="mostInFlight">The most requests at the same time.</param>
    /// <param name="failuresToOpen">How many attempts have to fail in a row.</param>
    /// <param name="delay">How long it stays open.</param>
    public EndpointCircuit(int mostInFlight, int failuresToOpen, RetryDelay delay)
    {
        _mostInFlight = mostInFlight;
        _allowed = mostInFlight;
        _failuresToOpen = failuresToOpen;
        _delay = delay;
    }

    /// <summary>Before this time nothing is sent; null when it may be.</summary>
    public DateTimeOffset? HeldUntil(DateTimeOffset now) => _heldUntil > now ? _heldUntil : null;

    /// <summary>What it does now.</summary>
    public CircuitState State(DateTimeOffset now)
        => _heldUntil is null ? CircuitState.Closed : _heldUntil > now ? CircuitState.Open : CircuitState.HalfOpen;

    /// <summary>Whether one more request may go out.</summary>
    public bool Allows(int inFlight, DateTimeOffset now) => State(now) switch
    {
        CircuitState.Closed => inFlight < _allowed,
        CircuitState.HalfOpen => inFlight == 0,
        _ => false,
    };

    /// <summary>The receiver has answered as it should.</summary>
    public void Succeeded()
    {
        _failures = 0;
        _openings = 0;
        if (_heldUntil is not null)
        {
            _heldUntil = null;
            _allowed = 1;
        }

        _allowed = Math.Min(_allowed + 1, _mostInFlight);
    }

    /// <summary>An attempt has failed.</summary>
    /// <param name="now">The time.</param>
    /// <param name="pause">The pause that the receiver asked for, or null.</param>
    public void Failed(DateTimeOffset now, TimeSpan? pause)
    {
        if (pause is { } asked)
        {
            Hold(now + asked);
        }

        // Those that were on their way when the circuit opened tell nothing new.
        if (State(now) == CircuitState.Open)
        {
            return;
        }

        _failures++;
        if (_failures >= _failuresToOpen)
        {
            _openings++;
            Hold(now + _delay.After(_openings));
        }
    }

    private void Hold(DateTimeOffset until)
    {
        _heldUntil = _heldUntil is { } earlier && earlier > until ? earlier : until;
    }
}

/// <summary>The states of a circuit.</summary>
internal enum CircuitState
{
    /// <summary>Requests go out.</summary>
    Closed,

    /// <summary>None goes out.</summary>
    Open,

    /// <summary>One goes out, as a probe.</summary>
    HalfOpen,
}
