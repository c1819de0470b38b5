using System.Globalization;
using Holdfast.Testing;

namespace Holdfast.Clients.Drivers;

/// <summary>
/// mosquitto_sub, one process for a subscription, and mosquitto_pub, one for each message. A publish that the server's death interrupts is
/// repeated until it succeeds, as a script would. Over TLS mosquitto_sub ends when its connection breaks; then it is started again, as a supervisor would.
/// </summary>
public sealed class MosquittoClient : ForeignClient
{
    private const string MessageMark = "message ";

    private static readonly TimeSpan PublishLimit = TimeSpan.FromSeconds(15);

    private ClientSettings? _settings;
    private LineProcess? _subscriber;
    private int _publishers;
    private volatile bool _isWanted = true;

    private ClientSettings Settings => _settings ?? throw new InvalidOperationException("The client is not connected.");

    /// <inheritdoc/>
    public override Task ConnectAsync(ClientSettings settings)
    {
        _settings = settings;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task SubscribeAsync(string filter, int qualityOfService)
    {
        var subscribed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        // Its output is a pipe here, which it would fill by blocks.
        string[] arguments =
        [
            "-oL", "mosquitto_sub", .. Common(Settings, Settings.ClientId), .. Settings.Clean ? Array.Empty<string>() : ["-c"], .. Will(Settings),
            "-t", filter, "-q", Number(qualityOfService), "-d", "-F", MessageMark + "%q %r %x %t",
        ];
        LineProcess Start() => new("stdbuf", arguments, line => TakeLine(line, subscribed));
        var process = _subscriber = Start();
        var first = await Task.WhenAny(subscribed.Task, process.Ended).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        if (first != subscribed.Task)
        {
            throw new InvalidOperationException($"mosquitto_sub has ended: {process.Errors}");
        }

        _ = StartAgainAsync(process, Start);
    }

    /// <inheritdoc/>
    public override async Task PublishAsync(string topic, byte[] payload, int qualityOfService, bool retain = false)
    {
        string[] arguments =
        [
            .. Common(Settings, $"{Settings.ClientId}-pub-{Interlocked.Increment(ref _publishers)}"),
            "-t", topic, "-q", Number(qualityOfService), .. retain ? ["-r"] : Array.Empty<string>(), .. payload.Length == 0 ? ["-n"] : (string[])["-s"],
        ];
        var mayHang = true;
        while (true)
        {
            await using var process = new LineProcess("mosquitto_pub", arguments, _ => { });
            try
            {
                await process.Input.WriteAsync(payload);
                process.Input.Close();
            }
            catch (IOException)
            {
                // It ended without reading: the exit code says so.
            }

            try
            {
                if (await process.EndAsync(PublishLimit) == 0)
                {
                    return;
                }
            }
            catch (TimeoutException) when (mayHang)
            {
                // A connection that breaks within its TLS handshake leaves libmosquitto 2.0.11 writing to it for ever: a person would start it again.
                mayHang = false;
            }

            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public override async Task DisconnectAsync()
    {
        _isWanted = false;
        if (_subscriber is { } subscriber)
        {
            await subscriber.EndAsync(Signals.Terminate);
        }
    }

    /// <inheritdoc/>
    public override Task BreakAsync() => ReleaseAsync();

    /// <inheritdoc/>
    protected override async Task ReleaseAsync()
    {
        _isWanted = false;
        if (_subscriber is { } subscriber)
        {
            _subscriber = null;
            await subscriber.DisposeAsync();
        }
    }

    private static string[] Common(ClientSettings settings, string clientId)
        => ["-h", "localhost", .. settings.IsTls ? ["--cafile", settings.CertificateFile] : Array.Empty<string>(), "-p", Number(settings.Port), "-V", settings.Version == 5 ? "mqttv5" : "mqttv311",
            "-i", clientId];

    private static string[] Will(ClientSettings settings)
        => settings.Will is not { } will ? []
            : ["--will-topic", will.Topic, "--will-payload", will.Text, "--will-qos", Number(will.QualityOfService),
                .. will.Retain ? ["--will-retain"] : Array.Empty<string>()];

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private async Task StartAgainAsync(LineProcess process, Func<LineProcess> start)
    {
        while (true)
        {
            await process.Ended;
            if (!_isWanted)
            {
                return;
            }

            _subscriber = process = start();
        }
    }

    private void TakeLine(string line, TaskCompletionSource subscribed)
    {
        if (line.StartsWith("Subscribed ", StringComparison.Ordinal))
        {
            subscribed.TrySetResult();
        }
        else if (line.StartsWith(MessageMark, StringComparison.Ordinal))
        {
            var fields = line[MessageMark.Length..].Split(' ', 4);
            Take(new ReceivedMessage(
                fields[3], Convert.FromHexString(fields[2]), int.Parse(fields[0], CultureInfo.InvariantCulture), fields[1] == "1"));
        }
    }
}
