using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Holdfast.Device.Dialing;
using Microsoft.Extensions.Time.Testing;

namespace Holdfast.Device.Tests.Dialing;

public sealed class HostDialerTests
{
    private static readonly IPAddress[] Addresses = [IPAddress.Parse("192.0.2.1"), IPAddress.Parse("2001:db8::2"), IPAddress.Parse("192.0.2.3")];

    private readonly FakeTimeProvider _time = new();
    private readonly Channel<Attempt> _attempts = Channel.CreateUnbounded<Attempt>();
    private readonly HostDialer _dialer;

    public HostDialerTests() => _dialer = new HostDialer((_, _) => Task.FromResult(Addresses), Connect, _time);

    [Fact]
    public async Task A_silent_address_does_not_keep_the_next_one_waiting_and_loses_when_that_answers()
    {
        var dialing = DialAsync();
        var first = await NextAsync(Addresses[0]);
        _time.Advance(HostDialer.HeadStart);
        var second = await NextAsync(Addresses[1]);
        var stream = second.Accept();
        Assert.Same(stream, await dialing.Soon());
        Assert.True(first.Cancelled.IsCancellationRequested);
        Assert.False(_attempts.Reader.TryRead(out _), "The third address was tried although the second answered.");
    }

    [Fact]
    public async Task An_address_that_refuses_is_followed_at_once_and_the_last_reason_is_told()
    {
        var dialing = DialAsync();
        foreach (var address in Addresses)
        {
            (await NextAsync(address)).Refuse(address == Addresses[^1] ? SocketError.HostUnreachable : SocketError.ConnectionRefused);
        }

        Assert.Equal(SocketError.HostUnreachable, (await Assert.ThrowsAsync<SocketException>(() => dialing.Soon())).SocketErrorCode);
    }

    [Fact]
    public async Task Each_dial_begins_behind_the_address_that_was_used_last()
    {
        foreach (var address in Addresses.Append(Addresses[0]))
        {
            var dialing = DialAsync();
            (await NextAsync(address)).Accept();
            await dialing.Soon();
        }
    }

    [Fact]
    public async Task A_connection_that_comes_too_late_is_closed()
    {
        var dialing = DialAsync();
        var first = await NextAsync(Addresses[0]);
        _time.Advance(HostDialer.HeadStart);
        (await NextAsync(Addresses[1])).Accept();
        await dialing.Soon();
        var late = first.Accept();
        await late.Closed.Task.Soon();
    }

    [Fact]
    public async Task A_name_without_an_address_is_an_error()
    {
        var dialer = new HostDialer((_, _) => Task.FromResult<IPAddress[]>([]), Connect, _time);
        Assert.Equal(SocketError.HostNotFound, (await Assert.ThrowsAsync<SocketException>(() => dialer.DialAsync("no.example", 1, TestContext.Current.CancellationToken))).SocketErrorCode);
    }

    private Task<Stream> DialAsync() => _dialer.DialAsync("cloud.example", 1883, TestContext.Current.CancellationToken);

    private async Task<Attempt> NextAsync(IPAddress expected)
    {
        var attempt = await _attempts.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().Soon();
        Assert.Equal(expected, attempt.Address);
        return attempt;
    }

    private Task<Stream> Connect(IPAddress address, int port, CancellationToken cancellationToken)
    {
        var attempt = new Attempt(address, cancellationToken);
        _attempts.Writer.TryWrite(attempt);
        return attempt.Answer.Task;
    }

    private sealed record Attempt(IPAddress Address, CancellationToken Cancelled)
    {
        public TaskCompletionSource<Stream> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public WatchedStream Accept()
        {
            var stream = new WatchedStream();
            Answer.SetResult(stream);
            return stream;
        }

        public void Refuse(SocketError error) => Answer.SetException(new SocketException((int)error));
    }

    private sealed class WatchedStream : MemoryStream
    {
        public TaskCompletionSource Closed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override void Dispose(bool disposing)
        {
            Closed.TrySetResult();
            base.Dispose(disposing);
        }
    }
}
