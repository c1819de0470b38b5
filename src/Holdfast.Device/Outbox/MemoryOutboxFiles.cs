namespace Holdfast.Device.Outbox;

/// <summary>Files in memory: an outbox that a reboot empties.</summary>
internal sealed class MemoryOutboxFiles : IOutboxFiles
{
    private readonly Dictionary<string, MemoryFile> _files = [];

    public IReadOnlyList<string> List() => [.. _files.Keys];

    public IOutboxFile Create(string name) => _files[name] = new MemoryFile();

    public IOutboxFile Open(string name) => _files[name];

    public void Delete(string name) => _files.Remove(name);

    public void FlushNames()
    {
    }

    private sealed class MemoryFile : IOutboxFile
    {
        private byte[] _content = [];

        public long Length { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes, long position)
        {
            var end = checked((int)position + bytes.Length);
            if (end > _content.Length)
            {
                Array.Resize(ref _content, Math.Max(end, _content.Length + (_content.Length / 2)));
            }

            bytes.CopyTo(_content.AsSpan((int)position));
            Length = Math.Max(Length, end);
        }

        public int Read(Span<byte> destination, long position)
        {
            var count = (int)Math.Clamp(Length - position, 0, destination.Length);
            _content.AsSpan((int)Math.Min(position, Length), count).CopyTo(destination);
            return count;
        }

        public void SetLength(long length) => Length = length;

        public void Flush()
        {
        }

        public void Dispose()
        {
        }
    }
}
