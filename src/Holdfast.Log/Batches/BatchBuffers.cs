using System.Buffers;

namespace Holdfast.Log.Batches;

/// <summary>The pool behind batches: few, large buffers that live longer than a request, so they do not share the process-wide pool.</summary>
public static class BatchBuffers
{
    private const int LargestPooled = 16 * 1024 * 1024;
    private static readonly ArrayPool<byte> Pool = ArrayPool<byte>.Create(LargestPooled, maxArraysPerBucket: 64);

    /// <summary>A buffer of at least this many bytes, with arbitrary content.</summary>
    /// <param name="minimumLength">In bytes.</param>
    public static byte[] Rent(int minimumLength) => Pool.Rent(minimumLength);

    /// <summary>Gives a buffer back.</summary>
    /// <param name="buffer">A buffer that came from <see cref="Rent"/> and has no other user.</param>
    public static void Return(byte[] buffer) => Pool.Return(buffer);
}
