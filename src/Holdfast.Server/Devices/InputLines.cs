namespace Holdfast.Server.Devices;

/// <summary>The lines of a stream, to its end.</summary>
/// <param name="input">The stream.</param>
internal sealed class InputLines(Stream input) : ILineSource
{
    private readonly LineBuffer _buffer = new();
    private bool _isEnd;

    /// <inheritdoc/>
    public bool HasMore => _buffer.HasLine;

    /// <inheritdoc/>
    public async Task<byte[]?> NextAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            if (_buffer.Take(_isEnd, out _) is { } line)
            {
                return line;
            }

            if (_isEnd)
            {
                return null;
            }

            int count = await input.ReadAsync(_buffer.Free, cancellationToken).AsTask().WaitAsync(cancellationToken);
            _buffer.Add(count);
            _isEnd = count == 0;
        }
    }

    /// <inheritdoc/>
    public void Accepted()
    {
        // A stream cannot be read again.
    }
}
