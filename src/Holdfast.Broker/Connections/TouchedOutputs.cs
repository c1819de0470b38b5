namespace Holdfast.Broker.Connections;

/// <summary>The outputs that one run of work has written to, so that each is flushed once. Belongs to one thread.</summary>
internal sealed class TouchedOutputs
{
    /// <summary>So much for one connection is sent at once rather than at the end, so that the peer can begin.</summary>
    private const int SendAtOnceBytes = 64 * 1024;

    private readonly List<PacketOutput> _outputs = [];

    public void Add(PacketOutput output)
    {
        if (output.UnflushedBytes >= SendAtOnceBytes)
        {
            output.Flush();
        }
        else if (output.Touch())
        {
            _outputs.Add(output);
        }
    }

    public void Flush()
    {
        foreach (var output in _outputs)
        {
            output.Flush();
        }

        _outputs.Clear();
    }

    /// <summary>The first output that its peer does not empty, after a flush of all.</summary>
    public PacketOutput? FlushAndFindClogged()
    {
        PacketOutput? clogged = null;
        foreach (var output in _outputs)
        {
            output.Flush();
            if (output.IsClogged)
            {
                clogged ??= output;
            }
        }

        _outputs.Clear();
        return clogged;
    }
}
