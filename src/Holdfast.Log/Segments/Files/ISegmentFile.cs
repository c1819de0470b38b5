namespace Holdfast.Log.Segments.Files;

/// <summary>An open file. Reads and the one writer may overlap.</summary>
internal interface ISegmentFile : IDisposable
{
    /// <summary>The file's length in bytes.</summary>
    long Length { get; }

    /// <summary>Writes the buffers one after the other, in one call where the system can.</summary>
    /// <param name="buffers">The bytes.</param>
    /// <param name="position">Where the first one goes.</param>
    void Write(IReadOnlyList<ReadOnlyMemory<byte>> buffers, long position);

    /// <summary>Reads until the destination is full or the file ends.</summary>
    /// <param name="destination">Receives the bytes.</param>
    /// <param name="position">Where to begin.</param>
    /// <returns>The number of bytes read.</returns>
    int Read(Span<byte> destination, long position);

    /// <summary>Makes everything written durable, and the length with it (<c>fdatasync</c>).</summary>
    void Flush();

    /// <summary>Sets the length.</summary>
    /// <param name="length">In bytes.</param>
    void SetLength(long length);

    /// <summary>Reserves room up to a length and makes the file that long, filled with zeros.</summary>
    /// <param name="length">In bytes.</param>
    /// <returns>False when the file system does not do that, or has no room; the file is unchanged.</returns>
    bool TryPreallocate(long length);
}
