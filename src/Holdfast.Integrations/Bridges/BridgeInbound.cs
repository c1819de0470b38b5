using System.Buffers;
using System.Text;
using System.Threading.Channels;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Topics;
using Holdfast.Integrations.Bridges.Connecting;
using Holdfast.Mqtt;
using Microsoft.Extensions.Logging;
using MQTTnet;

namespace Holdfast.Integrations.Bridges;

/// <summary>
/// Stores what arrives from the other broker, in order, and acknowledges each message there only after its commit here. When this node cannot store, the
/// connection is given up: the other broker keeps what is not acknowledged and sends it again.
/// </summary>
internal sealed class BridgeInbound
{
    private readonly IntegrationPlan _plan;
    private readonly IntegrationEnvironment _environment;
    private readonly IntegrationMetrics _metrics;
    private readonly int _window;
    private readonly string _via;
    private readonly List<(TopicFilter Filter, TopicMap Map, BridgeRoute Route)> _routes = [];
    private long _received;
    private long _refused;
    private long _returned;

    public BridgeInbound(IntegrationPlan plan, BridgeSettings settings, IntegrationEnvironment environment, IntegrationMetrics metrics)
    {
        (_plan, _environment, _metrics, _window) = (plan, environment, metrics, settings.MaxInFlight);
        _via = ViaOf(environment, plan.Product);
        foreach (var route in settings.Inbound)
        {
            if (TopicFilter.TryParse(route.Filter, out var filter, out _))
            {
                _routes.Add((filter, new TopicMap(route, plan.Product), route));
            }
        }
    }

    public long Received => Volatile.Read(ref _received);

    public long Refused => Volatile.Read(ref _refused);

    public long Returned => Volatile.Read(ref _returned);

    /// <summary>The mark of what has left a product of this store.</summary>
    public static string ViaOf(IntegrationEnvironment environment, string product) => $"{environment.Log.Incarnation}/{product}";

    /// <summary>Stores and acknowledges until the connection ends or takes no more in.</summary>
    public async Task RunAsync(BridgeConnection connection)
    {
        var storing = Channel.CreateBounded<Stored>(new BoundedChannelOptions(_window) { SingleReader = true, SingleWriter = true });
        var acknowledging = AcknowledgeAsync(storing.Reader, connection);
        try
        {
            await foreach (var received in connection.Received.ReadAllAsync().ConfigureAwait(false))
            {
                var stored = await StoreAsync(received, connection).ConfigureAwait(false);
                if (stored.Result is { IsCompletedSuccessfully: true, Result.Status: PublishStatus.NotCommitting or PublishStatus.Full })
                {
                    connection.Abort($"this node cannot store now: {stored.Result.Result.Detail}"); // Nothing after it may overtake it.
                    break;
                }

                await storing.Writer.WriteAsync(stored).ConfigureAwait(false);
            }
        }
#pragma warning disable CA1031 // Whatever it met, what is not acknowledged comes again on the next connection.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            connection.Abort($"{exception.GetType().Name}: {exception.Message}");
        }

        storing.Writer.TryComplete();
        await acknowledging.ConfigureAwait(false);
    }

    private async ValueTask<Stored> StoreAsync(MqttApplicationMessageReceivedEventArgs received, BridgeConnection connection)
    {
        var message = received.ApplicationMessage;
        if (message.UserProperties?.Exists(property => property.Name == MessageProperties.ViaProperty && Encoding.UTF8.GetString(property.ValueBuffer.Span) == _via) == true)
        {
            Interlocked.Increment(ref _returned);
            return new Stored(received, null);
        }

        if (!TryMap(message, out var topic, out var retain, out var problem))
        {
            return new Stored(received, Task.FromResult(new PublishResult(PublishStatus.TopicInvalid, null, problem)));
        }

        var stored = await _environment.Publisher.AppendAsync(
            new EventToPublish
            {
                Product = _plan.Product,
                Topic = topic,
                Payload = message.Payload.ToArray(),
                Publisher = _plan.Publisher,
                QualityOfService = (QualityOfService)message.QualityOfServiceLevel,
                Retain = message.Retain && retain,
                PossibleDuplicate = message.Dup,
                ContentType = message.ContentType,
                OtherProperties = MessageProperties.Encode(message),
                UserProperties = MessageProperties.Read(message.UserProperties),
                ExpirySeconds = message.MessageExpiryInterval > 0 ? message.MessageExpiryInterval : null,
            },
            connection.Token).ConfigureAwait(false);
        return new Stored(received, stored);
    }

    private bool TryMap(MqttApplicationMessage message, out string topic, out bool retain, out string problem)
    {
        (topic, retain) = ("", false);
        var bytes = Encoding.UTF8.GetBytes(message.Topic);
        foreach (var (filter, map, route) in _routes)
        {
            if (filter.Matches(bytes))
            {
                retain = route.Retain;
                var isMapped = map.TryMap(message.Topic, out var mapped, out problem);
                topic = mapped ?? "";
                return isMapped;
            }
        }

        problem = $"'{message.Topic}' matches none of the filters of 'inbound'";
        return false;
    }

    private async Task AcknowledgeAsync(ChannelReader<Stored> storing, BridgeConnection connection)
    {
        try
        {
            await foreach (var (received, result) in storing.ReadAllAsync().ConfigureAwait(false))
            {
                if (result is not null && !IsSettled(await result.ConfigureAwait(false), received.ApplicationMessage, connection))
                {
                    break;
                }

                await received.AcknowledgeAsync(connection.Token).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (BridgeConnection.IsOfConnection(exception))
        {
            // What is stored and not acknowledged comes again on the next connection.
        }
#pragma warning disable CA1031 // A store that fails: the same.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            connection.Abort($"{exception.GetType().Name}: {exception.Message}");
        }

        await foreach (var _ in storing.ReadAllAsync().ConfigureAwait(false))
        {
            // The writer must not wait for somebody who has gone.
        }
    }

    /// <returns>False when the message must come again.</returns>
    private bool IsSettled(PublishResult result, MqttApplicationMessage message, BridgeConnection connection)
    {
        switch (result.Status)
        {
            case PublishStatus.Committed or PublishStatus.Duplicate:
                Interlocked.Increment(ref _received);
                _metrics.Received.Add(1, IntegrationMetrics.Tags(_plan.Product, _plan.Name));
                return true;
            case PublishStatus.NotCommitting or PublishStatus.Full:
                connection.Abort($"this node cannot store now: {result.Detail}");
                return false;
            default:
                Interlocked.Increment(ref _refused);
                _environment.Logger.LogWarning(
                    "Integration {Product}/{Integration}: the other broker's message at {Topic} cannot be stored: {Detail}", _plan.Product, _plan.Name, message.Topic, result.Detail);
                return true;
        }
    }

    /// <summary>A message that arrived, and its commit; null when there is nothing to store.</summary>
    private readonly record struct Stored(MqttApplicationMessageReceivedEventArgs Received, Task<PublishResult>? Result);
}
