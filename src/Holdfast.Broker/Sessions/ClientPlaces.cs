namespace Holdfast.Broker.Sessions;

/// <summary>One at a time for each client of this node: who connects it, lets its session go, or stores it. There is a place only while somebody is in it or waits.</summary>
internal sealed class ClientPlaces
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Product, string ClientId), Place> _places = [];

    /// <summary>Waits for the place of a client.</summary>
    /// <returns>To be disposed of.</returns>
    /// <exception cref="OperationCanceledException">It was given up.</exception>
    public async ValueTask<IDisposable> EnterAsync(string product, string clientId, CancellationToken cancellationToken)
    {
        Place? place;
        lock (_lock)
        {
            if (!_places.TryGetValue((product, clientId), out place))
            {
                _places[(product, clientId)] = place = new Place(this, (product, clientId));
            }

            place.Users++;
        }

        try
        {
            await place.Turn.WaitAsync(cancellationToken).ConfigureAwait(false);
            return place;
        }
        catch
        {
            Leave(place);
            throw;
        }
    }

    private void Leave(Place place)
    {
        lock (_lock)
        {
            if (--place.Users == 0)
            {
                _places.Remove(place.Key);
                place.Turn.Dispose();
            }
        }
    }

    private sealed class Place(ClientPlaces places, (string Product, string ClientId) key) : IDisposable
    {
        public (string Product, string ClientId) Key => key;

        public SemaphoreSlim Turn { get; } = new(1);

        public int Users { get; set; }

        public void Dispose()
        {
            Turn.Release();
            places.Leave(this);
        }
    }
}
