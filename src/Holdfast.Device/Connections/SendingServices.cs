using Holdfast.Device.Batches;
using Holdfast.Device.Dialing;
using Holdfast.Device.Outbox;
using Microsoft.Extensions.Logging;

namespace Holdfast.Device.Connections;

/// <summary>What lasts from one connection of a device to the next.</summary>
internal sealed record SendingServices(
    DeviceOptions Options, EventOutbox Outbox, EndpointSelector Selector, ConnectivityMonitor Monitor, BatchGatherer Gatherer, TrafficCounter Traffic,
    TimeProvider Time, ILogger Logger);
