using System.Diagnostics;
using System.Globalization;
using System.Net;
using Holdfast.Cluster.Node;
using Holdfast.Cluster.Peers;
using Holdfast.Cluster.Silo;
using Holdfast.Log.Postgres;
using Microsoft.Extensions.Logging;

// A node to kill: takes part in a cluster and says on standard output what it sees. Arguments: connection string, schema, name, and a port when it must be a certain one.
// Commands on standard input: "beat NODE", "load NODE COUNT CONCURRENCY BYTES", "usage", "stop".
var port = args.Length > 3 ? int.Parse(args[3], CultureInfo.InvariantCulture) : 0;
var (endpoint, answers) = NodeEndpoint.Make();
await using var silo = await ClusterSilo.CreateAsync(new ClusterSiloOptions
{
    Name = args[2],
    Listen = new IPEndPoint(IPAddress.Loopback, port),
    Secret = Environment.GetEnvironmentVariable("NODE_SECRET"),
    Database = new PostgresOptions { ConnectionString = args[0], Schema = args[1], Durability = DurabilityPolicy.AcceptAsynchronous, WaitsForPrimary = true },
    Endpoint = endpoint,
    OnDeclaredDead = reason =>
    {
        Console.WriteLine($"dead {reason.ReplaceLineEndings(" ")}");
        Environment.Exit(70);
    },
    LoggerFactory = new LineLoggers(Environment.GetEnvironmentVariable("NODE_LOG") is { } level ? Enum.Parse<LogLevel>(level) : LogLevel.Warning),
});
answers.Self.SetResult(silo.Peers.Self);
Console.WriteLine($"self {silo.Peers.Self}");
silo.Peers.Changed += () => Console.WriteLine($"others {string.Join(' ', silo.Peers.Others)}");
await silo.StartAsync();
Console.WriteLine("active");
while (await Console.In.ReadLineAsync() is { } line && line != "stop")
{
    var words = line.Split(' ');
    Console.WriteLine(words[0] switch
    {
        "beat" => await BeatAsync(NodeId.Parse(words[1])),
        "load" => "load " + await Load.RunAsync(
            silo.Peers.Get(NodeId.Parse(words[1])), silo.Peers.Self,
            int.Parse(words[2], CultureInfo.InvariantCulture), int.Parse(words[3], CultureInfo.InvariantCulture), int.Parse(words[4], CultureInfo.InvariantCulture)),
        "usage" => Usage(),
        _ => $"unknown {line}",
    });
}

await silo.StopAsync();
Console.WriteLine("stopped");

async Task<string> BeatAsync(NodeId target)
{
    Console.WriteLine($"beating {target}");
    var begin = Stopwatch.GetTimestamp();
    try
    {
        var answer = await silo.Peers.Get(target).HeartbeatAsync(new Heartbeat(silo.Peers.Self, "here", [], false, true, 0, []));
        return $"answered {answer.From}";
    }
    catch (PeerUnavailableException error)
    {
        return string.Create(CultureInfo.InvariantCulture, $"unavailable {Stopwatch.GetElapsedTime(begin).TotalMilliseconds:F0} {silo.Peers.IsDeclaredDead(target)} {error.Message}");
    }
}

string Usage()
{
    using var process = Process.GetCurrentProcess();
    return string.Create(
        CultureInfo.InvariantCulture,
        $"usage {process.TotalProcessorTime.TotalMilliseconds:F0} ms CPU, {process.Threads.Count} threads, {process.WorkingSet64 / 1048576} MB, {answers.Heartbeats} heartbeats received");
}
