using Holdfast.Api.Calls;
using Holdfast.Api.Cluster;
using Holdfast.Api.Custody;
using Holdfast.Api.Events;
using Holdfast.Api.Events.Reading;
using Holdfast.Api.Health;
using Holdfast.Api.Identities;
using Holdfast.Api.Integrations;
using Holdfast.Api.Problems;
using Holdfast.Api.Reference;
using Holdfast.Api.Relaying;
using Holdfast.Api.Security;
using Holdfast.Broker;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Retention;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Holdfast.Api;

/// <summary>Puts the HTTP surface into a host.</summary>
public static class HoldfastApi
{
    /// <summary>The meters that <c>/metrics</c> shows.</summary>
    private static readonly string[] Meters = [BrokerMetrics.MeterName, "Holdfast.Integrations", ApiMetrics.MeterName, "System.Runtime"];

    /// <summary>
    /// Adds what the endpoints need. The host also provides <see cref="Broker.Publishing.IEventPublisher"/>,
    /// <see cref="Broker.Health.ICommitHealth"/>, <see cref="Broker.Integrations.IIntegrationRegistry"/>, <see cref="Broker.Integrations.IDeliveryControl"/>,
    /// <see cref="Broker.Integrations.IIntegrationNodes"/>, <see cref="Broker.Custody.ICustody"/>, <see cref="Log.Partitions.IPartitionLog"/>, <see cref="Broker.Calls.IDeviceCalls"/>,
    /// <see cref="Broker.Identities.IdentityRegistry"/>, <see cref="Broker.Identities.ClientAuthenticator"/>, <see cref="Broker.Reports.IClusterReporter"/>,
    /// <see cref="Broker.Delivery.ICommitFeed"/>, <see cref="Broker.Limits.RefusalLog"/> and <see cref="Broker.Delivery.ILogInterest"/> as singletons.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">How the surface behaves.</param>
    public static IServiceCollection AddHoldfastApi(this IServiceCollection services, ApiOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<ProblemMiddleware>();
        services.AddSingleton<IStartupFilter, ProblemStartupFilter>();
        services.AddSingleton<ApiMetrics>();
        services.AddSingleton<RequestRelay>();
        services.AddSingleton<EventSource>();
        services.AddSingleton<EventPages>();
        services.AddSingleton<EventStreams>();
        services.AddSingleton<LastEvents>();
        services.AddSingleton<IdentityAdministration>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IRetentionFloors, RetentionFloors>();
        services.AddRouting();
        services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("holdfast")).WithMetrics(metrics => metrics.AddMeter(Meters).AddPrometheusExporter());
        return services;
    }

    /// <summary>Maps the endpoints.</summary>
    /// <param name="endpoints">The host's routes.</param>
    public static IEndpointRouteBuilder MapHoldfastApi(this IEndpointRouteBuilder endpoints)
    {
        var options = endpoints.ServiceProvider.GetRequiredService<ApiOptions>();
        HealthEndpoints.Map(endpoints);
        EventEndpoints.Map(endpoints, options);
        EventReadEndpoints.Map(endpoints, options);
        CallEndpoints.Map(endpoints, options);
        IntegrationEndpoints.Map(endpoints, options);
        ClusterEndpoints.Map(endpoints, options);
        ProductEndpoints.Map(endpoints, options);
        ProductSettingsEndpoints.Map(endpoints, options);
        ProductRetentionEndpoint.Map(endpoints, options);
        LimitEndpoints.Map(endpoints, options);
        DeviceEndpoints.Map(endpoints, options);
        TokenEndpoints.Map(endpoints, options);
        DeliveryEndpoints.Map(endpoints, options);
        CustodyEndpoints.Map(endpoints, options);
        ReferenceEndpoints.Map(endpoints);
        endpoints.MapPrometheusScrapingEndpoint("/metrics").Require(Access.Local, options);
        return endpoints;
    }
}
