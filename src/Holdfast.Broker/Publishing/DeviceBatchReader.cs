using System.Text.Unicode;
using Holdfast.Broker.Topics;

namespace Holdfast.Broker.Publishing;

/// <summary>
/// Reads a batch of a device's events, event by event, without allocating; docs/device.md describes the format. A batch is published on
/// <c>devices/{id}/events</c>, and each of its events is what a publish on <c>devices/{id}/events/{name}</c> would be.
/// </summary>
public ref struct DeviceBatchReader
{
    /// <summary>The most events of one batch.</summary>
    public const int MaximumEvents = 1024;

    /// <summary>The media type of a batch.</summary>
    public const string ContentTypeOfBatches = "application/vnd.holdfast.batch";

    private const byte Version = 1;
    private const byte NameFollows = 0x01;
    private const byte ContentTypeFollows = 0x02;
    private const byte StepFollows = 0x04;
    private const byte TimeFollows = 0x08;
    private const byte ReceiptFollows = 0x10;
    private const byte KnownFlags = NameFollows | ContentTypeFollows | StepFollows | TimeFollows | ReceiptFollows;

    private static readonly long LatestMilliseconds = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();

    private readonly int _length;
    private ReadOnlySpan<byte> _rest;
    private ulong _nextSequence;

    /// <summary>Reads the head of a batch.</summary>
    /// <param name="batch">Bytes that begin with <see cref="Magic"/>.</param>
    public DeviceBatchReader(ReadOnlySpan<byte> batch)
    {
        _length = batch.Length;
        _rest = batch[Math.Min(Magic.Length, batch.Length)..];
        var version = TakeByte();
        if (version != Version)
        {
            Problem = $"The batch has version {version}; this server reads version {Version}.";
        }
        else if (!TryShort(out var stream) || stream.IsEmpty || !IsText(stream))
        {
            Problem = "The batch's stream is missing, cut short or not UTF-8.";
        }
        else if (!TryNumber(out _nextSequence) || !TryNumber(out var time) || time > (ulong)LatestMilliseconds)
        {
            Problem = "The batch's first sequence or first time is missing or too large.";
        }
        else
        {
            Stream = stream;
            PublishedAtMilliseconds = (long)time;
        }
    }

    /// <summary>The four bytes at the beginning of every batch; no text in UTF-8, so no JSON, begins with them.</summary>
    public static ReadOnlySpan<byte> Magic => [0xC5, (byte)'H', (byte)'F', (byte)'B'];

    /// <summary>What is wrong with the batch, and where; null as long as nothing is.</summary>
    public string? Problem { get; private set; }

    /// <summary>How many events were read.</summary>
    public int Count { get; private set; }

    /// <summary>The stream of all events.</summary>
    public ReadOnlySpan<byte> Stream { get; }

    /// <summary>The sequence of the current event.</summary>
    public ulong Sequence { get; private set; }

    /// <summary>The device's time of the current event, in Unix milliseconds; 0 when the device knows none.</summary>
    public long PublishedAtMilliseconds { get; private set; }

    /// <summary>The name of the current event.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>The media type of the current event; empty for none.</summary>
    public ReadOnlySpan<byte> ContentType { get; private set; }

    /// <summary>The level that the device waits for with the current event, as the user property <c>hf-receipt</c>; empty for none.</summary>
    public ReadOnlySpan<byte> Receipt { get; private set; }

    /// <summary>The payload of the current event.</summary>
    public ReadOnlySpan<byte> Payload { get; private set; }

    /// <summary>Whether a payload says that it is a batch.</summary>
    /// <param name="payload">A payload.</param>
    public static bool IsBatch(ReadOnlySpan<byte> payload) => payload.StartsWith(Magic);

    /// <summary>Reads a batch through.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="problem">What is wrong with it; null when nothing is.</param>
    /// <returns>How many events it holds.</returns>
    public static int Check(ReadOnlySpan<byte> batch, out string? problem)
    {
        var reader = new DeviceBatchReader(batch);
        while (reader.MoveNext())
        {
            // Reading is the check.
        }

        problem = reader.Problem ?? (reader.Count == 0 ? "The batch holds no event." : null);
        return reader.Count;
    }

    /// <summary>Goes to the next event.</summary>
    /// <returns>False at the end, and when there is a <see cref="Problem"/>.</returns>
    public bool MoveNext()
    {
        if (Problem is not null || _rest.IsEmpty)
        {
            return false;
        }

        var start = _length - _rest.Length;
        var problem = Count == MaximumEvents ? $"a batch holds at most {MaximumEvents} events" : ReadEvent();
        if (problem is not null)
        {
            Problem = $"Event {Count + 1} of the batch, at byte {start}: {problem}.";
            return false;
        }

        Count++;
        return true;
    }

    private string? ReadEvent()
    {
        var flags = TakeByte();
        if ((flags & ~KnownFlags) != 0)
        {
            return $"the flags {flags:X2} are not known";
        }

        if ((flags & NameFollows) != 0)
        {
            if (!TryShort(out var name) || !TopicName.IsValid(name))
            {
                return "its name is cut short, or no part of a topic (UTF-8, not empty, without +, # and NUL)";
            }

            Name = name;
        }

        if (Name.IsEmpty)
        {
            return "it has no name";
        }

        if ((flags & ContentTypeFollows) != 0)
        {
            if (!TryShort(out var contentType) || !IsText(contentType))
            {
                return "its content type is cut short or not UTF-8";
            }

            ContentType = contentType;
        }

        return ReadSequence(flags) ?? ReadTime(flags) ?? ReadReceipt(flags) ?? ReadPayload();
    }

    private string? ReadSequence(byte flags)
    {
        var step = 0UL;
        if ((flags & StepFollows) != 0 && !TryNumber(out step))
        {
            return "its sequence step is cut short";
        }

        if (step > ulong.MaxValue - 1 - _nextSequence)
        {
            return "its sequence is too large";
        }

        Sequence = _nextSequence + step;
        _nextSequence = Sequence + 1;
        return null;
    }

    private string? ReadTime(byte flags)
    {
        if ((flags & TimeFollows) == 0)
        {
            return null;
        }

        if (!TryNumber(out var zigzag))
        {
            return "its time is cut short";
        }

        var time = (Int128)PublishedAtMilliseconds + ((long)(zigzag >> 1) ^ -(long)(zigzag & 1));
        if (time < 0 || time > LatestMilliseconds)
        {
            return "its time lies outside the years 1970 to 9999";
        }

        PublishedAtMilliseconds = (long)time;
        return null;
    }

    private string? ReadReceipt(byte flags)
    {
        if ((flags & ReceiptFollows) == 0)
        {
            return null;
        }

        if (!TryShort(out var receipt) || !IsText(receipt))
        {
            return "its receipt is cut short or not UTF-8";
        }

        Receipt = receipt;
        return null;
    }

    private string? ReadPayload()
    {
        if (!TryNumber(out var length) || length > (ulong)_rest.Length)
        {
            return "its payload is cut short";
        }

        Payload = _rest[..(int)length];
        _rest = _rest[(int)length..];
        return null;
    }

    private static bool IsText(ReadOnlySpan<byte> value) => Utf8.IsValid(value) && !value.Contains((byte)0);

    private byte TakeByte()
    {
        var value = _rest.IsEmpty ? (byte)0 : _rest[0];
        _rest = _rest.IsEmpty ? _rest : _rest[1..];
        return value;
    }

    /// <summary>A length of one byte, and as many bytes.</summary>
    private bool TryShort(out ReadOnlySpan<byte> value)
    {
        if (_rest.IsEmpty || _rest.Length <= _rest[0])
        {
            value = default;
            return false;
        }

        value = _rest.Slice(1, _rest[0]);
        _rest = _rest[(1 + value.Length)..];
        return true;
    }

    /// <summary>An unsigned number, seven bits to the byte, the lowest first; the high bit tells that more follow.</summary>
    private bool TryNumber(out ulong value)
    {
        value = 0;
        for (var shift = 0; shift < 64 && !_rest.IsEmpty; shift += 7)
        {
            var next = _rest[0];
            _rest = _rest[1..];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return shift < 63 || next <= 1;
            }
        }

        return false;
    }
}
