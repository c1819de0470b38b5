using Holdfast.Testing.Postgres;

namespace Holdfast.Cluster.Tests;

/// <summary>Nodes with a secret, as processes: their connections are encrypted.</summary>
public sealed class SecretTests
{
    private const string Secret = "known to the nodes alone";

    [Fact]
    public async Task Nodes_with_one_secret_form_a_cluster_and_one_with_another_stays_outside()
    {
        var database = SharedServer.NewOptions();
        await using var a = await NodeProcess.BeginAsync(database, "a", secret: Secret);
        await using var b = await NodeProcess.BeginAsync(database, "b", secret: Secret);
        await Task.WhenAll(a.JoinedAsync(), b.JoinedAsync());
        await Task.WhenAll(a.SeesAsync(b), b.SeesAsync(a));
        Assert.Equal($"answered {b.Self}", await a.AskAsync($"beat {b.Self}", "answered"));
        Assert.Contains("/s, ", await a.AskAsync($"load {b.Self} 200 8 200000", "load"), StringComparison.Ordinal);

        await using var stranger = await NodeProcess.BeginAsync(database, "stranger", secret: Secret + "?");
        await stranger.SaysAsync("does not know the cluster's secret");
        await using var open = await NodeProcess.BeginAsync(database, "open");
        await open.SaysAsync("was closed");
        Assert.StartsWith("unavailable", await a.AskAsync($"beat {stranger.Self}", "unavailable"), StringComparison.Ordinal);
        Assert.Equal($"answered {a.Self}", await b.AskAsync($"beat {a.Self}", "answered"));
    }
}
