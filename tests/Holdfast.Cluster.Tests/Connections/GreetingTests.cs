using System.IO.Pipelines;
using System.Net;
using System.Text;
using Holdfast.Cluster.Connections;
using Holdfast.Cluster.Peers;

namespace Holdfast.Cluster.Tests.Connections;

/// <summary>Who is let in.</summary>
public sealed class GreetingTests
{
    private static readonly NodeId A = new("a", IPAddress.Loopback, 1, 1);
    private static readonly NodeId B = new("b", IPAddress.Loopback, 2, 7);

    private readonly Pipe _toA = new();
    private readonly Pipe _toB = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("the secret of the cluster", "")]
    [InlineData("", "")]
    [InlineData("the secret of the cluster", "certificate")]
    public async Task Nodes_with_one_secret_learn_who_the_other_is(string secret, string certificate)
    {
        var (a, b) = Exchange(secret, secret, certificate, certificate);
        Assert.Equal(B, await a);
        Assert.Equal(A, await b);
    }

    [Theory]
    [InlineData("one", "another", "", "")]
    [InlineData("one", "", "", "")]
    [InlineData("one", "one", "of the node", "of somebody between")]
    public async Task Who_does_not_know_the_secret_or_stands_between_is_refused(string first, string second, string seenByA, string seenByB)
    {
        var (a, b) = Exchange(first, second, seenByA, seenByB);
        Assert.Contains("b@127.0.0.1:2@7 does not know the cluster's secret", (await Assert.ThrowsAsync<InvalidDataException>(() => a)).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<InvalidDataException>(() => b);
    }

    [Fact]
    public async Task Who_sends_back_what_it_hears_is_refused()
    {
        var mirror = new Pipe();
        var greeting = Greeting.ExchangeAsync(new Duplex(mirror.Reader, mirror.Writer), A, Bytes("secret"), [], isCaller: true, Cancellation);
        await Assert.ThrowsAsync<InvalidDataException>(() => greeting);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("HFN1\xFF\xFF................")]
    public async Task Who_speaks_otherwise_is_refused(string text)
    {
        await _toA.Writer.WriteAsync(Encoding.Latin1.GetBytes(text), Cancellation);
        var greeting = Greeting.ExchangeAsync(new Duplex(_toA.Reader, _toB.Writer), A, Bytes("secret"), [], isCaller: false, Cancellation);
        Assert.Contains("does not speak", (await Assert.ThrowsAsync<InvalidDataException>(() => greeting)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_goes_away_is_refused()
    {
        await _toA.Writer.WriteAsync("HFN1"u8.ToArray(), Cancellation);
        await _toA.Writer.CompleteAsync();
        var greeting = Greeting.ExchangeAsync(new Duplex(_toA.Reader, _toB.Writer), A, Bytes("secret"), [], isCaller: false, Cancellation);
        Assert.Contains("went away", (await Assert.ThrowsAsync<InvalidDataException>(() => greeting)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_comes_after_the_greeting_is_left_for_who_comes_after()
    {
        var (a, b) = Exchange("secret", "secret", "", "");
        await Task.WhenAll(a, b);
        await _toA.Writer.WriteAsync("next"u8.ToArray(), Cancellation);
        Assert.Equal("next", Encoding.UTF8.GetString((await _toA.Reader.ReadAsync(Cancellation)).Buffer));
    }

    [Fact]
    public async Task An_encrypted_connection_carries_bytes_and_both_sides_see_the_same_certificate()
    {
        using var encryption = new PeerEncryption();
        using var other = new PeerEncryption();
        var calling = encryption.BeginAsync(new Duplex(_toA.Reader, _toB.Writer), isCaller: true, Cancellation);
        var listening = other.BeginAsync(new Duplex(_toB.Reader, _toA.Writer), isCaller: false, Cancellation);
        await using var caller = await calling;
        await using var listener = await listening;
        Assert.Equal(32, caller.CertificateHash.Length);
        Assert.Equal(caller.CertificateHash, listener.CertificateHash);

        await listener.Output.WriteAsync("hidden"u8.ToArray(), Cancellation);
        Assert.Equal("hidden", Encoding.UTF8.GetString((await caller.Input.ReadAtLeastAsync(6, Cancellation)).Buffer));
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private (Task<NodeId> A, Task<NodeId> B) Exchange(string secretOfA, string secretOfB, string seenByA, string seenByB) => (
        Greeting.ExchangeAsync(new Duplex(_toA.Reader, _toB.Writer), A, Bytes(secretOfA), Bytes(seenByA), isCaller: true, Cancellation),
        Greeting.ExchangeAsync(new Duplex(_toB.Reader, _toA.Writer), B, Bytes(secretOfB), Bytes(seenByB), isCaller: false, Cancellation));

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
