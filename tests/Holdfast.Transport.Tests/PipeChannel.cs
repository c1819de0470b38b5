using System.IO.Pipelines;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using Holdfast.Transport.Channels;

namespace Holdfast.Transport.Tests;

/// <summary>A channel whose output is a pipe that a test reads, and whose peer sends nothing.</summary>
internal sealed class PipeChannel(Pipe pipe) : NetworkChannel
{
    private readonly Pipe _silence = new();

    public override PipeReader Input => _silence.Reader;

    public override PipeWriter Output => pipe.Writer;

    public override string Remote => "test";

    public override IPAddress? Address => null;

    public override X509Certificate2? Certificate => null;

    public override Task EndSendingAsync() => Task.CompletedTask;

    public override void Abort(string reason) => pipe.Reader.Complete(new IOException(reason));
}
