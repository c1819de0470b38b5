using Holdfast.Log.Batches;
using Holdfast.Log.Records;

namespace Holdfast.Microbenchmarks;

/// <summary>Records of a usual size: 100 bytes of payload.</summary>
internal static class LogRecords
{
    private static readonly byte[] Payload = new byte[100];

    /// <summary>Bytes of one record.</summary>
    public static int Size { get; } = Make(0).Size;

    /// <summary>Adds a record.</summary>
    public static void Add(OpenBatch open, ulong key)
    {
        var record = Make(key);
        record.WriteTo(open.Reserve(record.Size, receivedAtMilliseconds: 1));
    }

    private static PublishRecord Make(ulong key)
        => new() { Product = "default"u8, Topic = "devices/1/events/e"u8, Payload = Payload, KeyHash = key, ReceivedAtMilliseconds = 1 };
}
