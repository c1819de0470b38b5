using System.Buffers;
using System.Text;
using System.Text.Json;
using Holdfast.Server.CommandLine;
using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Protocol;

namespace Holdfast.Server.Clients;

/// <summary>Runs <c>pub</c>.</summary>
/// <param name="options">What to publish.</param>
/// <param name="terminal">The standard streams.</param>
internal sealed class PubCommand(PubOptions options, Terminal terminal) : IDisposable
{
    private readonly ClientConnection _connection = new(options.Client, terminal);
    private int _refused;

    /// <summary>Publishes, waits for the acknowledgements and disconnects.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>0 when everything was sent and, above QoS 0, acknowledged.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        byte[] payload;
        try
        {
            payload = await ReadPayloadAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return terminal.Fail($"cannot read {options.Text}: {exception.Message}");
        }

        int code = await _connection.ConnectAsync(cancellationToken);
        if (code != ExitCodes.Success)
        {
            return code;
        }

        try
        {
            await PublishAllAsync(payload, cancellationToken);
        }
        catch (MqttCommunicationException exception)
        {
            _connection.Warn($"the connection was lost before everything was acknowledged: {exception.GetBaseException().Message}");
            return ExitCodes.Failure;
        }

        await _connection.DisconnectAsync();
        return _refused == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    /// <inheritdoc/>
    public void Dispose() => _connection.Dispose();

    private async Task<byte[]> ReadPayloadAsync(CancellationToken cancellationToken)
    {
        switch (options.Source)
        {
            case PayloadSource.Text:
                return Encoding.UTF8.GetBytes(options.Text);
            case PayloadSource.File:
                return await File.ReadAllBytesAsync(options.Text, cancellationToken);
            case PayloadSource.Input:
                using (var buffer = new MemoryStream())
                {
                    await terminal.Input.CopyToAsync(buffer, cancellationToken);
                    return buffer.ToArray();
                }

            default:
                return [];
        }
    }

    private async Task PublishAllAsync(byte[] payload, CancellationToken cancellationToken)
    {
        var outstanding = new Queue<Task>();
        if (options.Source == PayloadSource.Lines)
        {
            using var lines = new StreamReader(terminal.Input, Encoding.UTF8);
            while (await lines.ReadLineAsync(cancellationToken) is { } line)
            {
                await StartAsync(outstanding, Encoding.UTF8.GetBytes(line), cancellationToken);
            }
        }
        else
        {
            for (int count = 0; count < options.Repeat; count++)
            {
                if (count > 0 && options.RepeatDelay > TimeSpan.Zero)
                {
                    await Task.Delay(options.RepeatDelay, cancellationToken);
                }

                await StartAsync(outstanding, payload, cancellationToken);
            }
        }

        await Task.WhenAll(outstanding);
    }

    private async Task StartAsync(Queue<Task> outstanding, byte[] payload, CancellationToken cancellationToken)
    {
        // MQTTnet sends each PUBREL when its own PUBREC comes, not in the order of the PUBLISHes, so at QoS 2 order needs one at a time.
        int window = options.Client.QualityOfService == MqttQualityOfServiceLevel.ExactlyOnce ? 1 : options.Window;
        if (outstanding.Count == window)
        {
            await outstanding.Dequeue();
        }

        outstanding.Enqueue(PublishAsync(payload, cancellationToken));
    }

    private async Task PublishAsync(byte[] payload, CancellationToken cancellationToken)
    {
        var message = new MqttApplicationMessage
        {
            Topic = options.Topic,
            Payload = new ReadOnlySequence<byte>(payload),
            QualityOfServiceLevel = options.Client.QualityOfService,
            Retain = options.Retain,
        };
        PacketProperties.Apply(options.Client.Properties, message);
        _connection.Debug($"PUBLISH {options.Topic}, QoS {(int)options.Client.QualityOfService}, {payload.Length} bytes");
        MqttClientPublishResult result = await _connection.Client.PublishAsync(message, cancellationToken);
        _connection.Debug($"acknowledged: {result.ReasonCode}");
        if (!result.IsSuccess)
        {
            Interlocked.Increment(ref _refused);
            _connection.Warn($"the broker refused the message: {result.ReasonCode}{ClientConnection.Because(result.ReasonString)}");
        }

        if (options.Client.Json)
        {
            terminal.Text.WriteLine(JsonSerializer.Serialize(
                new PublishedLine(options.Topic, (int)options.Client.QualityOfService, payload.Length, result.IsSuccess, result.ReasonCode.ToString()),
                ClientJson.Default.PublishedLine));
        }
    }
}

/// <summary>What <c>pub --json</c> says about a message.</summary>
internal sealed record PublishedLine(string Topic, int Qos, int PayloadBytes, bool Success, string Reason);
