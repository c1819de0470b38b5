using System.Globalization;
using System.Text;

namespace Holdfast.Crash.Traces;

/// <summary>
/// Judges a trace: every PUBACK is sent only after an fdatasync (or fsync) of the file holding its payload returned, and that flush began
/// after the write of the payload had returned. The payload of the message with packet identifier n holds <see cref="Marker"/> of n.
/// </summary>
internal sealed class AcknowledgementChecker
{
    private const string MarkerStart = "holdfast-flush-";
    private const int MarkerDigits = 5;
    private const byte ConnAck = 0x20;
    private const byte PubAck = 0x40;

    private static readonly byte[] MarkerStartBytes = Encoding.ASCII.GetBytes(MarkerStart);

    private readonly Dictionary<int, SystemCall> _writes = [];
    private readonly List<SystemCall> _flushes = [];
    private readonly Dictionary<int, List<byte>> _streams = [];
    private readonly List<string> _violations = [];
    private int _acknowledgements;

    public static string Marker(int packetId) => MarkerStart + packetId.ToString("D5", CultureInfo.InvariantCulture);

    /// <returns>What was wrong, and how many acknowledgements were judged.</returns>
    public static (IReadOnlyList<string> Violations, int Acknowledgements) Check(IReadOnlyList<SystemCall> calls)
    {
        var checker = new AcknowledgementChecker();
        foreach (var call in calls)
        {
            checker.Read(call);
        }

        return (checker._violations, checker._acknowledgements);
    }

    private void Read(SystemCall call)
    {
        switch (call.Name)
        {
            case "write" or "writev" or "pwrite64" or "pwritev" or "pwritev2":
                FindMarkers(call);
                break;
            case "fdatasync" or "fsync":
                _flushes.Add(call);
                break;
            case "sendto" or "sendmsg" or "send":
                ReadPackets(call);
                break;
        }
    }

    private void FindMarkers(SystemCall call)
    {
        var rest = call.Data.AsSpan();
        for (var start = rest.IndexOf(MarkerStartBytes); start >= 0; start = rest.IndexOf(MarkerStartBytes))
        {
            var digits = Encoding.ASCII.GetString(rest.Slice(start + MarkerStart.Length, MarkerDigits));
            _writes.TryAdd(int.Parse(digits, CultureInfo.InvariantCulture), call);
            rest = rest[(start + MarkerStart.Length + MarkerDigits)..];
        }
    }

    private void ReadPackets(SystemCall call)
    {
        var sent = call.End == int.MaxValue ? call.Data : call.Data[..(int)Math.Clamp(call.Result, 0, call.Data.Length)];
        if (!_streams.TryGetValue(call.FileDescriptor, out var stream))
        {
            _streams.Add(call.FileDescriptor, stream = []);
        }

        if (sent.Length > 0 && sent[0] == ConnAck)
        {
            // A new connection on this descriptor.
            stream.Clear();
        }

        stream.AddRange(sent);
        while (stream.Count >= 2 && stream[1] < 0x80 && stream.Count >= 2 + stream[1])
        {
            if (stream[0] == PubAck)
            {
                Judge((stream[2] << 8) | stream[3], call);
            }

            stream.RemoveRange(0, 2 + stream[1]);
        }
    }

    private void Judge(int packetId, SystemCall send)
    {
        _acknowledgements++;
        if (!_writes.TryGetValue(packetId, out var write) || write.End >= send.Begin)
        {
            _violations.Add($"PUBACK {packetId} was sent before its payload was written");
        }
        else if (!_flushes.Any(flush => flush.FileDescriptor == write.FileDescriptor
            && flush.Result == 0 && write.End < flush.Begin && flush.End < send.Begin))
        {
            _violations.Add($"PUBACK {packetId} was sent before a flush of its payload returned");
        }
    }
}
