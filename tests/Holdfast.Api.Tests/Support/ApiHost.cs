using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Holdfast.Api.Relaying;
using Holdfast.Api.Security;
using Holdfast.Broker.Calls;
using Holdfast.Broker.Health;
using Holdfast.Broker.Identities;
using Holdfast.Broker.Integrations;
using Holdfast.Broker.Limits;
using Holdfast.Broker.Publishing;
using Holdfast.Broker.Reports;
using Holdfast.Log.State;
using Holdfast.Log.TestKit.State;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Api.Tests.Support;

/// <summary>The API on a real socket, in front of a <see cref="FakeNode"/>.</summary>
internal sealed class ApiHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _data;

    private ApiHost(WebApplication app, DirectoryInfo data, FakeNode node, string token)
    {
        _app = app;
        _data = data;
        Node = node;
        Token = token;
    }

    public FakeNode Node { get; }

    /// <summary>The devices that can be called.</summary>
    public FakeCalls Calls => (FakeCalls)_app.Services.GetRequiredService<IDeviceCalls>();

    public FakeCluster Cluster => (FakeCluster)_app.Services.GetRequiredService<IClusterReporter>();

    public string Token { get; }

    /// <summary>Answers what another node passes on.</summary>
    public RequestRelay Relay => _app.Services.GetRequiredService<RequestRelay>();

    public IdentityAdministration Administration => _app.Services.GetRequiredService<IdentityAdministration>();

    /// <summary>The routes of the running server: method and pattern.</summary>
    public IEnumerable<(string Method, string Pattern)> Routes
        => ((IEndpointRouteBuilder)_app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(endpoint => (endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods ?? ["GET"])
                .Select(method => (method, "/" + endpoint.RoutePattern.RawText!.TrimStart('/').Replace("{**", "{", StringComparison.Ordinal))));

    public HttpClient Client { get; private set; } = null!;

    public static async Task<ApiHost> StartAsync(
        Func<ApiOptions, ApiOptions>? configure = null, Action<IServiceCollection>? addServices = null)
    {
        var data = Directory.CreateTempSubdirectory("holdfast-api-");
        var token = AdminToken.LoadOrCreate(data.FullName);
        var options = new ApiOptions { AdminToken = token };
        var node = new FakeNode();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddSingleton<IEventPublisher>(node);
        builder.Services.AddSingleton<ICommitHealth>(node);
        builder.Services.AddSingleton<IIntegrationRegistry>(node);
        builder.Services.AddSingleton<IClusterReporter, FakeCluster>();
        builder.Services.AddSingleton<IDeviceCalls, FakeCalls>();
        builder.Services.AddSingleton<IIntegrationNodes, OneNode>();
        builder.Services.AddSingleton<IIdentityStore, MemoryIdentityStore>();
        builder.Services.AddSingleton<IdentityRegistry>();
        builder.Services.AddSingleton(services => new ClientAuthenticator(services.GetRequiredService<IdentityRegistry>(), TimeProvider.System));
        builder.Services.AddSingleton(new RefusalLog(TimeProvider.System, NullLogger.Instance));
        addServices?.Invoke(builder.Services);
        builder.Services.AddHoldfastApi(configure?.Invoke(options) ?? options);
        var app = builder.Build();
        app.MapHoldfastApi();
        await app.StartAsync(TestContext.Current.CancellationToken);
        var text = (await File.ReadAllTextAsync(token.Path, TestContext.Current.CancellationToken)).Trim();
        return new ApiHost(app, data, node, text) { Client = new HttpClient { BaseAddress = new Uri(app.Urls.Single()) } };
    }

    public async Task<Answer> SendAsync(HttpMethod method, string path, HttpContent? content = null, bool withToken = true, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (withToken)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await Client.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer((int)response.StatusCode, response.Content.Headers.ContentType?.MediaType, body, response.Headers);
    }

    /// <summary>Ends the host in order, as a node that drains does.</summary>
    public Task StopAsync() => _app.StopAsync(TestContext.Current.CancellationToken);

    public Task<Answer> PublishAsync(string json, bool withToken = true, params (string Name, string Value)[] headers)
        => SendAsync(HttpMethod.Post, "/api/v1/products/default/events", Json(json), withToken, headers);

    public static StringContent Json(string text) => new(text, Encoding.UTF8, "application/json");

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        _data.Delete(recursive: true);
    }
}

/// <summary>A response, read to its end.</summary>
internal sealed record Answer(int Status, string? ContentType, string Body, HttpResponseHeaders Headers)
{
    public JsonElement Json => JsonElement.Parse(Body);

    /// <summary>The field that a problem names, after checking that it is a problem of this status.</summary>
    public string? AssertProblem(int status)
    {
        Assert.Equal((status, "application/problem+json"), (Status, ContentType));
        Assert.Equal(status, Json.GetProperty("status").GetInt32());
        Assert.NotEmpty(Json.GetProperty("title").GetString()!);
        Assert.NotEmpty(Json.GetProperty("detail").GetString()!);
        return Json.TryGetProperty("where", out var where) ? where.GetString() : null;
    }
}
