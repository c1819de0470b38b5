namespace Holdfast.Device.Connections;

/// <summary>
/// Chooses the endpoint of the next attempt: the first one in order that is not resting. One that failed rests for a random part of a time
/// that doubles with each failure (full jitter), or as long as the cloud said; only an acknowledgement makes it healthy again. Pure and thread-safe.
/// </summary>
internal sealed class EndpointSelector(IReadOnlyList<Uri> endpoints, TimeSpan firstBackOff, TimeSpan longestBackOff, TimeProvider time, Random random)
{
    private readonly Health[] _health = [.. endpoints.Select(_ => new Health())];
    private readonly Lock _lock = new();
    private Uri? _reference;
    private Uri? _followed;

    /// <summary>The endpoint to try, and how long to wait before.</summary>
    public (Uri Endpoint, TimeSpan Delay) Next()
    {
        lock (_lock)
        {
            if (_reference is { } reference)
            {
                _followed = reference;
                _reference = null;
                return (reference, TimeSpan.Zero);
            }

            var best = 0;
            for (var i = 0; i < _health.Length; i++)
            {
                if (Rest(i) == TimeSpan.Zero)
                {
                    return (endpoints[i], TimeSpan.Zero);
                }

                best = Rest(i) < Rest(best) ? i : best;
            }

            return (endpoints[best], Rest(best));
        }
    }

    /// <summary>Whether every endpoint is resting.</summary>
    public bool AllRest
    {
        get
        {
            lock (_lock)
            {
                return _reference is null && Enumerable.Range(0, _health.Length).All(i => Rest(i) > TimeSpan.Zero);
            }
        }
    }

    /// <summary>Whether an endpoint before this one may be tried again.</summary>
    public bool HasBetter(Uri current)
    {
        lock (_lock)
        {
            for (var i = 0; i < endpoints.Count && endpoints[i] != current; i++)
            {
                if (Rest(i) == TimeSpan.Zero)
                {
                    return true;
                }
            }

            return false;
        }
    }

    /// <summary>An event was acknowledged there.</summary>
    public void Succeeded(Uri endpoint)
    {
        lock (_lock)
        {
            _followed = _followed == endpoint ? null : _followed;
            if (Find(endpoint) is { } health)
            {
                (health.Failures, health.Rest) = (0, TimeSpan.Zero);
            }
        }
    }

    /// <summary>An attempt, or a connection, failed there.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="slot">How long the cloud asked to stay away; null for the back-off.</param>
    public void Failed(Uri endpoint, TimeSpan? slot = null)
    {
        lock (_lock)
        {
            if (Find(endpoint) is not { } health)
            {
                return; // a referred server, which is tried once
            }

            var longest = Math.Min(longestBackOff.TotalMilliseconds, firstBackOff.TotalMilliseconds * Math.Pow(2, Math.Min(health.Failures, 30)));
            health.Failures++;
            health.FailedAt = time.GetTimestamp();
            health.Rest = slot ?? TimeSpan.FromMilliseconds(Math.Max(1, longest * random.NextDouble()));
        }
    }

    /// <summary>
    /// The cloud named another server, in CONNACK or DISCONNECT with reason 0x9C or 0x9D. One that was itself only named and has acknowledged nothing is not believed: two servers that name each
    /// other would be hammered.
    /// </summary>
    /// <param name="endpoint">The server that named it.</param>
    /// <param name="reference">The Server Reference: host, or host:port; of several the first.</param>
    public void Referred(Uri endpoint, string reference)
    {
        lock (_lock)
        {
            if (endpoint == _followed)
            {
                return;
            }

            var first = reference.Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
            if (Uri.TryCreate($"{endpoint.Scheme}://{first}", UriKind.Absolute, out var url) && url.Host.Length > 0)
            {
                _reference = new UriBuilder(url) { Port = url.Port > 0 ? url.Port : endpoint.Port, Path = endpoint.AbsolutePath }.Uri;
            }
        }
    }

    private TimeSpan Rest(int index)
    {
        var left = _health[index].Rest - time.GetElapsedTime(_health[index].FailedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private Health? Find(Uri endpoint)
    {
        var index = endpoints.ToList().IndexOf(endpoint);
        return index < 0 ? null : _health[index];
    }

    private sealed class Health
    {
        public int Failures { get; set; }

        public long FailedAt { get; set; }

        public TimeSpan Rest { get; set; }
    }
}
