using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Publishing;
using Holdfast.Integrations.Network;
using Microsoft.Extensions.Logging;

namespace Holdfast.Integrations.Tests.Support;

/// <summary>A node with a real clock, whose bridges go to a real broker. What they bring in is stored in its log, when the test lets it.</summary>
internal sealed class BridgeScene : IAsyncDisposable, IEventPublisher, ILogger
{
    private readonly Scene _scene = new();
    private readonly Channel<EventToPublish> _offered = Channel.CreateUnbounded<EventToPublish>();
    private readonly Channel<string> _logged = Channel.CreateUnbounded<string>();

    private BridgeScene()
    {
    }

    /// <summary>What a bridge wants to store, in order.</summary>
    public ChannelReader<EventToPublish> Offered => _offered.Reader;

    /// <summary>Says what becomes of an event; by default it is stored.</summary>
    public Func<EventToPublish, Task<PublishStatus>> Decide { get; set; } = _ => Task.FromResult(PublishStatus.Committed);

    /// <summary>The node.</summary>
    public Scene Node => _scene;

    public static async Task<BridgeScene> CreateAsync(AddressPolicy? addresses = null)
    {
        var scene = new BridgeScene();
        scene._scene.Environment = scene._scene.Environment with
        {
            TimeProvider = TimeProvider.System, Publisher = scene, Logger = scene, Addresses = addresses ?? AddressPolicy.AllowAll,
        };
        await scene._scene.RestartAsync();
        return scene;
    }

    /// <summary>Adds a bridge with further settings, such as <c>"qos":2</c>.</summary>
    public async Task<IntegrationResult> AddAsync(string url, string settings = "", string filter = "devices/#", string name = "plant")
        => await _scene.Service.AddAsync(
            new IntegrationDefinition(
                "p", name, IntegrationDefinition.BridgeKind, filter, JsonElement.Parse($$"""{"url":{{JsonSerializer.Serialize(url)}}{{(settings.Length > 0 ? "," : "")}}{{settings}}}""")),
            Long);

    public async Task AddWorkingAsync(string url, string settings = "", string filter = "devices/#", string name = "plant")
    {
        var result = await AddAsync(url, settings, filter, name);
        Assert.Equal(("", IntegrationOutcome.Done), (result.Detail, result.Outcome));
    }

    /// <summary>Waits for a line of the log.</summary>
    public async Task<string> LoggedAsync(string text)
    {
        await foreach (var line in _logged.Reader.ReadAllAsync(Long))
        {
            if (line.Contains(text, StringComparison.Ordinal))
            {
                return line;
            }
        }

        throw new InvalidOperationException("The log ended.");
    }

    /// <summary>Far longer than anything here takes, also on a machine that is busy.</summary>
    public static CancellationToken Long
    {
        get
        {
            var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            deadline.CancelAfter(TimeSpan.FromMinutes(3));
            return deadline.Token;
        }
    }

    public async ValueTask<PublishResult> PublishAsync(EventToPublish message, CancellationToken cancellationToken) => await await AppendAsync(message, cancellationToken);

    public ValueTask<Task<PublishResult>> AppendAsync(EventToPublish message, CancellationToken cancellationToken)
    {
        var storing = StoreAsync(message);
        _offered.Writer.TryWrite(message);
        return ValueTask.FromResult(storing);
    }

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull
        => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, Microsoft.Extensions.Logging.EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        => _logged.Writer.TryWrite(formatter(state, exception));

    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    private async Task<PublishResult> StoreAsync(EventToPublish message)
    {
        var status = await Decide(message);
        if (status == PublishStatus.Committed)
        {
            await _scene.PublishAsync([(message.Topic, Encoding.UTF8.GetString(message.Payload.Span))], message.Product, publisher: message.Publisher);
        }

        return new PublishResult(status, null, status.ToString());
    }
}
