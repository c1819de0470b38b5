namespace Holdfast.Broker.Sessions;

/// <summary>Where a publisher's QoS 2 exchange stands.</summary>
internal enum ReceiptState : byte
{
    /// <summary>The publish is being committed.</summary>
    Committing,

    /// <summary>Committed: PUBREC was or may be sent.</summary>
    Received,

    /// <summary>PUBREL has arrived and is being committed.</summary>
    Releasing,
}

/// <summary>
/// The packet identifiers that a publisher uses at QoS 2 and has not released: a PUBLISH that repeats one is the same message
/// [MQTT-4.3.3-10]. The release is recorded in the partition of the publish, so that replay sees both in order. Guarded by the session's lock.
/// </summary>
internal sealed class InboundReceipts
{
    /// <summary>Only while there are any, or were: most sessions never have one.</summary>
    private Dictionary<ushort, (int Partition, ReceiptState State)>? _receipts;

    public int Count => _receipts?.Count ?? 0;

    public IEnumerable<(ushort PacketId, int Partition)> Committed
        => (_receipts ?? []).Where(pair => pair.Value.State != ReceiptState.Committing).Select(pair => (pair.Key, pair.Value.Partition));

    /// <summary>Removes all and returns them.</summary>
    public List<(ushort PacketId, int Partition)> TakeAll()
    {
        var all = (_receipts ?? []).Select(pair => (pair.Key, pair.Value.Partition)).ToList();
        _receipts = null;
        return all;
    }

    public bool TryGet(ushort packetId, out int partition, out ReceiptState state)
    {
        var receipt = (Partition: 0, State: ReceiptState.Committing);
        var found = _receipts is not null && _receipts.TryGetValue(packetId, out receipt);
        (partition, state) = receipt;
        return found;
    }

    public void Set(ushort packetId, int partition, ReceiptState state) => (_receipts ??= [])[packetId] = (partition, state);

    public void Remove(ushort packetId) => _receipts?.Remove(packetId);
}
