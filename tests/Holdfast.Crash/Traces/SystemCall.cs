namespace Holdfast.Crash.Traces;

/// <summary>A system call as strace saw it. Begin and end are positions in the order in which the tracer saw things happen.</summary>
internal sealed record SystemCall(string Name, int FileDescriptor, byte[] Data, int Begin)
{
    /// <summary>When it returned; <see cref="int.MaxValue"/> when it never did.</summary>
    public int End { get; set; } = int.MaxValue;

    /// <summary>What it returned.</summary>
    public long Result { get; set; } = -1;
}
