using System.Text;
using Holdfast.Log.Partitions;
using Holdfast.Log.Records;
using Holdfast.Mqtt;

namespace Holdfast.Integrations.Receipts;

/// <summary>An event whose device wants to be told when an integration is done with it.</summary>
/// <param name="Device">The device id.</param>
/// <param name="Stream">The event's stream.</param>
/// <param name="Sequence">Its sequence.</param>
internal sealed record ReceiptWish(string Device, string Stream, ulong Sequence)
{
    /// <summary>The longest stream that can be told of; it is one word of ASCII.</summary>
    private const int LongestStream = 64;

    private static ReadOnlySpan<byte> Property => "hf-receipt"u8;

    private static ReadOnlySpan<byte> Level => "delivered"u8;

    /// <summary>Reads the wish of an event: <c>delivered</c> asks every integration that carries it, <c>delivered:a,b</c> those by their names.</summary>
    /// <param name="record">The event.</param>
    /// <param name="integration">The name of this integration in UTF-8.</param>
    /// <returns>Null when this integration is not asked, or the event has no stream that could be told of.</returns>
    public static ReceiptWish? Read(in PublishRecord record, ReadOnlySpan<byte> integration)
    {
        if (record.Stream.IsEmpty || record.Properties.IsEmpty || !PropertyFilter.TryGetUserProperty(record.Properties, Property, out var wish) || !Asks(wish, integration))
        {
            return null;
        }

        return Partitioning.TryGetDevice(record.Topic, out var device) && record.Stream.Length <= LongestStream && !record.Stream.ContainsAnyExceptInRange((byte)'!', (byte)'~')
            ? new ReceiptWish(Encoding.UTF8.GetString(device), Encoding.ASCII.GetString(record.Stream), record.Sequence)
            : null;
    }

    private static bool Asks(ReadOnlySpan<byte> wish, ReadOnlySpan<byte> integration)
    {
        if (!wish.StartsWith(Level))
        {
            return false;
        }

        var names = wish[Level.Length..];
        if (names.IsEmpty || names[0] != (byte)':')
        {
            return names.IsEmpty;
        }

        names = names[1..];
        foreach (var name in names.Split((byte)','))
        {
            if (names[name].SequenceEqual(integration))
            {
                return true;
            }
        }

        return false;
    }
}
