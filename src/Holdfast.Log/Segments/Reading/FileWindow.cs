using System.Buffers;
using Holdfast.Log.Segments.Files;

namespace Holdfast.Log.Segments.Reading;

/// <summary>A part of a file in a rented buffer, moved along as it is read.</summary>
internal sealed class FileWindow(ISegmentFile file) : IDisposable
{
    private byte[] _buffer = [];
    private long _start;
    private int _count;

    /// <summary>Whether some bytes are here already.</summary>
    public bool Holds(long position, int length) => position >= _start && position + length <= _start + _count;

    /// <summary>Some bytes of the file; fewer when it ends before. They are valid until the next call.</summary>
    /// <param name="position">Where they begin.</param>
    /// <param name="length">How many are needed.</param>
    /// <param name="readAhead">How many to read when reading is needed, at least the length.</param>
    public ReadOnlySpan<byte> Get(long position, int length, int readAhead)
    {
        if (!Holds(position, length))
        {
            Fill(position, Math.Max(length, readAhead));
        }

        var from = (int)(position - _start);
        return _buffer.AsSpan(from, Math.Min(length, _count - from));
    }

    public void Dispose()
    {
        if (_buffer.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_buffer);
            _buffer = [];
        }
    }

    private void Fill(long position, int length)
    {
        if (_buffer.Length < length)
        {
            Dispose();
            _buffer = ArrayPool<byte>.Shared.Rent(length);
        }

        _start = position;
        _count = 0;
        _count = file.Read(_buffer.AsSpan(0, length), position);
    }
}
