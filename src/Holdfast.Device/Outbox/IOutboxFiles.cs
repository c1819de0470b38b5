namespace Holdfast.Device.Outbox;

/// <summary>The files of one outbox directory; a test puts a disk that loses power in their place.</summary>
internal interface IOutboxFiles
{
    /// <summary>The names of all files.</summary>
    IReadOnlyList<string> List();

    /// <summary>Makes an empty file in place of any of that name.</summary>
    IOutboxFile Create(string name);

    /// <summary>Opens a file to read and write.</summary>
    IOutboxFile Open(string name);

    /// <summary>Removes a file.</summary>
    void Delete(string name);

    /// <summary>Makes sure that names survive a power cut.</summary>
    void FlushNames();
}

/// <summary>One file of an outbox.</summary>
internal interface IOutboxFile : IDisposable
{
    /// <summary>Its length in bytes.</summary>
    long Length { get; }

    /// <summary>Writes all bytes.</summary>
    void Write(ReadOnlySpan<byte> bytes, long position);

    /// <summary>Reads as many bytes as there are, up to the length of the destination.</summary>
    int Read(Span<byte> destination, long position);

    /// <summary>Cuts the file.</summary>
    void SetLength(long length);

    /// <summary>Makes sure that the content survives a power cut.</summary>
    void Flush();
}
