using System.Buffers;
using System.IO.Pipelines;

namespace Holdfast.Api.Requests;

/// <summary>The lines of a body, one after the other, without ever holding more than the longest.</summary>
internal sealed class BodyLines(PipeReader body, int maximumBytes)
{
    private bool _isCompleted;

    /// <summary>The next line that is not empty, without its end; null at the end of the body.</summary>
    /// <exception cref="LineTooLongException">The line is longer than the limit.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> NextAsync(CancellationToken cancellationToken)
    {
        while (!_isCompleted)
        {
            var read = await body.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            var end = buffer.PositionOf((byte)'\n');
            if (end is null && !read.IsCompleted)
            {
                if (buffer.Length > maximumBytes)
                {
                    throw new LineTooLongException();
                }

                body.AdvanceTo(buffer.Start, buffer.End);
                continue;
            }

            var line = Take(buffer.Slice(0, end ?? buffer.End));
            body.AdvanceTo(end is { } lineEnd ? buffer.GetPosition(1, lineEnd) : buffer.End);
            _isCompleted = end is null;
            if (!line.Span.Trim(" \t\r"u8).IsEmpty)
            {
                return line;
            }
        }

        return null;
    }

    private ReadOnlyMemory<byte> Take(ReadOnlySequence<byte> line)
        => line.Length > maximumBytes ? throw new LineTooLongException() : line.ToArray();
}

/// <summary>A line is longer than a reader accepts.</summary>
internal sealed class LineTooLongException() : Exception("A line is longer than its limit.");
