using Holdfast.Mqtt;

namespace Holdfast.Broker.Connections;

/// <summary>
/// The acknowledgements that a connection owes, in the order in which the packets arrived [MQTT-4.6.0-2] [MQTT-4.6.0-3]. Partitions commit
/// independently, so a completion may come early; it then waits for those before it. Not thread-safe.
/// </summary>
internal sealed class PendingAcknowledgements
{
    /// <summary>The most that may be owed to one connection; beyond it the connection is not read.</summary>
    public const int Maximum = 8192;

    private Entry[] _ring = [];
    private ulong _head;
    private ulong _tail;

    public int Count => (int)(_tail - _head);

    public bool IsFull => Count >= Maximum;

    /// <summary>Adds one behind the others.</summary>
    /// <returns>The token to complete it with.</returns>
    public ulong Add(PacketType acknowledgement, ushort packetId)
    {
        if (Count == _ring.Length)
        {
            Grow();
        }

        _ring[_tail & (ulong)(_ring.Length - 1)] = new Entry(acknowledgement, packetId, false, false);
        return _tail++;
    }

    /// <summary>Takes back the last one added.</summary>
    public void RemoveLast() => _tail--;

    /// <summary>Marks one as due.</summary>
    /// <param name="token">What <see cref="Add"/> returned.</param>
    /// <param name="isCommitted">Whether it may be sent; else its turn comes and nothing is sent.</param>
    public void Complete(ulong token, bool isCommitted)
    {
        ref var entry = ref _ring[token & (ulong)(_ring.Length - 1)];
        entry = entry with { IsDue = true, IsCommitted = isCommitted };
    }

    /// <summary>Takes the next one that is due.</summary>
    public bool TryTake(out PacketType acknowledgement, out ushort packetId, out bool isCommitted)
    {
        if (_head != _tail)
        {
            var entry = _ring[_head & (ulong)(_ring.Length - 1)];
            if (entry.IsDue)
            {
                _head++;
                (acknowledgement, packetId, isCommitted) = (entry.Acknowledgement, entry.PacketId, entry.IsCommitted);
                if (_head == _tail && _ring.Length > 64)
                {
                    _ring = [];
                }

                return true;
            }
        }

        (acknowledgement, packetId, isCommitted) = (default, 0, false);
        return false;
    }

    private void Grow()
    {
        var larger = new Entry[Math.Max(8, _ring.Length * 2)];
        for (var at = _head; at != _tail; at++)
        {
            larger[at & (ulong)(larger.Length - 1)] = _ring[at & (ulong)(_ring.Length - 1)];
        }

        _ring = larger;
    }

    private readonly record struct Entry(PacketType Acknowledgement, ushort PacketId, bool IsDue, bool IsCommitted);
}
