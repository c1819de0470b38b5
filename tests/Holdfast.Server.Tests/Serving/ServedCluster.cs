using System.Net.Http.Headers;
using Holdfast.Testing;
using Holdfast.Testing.Postgres;
using Npgsql;

namespace Holdfast.Server.Tests.Serving;

/// <summary>Nodes as processes, with one database of their own.</summary>
internal sealed class ServedCluster : IDisposable
{
    private readonly string _database = $"serve_{Guid.NewGuid():N}";

    /// <summary>Where the nodes keep their files, and the test its own.</summary>
    public TemporaryDirectory Directory { get; } = new();

    public static async Task<ServedCluster> CreateAsync()
    {
        var cluster = new ServedCluster();
        await using var connection = new NpgsqlConnection(SharedServer.NewOptions().ConnectionString);
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        await using var command = new NpgsqlCommand($"CREATE DATABASE {cluster._database}", connection);
        await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        return cluster;
    }

    public Task<ServerProcess> StartAsync(string name)
    {
        var database = new NpgsqlConnectionStringBuilder(SharedServer.NewOptions().ConnectionString) { Database = _database };
        return ServerProcess.StartAsync(new ServerArguments(Directory.Below(name))
        {
            Options = ["--cluster", database.ConnectionString, "--node", name, "--accept-async-replication"],
        });
    }

    /// <summary>Speaks to a node's API as its administrator.</summary>
    public HttpClient Administrator(ServerProcess server, string name)
    {
        var token = File.ReadAllText(Path.Combine(Directory.Below(name), "admin-token")).Trim();
        var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{server.HttpPort}") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public void Dispose() => Directory.Dispose();
}
