namespace Holdfast.Device;

/// <summary>What the device has exchanged with the cloud since its start.</summary>
/// <param name="BytesSent">Bytes written to sockets: MQTT, WebSocket, TLS and its handshakes; not the headers of TCP and IP.</param>
/// <param name="BytesReceived">Bytes read from sockets.</param>
/// <param name="EventsStored">Events that the cloud has acknowledged.</param>
/// <param name="Publishes">Publishes that carried them.</param>
/// <param name="Connections">Connections that were accepted.</param>
public sealed record TrafficStatistics(long BytesSent, long BytesReceived, long EventsStored, long Publishes, long Connections)
{
    /// <summary>Bytes on the wire, both ways, for each event that is stored; 0 before the first one.</summary>
    public double BytesPerEvent => EventsStored == 0 ? 0 : (double)(BytesSent + BytesReceived) / EventsStored;
}
