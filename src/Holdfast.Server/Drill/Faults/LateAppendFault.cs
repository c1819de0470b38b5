using Holdfast.Server.Drill.Lab;
using Npgsql;

namespace Holdfast.Server.Drill.Faults;

/// <summary>
/// SIGKILL of a node whose appends are on their way: the processes of the database that serve them are frozen before, so what the node has sent waits
/// in their sockets, is read when a successor has written to the same partitions, and must be refused.
/// </summary>
/// <param name="node">The node.</param>
/// <param name="primary">The primary.</param>
internal sealed class LateAppendFault(LabNode node, DatabaseMember primary) : IFault
{
    private const string Appending = "SELECT pid FROM pg_stat_activity WHERE client_addr = $1 AND query LIKE 'WITH locked AS%'";
    private const string IsBetweenStatements = "SELECT state = 'idle' FROM pg_stat_activity WHERE pid = $1";

    /// <summary>Long enough for the devices of several partitions to publish.</summary>
    private static readonly TimeSpan SendingTime = TimeSpan.FromMilliseconds(300);

    private readonly List<int> _frozen = [];

    /// <inheritdoc/>
    public string Description => $"SIGKILL of {node.Machine.Name} while its appends are on their way to {primary.Machine.Name}";

    /// <inheritdoc/>
    public async Task InjectAsync(CancellationToken cancellationToken)
    {
        await using NpgsqlConnection connection = await LabDatabase.OpenAsync(primary, cancellationToken);
        foreach (int process in await AppendingAsync(connection, cancellationToken))
        {
            await FreezeAsync(connection, process, cancellationToken);
        }

        await Task.Delay(SendingTime, cancellationToken);
        await node.KillAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task UndoAsync(CancellationToken cancellationToken)
    {
        _frozen.ForEach(process => ProcessTable.Send(process, LabSignal.Continue));
        node.Start();
        return Task.CompletedTask;
    }

    private async Task<List<int>> AppendingAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Appending, connection) { Parameters = { new() { Value = node.Machine.Address } } };
        await using NpgsqlDataReader reader = await command.ExecuteReaderAsync(cancellationToken);
        var processes = new List<int>();
        while (await reader.ReadAsync(cancellationToken))
        {
            processes.Add(reader.GetInt32(0));
        }

        return processes.Count > 0 ? processes : throw new LabException($"the database knows no connection on which {node.Machine.Name} appends");
    }

    /// <summary>Freezes a process between two statements: within one it may hold a lock that everybody waits for.</summary>
    private async Task FreezeAsync(NpgsqlConnection connection, int process, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(IsBetweenStatements, connection) { Parameters = { new() { Value = process } } };
        _frozen.Add(process);
        while (true)
        {
            ProcessTable.Send(process, LabSignal.Stop);
            if (await command.ExecuteScalarAsync(cancellationToken) is not false)
            {
                return;
            }

            ProcessTable.Send(process, LabSignal.Continue);
        }
    }
}
