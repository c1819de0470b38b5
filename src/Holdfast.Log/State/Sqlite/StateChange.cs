namespace Holdfast.Log.State.Sqlite;

/// <summary>A change that waits for the writer.</summary>
internal abstract class StateChange
{
    /// <summary>Makes the change within the open transaction. May be called again when that transaction was rolled back.</summary>
    public abstract void Apply(StateConnection connection);

    /// <summary>Tells the caller that the change is on disk.</summary>
    public abstract void Complete();

    /// <summary>Tells the caller that nothing of it was stored.</summary>
    public abstract void Fail(Exception error);
}

/// <summary>A change with a result.</summary>
internal sealed class StateChange<T>(Func<StateConnection, T> change) : StateChange
{
    private readonly TaskCompletionSource<T> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private T _result = default!;

    public Task<T> Completion => _completion.Task;

    public override void Apply(StateConnection connection) => _result = change(connection);

    public override void Complete() => _completion.SetResult(_result);

    public override void Fail(Exception error) => _completion.SetException(error);
}
