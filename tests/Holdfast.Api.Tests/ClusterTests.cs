using Holdfast.Api.Tests.Support;

namespace Holdfast.Api.Tests;

public sealed class ClusterTests
{
    [Fact]
    public async Task The_cluster_is_shown_as_the_node_sees_it()
    {
        await using var host = await ApiHost.StartAsync();

        var answer = await host.SendAsync(HttpMethod.Get, "/api/v1/cluster", withToken: false);

        Assert.Equal(200, answer.Status);
        Assert.Equal("synchronous", answer.Json.GetProperty("durability").GetProperty("level").GetString());
        Assert.Equal(17, answer.Json.GetProperty("partitions")[0].GetProperty("committedOffset").GetInt64());
        Assert.Equal(System.Text.Json.JsonValueKind.Null, answer.Json.GetProperty("partitions")[1].GetProperty("owner").ValueKind);
    }

    [Fact]
    public async Task Only_the_administrator_drains_a_node()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(401, (await host.SendAsync(HttpMethod.Post, "/api/v1/cluster/nodes/a/drain", withToken: false)).Status);
        Assert.Empty(host.Cluster.Drained);
        Assert.Equal(202, (await host.SendAsync(HttpMethod.Post, "/api/v1/cluster/nodes/a/drain")).Status);
        Assert.Equal(["a"], host.Cluster.Drained);
    }

    [Fact]
    public async Task A_node_that_is_not_there_cannot_be_drained()
    {
        await using var host = await ApiHost.StartAsync();

        Assert.Equal(404, (await host.SendAsync(HttpMethod.Post, "/api/v1/cluster/nodes/b/drain")).Status);
    }
}
