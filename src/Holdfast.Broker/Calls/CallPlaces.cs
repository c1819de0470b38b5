namespace Holdfast.Broker.Calls;

/// <summary>How many calls wait, in all and for each device.</summary>
internal sealed class CallPlaces(int most, int mostOfDevice)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string Product, string Device), int> _ofDevice = [];
    private int _count;

    /// <summary>How many calls wait.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _count;
            }
        }
    }

    /// <summary>Takes a place.</summary>
    /// <returns>Null when there was one; else why there is none.</returns>
    public string? Enter(string product, string device)
    {
        lock (_lock)
        {
            var ofDevice = _ofDevice.GetValueOrDefault((product, device));
            if (_count >= most || ofDevice >= mostOfDevice)
            {
                return _count >= most
                    ? $"{most} calls wait for an answer on this node, the most there may be. Try again, or on another node."
                    : $"{mostOfDevice} calls wait for the device '{device}' already, the most there may be. Try again when it has answered.";
            }

            _count++;
            _ofDevice[(product, device)] = ofDevice + 1;
            return null;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Leave(string product, string device)
    {
        lock (_lock)
        {
            _count--;
            var left = _ofDevice[(product, device)] - 1;
            if (left == 0)
            {
                _ofDevice.Remove((product, device));
            }
            else
            {
                _ofDevice[(product, device)] = left;
            }
        }
    }
}
