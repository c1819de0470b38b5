using System.Text;
using Holdfast.Status.Reports;
using MQTTnet;

namespace Holdfast.Status.Watching;

/// <summary>Calls a device over HTTP, and waits for what it answers: the device is the watcher's own, and its connection is held from round to round, as devices hold theirs.</summary>
internal sealed class CallProbe : IProbe
{
    private const string Command = "watch";

    private readonly WatchOptions _options;
    private readonly StepRunner _steps;
    private readonly HttpClient _http;
    private readonly IMqttClient _device = new MqttClientFactory().CreateMqttClient();
    private readonly string _id = $"watch-{Guid.NewGuid().ToString("N")[..12]}";
    private long _round;

    public CallProbe(WatchTarget target, WatchOptions options, TimeProvider time)
    {
        _options = options;
        _steps = new StepRunner(target.Component, options, time);
        _http = HttpProbe.MakeClient(target, options);
        _device.ApplicationMessageReceivedAsync += AnswerAsync;
    }

    // As any MQTT 3.1.1 device gets commands and answers them.
    private string Commands => $"devices/{_id}/commands/{Command}/";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ReportedObservation>> RunAsync(CancellationToken cancellationToken)
    {
        if (!_device.IsConnected)
        {
            ReportedObservation connected = await _steps.RunAsync("call", ConnectAsync, "the device cannot connect", cancellationToken).ConfigureAwait(false);
            if (connected.Verdict == "failed")
            {
                return [connected with { Detail = $"the device cannot connect: {connected.Detail}" }];
            }
        }

        string mark = $"{_id}:{++_round}";
        return [await _steps.RunAsync("call", token => CallAsync(mark, token), "called, but no answer comes", cancellationToken).ConfigureAwait(false)];
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _device.Dispose();
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task ConnectAsync(CancellationToken cancellationToken)
    {
        await _device.ConnectAsync(_options.Device!, _id, cancellationToken).ConfigureAwait(false);
        await _device.SubscribeOnceAsync($"devices/{_id}/commands/#", cancellationToken).ConfigureAwait(false);
    }

    private async Task CallAsync(string mark, CancellationToken cancellationToken)
    {
        string wait = ((long)Math.Ceiling(_options.StepTimeout.TotalSeconds)).ToString(Words.Culture);
        using var content = new StringContent(mark, Encoding.UTF8, "text/plain");
        using HttpResponseMessage response = await _http.PostAsync(
            new Uri($"api/v1/products/{Uri.EscapeDataString(_options.Product)}/devices/{_id}/commands/{Command}?wait={wait}s", UriKind.Relative), content, cancellationToken).ConfigureAwait(false);
        if (!response.IsSuccessStatusCode)
        {
            throw new StepFailedException($"answered {(int)response.StatusCode}");
        }

        if (await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false) != mark)
        {
            throw new StepFailedException("the answer is not the device's");
        }
    }

    // Not awaited: the client reads on meanwhile.
    private Task AnswerAsync(MqttApplicationMessageReceivedEventArgs message)
    {
        string topic = message.ApplicationMessage.Topic;
        if (topic.StartsWith(Commands, StringComparison.Ordinal))
        {
            _ = _device.TryPublishTextAsync($"devices/{_id}/replies/{topic[Commands.Length..]}", message.ApplicationMessage.ConvertPayloadToString() ?? "");
        }

        return Task.CompletedTask;
    }
}
