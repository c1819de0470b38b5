using System.Net;
using System.Net.Sockets;
using System.Text;
using Holdfast.Integrations.Tests.Support;

namespace Holdfast.Integrations.Tests.Webhooks;

/// <summary>Receivers that break every rule. None may cost more than its own integration, or a bounded amount of memory.</summary>
public sealed class HostileReceiverTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    [Theory]
    [InlineData("this is no HTTP\r\n\r\n")]
    [InlineData("HTTP/1.1 two hundred\r\n\r\n")]
    [InlineData("")]
    [InlineData("HTTP/1.1 ")]
    [InlineData("HTTP/1.1 500 No\r\nContent-Length: 1000\r\n\r\nonly this")]
    public async Task What_is_no_success_is_repeated_until_it_is_one(string first)
    {
        using var receiver = new RawReceiver(first, Ok);
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x");

        await scene.UntilAsync(status => status.FailedAttempts == 1);
        scene.Time.Advance(await scene.NextRetryAsync());

        await scene.UntilAsync(status => status.Delivered == 1);
    }

    [Fact]
    public async Task A_success_whose_body_breaks_off_is_a_success()
    {
        using var receiver = new RawReceiver("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nonly this");
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: "\"response\":{}");
        await scene.PublishAsync("devices/a/events/x", "x");

        await scene.UntilAsync(status => status.Delivered == 1);
        Assert.Equal("only this", Encoding.UTF8.GetString((await scene.Publisher.NextAsync()).Payload.Span));
    }

    [Fact]
    public async Task An_answer_that_comes_byte_by_byte_is_waited_for_and_the_event_is_not_sent_again()
    {
        using var receiver = new RawReceiver("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nslow", "HTTP/1.1 500 Again\r\nContent-Length: 0\r\n\r\n") { IsSlow = true };
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url, settings: "\"response\":{}");
        await scene.PublishAsync("devices/a/events/x", "x");

        await scene.UntilAsync(status => status.Delivered == 1);
        Assert.Equal("slow", Encoding.UTF8.GetString((await scene.Publisher.NextAsync()).Payload.Span));
        Assert.Equal(0, scene.Status().FailedAttempts);
    }

    [Fact]
    public async Task Endless_headers_are_cut_off()
    {
        using var receiver = new RawReceiver("HTTP/1.1 200 OK\r\n" + string.Concat(Enumerable.Repeat("X-Header: " + new string('x', 1000) + "\r\n", 1000)) + "\r\n");
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x");

        await scene.UntilAsync(status => status.FailedAttempts == 1);
    }

    [Fact]
    public async Task Of_a_hundred_megabytes_only_what_is_wanted_is_read()
    {
        using var receiver = new RawReceiver("HTTP/1.1 410 Gone\r\nContent-Length: 100000000\r\n\r\n") { Megabytes = 100 };
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x");

        await scene.UntilAsync(status => status.DeadLettered == 1);
        Assert.InRange(await receiver.Written.WaitAsync(Deadline.Token), 0, 20_000_000);
        Assert.Equal(4096, Assert.Single((await scene.Service.Deliveries.DeadLettersAsync("p", "hook", null, 10, Deadline.Token))!).Response.Length);
    }

    [Fact]
    public async Task A_refusal_whose_body_never_ends_is_kept_when_the_attempt_has_timed_out()
    {
        using var receiver = new RawReceiver([.. Enumerable.Repeat("HTTP/1.1 410 Gone\r\nContent-Length: 1000\r\n\r\nhalf an ans", 50)]) { KeepsOpen = true };
        await using var scene = new Scene();
        await scene.AddAsync(receiver.Url);
        await scene.PublishAsync("devices/a/events/x", "x");
        await receiver.Answered.WaitAsync(Deadline.Token);
        while (scene.Status().DeadLettered == 0)
        {
            scene.Time.Advance(TimeSpan.FromSeconds(15));
            await Task.Yield();
        }

        var letter = Assert.Single((await scene.Service.Deliveries.DeadLettersAsync("p", "hook", null, 10, Deadline.Token))!);
        Assert.Equal(410, letter.Status);
        Assert.StartsWith(letter.Response, "half an ans", StringComparison.Ordinal);
    }

    /// <summary>A socket that answers each connection's first request with the next text, and then hangs up.</summary>
    private sealed class RawReceiver : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly TaskCompletionSource _answered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource<long> _written = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly List<TcpClient> _open = [];

        public RawReceiver(params string[] answers)
        {
            _listener.Start();
            _ = RunAsync(answers);
        }

        public bool KeepsOpen { get; init; }

        /// <summary>Whether each byte of the answer is sent by itself.</summary>
        public bool IsSlow { get; init; }

        /// <summary>What follows the answer.</summary>
        public int Megabytes { get; init; }

        /// <summary>How much of that the other side took, in bytes.</summary>
        public Task<long> Written => _written.Task;

        public Task Answered => _answered.Task;

        public string Url => $"http://{_listener.LocalEndpoint}/hook";

        public void Dispose()
        {
            _listener.Dispose();
            _open.ForEach(client => client.Dispose());
        }

        private async Task RunAsync(string[] answers)
        {
            foreach (var answer in answers)
            {
                var client = await _listener.AcceptTcpClientAsync();
                _open.Add(client);
                var buffer = new byte[64 * 1024];
                _ = await client.GetStream().ReadAsync(buffer);
                var written = 0L;
                try
                {
                    client.NoDelay = true;
                    foreach (var piece in Encoding.ASCII.GetBytes(answer).Chunk(IsSlow ? 1 : answer.Length + 1))
                    {
                        await client.GetStream().WriteAsync(piece);
                        await Task.Yield();
                    }

                    for (var megabyte = new byte[1_000_000]; written < Megabytes * 1_000_000L; written += megabyte.Length)
                    {
                        await client.GetStream().WriteAsync(megabyte);
                    }
                }
                catch (IOException)
                {
                    // The other side had enough.
                }

                _written.TrySetResult(written);

                if (!KeepsOpen && client.Connected)
                {
                    client.Client.Shutdown(SocketShutdown.Send);
                }

                _answered.TrySetResult();
            }
        }
    }
}
