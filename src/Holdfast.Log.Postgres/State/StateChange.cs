namespace Holdfast.Log.Postgres.State;

/// <summary>A statement of a change. Its parameters are $1, $2 and so on.</summary>
/// <param name="Sql">The statement.</param>
/// <param name="Values">The parameters' values.</param>
internal readonly record struct StateCommand(string Sql, object?[] Values)
{
    /// <summary>Makes a command.</summary>
    public static StateCommand Of(string sql, params object?[] values) => new(sql, values);
}

/// <summary>A change that waits for the writer: statements that may be run again without harm. Its result is whether the last one changed a row.</summary>
/// <param name="commands">The statements, at least one.</param>
internal sealed class StateChange(IReadOnlyList<StateCommand> commands)
{
    private readonly TaskCompletionSource<bool> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public IReadOnlyList<StateCommand> Commands { get; } = commands;

    public Task<bool> Completion => _completion.Task;

    public void Complete(bool changed) => _completion.SetResult(changed);

    public void Fail(Exception error) => _completion.SetException(error);
}
