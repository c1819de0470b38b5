using Npgsql;

namespace Holdfast.Log.Postgres.State;

/// <summary>A statement of a change. Its parameters are $1, $2 and so on.</summary>
/// <param name="Sql">The statement.</param>
/// <param name="Values">The parameters' values.</param>
internal readonly record struct StateCommand(string Sql, object?[] Values)
{
    /// <summary>Makes a command.</summary>
    public static StateCommand Of(string sql, params object?[] values) => new(sql, values);

    /// <summary>The statement as a part of a batch.</summary>
    public NpgsqlBatchCommand ToBatch()
    {
        var command = new NpgsqlBatchCommand(Sql);
        foreach (var value in Values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        return command;
    }
}

/// <summary>A change that waits for the writer: statements that may be run again without harm. Its result is whether one of them, usually the last, changed a row.</summary>
/// <param name="commands">The statements, at least one.</param>
/// <param name="deciding">Which one tells the result; null for the last.</param>
internal sealed class StateChange(IReadOnlyList<StateCommand> commands, int? deciding = null)
{
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<StateCommand> Commands { get; } = commands;

    /// <summary>The statement that tells the result.</summary>
    public int Deciding { get; } = deciding ?? (commands.Count - 1);

    public Task<bool> Completion => _completion.Task;

    public void Complete(bool changed) => _completion.SetResult(changed);

    public void Fail(Exception error) => _completion.SetException(error);
}
