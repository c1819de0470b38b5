using System.Buffers;
using System.Buffers.Text;

namespace Holdfast.Api.Events.Reading;

/// <summary>Text on its way to a client, collected so that one write carries many events. It grows by the largest event and is used again.</summary>
internal sealed class OutputBuffer : IBufferWriter<byte>
{
    private const int InitialBytes = 128 * 1024;
    private byte[] _bytes = new byte[InitialBytes];

    public int Length { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>What was written from a place on.</summary>
    public Span<byte> From(int place) => _bytes.AsSpan(place..Length);

    public void Clear() => Length = 0;

    public void Write(ReadOnlySpan<byte> text)
    {
        text.CopyTo(GetSpan(text.Length));
        Length += text.Length;
    }

    public void Write(long number)
    {
        const int LongestNumber = 20;
        Utf8Formatter.TryFormat(number, GetSpan(LongestNumber), out var written);
        Length += written;
    }

    public void Advance(int count) => Length += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _bytes.AsMemory(Length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        MakeRoom(sizeHint);
        return _bytes.AsSpan(Length);
    }

    private void MakeRoom(int bytes)
    {
        const int Least = 256;
        if (_bytes.Length - Length < Math.Max(bytes, Least))
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + bytes));
        }
    }
}
