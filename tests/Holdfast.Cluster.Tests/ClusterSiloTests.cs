using System.Net;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Silo;
using Holdfast.Log.Postgres;
using Holdfast.Log.Postgres.Members;
using Holdfast.Testing.Postgres;
using Microsoft.Extensions.Logging.Abstractions;

namespace Holdfast.Cluster.Tests;

public sealed class ClusterSiloTests
{
    private readonly PostgresOptions _database = SharedServer.NewOptions();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_life_in_the_same_second_is_another_one()
    {
        var options = Options("a") with { Listen = new IPEndPoint(IPAddress.Loopback, FreePorts.Take()) };
        await using var first = await ClusterSilo.CreateAsync(options, Cancellation);
        await using var members = await ClusterMembers.OpenAsync(_database, Cancellation);
        var row = new Member { Address = first.Peers.Self.ToSiloAddress().ToParsableString(), Name = "a", Host = "machine", Status = (int)SiloStatus.Joining };
        Assert.True(await members.AddAsync(row, 1, Cancellation));

        await using var second = await ClusterSilo.CreateAsync(options, Cancellation);
        Assert.Equal(first.Peers.Self.Port, second.Peers.Self.Port);
        Assert.True(second.Peers.Self.Generation > first.Peers.Self.Generation);
    }

    [Fact]
    public async Task A_node_that_can_be_reached_from_elsewhere_needs_a_secret()
    {
        var open = Options("a") with { Listen = new IPEndPoint(IPAddress.Parse("192.0.2.1"), 7000) };
        Assert.Contains("secret", (await Assert.ThrowsAsync<ArgumentException>(() => ClusterSilo.CreateAsync(open, Cancellation))).Message, StringComparison.Ordinal);
        var weak = Options("a") with { Secret = "123456789012345" };
        Assert.Contains("16 characters", (await Assert.ThrowsAsync<ArgumentException>(() => ClusterSilo.CreateAsync(weak, Cancellation))).Message, StringComparison.Ordinal);
        var everywhere = Options("a") with { Listen = new IPEndPoint(IPAddress.Any, 0), Secret = "1234567890123456" };
        Assert.Contains("0.0.0.0:0", (await Assert.ThrowsAsync<ArgumentException>(() => ClusterSilo.CreateAsync(everywhere, Cancellation))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_must_be_one()
        => await Assert.ThrowsAsync<FormatException>(() => ClusterSilo.CreateAsync(Options("a b"), Cancellation));

    private ClusterSiloOptions Options(string name) => new()
    {
        Name = name,
        Database = _database,
        Endpoint = new NodeEndpoint(),
        OnDeclaredDead = _ => { },
        LoggerFactory = NullLoggerFactory.Instance,
    };
}
